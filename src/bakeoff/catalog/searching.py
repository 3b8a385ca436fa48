"""Models by what they must have: task, language, licence, openness, size, age, modality, words of their name."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from bakeoff.catalog.finding import take_apart
from bakeoff.catalog.languages import MEANT
from bakeoff.catalog.model import Kind, Model

LicenceNeed = Literal["any", "commercial", "osi-approved"]
OpennessNeed = Literal["weights", "weights+data", "fully-open"]

LEVELS: tuple[OpennessNeed, ...] = ("weights", "weights+data", "fully-open")


@dataclass(frozen=True, slots=True)
class Wish:
    """What is looked for; a field that is None or empty asks nothing."""

    words: str = ""
    """In id, family or organisation."""

    kind: Kind | None = None
    tasks: tuple[str, ...] = ()
    """All of them, as the catalog spells tasks; `chat` is every chat model."""

    languages: tuple[str, ...] = ()
    """All of them, ISO codes. `vi` is also met by a model that is known for Vietnamese."""

    licence: LicenceNeed = "any"
    openness: OpennessNeed = "weights"
    inputs: tuple[str, ...] = ()
    """Modalities that it must take: image, audio, video."""

    domain: str | None = None
    parameters_at_least: int | None = None
    parameters_at_most: int | None = None
    """Total parameters; a model whose number is not known is left out."""

    active_at_most: int | None = None
    context_at_least: int | None = None
    since: str | None = None
    """ISO date: released on it or later."""

    with_architecture: bool = False
    recommended_only: bool = False
    """Tier 1 and confirmed to exist."""


def search(models: Iterable[Model], wish: Wish) -> list[Model]:
    """The models that meet a wish, newest first."""
    found = [model for model in models if meets(model, wish)]
    return sorted(found, key=lambda model: (model.release.date if model.release else "", model.id), reverse=True)


def meets(model: Model, wish: Wish) -> bool:
    """Whether a model has all that is asked."""
    return (
        _named(model, wish.words)
        and (wish.kind is None or model.kind == wish.kind)
        and all(_does(model, task) for task in wish.tasks)
        and all(speaks(model, language) for language in wish.languages)
        and licensed(model, wish.licence)
        and open_enough(model, wish.openness)
        and set(wish.inputs) <= set(model.inputs)
        and (wish.domain is None or wish.domain.lower() in (model.domain or "").lower())
        and _sized(model, wish)
        and (wish.context_at_least is None or (model.context_tokens or 0) >= wish.context_at_least)
        and (wish.since is None or (model.release is not None and model.release.date >= wish.since))
        and not (wish.with_architecture and model.architecture is None)
        and not (wish.recommended_only and (model.tier == 2 or model.unverified))
    )


def speaks(model: Model, language: str) -> bool:
    """The card lists the language, or it is Vietnamese and the model is known for it."""
    return MEANT.get(language, language) in model.languages or (language == "vi" and model.vietnamese == "stated")


def licensed(model: Model, need: LicenceNeed) -> bool:
    """The licence allows it; conditions (`conditional`) count as allowed and are shown."""
    if need == "any":
        return True
    if model.licence is None:
        return False
    if need == "osi-approved":
        return model.licence.osi_approved
    return model.licence.commercial_use in ("yes", "conditional")


def open_enough(model: Model, need: OpennessNeed) -> bool:
    """At least as open as asked."""
    if need == "weights":
        return True
    return model.openness is not None and LEVELS.index(model.openness.level) >= LEVELS.index(need)


def _named(model: Model, words: str) -> bool:
    lower = f"{model.id} {model.family} {model.organisation}".lower()
    if words.lower() in lower:
        return True
    asked = take_apart(words).words
    return bool(asked) and set(asked) <= {*take_apart(lower).words}


def _does(model: Model, task: str) -> bool:
    return model.kind == "chat" if task == "chat" else task in model.tasks


def _sized(model: Model, wish: Wish) -> bool:
    total, active = model.parameters.total, model.parameters.active
    if wish.parameters_at_least is not None and (total is None or total < wish.parameters_at_least):
        return False
    if wish.parameters_at_most is not None and (total is None or total > wish.parameters_at_most):
        return False
    return wish.active_at_most is None or (active is not None and active <= wish.active_at_most)
