"""What every kind of grader is: a frozen dataclass whose fields are its options. Knows no kind by name."""

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

from bakeoff.evaluate.graders.text import normal
from bakeoff.evaluate.request import render, template_names
from bakeoff.evaluate.types import Row
from bakeoff.values import Reason, to_json

NO_ROW = Row("", 0, {})


@dataclass(frozen=True, slots=True)
class Grade:
    """What one grader says of one answer."""

    score: float | None
    """1.0 right, 0.0 wrong, or between; None where the grader cannot say, for example because its own time ran out."""

    label: str | None = None
    """The label that was read out of the answer; None where there was none or more than one."""

    detail: Reason | None = None
    """Why, where that is not plain from the answer."""


@dataclass(frozen=True, slots=True)
class Case:
    """One answer to be judged."""

    target: str
    """What is right, from `Rule.target`."""

    text: str
    """The model's answer as it came."""

    row: Row = NO_ROW
    """The row that was asked about."""

    folder: Path = field(default=Path("."))
    """The project's folder: files that options name are relative to it."""

    @property
    def answer(self) -> str:
        """The answer in Unicode NFC, without outer whitespace."""
        return normal(self.text)


class Rule(ABC):
    """One way of grading."""

    __slots__ = ()

    version: ClassVar[int] = 1
    """Raised when the same options grade differently, so that kept scores are not mistaken for new ones."""

    needs_target: ClassVar[bool] = True
    """Whether there is something to compare with."""

    slow: ClassVar[bool] = False
    """Graded in parallel, and kept in the ledger one by one."""

    def check(self, target: str, folder: Path) -> None:  # noqa: B027 - most kinds have nothing to check
        """Refuse what cannot work, before anything is asked.

        Raises:
            ProjectError: with what is wrong and the fix.
        """

    def columns(self, target: str) -> set[str]:
        """Columns of the data that this grader reads.

        Raises:
            ProjectError: a template is not valid.
        """
        return template_names(target) if target else set()

    def target(self, template: str, row: Row) -> str:
        """What is right for a row.

        Raises:
            ProjectError: the template fails on this row.
        """
        return normal(render(template, row.values)) if template else ""

    @abstractmethod
    def grade(self, case: Case) -> Grade:
        """Judge one answer."""

    def identity(self, folder: Path) -> Any:
        """What makes this way of grading what it is, as JSON; kinds that read files add their content."""
        return to_json(self)

    def caveats(self) -> tuple[Reason, ...]:
        """What a reader of the results must know of this way of grading."""
        return ()


@dataclass(frozen=True, slots=True)
class Scored(Rule):
    """A rule whose score lies between right and wrong."""

    at_least: float | None = None
    """From this score on an answer is right, below it wrong; without it the score itself counts (0 to 1)."""

    def __post_init__(self) -> None:
        """Refuse a threshold that no score can reach."""
        if self.at_least is not None and not 0 < self.at_least <= 1:
            raise ValueError("at_least must lie above 0 and at most at 1")

    def scored(self, value: float, detail: Reason | None = None) -> Grade:
        """The grade for a score between 0 and 1."""
        if self.at_least is not None:
            return Grade(1.0 if value >= self.at_least else 0.0, detail=detail)
        return Grade(value, detail=detail)
