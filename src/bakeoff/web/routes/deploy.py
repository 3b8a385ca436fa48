"""Deploy: what runs a candidate for real, from one command to a cluster, with the planned parameters."""

from typing import Annotated, Any

from fastapi import APIRouter, Query

from bakeoff.evaluate.types import Candidate
from bakeoff.needs.needs import NO_HARDWARE, THIS_MACHINE
from bakeoff.project.contestants import candidate_of
from bakeoff.project.costing import endpoint_of, known_model
from bakeoff.project.deploying import deployment_for
from bakeoff.project.project import Project
from bakeoff.report.deploy_json import deploy_json
from bakeoff.values import reason
from bakeoff.web.errors import Refused
from bakeoff.web.language import Lang
from bakeoff.web.planner import PLANNER
from bakeoff.web.routes.compare import compared
from bakeoff.web.words import all_told
from bakeoff.web.workspace import Project_

router = APIRouter(prefix="/api/projects/{project}", tags=["deploy"])


@router.get("/deploy")
def get_deploy(
    opened: Project_,
    lang: Lang,
    candidate: Annotated[str | None, Query(max_length=400, description="by name; the choice")] = None,
    on: Annotated[str | None, Query(max_length=500, description="a machine by name; the needs', else this one")] = None,
    engine: Annotated[str | None, Query(max_length=40, description="llama.cpp, vllm or sglang")] = None,
    context_tokens: Annotated[int | None, Query(ge=1, le=100_000_000)] = None,
    users: Annotated[int | None, Query(ge=1, le=100_000)] = None,
) -> dict[str, Any]:
    """The document of `bakeoff deploy --json`: plan, files and first steps.

    A candidate that a provider serves is run by nobody here: `hosted` says by whom, and there are no files. Nor are
    there of one that a server of one's own answers and the catalog does not know: `elsewhere`.
    """
    project = opened.project()
    asked = candidate or compared(opened).decision.choice
    if asked is None:
        raise Refused(422, "no-choice", "there is no choice yet", hint="name a candidate")
    found = _candidate(project, asked)
    empty: dict[str, Any] = dict.fromkeys(("hosted", "elsewhere", "machine", "document"))
    empty |= {"candidate": found.name, "steps": [], "left_out": []}
    endpoint = endpoint_of(found) if found.via != "file" else None
    if endpoint is not None and on is None and engine is None:
        steps = [reason("report.hosted", model=found.model, url=endpoint), reason("deploy.step.check")]
        return {**empty, "hosted": {"model": found.model, "url": endpoint}, "steps": all_told(steps, lang)}
    if found.via.startswith(("http://", "https://", "file")) and known_model(found) is None:
        return {**empty, "elsewhere": {"model": found.model, "url": _shown(found.via)}}
    needs = project.config.needs
    own = needs.hardware if needs is not None and needs.hardware not in (THIS_MACHINE, NO_HARDWARE) else ""
    machine = PLANNER.machine(on or own).machine
    plan = deployment_for(
        found.name, opened.folder, on=machine, engine=engine, context_tokens=context_tokens, users=users
    )
    return {
        **empty,
        "machine": machine.name,
        "document": deploy_json(plan),
        "steps": all_told(plan.steps, lang),
        "left_out": all_told(plan.left_out, lang),
    }


def _shown(via: str) -> str | None:
    """A server's address without user name and password; None where answers came in a file."""
    return None if via == "file" else f"{via.partition('://')[0]}://{via.partition('://')[2].rpartition('@')[2]}"


def _candidate(project: Project, name: str) -> Candidate:
    """By the name of the candidate or of one of its columns.

    Raises:
        Refused: 404, there is none.
    """
    known = [one.name for one in project.config.candidates]
    columns = {one.candidate.name for one in project.contestants()}
    if name not in known and name not in columns:
        raise Refused(404, "not-found", f"there is no candidate {name[:60]!r}", hint=f"there are: {', '.join(known)}")
    return candidate_of(name, project.config.candidates)
