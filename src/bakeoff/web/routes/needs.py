"""What is needed of a model: the questions with their explanations, the answers, and how many models they leave."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from bakeoff.catalog.loading import Catalog, load
from bakeoff.errors import UsageError
from bakeoff.needs import QUESTIONS, TEMPLATES, Needs, contradictions, fix, parse_needs
from bakeoff.needs.needs import CHOICES, NO_HARDWARE, RANGES, THIS_MACHINE, WHOLE
from bakeoff.project.needs import needs_table, read_needs, write_needs
from bakeoff.project.offers import hosted
from bakeoff.report import Language
from bakeoff.report.words import label, sentence
from bakeoff.shortlist.counting import left
from bakeoff.shortlist.running import wanted
from bakeoff.values import reason, to_json
from bakeoff.web.errors import Refused
from bakeoff.web.language import Lang
from bakeoff.web.planner import PLANNER, Known
from bakeoff.web.routes.catalog import is_current
from bakeoff.web.words import told
from bakeoff.web.workspace import Opened, Project_

router = APIRouter(prefix="/api/projects/{project}/needs", tags=["needs"])

UNASKED = ("growth_per_year", "max_age_months")
"""Needs that the wizard of the command line passes over: they have their place in a form."""


KINDS = {"languages": "languages", "inputs": "inputs", "fine_tuning": "boolean", "hardware": "machine"}
"""Needs with a field of their own in the form."""


class Given(BaseModel):
    """Needs as a form has them; what is left out is at its default."""

    values: dict[str, Any]
    stamp: str | None = None
    """Of the needs that the form was filled from."""

    speeds: bool = False
    """Count what is too slow too: the first time for a machine it takes a second."""


@router.get("")
def get_needs(opened: Project_, lang: Lang) -> dict[str, Any]:
    """The questions of the wizard with their explanations, the templates, and the needs of the project."""
    found = read_needs(opened.folder)
    needs = found or Needs()
    return {
        "schema": "bakeoff.needs",
        "version": 1,
        "saved": found is not None,
        "stamp": stamp_of(found),
        "needs": to_json(needs),
        "defaults": to_json(Needs()),
        "questions": questions(lang),
        "templates": [
            {"name": one.name, "needs": dict(one.needs), "graders": [dict(grader) for grader in one.graders],
             "judge": one.judge, "system": one.system}
            for one in TEMPLATES
        ],
        "contradictions": _contradictions(needs, lang),
    }  # fmt: skip


def questions(lang: Language) -> list[dict[str, Any]]:
    """Each need: its words, the line that explains it, and what may be answered."""
    return [_question(key, lang) for key in (*(one.key for one in QUESTIONS), *UNASKED)]


def _question(key: str, lang: Language) -> dict[str, Any]:
    least, most = RANGES.get(key, (None, None))
    return {
        "key": key,
        "words": sentence(reason(f"ask.{key}"), lang),
        "why": sentence(reason(f"ask.{key}.why"), lang),
        "kind": _kind(key),
        "choices": list(CHOICES.get(key, ())),
        "least": least,
        "most": most,
        "whole": key in WHOLE,
        "optional": getattr(Needs(), key) is None,
    }


def _kind(key: str) -> str:
    if key in CHOICES:
        return "choice"
    if key in RANGES:
        return "number"
    return KINDS.get(key, "text")


@router.put("")
def put_needs(opened: Project_, lang: Lang, given: Given) -> dict[str, Any]:
    """Write `[needs]` of the project file. 409 where they changed since `stamp`, with what they are now."""
    needs, problems = checked(given.values)
    if problems:
        first = problems[0]
        raise Refused(400, "needs", first["message"], hint=first["hint"], problems=problems)
    wrong = _contradictions(needs, lang)
    if wrong:
        raise Refused(422, "contradictions", " ".join(one["text"] for one in wrong), contradictions=wrong)
    with opened.lock:
        before = read_needs(opened.folder)
        if given.stamp is not None and given.stamp != stamp_of(before):
            theirs = to_json(before or Needs())
            raise Refused(
                409, "conflict", "the needs were changed by somebody else meanwhile", theirs=theirs,
                stamp=stamp_of(before),
            )  # fmt: skip
        if needs != before:
            write_needs(opened.folder, needs)
    return get_needs(opened, lang)


@router.post("/count")
def post_count(opened: Project_, lang: Lang, given: Given) -> dict[str, Any]:
    """How many models the needs leave, and how many each reason stops. Nothing is written.

    What is wrong is told by its key, and the count is about the rest. Without `speeds` it is about facts and memory,
    unless the speeds are known already.
    """
    needs, problems = checked(given.values)
    known = _machine(needs)
    catalog = load()
    found, with_speeds = _left(needs, known, catalog, speeds=given.speeds)
    return {
        "left": found.models,
        "looked_at": found.looked_at,
        "catalog": catalog.snapshot,
        "machine": known.machine.name if known is not None else None,
        "speeds": with_speeds,
        "out": [
            {"code": code, "models": n, "text": label(f"shortlist.funnel.{code}", lang)} for code, n in found.out
        ],
        "asked": [*(one.key for one in QUESTIONS if one.asked(needs)), *UNASKED],
        "problems": problems,
        "contradictions": _contradictions(needs, lang),
    }  # fmt: skip


def _left(needs: Needs, known: Known | None, catalog: Catalog, *, speeds: bool) -> tuple[Any, bool]:
    offers = hosted(needs, catalog) if needs.hosted_allowed else None
    if known is None:
        return left(needs, catalog, has_room=None, offers=offers), True
    planning = PLANNER.planning(known, wanted(needs))
    if speeds:
        planning.plan_all(filter(is_current, catalog.models))
    speeds = planning.complete
    found = left(
        needs, catalog, has_room=planning.has_room, plan=planning.plan if speeds else None, offers=offers
    )  # fmt: skip
    return found, speeds


def _machine(needs: Needs) -> Known | None:
    if needs.hardware == NO_HARDWARE:
        return None
    return PLANNER.machine("" if needs.hardware == THIS_MACHINE else needs.hardware)


def checked(values: Mapping[str, Any]) -> tuple[Needs, list[dict[str, Any]]]:
    """Needs of what can be read, and what is wrong with the rest: key, message, hint."""
    needs, problems = Needs(), []
    for key, value in values.items():
        try:
            better = parse_needs({key: value}, needs)
            if key == "hardware":
                _machine(better)
        except UsageError as error:
            problems.append({"key": key[:60], "message": error.message, "hint": error.hint})
        else:
            needs = better
    return needs, problems


def _contradictions(needs: Needs, lang: Language) -> list[dict[str, Any]]:
    return [
        {**told(one, lang), "key": one.parameters["key"], "fix": to_json(fix(one, needs))}
        for one in contradictions(needs)
    ]


def stamp_of(needs: Needs | None) -> str:
    """Changes with the needs, not with the rest of the project file."""
    text = json.dumps(to_json(needs_table(needs)) if needs is not None else None, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def needs_of(opened: Opened) -> Needs:
    """The needs of a project; the defaults where it has none."""
    return read_needs(opened.folder) or Needs()
