"""Needs as hard limits: a candidate that measured beyond one is not chosen, however good its answers are."""

from collections.abc import Iterator
from dataclasses import dataclass, replace

from bakeoff.evaluate.results import Comparison, ModelResult
from bakeoff.values import Reason, reason


@dataclass(frozen=True, slots=True)
class Limits:
    """None is no limit. What is not known of a candidate is not held against it, and is said."""

    max_time_to_first_token_ms: float | None = None
    """Median over the rows."""

    min_decode_tokens_per_second: float | None = None
    max_usd_per_1000_rows: float | None = None
    """From the budget and the requests of a month."""


NO_LIMITS = Limits()


def broken(model: ModelResult, limits: Limits) -> Reason | None:
    """The first limit that a candidate is beyond; None where it keeps all."""
    first, most = model.time_to_first_token_ms, limits.max_time_to_first_token_ms
    if most is not None and first is not None and first.p50 > most:
        return reason("limit.first_token", model=model.model, value=first.p50, limit=most)
    speed, least = model.decode_tokens_per_second, limits.min_decode_tokens_per_second
    if least is not None and speed is not None and speed < least:
        return reason("limit.decode_speed", model=model.model, value=speed, limit=least)
    cost, budget = usd_per_1000_rows(model), limits.max_usd_per_1000_rows
    if budget is not None and cost is not None and cost > budget:
        return reason("limit.cost", model=model.model, value=f"{cost:.4f}", limit=f"{budget:.4f}")
    return None


def usd_per_1000_rows(model: ModelResult) -> float | None:
    """What the answers cost; None where it is not known, which is not zero."""
    answered = sum(model.counts.get(state, 0) for state in ("answered", "blank", "cut"))
    if model.cost_usd is None or not answered:
        return None
    return 1000 * float(model.cost_usd) / answered


def unknown(model: ModelResult, limits: Limits) -> Iterator[Reason]:
    """Limits of which nobody can say whether a candidate keeps them."""
    if limits.max_usd_per_1000_rows is not None and usd_per_1000_rows(model) is None:
        yield reason("limit.unknown", model=model.model, what="cost")
    if limits.max_time_to_first_token_ms is not None and model.time_to_first_token_ms is None:
        yield reason("limit.unknown", model=model.model, what="first_token")
    if limits.min_decode_tokens_per_second is not None and model.decode_tokens_per_second is None:
        yield reason("limit.unknown", model=model.model, what="decode_speed")


def within(comparison: Comparison, limits: Limits) -> tuple[Comparison, tuple[Reason, ...]]:
    """The comparison without those that are beyond a limit, and why each is.

    The corrections for all pairs stay as they are: they were made before anybody was left out.
    """
    out = {model.model: why for model in comparison.models if (why := broken(model, limits)) is not None}
    if not out:
        return comparison, ()
    kept = replace(
        comparison,
        models=tuple(model for model in comparison.models if model.model not in out),
        pairs=tuple(pair for pair in comparison.pairs if pair.a not in out and pair.b not in out),
    )
    return kept, tuple(out.values())
