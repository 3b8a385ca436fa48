"""Fine-tunes that exist already: of the model itself, and of what it was made from. To be tested first."""

from dataclasses import dataclass

from bakeoff.catalog.loading import Catalog, load
from bakeoff.catalog.model import Model
from bakeoff.fit.plan.bases import MADE_FROM

TUNED = MADE_FROM | {"distill"}


@dataclass(frozen=True, slots=True)
class Relative:
    """A model that somebody tuned already."""

    model: Model
    relation: str
    """To its own parent."""

    parent: str
    of_the_model: bool
    """Its parent is the model asked about; else they have a parent in common, or it descends further down."""


def relatives(model: Model, catalog: Catalog | None = None) -> list[Relative]:
    """Fine-tunes of the model first, then of its parents and children; the newest first. Models for chat only."""
    known = (catalog or load()).models
    parents = {line.model for line in model.lineage}
    down = {model.id}
    while True:
        more = {one.id for one in known for line in one.lineage if line.model in down and line.relation in TUNED} - down
        if not more:
            break
        down |= more
    found = []
    for one in known:
        if one.id == model.id or one.kind != "chat" or one.id in parents:
            continue
        for line in one.lineage:
            if line.relation in TUNED and (line.model in down or line.model in parents):
                found.append(Relative(one, line.relation, line.model, line.model == model.id))
                break
    return sorted(found, key=lambda one: (one.of_the_model, _date(one.model)), reverse=True)


def _date(model: Model) -> str:
    return model.release.date if model.release is not None else ""
