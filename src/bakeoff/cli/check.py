"""`bakeoff check`: does the decision still hold? For people, and for CI by its exit code."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING

import click

from bakeoff.cli.numbers import Money
from bakeoff.cli.output import Language, answer, language_option, print_json, print_table, say

if TYPE_CHECKING:
    from bakeoff.project.checking import Checked


@click.command("check")
@click.argument("project", type=click.Path(path_type=Path), default=".")
@click.option("--rows", type=click.IntRange(1), default=50, show_default=True, help="Rows that are asked again.")
@click.option("--max-cost", type=Money(), help="Stop before it costs more, in US dollars.")
@click.option("--offline", is_flag=True, help="Ask the Hub nothing about the models.")
@click.option("--json", "as_json", is_flag=True, help="Print it as JSON (schema bakeoff.check).")
@click.option("--quiet", is_flag=True, help="No progress, no notes.")
@language_option
def check_command(
    project: Path, rows: int, max_cost: Decimal | None, offline: bool, as_json: bool, quiet: bool, lang: Language
) -> int:
    """Say whether the decision in bakeoff.lock of PROJECT (default: this folder) still holds.

    Asks every candidate a sample of its rows again, compares the answers with those that were kept, and decides again.
    Exit code 1: the choice would be another one, or something else answers than did then.

    \b
    Examples:
      bakeoff check
      bakeoff check tickets --rows 100 --max-cost 1 --json
    """
    from bakeoff.cli.outcomes import settle
    from bakeoff.cli.watch import Watch
    from bakeoff.project import Project
    from bakeoff.project.check_json import check_json, keep_check
    from bakeoff.project.checking import check

    watch = Watch(lang=lang, quiet=quiet)
    try:
        opened = Project(project, listener=watch)
        found = check(opened, rows=rows, max_cost_usd=max_cost, offline=offline)
    finally:
        watch.close()
    keep_check(opened, found)
    answered = sum(one.n for one in found.drifts)
    code = settle(found.outcomes, answered=answered, lang=lang)
    if as_json:
        print_json(check_json(found))
    else:
        _show(found, lang)
    return 0 if found.holds and code == 0 else 1


def _show(found: "Checked", lang: Language) -> None:
    from bakeoff.project.check_json import signs_of, verdict
    from bakeoff.report import numbers
    from bakeoff.report.words import label, sentence

    for change in (*found.changes, *found.notes):
        say(f"! {sentence(change, lang)}")
    lines = []
    for one in found.drifts:
        asked = one.asked
        scores = "-"
        if asked.difference is not None and asked.low is not None and asked.high is not None:
            scores = f"{numbers.points(asked.difference, lang)} ({numbers.points_range(asked.low, asked.high, lang)})"
        share = numbers.percent(one.changed / one.n, lang, trim=True) if one.n else "-"
        state = label("check.drift", lang) if one.signs else label("check.same", lang)
        lines.append([asked.candidate, str(one.n), str(one.failed), share, scores, state])
    names = ("candidate", "rows", "failed", "changed", "scores", "state")
    print_table([label(f"check.column.{name}", lang) for name in names], lines, numeric={1, 2, 3})
    for one in found.drifts:
        for sign in signs_of(one):
            answer(sentence(sign, lang))
    answer(sentence(verdict(found), lang))
