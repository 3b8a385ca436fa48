"""What runs on a machine: rows of a table of models, or one model with every build."""

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query

from bakeoff.catalog.finding import find
from bakeoff.fit.plan.answering import answer
from bakeoff.fit.plan.as_json import answer_json, request_json
from bakeoff.report import Language
from bakeoff.web.language import Lang
from bakeoff.web.planner import PLANNER, Planning, wish
from bakeoff.web.plans import machine_document, plan_document, row_document
from bakeoff.web.words import all_told

router = APIRouter(prefix="/api/fit", tags=["fit"])

MOST_MODELS = 60
"""In one answer; a page of the table asks for those that are seen."""

Tokens = Annotated[int | None, Query(ge=1, le=100_000_000)]


@dataclass(frozen=True, slots=True)
class Asked:
    """The machine and the wish of a request."""

    planning: Planning
    lang: Language


def asked(
    lang: Lang,
    machine: Annotated[str, Query(description="A name as `bakeoff fit --on` takes it; empty: this machine.")] = "",
    context: Annotated[Tokens, Query(description="Tokens of context of each user.")] = None,
    prompt: Annotated[Tokens, Query(description="Tokens of a usual request.")] = None,
    output: Annotated[Tokens, Query(description="Tokens of its answer.")] = None,
    users: Annotated[int, Query(ge=1, le=100_000, description="Requests at the same time.")] = 1,
    quantization: Annotated[str, Query(description="Only this build: Q4_K_M, awq; empty: the best.")] = "",
) -> Asked:
    """What every route here is told."""
    wanted = wish(
        context_tokens=context, prompt_tokens=prompt, output_tokens=output, users=users, build=quantization or None
    )
    return Asked(PLANNER.planning(PLANNER.machine(machine), wanted), lang)


Wish = Annotated[Asked, Depends(asked)]


@router.get("")
def get_fit(wish: Wish, model: Annotated[list[str], Query(max_length=MOST_MODELS)]) -> dict[str, Any]:
    """How each of several models runs: the build to take, memory by device, speed, largest context, verdict.

    A model that is not in the catalog is an error; one that does not run says why.
    """
    planning = wish.planning
    models = [find(name, planning.catalog) for name in model]
    return {
        "schema": "bakeoff.fit",
        "version": 1,
        "machine": machine_document(planning.known.machine, wish.lang),
        "request": _request(planning),
        "plans": [row_document(one, planning, wish.lang) for one in models],
    }


@router.get("/{model:path}")
def get_fit_model(model: str, wish: Wish) -> dict[str, Any]:
    """One model (`bakeoff.fit`): every build, the one to take, what would change that, the command that runs it."""
    planning = wish.planning
    known = planning.known
    found = answer(
        find(model, planning.catalog), known.machine, planning.wanted,
        calibration=known.learnt,
    )  # fmt: skip
    here = known.machine.here
    return {
        **answer_json(found),
        "machine": machine_document(known.machine, wish.lang),
        "plans": [plan_document(one, wish.lang, here=here, chosen=one is found.chosen) for one in found.plans],
        "changes": all_told(found.changes, wish.lang),
        "notes": all_told(found.notes, wish.lang),
        "why": all_told(found.why, wish.lang),
    }


def _request(planning: Planning) -> dict[str, Any]:
    wanted = planning.wanted
    return {**request_json(wanted), "build": str(wanted.build) if wanted.build is not None else None}
