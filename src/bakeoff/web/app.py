"""The server's app: one router for each subject, behind the guard."""

import warnings
from importlib import import_module
from pkgutil import iter_modules
from typing import Any

from fastapi import APIRouter, FastAPI, Request
from pydantic.warnings import UnsupportedFieldAttributeWarning
from starlette.middleware.gzip import GZipMiddleware
from starlette.types import ASGIApp

from bakeoff.report.words import words
from bakeoff.version import __version__
from bakeoff.web import assets, errors, routes
from bakeoff.web import words as page_words
from bakeoff.web.access import Access
from bakeoff.web.language import LANGUAGES, Lang
from bakeoff.web.security import Guard
from bakeoff.web.settings import Settings
from bakeoff.web.uploads import Uploads
from bakeoff.web.workspace import Workspace

SMALLEST_PACKED = 4096
"""Bytes; below it, packing costs more than it saves."""

router = APIRouter()


@router.get("/api/app", tags=["page"])
def get_app(lang: Lang, request: Request) -> dict[str, Any]:
    """What the page needs to begin. Open to everyone: it tells nothing about the projects."""
    access: Access = request.app.state.access
    return {"version": __version__, "lang": lang, "languages": list(LANGUAGES), "login": access.token is not None}


def create_app(settings: Settings) -> FastAPI:
    """The app without its guard, for tests that call it; `guarded` is what is served."""
    app = FastAPI(
        title="Bakeoff", version=__version__, docs_url=None, redoc_url=None, openapi_url="/api/openapi.json",
        responses=errors.RESPONSES,
    )  # fmt: skip
    app.state.settings = settings
    app.state.workspace = Workspace(settings.folder)
    app.state.access = Access(settings.token)
    app.state.uploads = Uploads()
    errors.install(app)
    # FastAPI builds a route with its first request and silences this meanwhile, but not for two threads at once.
    warnings.filterwarnings("ignore", category=UnsupportedFieldAttributeWarning)
    app.include_router(assets.router)
    app.include_router(page_words.router)
    app.include_router(router)
    for module in sorted(one.name for one in iter_modules(routes.__path__)):
        app.include_router(import_module(f"bakeoff.web.routes.{module}").router)
    for lang in LANGUAGES:
        words(lang)  # a mistake in the words shows at the start, not in the middle
    return app


def guard(app: FastAPI) -> ASGIApp:
    """The app as it is served."""
    app.add_middleware(GZipMiddleware, minimum_size=SMALLEST_PACKED, compresslevel=3)
    return Guard(app, app.state.settings, app.state.access)


def guarded(settings: Settings) -> ASGIApp:
    """What is served, from nothing but its settings."""
    return guard(create_app(settings))
