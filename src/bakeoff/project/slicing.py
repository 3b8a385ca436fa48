"""Results by the value of a data column, or by the length of what was asked."""

from collections.abc import Sequence

from bakeoff.errors import UsageError
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.slices import Slices, slices
from bakeoff.evaluate.types import Row
from bakeoff.project.project import Project

LENGTH = "length:"
"""Before a column's name: its length in characters, in place of its value."""


def slices_by(project: Project, by: str, *, columns: Sequence[Column] | None = None) -> Slices:
    """Compare the candidates within each value of a column; from the ledger, runs nothing.

    Args:
        project: the project.
        by: a column of the data, or `length:COLUMN`.
        columns: what `Project.columns` gave a moment ago, so that nothing is graded twice.

    Raises:
        UsageError: the data have no such column, or a judge or people decide.
        BakeoffError: as of `Project.columns`.
    """
    column = by.removeprefix(LENGTH)
    table = project.table()
    if column not in table.columns:
        raise UsageError(
            f"the data have no column {column[:60]!r}", hint=f"their columns are: {', '.join(table.columns)}"
        )
    metric = project.config.decide.metric
    if metric in ("judge", "people"):
        raise UsageError(
            f"slices are of the graders' scores, and [decide] metric is {metric!r}",
            hint="bakeoff export has the data columns beside every score",
        )
    values = lengths(table.rows, column) if by.startswith(LENGTH) else _values(table.rows, column)
    return slices(project.columns() if columns is None else columns, values, by, metric=metric)


def lengths(rows: Sequence[Row], column: str) -> list[float | None]:
    """Characters of a column's cells; None where there is nothing."""
    cells = [row.values[column] for row in rows]
    return [None if cell is None else float(len(str(cell))) for cell in cells]


def _values(rows: Sequence[Row], column: str) -> list[str | float | None]:
    """Numbers where every cell is one, also where they are written as text, as in csv; else words."""
    cells = [row.values[column] for row in rows]
    texts = [None if cell is None or str(cell).strip() == "" else str(cell) for cell in cells]
    if any(isinstance(cell, bool) for cell in cells):
        return [None if text is None else text.lower() for text in texts]
    try:
        return [None if text is None else float(text) for text in texts]
    except ValueError:
        return list(texts)
