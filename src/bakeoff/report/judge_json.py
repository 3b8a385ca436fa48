"""Judges and people as JSON: the schemas `bakeoff.judge` and `bakeoff.labels`, version 1 (docs/reference/json.md)."""

from typing import Any

from bakeoff.evaluate.judge.result import Judged, OneJudge
from bakeoff.evaluate.judge.scores import Standing
from bakeoff.evaluate.judge.telling import telling, telling_people
from bakeoff.evaluate.judge.trust import Calibration
from bakeoff.evaluate.judge.verdicts import Verdict
from bakeoff.evaluate.people.standing import PeopleResult
from bakeoff.report.reasons_json import reason_json
from bakeoff.values import to_json

SCHEMA, LABELS_SCHEMA, VERSION = "bakeoff.judge", "bakeoff.labels", 1


def judge_json(found: Judged, *, items: bool = True) -> dict[str, Any]:
    """What the judges found, with everything that their trust rests on, as plain JSON types.

    Args:
        found: from `Project.judged`.
        items: with every single verdict; the report leaves them out.
    """
    settings, plan = found.settings, found.plan
    document = {
        "schema": SCHEMA,
        "version": VERSION,
        "state": found.state,
        "form": settings.form,
        "prompt": {"name": settings.template_name, "digest": settings.template_digest},
        "criteria": to_json(settings.criteria),
        "bar": to_json(settings.bar),
        "design": plan.design if settings.form == "pairwise" else None,
        "baseline": plan.baseline,
        "rows": plan.rows,
        "judges": [_judge(judge) for judge in found.judges],
        "jury": settings.jury,
        "effective_judges": to_json(found.effective),
        "habits": to_json(found.habits),
        "calibration": _calibration(found.calibration),
        "equal_length": to_json(found.equal_length()),
        "candidates": [standing_json(standing) for standing in found.standings],
        "owed": found.owed,
        "telling": [reason_json(one) for one in telling(found)],
        "caveats": [reason_json(one) for one in found.caveats],
    }
    return {**document, "items": [_item(verdict) for verdict in found.verdicts]} if items else document


def _judge(judge: OneJudge) -> dict[str, Any]:
    return {
        "name": judge.name,
        "model": judge.model,
        "build": judge.build,
        "endpoint": judge.endpoint,
        "state": judge.calibration.state,
        "habits": to_json(judge.habits),
        "calibration": _calibration(judge.calibration),
        "owed": judge.owed,
    }


def _calibration(found: Calibration) -> dict[str, Any]:
    return {
        "n_labels": found.n_labels,
        "n_other": found.n_other,
        "n_imported": found.n_imported,
        "agreement": to_json(found.agreement),
        "detection": to_json(found.detection),
        "length": to_json(found.length),
        "corrected": to_json(found.corrected),
        "reasons": [reason_json(one) for one in found.reasons],
    }


def standing_json(standing: Standing) -> dict[str, Any]:
    """One candidate, as judged."""
    strength = None
    if standing.strength is not None:
        value, low, high = standing.strength.elo
        strength = {"elo": value, "low": low, "high": high, "separated": standing.strength.separated}
    return {
        "candidate": standing.candidate,
        "n": standing.rows,
        "value": standing.value,
        "low": standing.low,
        "high": standing.high,
        "wins": standing.wins,
        "ties": standing.ties,
        "losses": standing.losses,
        "strength": strength,
    }


def _item(verdict: Verdict) -> dict[str, Any]:
    return {
        "row_id": verdict.item.row_id,
        "left": verdict.item.left,
        "right": verdict.item.right,
        "value": verdict.value,
        "settled": verdict.item.settled is not None,
        "slots": list(verdict.slots),
        "invalid": list(verdict.invalid),
        "because": list(verdict.because),
    }


def people_json(found: PeopleResult) -> dict[str, Any]:
    """What people found, as plain JSON types."""
    people = found.people
    return {
        "schema": LABELS_SCHEMA,
        "version": VERSION,
        "authors": list(people.authors),
        "items": people.items,
        "labels": found.labels,
        "stale": found.stale,
        "changed_minds": found.changed_minds,
        "contradicting": people.contradicting,
        "both_bad": people.both_bad,
        "agreement": [{"a": two.a, "b": two.b, **to_json(two.agreement)} for two in people.pairs],
        "alpha": people.alpha,
        "pairs": [standing_json(standing) for standing in found.pairs],
        "points": [standing_json(standing) for standing in found.points],
        "telling": [reason_json(one) for one in telling_people(found)],
    }


def judge_quote_json(found: Judged) -> dict[str, Any]:
    """What judging would ask: calls that are missing (`n`) and those of a second try (`more`), items, rows."""
    plan = found.plan
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "quote": {
            "n": found.owed,
            "more": plan.asks * len(found.judges),
            "judges": [judge.name for judge in found.judges],
            "items": len(plan.items),
            "settled": sum(item.settled is not None for item in plan.items),
            "rows": plan.rows,
        },
    }
