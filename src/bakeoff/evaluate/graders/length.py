"""The answer is as long as it should be."""

import re
from dataclasses import dataclass
from typing import ClassVar, Literal

from bakeoff.evaluate.graders.rule import Case, Grade, Rule
from bakeoff.evaluate.graders.text import seen, words
from bakeoff.values import reason

Unit = Literal["characters", "words", "sentences", "lines"]

_SENTENCE_END = re.compile(
    r"(?<=[.!?…])[\"'”’»)\]]*\s+(?=[^\s\da-z])|(?<=[。！？])|\n\s*\n|\n(?=\s*(?:[-*•]|\d+[.)])\s)"
)
_WRITTEN = re.compile(r"\w")


@dataclass(frozen=True, slots=True)
class Length(Rule):
    """Right when the length of the answer lies within the limits."""

    unit: Unit = "words"
    """What is counted: `characters` as seen, `words` (in Vietnamese, syllables), `sentences`, or `lines` with text."""

    min: int | None = None
    """The least that is right."""

    max: int | None = None
    """The most that is right."""

    needs_target: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """A length grader without limits says yes to everything."""
        if self.min is None and self.max is None:
            raise ValueError("write `min`, `max` or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError(f"min = {self.min} is more than max = {self.max}")
        if (self.min or 0) < 0 or (self.max or 0) < 0:
            raise ValueError("a length is never below 0")

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        n = measure(case.answer, self.unit)
        if self.min is not None and n < self.min:
            return Grade(0.0, detail=reason("grade.too_short", n=n, limit=self.min, unit=self.unit))
        if self.max is not None and n > self.max:
            return Grade(0.0, detail=reason("grade.too_long", n=n, limit=self.max, unit=self.unit))
        return Grade(1.0)


def measure(text: str, unit: Unit) -> int:
    """Length of a text."""
    if unit == "characters":
        return len(seen(text))
    if unit == "words":
        return len(words(text))
    if unit == "lines":
        return sum(1 for line in text.splitlines() if line.strip())
    return len(sentences(text))


def sentences(text: str) -> list[str]:
    """The text cut where sentences end: at a full stop, question or exclamation mark before a capital letter or an
    opening mark, at a blank line, before an item of a list. Abbreviations before a name (`Dr. Lan`) cut too.
    """
    return [part.strip() for part in _SENTENCE_END.split(text) if _WRITTEN.search(part)]
