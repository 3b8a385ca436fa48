"""How many rows tell which gap: before a run from a guess or a pilot, after it from the width of an interval.

Power is computed for the very tests and intervals that decide (`pairing`): the exact McNemar test and Tango's interval
where scores are right and wrong, Student's t otherwise, at the level that many comparisons leave to one of them.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Literal

import numpy as np

from bakeoff.evaluate.stats.clusters import effective_groups, group_codes, mean_squares
from bakeoff.evaluate.stats.multiple import bonferroni
from bakeoff.evaluate.stats.normal import normal_quantile
from bakeoff.evaluate.stats.proportions import Floats, student_quantile

POWER = 0.8
"""Chance to find what is there. The usual convention: J. Cohen, Statistical Power Analysis for the
Behavioral Sciences, 1988."""

DISCORDANCE = 0.2
"""Share of rows on which exactly one of two models is right, where nothing is known yet. Two models of 80 % whose
errors fall on the same rows no more often than chance has it differ on 2·0.8·0.2 = 32 % of the rows; two builds of one
model on a few per cent."""

MOST_ROWS = 100_000_000
"""More rows than this are not looked for."""

MOST_EXACT_ROWS = 20_000
"""Beyond so many rows the exact sums and the normal distribution agree to a thousandth."""

Goal = Literal["better", "not worse"]
"""better: two that are the gap apart are told apart. not worse: of two equal ones it is shown that the one is not
worse than the other by the gap or more."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What one supposes before the rows are asked."""

    discordance: float = DISCORDANCE
    """Share of rows on which exactly one of two candidates is right; for scores between right and wrong it is the
    variance of a row's difference, where that comes from one answer each."""

    binary: bool = True
    """Scores are right and wrong. With repeats they are means, and not binary any more."""

    candidates: int = 2
    """How many are compared: all pairs share the error."""

    repeats: int = 1
    """Answers per row and candidate; the score of a row is their mean."""

    noise: float = 0.0
    """Part of the variance of a row's difference that comes from sampling the answers (the variance of either
    candidate's repetitions within a row, added): repeats divide it. At most `discordance`."""

    rows_per_group: float = 1.0
    """Mean size of groups of rows that belong together."""

    group_correlation: float = 0.0
    """Correlation of differences within a group (0: a group tells no less than as many single rows)."""

    alpha: float = 0.05

    def __post_init__(self) -> None:
        ranges = (
            0 < self.discordance <= 1 and 0 <= self.noise <= self.discordance,
            self.candidates >= 2 and self.repeats >= 1 and self.rows_per_group >= 1,
            0 <= self.group_correlation <= 1 and 0 < self.alpha < 1,
        )
        if not all(ranges):
            raise ValueError(f"no such plan is possible: {self}")

    @property
    def level(self) -> float:
        """The error that one pair is left with: Bonferroni, which is also the first step of Holm's correction."""
        return bonferroni(self.alpha, self.candidates * (self.candidates - 1) // 2)

    @property
    def design_effect(self) -> float:
        """By how much groups multiply the variance of a mean: 1 + (m-1)ρ. L. Kish, Survey Sampling, 1965, 5.4."""
        return 1 + (self.rows_per_group - 1) * self.group_correlation

    @property
    def exact(self) -> bool:
        """McNemar and Tango decide: right and wrong, asked once, rows on their own."""
        return self.binary and self.repeats == 1 and self.rows_per_group == 1

    def variance(self, gap: float) -> float:
        """Variance of a row's difference: ω² + σ²/K (Miller 2024, arXiv 2411.00640, section 5)."""
        spread = max(self.discordance, gap) if self.binary else self.discordance
        spread = spread - gap * gap if self.binary else spread
        noise = min(self.noise, spread)
        return spread - noise + noise / self.repeats


def plan_from_pilot(
    differences: Sequence[float],
    *,
    groups: Sequence[str] | None = None,
    noise: float = 0.0,
    repeats: int = 1,
    candidates: int = 2,
    alpha: float = 0.05,
) -> Plan:
    """A plan from rows that two candidates have answered.

    Args:
        differences: of the scores of the two, row by row.
        groups: the group of each row, where rows belong together.
        noise: variance of single answers around their row's mean, both candidates' added (the squares of
            `Repeats.within_sd`); only known where the pilot has repeats.
        repeats: answers per row in the pilot; the plan has as many, and `dataclasses.replace` changes them.
        candidates: how many will be compared.
        alpha: error over all comparisons.

    Raises:
        ValueError: fewer than two rows, or groups of another number.
    """
    d = np.asarray(differences, dtype=np.float64)
    if len(d) < 2:
        raise ValueError("a pilot needs two rows or more")
    binary = repeats == 1 and bool(np.isin(d, (-1.0, 0.0, 1.0)).all())
    spread = float(np.mean(d * d)) if binary else float(np.var(d, ddof=1))
    # One discordant row more than was seen, so that a pilot of equal answers does not promise the sky.
    spread = min(1.0, (spread * len(d) + 1) / (len(d) + 1) + noise * (1 - 1 / repeats))
    size, correlation = (1.0, 0.0) if groups is None else _within_groups(d, groups)
    noise = min(noise, spread)
    return Plan(spread, binary, candidates, repeats, noise, size, correlation, alpha)


def _within_groups(d: Floats, groups: Sequence[str]) -> tuple[float, float]:
    """(mean size weighted by size, intraclass correlation by the analysis of variance; A. Donner 1986)."""
    if len(groups) != len(d):
        raise ValueError(f"{len(groups)} groups for {len(d)} rows")
    codes = group_codes(groups)
    if codes is None:
        return 1.0, 0.0
    if not codes.any():
        return float(len(d)), 1.0
    between, within, m = mean_squares(d, codes)
    total = between + (m - 1) * within
    correlation = (between - within) / total if total > 0 else 0.0
    return len(d) / effective_groups(codes), min(1.0, max(0.0, correlation))


def power(n: int, gap: float, plan: Plan, *, goal: Goal = "better") -> float:
    """Chance that n rows show what is there.

    Args:
        n: rows.
        gap: true difference (`better`), or the gap that matters while the true difference is none (`not worse`).
        plan: what is supposed.
        goal: what is to be shown.
    """
    if plan.exact and n <= MOST_EXACT_ROWS:
        return _mcnemar_power(n, gap, plan) if goal == "better" else _tango_power(n, gap, plan)
    true = gap if goal == "better" else 0.0
    error = math.sqrt(plan.variance(true) * plan.design_effect / n)
    groups = n / plan.rows_per_group
    if groups < 2:
        return 0.0
    if error == 0:
        return 1.0
    if plan.exact:
        return NormalDist().cdf(gap / error - normal_quantile(plan.level))
    return _student_power(gap / error, groups - 1, plan.level)


def _student_power(distance: float, degrees: float, level: float) -> float:
    """Chance that a t statistic with this noncentrality lies above the upper quantile."""
    from scipy.special import nctdtr

    quantile = student_quantile(level, degrees)
    return 1 - float(nctdtr(degrees, min(distance, 1e3), quantile))


def _discordant(n: int, share: float) -> tuple[Floats, Floats]:
    """Numbers of discordant rows that are not all too unlikely, and their probabilities."""
    middle, spread = n * share, math.sqrt(n * share * (1 - share))
    counts = np.arange(max(0, int(middle - 7 * spread - 8)), min(n, int(middle + 7 * spread + 8)) + 1, dtype=np.float64)
    return counts, _binomial(counts, float(n), share)


def _binomial(k: Floats, n: Floats | float, p: float) -> Floats:
    from scipy.special import gammaln, xlog1py, xlogy

    ways = gammaln(np.asarray(n) + 1.0) - gammaln(k + 1) - gammaln(n - k + 1)
    return np.asarray(np.exp(ways + xlogy(k, p) + xlog1py(n - k, -p)), dtype=np.float64)


def _mcnemar_power(n: int, gap: float, plan: Plan) -> float:
    """Sum over the numbers of discordant rows of the chance that the exact test rejects, on the right side."""
    from scipy.special import bdtrik

    share = max(plan.discordance, gap)
    counts, chance = _discordant(n, share)
    # The largest number of rows for the worse one at which the test still rejects: 2·P(X <= k) <= level.
    with np.errstate(invalid="ignore"):
        fewest = np.nan_to_num(np.floor(bdtrik(plan.level / 2, counts, 0.5)), nan=-1.0)
    fewest = np.where(2 * _at_most(fewest, counts, 0.5) > plan.level, fewest - 1, fewest)
    return float(np.sum(chance * _at_most(fewest, counts, (1 - gap / share) / 2)))


def _at_most(k: Floats, n: Floats, p: float) -> Floats:
    """P(X <= k) of a binomial; 0 for k below 0."""
    from scipy.special import betainc

    inside = betainc(np.maximum(n - k, 1e-9), np.maximum(k, 0) + 1, 1 - p)
    return np.asarray(np.where(k < 0, 0.0, np.where(k >= n, 1.0, inside)), dtype=np.float64)


def _tango_power(n: int, gap: float, plan: Plan) -> float:
    """Sum over the tables with no true difference of the chance that Tango's interval lies above -gap."""
    z = normal_quantile(plan.level)
    counts, chance = _discordant(n, plan.discordance)
    total = 0.0
    for discordant, probability in zip(counts, chance, strict=True):
        half, reach = discordant / 2, 4 * math.sqrt(discordant) + 4
        won = np.arange(max(0.0, math.floor(half - reach)), min(discordant, math.ceil(half + reach)) + 1)
        above = _tango_scores(-gap, won, discordant - won, n) > z
        total += probability * float(np.sum(_binomial(won, discordant, 0.5)[above]))
    return min(1.0, total)


def _tango_scores(difference: float, a_only: Floats, b_only: Floats, n: int) -> Floats:
    """`paired.tango`'s statistic for many tables at once."""
    linear = -a_only - b_only + (2 * n - a_only + b_only) * difference
    constant = -b_only * difference * (1 - difference)
    share = np.maximum(0.0, (np.sqrt(np.maximum(0.0, linear**2 - 8 * n * constant)) - linear) / (4 * n))
    variance = np.maximum(n * (2 * share + difference * (1 - difference)), 1e-300)
    return np.asarray((a_only - b_only - n * difference) / np.sqrt(variance), dtype=np.float64)


def rows_for(gap: float, plan: Plan | None = None, *, power_wanted: float = POWER, goal: Goal = "better") -> int | None:
    """The rows with which a gap is shown with the power that is wanted.

    Args:
        gap: the difference, 0.03 for three points.
        plan: what is supposed; two candidates that differ on `DISCORDANCE` of the rows without one.
        power_wanted: chance to show it.
        goal: what is to be shown.

    Returns:
        Rows; None where more than `MOST_ROWS` were needed.
    """
    plan = plan or Plan()
    if not 0 < gap < 1:
        raise ValueError(f"a gap of {gap} is not between 0 and 1")
    low, high = 1, 2
    while power(high, gap, plan, goal=goal) < power_wanted:
        low, high = high, 2 * high
        if high > MOST_ROWS:
            return None
    return _first(lambda n: power(n, gap, plan, goal=goal) >= power_wanted, low, high)


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """The first whole number above low at which something holds that holds at high."""
    while high - low > 1:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle
    return high


def detectable_gap(
    n: int, plan: Plan | None = None, *, power_wanted: float = POWER, goal: Goal = "better"
) -> float | None:
    """The smallest gap that n rows show with the power that is wanted; None where they show none.

    Args:
        n: rows.
        plan: what is supposed; two candidates that differ on `DISCORDANCE` of the rows without one.
        power_wanted: chance to show it.
        goal: what is to be shown.
    """
    plan = plan or Plan()
    if n < 1 or power(n, 1 - 1e-9, plan, goal=goal) < power_wanted:
        return None
    low, high = 0.0, 1 - 1e-9
    for _ in range(20):
        middle = (low + high) / 2
        if power(n, middle, plan, goal=goal) >= power_wanted:
            high = middle
        else:
            low = middle
    return high


def rows_needed(n: int, half_width: float, gap: float, *, alpha: float) -> int:
    """Rows at which a difference of `gap` is told from none, in either direction, with 80 % power.

    n = (z_α/2 + z_β)²·ω²/gap² with ω² the variance of one row's difference (E. Miller 2024, arXiv 2411.00640,
    without its terms for repeated answers). The interval in hand gives ω: its half-width is z_α/2·ω/√n.

    Args:
        n: rows so far.
        half_width: half the width of the interval of the difference on these rows.
        gap: the difference to be told.
        alpha: the level of that interval.
    """
    return math.ceil(n * (detectable(half_width, alpha=alpha) / gap) ** 2)


def detectable(half_width: float, *, alpha: float) -> float:
    """The smallest difference that rows with this half-width find with 80 % power: (z_α/2 + z_β)/z_α/2 times it."""
    z = normal_quantile(alpha)
    return half_width * (z + NormalDist().inv_cdf(POWER)) / z
