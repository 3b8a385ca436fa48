"""Files from people: sent as they are, looked at, and described, so that a project can be made of them."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from anyio.to_thread import run_sync
from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool

from bakeoff.errors import ProjectError
from bakeoff.evaluate.types import Table
from bakeoff.project.creating import guess, starting_prompt
from bakeoff.project.sheet.writing.data import MOST_ROWS
from bakeoff.web.errors import Refused
from bakeoff.web.language import Lang
from bakeoff.web.names import data_file_name, suggested
from bakeoff.web.routes.rows import added
from bakeoff.web.uploads import Upload, Uploads
from bakeoff.web.words import all_told
from bakeoff.web.workspace import Here, Opened, Workspace

router = APIRouter(prefix="/api/uploads", tags=["projects"])

FIRST_ROWS = 8
LONGEST_PREVIEW = 200
MOST_COLUMNS = 300
"""Of what is uploaded; the command line takes more. A person chooses among them."""

IDS_MADE = "data.ids_made"
"""A note that nobody needs who is being asked for the ids."""

LONGEST_COLUMN = 200
"""Characters of a column's name."""

Name = Annotated[str, Query(max_length=500, description="the file's name; its ending tells the format")]
ProjectName = Annotated[str | None, Query(max_length=500, description="a project that gets the rows")]
Use = Annotated[Literal["rows"] | None, Query(alias="as", description="what the file is for, with `project`")]
Column = Annotated[str | None, Query(max_length=LONGEST_COLUMN)]


@router.post(
    "", status_code=201,
    responses={
        400: {"description": "not a table, or not one of ours"}, 413: {"description": "too large"},
        507: {"description": "no room on the disk"},
    },
    openapi_extra={"requestBody": {"required": True, "content": {"application/octet-stream": {
        "schema": {"type": "string", "format": "binary"}}}}},
)  # fmt: skip
async def upload_file(
    name: Name, request: Request, here: Here, lang: Lang, project: ProjectName = None, use: Use = None
) -> dict[str, Any]:
    """Send a data file (csv, tsv, jsonl, xlsx, parquet) as the raw body; the answer shows it and what is guessed.

    With `project` and `as=rows` its rows are added to that project instead, all or none: `{"added": n, "ids": [...]}`.
    """
    uploads: Uploads = request.app.state.uploads
    if (project is None) != (use is None):
        raise Refused(400, "as", "rows are added by `project` and `as=rows` together", hint="name both, or neither")
    opened = await run_in_threadpool(here.opened, project) if project is not None else None
    upload = await receive(request, name)
    if opened is not None:
        try:
            return await run_in_threadpool(_added, opened, upload)
        finally:
            await run_in_threadpool(uploads.drop, upload)
    try:
        found = await run_in_threadpool(described, upload, here, lang)
        uploads.keep(upload)
    except BaseException:
        await run_in_threadpool(uploads.drop, upload)
        raise
    return {**found, "bytes": upload.bytes}


async def receive(request: Request, name: str) -> Upload:
    """Put the request's body into a file of its own; the caller keeps or drops it.

    Raises:
        Refused: the name, the size or the disk.
    """
    uploads: Uploads = request.app.state.uploads
    length = request.headers.get("content-length")
    upload, file = await run_sync(uploads.begin, data_file_name(name), int(length) if length else None)
    try:
        try:
            async for piece in request.stream():
                await run_sync(file.write, piece)
        finally:
            await run_sync(file.close)
    except BaseException as error:
        await run_in_threadpool(uploads.drop, upload)
        if isinstance(error, OSError):
            raise Refused(507, "no-room", f"{name}: {error.strerror or error}", hint="make room on the disk") from None
        raise
    return upload


def _added(opened: Opened, upload: Upload) -> dict[str, Any]:
    table = upload.table()
    if len(table.rows) > MOST_ROWS:
        raise Refused(
            400, "rows", f"{upload.name} has {len(table.rows):,} rows", hint=f"at most {MOST_ROWS:,} are added at once"
        )
    rows = [{column: value for column, value in row.values.items() if value is not None} for row in table.rows]
    return added(opened, rows)


@router.get("/{upload}")
def get_upload(
    upload: str, request: Request, here: Here, lang: Lang, id: Column = None, input: Column = None,
    target: Column = None, by_people: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """Look at an upload again, with some of its columns chosen: `id` may be empty (rows are numbered); `by_people`
    says that no column holds what is right.
    """
    uploads: Uploads = request.app.state.uploads
    held = uploads.get(upload)
    found = described(held, here, lang, id=id, input=input, target=target, by_people=by_people)
    return {**found, "bytes": held.bytes}


@router.delete("/{upload}", status_code=204)
def delete_upload(upload: str, request: Request) -> None:
    """Forget an upload."""
    uploads: Uploads = request.app.state.uploads
    uploads.drop(uploads.get(upload))


def described(
    upload: Upload, here: Workspace, lang: Lang, *, id: str | None = None, input: str | None = None,
    target: str | None = None, by_people: bool = False,
) -> dict[str, Any]:  # fmt: skip
    """What is in a file, and what is made of it."""
    table = upload.table(id or None)
    _check_columns(table, upload.name)
    try:
        made = guess(table, upload.name, id=id, input=input, target=target, by_people=by_people)
    except ProjectError:
        if target is not None or by_people:
            raise
        made = guess(table, upload.name, id=id, input=input, by_people=True)
    system, user = starting_prompt(made)
    guessed = {
        "id": made.id, "input": made.input, "target": made.target, "labels": list(made.labels), "system": system,
        "user": user,
    }  # fmt: skip
    return {
        "upload": upload.token,
        "name": upload.name,
        "project": suggested(upload.name, here.names()),
        "columns": list(table.columns),
        "n_rows": len(table.rows),
        "first_rows": [_preview(table.rows[index].values) for index in range(min(FIRST_ROWS, len(table.rows)))],
        "notes": all_told((note for note in table.notes if note.code != IDS_MADE), lang),
        "guess": guessed,
    }


def _preview(values: Mapping[str, Any]) -> dict[str, str]:
    """Cells as text, cut."""
    texts = {column: "" if value is None else str(value) for column, value in values.items()}
    return {
        column: text if len(text) <= LONGEST_PREVIEW else text[:LONGEST_PREVIEW] + "…" for column, text in texts.items()
    }


def _check_columns(table: Table, name: str) -> None:
    long = next((column for column in table.columns if len(column) > LONGEST_COLUMN), None)
    if len(table.columns) > MOST_COLUMNS or long is not None:
        said = f"{len(table.columns)} columns" if long is None else f"a column name of {len(long)} characters"
        raise Refused(
            400, "columns", f"{name} has {said}",
            hint=f"the first row holds the names, at most {MOST_COLUMNS}; `bakeoff new` takes more",
        )  # fmt: skip
