"""Quantiles of the normal distribution, without numpy."""

from statistics import NormalDist


def normal_quantile(alpha: float) -> float:
    """The normal quantile with alpha/2 above it: 1.96 for 0.05."""
    return NormalDist().inv_cdf(1 - alpha / 2)
