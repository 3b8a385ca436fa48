"""The rule `weighted`: a sum of what matters, by the user's own weights, and over which weights the choice holds.

Each criterion is a ratio to the best candidate: quality over the highest, and the lowest cost, latency or memory over
the candidate's own. So 1 is the best there is, half is twice as slow or as dear, and the ratios of two candidates to
each other do not move when a third one joins.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from bakeoff.decide.standings import CRITERIA, Standings
from bakeoff.errors import UsageError

WEIGHED = ("quality", *CRITERIA)
STEPS = 20
"""The simplex of weights is looked at in steps of 1/20: 1,771 weightings for four criteria."""

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Turn:
    """The nearest weight of one criterion, the others keeping their proportions, at which the choice changes."""

    criterion: str
    weight: float
    model: str


@dataclass(frozen=True, slots=True)
class Weighing:
    """What the weights say."""

    order: tuple[str, ...]
    """Candidates, best first."""

    scores: Mapping[str, float]
    """Weighted sums, 0 to 1."""

    weights: Mapping[str, float]
    """As used, adding up to 1; without criteria that are not known of everyone."""

    left_out: tuple[str, ...]
    """Criteria that have a weight and are not known of everyone."""

    share: float
    """Of all weightings, those that make the same choice."""

    turns: tuple[Turn, ...]


@dataclass(frozen=True, slots=True)
class Stretch:
    """Weights of one criterion, the others keeping their proportions, over which the choice is the same."""

    low: float
    high: float
    model: str


def checked_weights(weights: Mapping[str, float]) -> dict[str, float]:
    """Weights that add up to 1.

    Raises:
        UsageError: an unknown criterion, a weight below 0 or none above.
    """
    for name, weight in weights.items():
        if name not in WEIGHED:
            raise UsageError(f"weights: there is no {name[:40]!r}", hint=f"one of {', '.join(WEIGHED)}")
        if not 0 <= weight < float("inf"):
            raise UsageError(f"weights: {name} is {weight}", hint="write a number from 0 up")
    total = sum(weights.values())
    if total <= 0:
        raise UsageError("weights: all are 0", hint="quality = 0.6, cost = 0.2, latency = 0.2")
    return {name: weight / total for name, weight in weights.items() if weight > 0}


def weigh(standings: Standings, weights: Mapping[str, float]) -> Weighing:
    """Apply weights to the choosable candidates.

    Raises:
        UsageError: from `checked_weights`, or nothing that has a weight is known of everyone.
    """
    names = list(standings.choosable)
    wanted = checked_weights(weights)
    table = {name: values for name in WEIGHED if (values := ratios(standings, names, name)) is not None}
    known = {name: weight for name, weight in wanted.items() if name in table}
    left_out = tuple(name for name in wanted if name not in table)
    if not known:
        raise UsageError(
            f"weights: {', '.join(left_out)} is not known of every candidate", hint="give quality a weight"
        )
    used = checked_weights(known)
    matrix = np.array([table[name] for name in used])
    vector = np.array(list(used.values()))
    sums = vector @ matrix
    best = int(np.argmax(sums))
    order = sorted(range(len(names)), key=lambda index: (-sums[index], index))
    return Weighing(
        order=tuple(names[index] for index in order),
        scores={names[index]: float(sums[index]) for index in order},
        weights=used,
        left_out=left_out,
        share=_share(matrix, best),
        turns=tuple(_turns(matrix, vector, best, list(used), names)),
    )


def stretches(standings: Standings, weights: Mapping[str, float], criterion: str) -> tuple[Stretch, ...]:
    """Who is chosen at every weight of one criterion from 0 to 1; empty where it is not known of everyone.

    Where no other criterion has a weight, the others share the rest equally.

    Raises:
        UsageError: from `checked_weights`.
    """
    names = list(standings.choosable)
    own = ratios(standings, names, criterion)
    if own is None:
        return ()
    table = {name: values for name in WEIGHED if (values := ratios(standings, names, name)) is not None}
    others = {name: weight for name, weight in checked_weights(weights).items() if name in table and name != criterion}
    others = others or {name: 1.0 for name in table if name != criterion}
    if not others:
        return (Stretch(0.0, 1.0, names[int(np.argmax(own))]),)
    rest = checked_weights(others)
    base, mine = np.array([rest[name] for name in rest]) @ np.array([table[name] for name in rest]), np.array(own)
    slope = mine - base
    ends = [0.0, 1.0]
    for i in range(len(names)):
        for j in range(i):
            if slope[i] != slope[j]:
                ends.append(float((base[j] - base[i]) / (slope[i] - slope[j])))
    ends = sorted({end for end in ends if 0 <= end <= 1})
    found: list[Stretch] = []
    for low, high in pairwise(ends):
        best = names[int(np.argmax(base + slope * (low + high) / 2))]
        if found and found[-1].model == best:
            found[-1] = Stretch(found[-1].low, high, best)
        else:
            found.append(Stretch(low, high, best))
    return tuple(found)


def ratios(standings: Standings, names: Sequence[str], criterion: str) -> list[float] | None:
    """Each candidate's ratio to the best; None where the criterion is not known of everyone."""
    if criterion == "quality":
        values = [standings.quality(name) for name in names]
        most = max(values)
        return [value / most if most > 0 else 1.0 for value in values]
    found = [standings.measured(name).get(criterion) for name in names]
    if any(value is None for value in found):
        return None
    known = [value for value in found if value is not None]
    least = min(known)
    return [1.0 if value == least else least / value for value in known]


def _share(matrix: Floats, best: int) -> float:
    grid = simplex(len(matrix), STEPS)
    sums = grid @ matrix
    return float(np.mean(sums[:, best] >= sums.max(axis=1) - 1e-12))


def simplex(dimensions: int, steps: int) -> Floats:
    """All weightings in steps of 1/`steps`, one per row."""
    if dimensions == 1:
        return np.ones((1, 1))
    counts = [[first, *rest] for first in range(steps + 1) for rest in _compositions(dimensions - 1, steps - first)]
    return np.array(counts, dtype=np.float64) / steps


def _compositions(parts: int, total: int) -> list[list[int]]:
    if parts == 1:
        return [[total]]
    return [[first, *rest] for first in range(total + 1) for rest in _compositions(parts - 1, total - first)]


def _turns(matrix: Floats, vector: Floats, best: int, criteria: list[str], names: Sequence[str]) -> list[Turn]:
    """Exact: with weight t on one criterion and the rest in proportion every sum is a line in t."""
    found = []
    for index, criterion in enumerate(criteria):
        rest = vector.copy()
        rest[index] = 0.0
        if rest.sum() == 0:
            continue
        others = (rest / rest.sum()) @ matrix
        own = matrix[index]
        slope = (own - others) - (own[best] - others[best])
        start = others - others[best]
        crossings = [
            (float(-start[i] / slope[i]), names[i])
            for i in range(len(names))
            if i != best and slope[i] != 0 and 0 < -start[i] / slope[i] < 1
        ]
        here = float(vector[index])
        near = min(crossings, key=lambda one: abs(one[0] - here), default=None)
        if near is not None:
            found.append(Turn(criterion, near[0], near[1]))
    return sorted(found, key=lambda turn: abs(turn.weight - float(vector[criteria.index(turn.criterion)])))
