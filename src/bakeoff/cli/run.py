"""`bakeoff run`: fill the cells that are missing."""

import importlib
import threading
from decimal import Decimal
from pathlib import Path

import click

from bakeoff.cli.numbers import Money
from bakeoff.cli.on_cluster import cluster_options, where_of
from bakeoff.cli.output import Language, language_option


@click.command("run")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--rows", metavar="N|IDS", help="Only N rows, the first of the shuffled order; or ids with commas.")
@click.option("--only", metavar="NAME", multiple=True, help="Only this candidate; may be given several times.")
@click.option("--retry-failed", is_flag=True, help="Only calls that were made before and failed.")
@click.option("--repeats", type=click.IntRange(1, 100), help="Answers to each row. [project file, else 1]")
@click.option("--max-cost", type=Money(), help="Stop before the run costs more, in US dollars.")
@click.option("--max-minutes", type=click.FloatRange(0, min_open=True), help="Send nothing after so many minutes.")
@click.option("--race", is_flag=True, help="Drop candidates as soon as they are shown to be worse.")
@cluster_options
@click.option("--dry-run", is_flag=True, help="Say what it would ask, cost and take; ask nothing. As `bakeoff quote`.")
@click.option("--json", "as_json", is_flag=True, help="Print the results as JSON (schema bakeoff.decide).")
@click.option("--quiet", is_flag=True, help="No progress, no notes.")
@language_option
def run_command(
    project: Path,
    rows: str | None,
    only: tuple[str, ...],
    retry_failed: bool,
    repeats: int | None,
    max_cost: Decimal | None,
    max_minutes: float | None,
    race: bool,
    on_cluster: str | None,
    ledger: str | None,
    dry_run: bool,
    as_json: bool,
    quiet: bool,
    lang: Language,
) -> int:
    """Fill the cells of PROJECT (default: this folder) that have no answer yet.

    \b
    Examples:
      bakeoff run
      bakeoff run --rows 50 --max-cost 2
      bakeoff run --only qwen3-8b --retry-failed
      bakeoff run tickets --race --json > results.json
      bakeoff run --on-cluster head:6379 --ledger postgresql://me@db/evals

    Running twice asks nothing twice. Ctrl-C keeps every answer; the same command goes on from there.
    """
    from bakeoff.cli.outcomes import settle
    from bakeoff.cli.results import count_answers, print_decision
    from bakeoff.cli.watch import Watch
    from bakeoff.project import Project
    from bakeoff.project.locking import complete, keep
    from bakeoff.project.planning import RunOptions

    options = RunOptions(
        only=only,
        rows=rows,
        retry_failed=retry_failed,
        repeats=repeats,
        max_minutes=max_minutes,
        max_cost_usd=max_cost,
        race=race,
    )
    where = where_of(on_cluster, ledger)
    if dry_run and where is not None:
        from bakeoff.cli.cluster_quote import print_cluster_quote
        from bakeoff.cluster.driver import machines_at

        quoted = Project(project)
        machines = machines_at(quoted, where)
        return print_cluster_quote(quoted, options, machines, ledger=where.ledger, as_json=as_json, lang=lang)
    if dry_run:
        from bakeoff.cli.quote import print_quote

        return print_quote(Project(project), options, as_json=as_json, lang=lang)
    watch = Watch(lang=lang, quiet=quiet)
    opened = Project(project, listener=watch)
    # What the end needs takes a quarter of a second to load: while the models answer, nobody waits for it.
    threading.Thread(target=_load, args=(len(opened.config.candidates),), daemon=True).start()
    try:
        if where is None:
            outcomes = opened.run(options)
        else:
            from bakeoff.cluster.driver import run_on_cluster

            outcomes = run_on_cluster(opened, options, where)
    finally:
        watch.close()
    decision = opened.decide()
    code = settle(outcomes, answered=count_answers(decision), lang=lang)
    print_decision(decision, as_json=as_json, lang=lang)
    if complete(decision):
        keep(opened, decision)
    return code


def _load(candidates: int) -> None:
    """What candidates are compared with, and the list of prices that the lock names."""
    if candidates > 1:
        importlib.import_module("scipy.special")
    from bakeoff.cost.prices import snapshot_date

    snapshot_date()
