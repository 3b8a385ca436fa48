"""A label: what one person said of one answer, or of two side by side. And what all labels together say.

Labels are only ever added. A person who changes their mind adds another; the last one counts, the first one stays.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

LabelKind = Literal["pair", "point"]
"""pair: two answers side by side. point: one answer, right or wrong."""

Said = Literal["left", "right", "tie", "both bad", "correct", "wrong", "skip", "withdrawn"]
"""Of a pair: which one is better. Of one answer: correct or wrong. skip: seen, no opinion. withdrawn: the author took
back what they had said of this before."""

SAID_OF: dict[LabelKind, tuple[Said, ...]] = {
    "pair": ("left", "right", "tie", "both bad", "skip", "withdrawn"),
    "point": ("correct", "wrong", "skip", "withdrawn"),
}

Drawn = Literal["random", "informative", "chosen", "imported"]
"""How the item came before a person. random: by chance, so that such labels stand for all rows. informative: because
judge and graders disagree on it. chosen: by the caller. imported: from a file."""

FAIR: frozenset[Drawn] = frozenset({"random", "imported"})
"""Labels that may stand for all rows. Of a file nobody knows; it is taken at its word, and the report says so."""


@dataclass(frozen=True, slots=True)
class NewLabel:
    """A label before it is stored."""

    kind: LabelKind
    row_id: str
    left: str
    """Candidate whose answer stood on the left, or alone."""

    right: str | None
    """Candidate on the right; None for kind `point`."""

    said: Said
    author: str
    left_answer: str
    """Digest of the answer that was shown (`answer_digest`): a label is about a text, not about a model."""

    right_answer: str | None
    drawn: Drawn
    probability: float | None = None
    """Of showing just this item when it was drawn, where it is known."""

    seconds: float | None = None
    """From showing the item to the verdict."""


@dataclass(frozen=True, slots=True)
class Label(NewLabel):
    """A label in the ledger."""

    seq: int = 0
    at: str = ""
    """UTC, ISO 8601."""

    @property
    def about(self) -> tuple[str, ...]:
        """What it is about, whoever said it and whichever side it stood on."""
        sides = [(self.left, self.left_answer)]
        if self.right is not None:
            sides.append((self.right, self.right_answer or ""))
        return about(self.kind, self.row_id, sides)

    def preference(self, name: str) -> float | None:
        """1 where this candidate's answer was preferred, 0 where the other's, 0.5 a tie; of one answer 1 correct."""
        if self.kind == "point":
            return {"correct": 1.0, "wrong": 0.0}.get(self.said)
        left = {"left": 1.0, "right": 0.0, "tie": 0.5, "both bad": 0.5}.get(self.said)
        if left is None or name == self.left:
            return left
        return 1 - left


def about(kind: LabelKind, row_id: str, sides: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """What a label is about: (candidate, digest of its answer) of one side or two, in whichever order they stood."""
    return (kind, row_id, *(part for side in sorted(sides) for part in side))


def item_key(row_id: str, left: str, right: str | None) -> tuple[str, ...]:
    """An item of a judge or of people by its row and candidates, whatever they answered and wherever they stood."""
    return (row_id, left) if right is None else (row_id, *sorted((left, right)))


def answer_digest(text: str) -> str:
    """What stands for an answer's text in a label."""
    return hashlib.sha256(text.encode("utf-8", "replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Opinion:
    """What all people together say of one item."""

    kind: LabelKind
    row_id: str
    left: str
    """Of a pair: the candidate whose name sorts first. Never which side it stood on."""

    right: str | None
    value: float
    """Mean preference for `left` over the people, or the share that called the answer correct."""

    by_author: tuple[tuple[str, float], ...]
    fair: bool
    """Some label of it was drawn by chance: it may stand for all rows."""

    both_bad: bool = False
    """Somebody said that both are bad."""

    @property
    def key(self) -> tuple[str, ...]:
        """`item_key`."""
        return item_key(self.row_id, self.left, self.right)

    def towards(self, name: str) -> float:
        """`value` in the direction of the candidate that stands left elsewhere."""
        return self.value if self.right is None or name == self.left else 1 - self.value

    @property
    def contradicting(self) -> bool:
        """People disagree."""
        return len({value for _, value in self.by_author}) > 1


def counting(labels: Iterable[Label]) -> list[Label]:
    """The last label of each author on each item, without those that were skipped or withdrawn; in order."""
    last: dict[tuple[str, ...], Label] = {}
    for label in sorted(labels, key=lambda label: label.seq):
        key = (label.author, *label.about)
        last.pop(key, None)
        last[key] = label
    return [label for label in last.values() if label.said not in ("skip", "withdrawn")]


def seen_by(labels: Iterable[Label], author: str) -> set[tuple[str, ...]]:
    """Items that a person need not be shown again: labelled or skipped, and not withdrawn."""
    last = {label.about: label for label in sorted(labels, key=lambda label: label.seq) if label.author == author}
    return {about for about, label in last.items() if label.said != "withdrawn"}


def opinions(labels: Iterable[Label]) -> list[Opinion]:
    """One opinion per item, in the order in which they were first labelled."""
    by_item: dict[tuple[str, ...], list[Label]] = {}
    for label in counting(labels):
        by_item.setdefault(label.about, []).append(label)
    found = []
    for together in by_item.values():
        first = together[0]
        left, right = first.left, first.right
        if right is not None and right < left:
            left, right = right, left
        values = [(label.author, value) for label in together if (value := label.preference(left)) is not None]
        found.append(
            Opinion(
                kind=first.kind,
                row_id=first.row_id,
                left=left,
                right=right,
                value=sum(value for _, value in values) / len(values),
                by_author=tuple(values),
                fair=any(label.drawn in FAIR for label in together),
                both_bad=any(label.said == "both bad" for label in together),
            )
        )
    return found


def changed_minds(labels: Iterable[Label]) -> int:
    """Items on which one and the same person said different things at different times."""
    said: dict[tuple[str, ...], set[float]] = {}
    for label in labels:
        value = label.preference(min(label.left, label.right or label.left))
        if value is not None:
            said.setdefault((label.author, *label.about), set()).add(value)
    return sum(len(values) > 1 for values in said.values())


def valid(labels: Iterable[Label], answers: Mapping[tuple[str, str], str]) -> list[Label]:
    """Labels about the answers as they are now.

    Args:
        labels: any.
        answers: (candidate, row id) to the digest of the present answer. A label from a file without digests is about
            whatever the candidate answered, and gets its digest here.
    """
    found = []
    for label in labels:
        left = answers.get((label.left, label.row_id))
        right = answers.get((label.right, label.row_id)) if label.right is not None else None
        known = left is not None and (label.right is None or right is not None)
        same = label.left_answer in ("", left) and label.right_answer in ("", None, right)
        if known and same and left is not None:
            found.append(replace(label, left_answer=left, right_answer=right))
    return found
