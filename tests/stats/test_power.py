"""Quoted rows and gaps, against sums over all outcomes and scipy."""

import math
from dataclasses import replace

import numpy as np
import pytest
from scipy import stats
from statsmodels.stats.power import TTestPower

from bakeoff.evaluate.stats.paired import mcnemar, tango
from bakeoff.evaluate.stats.power import Plan, detectable_gap, plan_from_pilot, power, rows_for


def outcomes(n: int, gap: float, discordance: float) -> list[tuple[int, int, float]]:
    """(rows for a, rows for b, probability) of all tables of n rows."""
    a, b = (discordance + gap) / 2, (discordance - gap) / 2
    found = []
    for won in range(n + 1):
        for lost in range(n + 1 - won):
            found.append((won, lost, float(stats.multinomial.pmf([won, lost, n - won - lost], n, [a, b, 1 - a - b]))))
    return found


@pytest.mark.parametrize(("n", "gap", "candidates"), [(25, 0.15, 2), (40, 0.2, 3), (10, 0.2, 2)])
def test_the_power_is_the_sum_over_all_tables_that_the_exact_test_rejects(n: int, gap: float, candidates: int) -> None:
    plan = Plan(0.3, candidates=candidates)
    expected = sum(
        chance for won, lost, chance in outcomes(n, gap, 0.3) if won > lost and mcnemar(won, lost) <= plan.level
    )
    assert power(n, gap, plan) == pytest.approx(expected, abs=1e-9)


def test_the_power_for_not_worse_is_the_sum_over_all_tables_with_tangos_interval_above_the_gap() -> None:
    plan = Plan(0.2, candidates=3)
    expected = sum(
        chance for won, lost, chance in outcomes(40, 0.0, 0.2) if tango(won, lost, 40, alpha=plan.level)[0] > -0.2
    )
    assert power(40, 0.2, plan, goal="not worse") == pytest.approx(expected, abs=1e-3)


def test_repeats_and_groups_have_students_power() -> None:
    """statsmodels, one-sided at half the level: variance 0.3 - 0.1² - noise + noise/3."""
    plan = Plan(0.3, repeats=3, noise=0.15)
    variance = 0.3 - 0.01 - 0.15 + 0.05
    expected = TTestPower().power(0.1 / math.sqrt(variance), 80, 0.025, alternative="larger")
    assert power(80, 0.1, plan) == pytest.approx(expected, abs=1e-6)
    grouped = Plan(0.3, rows_per_group=4, group_correlation=0.5)
    assert grouped.design_effect == pytest.approx(2.5)
    error = math.sqrt(0.29 * 2.5 / 80)
    expected = 1 - stats.nct.cdf(stats.t.ppf(0.975, 19), 19, 0.1 / error)
    assert power(80, 0.1, grouped) == pytest.approx(expected, abs=1e-6)


def test_rows_and_gap_are_each_others_inverse() -> None:
    for plan in (Plan(), Plan(0.1, candidates=4), Plan(0.3, repeats=2, noise=0.2)):
        n = rows_for(0.06, plan)
        assert n is not None
        assert power(n, 0.06, plan) >= 0.8
        gap = detectable_gap(n, plan)
        assert gap == pytest.approx(0.06, abs=1e-3)


def test_the_usual_formula_is_near_where_there_are_many_rows() -> None:
    """(1.960 + 0.842)²·(0.2 - 0.03²)/0.03² = 1,737; the exact test, which is conservative, asks for a few more."""
    rows = rows_for(0.03, Plan(0.2))
    assert rows is not None
    assert 1_737 <= rows <= 1_830


def test_more_candidates_and_smaller_gaps_need_more_rows() -> None:
    two, five = rows_for(0.1), rows_for(0.1, Plan(candidates=5))
    small = rows_for(0.05)
    assert two is not None
    assert five is not None
    assert small is not None
    assert two < five < small


def test_few_rows_find_nothing() -> None:
    """Five rows for one side have p = 1/16; six have 1/32."""
    assert detectable_gap(5) is None
    assert detectable_gap(1) is None
    assert detectable_gap(6, Plan(1.0)) is not None
    assert power(2, 0.5, Plan(rows_per_group=2)) == 0.0


def test_a_gap_that_needs_more_rows_than_there_are_is_said_so() -> None:
    assert rows_for(1e-6) is None
    assert rows_for(0.0005) is not None
    for gap in (0.0, 1.0, -0.1):
        with pytest.raises(ValueError, match="not between 0 and 1"):
            rows_for(gap)


@pytest.mark.parametrize(
    "plan",
    [{"discordance": 0.0}, {"discordance": 1.2}, {"candidates": 1}, {"repeats": 0}, {"noise": 0.5},
     {"rows_per_group": 0.5}, {"group_correlation": 1.5}, {"alpha": 0.0}],
)  # fmt: skip
def test_impossible_plans_are_refused(plan: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="no such plan"):
        Plan(**plan)  # type: ignore[arg-type]


def test_a_pilot_gives_the_discordance_with_one_more_discordant_row() -> None:
    assert plan_from_pilot([1, -1, 0, 0, 0, 0, 0, 0, 0, 1]).discordance == pytest.approx(4 / 11)
    assert plan_from_pilot([0.0] * 20).discordance == pytest.approx(1 / 21)
    graded = plan_from_pilot([0.5, -0.25, 0.1, 0.0])
    assert not graded.binary
    assert graded.discordance == pytest.approx((np.var([0.5, -0.25, 0.1, 0.0], ddof=1) * 4 + 1) / 5)
    with pytest.raises(ValueError, match="two rows"):
        plan_from_pilot([1.0])


def test_a_pilot_in_groups_tells_how_alike_their_rows_are() -> None:
    """Rows of a group all alike: correlation 1, so that groups of two halve what rows tell. Unlike: none."""
    alike = plan_from_pilot([1, 1, 0, 0, -1, -1, 0, 0], groups=list("aabbccdd"))
    assert (alike.rows_per_group, alike.group_correlation) == (2.0, pytest.approx(1.0))
    unlike = plan_from_pilot([1, -1, 1, -1, 0, 0], groups=list("aabbcc"))
    assert unlike.group_correlation == 0.0
    assert plan_from_pilot([1, -1, 0], groups=list("abc")).rows_per_group == 1.0
    with pytest.raises(ValueError, match="2 groups for 3 rows"):
        plan_from_pilot([1, -1, 0], groups=["a", "b"])


def test_a_pilot_with_repeats_tells_what_more_of_them_would_bring() -> None:
    """Means of two answers with variance v: one answer has v + σ²/2, and four have v - σ²/4."""
    means = [0.5, -0.5, 0.0, 0.5, 0.0, -0.5]
    plan = plan_from_pilot(means, noise=0.1, repeats=2)
    v = (float(np.var(means, ddof=1)) * 6 + 1) / 7
    assert (plan.repeats, plan.noise, plan.binary) == (2, 0.1, False)
    assert plan.variance(0.1) == pytest.approx(v)
    assert replace(plan, repeats=1).variance(0.1) == pytest.approx(v + 0.05)
    assert replace(plan, repeats=4).variance(0.1) == pytest.approx(v - 0.025)
    few, many = rows_for(0.1, replace(plan, repeats=1)), rows_for(0.1, replace(plan, repeats=4))
    assert few is not None
    assert many is not None
    assert many < few
