"""Places on a horizontal axis, for intervals that are drawn inside tables."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bar:
    """An interval on an axis, in percent of its width from the left."""

    low: float
    value: float
    high: float


def bar(low: float, value: float, high: float, axis_low: float, axis_high: float) -> Bar:
    """An interval on an axis from `axis_low` to `axis_high`."""
    return Bar(place(low, axis_low, axis_high), place(value, axis_low, axis_high), place(high, axis_low, axis_high))


def place(value: float, low: float, high: float) -> float:
    """Where a value stands on an axis from `low` to `high`, in percent; at the end where it is beyond."""
    return round(min(100.0, max(0.0, 100 * (value - low) / (high - low))), 2)


def padded(low: float, high: float) -> tuple[float, float]:
    """An axis with a little room at both ends."""
    pad = max((high - low) * 0.08, 0.005)
    return low - pad, high + pad
