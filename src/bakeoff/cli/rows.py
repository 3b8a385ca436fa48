"""Rows of a project on the terminal."""

from bakeoff.cli.output import Language, answer, print_table
from bakeoff.errors import UsageError
from bakeoff.evaluate.results import Column
from bakeoff.project import Project
from bakeoff.report.text import clean
from bakeoff.report.words import label, sentence


def print_rows(columns: list[Column]) -> None:
    """Row by row: target, and every candidate's answer and score, with what preflight found in the answer."""
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
            marks = ["" if cell.score is None else f"{cell.score:g}", *cell.faults]
            line += [text[:200], " ".join(mark for mark in marks if mark)]
        lines.append(line)
    print_table(header, lines)


def print_row(opened: Project, row_id: str, lang: Language) -> None:
    """One row in full: the exact request, every answer, and what each grader says of it."""
    found = opened.row(row_id)
    if not found:
        raise UsageError(f"no row {row_id!r}", hint="`bakeoff show --rows` lists the ids in its first column")
    for cell in found:
        answer(f"== {cell.candidate} ({cell.state})")
        answer(clean(cell.request))
        answer("-- answer")
        answer(clean(cell.text))
        for name, grade in cell.grades:
            score = label("mark.none", lang) if grade.score is None else f"{grade.score:g}"
            why = f"  {clean(sentence(grade.detail, lang))}" if grade.detail is not None else ""
            answer(f"-- {clean(name)}: {score}{why}")
        answer("")
