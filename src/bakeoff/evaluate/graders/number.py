"""The answer gives the right number, within a tolerance."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from pathlib import Path
from typing import Literal

import regex

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.numerals import Numeral, Separators, numerals
from bakeoff.evaluate.graders.rule import Case, Grade, Rule
from bakeoff.evaluate.graders.text import seen
from bakeoff.evaluate.request import render
from bakeoff.evaluate.types import Row
from bakeoff.values import reason

MOST_CHARACTERS = 50_000
"""Of an answer that are searched: its end for the last number, else its beginning."""

Which = Literal["auto", "last", "first", "only", "any"]

_MARKED = regex.compile(r"\\boxed\s*(\{(?:[^{}]++|(?1))*+\})|^\s*####\s*(.+)$", regex.MULTILINE)
_UNIT = regex.compile(r"\s?(°?[\p{L}%°µΩ€$£¥₫][\p{L}\d/²³.]*)")


@dataclass(frozen=True, slots=True)
class Number(Rule):
    """Right when the answer gives the target's number. Thousands and decimals in the English and the Vietnamese way,
    fractions, percent, powers of ten and words such as million or triệu are read.
    """

    absolute: float = 0.0
    """The answer may differ by so much."""

    relative: float = 0.0
    """The answer may differ by this share of the target: 0.01 is one percent. The wider tolerance counts."""

    which: Which = "auto"
    """Which number of the answer counts: the `first`, the `last`, the `only` one, or `any` of them. `auto`: the one in
    `\\boxed{}` or after `####`, else the last."""

    separators: Separators = "auto"
    """How numbers are written: `en` 1,234.5; `vi` 1.234,5; `auto` reads both, and where 1.234 could be either, the
    reading that is right counts."""

    units: Mapping[str, float] = field(default_factory=dict)
    """Units and their size in one of them: `{ km = 1000, m = 1 }`. A number with one of them is converted; a number
    without is taken to be in the target's unit."""

    unit_required: bool = False
    """A number without one of `units` is wrong."""

    def __post_init__(self) -> None:
        """Refuse tolerances and units that make no sense."""
        if self.absolute < 0 or self.relative < 0:
            raise ValueError("a tolerance is never below 0")
        if not all(size > 0 for size in self.units.values()):
            raise ValueError("the size of a unit must be above 0")
        if self.unit_required and not self.units:
            raise ValueError("unit_required needs `units`")

    def check(self, target: str, folder: Path) -> None:
        """A number that stands in the project file itself must be one."""
        if "{" not in target:
            self.target(target, Row("", 0, {}))

    def target(self, template: str, row: Row) -> str:
        """The target's text, which must hold a number."""
        text = render(template, row.values).strip()
        if text and not self._candidates(text, "auto"):
            where = f"row {row.id}: " if row.id else ""
            raise ProjectError(
                f"{where}grader number: there is no number in the target {text[:80]!r}",
                hint="mend the row, or choose the column that holds the number",
            )
        return text

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        targets = self._candidates(case.target, "auto")
        answers = self._candidates(case.answer, self.which)
        if not answers:
            return Grade(0.0, detail=reason("grade.no_number"))
        if self.which == "only" and len(answers) > 1:
            return Grade(0.0, detail=reason("grade.several_numbers", n=len(answers)))
        if self.unit_required and not any(unit for _, unit, _ in answers):
            return Grade(0.0, detail=reason("grade.no_unit", units=list(self.units)))
        if any(self._same(answer, targets[0]) for answer in answers):
            return Grade(1.0)
        return Grade(0.0, detail=reason("grade.number", found=answers[-1][2], target=targets[0][2]))

    def _candidates(self, text: str, which: Which) -> list[tuple[Numeral, str | None, str]]:
        """(number, unit, as written) of each number that counts."""
        text = seen(text[-MOST_CHARACTERS:] if which in ("auto", "last") else text[:MOST_CHARACTERS])
        marked = [match[1] or match[2] for match in _MARKED.finditer(text)] if which == "auto" else []
        for part in (*reversed(marked), text):
            found = numerals(part, self.separators)
            if found:
                break
        else:
            return []
        if which in ("auto", "last"):
            found = found[-1:]
        elif which == "first":
            found = found[:1]
        return [(one, self._unit(part, one), part[one.start : one.end].strip()) for one in found]

    def _unit(self, text: str, numeral: Numeral) -> str | None:
        match = _UNIT.match(text, numeral.end)
        if match is None:
            return None
        written = match[1].rstrip(".")
        return next((unit for unit in self.units if unit == written), None)

    def _same(self, answer: tuple[Numeral, str | None, str], target: tuple[Numeral, str | None, str]) -> bool:
        size = self._size(answer[1] or target[1]) / self._size(target[1] or answer[1])
        return any(
            self._close(value * size, wanted)
            for value in _readings(answer[0], both=target[0].percent)
            for wanted in _readings(target[0], both=answer[0].percent)
        )

    def _size(self, unit: str | None) -> Fraction:
        return Fraction(str(self.units[unit])) if unit else Fraction(1)

    def _close(self, value: Fraction, target: Fraction) -> bool:
        tolerance = max(Fraction(str(self.absolute)), Fraction(str(self.relative)) * abs(target))
        return abs(value - target) <= tolerance


def _readings(numeral: Numeral, *, both: bool) -> list[Fraction]:
    """What a number can mean: 85% is 85 and 0.85, unless both sides are written in percent."""
    if numeral.percent and not both:
        return [value / divisor for value in numeral.values for divisor in (1, 100)]
    return list(numeral.values)
