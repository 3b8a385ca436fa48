"""`bakeoff export`: rows, answers and grades in a file for other programs."""

from pathlib import Path
from typing import Literal

import click

from bakeoff.cli.output import Language, answer, language_option, say


@click.command("export")
@click.argument("file", type=click.Path(path_type=Path))
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option(
    "--format",
    "kind",
    type=click.Choice(["table", "inspect"]),
    default="table",
    show_default=True,
    help="table: csv, tsv, jsonl, parquet or xlsx, by FILE's ending. inspect: logs of inspect_ai; FILE is a folder.",
)
@click.option("--wide", is_flag=True, help="One line per row, with columns for each candidate.")
@click.option("--candidate", "candidates", multiple=True, metavar="NAME", help="Only this one; may be repeated.")
@click.option("--keep-formulas", is_flag=True, help="csv, tsv: leave texts that a spreadsheet would run as they are.")
@click.option("--force", is_flag=True, help="Replace an existing file.")
@language_option
def export_command(
    file: Path,
    project: Path,
    kind: Literal["table", "inspect"],
    wide: bool,
    candidates: tuple[str, ...],
    keep_formulas: bool,
    force: bool,
    lang: Language,
) -> None:
    """Write the cells of PROJECT (default: this folder) to FILE. Runs and downloads nothing.

    \b
    Examples:
      bakeoff export answers.csv
      bakeoff export answers.xlsx tickets --wide
      bakeoff export logs --format inspect
    """
    from bakeoff.project import Project
    from bakeoff.report.words import sentence

    written, notes = Project(project).export(
        file, format=kind, wide=wide, candidates=candidates, force=force, keep_formulas=keep_formulas
    )
    for note in notes:
        say(sentence(note, lang))
    for path in written:
        answer(str(path))
