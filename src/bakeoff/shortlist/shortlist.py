"""From needs to three to five candidates: filter by facts, by the machine, order by ability, choose a set to test."""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace

from bakeoff.catalog.loading import Catalog
from bakeoff.catalog.model import Model
from bakeoff.fit.plan.ability import by_size_and_date
from bakeoff.fit.plan.bases import base, counted_date, is_derived
from bakeoff.fit.plan.calibration import NOTHING, Calibration
from bakeoff.fit.plan.choose import POINTS_PER_DOUBLING, loss
from bakeoff.fit.plan.plan import Plan
from bakeoff.fit.plan.table import Search
from bakeoff.hardware.machine import Machine
from bakeoff.needs import Needs
from bakeoff.shortlist.meeting import expected_loss, fails, specialised
from bakeoff.shortlist.picking import pick
from bakeoff.shortlist.portfolio import dominates, front, utility
from bakeoff.shortlist.quality import Standing, standings
from bakeoff.shortlist.quality.parameters import shipped
from bakeoff.shortlist.quality.skills import mixture, results
from bakeoff.shortlist.quality.standing import Entrant
from bakeoff.shortlist.running import too_slow, wanted
from bakeoff.shortlist.values import Entry, Offer, Relaxed, Shortlist
from bakeoff.values import Reason, reason

MOST_PLANS = 60
"""Models that are planned in full, best first: the rest is far behind in ability, and not lighter than all of these."""

SAME_SIZE = 1.0
"""Doublings by which a model must be ahead of one that is no lighter and no faster, for the other to be left out."""


def shortlist(
    needs: Needs,
    machine: Machine | None,
    catalog: Catalog,
    *,
    offers: Mapping[str, Sequence[Offer]] | None = None,
    calibration: Calibration = NOTHING,
    today: datetime.date | None = None,
) -> Shortlist:
    """The candidates that are worth testing.

    Args:
        needs: what is required.
        machine: of the needs; None where there is none to run on.
        catalog: the models.
        offers: model id to the providers that host it; only used where the needs allow it.
        calibration: what measurements on this machine taught.
        today: for ages; None: the date of the catalog, so that the same catalog gives the same list.
    """
    day = today or datetime.date.fromisoformat(catalog.snapshot)
    out: dict[str, Reason] = {}
    suited = []
    for model in catalog.models:
        failed = fails(model, needs, day)
        if failed is None:
            suited.append(model)
        else:
            out[model.id] = failed
    standing = stand(suited, needs, catalog)
    for model in suited:
        if model.id not in standing:
            out[model.id] = reason("out.size_or_date_unknown")
    hosted = offers if offers is not None and needs.hosted_allowed else {}
    heads = _heads([model for model in suited if model.id in standing], needs, standing, catalog, hosted, out)
    entries = _entries(heads, needs, machine, catalog, standing, hosted, calibration, out)
    entries = _without_dominated(entries, needs, out)
    entries.sort(key=lambda one: -utility(one, needs.prefer))
    picks = pick(entries, needs, catalog, day)
    chosen = {one.entry.model.id for one in picks}
    for entry in entries:
        if entry.model.id not in chosen:
            out[entry.model.id] = reason("out.others_promise_more", value=entry.quality, spread=entry.standing.spread)
    for name in chosen:
        out.pop(name, None)
    codes = Counter(one.code for one in out.values())
    return Shortlist(
        needs=needs,
        machine=machine,
        picks=tuple(picks),
        front=tuple(front(entries)),
        entries=tuple(entries),
        out=out,
        funnel=tuple((code, codes[code]) for code in FUNNEL if codes[code]),
        looked_at=len(catalog.models),
        snapshot=catalog.snapshot,
        relaxed=() if picks else _relaxed(needs, catalog, day),
        notes=(*(machine.notes if machine is not None else ()), *_domain_note(needs, entries)),
    )


def _domain_note(needs: Needs, entries: Sequence[Entry]) -> Iterator[Reason]:
    """Nothing that is made for the domain is among those that meet the needs."""
    if needs.domain is not None and not any(specialised(one.model, needs) for one in entries):
        yield reason("shortlist.none_specialised", domain=needs.domain)


FUNNEL = (
    "out.kind", "out.not_confirmed", "out.no_architecture", "out.language", "out.inputs", "out.domain", "out.license",
    "out.openness", "out.context", "out.age", "out.size_or_date_unknown", "out.version", "out.nowhere_to_run",
    "out.does_not_run", "out.users", "out.decode_speed", "out.first_token", "out.too_slow", "out.load", "out.budget",
    "out.far_behind", "out.dominated", "out.others_promise_more",
)  # fmt: skip
"""Every reason to be out, in the order in which they are asked."""


def stand(models: Iterable[Model], needs: Needs, catalog: Catalog) -> dict[str, Standing]:
    """Where models stand at the task of the needs. All of the catalog informs them: siblings too."""
    found = standings(entrants(catalog), results(catalog.evidence()), shipped(), mixture(needs.task, needs.languages))
    names = {model.id for model in models}
    return {name: one for name, one in found.items() if name in names}


def entrants(catalog: Catalog) -> list[Entrant]:
    """Every model whose size and date are known."""
    priors = [(model, by_size_and_date(model, counted_date(model, catalog.by_id))) for model in catalog.models]
    return [Entrant(model.id, model.family, prior) for model, prior in priors if prior is not None]


