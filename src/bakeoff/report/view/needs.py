"""The needs in words: what was required, as names and values. Knows no markup."""

from collections.abc import Iterator

from bakeoff.needs import Needs
from bakeoff.needs.needs import NO_HARDWARE, THIS_MACHINE
from bakeoff.report import numbers
from bakeoff.report.numbers import Language
from bakeoff.report.text import one_line, shorten
from bakeoff.report.words import label

MOST_VALUE = 200
LANGUAGES = frozenset(("ar", "de", "en", "es", "fr", "hi", "id", "it", "ja", "ko", "pt", "ru", "th", "vi", "zh"))
"""That have a name in the words; others are shown by their code."""


def needs(found: Needs | None, lang: Language) -> tuple[tuple[str, str], ...]:
    """(what, value), in the order in which they are asked; what is no requirement is left out."""
    if found is None:
        return ()
    return tuple(
        (label(f"need.{key}", lang), shorten(one_line(value), MOST_VALUE))
        for key, value in (*_what(found, lang), *_how_much(found, lang), *_terms(found, lang))
    )


def _what(found: Needs, lang: Language) -> Iterator[tuple[str, str]]:
    yield "task", label(f"need.task.{found.task}", lang)
    names = [label(f"language.{code}", lang) if code in LANGUAGES else code for code in found.languages]
    yield "languages", numbers.listing(names, lang)
    if found.inputs != ("text",):
        yield "inputs", numbers.listing([label(f"need.inputs.{one}", lang) for one in found.inputs], lang)
    if found.domain is not None:
        yield "domain", found.domain
    here, none = label("need.hardware.here", lang), label("need.hardware.none", lang)
    yield "hardware", {THIS_MACHINE: here, NO_HARDWARE: none}.get(found.hardware, found.hardware)


def _how_much(found: Needs, lang: Language) -> Iterator[tuple[str, str]]:
    yield "request", label("need.request.value", lang, prompt=found.prompt_tokens, output=found.output_tokens)
    yield "context", label("need.context.value", lang, n=found.context_tokens)
    yield "users", numbers.count(found.concurrent_users, lang)
    if found.requests_per_day is not None:
        yield "load", _load(found.requests_per_day, found.growth_per_year, lang)
    if found.max_time_to_first_token_ms is not None:
        yield "first_token", label("need.first_token.value", lang, ms=found.max_time_to_first_token_ms)
    if found.min_decode_tokens_per_second is not None:
        yield "speed", label("need.speed.value", lang, speed=found.min_decode_tokens_per_second)


def _load(requests: float, growth: float, lang: Language) -> str:
    n = numbers.decimal(requests, 1, lang, trim=True)
    if not growth:
        return label("need.load.value", lang, n=n)
    change = numbers.percent(abs(growth), lang, trim=True)
    return label("need.load.growing" if growth > 0 else "need.load.shrinking", lang, n=n, growth=change)


def _terms(found: Needs, lang: Language) -> Iterator[tuple[str, str]]:
    if found.budget_usd_per_month is not None:
        yield "budget", label("need.budget.value", lang, dollars=_whole(found.budget_usd_per_month, lang))
    yield "prefer", label(f"need.prefer.{found.prefer}", lang)
    if found.license != "any":
        yield "license", label(f"need.license.{found.license}", lang)
    if found.openness != "weights":
        yield "openness", label(f"need.openness.{found.openness}", lang)
    yield "privacy", label(f"need.privacy.{found.privacy}", lang)
    if found.fine_tuning:
        yield "fine_tuning", label("need.fine_tuning.value", lang)
    if found.max_age_months is not None:
        yield "age", label("need.age.value", lang, months=found.max_age_months)


def _whole(dollars: float, lang: Language) -> str:
    """Without cents where there are none."""
    return numbers.in_dollars(numbers.decimal(dollars, 2 if dollars % 1 else 0, lang), lang)
