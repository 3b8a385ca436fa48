"""`bakeoff decide`: run what is missing, then decide."""

from pathlib import Path

import click

from bakeoff.cli.output import Language, language_option


@click.command("decide")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--no-run", is_flag=True, help="Decide on the answers there are.")
@click.option("--json", "as_json", is_flag=True, help="Print the decision as JSON (schema bakeoff.decide).")
@click.option("--quiet", is_flag=True, help="No progress, no notes.")
@language_option
def decide_command(project: Path, no_run: bool, as_json: bool, quiet: bool, lang: Language) -> int:
    """Say which candidate of PROJECT (default: this folder) to take, or that the data cannot tell.

    \b
    Examples:
      bakeoff decide
      bakeoff decide tickets --json | jq .sentence.en

    Cells without an answer are run first. What the decision rests on is written to bakeoff.lock.
    """
    from bakeoff.cli.outcomes import settle
    from bakeoff.cli.results import count_answers, print_decision
    from bakeoff.cli.watch import Watch
    from bakeoff.project import Project
    from bakeoff.project.locking import keep

    watch = Watch(lang=lang, quiet=quiet)
    opened = Project(project, listener=watch)
    try:
        outcomes = [] if no_run else opened.run()
    finally:
        watch.close()
    decision = opened.decide()
    code = settle(outcomes, answered=count_answers(decision), lang=lang)
    keep(opened, decision)
    print_decision(decision, as_json=as_json, lang=lang, reasons=True)
    return 1 if decision.choice is None else code
