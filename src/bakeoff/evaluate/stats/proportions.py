"""How sure is a share or a mean of scores: intervals for one model."""

import math

import numpy as np
import numpy.typing as npt

from bakeoff.evaluate.stats.normal import normal_quantile

Floats = npt.NDArray[np.float64]


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


def mean_interval(scores: Floats, *, alpha: float = 0.05) -> tuple[float, float]:
    """Interval of the mean of scores in 0..1: Student's t, cut to 0..1.

    Where all scores are equal t knows no width; then Wilson's interval is taken, which is the wider the fewer
    the scores (a score in 0..1 varies at most as much as right and wrong do).
    """
    n, mean = len(scores), float(np.mean(scores))
    spread = float(np.std(scores, ddof=1)) if n > 1 else 0.0
    if spread < 1e-12:
        return wilson(min(1.0, max(0.0, mean)), n, alpha=alpha)
    half = student_quantile(alpha, n - 1) * spread / math.sqrt(n)
    return max(0.0, mean - half), min(1.0, mean + half)


def student_quantile(alpha: float, degrees: int) -> float:
    """The quantile of Student's t with alpha/2 above it."""
    from scipy.special import stdtrit

    return float(stdtrit(degrees, 1 - alpha / 2))


def percentile(values: Floats, share: float) -> float:
    """The value below which `share` of the values lie, with straight lines between neighbours.

    Definition 7 of Hyndman and Fan, The American Statistician 50 (1996) 361; the default of numpy and R.
    """
    return float(np.quantile(values, share))
