"""The way from the catalog to the candidates: counts by reason as bars, then the picks with their reasons."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from bakeoff.evaluate.types import BETWEEN
from bakeoff.report import numbers
from bakeoff.report.numbers import Language
from bakeoff.report.stages import PickFacts, ShortlistFacts
from bakeoff.report.table import short_name
from bakeoff.report.view.models import ModelView
from bakeoff.report.words import label, sentence


@dataclass(frozen=True, slots=True)
class StepView:
    """One bar of the funnel."""

    name: str
    count: str
    share: float
    """Of the longest bar, in percent."""

    is_picks: bool = False


@dataclass(frozen=True, slots=True)
class PickView:
    """One model of the shortlist."""

    name: str
    build: str
    """Build, or provider."""

    role: str
    tested: tuple[ModelView, ...]
    """Candidates of the project that are this model."""

    state: str
    """Tested, or not."""

    numbers: tuple[str, ...]
    reasons_for: tuple[str, ...]
    reasons_against: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ShortlistView:
    """The whole section."""

    lead: str
    steps: tuple[StepView, ...]
    picks: tuple[PickView, ...]
    relaxed: tuple[str, ...]
    """Where there are no picks: what would bring some."""

    beside: tuple[tuple[str, str], ...]
    """(candidate, why it is not on the list)."""

    notes: tuple[str, ...]


def shortlist(found: ShortlistFacts | None, views: Mapping[str, ModelView], lang: Language) -> ShortlistView | None:
    """The section; None where the project has no shortlist."""
    if found is None:
        return None
    date = numbers.date(found.catalog, lang)
    if found.machine is None:
        lead = label("picks.lead_hosted", lang, models=found.looked_at, date=date)
    else:
        lead = label("picks.lead", lang, models=found.looked_at, date=date, machine=found.machine)
    return ShortlistView(
        lead=lead,
        steps=tuple(_steps(found, lang)),
        picks=tuple(_pick(one, views, lang) for one in found.picks),
        relaxed=tuple(sentence(one, lang) for one in found.relaxed),
        beside=tuple((short_name(one.candidate), sentence(one.because, lang)) for one in found.beside),
        notes=tuple(sentence(one, lang) for one in found.notes),
    )


def _steps(found: ShortlistFacts, lang: Language) -> Iterator[StepView]:
    longest = max([len(found.picks), *(step.models for step in found.funnel), 1])
    for step in found.funnel:
        name = label(f"shortlist.funnel.{step.code}", lang)
        yield StepView(name, numbers.count(step.models, lang), _share(step.models, longest))
    picks = len(found.picks)
    yield StepView(label("shortlist.funnel.picks", lang), numbers.count(picks, lang), _share(picks, longest), True)


def _share(models: int, longest: int) -> float:
    return round(100 * models / longest, 2)


def _pick(one: PickFacts, views: Mapping[str, ModelView], lang: Language) -> PickView:
    own = one.candidates
    tested = tuple(view for name, view in views.items() if name in own or name.rpartition(BETWEEN)[0] in own)
    return PickView(
        name=short_name(one.model),
        build=short_name(one.build or one.provider or ""),
        role=label(f"shortlist.role.{one.role}", lang),
        tested=tested,
        state=label("picks.tested" if one.candidates else "picks.not_tested", lang),
        numbers=tuple(_numbers(one, lang)),
        reasons_for=tuple(sentence(why, lang) for why in one.reasons_for),
        reasons_against=tuple(sentence(why, lang) for why in one.reasons_against),
    )


def _numbers(one: PickFacts, lang: Language) -> Iterator[str]:
    quality, spread = (numbers.decimal(value, 1, lang) for value in (one.quality, one.spread))
    yield label("picks.quality", lang, quality=quality, spread=spread)
    yield label("picks.chance", lang, chance=round(one.chance_best, 2))
    if one.seconds is not None:
        yield label("picks.seconds", lang, seconds=one.seconds)
    if one.memory_bytes is not None:
        yield label("picks.memory", lang, size=one.memory_bytes)
    if one.provider is not None and one.usd_per_month is not None:
        yield label("picks.month", lang, dollars=f"{one.usd_per_month:.2f}")
