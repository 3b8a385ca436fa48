"""The models, best first, with their numbers in words; and the few facts under the sentence."""

from collections.abc import Mapping
from dataclasses import dataclass

from bakeoff.decide import Decision
from bakeoff.evaluate.results import ModelResult
from bakeoff.report import numbers, table
from bakeoff.report.data import ReportData
from bakeoff.report.numbers import UNKNOWN, Language
from bakeoff.report.view.bars import Bar, bar, padded
from bakeoff.report.words import label, sentence

MEMORY_PARTS = ("weights", "cache", "compute", "output", "peak")
"""Columns of `memory`, in its order."""


@dataclass(frozen=True, slots=True)
class ModelView:
    """One line of the results."""

    key: str
    name: str
    build: str
    chosen: bool
    badge: str
    """`Choice`, or that it is as good, or not told apart from the choice; empty for the others."""

    quality: str
    interval: str
    """Empty where there is none; likewise `p95`."""

    bar: Bar | None
    more: tuple[str, ...]
    """Further metrics: `macro-F1 71.2%`."""

    scored: str
    states: tuple[str, ...]
    """What went wrong, by kind: `2 blank`."""

    p50: str
    p95: str
    rate: str
    cost: str


def models(data: ReportData, lang: Language) -> dict[str, ModelView]:
    """Every model, best first."""
    decision = data.decision
    ranked, letters = table.ranked(decision), table.keys(decision)
    ends = [(m.quality.low, m.quality.high) for m in ranked if m.quality]
    low, high = padded(min((e[0] for e in ends), default=0.0), max((e[1] for e in ends), default=1.0))
    return {
        model.model: ModelView(
            key=letters[model.model],
            name=table.short_name(model.model),
            build=table.short_name(model.build),
            chosen=model.model == decision.choice,
            badge=_badge(model.model, decision, lang),
            quality=table.quality(model, lang),
            interval=table.interval(model, lang) if model.quality else "",
            bar=bar(model.quality.low, model.quality.value, model.quality.high, low, high) if model.quality else None,
            more=tuple(f"{metric_name(q.metric, lang)} {numbers.percent(q.value, lang)}" for q in model.qualities[1:]),
            scored=table.scored(model, lang),
            states=states_of(model, lang),
            p50=table.p50(model, lang),
            p95=table.p95(model, lang) if model.latency_ms else "",
            rate=table.rate(model, lang),
            cost=table.cost(model, lang),
        )
        for model in ranked
    }


def _badge(name: str, decision: Decision, lang: Language) -> str:
    if name == decision.choice:
        return label("badge.chosen", lang)
    alike = name in decision.equivalent and decision.verdict in ("not worse", "cannot be told apart")
    return label(f"badge.{decision.verdict}", lang) if alike else ""


def metric_name(metric: str, lang: Language) -> str:
    """`Accuracy`, `macro-F1`."""
    return label(f"metric.{metric}", lang)


def states_of(model: ModelResult, lang: Language) -> tuple[str, ...]:
    """What went wrong with its answers, by kind: `2 blank`."""
    states = tuple(
        label(f"state.{state}", lang, n=model.counts[state])
        for state in ("failed", "blank", "cut", "missing", "unscored", "excluded")
        if model.counts.get(state)
    )
    # Blank and cut are states, too.
    faults = tuple(
        label(f"fault.{fault}", lang, n=n) for fault, n in model.faults.items() if fault not in ("blank", "cut")
    )
    return states + faults


def facts(data: ReportData, lang: Language) -> list[tuple[str, str, str]]:
    """(name, value, remark): the few numbers under the sentence."""
    decision = data.decision
    chosen = next((model for model in decision.models if model.model == decision.choice), None)
    found = []
    if chosen is not None and chosen.quality is not None:
        remark = label("fact.interval", lang, range=table.interval(chosen, lang))
        found.append((metric_name(chosen.quality.metric, lang), table.quality(chosen, lang), remark))
    if chosen is not None and chosen.latency_ms is not None:
        remark = label("fact.p95", lang, p95=table.p95(chosen, lang))
        found.append((label("fact.p50", lang), table.p50(chosen, lang), remark))
    if chosen is not None and chosen.cost_usd is not None:
        found.append((label("column.cost", lang), table.cost(chosen, lang), label("fact.cost", lang)))
    compared = label("fact.models", lang, n=len(decision.models))
    found.append((label("fact.rows", lang), numbers.count(data.data.n_rows, lang), compared))
    return found


def memory(data: ReportData, views: Mapping[str, ModelView], lang: Language) -> list[tuple[ModelView, list[str]]]:
    """What the embedded engine took for each model that it ran: `MEMORY_PARTS`."""
    found = []
    for model in table.ranked(data.decision):
        took = model.memory
        if took is not None:
            cache = took.kv_cache_bytes + took.recurrent_state_bytes
            sizes = [took.weights_bytes, cache, took.compute_bytes, took.output_bytes]
            peak = UNKNOWN if took.peak_resident_bytes is None else numbers.size(took.peak_resident_bytes, lang)
            found.append((views[model.model], [*(numbers.size(part, lang) for part in sizes), peak]))
    return found


def sentences(data: ReportData, lang: Language) -> tuple[str, list[str], list[str]]:
    """The sentence, the reasons under it, and what to keep in mind: caveats, and parts that could not be made."""
    decision = data.decision
    reasons = [sentence(reason, lang) for reason in decision.reasons]
    caveats = [sentence(caveat, lang) for caveat in (*decision.caveats, *data.stages.left_out)]
    return sentence(decision.sentence, lang), reasons, caveats


def since(data: ReportData, lang: Language) -> tuple[str, list[str]] | None:
    """Heading and lines of what changed since an earlier decision; None where nobody asked."""
    if data.since is None:
        return None
    lines = [sentence(change, lang) for change in data.since.changes]
    return label("since.heading", lang, earlier=data.since.earlier), lines or [label("since.nothing", lang)]
