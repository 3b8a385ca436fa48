"""A shortlist as plain JSON types: the document that `bakeoff shortlist --json` prints (docs/reference/json.md)."""

from typing import Any

from bakeoff.fit.plan.as_json import plan_json, reason_json
from bakeoff.shortlist.values import Entry, Pick, Shortlist
from bakeoff.values import to_json

SCHEMA, VERSION = "bakeoff.shortlist", 1


def shortlist_json(found: Shortlist) -> dict[str, Any]:
    """The whole of it."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "needs": to_json(found.needs),
        "machine": to_json(found.machine) if found.machine is not None else None,
        "catalog": found.snapshot,
        "looked_at": found.looked_at,
        "picks": [pick_json(one) for one in found.picks],
        "front": [entry_json(one) for one in found.front],
        "funnel": [{"code": code, "models": models} for code, models in found.funnel],
        "out": [{"model": model, **reason_json(why)} for model, why in sorted(found.out.items())],
        "relaxed": [to_json(one) for one in found.relaxed],
        "notes": [reason_json(one) for one in found.notes],
    }


def pick_json(one: Pick) -> dict[str, Any]:
    """A candidate, with everything that speaks for and against it."""
    return {
        **entry_json(one.entry),
        "role": one.role,
        "chance_best": one.chance_best,
        "reasons_for": [reason_json(why) for why in one.reasons_for],
        "reasons_against": [reason_json(why) for why in one.reasons_against],
        "plan": plan_json(one.entry.plan, chosen=True) if one.entry.plan is not None else None,
    }


def entry_json(one: Entry) -> dict[str, Any]:
    """Where a model stands, and what it takes."""
    return {
        "model": one.model.id,
        "build": str(one.plan.build) if one.plan is not None else None,
        "engine": one.plan.engine if one.plan is not None else None,
        "provider": one.offer.provider if one.offer is not None else None,
        "quality": one.quality,
        "spread": one.standing.spread,
        "benchmarks": one.standing.benchmarks,
        "independent": one.standing.independent,
        "seconds": one.seconds,
        "memory_bytes": one.memory_bytes,
        "usd_per_month": one.usd_per_month,
    }
