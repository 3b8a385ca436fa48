"""Links to a report for people who have no access to the project, and the report behind them."""

import html
from typing import Annotated, Any

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse
from pydantic import BaseModel, ConfigDict, StringConstraints

from bakeoff.errors import BakeoffError
from bakeoff.project.shares import Share, is_shared, revoke, share, shares
from bakeoff.report.words import sentence
from bakeoff.values import Reason
from bakeoff.web.access import Access
from bakeoff.web.errors import Refused
from bakeoff.web.language import Lang
from bakeoff.web.workspace import Here, Project_

router = APIRouter(tags=["report"])
BASE = "/api/projects/{project}/shares"

POLICY = (
    "sandbox allow-popups; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
"""Of a report that is opened by itself: it can run nothing, send nothing, and has no origin to act for."""


class NewShare(BaseModel):
    """What the page sends."""

    model_config = ConfigDict(extra="forbid")

    note: Annotated[str, StringConstraints(max_length=200)] = ""
    """For whom."""


@router.get(BASE)
def get_shares(opened: Project_, request: Request) -> dict[str, Any]:
    """The links that work. `reachable` is false where only this machine can open them."""
    access: Access = request.app.state.access
    return {"shares": [_told(one) for one in shares(opened.folder)], "reachable": access.token is not None}


@router.post(BASE, status_code=201)
def create_share(asked: NewShare, opened: Project_) -> dict[str, Any]:
    """Make a link that shows this project's report, and nothing else, without a login. Its path is told only here."""
    with opened.lock:
        made, token = share(opened.folder, note=asked.note.strip())
    return {**_told(made), "path": f"shared/{token}"}


@router.delete(f"{BASE}/{{share}}", status_code=204)
def revoke_share(share: str, opened: Project_) -> None:
    """End a link."""
    with opened.lock:
        if not revoke(opened.folder, share):
            raise Refused(404, "not-found", "there is no such link", hint="it may have been ended already")


@router.get("/shared/{token}", response_class=HTMLResponse)
def get_shared(token: str, here: Here, lang: Lang) -> HTMLResponse:
    """The report behind a link, as it is now; `?lang=vi` or `en`."""
    headers = {"content-security-policy": POLICY, "x-robots-tag": "noindex"}
    for name in here.names():
        try:
            if is_shared(here.folder / name, token):
                text = here.opened(name).kept(f"report-html-{lang}", lambda one: one.report("html", lang))
                return HTMLResponse(text, headers=headers)
        except BakeoffError:
            continue  # what is wrong with a project is not told to strangers
    gone = html.escape(sentence(Reason("share.gone", {}), lang))
    return HTMLResponse(
        f'<!doctype html><html lang="{lang}"><meta charset="utf-8"><title>Bakeoff</title><p>{gone}</p></html>',
        404, headers,
    )  # fmt: skip


def _told(one: Share) -> dict[str, Any]:
    return {"id": one.id, "at": one.at, "note": one.note}
