"""Graders, family by family: right, wrong, borderline, hostile."""

from typing import Any

from bakeoff.evaluate.graders import Grade, grade, grader, target_of
from bakeoff.evaluate.types import Row


def judged(kind: str, target: str, answer: str, row: dict[str, Any] | None = None, **options: Any) -> Grade:
    """One answer against a target that is written out; `folder` and the kind's options by name."""
    one = grader(kind, target, **options)
    at = Row("r1", 1, row or {})
    return grade(one, target_of(one, at), answer, at)


def score(kind: str, target: str, answer: str, row: dict[str, Any] | None = None, **options: Any) -> float | None:
    """Its score."""
    return judged(kind, target, answer, row, **options).score


def why(kind: str, target: str, answer: str, row: dict[str, Any] | None = None, **options: Any) -> str | None:
    """The code of its reason."""
    detail = judged(kind, target, answer, row, **options).detail
    return detail.code if detail is not None else None
