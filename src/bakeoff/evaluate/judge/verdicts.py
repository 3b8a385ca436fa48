"""From a judge's readings to what it means: both orders of a pair together, and several judges as one jury."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bakeoff.evaluate.judge.planning import Item, Plan
from bakeoff.evaluate.judge.readings import Invalid, Reading
from bakeoff.evaluate.judge.settings import JuryRule


@dataclass(frozen=True, slots=True)
class Verdict:
    """One judge, or the jury, on one item."""

    item: Item
    value: float | None
    """Preference for `item.left` (1, 0.5, 0), or the score of a single answer; None where there is no valid verdict."""

    slots: tuple[str, ...] = ()
    """`A`, `B` or `tie` in each order that was asked; empty where a rule settled the item, or for a rubric."""

    invalid: tuple[Invalid, ...] = ()
    """Codes of what could not be read, of each order."""

    missing: bool = False
    """Not asked yet, or the judge failed."""

    because: tuple[str, ...] = ()
    """The judge's own reasons, of each order."""

    @property
    def asked(self) -> bool:
        """A judge looked at it, and said something valid."""
        return self.value is not None and self.item.settled is None

    @property
    def flipped(self) -> bool:
        """The judge took the other answer when the two changed places."""
        return len(self.slots) == 2 and self.slots[0] == self.slots[1] != "tie"


def verdicts(plan: Plan, readings: Sequence[Reading | None]) -> tuple[Verdict, ...]:
    """What one judge says of every item.

    Args:
        plan: what was to be judged.
        readings: of every question, in the order of `asking.rows_to_ask`; None where there is no answer yet.
    """
    found, at = [], 0
    for item in plan.items:
        if item.settled is not None:
            found.append(Verdict(item, item.settled))
            continue
        count = len(item.orders)
        found.append(_verdict(item, readings[at : at + count]))
        at += count
    return tuple(found)


def _verdict(item: Item, readings: Sequence[Reading | None]) -> Verdict:
    known = [reading for reading in readings if reading is not None]
    because = tuple(reading.because for reading in known)
    invalid = tuple(reading.invalid for reading in known if reading.invalid is not None)
    if invalid or len(known) < len(readings):
        return Verdict(item, None, invalid=invalid, missing=not invalid, because=because)
    if item.right is None:
        return Verdict(item, known[0].score, because=because)
    slots = tuple(str(reading.slot) for reading in known)
    return Verdict(item, _both_orders(slots), slots, because=because)


def _both_orders(slots: Sequence[str]) -> float:
    """1 or 0 where the same answer is taken in both orders; everything else is a tie (L. Zheng et al. 2023)."""
    return {("A", "B"): 1.0, ("B", "A"): 0.0}.get((slots[0], slots[1]), 0.5)


def jury(by_judge: Mapping[str, Sequence[Verdict]], rule: JuryRule) -> tuple[Verdict, ...]:
    """Several judges as one. Who has no valid verdict on an item does not vote on it.

    Args:
        by_judge: each judge's verdicts on the same items in the same order.
        rule: mean of the verdicts; or majority: what more than half of those that voted say, else a tie (of scores:
            the median).
    """
    judges = list(by_judge.values())
    if len(judges) == 1:
        return tuple(judges[0])
    return tuple(_together(verdicts_on_one, rule) for verdicts_on_one in zip(*judges, strict=True))


def _together(votes: Sequence[Verdict], rule: JuryRule) -> Verdict:
    item = votes[0].item
    if item.settled is not None:
        return votes[0]
    values = sorted(vote.value for vote in votes if vote.value is not None)
    invalid = tuple(code for vote in votes for code in vote.invalid)
    if not values:
        return Verdict(item, None, invalid=invalid, missing=not invalid)
    return Verdict(item, sum(values) / len(values) if rule == "mean" else _majority(values, item), invalid=invalid)


def _majority(values: Sequence[float], item: Item) -> float:
    if item.right is None:
        middle = len(values) // 2
        return values[middle] if len(values) % 2 else (values[middle - 1] + values[middle]) / 2
    value, count = Counter(values).most_common(1)[0]
    return value if count > len(values) / 2 else 0.5
