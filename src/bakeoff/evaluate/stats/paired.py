"""Two models on the same rows: is there a difference, and how large can it be."""

import math
from collections.abc import Callable
from functools import lru_cache

import numpy as np

from bakeoff.evaluate.stats.normal import normal_quantile
from bakeoff.evaluate.stats.proportions import Floats, student_quantile

RESAMPLES = 9_999
"""Random relabellings of a permutation test: the smallest p is 1/10,000."""

SEED = 20_260_101
"""All resampling starts here, so that the same data give the same p."""

MOST_EXACT = 13
"""Up to so many rows with a difference all 2^13 sign patterns are counted instead of sampled."""


def mcnemar(a_only: int, b_only: int, *, mid_p: bool = False) -> float:
    """Two-sided p of "both are right equally often", from the rows where exactly one is right.

    Exact binomial test of `a_only` out of `a_only + b_only` at one half. Q. McNemar, Psychometrika 12 (1947) 153.

    Args:
        a_only: rows that only the first model got right.
        b_only: rows that only the second got right.
        mid_p: count the observed outcome half. More power, but the error may go slightly above its level
            (M. Fagerland et al., BMC Medical Research Methodology 13 (2013) 91). Decisions do not use it.
    """
    from scipy.special import bdtr

    discordant, fewer = a_only + b_only, min(a_only, b_only)
    if discordant == 0:
        return 1.0
    tail = float(bdtr(fewer, discordant, 0.5))
    if mid_p:
        observed = tail - (float(bdtr(fewer - 1, discordant, 0.5)) if fewer else 0.0)
        return min(1.0, 2 * tail - observed) if a_only != b_only else 1.0 - observed / 2
    return min(1.0, 2 * tail)


@lru_cache(maxsize=4096)
def tango(a_only: float, b_only: float, n: float, *, alpha: float = 0.05) -> tuple[float, float]:
    """Score interval of the difference of two paired proportions (a minus b).

    T. Tango, Statistics in Medicine 17 (1998) 891: all differences that the score test does not reject. Has width
    also where no row is discordant: -z²/(n+z²) to z²/(n+z²).

    Args:
        a_only: rows that only the first model got right; may be an effective number that is not whole.
        b_only: rows that only the second got right.
        n: all rows, concordant ones included.
        alpha: probability that the interval misses; divide it by the number of pairs for a simultaneous one.
    """
    z = normal_quantile(alpha)
    seen = (a_only - b_only) / n
    low = _crossing(lambda d: _tango_score(d, a_only, b_only, n) > z, -1.0, seen)
    high = _crossing(lambda d: _tango_score(d, a_only, b_only, n) >= -z, seen, 1.0)
    return low, high


def _tango_score(difference: float, a_only: float, b_only: float, n: float) -> float:
    """Tango's statistic: how far the data lie from a supposed difference, in standard errors.

    The share of rows that only b gets right is the most likely one under that difference: the larger root of
    2n q² + (-a_only - b_only + (2n - a_only + b_only) d) q - b_only d (1 - d) = 0.
    """
    linear = -a_only - b_only + (2 * n - a_only + b_only) * difference
    constant = -b_only * difference * (1 - difference)
    root = math.sqrt(max(0.0, linear * linear - 8 * n * constant))
    b_share = max(0.0, (root - linear) / (4 * n))
    variance = n * (2 * b_share + difference * (1 - difference))
    distance = a_only - b_only - n * difference
    if variance <= 0:
        return 0.0 if distance == 0 else math.copysign(math.inf, distance)
    return distance / math.sqrt(variance)


def _crossing(is_left: Callable[[float], bool], low: float, high: float) -> float:
    """Where `is_left` turns from true to false, by halving: 45 halvings of an interval in -1..1 leave 6e-14."""
    for _ in range(45):
        middle = (low + high) / 2
        if is_left(middle):
            low = middle
        else:
            high = middle
    return (low + high) / 2


def mean_difference_interval(differences: Floats, *, alpha: float = 0.05) -> tuple[float, float]:
    """Interval of the mean of paired differences in -1..1: Student's t.

    E. Miller, "Adding Error Bars to Evals" (arXiv 2411.00640): the variance of the differences already
    holds the correlation of the two models. Where no row differs, Tango's interval for no discordant row is taken.
    """
    n = len(differences)
    mean = float(np.mean(differences))
    spread = float(np.std(differences, ddof=1)) if n > 1 else 0.0
    if spread < 1e-12:
        low, high = tango(0, 0, n, alpha=alpha)
        return max(-1.0, mean + low), min(1.0, mean + high)
    half = student_quantile(alpha, n - 1) * spread / math.sqrt(n)
    return max(-1.0, mean - half), min(1.0, mean + half)


def sign_flip(differences: Floats) -> float:
    """Two-sided p of "the two models are exchangeable row by row", for scores that are not just right and wrong.

    Paired permutation test (R. A. Fisher, The Design of Experiments, 1935, section 21): under the null the sign of
    every difference could as well be the other. Up to 13 rows with a difference are counted out exactly; beyond,
    9,999 random sign patterns from a fixed seed, the data's own pattern counted among them
    (B. Phipson and G. Smyth, Statistical Applications in Genetics and Molecular Biology 9 (2010) 39).
    """
    sizes = np.abs(differences[np.abs(differences) > 1e-12])
    if len(sizes) == 0:
        return 1.0
    seen = abs(float(np.sum(differences))) - 1e-9
    if len(sizes) <= MOST_EXACT:
        patterns = np.arange(2 ** len(sizes))[:, None] >> np.arange(len(sizes)) & 1
        return float(np.mean(np.abs((2 * patterns - 1) @ sizes) >= seen))
    # Rows with equal differences are interchangeable: only how many of them keep their sign matters.
    values, counts = np.unique(np.round(sizes, 12), return_counts=True)
    generator = np.random.default_rng(SEED)
    sums = np.zeros(RESAMPLES)
    for value, count in zip(values, counts, strict=True):
        sums += value * (2 * generator.binomial(count, 0.5, RESAMPLES) - count)
    return float((1 + np.count_nonzero(np.abs(sums) >= seen)) / (1 + RESAMPLES))
