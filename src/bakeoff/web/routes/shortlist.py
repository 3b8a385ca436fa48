"""The few models that are worth testing for a project's needs, and why each other one is not."""

from typing import Any

from fastapi import APIRouter

from bakeoff.catalog.finding import find
from bakeoff.catalog.loading import Catalog, load
from bakeoff.needs import Needs, contradictions
from bakeoff.needs.needs import NO_HARDWARE, THIS_MACHINE
from bakeoff.project.editing import tables
from bakeoff.project.needs import read_needs
from bakeoff.project.offers import hosted
from bakeoff.project.shortlisting import candidate_table
from bakeoff.report import Language
from bakeoff.report.words import label, sentence
from bakeoff.shortlist import Pick, Shortlist
from bakeoff.shortlist.alternatives import alternatives
from bakeoff.shortlist.as_json import SCHEMA, VERSION, pick_json
from bakeoff.shortlist.shortlist import shortlist
from bakeoff.values import reason, to_json
from bakeoff.web.errors import Refused
from bakeoff.web.language import Lang
from bakeoff.web.planner import PLANNER, Kept
from bakeoff.web.plans import plan_document
from bakeoff.web.words import all_told, told
from bakeoff.web.workspace import Project_

router = APIRouter(prefix="/api/projects/{project}/shortlist", tags=["shortlist"])

_found: Kept[Shortlist] = Kept(24)


@router.get("")
def get_shortlist(opened: Project_, lang: Lang, explain: str = "") -> dict[str, Any]:
    """The picks (`bakeoff.shortlist`) with reasons for and against, fine-tunes of each, and the way from the catalog.

    With `explain`, a model's name: whether it is among them, and why.
    """
    needs = read_needs(opened.folder)
    found = shortlist_of(needs or Needs(), lang)
    there = {one.get("name") for one in tables(opened.folder, "candidates")}
    catalog = load()
    return {
        "schema": SCHEMA,
        "version": VERSION,
        "needs": to_json(found.needs),
        "saved": needs is not None,
        "machine": found.machine.name if found.machine is not None else None,
        "catalog": found.snapshot,
        "looked_at": found.looked_at,
        "picks": [_pick(one, found, there, catalog, lang) for one in found.picks],
        "funnel": [
            {"code": code, "models": n, "text": label(f"shortlist.funnel.{code}", lang)} for code, n in found.funnel
        ],
        "relaxed": [
            {"key": one.key, "models": one.models,
             "text": sentence(reason("shortlist.relax", key=one.key, models=one.models), lang)}
            for one in found.relaxed
        ],
        "notes": all_told(found.notes, lang),
        "unit": sentence(reason("shortlist.unit"), lang),
        "explained": _explained(found, explain, catalog, lang) if explain.strip() else None,
    }  # fmt: skip


def shortlist_of(needs: Needs, lang: Language) -> Shortlist:
    """The shortlist, worked out again only where needs, machine or catalog changed.

    Raises:
        UsageError: a machine that means nothing.
        Refused: needs that contradict each other.
    """
    wrong = contradictions(needs)
    if wrong:
        raise Refused(422, "contradictions", " ".join(sentence(one, lang) for one in wrong))
    catalog = load()
    if needs.hardware == NO_HARDWARE:
        return _found.get(
            (needs, None, id(catalog)), lambda: shortlist(needs, None, catalog, offers=hosted(needs, catalog))
        )
    known = PLANNER.machine("" if needs.hardware == THIS_MACHINE else needs.hardware)

    def make() -> Shortlist:
        offers = hosted(needs, catalog)
        return shortlist(needs, known.machine, catalog, offers=offers, calibration=known.learnt)

    return _found.get((needs, known.key, id(catalog)), make)


def _pick(one: Pick, found: Shortlist, there: set[Any], catalog: Catalog, lang: Language) -> dict[str, Any]:
    entry = one.entry
    here = found.machine is not None and found.machine.here
    candidate = candidate_table(entry, here=here)
    return {
        **pick_json(one),
        "name": entry.model.name,
        "role_text": label(f"shortlist.role.{one.role}", lang),
        "reasons_for": all_told(one.reasons_for, lang),
        "reasons_against": all_told(one.reasons_against, lang),
        "plan": plan_document(entry.plan, lang, here=here) if entry.plan is not None else None,
        "candidate": candidate,
        "is_candidate": candidate["name"] in there,
        "alternatives": [other.id for other in alternatives(entry.model, catalog)[:10]],
    }


def _explained(found: Shortlist, name: str, catalog: Catalog, lang: Language) -> dict[str, Any]:
    model = find(name, catalog)
    for one in found.picks:
        if one.entry.model.id == model.id:
            role = label(f"shortlist.role.{one.role}", lang)
            why = reason("shortlist.is_in", model=model.id, role=role, chance=one.chance_best)
            return {"model": model.id, "in": True, "text": sentence(why, lang),
                    "reasons": all_told((*one.reasons_for, *one.reasons_against), lang)}  # fmt: skip
    out = found.out.get(model.id, reason("out.not_confirmed"))
    return {
        "model": model.id, "in": False,
        "text": sentence(reason("shortlist.is_out", model=model.id), lang), "reasons": [told(out, lang)],
    }  # fmt: skip
