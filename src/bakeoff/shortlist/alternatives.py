"""Fine-tunes of a candidate's family: models that others made from it for a subject, to test beside it."""

from collections.abc import Iterable

from bakeoff.catalog.loading import Catalog
from bakeoff.catalog.model import Model
from bakeoff.fit.plan.bases import base


def alternatives(model: Model, catalog: Catalog) -> tuple[Model, ...]:
    """Models of the same base with a domain, or made by somebody else; the newest first.

    Only those that are in the catalog: there are more on the Hub, of which nobody has checked anything.
    """
    own = base(model, catalog.by_id)
    found = [
        other
        for other in catalog.models
        if other.id != model.id
        and other.kind == "chat"
        and not other.is_base
        and base(other, catalog.by_id) == own
        and (other.domain is not None or other.organisation != model.organisation)
    ]
    return tuple(_newest_first(found))


def _newest_first(models: Iterable[Model]) -> list[Model]:
    return sorted(models, key=lambda one: one.release.date if one.release is not None else "", reverse=True)
