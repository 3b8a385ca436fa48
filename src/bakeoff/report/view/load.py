"""How fast the candidates are when several ask at once, as `bakeoff probe` measured it. Knows no markup."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bakeoff.evaluate.probe import Level, Spread
from bakeoff.report import numbers
from bakeoff.report.numbers import UNKNOWN, Language
from bakeoff.report.probe_json import verdict
from bakeoff.report.stages import ProbeFacts
from bakeoff.report.table import short_name
from bakeoff.report.words import label, sentence


@dataclass(frozen=True, slots=True)
class LoadView:
    """One candidate's measurement."""

    name: str
    lead: str
    """The sentence: how many requests at a time keep the needs."""

    caption: str
    header: tuple[str, ...]
    lines: tuple[tuple[str, ...], ...]
    broken: tuple[str, ...]
    """What a level does not keep, with the level."""


def load(found: Sequence[ProbeFacts], lang: Language) -> tuple[LoadView, ...]:
    """One view for each measurement."""
    return tuple(_view(one, lang) for one in found)


def _view(found: ProbeFacts, lang: Language) -> LoadView:
    sizes = {"prompt": found.prompt_tokens, "output": found.output_tokens}
    return LoadView(
        name=short_name(found.candidate),
        lead=sentence(verdict(found.candidate, found.levels, found.limits), lang),
        caption=label("load.caption", lang, date=numbers.date(found.date, lang), **sizes),
        header=_header(lang),
        lines=tuple(_line(level, lang) for level in found.levels),
        broken=tuple(_broken(found.levels, lang)),
    )


def _header(lang: Language) -> tuple[str, ...]:
    return (
        label("load.column", lang),
        label("probe.column.errors", lang),
        label("load.first_token", lang),
        label("load.each", lang),
        label("load.all", lang),
    )


def _line(level: Level, lang: Language) -> tuple[str, ...]:
    everyone = level.tokens_per_second
    return (
        label("load.level", lang, n=level.concurrency),
        numbers.percent(level.error_rate, lang, trim=True),
        _both(level.first_token_ms, lang),
        _each(level.per_token_ms, lang),
        UNKNOWN if everyone is None else numbers.rate(everyone, lang),
    )


def _both(spread: Spread | None, lang: Language) -> str:
    if spread is None:
        return UNKNOWN
    return f"{numbers.milliseconds(spread.p50, lang)} / {numbers.milliseconds(spread.p95, lang)}"


def _each(per_token: Spread | None, lang: Language) -> str:
    """Tokens per second of one request: the median, and what 95 of 100 requests reach."""
    if per_token is None:
        return UNKNOWN
    return f"{numbers.rate(1000 / per_token.p50, lang)} / {numbers.rate(1000 / per_token.p95, lang)}"


def _broken(levels: Sequence[Level], lang: Language) -> Iterator[str]:
    for level in levels:
        for one in level.broken:
            yield label("load.broken", lang, n=level.concurrency, why=sentence(one, lang))
