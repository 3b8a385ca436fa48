"""A measured server as JSON: the schema `bakeoff.probe`, version 1, and its part of `bakeoff.report`."""

from collections.abc import Sequence
from typing import Any

from bakeoff.evaluate.probe import Level, Limits, highest
from bakeoff.report.reasons_json import reason_json
from bakeoff.report.stages import ProbeFacts
from bakeoff.values import Reason, reason, to_json

SCHEMA, VERSION = "bakeoff.probe", 1


def verdict(target: str, levels: Sequence[Level], limits: Limits) -> Reason:
    """The one sentence: how many requests at a time keep the needs."""
    best = highest(levels)
    if best is None:
        return reason("probe.none", target=target)
    limited = limits.first_token_ms is not None or limits.tokens_per_second is not None
    return reason("probe.highest", target=target, n=best, limited=limited, stopped=bool(levels[-1].broken))


def levels_json(levels: Sequence[Level]) -> list[dict[str, Any]]:
    """Each level, with its error rate and what it does not keep."""
    return [
        {**to_json(level), "error_rate": level.error_rate, "broken": [reason_json(one) for one in level.broken]}
        for level in levels
    ]


def probe_json(found: ProbeFacts) -> dict[str, Any]:
    """One candidate's measurement in the report."""
    return {
        "candidate": found.candidate,
        "date": found.date,
        "prompt_tokens": found.prompt_tokens,
        "output_tokens": found.output_tokens,
        "limits": to_json(found.limits),
        "highest_concurrency": highest(found.levels),
        "sentence": reason_json(verdict(found.candidate, found.levels, found.limits)),
        "levels": levels_json(found.levels),
    }
