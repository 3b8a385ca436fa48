"""Long work: run, judge, add, check, probe; each in a process of its own that survives the server."""

import asyncio
import time
from pathlib import Path
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from pydantic import BaseModel, ConfigDict, Field

from bakeoff.project.progress import stamp_of
from bakeoff.project.quote_json import quote_json
from bakeoff.project.verbs import Verb, check_options, run_options
from bakeoff.report.judge_json import judge_quote_json
from bakeoff.web.engines import release_engines
from bakeoff.web.errors import Refused
from bakeoff.web.jobs import job_document, start_job, stop_job
from bakeoff.web.language import Lang
from bakeoff.web.workspace import Project_

router = APIRouter(prefix="/api/projects/{project}", tags=["jobs"])

LOOK_SECONDS = 0.15
LONGEST_WAIT = 25.0


class JobIn(BaseModel):
    """What to do."""

    model_config = ConfigDict(extra="forbid")

    verb: Verb
    options: dict[str, Any] = Field(default_factory=dict)
    """Of the verb: run `{only, rows, retry_failed, repeats, max_cost_usd, max_minutes, race}`, judge `{rows,
    max_cost_usd, max_minutes}`, add `{model, build, via, name, key, max_cost_usd}`, check `{rows, max_cost_usd,
    offline}`, probe `{candidate, levels, requests, prompt_tokens, output_tokens}`."""

    dry_run: bool = False
    """Of run and judge: start nothing, say what it would ask."""


@router.post("/jobs", status_code=202)
def post_job(opened: Project_, request: Request, asked: JobIn, lang: Lang) -> dict[str, Any]:
    """Start long work, and answer as soon as it holds the project: 202 with the job, 409 while another one runs.

    With `dry_run`, answer instead what it would ask, cost and take: schema `bakeoff.quote`, or a judge's quote.
    """
    check_options(asked.verb, asked.options)
    project = opened.project()  # a file that is wrong is told here, not by the process
    if asked.dry_run:
        if asked.verb == "run":
            return quote_json(project.quote(run_options(asked.options)))
        if asked.verb == "judge":
            return judge_quote_json(project.judged(rows=asked.options.get("rows")))
        raise Refused(400, "UsageError", f"{asked.verb} has no dry run", hint="run and judge have one")
    release_engines(request)
    start_job(opened.folder, asked.verb, asked.options)
    return job_document(opened.folder, lang)


@router.get("/job")
async def get_job(
    opened: Project_,
    request: Request,
    lang: Lang,
    after: Annotated[str | None, Query(max_length=80, description="`stamp` of the answer before")] = None,
    wait: Annotated[float, Query(ge=0, le=LONGEST_WAIT, description="seconds to wait for another one")] = 0.0,
) -> dict[str, Any]:
    """What runs, or how the last piece of work ended; one started in a terminal too.

    With `after` and `wait` the answer comes when something changed, so that watching costs next to nothing.
    """
    until = time.monotonic() + wait
    while after is not None and time.monotonic() < until and await _stamp(opened.folder) == after:
        if await request.is_disconnected():
            break
        await asyncio.sleep(LOOK_SECONDS)
    return await asyncio.to_thread(job_document, opened.folder, lang)


async def _stamp(folder: Path) -> str:
    return await asyncio.to_thread(stamp_of, folder)


@router.delete("/job")
def delete_job(opened: Project_, lang: Lang) -> dict[str, Any]:
    """Stop what runs, as Ctrl-C does: everything that was answered is kept. Answers how it stands then."""
    stop_job(opened.folder)
    return job_document(opened.folder, lang)
