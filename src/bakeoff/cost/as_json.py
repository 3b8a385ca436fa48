"""`bakeoff.cost` as a document: what the command prints with `--json`, and what a page may show."""

from decimal import Decimal
from typing import Any

from bakeoff.cost.capacity import Capacity
from bakeoff.cost.costs import Costs, Line
from bakeoff.cost.hosted import Rate
from bakeoff.cost.load import Load
from bakeoff.cost.option import Unknown
from bakeoff.cost.ranges import Bar
from bakeoff.fit.plan.as_json import reason_json
from bakeoff.values import to_json

SCHEMA, VERSION = "bakeoff.cost", 1
PLACES = Decimal("0.000001")


def money(amount: Decimal) -> str:
    """US dollars to the millionth, without zeros at the end."""
    text = f"{amount.quantize(PLACES):f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def cost_json(costs: Costs) -> dict[str, Any]:
    """The whole document."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "load": load_json(costs.subjects[0].load),
        "years": costs.years,
        "currency": {"code": costs.currency.code, "per_dollar": str(costs.currency.per_dollar)},
        "electricity_usd_per_kwh": to_json(costs.tariff),
        "options": [option_json(line) for line in costs.lines],
        "unknown": [unknown_json(one) for one in costs.unknown],
        "break_evens": [
            {
                "first": one.first,
                "second": one.second,
                "cheaper_at_once": one.cheaper_at_once,
                "crossings": [
                    {"requests_per_day": float(crossing.requests_per_day), "cheaper_above": crossing.cheaper_above}
                    for crossing in one.crossings
                ],
                "looked_up_to": float(one.looked_up_to),
            }
            for one in costs.break_evens
        ],
        "tornado": [{"option": key, "bars": [bar_json(bar) for bar in bars]} for key, bars in costs.tornado.items()],
        "left_out": [reason_json(one) for one in costs.left_out],
        "notes": [reason_json(one) for one in costs.notes],
    }


def load_json(load: Load) -> dict[str, Any]:
    """What was asked."""
    return {
        "requests_per_day": load.requests_per_day,
        "prompt_tokens": load.prompt_tokens,
        "output_tokens": load.output_tokens,
        "thinking_tokens": load.thinking_tokens,
        "cached_share": load.cached_share,
        "peak_factor": to_json(load.peak_factor),
        "growth_per_year": load.growth_per_year,
        "max_wait_seconds": load.max_wait_seconds,
        "first_token_ms": load.first_token_ms,
        "least_speed": load.least_speed,
    }


def option_json(line: Line) -> dict[str, Any]:
    """One way."""
    option = line.option
    return {
        "key": option.key,
        "kind": option.kind,
        "model": option.model,
        "where": option.where,
        "machine": option.machine,
        "prompt_tokens": option.load.prompt_tokens,
        "written_tokens": option.load.written_tokens,
        "machines": line.machines,
        "busy_share": line.busy_share,
        "monthly_usd": money(line.monthly),
        "total_usd": to_json(line.total),
        "horizons": [
            {
                "years": one.years,
                "cost_usd": money(one.cost),
                "paid_usd": money(one.paid),
                "machines": one.machines,
                "requests": float(one.requests),
            }
            for one in line.horizons
        ],
        "assumptions": [{"name": name, "estimate": to_json(one)} for name, one in option.with_load().items()],
        "rate": None if option.rate is None else rate_json(option.rate),
        "capacity": None if option.capacity is None else capacity_json(option.capacity),
        "staff_monthly_usd": money(option.fixed_monthly),
        "as_of": option.as_of,
        "source": option.source,
        "notes": [reason_json(one) for one in option.notes],
    }


def rate_json(rate: Rate) -> dict[str, Any]:
    """US dollars per million tokens, mean over the day."""
    return {
        "input_usd": money(rate.input),
        "output_usd": money(rate.output),
        "cached_input_usd": None if rate.cached_input is None else money(rate.cached_input),
        "per_request_usd": money(rate.per_request),
    }


def capacity_json(capacity: Capacity) -> dict[str, Any]:
    """What one machine does."""
    return {
        "engine": capacity.engine,
        "build": capacity.build,
        "copies": capacity.copies,
        "places": capacity.places,
        "service_seconds": to_json(capacity.service_seconds),
        "alone_seconds": capacity.alone_seconds,
        "tokens_per_second": to_json(capacity.tokens_per_second),
        "first_token_ms": to_json(capacity.first_token_ms),
        "command": capacity.command,
    }


def unknown_json(unknown: Unknown) -> dict[str, Any]:
    """A way that could not be counted."""
    return {
        "kind": unknown.kind,
        "model": unknown.model,
        "where": unknown.where,
        "reason": reason_json(unknown.reason),
    }


def bar_json(bar: Bar) -> dict[str, Any]:
    """One thing at its low and high."""
    return to_json(bar) | {"swing": bar.swing}  # type: ignore[no-any-return]
