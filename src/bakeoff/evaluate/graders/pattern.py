"""A regular expression is found in the answer."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import regex

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.rule import Case, Grade, Rule
from bakeoff.evaluate.types import Row
from bakeoff.values import reason

SECONDS = 2.0
"""A pattern that takes longer on one answer backtracks without end; it is stopped, and the answer has no score."""


@dataclass(frozen=True, slots=True)
class Regex(Rule):
    """Right when the pattern is found in the answer."""

    ignore_case: bool = False
    """Match without upper and lower case."""

    whole: bool = False
    """The whole answer must match, not a part of it."""

    def check(self, target: str, folder: Path) -> None:
        """The pattern must be one."""
        compiled(target, self.ignore_case)

    def columns(self, target: str) -> set[str]:
        """A pattern is no template: `{{` may be a part of it."""
        return Rule.columns(self, target) if is_template(target) else set()

    def target(self, template: str, row: Row) -> str:
        """The pattern itself, or what a template gives for the row."""
        return Rule.target(self, template, row) if is_template(template) else template

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        pattern = compiled(case.target, self.ignore_case)
        try:
            found = (pattern.fullmatch if self.whole else pattern.search)(case.answer, timeout=SECONDS)
        except TimeoutError:
            return Grade(None, detail=reason("grade.regex_timeout", seconds=SECONDS))
        return Grade(0.0 if found is None else 1.0)


def is_template(text: str) -> bool:
    """Whether the pattern is written with columns, as `{{ column }}`; `\\d{3}` and `{{2,3}}` are not."""
    return bool(regex.search(r"\{\{\s*[\p{L}_][\w.\[\]'\" ]*[^{}]*\}\}", text))


@lru_cache(maxsize=256)
def compiled(source: str, ignore_case: bool) -> regex.Pattern[str]:
    """The pattern, compiled.

    Raises:
        ProjectError: it is not one.
    """
    try:
        return regex.compile(source, regex.IGNORECASE if ignore_case else 0)
    except regex.error as error:
        raise ProjectError(
            f"grader regex: {source!r}: {error}", hint="test the pattern with Python's re module"
        ) from None
