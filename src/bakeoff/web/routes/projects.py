"""The projects of a server: what they are, and new ones from a file, pasted rows or an example."""

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Request
from pydantic import BaseModel, ConfigDict, StringConstraints

from bakeoff.errors import BakeoffError
from bakeoff.evaluate.store import Ledger
from bakeoff.project import FILE_NAME, demo_folder, new
from bakeoff.project.demo import EXAMPLES
from bakeoff.project.locking import KIND
from bakeoff.project.progress import read_progress
from bakeoff.project.project import LEDGER_NAME
from bakeoff.web.creating import staged
from bakeoff.web.errors import Refused
from bakeoff.web.names import project_name, suggested
from bakeoff.web.uploads import Uploads
from bakeoff.web.workspace import Here, Opened

router = APIRouter(prefix="/api/projects", tags=["projects"])

COUNTED_BYTES = 16 * 1024 * 1024
"""A data file up to this size is read to count its rows; a larger one is counted when its project is opened."""

Text = Annotated[str, StringConstraints(max_length=100_000)]
Column = Annotated[str, StringConstraints(max_length=200)]


class NewProject(BaseModel):
    """What a project is made of: an upload, or an example."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, StringConstraints(max_length=500)]
    """Of its folder."""

    upload: Annotated[str, StringConstraints(max_length=100)] | None = None
    """Token of `POST api/uploads`."""

    example: Literal["sentiment_en", "sentiment_vi"] | None = None

    id: Column | None = None
    """Column with the rows' ids; "" numbers them; null guesses."""

    input: Column | None = None
    """Column that the prompt shows; null guesses."""

    target: Column | None = None
    """Column with what is right; null guesses."""

    by_people: bool = False
    """No column holds what is right; people will say it, blind."""

    system: Text | None = None
    user: Text | None = None
    """Template of the message, `{{ column }}` in it; null makes one."""


@router.get("")
def get_projects(here: Here) -> dict[str, Any]:
    """The projects of this server, each with its candidates, rows, state and last decision."""
    return {
        "single": here.single,
        "folder": here.folder.name,
        "examples": list(EXAMPLES),
        "projects": [_told(here.opened(name)) for name in here.names()],
    }


@router.post("", status_code=201, responses={409: {"description": "the name is taken"}})
def create_project(asked: NewProject, request: Request, here: Here) -> dict[str, Any]:
    """Make a project; it is there whole, or not at all."""
    if here.single:
        raise Refused(
            409, "single", "this server was started for one project",
            hint="start `bakeoff open` in the folder above it to make others",
        )  # fmt: skip
    if (asked.upload is None) == (asked.example is None):
        raise Refused(400, "from", "a project is made of an upload or of an example", hint="name one of the two")
    if asked.example is not None:
        name = project_name(asked.name or suggested(asked.example, here.names()))
        with staged(here.folder, name) as place:
            demo_folder(place, example=asked.example)
    else:
        name = project_name(asked.name)
        uploads: Uploads = request.app.state.uploads
        upload = uploads.get(asked.upload or "")
        with staged(here.folder, name) as place:
            new(
                place, upload.path, id=asked.id, input=asked.input, target=asked.target, by_people=asked.by_people,
                prompt=asked.user, system=asked.system,
            )  # fmt: skip
        uploads.drop(upload)
    return {"name": name}


def _told(opened: Opened) -> dict[str, Any]:
    """One project of the list. What is wrong with it is told in its place; the others are shown all the same."""
    found: dict[str, Any] = {
        "name": opened.name, "state": "new", "n_rows": None, "candidates": [], "decision": None, "error": None,
    }  # fmt: skip
    try:
        project = opened.project()
        found["changed_at"] = _changed_at(opened)
        found["candidates"] = [one.name for one in project.config.candidates]
        data = opened.folder / project.config.data.file
        if data.is_file() and data.stat().st_size <= COUNTED_BYTES:
            found["n_rows"] = opened.kept("n_rows", lambda one: len(one.table().rows), with_ledger=False)
        found |= _state(opened)
    except BakeoffError as error:
        found |= {"state": "broken", "error": {"message": error.message, "hint": error.hint}}
    except OSError as error:
        found |= {"state": "broken", "error": {"message": str(error.strerror or error), "hint": None}}
    return found


def _state(opened: Opened) -> dict[str, Any]:
    progress = read_progress(opened.folder)
    if not (opened.folder / LEDGER_NAME).is_file():
        return {"state": "running" if progress is not None and progress.running else "new"}
    with Ledger(opened.folder / LEDGER_NAME) as ledger:
        decisions, answered = ledger.findings(KIND), ledger.calls_seq() > 0
    last = decisions[-1] if decisions else None
    state = "answered" if answered else "new"
    if last is not None:
        state = "decided"
    if progress is not None and progress.running:
        state = "running"
    decision = (
        {"at": last.at, "choice": last.value.get("choice"), "verdict": last.value.get("verdict")} if last else None
    )
    return {"state": state, "decision": decision}


def _changed_at(opened: Opened) -> float:
    """Seconds since 1970; of the last write to the project file or its ledger."""
    paths = (opened.folder / FILE_NAME, opened.folder / LEDGER_NAME, opened.folder / f"{LEDGER_NAME}-wal")
    return max(path.stat().st_mtime for path in paths if path.exists())
