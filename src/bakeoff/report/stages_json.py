"""What the stages around the test found, as keys of the document `bakeoff.report` (docs/reference/json.md)."""

from typing import Any

from bakeoff.report.decision_json import reason_json
from bakeoff.report.stages import CostFacts, DeployFacts, PickFacts, ShortlistFacts, Stages
from bakeoff.values import to_json


def stages_json(found: Stages) -> dict[str, Any]:
    """Each part under its key, null where the project does not have it."""
    return {
        "needs": to_json(found.needs),
        "weights": dict(found.weights),
        "shortlist": _shortlist(found.shortlist) if found.shortlist is not None else None,
        "cost": _cost(found.costs) if found.costs is not None else None,
        "deployment": _deployment(found.deployment) if found.deployment is not None else None,
        "sources": to_json(found.sources),
        "left_out": [reason_json(one) for one in found.left_out],
    }


def _shortlist(found: ShortlistFacts) -> dict[str, Any]:
    return {
        "catalog": found.catalog,
        "looked_at": found.looked_at,
        "machine": found.machine,
        "funnel": to_json(found.funnel),
        "picks": [_pick(one) for one in found.picks],
        "relaxed": [reason_json(one) for one in found.relaxed],
        "beside": [{"candidate": one.candidate, "because": reason_json(one.because)} for one in found.beside],
        "notes": [reason_json(one) for one in found.notes],
    }


def _pick(one: PickFacts) -> dict[str, Any]:
    reasons = {"reasons_for": one.reasons_for, "reasons_against": one.reasons_against}
    return {**to_json(one), **{name: [reason_json(why) for why in whys] for name, whys in reasons.items()}}


def _cost(found: CostFacts) -> dict[str, Any]:
    reasons = {"unknown": found.unknown, "left_out": found.left_out, "notes": found.notes}
    return {**to_json(found), **{name: [reason_json(why) for why in whys] for name, whys in reasons.items()}}


def _deployment(found: DeployFacts) -> dict[str, Any]:
    return {**to_json(found), "steps": [reason_json(step) for step in found.steps]}
