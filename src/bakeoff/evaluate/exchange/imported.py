"""What an evaluation of another tool holds, whatever tool it was: rows, prompts, graders, candidates, answers.

The readers beside this file make it; what could not be carried over is a note with a code and never dropped silently.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bakeoff.errors import DataError
from bakeoff.evaluate.types import Answer, Prompt
from bakeoff.values import Reason

ID = "row_id"
"""The column with the rows' ids."""

Tool = Literal["promptfoo", "lm-eval", "inspect_ai"]


GraderKind = Literal["exact", "contains", "not_contains", "regex", "json"]


@dataclass(frozen=True, slots=True)
class Grading:
    """One grader, as a project file writes it."""

    kind: GraderKind
    target: str | None
    """Template of what is right; for regex the pattern itself or a template of it; None for json."""

    options: Mapping[str, Any] = field(default_factory=dict)


ALTERNATIVES = "|||"
"""Between several right answers in one cell."""


@dataclass(frozen=True, slots=True)
class Model:
    """A candidate that can be asked."""

    name: str
    model: str
    via: str
    """Name of a server or provider that Bakeoff knows, or a base URL."""

    key: str | None = None
    """Name of the environment variable with the key."""

    parameters: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Imported:
    """An evaluation of another tool."""

    tool: Tool
    rows: tuple[Mapping[str, Any], ...]
    """Each with its id under ID; not all need to have all columns."""

    prompts: tuple[Prompt, ...]
    """Ways of asking: `user`, `system` and, where there are several, `name`."""

    graders: tuple[Grading, ...]
    models: tuple[Model, ...] = ()
    answers: Mapping[str, Mapping[str, Answer]] = field(default_factory=dict)
    """Candidate to row id to answer."""

    notes: tuple[Reason, ...] = ()
    """What could not be carried over, or was changed."""

    @property
    def columns(self) -> tuple[str, ...]:
        """Of all rows, in order of appearance; the id first."""
        return tuple(dict.fromkeys([ID, *(name for row in self.rows for name in row)]))


def column_reference(column: str) -> str:
    """A column in a template."""
    return f"{{{{ {column} }}}}" if column.isidentifier() and column.isascii() else f"{{{{ row[{column!r}] }}}}"


def free_name(wanted: str, taken: Iterable[str]) -> str:
    """The name, with a number behind it where it is taken."""
    used = set(taken)
    if wanted not in used:
        return wanted
    return next(name for number in range(2, len(used) + 3) if (name := f"{wanted}_{number}") not in used)


def joined(parts: Sequence[Imported]) -> Imported:
    """Several logs of one evaluation as one: the same rows, answered by several candidates.

    Raises:
        DataError: they do not have the same rows, or no two candidates differ in name.
    """
    first = parts[0]
    rows = {str(row[ID]): row for row in first.rows}
    answers: dict[str, Mapping[str, Answer]] = {}
    for part in parts:
        for row in part.rows:
            known = rows.setdefault(str(row[ID]), row)
            if known != row:
                raise DataError(
                    f"row {row[ID]!r} is not the same in all of the logs",
                    hint="only logs of the same task on the same rows can be compared; import the others on their own",
                )
        for name, given in part.answers.items():
            answers[free_name(name, answers)] = given
    notes = tuple(dict.fromkeys((note.code, tuple(sorted(note.parameters.items()))) for p in parts for note in p.notes))
    return Imported(
        tool=first.tool,
        rows=tuple(rows.values()),
        prompts=first.prompts,
        graders=first.graders,
        answers=answers,
        notes=tuple(Reason(code, dict(parameters)) for code, parameters in notes),
    )
