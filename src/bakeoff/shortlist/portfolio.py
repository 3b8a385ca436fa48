"""Which few to test: those whose best one, after a test, is expected to be the best.

Before a test nobody knows which model is the best; the test will tell. So the value of a set is the expected utility of
its best member, and members are added that raise it most (for independent beliefs this greedy choice is within 1 - 1/e
of the best set: the expectation of a maximum is submodular, Nemhauser, Wolsey & Fisher 1978). That alone makes a set of
different families: siblings are good or bad together.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bakeoff.needs.needs import Prefer
from bakeoff.shortlist.values import Entry

Floats = npt.NDArray[np.float64]

DRAWS, SEED = 2000, 20_261_124

SHARED = 0.5
"""Of what is unknown of a model, the part that its family shares: the fitted variances are equal
(`data/quality.json`)."""

WAIT: dict[Prefer, float] = {"quality": 0.2, "balanced": 0.5, "cost": 0.5, "speed": 1.0}
"""Doublings of size that a doubling of the wait is worth, beyond a second. A judgement: at 1, twice the size is not
worth twice the wait."""

PAY: dict[Prefer, float] = {"quality": 0.1, "balanced": 0.3, "cost": 1.0, "speed": 0.1}
"""Doublings of size that a doubling of the monthly bill is worth, beyond 10 USD."""

UNKNOWN_SECONDS = 30.0

LEAST, MOST = 3, 5

WORTH_TESTING = 0.05
"""Doublings that one more candidate must add to the expected best, beyond the first three."""


def utility(entry: Entry, prefer: Prefer) -> float:
    """Expected quality less what waiting and paying take from it, in doublings of size."""
    wait = 1.0 if entry.plan is None else entry.seconds or UNKNOWN_SECONDS
    pay = entry.usd_per_month if entry.usd_per_month is not None else 100.0
    return (
        entry.quality - WAIT[prefer] * max(0.0, math.log2(max(wait, 1e-3))) - PAY[prefer] * math.log2(max(pay, 10) / 10)
    )


def draws(entries: Sequence[Entry], prefer: Prefer) -> Floats:
    """Utilities as they may turn out: one row per entry, `DRAWS` columns. Families rise and fall together."""
    generator = np.random.default_rng(SEED)
    families = {name: generator.standard_normal(DRAWS) for name in sorted({one.model.family for one in entries})}
    models = {name: generator.standard_normal(DRAWS) for name in sorted({one.model.id for one in entries})}
    rows = []
    for one in entries:
        shared, own = families[one.model.family], models[one.model.id]
        rows.append(
            utility(one, prefer) + one.standing.spread * (math.sqrt(SHARED) * shared + math.sqrt(1 - SHARED) * own)
        )
    return np.array(rows)


def choose(entries: Sequence[Entry], prefer: Prefer) -> list[Entry]:
    """The set, in the order in which its members were added."""
    if not entries:
        return []
    possible = draws(entries, prefer)
    best = np.full(DRAWS, -np.inf)
    chosen: list[int] = []
    while len(chosen) < min(MOST, len(entries)):
        value = np.maximum(possible, best).mean(axis=1)
        value[[index for index, one in enumerate(entries) if _is_taken(one, entries, chosen)]] = -np.inf
        pick = int(np.argmax(value))
        gain = value[pick] - (best.mean() if chosen else -np.inf)
        if not np.isfinite(value[pick]) or (len(chosen) >= LEAST and gain < WORTH_TESTING):
            break
        chosen.append(pick)
        best = np.maximum(best, possible[pick])
    return [entries[index] for index in chosen]


def _is_taken(one: Entry, entries: Sequence[Entry], chosen: Sequence[int]) -> bool:
    """The same model is tested once, by whichever route is better."""
    return any(entries[index].model.id == one.model.id for index in chosen)


def chances(entries: Sequence[Entry], prefer: Prefer) -> list[float]:
    """Probability of each to be the best of these."""
    winners = np.argmax(draws(entries, prefer), axis=0)
    return [float(np.mean(winners == index)) for index in range(len(entries))]


def front(entries: Sequence[Entry]) -> list[Entry]:
    """Those that no other beats or equals in quality, wait, memory and price at once; best quality first."""
    points = [_point(one) for one in entries]
    kept = [
        one
        for one, point in zip(entries, points, strict=True)
        if not any(other != point and all(o <= p for o, p in zip(other, point, strict=True)) for other in points)
    ]
    return sorted(kept, key=lambda one: -one.quality)


def dominates(a: Entry, b: Entry, margin: float) -> bool:
    """`a` is better than `b` by a margin of quality in doublings, and no worse in wait, memory and price."""
    (_, *ours), (_, *theirs) = _point(a), _point(b)
    return a.quality >= b.quality + margin and all(o <= t for o, t in zip(ours, theirs, strict=True))


def _point(one: Entry) -> tuple[float, float, float, float]:
    """What is to be small. A hosted model takes no memory here, and its wait is not known before it is measured."""
    pay = one.usd_per_month if one.usd_per_month is not None else math.inf
    if one.plan is None:
        return (-one.quality, 1.0, 0.0, pay)
    return (-one.quality, one.seconds or math.inf, one.memory_bytes or math.inf, pay)
