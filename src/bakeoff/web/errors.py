"""From an exception to a JSON answer `{"error": {"kind", "message", "hint"}}` and its HTTP status."""

import logging
import secrets
from typing import Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from bakeoff.errors import BakeoffError, BusyError, KeyMissing, NoAnswer, OutsideError, UsageError

log = logging.getLogger("bakeoff.web")

STATUS: tuple[tuple[type[BakeoffError], int], ...] = (
    (BusyError, 409),
    (KeyMissing, 424),
    (NoAnswer, 422),
    (UsageError, 400),
    (OutsideError, 502),
)
"""The first class that fits."""


class Refused(BakeoffError):
    """An answer with a status of its own: 404 not there, 409 somebody else was faster, 413 too large."""

    def __init__(self, status: int, kind: str, message: str, *, hint: str | None = None, **more: Any) -> None:
        """Make one.

        Args:
            status: of HTTP.
            kind: one word for programs: not-found, conflict, too-large.
            message: for people.
            hint: what to do.
            more: further fields of the answer.
        """
        super().__init__(message, hint=hint)
        self.status = status
        self.kind = kind
        self.more = more


class Unread(HTTPException):
    """A refusal from inside the reading of a body: FastAPI takes anything else that happens there for bad JSON."""

    def __init__(self, refused: Refused) -> None:
        """Wrap it."""
        super().__init__(refused.status, refused.message)
        self.refused = refused


class Told(BaseModel):
    """What went wrong."""

    kind: str
    """One word for programs: not-found, conflict, too-large, or the class of the error."""

    message: str
    """What happened, with the value."""

    hint: str | None
    """What to do."""


class Error(BaseModel):
    """The body of every answer that is not a good one. `error` may have further fields."""

    error: Told


RESPONSES: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Error, "description": "asked in a way that cannot be answered; the hint says what to change"},
    "5XX": {"model": Error, "description": "something outside failed (502), or a mistake in Bakeoff (500)"},
}
"""Of every route, for the OpenAPI document."""


def document(kind: str, message: str, hint: str | None = None, **more: Any) -> dict[str, Any]:
    """The body of a refusal."""
    return {"error": {"kind": kind, "message": message, "hint": hint, **more}}


def answer_for(error: BakeoffError) -> JSONResponse:
    """Status and body of an error made on purpose."""
    if isinstance(error, Refused):
        wait = error.more.get("retry_after_seconds")
        headers = {"retry-after": str(wait)} if wait is not None else None
        return JSONResponse(document(error.kind, error.message, error.hint, **error.more), error.status, headers)
    status = next((status for kind, status in STATUS if isinstance(error, kind)), 500)
    return JSONResponse(document(type(error).__name__, error.message, error.hint), status)


def install(app: FastAPI) -> None:
    """Make the app answer errors in our form. A mistake of ours gets a number that is also in the log."""

    @app.exception_handler(BakeoffError)
    async def on_purpose(_: Request, error: BakeoffError) -> JSONResponse:
        return answer_for(error)

    @app.exception_handler(RequestValidationError)
    async def misread(_: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        where = ".".join(str(part)[:100] for part in first["loc"])
        return JSONResponse(document("UsageError", f"{where}: {first['msg']}", "see api/openapi.json"), 422)

    @app.exception_handler(HTTPException)
    async def plain(_: Request, error: HTTPException) -> JSONResponse:
        if isinstance(error, Unread):
            return answer_for(error.refused)
        return JSONResponse(document("http", str(error.detail)), error.status_code, error.headers)

    @app.exception_handler(ClientDisconnect)
    async def gone(_: Request, __: ClientDisconnect) -> JSONResponse:
        """Who sent half a body has gone: nobody reads this, and it is no mistake of ours."""
        return JSONResponse(document("gone", "the connection ended before the body did"), 400)

    @app.exception_handler(Exception)
    async def mistake(_: Request, error: Exception) -> JSONResponse:
        number = secrets.token_hex(4)
        log.exception("mistake %s", number, exc_info=error)
        message = f"a mistake in Bakeoff: {type(error).__name__} (number {number} in the server's log)"
        return JSONResponse(document("bug", message, "nothing that was answered is lost; please report it"), 500)
