"""Which models meet the needs by their facts alone: kind, languages, modalities, licence, openness, context, age.

The checks are asked in the order of `CHECKS`; the first that fails is the reason. What the machine says comes after.
"""

import datetime
from collections.abc import Callable
from typing import Literal

from bakeoff.catalog.model import Model
from bakeoff.catalog.searching import licensed, open_enough, speaks
from bakeoff.needs import Needs
from bakeoff.values import Reason, reason

DOMAINS: dict[str, tuple[str, ...]] = {
    "medical": ("medic", "health", "clinic"),
    "legal": ("law", "legal"),
    "finance": ("financ", "bank"),
    "coding": ("code",),
    "math": ("math",),
}
"""Words that people write for a domain, and what the catalog's domains contain for it."""

LANGUAGE_DOMAINS: dict[str, tuple[str, ...]] = {
    "vietnamese": ("vi",), "japanese": ("ja",), "korean": ("ko",), "arabic": ("ar",), "russian": ("ru",),
    "polish": ("pl",), "thai": ("th",), "indic": ("hi", "bn", "ta", "te", "mr", "gu"),
    "south-east asian": ("vi", "id", "th", "ms", "fil", "km", "lo", "my"),
}  # fmt: skip
"""Domains that are languages."""

OWN_TASKS: dict[str, tuple[str, ...]] = {
    "coding": ("code",),
    "reasoning": ("math", "reasoning", "code and math"),
    "agents": ("code",),
}
"""Domains that suit a task without being asked for."""

Check = Callable[[Model, Needs, datetime.date], Reason | None]


def fails(model: Model, needs: Needs, today: datetime.date) -> Reason | None:
    """The first need that a model does not meet; None where its facts meet all."""
    for check in CHECKS.values():
        found = check(model, needs, today)
        if found is not None:
            return found
    return None


def _kind(model: Model, needs: Needs, _: datetime.date) -> Reason | None:
    if model.kind == "chat" and not model.is_base:
        return None
    if model.kind == "translation" and needs.task == "translation":
        return None
    return reason("out.kind", kind="base" if model.is_base else model.kind)


def _known(model: Model, _: Needs, __: datetime.date) -> Reason | None:
    gone = model.hub is not None and not model.hub.exists
    if model.tier == 2 or model.unverified or gone:
        return reason("out.not_confirmed")
    return None if model.architecture is not None else reason("out.no_architecture")


def _language(model: Model, needs: Needs, _: datetime.date) -> Reason | None:
    missing = [one for one in needs.languages if knowledge(model, one) == "not listed"]
    return reason("out.language", languages=missing) if missing else None


Knowledge = Literal["stated", "claimed", "not known", "not listed"]

INCOMPLETE = "minimum set"
"""In the note of a list of languages that may lack some."""


def knowledge(model: Model, language: str) -> Knowledge:
    """Whether a model knows a language, as far as its maker says.

    claimed: among very many, none of them named. not known: its maker lists no languages, or the list that we have may
    be incomplete. not listed: there is a list, and it is not in it.
    """
    if speaks(model, language):
        return "stated"
    if language == "vi" and model.vietnamese is not None:
        return "claimed" if model.vietnamese == "claimed" else "not known"
    if not model.languages or INCOMPLETE in model.languages_note:
        return "stated" if language == "en" else "not known"
    return "not listed"


UNCERTAIN: dict[Knowledge, float] = {"stated": 0.0, "claimed": 0.5, "not known": 1.5, "not listed": 0.0}
"""Doublings that a model loses in expectation where nobody says that it knows the language. A judgement: a model of a
third of the size that was trained on a language is about as good in it as one that was not."""


def language_loss(model: Model, needs: Needs) -> float:
    """For the language that is least certain."""
    return max(UNCERTAIN[knowledge(model, one)] for one in needs.languages)


ROOM_TO_THINK = 1000
"""Tokens of answer below which a model that always thinks first is cut off before it comes to the point."""

CRAMPED = 2.0
"""Doublings that it loses then. A judgement: cut off it is useless, and with more tokens several times slower."""


def cramped(model: Model, needs: Needs) -> bool:
    """It writes out its reasoning, cannot be told not to, and has no room for that."""
    always = "reasoning" in model.tasks and "hybrid thinking" not in model.tasks
    return always and needs.output_tokens < ROOM_TO_THINK


def expected_loss(model: Model, needs: Needs) -> float:
    """What the needs take from a model's ability, in doublings."""
    return language_loss(model, needs) + (CRAMPED if cramped(model, needs) else 0.0)


def _inputs(model: Model, needs: Needs, _: datetime.date) -> Reason | None:
    missing = [one for one in needs.inputs if one not in model.inputs]
    return reason("out.inputs", inputs=missing) if missing else None


def _domain(model: Model, needs: Needs, _: datetime.date) -> Reason | None:
    own = (model.domain or "").lower()
    if not own or specialised(model, needs):
        return None
    for name, codes in LANGUAGE_DOMAINS.items():
        if name in own:
            return None if set(codes) & set(needs.languages) else reason("out.domain", domain=model.domain)
    if own == "multilingual" or own in OWN_TASKS.get(needs.task, ()) or own == needs.task:
        return None
    return reason("out.domain", domain=model.domain)


def specialised(model: Model, needs: Needs) -> bool:
    """It was made for the domain that the needs name."""
    if needs.domain is None or not model.domain:
        return False
    words = DOMAINS.get(needs.domain.lower(), (needs.domain.lower(),))
    return any(word in model.domain.lower() for word in words)


def _license(model: Model, needs: Needs, _: datetime.date) -> Reason | None:
    if licensed(model, needs.license):
        return None
    return reason("out.license", license=model.licence.name if model.licence is not None else "?", need=needs.license)


def _openness(model: Model, needs: Needs, _: datetime.date) -> Reason | None:
    if open_enough(model, needs.openness):
        return None
    level = model.openness.level if model.openness is not None else "?"
    return reason("out.openness", level=level, need=needs.openness)


def _context(model: Model, needs: Needs, _: datetime.date) -> Reason | None:
    longest = max(model.context_tokens or 0, model.context_tokens_extended or 0)
    if longest and longest < needs.context_tokens:
        return reason("out.context", longest=longest, need=needs.context_tokens)
    return None


def _age(model: Model, needs: Needs, today: datetime.date) -> Reason | None:
    if needs.max_age_months is None:
        return None
    if model.release is None:
        return reason("out.age", date="?")
    old = months_between(model.release.date, today) > needs.max_age_months
    return reason("out.age", date=model.release.date) if old else None


def months_between(released: str, today: datetime.date) -> float:
    """How old a model is."""
    return (today - datetime.date.fromisoformat(released)).days / 30.44


CHECKS: dict[str, Check] = {
    "kind": _kind,
    "known": _known,
    "languages": _language,
    "inputs": _inputs,
    "domain": _domain,
    "license": _license,
    "openness": _openness,
    "context_tokens": _context,
    "max_age_months": _age,
}
"""By the need that is asked; the first two are asked of every model."""
