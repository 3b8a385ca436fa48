"""Planted judges are caught, fair ones are not, and the numbers are those of scipy and statsmodels."""

import numpy as np
import pytest
import statsmodels.api as sm
from benchmarks.statistics.judges import lengthy, pulled
from scipy import stats

from bakeoff.evaluate.stats.judge_bias import length, position


def test_both_orders_show_pull_and_flips() -> None:
    """Of ten pairs: 4 consistent wins, 2 consistent losses, 3 first-place flips, 1 second-place flip."""
    first = [1.0] * 4 + [0.0] * 2 + [1.0] * 3 + [0.0]
    second = [1.0] * 4 + [0.0] * 2 + [0.0] * 3 + [1.0]
    found = position(first, second)
    assert found.pull.value == pytest.approx((3 - 1) / 10)
    assert found.flips.value == pytest.approx(4 / 10)
    assert found.p == pytest.approx(10 / 16)  # of 2^4 signs, |sum| >= 2 in 10
    assert not found.biased


def test_a_tie_in_one_order_is_half_a_pull_and_no_flip() -> None:
    found = position([1.0, 0.5], [0.5, 0.5])
    assert found.pull.value == pytest.approx(0.25)
    assert found.flips.value == 0.0


def test_a_judge_that_always_takes_the_first_is_caught() -> None:
    found = position([1.0] * 30, [0.0] * 30)
    assert (found.pull.value, found.flips.value) == (1.0, 1.0)
    assert found.biased
    assert found.pull.low < 1.0


@pytest.mark.parametrize(("pull", "least", "most"), [(0.0, 0.0, 0.07), (0.25, 0.95, 1.0)])
def test_a_planted_pull_of_a_quarter_is_caught_and_a_fair_judge_is_not(pull: float, least: float, most: float) -> None:
    generator = np.random.default_rng(3)
    caught = [position(*(o.tolist() for o in pulled(generator, 100, pull))).biased for _ in range(200)]
    assert least <= np.mean(caught) <= most


@pytest.mark.parametrize(("liking", "least", "most"), [(0.0, 0.0, 0.2), (2.0, 0.95, 1.0)])
def test_a_planted_liking_for_length_is_caught(liking: float, least: float, most: float) -> None:
    generator = np.random.default_rng(3)
    found = [length(*(part.tolist() for part in lengthy(generator, 150, liking))) for _ in range(20)]
    assert least <= np.mean([one.biased for one in found]) <= most
    assert np.mean([one.controlled.low <= 0.5 <= one.controlled.high for one in found]) >= 0.85
    if liking:
        assert np.mean([one.win_rate.value for one in found]) > 0.58
        assert np.mean([one.controlled.value for one in found]) == pytest.approx(0.5, abs=0.04)


def test_the_correlation_is_spearmans() -> None:
    wins, lengths = lengthy(np.random.default_rng(8), 80, 1.0)
    found = length(wins.tolist(), lengths.tolist())
    expected = stats.spearmanr(wins, lengths)
    assert found.correlation.value == pytest.approx(expected.statistic, abs=1e-12)
    assert found.p == pytest.approx(expected.pvalue, abs=1e-9)


def test_the_fit_is_the_logistic_regression_of_statsmodels() -> None:
    """With half a win and half a loss at -1 and at 1, both of weight one."""
    wins, lengths = lengthy(np.random.default_rng(8), 80, 1.0)
    x = np.append(np.tanh(lengths / np.std(lengths)), [-1.0, 1.0])
    y = np.append(wins, [0.5, 0.5])
    fit = sm.GLM(y, sm.add_constant(x), family=sm.families.Binomial()).fit(tol=1e-14)
    found = length(wins.tolist(), lengths.tolist())
    assert found.controlled.value == pytest.approx(1 / (1 + np.exp(-fit.params[0])), abs=1e-8)
    assert found.slope.value == pytest.approx(fit.params[1], abs=1e-6)


def test_length_that_decides_everything_gives_finite_numbers() -> None:
    differences = np.linspace(-100, 100, 40)
    found = length((differences > 0).astype(float).tolist(), differences.tolist())
    assert found.biased
    assert np.isfinite([found.slope.low, found.slope.value, found.slope.high]).all()
    assert found.controlled.value == pytest.approx(0.5, abs=0.01)


def test_equal_lengths_explain_nothing() -> None:
    found = length([1.0, 0.0, 1.0, 1.0], [0.0] * 4)
    assert not found.biased
    assert found.slope.value == 0.0


def test_verdicts_of_one_row_are_drawn_together() -> None:
    wins, lengths = (np.repeat(part, 4).tolist() for part in lengthy(np.random.default_rng(8), 40, 1.0))
    alone = length(wins, lengths)
    together = length(wins, lengths, rows=[str(i // 4) for i in range(160)])
    assert together.controlled.high - together.controlled.low > 1.5 * (alone.controlled.high - alone.controlled.low)
    assert together.win_rate.high - together.win_rate.low > alone.win_rate.high - alone.win_rate.low


def test_verdicts_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="both orders"):
        position([1.0], [1.0, 0.0])
    with pytest.raises(ValueError, match="three or more"):
        length([1.0, 0.0], [1.0, 2.0])
