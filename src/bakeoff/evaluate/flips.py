"""Which rows to read: where one candidate is right and another wrong, and where an answer was taken for another."""

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.evaluate.results import Column, GradedCell

HALF = 0.5
"""From this score on an answer counts as right where it is read row by row."""


@dataclass(frozen=True, slots=True)
class Flips:
    """Two candidates on the rows that both were scored on. Rows are indices into the table."""

    a_better: tuple[int, ...]
    """The score of the first one is higher."""

    b_better: tuple[int, ...]
    both_right: int
    """Equal scores of a half or more."""

    both_wrong: int

    @property
    def n(self) -> int:
        """Rows that both were scored on."""
        return len(self.a_better) + len(self.b_better) + self.both_right + self.both_wrong


def flips(a: Column, b: Column) -> Flips:
    """Where two candidates differ, in table order."""
    a_better, b_better, right, wrong = [], [], 0, 0
    for index, (one, other) in enumerate(zip(a.cells, b.cells, strict=True)):
        if one.score is None or other.score is None:
            continue
        if one.score > other.score:
            a_better.append(index)
        elif one.score < other.score:
            b_better.append(index)
        elif one.score >= HALF:
            right += 1
        else:
            wrong += 1
    return Flips(tuple(a_better), tuple(b_better), right, wrong)


def confused(cells: Sequence[GradedCell], target: str, answered: str) -> list[int]:
    """Rows of one field of a confusion matrix, in table order.

    Args:
        cells: of one candidate.
        target: the label that is right.
        answered: the label that was read; empty where none could be.
    """
    return [
        index
        for index, cell in enumerate(cells)
        if cell.score is not None and cell.target == target and (cell.label or "") == answered
    ]
