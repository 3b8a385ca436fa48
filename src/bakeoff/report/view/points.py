"""The candidates as points of the charts: quality against time, and against cost."""

from collections.abc import Mapping

from bakeoff.decide import Decision
from bakeoff.report import table
from bakeoff.report.charts import ChartPoint, CostPoint


def speed_points(decision: Decision) -> list[ChartPoint]:
    """Candidates of which quality and time are known, the best first."""
    letters = table.keys(decision)
    return [
        ChartPoint(
            key=letters[model.model],
            quality=model.quality.value,
            low=model.quality.low,
            high=model.quality.high,
            p50_ms=model.latency_ms.p50,
            p95_ms=model.latency_ms.p95,
            chosen=model.model == decision.choice,
        )
        for model in table.ranked(decision)
        if model.quality and model.latency_ms
    ]


def cost_points(decision: Decision, usd: Mapping[str, float]) -> list[CostPoint]:
    """Candidates of which quality and cost are known, the best first.

    Args:
        decision: with the candidates.
        usd: candidate to US dollars.
    """
    letters = table.keys(decision)
    return [
        CostPoint(
            key=letters[model.model],
            quality=model.quality.value,
            low=model.quality.low,
            high=model.quality.high,
            usd=usd[model.model],
            chosen=model.model == decision.choice,
        )
        for model in table.ranked(decision)
        if model.quality and model.model in usd
    ]
