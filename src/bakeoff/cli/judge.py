"""`bakeoff judge`: let a model judge the answers, and say whether to believe it."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bakeoff.cli.numbers import Money
from bakeoff.cli.on_cluster import cluster_options, where_of
from bakeoff.cli.output import Language, answer, language_option, print_json, say

if TYPE_CHECKING:
    from bakeoff.evaluate.judge.result import Judged


@click.command("judge")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--rows", type=click.IntRange(min=1), help="Judge so many rows, drawn by the project's seed.")
@click.option("--max-cost", type=Money(), help="Stop before it costs more, in US dollars.")
@click.option("--max-minutes", type=click.FloatRange(0, min_open=True), help="Send nothing after so many minutes.")
@cluster_options
@click.option("--dry-run", is_flag=True, help="Say how many calls would be made; make none.")
@click.option("--no-run", is_flag=True, help="Show what there is; make no calls.")
@click.option("--json", "as_json", is_flag=True, help="Print everything as JSON (schema bakeoff.judge).")
@click.option("--quiet", is_flag=True, help="No progress, no notes.")
@language_option
def judge_command(
    project: Path,
    rows: int | None,
    max_cost: Decimal | None,
    max_minutes: float | None,
    on_cluster: str | None,
    ledger: str | None,
    dry_run: bool,
    no_run: bool,
    as_json: bool,
    quiet: bool,
    lang: Language,
) -> int:
    """Let the judges of PROJECT (default: this folder) judge the answers there are, blind and in both orders.

    \b
    Examples:
      bakeoff judge --dry-run
      bakeoff judge --rows 50
      bakeoff judge tickets --json | jq .state

    A judge decides nothing until people's labels show that it may: see `bakeoff label`.
    """
    from bakeoff.cli.outcomes import settle
    from bakeoff.cli.watch import Watch
    from bakeoff.errors import UsageError
    from bakeoff.project import Project

    where = where_of(on_cluster, ledger)
    watch = Watch(lang=lang, quiet=quiet)
    opened = Project(project, listener=watch)
    before = opened.judged(rows=rows)
    if not before.plan.items:
        raise UsageError("there is nothing to judge: the candidates have no answers yet", hint="first: bakeoff run")
    if dry_run:
        _print_quote(before, as_json=as_json, lang=lang)
        return 0
    try:
        if no_run:
            outcomes = []
        elif where is None:
            outcomes = opened.judge(rows=rows, max_cost_usd=max_cost, max_minutes=max_minutes)
        else:
            from bakeoff.cluster.driver import judge_on_cluster

            outcomes = judge_on_cluster(opened, where, rows=rows, max_cost_usd=max_cost, max_minutes=max_minutes)
    finally:
        watch.close()
    found = opened.judged(rows=rows)
    code = settle(outcomes, answered=found.habits.asked - found.habits.missing, lang=lang)
    _print(found, as_json=as_json, lang=lang)
    return code


def _print(found: "Judged", *, as_json: bool, lang: Language) -> None:
    from bakeoff.cli.standings import print_standings
    from bakeoff.evaluate.judge.telling import telling
    from bakeoff.report.words import sentence
    from bakeoff.values import reason

    if as_json:
        from bakeoff.report.judge_json import judge_json

        print_json(judge_json(found))
        return
    if found.standings:
        print_standings(found.standings, lang)
    for caveat in found.caveats:
        say(f"! {sentence(caveat, lang)}")
    for one in telling(found):
        answer(sentence(one, lang))
    if found.owed:
        say(sentence(reason("judge.owed", n=found.owed), lang))


def _print_quote(found: "Judged", *, as_json: bool, lang: Language) -> None:
    from bakeoff.report.judge_json import judge_quote_json
    from bakeoff.report.words import sentence
    from bakeoff.values import reason

    document = judge_quote_json(found)
    if as_json:
        print_json(document)
        return
    plan = found.plan
    quote = {key: value for key, value in document["quote"].items() if key != "rows"}
    for caveat in found.caveats:
        say(f"! {sentence(caveat, lang)}")
    design = "rubric" if found.settings.form == "rubric" else plan.design
    answer(sentence(reason("judge.design", design=design, rows=plan.rows, baseline=plan.baseline or ""), lang))
    answer(sentence(reason("judge.quote", **quote), lang))
