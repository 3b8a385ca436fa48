"""How many models needs leave, and what stops the others: quickly, for a form that is being filled in.

By facts and room in memory it takes some tens of milliseconds; with a search, that keeps its plans, speeds count too.
Nothing is ordered and no ability is asked about: that is `shortlist`.
"""

import datetime
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from bakeoff.catalog.loading import Catalog
from bakeoff.catalog.model import Model
from bakeoff.fit.plan.plan import Plan
from bakeoff.needs import Needs
from bakeoff.shortlist.meeting import fails
from bakeoff.shortlist.running import too_slow
from bakeoff.shortlist.shortlist import FUNNEL
from bakeoff.shortlist.values import Offer


@dataclass(frozen=True, slots=True)
class Left:
    """What needs leave."""

    models: int
    """That meet the needs, as far as was looked."""

    looked_at: int
    out: tuple[tuple[str, int], ...]
    """Code of a reason (`FUNNEL`) to how many it stopped, in the order in which they are asked."""


def left(
    needs: Needs,
    catalog: Catalog,
    *,
    has_room: Callable[[Model], bool] | None,
    plan: Callable[[Model], Plan | None] | None = None,
    offers: Mapping[str, Sequence[Offer]] | None = None,
    today: datetime.date | None = None,
) -> Left:
    """Count the models that meet the needs.

    Args:
        needs: what is required.
        catalog: the models.
        has_room: whether a model has room on the machine of the needs; None where there is none to run on.
        plan: the plan to take for a model on that machine; None leaves speeds out of the count.
        offers: model id to its offers, where hosted models come into question.
        today: for ages; None: the date of the catalog.
    """
    day = today or datetime.date.fromisoformat(catalog.snapshot)
    hosted = offers if offers is not None and needs.hosted_allowed else {}
    stopped: Counter[str] = Counter()
    for model in catalog.models:
        failed = fails(model, needs, day)
        code = failed.code if failed is not None else _stopped(model, needs, has_room, plan, hosted)
        if code is not None:
            stopped[code] += 1
    return Left(
        models=len(catalog.models) - sum(stopped.values()),
        looked_at=len(catalog.models),
        out=tuple((code, stopped[code]) for code in FUNNEL if stopped[code]),
    )


def _stopped(
    model: Model,
    needs: Needs,
    has_room: Callable[[Model], bool] | None,
    plan: Callable[[Model], Plan | None] | None,
    hosted: Mapping[str, Sequence[Offer]],
) -> str | None:
    """Why a model whose facts do cannot be used; None where it can, here or at a provider."""
    own = hosted.get(model.id, ())
    if any(_affordable(one, needs) for one in own):
        return None
    if has_room is None:
        return "out.budget" if own else "out.nowhere_to_run"
    if not has_room(model):
        return "out.does_not_run"
    if plan is None:
        return None
    slow = too_slow(plan(model), needs)
    return slow.code if slow is not None else None


def _affordable(offer: Offer, needs: Needs) -> bool:
    budget, month = needs.budget_usd_per_month, offer.usd_per_month
    return budget is None or month is None or month <= budget
