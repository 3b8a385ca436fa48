"""Racing with a look after every row: what it saves, whom it drops wrongly, how often it names a false winner."""

from collections.abc import Sequence

import numpy as np

from bakeoff.evaluate.stats.race import Race
from benchmarks.statistics.made import SEED, percent, right_or_wrong, share

FIELDS = {
    "clear": (0.88, 0.80, 0.70, 0.60, 0.50),
    "typical": (0.85, 0.80, 0.78, 0.75, 0.70),
    "close": (0.80, 0.79, 0.78, 0.77, 0.76),
}
"""True qualities, the best first."""

ROWS = 300


def raced(scores: Sequence[Sequence[float]]) -> tuple[int, tuple[str, ...]]:
    """(calls, who is left) of a race over all rows, stopped when one is left."""
    names = [str(i) for i in range(len(scores))]
    race, calls = Race(names), 0
    for row in range(len(scores[0])):
        if len(race.alive) == 1:
            break
        calls += len(race.alive)
        race.add(str(row), {name: float(scores[int(name)][row]) for name in race.alive})
    return calls, race.alive


def racing(repetitions: int) -> None:
    """Fields with a best one, then equal ones."""
    print(f"\nRacing up to {ROWS} rows, a look after every row: share of the calls; the best dropped; one left;")
    print("left on average; shared difficulty 0 / 0.5 / 0.9")
    for name, qualities in FIELDS.items():
        found = [_field(qualities, shared, repetitions, graded=False) for shared in (0.0, 0.5, 0.9)]
        _print(name, found)
    _print("clear, graded", [_field(FIELDS["clear"], shared, repetitions, graded=True) for shared in (0.0, 0.5, 0.9)])
    print("Equal ones at 70 %: a single winner is left (must stay below 5 %); any one is dropped")
    for count in (2, 3, 5):
        for graded in (False, True):
            equal = [_field((0.7,) * count, shared, repetitions, graded=graded) for shared in (0.0, 0.5, 0.9)]
            kind = "graded" if graded else "right and wrong"
            print(f"  {count} equal, {kind:16} {percent([f[2] for f in equal])};  {percent([f[4] for f in equal])}")


Found = tuple[float, float, float, float, float]


def _print(name: str, found: Sequence[Found]) -> None:
    left = " / ".join(f"{f[3]:.1f}" for f in found)
    print(f"  {name:14} {percent([f[0] for f in found])};  {percent([f[1] for f in found])};  "
          f"{percent([f[2] for f in found])};  {left}")  # fmt: skip


def _field(qualities: Sequence[float], shared: float, repetitions: int, *, graded: bool) -> Found:
    """(share of calls, best dropped, one left, left on average, any dropped)."""
    generator = np.random.default_rng(SEED)
    calls, best, single, left = [], [], [], []
    for _ in range(repetitions):
        made = right_or_wrong(generator, qualities, ROWS, shared) * 1.0
        if graded:  # the mean of three graders that agree more often than not
            more = [right_or_wrong(generator, qualities, ROWS, 0.8) for _ in range(2)]
            made = (made + more[0] + more[1]) / 3
        spent, alive = raced(made.tolist())
        calls.append(spent / (ROWS * len(qualities)))
        best.append("0" not in alive)
        single.append(len(alive) == 1)
        left.append(len(alive))
    dropped = share(count < len(qualities) for count in left)
    return float(np.mean(calls)), share(best), share(single), float(np.mean(left)), dropped
