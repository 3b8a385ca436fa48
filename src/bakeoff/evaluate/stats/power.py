"""From the width of an interval to how many rows would tell, and which gap these rows can tell."""

import math
from statistics import NormalDist

from bakeoff.evaluate.stats.normal import normal_quantile

POWER = 0.8
"""Chance to find what is there. The usual convention: J. Cohen, Statistical Power Analysis for the
Behavioral Sciences, 1988."""


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
