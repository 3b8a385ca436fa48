"""The columns of the sheet: candidates added and removed, the prompt, and a row as each of them gets it."""

from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict, Field

from bakeoff.errors import BakeoffError, UsageError
from bakeoff.project.contestants import candidate_of
from bakeoff.project.sheet.editing import LONGEST, add_candidate, remove_candidate, set_prompt
from bakeoff.project.sheet.filled import Filled, filled
from bakeoff.project.sheet.whole_row import cut
from bakeoff.web.sheets import answer, conflicts, sheet_of
from bakeoff.web.workspace import Project_

router = APIRouter(prefix="/api/projects/{project}", tags=["sheet"])

Template = Annotated[str | None, Field(max_length=LONGEST)]
Name = Annotated[str | None, Field(max_length=500)]
Stamp = Annotated[str | None, Field(max_length=100)]


class Body(BaseModel):
    """Strict: a number is no text."""

    model_config = ConfigDict(strict=True, extra="forbid")


class OwnPrompt(Body):
    """What a candidate is told instead of the project's own."""

    system: Template = None


class NewCandidate(Body):
    """A column."""

    model: Annotated[str, Field(min_length=1, max_length=500)]
    build: Name = None
    via: Name = None
    name: Name = None
    provider: Name = None
    key: Annotated[str | None, Field(max_length=200, description="NAME of the variable that holds the key")] = None
    prompt: OwnPrompt | None = None
    stamp: Stamp = None


class NewPrompt(Body):
    """Templates; a key that is not there stays as it is, null takes it out."""

    system: Template = None
    user: Template = None
    stamp: Stamp = None


@router.post("/candidates", status_code=201)
def post_candidate(opened: Project_, new: NewCandidate) -> Response:
    """Add a candidate to the project file. `error` says why it cannot be run yet, where that is so."""
    values: dict[str, Any] = {
        name: getattr(new, name) for name in ("name", "model", "build", "via", "provider", "key")
    }  # fmt: skip
    if new.prompt is not None:
        values["system"] = new.prompt.system
    with opened.lock, conflicts():
        name = add_candidate(opened.project(), values, stamp=new.stamp)
    sheet = sheet_of(opened)
    own = [one for one in sheet.contestants if candidate_of(one.candidate.name, sheet.config.candidates).name == name]
    error = next((one.error for one in own if one.error is not None), None)
    return answer({"name": name, "stamp": sheet.stamp, "seq": sheet.seq, "error": _error(error)}, 201)


@router.delete("/candidates/{name:path}")
def delete_candidate(
    opened: Project_, name: str, stamp: Annotated[str | None, Query(max_length=100)] = None
) -> Response:
    """Take a candidate out of the project file; its answers are kept and come back with it."""
    with opened.lock, conflicts():
        remove_candidate(opened.project(), name, stamp=stamp)
    sheet = sheet_of(opened)
    return answer({"name": name, "stamp": sheet.stamp, "seq": sheet.seq})


@router.put("/prompt")
def put_prompt(opened: Project_, new: NewPrompt) -> Response:
    """Write the prompt of all candidates; 409 where the project file changed since `stamp`. Every cell is then open."""
    values = {name: getattr(new, name) for name in sorted(new.model_fields_set & {"system", "user"})}
    if not values:
        raise UsageError("nothing to write", hint="`system`, `user` or both")
    with opened.lock, conflicts():
        set_prompt(opened.project(), values, stamp=new.stamp)
    sheet = sheet_of(opened)
    return answer({"stamp": sheet.stamp, "seq": sheet.seq})


@router.get("/preview")
def get_preview(
    opened: Project_,
    row: Annotated[str | None, Query(max_length=10_000)] = None,
    candidate: Annotated[str | None, Query(max_length=1000)] = None,
    system: Annotated[str | None, Query(max_length=LONGEST)] = None,
    user: Annotated[str | None, Query(max_length=LONGEST)] = None,
) -> Response:
    """One row as each candidate gets it: the request, and its text. `system` and `user` try other templates.

    Nobody is asked: what a model's own chat template makes of it is shown by `bakeoff prompt`.
    """
    changed = {name: value for name, value in (("system", system), ("user", user)) if value is not None}
    # An empty field is no system message, as in the form that saves it.
    tried: dict[str, str | None] = {
        name: value or (None if name == "system" else value) for name, value in changed.items()
    }
    found = filled(opened.project(), row, candidate, changed=tried)
    return answer({"candidates": [_told(one) for one in found]})


def _told(one: Filled) -> dict[str, Any]:
    return {
        "name": one.candidate,
        "text": cut(one.text) if one.text is not None else None,
        "request": cut(one.request) if one.request is not None else None,
        "error": _error(one.error),
    }


def _error(error: BakeoffError | None) -> dict[str, Any] | None:
    return {"message": error.message, "hint": error.hint} if error is not None else None
