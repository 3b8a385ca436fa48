"""How times are spread: the same bins for every candidate, so that they can stand one below another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.evaluate.results import Column
from bakeoff.evaluate.stats.proportions import percentile

BINS = 40

LOG_FROM_RATIO = 6
"""Times that differ by more than this are put into bins of equal ratio, not of equal width."""

SHOWN = (0.05, 0.25, 0.5, 0.75, 0.95)
"""Shares of the answers that were faster."""


@dataclass(frozen=True, slots=True)
class Spread:
    """One candidate."""

    candidate: str
    n: int
    """Answers whose time is known."""

    counts: tuple[int, ...]
    """Answers by bin."""

    percentiles: Mapping[str, float]
    """`p5`, `p25`, `p50`, `p75`, `p95`, in milliseconds; empty without answers."""


@dataclass(frozen=True, slots=True)
class Spreads:
    """Every candidate over the same bins."""

    edges: tuple[float, ...]
    """Milliseconds, one more than there are bins; empty without answers."""

    logarithmic: bool
    candidates: tuple[Spread, ...]


def latencies(columns: Sequence[Column]) -> Spreads:
    """Times from sending a request to the last byte of its answer."""
    times = {
        column.candidate: np.array([cell.latency_ms for cell in column.cells if cell.latency_ms is not None])
        for column in columns
    }
    known = [found for found in times.values() if len(found)]
    if not known:
        return Spreads((), False, tuple(Spread(name, 0, (), {}) for name in times))
    everything = np.concatenate(known)
    low, high = float(everything.min()), float(everything.max())
    logarithmic = low > 0 and high / low > LOG_FROM_RATIO
    edges = np.geomspace(low, high, BINS + 1) if logarithmic else np.linspace(low, max(high, low + 1e-3), BINS + 1)
    edges[0], edges[-1] = low, max(high, float(edges[-1]))
    return Spreads(tuple(map(float, edges)), logarithmic, tuple(_spread(name, t, edges) for name, t in times.items()))


def _spread(name: str, times: np.ndarray, edges: np.ndarray) -> Spread:
    counts, _ = np.histogram(times, bins=edges)
    at = {f"p{round(100 * share)}": percentile(times, share) for share in SHOWN} if len(times) else {}
    return Spread(name, len(times), tuple(map(int, counts)), at)
