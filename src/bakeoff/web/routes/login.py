"""Logging in where the server has a token: a browser shows it once and gets a cookie that scripts cannot read."""

import re
from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import BaseModel, StringConstraints

from bakeoff.web.access import Access
from bakeoff.web.security import no_token, waits

router = APIRouter(prefix="/api", tags=["page"])

COOKIE_DAYS = 30
PREFIX = re.compile(r"/(?:[A-Za-z0-9._~%@+-]+/)*")
"""Of a page behind a proxy: nothing that would end the attribute of a cookie."""


class Place(BaseModel):
    """Where the page lies."""

    path: Annotated[str, StringConstraints(max_length=500)] = "/"
    """Path of the page's address, `/team/bakeoff/` behind a proxy: the cookie is sent to nothing else on that host."""


class Login(Place):
    """What the page sends."""

    token: Annotated[str, StringConstraints(max_length=1000)]
    """As the server printed it."""


@router.post("/login", status_code=204, responses={401: {"description": "wrong token"}, 429: {"description": "wait"}})
def log_in(asked: Login, request: Request, response: Response) -> None:
    """Show the token; the answer sets the cookie of this browser. Wrong ones beyond ten a minute are answered 429."""
    access: Access = request.app.state.access
    if access.token is None:
        return
    wait = access.seconds_to_wait()
    if not access.token_is(asked.token):
        raise waits(wait) if wait else no_token()
    response.set_cookie(
        access.cookie, access.session, max_age=COOKIE_DAYS * 86_400, path=_prefix(asked.path), httponly=True,
        samesite="strict", secure=_is_secure(request),
    )  # fmt: skip


@router.post("/logout", status_code=204)
def log_out(asked: Place, request: Request, response: Response) -> None:
    """Forget this browser. Another token, given when the server starts, ends the sessions of all."""
    access: Access = request.app.state.access
    response.delete_cookie(
        access.cookie, path=_prefix(asked.path), httponly=True, samesite="strict", secure=_is_secure(request)
    )


def _prefix(path: str) -> str:
    return path if PREFIX.fullmatch(path) else "/"


def _is_secure(request: Request) -> bool:
    """The browser came by https, itself or to the proxy; who lies about it loses only their own cookie."""
    return "https" in (request.url.scheme, request.headers.get("x-forwarded-proto", "").lower())
