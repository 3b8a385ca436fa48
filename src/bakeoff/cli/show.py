"""`bakeoff show`: what the ledger has, without running anything."""

from pathlib import Path

import click

from bakeoff.cli.output import Language, language_option


@click.command("show")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--rows", is_flag=True, help="Row by row: target and every candidate's answer.")
@click.option("--row", "row_id", help="One row in full: the exact request, every answer, and why it was graded so.")
@click.option("--by", metavar="COLUMN", help="Results by the value of a data column, or by length:COLUMN.")
@click.option("--history", is_flag=True, help="Every decision that was made, by its number.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON (schema bakeoff.decide).")
@language_option
def show_command(
    project: Path, rows: bool, row_id: str | None, by: str | None, history: bool, as_json: bool, lang: Language
) -> None:
    """Show the results of PROJECT (default: this folder) so far. Runs and downloads nothing.

    \b
    Examples:
      bakeoff show
      bakeoff show --rows | less
      bakeoff show --row 17
      bakeoff show --by customer_type
      bakeoff show --history
    """
    from bakeoff.cli.results import print_decision
    from bakeoff.cli.rows import print_row, print_rows
    from bakeoff.errors import UsageError
    from bakeoff.project import Project

    if as_json and (rows or history or row_id is not None):
        raise UsageError(
            "--json prints the results, not rows and not the history",
            hint="for rows as data: bakeoff export rows.jsonl; for the results: bakeoff show --json",
        )
    opened = Project(project)
    if history:
        from bakeoff.cli.history import print_history

        return print_history(opened, lang)
    if row_id is not None:
        return print_row(opened, row_id, lang)
    if by is not None:
        from bakeoff.cli.slices import print_slices
        from bakeoff.project.slicing import slices_by

        return print_slices(slices_by(opened, by), as_json=as_json, lang=lang)
    if rows:
        return print_rows(opened.columns(), lang)
    print_decision(opened.decide(), as_json=as_json, lang=lang, reasons=True)
    if not as_json:
        from bakeoff.cli.history import say_speeds

        say_speeds(opened, lang)
    return None
