"""Intervals for one model, against statsmodels and scipy."""

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from statsmodels.stats.proportion import proportion_confint

from bakeoff.evaluate.stats.normal import normal_quantile
from bakeoff.evaluate.stats.proportions import (
    clopper_pearson,
    mean_interval,
    modified_wilson,
    percentile,
    student_quantile,
    wilson,
)


@settings(deadline=None)
@given(st.integers(1, 5000), st.floats(0, 1), st.sampled_from([0.05, 0.01, 0.005, 0.2]))
def test_wilson_agrees_with_statsmodels(n: int, share: float, alpha: float) -> None:
    right = round(share * n)
    assert wilson(right / n, n, alpha=alpha) == pytest.approx(
        proportion_confint(right, n, alpha=alpha, method="wilson"), abs=1e-9
    )


def test_wilson_by_hand() -> None:
    """All of n right: the lower end is n/(n + z²), so that 20 of 20 is 20/(20 + 3.8415)."""
    low, high = wilson(1.0, 20)
    assert low == pytest.approx(20 / (20 + 1.959963984540054**2), abs=1e-12)
    assert high == 1.0
    assert wilson(0.0, 20) == pytest.approx((0.0, 1 - low), abs=1e-12)


def test_one_row_still_gives_an_interval() -> None:
    low, high = wilson(1.0, 1)
    assert (round(low, 4), high) == (0.2065, 1.0)


def test_quantiles_agree_with_scipy() -> None:
    for alpha in (0.05, 0.005, 0.3):
        assert normal_quantile(alpha) == pytest.approx(stats.norm.ppf(1 - alpha / 2), abs=1e-12)
        assert student_quantile(alpha, 7) == pytest.approx(stats.t.ppf(1 - alpha / 2, 7), abs=1e-9)


def test_the_mean_of_many_scores_has_students_interval() -> None:
    scores = np.random.default_rng(1).random(5_000)
    expected = stats.t.interval(0.95, 4_999, loc=scores.mean(), scale=scores.std(ddof=1) / math.sqrt(5_000))
    assert mean_interval(scores) == pytest.approx(expected, abs=1e-5)


def test_the_mean_of_few_scores_has_wilsons_interval_with_as_many_rows_as_tell_as_much() -> None:
    """Mean 0.5, s² 0.07: 0.25/0.07 = 3.57 right-or-wrong rows to one of these; five of them, times (1.960/2.776)²."""
    scores = np.array([0.2, 0.4, 0.4, 0.9, 0.6])
    rows = 5 * 0.25 / 0.07 * (1.959964 / stats.t.ppf(0.975, 4)) ** 2
    assert mean_interval(scores) == pytest.approx(wilson(0.5, rows), abs=1e-6)


def test_the_exact_interval_is_that_of_statsmodels() -> None:
    for hits, n in ((0, 7), (3, 7), (7, 7), (19, 20), (50, 400)):
        expected = proportion_confint(hits, n, method="beta")
        low, high = clopper_pearson(hits, n)
        assert low == pytest.approx(0.0 if hits == 0 else expected[0], abs=1e-9)
        assert high == pytest.approx(1.0 if hits == n else expected[1], abs=1e-9)


def test_equal_scores_have_wilsons_width_and_not_none() -> None:
    assert mean_interval(np.full(20, 0.5)) == wilson(0.5, 20)
    assert mean_interval(np.array([1.0])) == wilson(1.0, 1)


def test_the_interval_of_a_mean_stays_between_0_and_1() -> None:
    low, high = mean_interval(np.array([0.0, 1.0, 1.0]))
    assert 0 < low < 0.3
    assert 0.9 < high < 1


def test_percentiles_lie_on_straight_lines_between_the_values() -> None:
    """Of 1..5: the median is 3; 95 % lies at position 4 × 0.95 = 3.8 from the first, so 4.8."""
    values = np.array([5.0, 3.0, 1.0, 2.0, 4.0])
    assert percentile(values, 0.5) == 3.0
    assert percentile(values, 0.95) == pytest.approx(4.8, abs=1e-12)
    assert percentile(np.array([7.0]), 0.95) == 7.0


def test_the_modified_wilson_interval_has_poissons_end_for_up_to_three() -> None:
    """Of Brown, Cai and DasGupta: e^-λ = 0.95 for one, λ = 0.0513; e^-λ(1 + λ) = 0.95 for two, λ = 0.3554."""
    for right, rate in ((1, 0.051293), (2, 0.355362), (3, 0.817691)):
        low, high = modified_wilson(right / 100, 100)
        assert low == pytest.approx(rate / 100, abs=1e-6)
        assert high == wilson(right / 100, 100)[1]
        assert modified_wilson(1 - right / 100, 100) == pytest.approx((1 - high, 1 - low), abs=1e-12)
    for right, n in ((0, 50), (4, 50), (46, 50), (50, 50), (3, 14), (1, 4)):
        assert modified_wilson(right / n, n) == wilson(right / n, n)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 60), st.floats(0.5, 60))
def test_the_modified_wilson_interval_holds_the_share_whatever_the_effective_rows(right: int, rows: float) -> None:
    low, high = modified_wilson(right / 60, rows)
    assert 0 <= low <= right / 60 <= high <= 1
