"""A grader: a rule with the target it compares with, a weight and a name. And several of them on one answer."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from bakeoff.errors import BakeoffError, ProjectError
from bakeoff.evaluate.graders.equal import Exact, Normalized, NotContains
from bakeoff.evaluate.graders.label import Label, targets_without_labels
from bakeoff.evaluate.graders.registry import defaults, name_of, rule_of
from bakeoff.evaluate.graders.rule import NO_ROW, Case, Grade, Rule
from bakeoff.evaluate.request import json_digest
from bakeoff.evaluate.types import Row
from bakeoff.values import Reason, reason, to_json

_EMPTY_TARGETS = (Exact, Normalized, NotContains)
"""Rules for which an empty target means something: the answer should be empty, or nothing is forbidden."""


@dataclass(frozen=True, slots=True)
class GraderFacts:
    """A grader as a report shows it: plain values, and no path of this machine."""

    kind: str
    name: str
    target: str
    options: Mapping[str, Any]
    """Those that are not as they are by default."""

    weight: float | None


@dataclass(frozen=True, slots=True)
class Grader:
    """How an answer is judged against a row."""

    rule: Rule
    """The way of grading, with its options."""

    target: str = ""
    """Template of what is right for a row, for example `{{ label }}`; empty for kinds that compare with nothing."""

    weight: float | None = None
    """Share in the cell's score; None in all graders: a cell is right when every grader says so."""

    name: str = ""
    """For people; empty takes the kind."""

    folder: Path = field(default=Path("."), compare=False)
    """The project's folder: files that options name are relative to it."""

    @property
    def kind(self) -> str:
        """Its name in `bakeoff.toml`."""
        return name_of(type(self.rule))

    @property
    def labels(self) -> tuple[str, ...]:
        """The label set, where it is a label grader that has one."""
        return self.rule.labels if isinstance(self.rule, Label) else ()

    def digest(self) -> str:
        """Identity of this way of grading: kind, options, target, and the content of the files that they name."""
        return json_digest([self.kind, self.rule.version, self.rule.identity(self.folder), self.target])

    def check(self) -> None:
        """Refuse what cannot work, before anything is asked.

        Raises:
            ProjectError: with what is wrong and the fix.
        """
        if self.rule.needs_target and not self.target:
            raise ProjectError(f"grader {self.kind}: `target` is missing", hint='for example: target = "{{ answer }}"')
        self.rule.check(self.target, self.folder)

    def columns(self) -> set[str]:
        """Columns of the data that it reads."""
        return self.rule.columns(self.target)

    def with_labels(self, rows: Sequence[Row]) -> "Grader":
        """A label grader without `labels` takes the different targets of the data, in order of appearance."""
        if not isinstance(self.rule, Label) or self.rule.labels:
            return self
        return replace(self, rule=Label(targets_without_labels(self.target, rows)))

    def facts(self) -> "GraderFacts":
        """As a report shows it."""
        default = {name: to_json(value) for name, value in defaults(type(self.rule)).items()}
        written = {name: getattr(self.rule, name) for name in default}
        options = {
            name: shown
            for name, value in written.items()
            if (shown := getattr(value, "__qualname__", None) or to_json(value)) != default[name]
        }
        return GraderFacts(self.kind, self.name or self.kind, self.target, options, self.weight)


def grader(
    kind: str,
    target: str = "",
    *,
    weight: float | None = None,
    name: str = "",
    folder: Path | str = ".",
    **options: Any,
) -> Grader:
    """A grader by the name of its kind, as `[[graders]]` of a project file has it.

        grader("number", "{{ price }}", relative=0.01)

    Args:
        kind: `exact`, `label`, `number`, ...
        target: template of what is right.
        weight: share in the cell's score.
        name: for people.
        folder: files that options name are relative to it.
        **options: of the kind.

    Raises:
        ProjectError: the kind or an option is unknown, or a value makes no sense.
    """
    try:
        rule = rule_of(kind, options)
    except ValueError as error:
        raise ProjectError(
            f"grader {kind}: {_said(error)}", hint="docs/reference/project-file.md lists every option"
        ) from None
    return Grader(rule, target, weight, name, Path(folder))


def _said(error: ValueError) -> str:
    """The problems of pydantic's ValidationError on one line; another ValueError as it is."""
    problems = error.errors() if hasattr(error, "errors") else []
    lines = [".".join(map(str, p["loc"])) + ": " * bool(p["loc"]) + str(p["msg"]) for p in problems]
    return "; ".join(line.removeprefix("Value error, ") for line in lines) or str(error)


def target_of(grader: Grader, row: Row) -> str:
    """What is right for this row.

    Raises:
        ProjectError: the template fails, or gives something that the grader cannot compare with.
    """
    return grader.rule.target(grader.target, row)


def grade(grader: Grader, target: str, text: str, row: Row = NO_ROW) -> Grade:
    """Judge one answer. A row without a target cannot be judged, unless being empty is what is right.

    Args:
        grader: the way of grading.
        target: what is right, from `target_of`.
        text: the model's answer as it came.
        row: the row that was asked about.

    Raises:
        ProjectError: the row or the grader itself is at fault, not the answer.
    """
    if grader.rule.needs_target and not target.strip() and not isinstance(grader.rule, _EMPTY_TARGETS):
        return Grade(None, detail=reason("grade.no_target"))
    try:
        return grader.rule.grade(Case(target, text, row, grader.folder))
    except BakeoffError:
        raise
    except (RecursionError, MemoryError) as error:
        return Grade(None, detail=reason("grade.gave_up", problem=type(error).__name__))


def joined(graders: Sequence[Grader], grades: Sequence[Grade]) -> float | None:
    """The score of a cell: the weighted mean where weights are given, else the least of all grades.

    None where a grader cannot say; but an answer that one grader calls wrong is wrong where all must agree.
    """
    scores = [grade.score for grade in grades]
    known = [score for score in scores if score is not None]
    if all(grader.weight is None for grader in graders):
        least = min(known, default=None)
        return least if len(known) == len(scores) or least == 0 else None
    if len(known) < len(scores):
        return None
    weights = [1.0 if grader.weight is None else grader.weight for grader in graders]
    return sum(w * s for w, s in zip(weights, known, strict=True)) / sum(weights)


def grading_caveats(graders: Sequence[Grader]) -> tuple[Reason, ...]:
    """What a reader of the results must know of the ways of grading."""
    found = {repr(caveat): caveat for grader in graders for caveat in grader.rule.caveats()}
    return tuple(found.values())
