"""Which models there are: a filtered list in pages, and everything about one."""

import datetime
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Depends, Query

from bakeoff.catalog.as_json import document, model_json, short_json
from bakeoff.catalog.finding import find
from bakeoff.catalog.loading import Catalog, load
from bakeoff.catalog.model import Model
from bakeoff.catalog.searching import LicenceNeed, OpennessNeed, search
from bakeoff.catalog.searching import Wish as Wanted
from bakeoff.errors import UsageError
from bakeoff.fit.plan.table import does, is_offered
from bakeoff.needs import Needs
from bakeoff.needs.needs import NO_HARDWARE
from bakeoff.project.offers import hosted
from bakeoff.report.words import sentence
from bakeoff.web.language import Lang
from bakeoff.web.planner import Planning
from bakeoff.web.routes.fit import Wish

router = APIRouter(prefix="/api/catalog", tags=["catalog"])

Order = Literal["best", "newest", "smallest", "largest", "name"]
Fits = Literal["any", "room", "usable"]

MOST_BEST = 60
"""Rows of the order `best`: what lies behind has no chance."""

MOST_MADE_FROM = 30


@dataclass(frozen=True, slots=True)
class Filters:
    """What is asked of a list."""

    find: str
    task: str
    languages: tuple[str, ...]
    licence: LicenceNeed
    openness: OpennessNeed
    modalities: tuple[str, ...]
    maker: str
    provider: str
    size: tuple[float, float]
    """Least and most parameters."""

    age_months: float | None
    everything: bool


Word = Annotated[str, Query(max_length=200)]


def filters(
    find: Annotated[Word, Query(description="Words of its name.")] = "",
    task: Word = "",
    language: Annotated[list[str], Query(max_length=20, description="ISO codes; all of them.")] = [],  # noqa: B006
    licence: LicenceNeed = "any",
    openness: OpennessNeed = "weights",
    size: Annotated[str, Query(description="Billions of parameters, from-to: `4-10`, `-4`, `70-`.")] = "",
    age: Annotated[float | None, Query(gt=0, le=1200, description="Months since its release, at most.")] = None,
    modality: Annotated[list[str], Query(max_length=5, description="image, audio, video.")] = [],  # noqa: B006
    maker: Word = "",
    provider: Annotated[Word, Query(description="Hosted by it.")] = "",
    everything: Annotated[bool, Query(description="Older, incomplete, base and embedding models too.")] = False,
) -> Filters:
    """What the list is told."""
    return Filters(
        find, task, tuple(language), licence, openness, tuple(modality), maker, provider, _sizes(size), age, everything
    )


def _sizes(text: str) -> tuple[float, float]:
    low, dash, high = text.partition("-")
    try:
        found = (float(low) if low else 0.0, float(high) if high else float("inf"))
    except ValueError:
        found = (1.0, 0.0)
    if (text and not dash) or not 0 <= found[0] <= found[1]:
        raise UsageError(f"{text[:40]!r} is no range of sizes", hint="billions from-to: 4-10, -4, 70-")
    return found[0] * 1e9, found[1] * 1e9


@router.get("")
def get_catalog(
    wish: Wish,
    asked: Annotated[Filters, Depends(filters)],
    order: Order = "newest",
    fits: Annotated[Fits, Query(description="On the machine: `room`, or fast enough to be `usable`.")] = "any",
    start: Annotated[int, Query(ge=0)] = 0,
    count: Annotated[int, Query(ge=1, le=200)] = 50,
) -> dict[str, Any]:
    """Models in short (`bakeoff.catalog`), filtered and ordered, `count` of them from `start` on.

    `order=best` is the table of `bakeoff fit`: only what runs fast enough on the machine, the most able first, one of
    each base.
    """
    catalog = wish.planning.catalog
    models = _fitting(_filtered(catalog, asked), wish.planning, fits)
    models = _ordered(models, order, asked, wish.planning)
    shown = models[start : start + count]
    return document(
        catalog,
        total=len(models),
        of=len(catalog),
        start=start,
        models=[_short(model, catalog) for model in shown],
    )


def _short(model: Model, catalog: Catalog) -> dict[str, Any]:
    rows = catalog.evidence(model.id)
    return {
        **short_json(model),
        "name": model.name,
        "license_name": model.licence.name if model.licence is not None else None,
        "benchmarks": len(rows),
        "independent": sum(not row.self_reported for row in rows),
    }


