"""Sums with their ranges: both ends of what goes in give both ends of what comes out."""

from collections.abc import Callable, Sequence

from bakeoff.values import Estimate


def combined(
    formula: Callable[..., float],
    rising: Sequence[Estimate],
    falling: Sequence[Estimate] = (),
    *,
    detail: str | None = None,
) -> Estimate:
    """A formula of estimates that are all low or all high together, which is the widest that its range can be.

    Args:
        formula: of the values of `rising`, then those of `falling`.
        rising: with each of these the result rises.
        falling: with each of these it falls.
        detail: where it is from; None joins the details of what goes in.
    """
    every = [*rising, *falling]
    value = formula(*(one.value for one in every))
    low = formula(*(one.low for one in rising), *(one.high for one in falling))
    high = formula(*(one.high for one in rising), *(one.low for one in falling))
    told = "; ".join(dict.fromkeys(one.detail for one in every if one.detail)) if detail is None else detail
    source = every[0].source if len({one.source for one in every}) == 1 else "estimated"
    dates = [one.as_of for one in every if one.as_of]
    return Estimate(value, min(low, value), max(high, value), source, told, min(dates, default=None))


def spread(value: float, factor: float, *, detail: str) -> Estimate:
    """An estimate that may be off by a factor to either side."""
    return Estimate(value, value / factor, value * factor, "estimated", detail)


def total(parts: Sequence[Estimate]) -> Estimate:
    """The sum."""
    return combined(lambda *values: sum(values), parts)


def greatest(parts: Sequence[Estimate]) -> Estimate:
    """The greatest; told by the one that has the greatest value."""
    first = max(parts, key=lambda one: one.value)
    return Estimate(
        first.value,
        max(one.low for one in parts),
        max(one.high for one in parts),
        first.source,
        first.detail,
        first.as_of,
    )
