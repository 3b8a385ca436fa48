"""The answer names the right label, and no other one."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.rule import Case, Grade, Rule
from bakeoff.evaluate.graders.text import fold, normal
from bakeoff.evaluate.request import render
from bakeoff.evaluate.types import Row

MOST_LABELS = 50
"""More different targets than this are not a label set."""


@dataclass(frozen=True, slots=True)
class Label(Rule):
    """Right when the answer names the target label and no other one. Case does not count. Gives accuracy, macro-F1 and
    the confusion of labels.
    """

    labels: tuple[str, ...] = ()
    """All labels; without them, the different targets of the data."""

    def __post_init__(self) -> None:
        """Labels must be told apart."""
        if not all(label.strip() for label in self.labels):
            raise ValueError("a label is empty")
        if len({fold(label) for label in self.labels}) < len(self.labels):
            raise ValueError("two labels differ in nothing, or in upper and lower case only")

    def target(self, template: str, row: Row) -> str:
        """The label of a row, as it is written in `labels`."""
        target = normal(render(template, row.values))
        known = {fold(label): label for label in self.labels}
        if fold(target) not in known:
            raise ProjectError(
                f"row {row.id}: the target {target!r} is not one of the labels {', '.join(map(repr, self.labels))}",
                hint="add it to `labels` of the grader in bakeoff.toml, or mend the row",
            )
        return known[fold(target)]

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        label = read_label(case.answer, self.labels)
        return Grade(1.0 if label == case.target else 0.0, label)


def targets_without_labels(template: str, rows: Sequence[Row]) -> tuple[str, ...]:
    """The labels of a label grader that names none: the different targets, in order of appearance.

    Raises:
        ProjectError: there are so many that the targets are hardly labels, or one is empty.
    """
    found: dict[str, str] = {}
    for row in rows:
        target = normal(render(template, row.values))
        found.setdefault(fold(target), target)
        if len(found) > MOST_LABELS:
            raise ProjectError(
                f"grader label: {template!r} has more than {MOST_LABELS} different values",
                hint='write the `labels` of the grader, or use kind = "exact" or "contains"',
            )
    if "" in found:
        raise ProjectError("grader label: a row has an empty label", hint="fill it in, or write the `labels`")
    return tuple(found.values())


def read_label(answer: str, labels: tuple[str, ...]) -> str | None:
    """The one label that an answer names.

    The whole answer without outer punctuation may be a label; otherwise exactly one label must occur as a whole
    word or phrase. Two different labels, or none, give None: a model that hedges has not answered. Where one
    label contains another ("very good", "good"), the longer one is read.
    """
    text = fold(answer)
    there = [(label, folded) for label, folded in _longest_first(labels) if folded in text]
    if not there:
        return None
    if (only := _whole(text, there)) is not None:
        return only
    found = []
    for label, folded in there:
        shorter = _without(text, folded)
        if shorter is not None:
            found.append(label)
            text = shorter
    return found[0] if len(found) == 1 else None


def _whole(text: str, labels: Sequence[tuple[str, str]]) -> str | None:
    """The label that the text is, apart from punctuation around it."""
    for label, folded in labels:
        if _is_edge(folded[0]) or _is_edge(folded[-1]):
            continue
        before, _, after = text.partition(folded)
        if all(map(_is_edge, before)) and all(map(_is_edge, after)):
            return label
    return None


def _without(text: str, word: str) -> str | None:
    """The text with a space in the place of the word, wherever it stands by itself; None where it does nowhere.

    As `(?<!\\w)word(?!\\w)` would find it, in a sixth of the time.
    """
    parts, start, at = [], 0, text.find(word)
    while at >= 0:
        end = at + len(word)
        if (at and _in_word(text[at - 1])) or _in_word(text[end : end + 1]):
            at = text.find(word, at + 1)
            continue
        parts.append(text[start:at])
        start, at = end, text.find(word, end)
    return " ".join([*parts, text[start:]]) if parts else None


def _in_word(sign: str) -> bool:
    r"""What `\w` means in a regular expression; an empty text is no sign."""
    return sign.isalnum() or sign == "_"


def _is_edge(sign: str) -> bool:
    return not sign.isalnum()


@lru_cache(maxsize=64)
def _longest_first(labels: tuple[str, ...]) -> tuple[tuple[str, str], ...]:
    """(label, the same folded)."""
    return tuple((label, fold(label)) for label in sorted(labels, key=len, reverse=True))