def _heads(
    models: Sequence[Model],
    needs: Needs,
    standing: Mapping[str, Standing],
    catalog: Catalog,
    offers: Mapping[str, Sequence[Offer]],
    out: dict[str, Reason],
) -> list[Model]:
    """One of each base: the best by evidence, else the maker's newest. What is made for the domain stands alone.

    Where no provider hosts that one, the best of those that are hosted stands beside it.
    """
    groups: dict[tuple[object, ...], list[Model]] = {}
    for model in models:
        key = base(model, catalog.by_id)
        groups.setdefault((*key, "specialised") if specialised(model, needs) else key, []).append(model)
    heads = []
    for versions in groups.values():
        own = [model for model in versions if not is_derived(model, catalog.by_id)] or versions
        newest = max(own, key=lambda model: (model.release.date if model.release is not None else "", model.id))
        proven = [model for model in versions if standing[model.id].independent]
        head = max([newest, *proven], key=lambda model: (standing[model.id].value, model is newest))
        hosted = [model for model in versions if model.id in offers]
        beside = max(hosted, key=lambda model: standing[model.id].value, default=head)
        chosen = [head] if head.id in offers or beside is head else [head, beside]
        heads += chosen
        for model in versions:
            if model not in chosen:
                out[model.id] = reason("out.version", head=head.name)
    return heads


def _entries(
    heads: Sequence[Model],
    needs: Needs,
    machine: Machine | None,
    catalog: Catalog,
    standing: Mapping[str, Standing],
    offers: Mapping[str, Sequence[Offer]],
    calibration: Calibration,
    out: dict[str, Reason],
) -> list[Entry]:
    """Every way in which a head can be used: on the machine, and at the cheapest provider."""
    search = Search(machine, wanted(needs), catalog, catalog.by_id, calibration) if machine is not None else None
    entries: list[Entry] = []
    planned = 0
    expected = {model.id: standing[model.id].value - expected_loss(model, needs) for model in heads}
    for model in sorted(heads, key=lambda one: (not specialised(one, needs), -expected[one.id])):
        found, quality = standing[model.id], expected[model.id]
        offer = _cheapest(offers.get(model.id, ()))
        if offer is not None:
            if _over_budget(offer, needs):
                out[model.id] = reason("out.budget", dollars=str(offer.usd_per_month), provider=offer.provider)
            else:
                entries.append(Entry(model, found, quality, None, offer))
                out.pop(model.id, None)
        if search is None:
            if offer is None:
                out[model.id] = reason("out.nowhere_to_run")
            continue
        if planned >= MOST_PLANS:
            if offer is None:
                out[model.id] = reason("out.far_behind", value=quality)
            continue
        plan = search.plan(model)
        planned += plan is not None
        failed = too_slow(plan, needs)
        if failed is None and plan is not None:
            entries.append(Entry(model, found, quality - _lost(plan), plan))
            out.pop(model.id, None)
        elif offer is None and failed is not None:
            out[model.id] = failed
    return entries


def _lost(plan: Plan) -> float:
    """The most that the build is expected to lose, in doublings, as in the table of `fit`."""
    return (loss(plan) if plan.quality_loss is None else plan.quality_loss.high) / POINTS_PER_DOUBLING


def _cheapest(offers: Sequence[Offer]) -> Offer | None:
    known = [offer for offer in offers if offer.usd_per_month is not None]
    return min(known, key=lambda one: one.usd_per_month or 0.0) if known else next(iter(offers), None)


def _over_budget(offer: Offer, needs: Needs) -> bool:
    budget, month = needs.budget_usd_per_month, offer.usd_per_month
    return budget is not None and month is not None and month > budget


def _without_dominated(entries: list[Entry], needs: Needs, out: dict[str, Reason]) -> list[Entry]:
    """Leave out what another beats by far in quality without being heavier, slower or dearer.

    How much being made for a domain is worth, no benchmark here says: a specialist gives way to specialists only.
    """
    kept = []
    for entry in entries:
        rivals = [other for other in entries if specialised(other.model, needs) or not specialised(entry.model, needs)]
        by = next((other for other in rivals if dominates(other, entry, SAME_SIZE)), None)
        if by is None:
            kept.append(entry)
        else:
            out[entry.model.id] = reason("out.dominated", by=by.model.name)
    for entry in kept:
        out.pop(entry.model.id, None)
    return kept


RELAXABLE: dict[str, object] = {
    "languages": ("en",), "inputs": ("text",), "domain": None, "license": "any", "openness": "weights",
    "context_tokens": 1024, "max_age_months": None,
}  # fmt: skip
"""Needs that facts can fail, and what no requirement looks like."""


def _relaxed(needs: Needs, catalog: Catalog, day: datetime.date) -> tuple[Relaxed, ...]:
    """For each need of facts: how many models would meet all the others."""
    found = []
    before = sum(fails(model, needs, day) is None for model in catalog.models)
    for key, value in RELAXABLE.items():
        if getattr(needs, key) == value:
            continue
        easier = replace(needs, **{key: value})  # type: ignore[arg-type]
        n = sum(fails(model, easier, day) is None for model in catalog.models)
        if n > before:
            found.append(Relaxed(key, n))
    return tuple(sorted(found, key=lambda one: -one.models))
