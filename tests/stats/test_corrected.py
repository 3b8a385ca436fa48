"""A judge's rate put right by labels: ppi-python (frozen), formulas by hand, and whether intervals hold the truth.

Frozen from ppi-python 0.2.3: `ppi_mean_pointestimate(Y, F, G, lam=lam)`, `ppi_mean_ci(Y, F, G, alpha=0.05, lam=lam)`.
"""

import math

import numpy as np
import pytest
from benchmarks.statistics.judges import counted, judged

from bakeoff.evaluate.stats.corrected import (
    Labels,
    poststratified,
    ppi_mean,
    prediction_powered,
    rogan_gladen,
    rogan_gladen_difference,
)
from bakeoff.evaluate.stats.paired import tango
from bakeoff.evaluate.stats.proportions import clopper_pearson, wilson

Y = np.array([0, 1, 0, 1, 1, 1, 0, 1, 0, 1, 0, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 1, 1, 1.0])
F = np.array([0, 1, 1, 1, 1, 1, 0, 0, 0, 1, 1, 1, 1, 0, 0, 1, 0, 0, 1, 1, 0, 0, 0, 0, 1.0])
G = np.array([1.0] * 59 + [0.0] * 41)


@pytest.mark.parametrize(
    ("weight", "value", "interval"),
    [
        (1.0, 0.63, (0.4305550048552542, 0.8294449951447458)),
        (None, 0.59384654, (0.4298654165105262, 0.7578276652504801)),
    ],
)
def test_the_powered_mean_is_that_of_ppi_python(
    weight: float | None, value: float, interval: tuple[float, float]
) -> None:
    found, error, _ = ppi_mean(Y, F, G, weight=weight)
    assert found == pytest.approx(value, abs=1e-8)
    half = 1.959963984540054 * error
    assert (found - half, found + half) == pytest.approx(interval, abs=1e-8)


def test_the_interval_is_wider_than_the_published_one_for_few_labels() -> None:
    ours = prediction_powered(Y.tolist(), F.tolist(), G.tolist())
    assert ours.value == pytest.approx(0.59384654, abs=1e-8)
    assert ours.low < 0.4298654165105262
    assert ours.high > 0.7578276652504801
    assert ours.uncorrected == pytest.approx((F.sum() + 59) / 125)
    assert (ours.n_labels, ours.n_judged) == (25, 125)


def test_a_judge_that_is_always_right_adds_its_other_verdicts() -> None:
    """λ = covariance/((1 + n/N)·variance): below 1, so that the estimate lies between the two means."""
    found = prediction_powered(Y.tolist(), Y.tolist(), G.tolist())
    assert min(Y.mean(), G.mean()) < found.value <= max(Y.mean(), G.mean())
    alone = prediction_powered(Y.tolist(), Y.tolist(), [])
    assert alone.value == pytest.approx(Y.mean())
    assert alone.high - alone.low > found.high - found.low


def test_the_poststratified_rate_by_hand() -> None:
    """60 of 100 pass. Of 12 labelled passes 9 are good, of 8 labelled rejections 2: 0.6·0.75 + 0.4·0.25 = 0.55."""
    found = poststratified(60, 100, Labels(good_passed=9, good_rejected=2, bad_passed=3, bad_rejected=6))
    assert found.value == pytest.approx(0.55)
    assert found.uncorrected == 0.6
    good, missed, passed = clopper_pearson(9, 12), clopper_pearson(2, 8), wilson(0.6, 100)
    below = (0.6 * (0.75 - good[0])) ** 2 + (0.4 * (0.25 - missed[0])) ** 2 + (0.5 * (0.6 - passed[0])) ** 2
    above = (0.6 * (good[1] - 0.75)) ** 2 + (0.4 * (missed[1] - 0.25)) ** 2 + (0.5 * (passed[1] - 0.6)) ** 2
    assert found.low == pytest.approx(0.55 - math.sqrt(below))
    assert found.high == pytest.approx(0.55 + math.sqrt(above))


def test_rogan_and_gladens_rate_by_hand() -> None:
    """Se 18/20, Sp 7/10, 62 of 100 pass: (0.62 + 0.7 - 1)/(0.9 + 0.7 - 1) = 0.5333."""
    found = rogan_gladen(62, 100, Labels(good_passed=18, good_rejected=2, bad_passed=3, bad_rejected=7))
    assert found.value == pytest.approx(0.32 / 0.6)
    assert found.low < found.value < found.high


