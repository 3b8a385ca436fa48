"""What can be seen of a judge without asking people: does the place decide, can it be read, what pleases its eye."""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from bakeoff.evaluate.judge.verdicts import Verdict
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.stats.agreement import Interval
from bakeoff.evaluate.stats.judge_bias import length, position
from bakeoff.evaluate.stats.paired import mean_difference_interval
from bakeoff.evaluate.stats.proportions import mean_interval

_FORMAT = re.compile(r"^\s*(?:[-*+•]|\d+[.)]|#{1,6})\s|\*\*[^*\n]+\*\*|^\|.*\|$|^```", re.MULTILINE)
"""Lists, headings, bold, tables, code blocks."""

FEWEST = 10
"""Fewer verdicts on a pair of candidates say nothing about length."""


@dataclass(frozen=True, slots=True)
class Looks:
    """What one sees of an answer before reading it: candidate to a number per row."""

    characters: Mapping[str, Sequence[int]]
    format_marks: Mapping[str, Sequence[int]]
    """Lists, headings, bold, tables, code blocks."""


def looks(columns: Sequence[Column]) -> Looks:
    """Of all answers."""
    texts = {column.candidate: [cell.text.strip() for cell in column.cells] for column in columns}
    return Looks(
        characters={name: [len(text) for text in all_] for name, all_ in texts.items()},
        format_marks={name: [len(_FORMAT.findall(text)) for text in all_] for name, all_ in texts.items()},
    )


@dataclass(frozen=True, slots=True)
class Habits:
    """One judge, or all of a jury together."""

    asked: int
    """Items that no rule settled."""

    valid: int
    """Items with a valid verdict, in every order that was asked."""

    missing: int
    """Items without an answer yet."""

    invalid: Mapping[str, int] = field(default_factory=dict)
    """Code to answers that could not be used, after the second try."""

    flips: Interval | None = None
    """Share of pairs on which it took the other answer when the two changed places; None for a rubric."""

    pull: Interval | None = None
    """Wins of the first place minus wins of the second, over both orders. A judge without bias may flip when it is
    unsure, but as often to the one side as to the other."""

    longer: Interval | None = None
    """How often it takes the longer of two answers of different length, ties half. That alone is no fault: the longer
    one may be better (`length_against_people`)."""

    formatted: Interval | None = None
    """How often it takes the one with more lists, headings, bold, tables and code blocks."""

    @property
    def invalid_share(self) -> float:
        """Of the items that were asked and came back."""
        back = self.asked - self.missing
        return 1 - self.valid / back if back else 0.0


def habits(verdicts: Sequence[Verdict], seen: Looks) -> Habits:
    """Look at all verdicts of one judge."""
    asked = [verdict for verdict in verdicts if verdict.item.settled is None]
    valid = [verdict for verdict in asked if verdict.value is not None]
    both = [verdict.slots for verdict in valid if len(verdict.slots) == 2]
    places = None
    if both:
        scores = {"A": 1.0, "tie": 0.5, "B": 0.0}
        places = position([scores[first] for first, _ in both], [1 - scores[second] for _, second in both])
    return Habits(
        asked=len(asked),
        valid=len(valid),
        missing=sum(verdict.missing for verdict in asked),
        invalid=dict(Counter(code for verdict in asked for code in verdict.invalid)),
        flips=places.flips if places is not None else None,
        pull=places.pull if places is not None else None,
        longer=_taken(valid, seen.characters),
        formatted=_taken(valid, seen.format_marks),
    )


def more_first(verdict: Verdict, measure: Mapping[str, Sequence[int]]) -> bool | None:
    """The left answer of a pair has more of something; None where both have as much, or there is one answer only."""
    item = verdict.item
    if item.right is None:
        return None
    left, right = measure[item.left][item.row], measure[item.right][item.row]
    return None if left == right else left > right


def _taken(valid: Sequence[Verdict], measure: Mapping[str, Sequence[int]]) -> Interval | None:
    """How often the answer with more of something is taken."""
    values = [
        verdict.value if more else 1 - verdict.value
        for verdict in valid
        if verdict.value is not None and (more := more_first(verdict, measure)) is not None
    ]
    if not values:
        return None
    array = np.array(values, dtype=np.float64)
    value = float(np.mean(array))
    low, high = mean_interval(array)
    return Interval(value, min(low, value), max(high, value), len(values))


@dataclass(frozen=True, slots=True)
class AtEqualLength:
    """A pair of candidates: the share that the judge gives the one, and what is left of it at equal length."""

    a: str
    b: str
    judged: Interval
    controlled: Interval


def at_equal_length(verdicts: Sequence[Verdict], seen: Looks) -> tuple[AtEqualLength, ...]:
    """Length-controlled shares of every pair with verdicts enough (`stats.judge_bias.length`)."""
    pairs: dict[tuple[str, str], list[Verdict]] = {}
    for verdict in verdicts:
        if verdict.asked and verdict.item.right is not None:
            pairs.setdefault((verdict.item.left, verdict.item.right), []).append(verdict)
    found = []
    for (a, b), own in pairs.items():
        if len(own) < FEWEST:
            continue
        differences = [seen.characters[a][v.item.row] - seen.characters[b][v.item.row] for v in own]
        fitted = length([verdict.value or 0.0 for verdict in own], differences)
        found.append(AtEqualLength(a, b, fitted.win_rate, fitted.controlled))
    return tuple(found)


def length_against_people(verdicts: Sequence[Verdict], people: Sequence[float], seen: Looks) -> Interval | None:
    """How much more than people the judge is drawn to long answers, on the items that people labelled.

    Of pairs: how much more often it takes the longer one. Of single answers: the rank correlation of an answer's length
    with how far the judge's verdict exceeds people's. Length alone is no evidence: where people prefer longer answers
    too, a judge that does not would be the one that errs.

    Args:
        verdicts: of the judge on labelled items; scores of single answers as 0 and 1.
        people: what people say of the same, in the same direction.
        seen: of all answers.
    """
    over = [(verdict.value or 0.0) - said for verdict, said in zip(verdicts, people, strict=True)]
    if len(over) < 3:
        return None
    if verdicts[0].item.right is None:
        lengths = [seen.characters[verdict.item.left][verdict.item.row] for verdict in verdicts]
        return length([(1 + error) / 2 for error in over], lengths).correlation
    signed = [
        error if longer else -error
        for error, verdict in zip(over, verdicts, strict=True)
        if (longer := more_first(verdict, seen.characters)) is not None
    ]
    if len(signed) < 3:
        return None
    value = float(np.mean(signed))
    low, high = mean_difference_interval(np.array(signed, dtype=np.float64))
    return Interval(value, min(low, value), max(high, value), len(signed))
