"""`bakeoff check`: does the decision still hold? For people, and for CI by its exit code."""

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from bakeoff.cli.numbers import Money
from bakeoff.cli.output import Language, answer, language_option, print_json, print_table, say

if TYPE_CHECKING:
    from bakeoff.evaluate.drift import Drift
    from bakeoff.project.checking import Checked
    from bakeoff.values import Reason


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
    from bakeoff.project.checking import check

    watch = Watch(lang=lang, quiet=quiet)
    try:
        found = check(Project(project, listener=watch), rows=rows, max_cost_usd=max_cost, offline=offline)
    finally:
        watch.close()
    answered = sum(one.n for one in found.drifts)
    code = settle(found.outcomes, answered=answered, lang=lang)
    if as_json:
        print_json(document(found))
    else:
        _show(found, lang)
    return 0 if found.holds and code == 0 else 1


def verdict(found: "Checked") -> "Reason":
    """The one sentence."""
    from bakeoff.values import reason

    choice, now = found.lock.choice or "-", found.decision.choice or "-"
    if choice != now:
        return reason("check.other_choice", before=choice, after=now, n=found.rows)
    if found.drifted:
        return reason("check.drifted", models=list(found.drifted), choice=choice)
    return reason("check.holds", choice=choice, n=found.rows)


def signs_of(drift: "Drift") -> list["Reason"]:
    """Why it counts as drift."""
    from bakeoff.values import reason

    asked, said = drift.asked, []
    for sign in drift.signs:
        if sign == "answer":
            said.append(reason("drift.answer", candidate=asked.candidate, changed=drift.changed, n=drift.n))
        elif sign == "answers":
            facts = {"changed": drift.changed, "n": drift.n, "odd": drift.old_is_odd, "settled": drift.settled}
            said.append(reason("drift.answers", candidate=asked.candidate, p_holm=drift.p_answers, **facts))
        elif sign == "scores":
            said.append(reason("drift.scores", candidate=asked.candidate, difference=asked.difference, n=drift.n))
        elif sign == "model":
            said.append(reason("drift.model", candidate=asked.candidate, names=list(asked.new_models)))
        else:
            said.append(reason("drift.fingerprint", candidate=asked.candidate, names=list(asked.new_fingerprints)))
    return said


def _show(found: "Checked", lang: Language) -> None:
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


def document(found: "Checked") -> dict[str, Any]:
    """The schema `bakeoff.check`, version 1 (docs/reference/json.md)."""
    from bakeoff.report.decision_json import decision_json
    from bakeoff.report.reasons_json import reason_json

    return {
        "schema": "bakeoff.check",
        "version": 1,
        "holds": found.holds,
        "sentence": reason_json(verdict(found)),
        "rows": found.rows,
        "choice_before": found.lock.choice,
        "changes": [reason_json(one) for one in found.changes],
        "candidates": [_candidate(one) for one in found.drifts],
        "notes": [reason_json(one) for one in found.notes],
        "decision": decision_json(found.decision),
    }


def _candidate(one: "Drift") -> dict[str, Any]:
    from bakeoff.report.reasons_json import reason_json

    asked = one.asked
    return {
        "candidate": asked.candidate,
        "exact": asked.exact,
        "n": one.n,
        "failed": one.failed,
        "changed": one.changed,
        "settled": one.settled,
        "old_is_odd": one.old_is_odd,
        "p_answers": one.p_answers,
        "difference": asked.difference,
        "low": asked.low,
        "high": asked.high,
        "p_scores": one.p_scores,
        "new_models": list(asked.new_models),
        "new_fingerprints": list(asked.new_fingerprints),
        "signs": [reason_json(sign) for sign in signs_of(one)],
    }
