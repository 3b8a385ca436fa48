"""Racing: who is clearly worse can be dropped while the run goes on, however often one looks.

For every two candidates a bettor wagers on "b is better than a", unit by unit (a row, or the mean of a group of rows).
If b is not better, the bettor's money does not grow on average, whatever is looked at and whenever one stops: the
chance that it ever grows F-fold is at most 1/F (J. Ville 1939). So money F times the stake is evidence of F to 1 that
holds at every look. Asks no model; the same units in the same order give the same race.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.evaluate.stats.proportions import Floats

BETS = 64
"""Sizes of wager that are mixed: the nodes of Gauss and Legendre, exact for 127 units on which two candidates differ
and practically so beyond. Any mixture of wagers is valid; their number only matters for power."""


@dataclass(frozen=True, slots=True)
class Dropped:
    """A candidate that left the race."""

    name: str
    by: str
    """The candidate that is shown to be better."""

    n_units: int
    """Units on which both had a score."""

    difference: float
    """Mean of `by` minus `name` over these units. It flatters `by`: one stops when it looks large."""

    evidence: float
    """The e-value: how many times its stake the bettor has; at least 2(k-1)/alpha for k candidates."""


class Race:
    """Candidates that are asked unit after unit, until they are shown to be worse than another.

    The wager: money is multiplied by `1 + λ·(b - a)` in each unit, with λ mixed evenly over 0..1. That never grows on
    average if b is not better (scores in 0..1; I. Waudby-Smith and A. Ramdas, JRSS B 86 (2024) 1). Where scores are
    right and wrong, only units count on which exactly one is right, and with W of them for b and L against,
    money is `2^(W+L)·B(1+W, 1+L)`, taken over the half of the wagers that bet on b, and doubled.

    A candidate is dropped when the money against it reaches 2(k-1)/alpha, k being the number at the start. Then

    - a candidate than which none is better is dropped with a chance of at most alpha/2 (k-1 bets against it), and
    - where several are equally good, all but one of them are dropped with a chance of at most alpha.

    Two conditions: units come in random order and do not depend on each other (rows of one group are one unit), and
    who is asked next is not chosen by looking at scores in another way than by this race.
    """

    def __init__(self, names: Sequence[str], *, alpha: float = 0.05) -> None:
        """Line up.

        Args:
            names: the candidates.
            alpha: chance that a false winner is named, over the whole race.
        """
        if len(set(names)) != len(names):
            raise ValueError(f"a name occurs twice among {list(names)}")
        if not 0 < alpha < 1:
            raise ValueError(f"alpha {alpha} is not between 0 and 1")
        nodes, weights = np.polynomial.legendre.leggauss(BETS)
        self._names = tuple(names)
        self._alive = list(names)
        self._wagers: Floats = (nodes + 1) / 2
        self._money: dict[tuple[str, str], Floats] = {(a, b): weights / 2 for a in names for b in names if a != b}
        self._seen: dict[tuple[str, str], tuple[int, float]] = {}
        self._units: set[str] = set()
        self._dropped: list[Dropped] = []
        self.threshold = 2 * max(1, len(names) - 1) / alpha
        """The e-value at which a candidate is dropped."""

    @property
    def alive(self) -> tuple[str, ...]:
        """Who is still in the race, in the order given. Never empty."""
        return tuple(self._alive)

    @property
    def dropped(self) -> tuple[Dropped, ...]:
        """Who is not, in the order of leaving."""
        return tuple(self._dropped)

    def evidence(self, name: str, by: str) -> float:
        """The e-value of "`by` is better than `name`": 1 at the start, at most 1 on average if it is not better."""
        return float(self._money[name, by].sum())

    def add(self, unit: str, scores: Mapping[str, float]) -> tuple[Dropped, ...]:
        """Look at the scores of one more unit.

        Args:
            unit: id of the row or group; each counts once.
            scores: 0..1, of candidates that are still in the race. Who has none (a call that failed) is not compared
                on this unit; who was dropped before is not looked at.

        Returns:
            Who is dropped now.

        Raises:
            ValueError: a unit comes twice, a name is unknown, or a score lies outside 0..1.
        """
        if unit in self._units:
            raise ValueError(f"the unit {unit!r} was added before")
        for name, score in scores.items():
            if name not in self._names:
                raise ValueError(f"{name!r} is not in the race: {', '.join(self._names)}")
            if not 0 <= score <= 1:
                raise ValueError(f"the score {score} of {name!r} is not between 0 and 1")
        self._units.add(unit)
        running = [name for name in self._alive if name in scores]
        for a in running:
            for b in running:
                if a != b:
                    self._bet(a, b, scores[b] - scores[a])
        return self._drop(running)

    def _bet(self, a: str, b: str, difference: float) -> None:
        n, total = self._seen.get((a, b), (0, 0.0))
        self._seen[a, b] = n + 1, total + difference
        if difference:
            self._money[a, b] = self._money[a, b] * (1 + self._wagers * difference)

    def _drop(self, names: Sequence[str]) -> tuple[Dropped, ...]:
        """Against whom the evidence is strongest leaves first, and only for one who stays: the last never leaves."""
        shown = [(evidence, a, b) for a in names for b in names if a != b
                 if (evidence := self.evidence(a, b)) >= self.threshold]  # fmt: skip
        left = []
        for evidence, a, b in sorted(shown, key=lambda item: -item[0]):
            if a in self._alive and b in self._alive:
                self._alive.remove(a)
                n, total = self._seen[a, b]
                left.append(Dropped(a, b, n, total / n, evidence))
        self._dropped += left
        return tuple(left)
