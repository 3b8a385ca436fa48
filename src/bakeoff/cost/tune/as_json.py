"""`bakeoff.tune` as a document: what the command prints with `--json`."""

from typing import Any

from bakeoff.cost.as_json import load_json, money
from bakeoff.cost.tune.against import Against
from bakeoff.cost.tune.asking import Tuning
from bakeoff.cost.tune.ways import Way
from bakeoff.fit.plan.as_json import reason_json
from bakeoff.values import to_json

SCHEMA, VERSION = "bakeoff.tune", 1


def tune_json(tuning: Tuning) -> dict[str, Any]:
    """The whole document."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "model": tuning.model.id,
        "data": {
            "rows": tuning.rows,
            "tokens_per_row": tuning.tokens_per_row,
            "epochs": tuning.epochs,
            "data_usd": money(tuning.data_usd),
        },
        "runs": tuning.runs,
        "currency": {"code": tuning.currency.code, "per_dollar": str(tuning.currency.per_dollar)},
        "ways": [way_json(way, cheapest=way is tuning.cheapest) for way in tuning.ways],
        "cost_usd": to_json(tuning.cost),
        "load": load_json(tuning.load),
        "years": tuning.years,
        "against": [against_json(one) for one in tuning.against],
        "relatives": [
            {
                "model": one.model.id,
                "relation": one.relation,
                "parent": one.parent,
                "of_the_model": one.of_the_model,
                "domain": one.model.domain,
                "languages": list(one.model.languages),
                "released": one.model.release.date if one.model.release is not None else None,
            }
            for one in tuning.relatives
        ],
        "more_relatives": tuning.more_relatives,
        "notes": [reason_json(one) for one in tuning.notes],
    }


def way_json(way: Way, *, cheapest: bool) -> dict[str, Any]:
    """One method on one machine."""
    training, memory, pace = way.training, way.memory, way.pace
    return {
        "method": way.method,
        "machine": way.machine,
        "cheapest": cheapest,
        "training": to_json(training),
        "memory": to_json(memory),
        "fits": way.fits,
        "tight": way.tight,
        "hours": None if pace is None else to_json(pace.hours),
        "tokens_per_second": None if pace is None else to_json(pace.tokens_per_second),
        "operations": None if pace is None else pace.operations,
        "rented": [{"class": kind, "usd": to_json(price)} for kind, price in way.rented.items()],
        "own_usd": to_json(way.own),
    }


def against_json(against: Against) -> dict[str, Any]:
    """When it is paid back."""
    found = against.payback
    return {
        "what": against.what,
        "paid_usd": money(found.cost),
        "saved_per_request_usd": f"{found.saved_per_request:f}",
        "requests": float(found.requests),
        "break_even_requests": None if found.break_even_requests is None else float(found.break_even_requests),
        "months": against.months,
        "uplift_needed": None if found.uplift_needed is None else float(found.uplift_needed),
    }
