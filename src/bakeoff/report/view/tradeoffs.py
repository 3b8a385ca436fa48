"""What one gives up for what: who is on the Pareto front of what was measured, and how firm a choice by weights is."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bakeoff.decide import Decision
from bakeoff.decide.limits import usd_per_1000_rows
from bakeoff.evaluate.results import ModelResult
from bakeoff.report import numbers, table
from bakeoff.report.data import ReportData
from bakeoff.report.numbers import UNKNOWN, Language
from bakeoff.report.stages import CostFacts
from bakeoff.report.words import label, sentence
from bakeoff.values import Reason, reason


@dataclass(frozen=True, slots=True)
class WeightView:
    """One criterion of a choice by weights."""

    criterion: str
    weight: str
    turn: str
    """Weight at which the choice changes, and to whom."""


@dataclass(frozen=True, slots=True)
class TradeoffsView:
    """Sentences and weights; the charts are drawn elsewhere."""

    sentences: tuple[str, ...]
    weights: tuple[WeightView, ...]
    share: str
    """Over how many weightings the choice is the same; empty with other rules."""


def tradeoffs(data: ReportData, lang: Language) -> TradeoffsView:
    """What is to be said; nothing where fewer than two candidates were measured."""
    return TradeoffsView(
        sentences=tuple(sentence(one, lang) for one in front(data.decision, costs_of(data)[0], lang)),
        weights=tuple(_weights(data, lang)),
        share=_share(data, lang),
    )


def costs_of(data: ReportData) -> tuple[dict[str, float], bool]:
    """As `costs_at`, of a report."""
    return costs_at(data.decision, data.stages.costs)


def costs_at(decision: Decision, found: CostFacts | None) -> tuple[dict[str, float], bool]:
    """(US dollars by candidate, whether they are of a month): at the load where it is known of two or more.

    Else what the run itself would have cost for all rows: a candidate that left a race early is not cheap for that.
    Unknown is left out, never zero.
    """
    if found is not None:
        months = {
            model.model: float(line.month_usd)
            for model in decision.models
            if (line := found.cheapest(model.model)) is not None
        }
        if len(months) > 1:
            return months, True
    per_thousand = {one.model: (usd_per_1000_rows(one), one.n) for one in decision.models}
    return {name: usd * n / 1000 for name, (usd, n) in per_thousand.items() if usd is not None}, False


def front(decision: Decision, costs: Mapping[str, float], lang: Language) -> Iterator[Reason]:
    """Who is on the Pareto front of quality, time and, where it is known of all, cost; and who stands behind whom."""
    measured = [model for model in table.ranked(decision) if model.quality and model.latency_ms]
    if len(measured) < 2:
        return
    with_cost = all(model.model in costs for model in measured)
    points = {model.model: _point(model, costs if with_cost else {}) for model in measured}
    criteria = ["quality", "latency", *(["cost"] if with_cost else [])]
    words = [label(f"tradeoffs.criterion.{name}", lang) for name in criteria]
    beaten = {
        name: by
        for name, point in points.items()
        if (by := next((other for other, rival in points.items() if _beats(rival, point)), None)) is not None
    }
    ahead = [name for name in points if name not in beaten]
    yield reason("tradeoffs.front", alone=len(ahead) == 1, models=ahead, criteria=words)
    for name, by in beaten.items():
        yield reason("tradeoffs.behind", model=name, by=by, criteria=words)


def _point(model: ModelResult, costs: Mapping[str, float]) -> tuple[float, ...]:
    """All to be small."""
    assert model.quality is not None
    assert model.latency_ms is not None
    return (-model.quality.value, model.latency_ms.p50, costs.get(model.model, 0.0))


def _beats(one: tuple[float, ...], other: tuple[float, ...]) -> bool:
    return one != other and all(mine <= theirs for mine, theirs in zip(one, other, strict=True))


def _weights(data: ReportData, lang: Language) -> Iterator[WeightView]:
    """The weights as used, with the nearest one at which the choice changes; both are in the decision's reasons."""
    turns = {str(r.parameters["criterion"]): r.parameters for r in data.decision.reasons if r.code == "change.weight"}
    unknown = {r.parameters["criterion"] for r in data.decision.reasons if r.code == "change.weight_unknown"}
    used = sum(weight for name, weight in data.stages.weights.items() if name not in unknown) or 1.0
    for name, weight in data.stages.weights.items():
        criterion = label(f"tradeoffs.criterion.{name}", lang)
        if name in unknown:
            yield WeightView(criterion, UNKNOWN, label("tradeoffs.unweighed", lang))
            continue
        turn = label("tradeoffs.no_turn", lang)
        if name in turns:
            model = table.short_name(str(turns[name]["model"]))
            turn = label("tradeoffs.turn", lang, weight=turns[name]["weight"], model=model)
        yield WeightView(criterion, numbers.percent(weight / used, lang, trim=True), turn)


def _share(data: ReportData, lang: Language) -> str:
    share = data.decision.sentence.parameters.get("share") if data.stages.weights else None
    return "" if share is None else sentence(reason("tradeoffs.share", share=share), lang)
