"""`bakeoff run`: fill the cells that are missing."""

from pathlib import Path

import click

from bakeoff.cli.output import Language, language_option


@click.command("run")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON (schema bakeoff.decide).")
@click.option("--quiet", is_flag=True, help="No progress, no notes.")
@language_option
def run_command(project: Path, as_json: bool, quiet: bool, lang: Language) -> int:
    """Fill the cells of PROJECT (default: this folder) that have no answer yet.

    \b
    Examples:
      bakeoff run
      bakeoff run tickets --json > results.json

    Running twice asks nothing twice. Ctrl-C keeps every answer; the same command goes on from there.
    """
    from bakeoff.cli.outcomes import settle
    from bakeoff.cli.results import count_answers, print_decision
    from bakeoff.cli.watch import Watch
    from bakeoff.project import Project

    watch = Watch(lang=lang, quiet=quiet)
    opened = Project(project, listener=watch)
    try:
        outcomes = opened.run()
    finally:
        watch.close()
    decision = opened.decide()
    code = settle(outcomes, answered=count_answers(decision), lang=lang)
    print_decision(decision, as_json=as_json, lang=lang)
    return code
