"""A comparison seen from any candidate: differences in both directions, order of preference, domination."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bakeoff.evaluate.results import Comparison, ModelResult, Pair

ALPHA = 0.05
"""Claims of "better" are wrong in at most this share of evaluations, all of them together."""

CRITERIA = ("cost", "latency", "memory")
"""What makes one candidate preferable to another of the same quality: USD for the run, median milliseconds, bytes."""


ENOUGH = 0.5
"""A candidate with scores for less than this share of the rows that another has is not chosen: the rows on which it
did not fail, or which it has answered so far, may be the easy ones."""


@dataclass(frozen=True, slots=True)
class Lead:
    """How far one candidate is ahead of another."""

    difference: float
    low: float
    """Lower end of the simultaneous interval."""

    high: float
    p_holm: float
    n: int

    @property
    def half_width(self) -> float:
        """Half the width of the simultaneous interval."""
        return (self.high - self.low) / 2

    @property
    def shown(self) -> bool:
        """The data show that it is ahead."""
        return self.difference > 0 and self.p_holm < ALPHA


NOTHING_KNOWN = Lead(0.0, -1.0, 1.0, 1.0, 0)


class Standings:
    """The candidates that have a quality, and how they stand to each other."""

    def __init__(self, comparison: Comparison, order: Sequence[str] = CRITERIA) -> None:
        """Look at a comparison.

        Args:
            comparison: what was measured.
            order: criteria of preference, the one that counts most first.
        """
        self.models = {model.model: model for model in comparison.models if model.quality is not None}
        self.names = tuple(self.models)
        self.pairs = len(comparison.pairs)
        self._order = tuple(order)
        self._leads: dict[tuple[str, str], Lead] = {}
        for pair in comparison.pairs:
            for one in (pair, pair.turned()):
                self._leads[one.a, one.b] = _lead(one)
        self._measured = {name: _measured(model) for name, model in self.models.items()}
        complete = tuple(name for name in self.names if not self.incomplete(name))
        self.choosable = tuple(name for name in complete if not self.dominators(name)) or complete
        self.leader = self._leader() if self.names else ""

    def lead(self, a: str, b: str) -> Lead:
        """Of a over b."""
        return self._leads.get((a, b), NOTHING_KNOWN)

    def quality(self, name: str) -> float:
        """The measured quality."""
        quality = self.models[name].quality
        return quality.value if quality is not None else 0.0

    def measured(self, name: str) -> Mapping[str, float]:
        """The criteria that are known of a candidate, by name; what is smaller is better."""
        return self._measured[name]

    def rows(self, name: str) -> int:
        """Rows that have a score."""
        quality = self.models[name].quality
        return quality.n if quality is not None else 0

    def incomplete(self, name: str) -> bool:
        """It has scores for so few rows, compared with another, that it cannot be chosen yet."""
        return self.rows(name) < ENOUGH * max(self.rows(other) for other in self.names)

    def others(self, name: str) -> tuple[str, ...]:
        """Everyone else, in table order."""
        return tuple(other for other in self.names if other != name)

    def by_preference(self, names: Sequence[str]) -> list[str]:
        """The preferable ones first: by the criteria that are known of all of them, then by quality."""
        known = [c for c in self._order if all(c in self._measured[name] for name in names)]
        return sorted(names, key=lambda name: (*(self._measured[name][c] for c in known), -self.quality(name)))

    def advantage(self, a: str, b: str) -> tuple[str, float | None, float | None]:
        """(criterion, a's value, b's value) by which a is preferable to b; ("quality", None, None) if by none."""
        for criterion in self._order:
            ours, theirs = self._measured[a].get(criterion), self._measured[b].get(criterion)
            if ours is None or theirs is None or ours == theirs:
                continue
            return (criterion, ours, theirs) if ours < theirs else ("quality", None, None)
        return "quality", None, None

    def dominators(self, name: str) -> list[str]:
        """Candidates that measured at least as good in quality and every criterion, and better in one of them.

        Where a criterion is known of only one of the two, neither dominates.
        """
        return [other for other in self.others(name) if self._dominates(other, name)]

    def _dominates(self, a: str, b: str) -> bool:
        ours, theirs = self._measured[a], self._measured[b]
        ahead = self.lead(a, b)
        if ahead.n == 0 or ahead.difference < 0 or ours.keys() != theirs.keys():
            return False
        return all(ours[c] <= theirs[c] for c in ours) and (ahead.difference > 0 or ours != theirs)

    def _leader(self) -> str:
        """Who scored best: its smallest lead over any other is the largest.

        Where all have the same rows, that is the highest quality; where rows are missing, no one leads by having been
        asked the easy ones.
        """

        def smallest_lead(name: str) -> float:
            return min((self.lead(name, other).difference for other in self.others(name)), default=0.0)

        best = max(smallest_lead(name) for name in self.choosable)
        return self.by_preference([name for name in self.choosable if smallest_lead(name) == best])[0]


def _lead(pair: Pair) -> Lead:
    return Lead(pair.difference, pair.low_simultaneous, pair.high_simultaneous, pair.p_holm, pair.n)


def _measured(model: ModelResult) -> dict[str, float]:
    """The criteria that are known of a candidate. An unknown cost is never zero: it is left out."""
    known: dict[str, float] = {}
    if model.cost_usd is not None:
        known["cost"] = float(model.cost_usd)
    if model.latency_ms is not None:
        known["latency"] = model.latency_ms.p50
    if model.memory is not None:
        memory = model.memory
        known["memory"] = float(
            memory.weights_bytes
            + memory.kv_cache_bytes
            + memory.recurrent_state_bytes
            + memory.compute_bytes
            + memory.output_bytes
        )
    return known
