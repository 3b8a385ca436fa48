"""A decision as JSON: the schema `bakeoff.decide`, version 1 (docs/reference/json.md).

Within a version keys are only added. Numbers are plain numbers in the unit of their key; money is a string.
"""

from collections.abc import Mapping
from typing import Any

from bakeoff.decide import Decision
from bakeoff.evaluate.results import ModelResult, Pair, Quality
from bakeoff.report.numbers import LANGUAGES
from bakeoff.report.reasons_json import reason_json
from bakeoff.report.words import sentence
from bakeoff.values import to_json

SCHEMA, VERSION = "bakeoff.decide", 1


def decision_json(decision: Decision) -> dict[str, Any]:
    """The decision with everything that it rests on, as plain JSON types."""
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "sentence": {lang: sentence(decision.sentence, lang) for lang in LANGUAGES},
        "verdict": decision.verdict,
        "choice": decision.choice,
        "equivalent": list(decision.equivalent),
        "rule": decision.rule,
        "smallest_gap_that_matters": decision.smallest_gap_that_matters,
        "reasons": [reason_json(reason) for reason in decision.reasons],
        "models": [_model(model) for model in decision.models],
        "pairs": [_pair(pair) for pair in decision.pairs],
        "caveats": [reason_json(caveat) for caveat in decision.caveats],
    }


def _model(model: ModelResult) -> dict[str, Any]:
    speed = (model.latency_ms, model.time_to_first_token_ms)
    latency, first_token = ({"p50": s.p50, "p95": s.p95} if s else None for s in speed)
    return {
        "model": model.model,
        "build": model.build,
        "n": model.n,
        "quality": _quality(model.quality) if model.quality else None,
        "qualities": [_quality(quality) for quality in model.qualities],
        "latency_ms": latency,
        "time_to_first_token_ms": first_token,
        "decode_tokens_per_second": model.decode_tokens_per_second,
        "prompt_tokens_per_second": model.prompt_tokens_per_second,
        "tokens": to_json(model.tokens),
        "cost_usd": model.cost_usd,
        "memory": to_json(model.memory),
        "counts": dict(model.counts),
        "faults": dict(model.faults),
        "repeats": to_json(model.repeats),
        "confusion": _plain(model.confusion),
    }


def _quality(quality: Quality) -> dict[str, Any]:
    return {
        "metric": quality.metric,
        "value": quality.value,
        "low": quality.low,
        "high": quality.high,
        "n": quality.n,
        "groups": quality.groups,
    }


def _pair(pair: Pair) -> dict[str, Any]:
    found: dict[str, Any] = to_json(pair)
    return found


def _plain(table: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {row: dict(cells) for row, cells in table.items()}
