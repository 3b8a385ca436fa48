"""`bakeoff shortlist`: which few models to test, why, and why not the others."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from bakeoff.cli.needs import needs_options
from bakeoff.cli.output import Language, language_option, print_json, say

if TYPE_CHECKING:
    from bakeoff.needs import Needs


@click.command("shortlist")
@click.option("--project", type=click.Path(path_type=Path), default=Path(), help="Folder [default: this one].")
@click.option("--explain", metavar="MODEL", help="Say why one model is in or out.")
@click.option("--alternatives", is_flag=True, help="Also show fine-tunes of the picks' families.")
@click.option("--write", is_flag=True, help="Add the picks to the candidates of bakeoff.toml.")
@needs_options
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON (schema bakeoff.shortlist).")
@language_option
def shortlist_command(
    project: Path,
    explain: str | None,
    alternatives: bool,
    write: bool,
    as_json: bool,
    lang: Language,
    **values: str | None,
) -> int:
    """Choose the 3 to 5 models that are worth testing for your needs.

    The needs are those of bakeoff.toml (`bakeoff needs`), with the options laid over them. Exit code 1: nothing meets
    the needs; it says what to relax.

    \b
    Examples:
      bakeoff shortlist
      bakeoff shortlist --task coding --hardware "RTX 4090, 64 GB RAM" --context-tokens 16384
      bakeoff shortlist --languages vi,en --explain "gemma 3 4b"
    """
    from bakeoff.cli.shortlist_view import show_explanation, show_shortlist
    from bakeoff.project.shortlisting import shortlist_for, write_candidates

    found = shortlist_for(_needs(project, values))
    if explain is not None:
        return show_explanation(found, explain, lang)
    if as_json:
        from bakeoff.cli.shortlist_view import document

        print_json(document(found))
    else:
        show_shortlist(found, alternatives=alternatives, lang=lang)
    if write and found.picks:
        names = write_candidates(project, found)
        _say_written(names, project, lang)
    return 0 if found.picks else 1


def _needs(project: Path, values: dict[str, str | None]) -> "Needs":
    """Those of the project, with the options laid over them."""
    from bakeoff.needs import Needs, parse_needs
    from bakeoff.project.needs import read_needs

    given = {key: value for key, value in values.items() if value is not None}
    return parse_needs(given, read_needs(project) or Needs())


def _say_written(names: list[str], project: Path, lang: Language) -> None:
    from bakeoff.report.words import sentence
    from bakeoff.values import reason

    code = "shortlist.written" if names else "shortlist.nothing_new"
    say(sentence(reason(code, names=names or ["-"], folder=str(project)), lang))
