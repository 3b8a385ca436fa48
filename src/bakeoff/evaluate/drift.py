"""Whether something else answers now: the same calls again, compared with the answers that were kept.

A model elsewhere may answer the same request differently twice without any change: requests are batched, and sums in
another order round differently. What is asked is therefore not "did an answer change" but "did more change than the
server itself changes from one minute to the next" (docs/guides/again.md). Asks nobody.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bakeoff.evaluate.stats.multiple import holm

ALPHA = 0.05
"""A project whose servers did not change is told that one did in at most this share of checks, all tests together."""


@dataclass(frozen=True, slots=True)
class Asked:
    """One candidate's sample: what was kept, and what came back now."""

    candidate: str
    exact: bool
    """The same request must give the same answer: an engine of ours, without chance."""

    before: Sequence[str | None]
    """Answers that were kept, by row; None where there is none."""

    now: Sequence[str | None]
    """Answers to the same requests now; None where it failed."""

    again: Sequence[str | None]
    """Once more, where `now` is not `before`; None elsewhere."""

    difference: float | None = None
    """Mean score now minus before, on the rows that have both; None where nothing is scored."""

    low: float | None = None
    high: float | None = None
    p_scores: float | None = None
    """Of the paired test."""

    new_models: tuple[str, ...] = ()
    """Ids that the server calls its model by, and did not before."""

    new_fingerprints: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Drift:
    """What was found of one candidate."""

    asked: Asked
    n: int
    """Rows with both answers."""

    changed: int
    """Of these, with another answer now."""

    settled: int
    """Of the changed ones, whose second answer was like one of the two others."""

    old_is_odd: int
    """Of these, where both answers of now agree against the old one."""

    p_answers: float
    """Probability of so many where nothing changed, after Holm's correction over everything tested together."""

    p_scores: float | None
    """Likewise, of the difference of scores."""

    @property
    def failed(self) -> int:
        """Rows that got no answer now."""
        return sum(one is not None and two is None for one, two in zip(self.asked.before, self.asked.now, strict=True))

    @property
    def signs(self) -> tuple[str, ...]:
        """Why it counts as drift: `answer`, `answers`, `scores`, `model`, `fingerprint`; empty where it does not."""
        asked = self.asked
        found = []
        if asked.exact and self.changed:
            found.append("answer")
        elif not asked.exact and self.p_answers < ALPHA:
            found.append("answers")
        if self.p_scores is not None and self.p_scores < ALPHA:
            found.append("scores")
        if asked.new_models:
            found.append("model")
        if asked.new_fingerprints:
            found.append("fingerprint")
        return tuple(found)


def odd_ones(
    before: Sequence[str | None], now: Sequence[str | None], again: Sequence[str | None]
) -> tuple[int, int, int, int, float]:
    """(rows, changed, settled, old is the odd one, p).

    Where nothing changed, the answer that was kept and the two of now are three draws from one distribution. Given
    that the first two differ and the third is like one of them, each is as likely to be the odd one out: the number of
    rows where the old one is odd is binomial with 1/2 (a sign test, one-sided).
    """
    from scipy.stats import binom

    both = [(a, b, c) for a, b, c in zip(before, now, again, strict=True) if a is not None and b is not None]
    changed = [(a, b, c) for a, b, c in both if a != b]
    old = sum(c == b for _, b, c in changed)
    new = sum(c == a for a, _, c in changed)
    p = float(binom.sf(old - 1, old + new, 0.5)) if old else 1.0
    return len(both), len(changed), old + new, old, p


def drifts(asked: Sequence[Asked]) -> tuple[Drift, ...]:
    """What each candidate's sample shows, corrected over all candidates and both tests together."""
    found, ps = [], []
    for one in asked:
        n, changed, settled, odd, p = odd_ones(one.before, one.now, one.again)
        found.append(Drift(one, n, changed, settled, odd, p, one.p_scores))
        ps += [1.0 if one.exact else p] + ([] if one.p_scores is None else [one.p_scores])
    adjusted = iter(holm(ps))
    result = []
    for drift in found:
        p_answers = next(adjusted)
        p_scores = None if drift.p_scores is None else next(adjusted)
        result.append(replace(drift, p_answers=p_answers, p_scores=p_scores))
    return tuple(result)