def test_many_labels_give_the_usual_interval() -> None:
    """The delta method: p(1-p)/n + r²·Se(1-Se)/n₁ + (1-r)²·Sp(1-Sp)/n₀, over (Se + Sp - 1)²."""
    found = rogan_gladen(6_200, 10_000, Labels(18_000, 2_000, 3_000, 7_000))
    r = 0.32 / 0.6
    variance = 0.62 * 0.38 / 10_000 + r**2 * 0.09 / 20_000 + (1 - r) ** 2 * 0.21 / 10_000
    half = 1.959964 * math.sqrt(variance) / 0.6
    assert (found.low, found.high) == pytest.approx((r - half, r + half), abs=1e-3)


def test_a_judge_that_may_be_no_better_than_chance_tells_nothing() -> None:
    found = rogan_gladen(50, 100, Labels(good_passed=5, good_rejected=5, bad_passed=5, bad_rejected=5))
    assert (found.low, found.high) == (0.0, 1.0)
    assert found.value == 0.5
    none = rogan_gladen(50, 100, Labels(0, 0, 0, 0))
    assert (none.low, none.high) == (0.0, 1.0)
    assert poststratified(50, 100, Labels(0, 0, 0, 0)).low == pytest.approx(0.0, abs=0.15)


def test_a_rate_beyond_what_the_judges_errors_allow_stays_between_none_and_all() -> None:
    found = rogan_gladen(99, 100, Labels(good_passed=15, good_rejected=5, bad_passed=1, bad_rejected=19))
    assert found.value == 1.0
    assert 0.9 < found.low <= 1.0 == found.high


def test_the_difference_of_two_candidates_grows_by_what_the_judge_blurs() -> None:
    """20 against 10 of 100: 0.1, over Se + Sp - 1 = 0.8."""
    exact = Labels(9_000, 1_000, 1_000, 9_000)
    found = rogan_gladen_difference(20, 10, 100, exact)
    low, high = tango(20, 10, 100)
    assert found.value == pytest.approx(0.1 / 0.8)
    assert (found.low, found.high) == pytest.approx((low / 0.8, high / 0.8), abs=2e-3)
    few = rogan_gladen_difference(20, 10, 100, Labels(9, 1, 1, 9))
    assert few.high - few.low > found.high - found.low


@pytest.mark.parametrize(
    ("passed", "judged_answers", "labels"),
    [(5, 4, Labels(1, 1, 1, 1)), (0, 0, Labels(0, 0, 0, 0)), (-1, 5, Labels(1, 0, 0, 0))],
)  # fmt: skip
def test_impossible_counts_are_refused(passed: int, judged_answers: int, labels: Labels) -> None:
    for correct in (poststratified, rogan_gladen):
        with pytest.raises(ValueError, match="not possible"):
            correct(passed, judged_answers, labels)
    with pytest.raises(ValueError, match="three or more"):
        prediction_powered([1.0], [1.0], [1.0])


@pytest.mark.parametrize("labels", [20, 50])
@pytest.mark.parametrize(("truth", "sensitivity", "specificity"), [(0.95, 0.9, 0.6), (0.5, 0.7, 0.9)])
def test_corrected_rates_hold_the_truth_in_at_least_93_percent(
    labels: int, truth: float, sensitivity: float, specificity: float
) -> None:
    """500 evaluations of 300 answers, fixed seed; the chance of the simulation itself is left two points."""
    generator = np.random.default_rng(12)
    held = np.zeros(3)
    uncorrected = 0
    for _ in range(500):
        good = generator.random(300) < truth
        passed = judged(generator, good, sensitivity, specificity)
        known = counted(good[:labels], passed[:labels])
        y, f, g = (part * 1.0 for part in (good[:labels], passed[:labels], passed[labels:]))
        made = (
            poststratified(int(passed.sum()), 300, known),
            rogan_gladen(int(passed.sum()), 300, known),
            prediction_powered(y.tolist(), f.tolist(), g.tolist()),
        )
        held += [one.low <= truth <= one.high for one in made]
        low, high = wilson(float(passed.mean()), 300)
        uncorrected += low <= truth <= high
    assert (held / 500 >= 0.91).all()
    assert uncorrected / 500 < 0.9
