"""Does a judge look at the place or at the length instead of the answer? Diagnostics of verdicts on two answers."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.evaluate.stats.agreement import Interval, from_draws, share_of
from bakeoff.evaluate.stats.clusters import inflation, unit_codes
from bakeoff.evaluate.stats.normal import normal_quantile
from bakeoff.evaluate.stats.paired import SEED, sign_flip
from bakeoff.evaluate.stats.proportions import Floats, student_quantile, wilson

BOOTSTRAP = 1_000
"""Resamples of the length-controlled fit."""

FEWEST_RESAMPLES = 200
"""As many where verdicts are very many, so that a fit takes seconds; the ends of an interval are then known to a tenth
of its width."""

MOST_NUMBERS = 1_000_000
"""Resampled verdicts that are held at once; with more than twice as many in all there are fewer resamples."""

RIDGE = 0.5
"""Half a win and half a loss at either end of the length scale are added to the fit, so that it stays finite where
length decides every verdict."""


@dataclass(frozen=True, slots=True)
class Position:
    """What both orders of the same two answers show."""

    pull: Interval
    """Wins of the first place minus wins of the second, over all verdicts: 0 for a judge that does not mind, 1 for
    one that always takes the first. Both orders were asked, so that how good the answers are cancels out."""

    flips: Interval
    """Share of the pairs whose winner changed with the order (Wilson); a tie against a win is no flip."""

    p: float
    """Two-sided, of "the place does not matter" (sign flips)."""

    @property
    def biased(self) -> bool:
        """The place matters more than chance explains."""
        return self.p < 0.05


@dataclass(frozen=True, slots=True)
class Length:
    """What the difference in length explains."""

    correlation: Interval
    """Of the difference in length (its rank) with the verdict."""

    win_rate: Interval
    """Of the first candidate, as judged: wins plus half the ties."""

    controlled: Interval
    """The same at equal length."""

    slope: Interval
    """Change in log-odds of a win from equal length to much longer (two standard deviations and more)."""

    p: float
    """Two-sided, of "length does not matter" (rank correlation, t)."""

    @property
    def biased(self) -> bool:
        """Length goes with winning more than chance explains.

        Longer answers may be better ones: it takes labels by people to know.
        """
        return self.p < 0.05


def position(first_order: Sequence[float], second_order: Sequence[float], *, alpha: float = 0.05) -> Position:
    """How much the place pulls.

    Args:
        first_order: score of the first candidate, shown in the first place: 1 won, 0.5 tie, 0 lost.
        second_order: its score on the same rows, shown in the second place.
        alpha: probability that an interval misses.

    Raises:
        ValueError: no rows, or not the same number in both orders.
    """
    if len(first_order) != len(second_order) or not first_order:
        raise ValueError(f"{len(first_order)} and {len(second_order)} verdicts are not both orders of the same rows")
    a, b = np.asarray(first_order, dtype=np.float64), np.asarray(second_order, dtype=np.float64)
    n = len(a)
    pull = a - b  # (2a - 1) for the first place in one order, (1 - 2b) in the other, averaged
    spread = float(np.std(pull, ddof=1)) if n > 1 else 0.0
    flips = int(np.sum(((a > 0.5) & (b < 0.5)) | ((a < 0.5) & (b > 0.5))))
    value = float(np.mean(pull))
    half = student_quantile(alpha, n - 1) * spread / math.sqrt(n) if spread > 1e-12 else wilson(0.0, n, alpha=alpha)[1]
    return Position(
        pull=Interval(value, max(-1.0, value - half), min(1.0, value + half), n),
        flips=share_of(flips, n, alpha=alpha),
        p=sign_flip(pull),
    )


def length(
    wins: Sequence[float], differences: Sequence[float], *, rows: Sequence[str | None] | None = None,
    alpha: float = 0.05,
) -> Length:  # fmt: skip
    """What is left of a win rate at equal length.

    logit P(win) = α + β·tanh(Δ/sd(Δ)), read at Δ = 0: the length term of AlpacaEval's control (Y. Dubois et al., arXiv
    2404.04475) without the terms that belong to its own 805 prompts. Intervals by the bootstrap of the whole fit.

    Args:
        wins: of the first candidate: 1, 0.5 or 0.
        differences: its length minus the other's, in tokens or characters.
        rows: which verdicts belong to one row; each on its own without.
        alpha: probability that an interval misses.

    Raises:
        ValueError: fewer than three verdicts, or lengths of another number.
    """
    y, d = np.asarray(wins, dtype=np.float64), np.asarray(differences, dtype=np.float64)
    if len(y) != len(d) or len(y) < 3:
        raise ValueError(f"{len(y)} verdicts with {len(d)} lengths; three or more of both are needed")
    codes = unit_codes(rows if rows is not None else [None] * len(y))
    units = int(codes.max()) + 1
    generator = np.random.default_rng(SEED)
    draws = [np.empty((0, 2))]
    at_once = max(1, MOST_NUMBERS // len(y))
    resamples = min(BOOTSTRAP, max(FEWEST_RESAMPLES, 2 * MOST_NUMBERS // len(y)))
    for start in range(0, resamples, at_once):
        times = generator.multinomial(units, np.full(units, 1 / units), min(at_once, resamples - start))
        draws.append(_fit(y, d, times[:, codes].astype(np.float64)))
    intercept, slope = _fit(y, d, np.ones((1, len(y))))[0].tolist()
    table = np.concatenate(draws)
    by = inflation(y, codes, alpha=alpha) if units < len(y) else 1.0
    rate = float(np.mean(y))
    correlation, p = _correlation(y, d, units, alpha)
    n = len(y)
    return Length(
        correlation=correlation,
        win_rate=Interval(rate, *wilson(rate, n / by if math.isfinite(by) else 1.0, alpha=alpha), n),
        controlled=from_draws(_logistic(intercept), np.array([_logistic(x) for x in table[:, 0]]), n, alpha=alpha),
        slope=from_draws(slope, table[:, 1], n, alpha=alpha),
        p=p,
    )


def _logistic(x: float) -> float:
    return 1 / (1 + math.exp(-x))


def _fit(y: Floats, d: Floats, times: Floats) -> Floats:
    """(α, β) for each line of `times`, how often every verdict counts, by Newton's method.

    β is kept finite by half a win and half a loss at either end.
    """
    mean = times @ d / times.sum(axis=1)
    spread = np.sqrt(np.maximum(0.0, times @ (d * d) / times.sum(axis=1) - mean * mean))
    with np.errstate(divide="ignore", invalid="ignore"):
        x = np.where(spread[:, None] > 1e-12, np.tanh(d / spread[:, None]), 0.0)
    lines = len(times)
    x = np.concatenate([x, np.tile([-1.0, 1.0], (lines, 1))], axis=1)
    target = np.concatenate([y, [0.5, 0.5]])
    weight = np.concatenate([times, np.full((lines, 2), 2 * RIDGE)], axis=1)
    beta = np.zeros((lines, 2))
    for _ in range(50):
        chance = 1 / (1 + np.exp(-np.clip(beta[:, :1] + beta[:, 1:] * x, -30, 30)))
        curve, pull = weight * chance * (1 - chance), weight * (target - chance)
        a, b, c = curve.sum(axis=1) + 1e-9, (curve * x).sum(axis=1), (curve * x * x).sum(axis=1) + 1e-9
        g, h = pull.sum(axis=1), (pull * x).sum(axis=1)
        step = np.stack([c * g - b * h, a * h - b * g], axis=1) / (a * c - b * b)[:, None]
        beta += np.clip(step, -3, 3)
        if np.abs(step).max() < 1e-9:
            break
    return beta


def _correlation(y: Floats, d: Floats, units: int, alpha: float) -> tuple[Interval, float]:
    """Spearman's rank correlation, with Fisher's interval (D. Bonett and T. Wright, Psychometrika 65 (2000) 23)."""
    from scipy.special import stdtr

    a, b = _ranks(y), _ranks(d)
    if np.std(a) == 0 or np.std(b) == 0 or units < 4:
        return Interval(0.0, -1.0, 1.0, units), 1.0
    r = float(np.corrcoef(a, b)[0, 1])
    r = min(1.0, max(-1.0, r))
    centre = math.atanh(min(0.999999, max(-0.999999, r)))
    half = normal_quantile(alpha) * math.sqrt((1 + r * r / 2) / (units - 3))
    low, high = math.tanh(centre - half), math.tanh(centre + half)
    if abs(r) > 1 - 1e-12:
        return Interval(r, min(r, low), max(r, high), units), 0.0
    t = abs(r) * math.sqrt((units - 2) / (1 - r * r))
    return Interval(r, min(r, low), max(r, high), units), 2 * float(stdtr(units - 2, -t))


def _ranks(values: Floats) -> Floats:
    """Ranks, equal values sharing theirs."""
    _, index, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return np.asarray((ends - (counts - 1) / 2)[index], dtype=np.float64)
