"""How sure is a share or a mean of scores: intervals for one model."""

import math

import numpy as np
import numpy.typing as npt

from bakeoff.evaluate.stats.normal import normal_quantile

Floats = npt.NDArray[np.float64]

FEW = 3
"""Up to so many right or wrong answers the end of a modified Wilson interval is a Poisson limit. The source has two for
up to 50 answers; with three the interval also keeps its promise with 20 (benchmarks/statistics, `intervals`)."""

RARE = 0.2
"""Only where they are at most this share: a Poisson limit is one of rare things."""


def wilson(share: float, n: float, *, alpha: float = 0.05) -> tuple[float, float]:
    """Score interval of a proportion. E. B. Wilson, JASA 22 (1927) 209.

    With the usual p ± z·sqrt(p(1-p)/n) a model that is right 20 times in 20 would get an interval without width;
    this one goes from 0.84 to 1.

    Args:
        share: right answers divided by n.
        n: answers; may be an effective number that is not whole.
        alpha: probability that the interval misses.
    """
    z = normal_quantile(alpha)
    middle = (share + z * z / (2 * n)) / (1 + z * z / n)
    half = z / (1 + z * z / n) * math.sqrt(share * (1 - share) / n + z * z / (4 * n * n))
    low = 0.0 if share == 0 else max(0.0, middle - half)
    high = 1.0 if share == 1 else min(1.0, middle + half)
    return min(low, share), max(high, share)


def modified_wilson(share: float, n: float, *, alpha: float = 0.05) -> tuple[float, float]:
    """Wilson's interval, with the end near 0 or 1 moved outwards where up to three answers are right, or wrong.

    There the count jumps and Wilson's own interval holds the truth in as little as 91 %; a Poisson limit takes its
    place (L. Brown, T. Cai and A. DasGupta, Statistical Science 16 (2001) 101, section 4.1.1), between whole counts by
    the gamma distribution.

    Args:
        share: right answers divided by n.
        n: answers; may be an effective number that is not whole.
        alpha: probability that the interval misses.
    """
    low, high = wilson(share, n, alpha=alpha)
    right, wrong = share * n, (1 - share) * n
    few = min(FEW, RARE * n) + 1e-9
    if 0 < right <= few:
        low = min(low, _poisson_limit(right, alpha) / n)
    if 0 < wrong <= few:
        high = max(high, 1 - _poisson_limit(wrong, alpha) / n)
    return max(0.0, low), min(1.0, high)


def _poisson_limit(count: float, alpha: float) -> float:
    """The mean at which this count or a greater one comes with probability alpha."""
    from scipy.special import gammaincinv

    return float(gammaincinv(count, alpha))


def clopper_pearson(hits: int, n: int, *, alpha: float = 0.05) -> tuple[float, float]:
    """Exact interval of a proportion: never misses more often than alpha, and is wider for that.

    C. Clopper and E. Pearson, Biometrika 26 (1934) 404.
    """
    from scipy.special import betaincinv

    low = 0.0 if hits == 0 else float(betaincinv(hits, n - hits + 1, alpha / 2))
    high = 1.0 if hits == n else float(betaincinv(hits + 1, n - hits, 1 - alpha / 2))
    return low, high


def mean_interval(scores: Floats, *, alpha: float = 0.05) -> tuple[float, float]:
    """Interval of the mean of scores in 0..1: Wilson's with as many rows as tell as much, and t in place of z.

    m(1-m)/s² right-or-wrong rows vary as much as one row of these scores. With many rows that is Student's interval;
    with few, and most scores near one end, it leans to the middle, where the truth is more likely, and holds it where
    Student's held it in 89 % only (benchmarks/statistics, `intervals`). Where all scores are equal, each counts as one
    right-or-wrong row.
    """
    n, mean = len(scores), min(1.0, max(0.0, float(np.mean(scores))))
    variance = float(np.var(scores, ddof=1)) if n > 1 else 0.0
    if variance < 1e-24:
        return wilson(mean, n, alpha=alpha)
    return wilson(mean, effective_rows(mean, variance / n, n - 1, alpha=alpha), alpha=alpha)


def effective_rows(mean: float, variance: float, degrees: float, *, alpha: float = 0.05) -> float:
    """Right-or-wrong rows whose share would be known as well as a mean with this variance and degrees of freedom."""
    return mean * (1 - mean) / variance * (normal_quantile(alpha) / student_quantile(alpha, degrees)) ** 2


def student_quantile(alpha: float, degrees: float) -> float:
    """The quantile of Student's t with alpha/2 above it."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 1 - alpha / 2))


def percentile(values: Floats, share: float) -> float:
    """The value below which `share` of the values lie, with straight lines between neighbours.

    Definition 7 of Hyndman and Fan, The American Statistician 50 (1996) 361; the default of numpy and R.
    """
    return float(np.quantile(values, share))
