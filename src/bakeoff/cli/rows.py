"""Rows of a project on the terminal."""

from bakeoff.cli.output import Language, answer, print_table
from bakeoff.errors import UsageError
from bakeoff.evaluate.results import Column
from bakeoff.project import Project
from bakeoff.report.text import clean
from bakeoff.report.words import label, sentence


def print_rows(columns: list[Column], lang: Language) -> None:
    """Row by row: target, and every candidate's answer and score, with what preflight found in the answer."""
    header = [label("rows.id", lang), label("column.target", lang)]
    for column in columns:
        header += [column.candidate, label("column.score", lang)]
    lines = []
    for cells in zip(*(column.cells for column in columns), strict=True):
        line = [clean(cells[0].row_id), clean(cells[0].target)]
        for cell in cells:
            shown = " ".join(clean(cell.text).split())
            text = shown if cell.state in ("answered", "cut", "blank") else f"({label(f'rows.{cell.state}', lang)})"
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
        answer(f"== {cell.candidate} ({label(f'rows.{cell.state}', lang)})")
        answer(clean(cell.request))
        if cell.state != "missing":
            answer(f"-- {label('rows.error' if cell.state == 'failed' else 'rows.answer', lang)}")
            answer(clean(cell.text))
        if cell.correction is not None and cell.correction.text is not None:
            answer(f"-- {label('rows.correction', lang, author=clean(cell.correction.author))}")
            answer(clean(cell.correction.text))
        for name, grade in cell.grades:
            score = label("mark.none", lang) if grade.score is None else f"{grade.score:g}"
            why = f"  {clean(sentence(grade.detail, lang))}" if grade.detail is not None else ""
            answer(f"-- {clean(name)}: {score}{why}")
        answer("")
