"""`bakeoff report`: one file that can be sent to someone."""

from pathlib import Path
from typing import Literal

import click

from bakeoff.cli.output import Language, answer, language_option, say


@click.command("report")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--format", "kind", type=click.Choice(["html", "md", "json"]), default="html", show_default=True)
@click.option(
    "--output", type=click.Path(path_type=Path), help="File to write, - for standard output [PROJECT/report.html]."
)
@click.option("--compare", metavar="OLD", help="Say what changed since: number of a decision, or its lock or JSON.")
@language_option
def report_command(
    project: Path, kind: Literal["html", "md", "json"], output: Path | None, compare: str | None, lang: Language
) -> None:
    """Write the report of PROJECT (default: this folder): one self-contained file.

    \b
    Examples:
      bakeoff report
      bakeoff report tickets --lang vi
      bakeoff report --format md --output -
      bakeoff report --compare 1            # decisions are numbered by `bakeoff show --history`
    """
    from bakeoff.errors import StorageError
    from bakeoff.project import Project

    opened = Project(project)
    since = None
    if compare is not None:
        from bakeoff.project.history import since_then

        since = since_then(opened, compare)
    text = opened.report(kind, lang, since=since)
    if output is not None and str(output) == "-":
        answer(text.rstrip("\n"))
        return
    path = output or opened.folder / f"report.{kind}"
    try:
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise StorageError(f"{path}: {error.strerror or error}", hint="choose another file with --output") from None
    say(str(path))
