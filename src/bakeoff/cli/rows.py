"""Rows of a project on the terminal."""

from bakeoff.cli.output import answer, print_table
from bakeoff.errors import UsageError
from bakeoff.evaluate.results import Column
from bakeoff.project import Project
from bakeoff.report.text import clean


def print_rows(columns: list[Column]) -> None:
    """Row by row: target, and every candidate's answer and score."""
    header = ["row", "target"]
    for column in columns:
        header += [column.candidate, "score"]
    lines = []
    for cells in zip(*(column.cells for column in columns), strict=True):
        line = [clean(cells[0].row_id), clean(cells[0].target)]
        for cell in cells:
            text = (
                " ".join(clean(cell.text).split()) if cell.state in ("answered", "cut", "blank") else f"({cell.state})"
            )
            line += [text[:200], "" if cell.score is None else f"{cell.score:g}"]
        lines.append(line)
    print_table(header, lines)


def print_row(opened: Project, row_id: str) -> None:
    """One row in full: the exact request and every answer."""
    found = opened.row(row_id)
    if not found:
        raise UsageError(f"no row {row_id!r}", hint="`bakeoff show --rows` lists the ids in its first column")
    for cell in found:
        answer(f"== {cell.candidate} ({cell.state})")
        answer(clean(cell.request))
        answer("-- answer")
        answer(clean(cell.text))
        answer("")
