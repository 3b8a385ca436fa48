"""The table that an export holds: its columns and rows, long or wide. Knows nothing about file formats.

Long has one line per row of the data and candidate, wide one line per row with columns for each candidate.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.results import Column, GradedCell
from bakeoff.evaluate.types import Row, Table

Type = Literal["text", "whole", "number", "boolean"]

PART_TYPES: dict[str, Type] = {
    "build": "text",
    "state": "text",
    "answer": "text",
    "thinking": "text",
    "faults": "text",
    "excluded": "boolean",
    "score": "number",
    "label": "text",
    "target": "text",
    "latency_ms": "number",
    "time_to_first_token_ms": "number",
    "prompt_tokens": "whole",
    "output_tokens": "whole",
    "thinking_tokens": "whole",
    "cost_usd": "number",
    "finish_reason": "text",
    "correction": "text",
    "correction_author": "text",
}
"""What is told of a cell, in this order. The grades of the single graders follow `score`."""

SHARED = ("row_id", "group")


@dataclass(frozen=True, slots=True)
class Field:
    """One column of an export."""

    name: str
    type: Type


@dataclass(frozen=True, slots=True)
class Layout:
    """What is written: the columns, and the lines in order. The lines can be taken once."""

    fields: tuple[Field, ...]
    lines: Iterator[list[Any]]
    """Cells are str, int, float, bool or None."""

    count: int
    """How many lines there are."""


@dataclass(frozen=True, slots=True)
class Exported:
    """One candidate, ready to be written."""

    column: Column
    finish_reasons: Sequence[str | None]
    """As the server said, per row."""

    price: PricePerToken | None = None
    """What its tokens cost; None where it is not known, or where tokens have no price."""

    corrections: Mapping[int, tuple[str, str]] = field(default_factory=dict)
    """By row: what a person wrote in the place of the answer, and who."""

    def cost_usd(self, cell: GradedCell) -> float | None:
        """Of one answer, where price and tokens are known."""
        if self.price is None or cell.prompt_tokens is None or cell.output_tokens is None:
            return None
        return float(self.price.cost(cell.prompt_tokens, cell.output_tokens))


def layout(table: Table, candidates: Sequence[Exported], graders: Sequence[str], *, wide: bool = False) -> Layout:
    """Lay out the cells of some candidates.

    Args:
        table: the data, whose columns are repeated. One whose name an export needs itself is called `data.NAME`.
        candidates: each with as many cells as the table has rows.
        graders: how each grader is called, in the order of `GradedCell.grades`.
        wide: one line per row, with columns `CANDIDATE: part`.
    """
    grades = tuple(f"grade.{index}.{name}" for index, name in enumerate(graders, 1))
    parts: dict[str, Type] = {}
    for name, kind in PART_TYPES.items():
        parts[name] = kind
        if name == "score":
            parts |= dict.fromkeys(grades, "number")
    own = {*SHARED, "candidate", *parts}
    data = [Field(f"data.{name}" if name in own else name, _type(table, name)) for name in table.columns]
    shared = [Field(name, "text") for name in SHARED]
    if wide:
        answered = [
            Field(f"{one.column.candidate}: {name}", kind) for one in candidates for name, kind in parts.items()
        ]
        return Layout((*shared, *data, *answered), _wide(table, candidates, len(grades)), len(table.rows))
    answered = [Field(name, kind) for name, kind in parts.items()]
    fields = (*shared, *data, Field("candidate", "text"), *answered)
    return Layout(fields, _long(table, candidates, len(grades)), len(table.rows) * len(candidates))


def _type(table: Table, column: str) -> Type:
    """The narrowest type that every cell of a data column has."""
    kinds = {type(row.values[column]) for row in table.rows} - {type(None)}
    if kinds == {bool}:
        return "boolean"
    if kinds == {int}:
        # Parquet's whole numbers have 64 bits.
        whole = all(abs(row.values[column] or 0) < 2**63 for row in table.rows)
        return "whole" if whole else "text"
    return "number" if kinds and kinds <= {int, float} else "text"


def _long(table: Table, candidates: Sequence[Exported], grades: int) -> Iterator[list[Any]]:
    for index, row in enumerate(table.rows):
        for one in candidates:
            yield [*_shared(row), one.column.candidate, *_parts(one, index, grades)]


def _wide(table: Table, candidates: Sequence[Exported], grades: int) -> Iterator[list[Any]]:
    for index, row in enumerate(table.rows):
        yield [*_shared(row), *(part for one in candidates for part in _parts(one, index, grades))]


def _shared(row: Row) -> list[Any]:
    return [row.id, row.group, *row.values.values()]


def _parts(one: Exported, index: int, grades: int) -> list[Any]:
    cell = one.column.cells[index]
    said = has_answer(cell)
    return [
        one.column.build or None,
        cell.state,
        cell.text if said else None,
        cell.thinking,
        " ".join(cell.faults) or None,
        cell.excluded,
        cell.score,
        *(*cell.grades, *[None] * grades)[:grades],
        cell.label,
        cell.target,
        cell.latency_ms,
        cell.time_to_first_token_ms,
        cell.prompt_tokens,
        cell.output_tokens,
        cell.thinking_tokens,
        one.cost_usd(cell),
        one.finish_reasons[index] if said else None,
        *one.corrections.get(index, (None, None)),
    ]


def has_answer(cell: GradedCell) -> bool:
    """A model said something in this cell, be it nothing at all."""
    return cell.state not in ("failed", "missing")
