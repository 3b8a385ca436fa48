"""The models two by two on the same rows, on one axis; those of the choice first, seen from the choice."""

from collections.abc import Mapping
from dataclasses import dataclass

from bakeoff.decide import Decision
from bakeoff.evaluate.results import Pair
from bakeoff.report import numbers
from bakeoff.report.numbers import Language
from bakeoff.report.view.bars import Bar, bar, place
from bakeoff.report.view.models import ModelView


@dataclass(frozen=True, slots=True)
class PairView:
    """Two models on the same rows, the first minus the second."""

    a: ModelView
    b: ModelView
    difference: str
    interval: str
    p: str
    discordant: str
    bar: Bar


@dataclass(frozen=True, slots=True)
class PairsView:
    """All pairs on one axis."""

    first: tuple[PairView, ...]
    """Those of the chosen model; all, where there is no choice."""

    rest: tuple[PairView, ...]
    zero: float
    allowed: float
    """The smallest gap that matters, as a share."""

    gap: Bar
    """Differences without importance, around zero."""

    ends: tuple[str, str]
    """What the axis begins and ends with."""


def pairs(decision: Decision, views: Mapping[str, ModelView], lang: Language) -> PairsView | None:
    """The paired differences; those of the choice first, seen from the choice."""
    if not decision.pairs:
        return None
    gap = decision.smallest_gap_that_matters
    turned = [_turn(pair, decision.choice, views) for pair in decision.pairs]
    far = max(gap, *(abs(end) for pair in turned for end in (pair.low_simultaneous, pair.high_simultaneous)))
    high = min(1.0, far * 1.05)
    low = -high
    turned.sort(key=lambda pair: (views[pair.a].key, views[pair.b].key))
    first = [pair for pair in turned if decision.choice in (None, pair.a)]
    rest = [pair for pair in turned if pair not in first]
    return PairsView(
        first=tuple(_pair(pair, views, low, high, lang) for pair in first),
        rest=tuple(_pair(pair, views, low, high, lang) for pair in rest),
        allowed=gap,
        zero=place(0.0, low, high),
        gap=bar(-gap, 0.0, gap, low, high),
        ends=(numbers.points(low, lang), numbers.points(high, lang)),
    )


def _turn(pair: Pair, choice: str | None, views: Mapping[str, ModelView]) -> Pair:
    """The pair seen from the choice, else from the better one."""
    if pair.a == choice or (pair.b != choice and views[pair.a].key <= views[pair.b].key):
        return pair
    return pair.turned()


def _pair(pair: Pair, views: Mapping[str, ModelView], low: float, high: float, lang: Language) -> PairView:
    ends = (pair.low_simultaneous, pair.high_simultaneous)
    return PairView(
        a=views[pair.a],
        b=views[pair.b],
        difference=numbers.points(pair.difference, lang),
        interval=numbers.points_range(*ends, lang),
        p=numbers.p_value(pair.p_holm, lang),
        discordant=f"{numbers.count(pair.n_discordant, lang)}/{numbers.count(pair.n, lang)}",
        bar=bar(ends[0], pair.difference, ends[1], low, high),
    )