def _filtered(catalog: Catalog, asked: Filters) -> list[Model]:
    since = None
    if asked.age_months is not None:
        day = datetime.date.fromisoformat(catalog.snapshot) - datetime.timedelta(days=30.44 * asked.age_months)
        since = day.isoformat()
    wanted = Wanted(
        words=asked.find, tasks=(asked.task,) if asked.task else (), languages=asked.languages,
        licence=asked.licence, openness=asked.openness, inputs=asked.modalities, since=since,
    )  # fmt: skip
    found = search(catalog.models, wanted)
    low, high = asked.size
    if (low, high) != (0.0, float("inf")):
        found = [model for model in found if low <= (model.parameters.total or -1) <= high]
    if asked.maker:
        found = [model for model in found if model.organisation == asked.maker]
    if asked.provider:
        at = hosts(catalog)
        found = [model for model in found if asked.provider in at.get(model.id, ())]
    return found if asked.everything else [model for model in found if is_current(model)]


def is_current(model: Model) -> bool:
    """A model that answers, and that is known well enough to be proposed."""
    return model.kind in ("chat", "translation") and not model.is_base and model.tier != 2 and not model.unverified


def _fitting(models: list[Model], planning: Planning, fits: Fits) -> list[Model]:
    if fits == "any":
        return models
    found = [model for model in models if planning.has_room(model)]
    if fits == "room":
        return found
    usable = []
    for model in found:
        plan = planning.plan(model)
        if plan is not None and plan.verdict in ("comfortable", "usable"):
            usable.append(model)
    return usable


def _ordered(models: list[Model], order: Order, asked: Filters, planning: Planning) -> list[Model]:
    """`search` has put the newest first."""
    if order == "best":
        task, language = asked.task or "chat", next(iter(asked.languages), None)
        able = [model for model in models if is_offered(model) and does(model, task, language)]
        return [row.plan.model for row in planning.search.best(able, task, MOST_BEST)]
    if order == "name":
        return sorted(models, key=lambda model: model.name.lower())
    if order in ("smallest", "largest"):
        known = [model for model in models if model.parameters.total is not None]
        return sorted(known, key=lambda model: model.parameters.total or 0, reverse=order == "largest")
    return models


@lru_cache(maxsize=2)
def hosts(catalog: Catalog) -> Mapping[str, frozenset[str]]:
    """Model id to the providers that host it, of those that a candidate can name."""
    found = hosted(Needs(hardware=NO_HARDWARE), catalog)
    return {name: frozenset(offer.provider for offer in own) for name, own in found.items()}


@router.get("/choices")
def get_choices() -> dict[str, Any]:
    """What the filters can be set to, each with how many models have it."""
    return choices(load())


@lru_cache(maxsize=2)
def choices(catalog: Catalog) -> dict[str, Any]:
    """Values of each filter, the most frequent first; of the models that are proposed."""
    models = [model for model in catalog.models if is_current(model)]
    builds: Sequence[str] = ("BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "IQ4_XS", "Q3_K_M", "Q2_K")
    return {
        "tasks": _counted(task for model in models for task in model.tasks),
        "languages": _counted(code for model in models for code in {*model.languages, *_vietnamese(model)}),
        "modalities": _counted(one for model in models for one in model.inputs if one != "text"),
        "makers": _counted(model.organisation for model in models),
        "providers": _counted(one for names in hosts(catalog).values() for one in names),
        "quantizations": [f"gguf:{name}" for name in builds],
        "models": len(models),
        "snapshot": catalog.snapshot,
    }


def _vietnamese(model: Model) -> tuple[str, ...]:
    return ("vi",) if model.vietnamese == "stated" else ()


def _counted(values: Iterable[str]) -> list[dict[str, Any]]:
    return [
        {"value": value, "models": n} for value, n in sorted(Counter(values).items(), key=lambda one: (-one[1], one[0]))
    ]


@router.get("/{model:path}")
def get_model(model: str, lang: Lang) -> dict[str, Any]:
    """Everything about one model (`bakeoff.catalog`): facts with their sources, evidence, what was made of it."""
    catalog = load()
    found = find(model, catalog)
    rows = sorted(catalog.evidence(found.id), key=lambda row: (row.category, row.benchmark, row.date))
    made = [
        {"model": other.id, "relation": parent.relation}
        for other in catalog.models for parent in other.lineage if parent.model == found.id
    ]  # fmt: skip
    why = found.no_architecture
    return document(
        catalog,
        model={
            **model_json(found, rows),
            "name": found.name,
            "no_architecture_text": sentence(why, lang) if why is not None else None,
            "known_parents": [parent.model for parent in found.lineage if parent.model in catalog],
            "made_from_it": made[:MOST_MADE_FROM],
            "providers": sorted(hosts(catalog).get(found.id, ())),
        },
    )
