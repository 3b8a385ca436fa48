"""The report as a page of its own or a file to send, and the rows, answers and grades for other programs."""

import re
import shutil
import tempfile
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import quote

from fastapi import APIRouter, Query
from fastapi.responses import FileResponse, Response
from starlette.background import BackgroundTask

from bakeoff.project.history import since_then
from bakeoff.report import Kind
from bakeoff.web.language import Lang
from bakeoff.web.routes.compare import columns_of
from bakeoff.web.workspace import Project_

router = APIRouter(prefix="/api/projects/{project}", tags=["report"])

POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'self'; sandbox allow-same-origin allow-modals allow-popups"
)
"""The report's own content security policy. It has no script and loads nothing; should a model's text ever get past
the escaping, the browser still runs and fetches nothing. `allow-same-origin` without `allow-scripts` lets the page
measure and print it; `allow-popups` lets a link to a model's source open beside it."""

MEDIA = {"html": "text/html; charset=utf-8", "md": "text/markdown; charset=utf-8", "json": "application/json"}

EXPORTS = {
    "csv": "text/csv; charset=utf-8",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "jsonl": "application/jsonl; charset=utf-8",
    "parquet": "application/vnd.apache.parquet",
}


@router.get("/report", response_class=Response, responses={200: {"content": {media: {} for media in MEDIA.values()}}})
def get_report(
    opened: Project_,
    lang: Lang,
    kind: Kind = "html",
    since: Annotated[int | None, Query(ge=1, description="number of an earlier decision: what changed")] = None,
    download: bool = False,
) -> Response:
    """The report: html, md or json, in English or Vietnamese; `download` gives it as a file."""

    def work(project: Any) -> bytes:
        earlier = None if since is None else since_then(project, str(since))
        return str(project.report(kind, lang, since=earlier, columns=columns_of(opened))).encode()

    body = opened.kept(f"report {kind} {lang} {since}", work)
    headers = {"Content-Security-Policy": POLICY}
    if download:
        headers["Content-Disposition"] = attachment(f"{opened.name}-{lang}.{kind}")
    return Response(body, media_type=MEDIA[kind], headers=headers)


@router.get("/export", response_class=FileResponse)
def get_export(
    opened: Project_,
    kind: Literal["csv", "xlsx", "jsonl", "parquet"] = "csv",
    wide: Annotated[bool, Query(description="one line per row instead of one per row and candidate")] = False,
) -> FileResponse:
    """Rows, answers and grades as a table. What a spreadsheet would run as a formula is made text."""
    folder = Path(tempfile.mkdtemp(prefix="bakeoff-export-"))
    remove = BackgroundTask(shutil.rmtree, folder, ignore_errors=True)
    try:
        opened.project().export(folder / f"table.{kind}", wide=wide)
    except BaseException:
        shutil.rmtree(folder, ignore_errors=True)
        raise
    return FileResponse(
        folder / f"table.{kind}",
        media_type=EXPORTS[kind],
        headers={"Content-Disposition": attachment(f"{opened.name}.{kind}")},
        background=remove,
    )


def attachment(name: str) -> str:
    """The header that makes a browser save a file: a name of safe ASCII, and the real one beside it (RFC 6266)."""
    plain = re.sub(r"[^A-Za-z0-9._-]+", "-", name).strip("-.") or "bakeoff"
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(name, safe='')}"
