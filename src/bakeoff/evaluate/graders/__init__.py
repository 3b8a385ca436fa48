"""Deterministic graders: a row and an answer in, right or wrong out. No model is asked.

Both sides are put into Unicode NFC and stripped of outer whitespace before they are compared; nothing else is
changed unless the grader says so.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from bakeoff.errors import ProjectError
from bakeoff.evaluate.request import json_digest, render
from bakeoff.evaluate.types import Row

Kind = Literal["exact", "contains", "regex", "label"]

MOST_LABELS = 50
"""More different targets than this are not a label set."""

_EDGES = re.compile(r"^[\s\W_]+|[\s\W_]+$")


@dataclass(frozen=True, slots=True)
class Grader:
    """How an answer is judged against a row."""

    kind: Kind
    """exact: equal to the target. contains: the target occurs in it. regex: the pattern is found in it.
    label: names the target label and no other one of `labels`."""

    target: str
    """Template of what is right for a row, for example `{{ label }}`; for regex the pattern itself."""

    labels: tuple[str, ...] = ()
    """All labels, for kind `label`."""

    ignore_case: bool = False
    """Compare without upper and lower case; labels are always compared so."""

    weight: float | None = None
    """Share in the cell's score; None in all graders: a cell is right when every grader says so."""

    def digest(self) -> str:
        """Identity of this way of grading."""
        return json_digest([self.kind, self.target, list(self.labels), self.ignore_case, 1])


@dataclass(frozen=True, slots=True)
class Grade:
    """What one grader says of one answer."""

    score: float
    """1.0 right, 0.0 wrong."""

    label: str | None = None
    """The label that was read out of the answer; None where there was none or more than one."""


def joined(graders: Sequence[Grader], grades: Sequence[Grade]) -> float:
    """The score of a cell: the weighted mean where weights are given, else the least of all grades."""
    if all(grader.weight is None for grader in graders):
        return min(grade.score for grade in grades)
    weights = [1.0 if grader.weight is None else grader.weight for grader in graders]
    return sum(w * g.score for w, g in zip(weights, grades, strict=True)) / sum(weights)


def target_of(grader: Grader, row: Row) -> str:
    """What is right for this row.

    Raises:
        ProjectError: the template fails, or gives a label that is not in the list.
    """
    target = _normal(render(grader.target, row.values))
    if grader.kind == "label":
        known = {_fold(label): label for label in grader.labels}
        if _fold(target) not in known:
            raise ProjectError(
                f"row {row.id}: the target {target!r} is not one of the labels {', '.join(map(repr, grader.labels))}",
                hint="add it to `labels` of the grader in bakeoff.toml, or mend the row",
            )
        return known[_fold(target)]
    return target


def targets_without_labels(grader: Grader, rows: Sequence[Row]) -> tuple[str, ...]:
    """The labels of a label grader that names none: the different targets, in order of appearance.

    Raises:
        ProjectError: there are so many that the targets are hardly labels.
    """
    found: dict[str, str] = {}
    for row in rows:
        target = _normal(render(grader.target, row.values))
        found.setdefault(_fold(target), target)
        if len(found) > MOST_LABELS:
            raise ProjectError(
                f"grader label: {grader.target!r} has more than {MOST_LABELS} different values",
                hint='write the `labels` of the grader, or use kind = "exact" or "contains"',
            )
    if "" in found:
        raise ProjectError("grader label: a row has an empty label", hint="fill it in, or write the `labels`")
    return tuple(found.values())


def grade(grader: Grader, target: str, text: str) -> Grade:
    """Judge one answer.

    Args:
        grader: the way of grading.
        target: what is right, from `target_of`.
        text: the model's answer as it came.
    """
    answer = _normal(text)
    if grader.kind == "label":
        label = read_label(answer, grader.labels)
        return Grade(1.0 if label == target else 0.0, label)
    if grader.kind == "regex":
        return Grade(1.0 if _pattern(target, grader.ignore_case).search(answer) else 0.0)
    if grader.ignore_case:
        answer, target = _fold(answer), _fold(target)
    right = answer == target if grader.kind == "exact" else target in answer
    return Grade(1.0 if right else 0.0)


def read_label(answer: str, labels: tuple[str, ...]) -> str | None:
    """The one label that an answer names.

    The whole answer without outer punctuation may be a label; otherwise exactly one label must occur as a whole
    word or phrase. Two different labels, or none, give None: a model that hedges has not answered. Where one
    label contains another ("very good", "good"), the longer one is read.
    """
    folded = _fold(answer)
    bare = _EDGES.sub("", folded)
    for label in labels:
        if bare == _fold(label):
            return label
    found = set()
    for label, pattern in _label_patterns(labels):
        folded, hits = pattern.subn(" ", folded)
        if hits:
            found.add(label)
    return found.pop() if len(found) == 1 else None


@lru_cache(maxsize=64)
def _label_patterns(labels: tuple[str, ...]) -> list[tuple[str, re.Pattern[str]]]:
    longest_first = sorted(labels, key=len, reverse=True)
    return [(label, re.compile(rf"(?<!\w){re.escape(_fold(label))}(?!\w)")) for label in longest_first]


@lru_cache(maxsize=256)
def _pattern(source: str, ignore_case: bool) -> re.Pattern[str]:
    try:
        return re.compile(source, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise ProjectError(
            f"grader regex: {source!r}: {error}", hint="test the pattern with Python's re module"
        ) from None


def _normal(text: str) -> str:
    return unicodedata.normalize("NFC", text).strip()


def _fold(text: str) -> str:
    return unicodedata.normalize("NFC", text.casefold()).strip()
