"""The page's own files, from the package: read and compressed when they change, revalidated by ETag."""

import gzip
import hashlib
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath

from fastapi import APIRouter, Request, Response

from bakeoff.web.errors import Refused
from bakeoff.web.files import ROOT, page_path
from bakeoff.web.language import Lang

router = APIRouter(include_in_schema=False)

TYPES = {
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json",
    ".html": "text/html; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class Asset:
    """One file."""

    body: bytes
    packed: bytes
    etag: str
    kind: str


def asset(path: str) -> Asset:
    """Read one file of the page.

    Raises:
        Refused: there is no such file.
    """
    found, kind = page_path(path), TYPES.get(PurePosixPath(path).suffix)
    if kind is None or found is None:
        raise Refused(404, "not-found", f"there is no {path}")
    return _asset(path, kind, found.stat().st_mtime_ns)


@cache
def _asset(path: str, kind: str, _: int) -> Asset:
    body = (ROOT / path).read_bytes()
    return Asset(body, gzip.compress(body, 9, mtime=0), f'"{hashlib.sha256(body).hexdigest()[:20]}"', kind)


@router.get("/page/{path:path}")
def page_asset(path: str, request: Request) -> Response:
    """A script, style or picture of the page."""
    found = asset(path)
    headers = {"etag": found.etag, "cache-control": "no-cache", "vary": "Accept-Encoding"}
    if request.headers.get("if-none-match") == found.etag:
        return Response(status_code=304, headers=headers)
    if "gzip" in request.headers.get("accept-encoding", ""):
        return Response(found.packed, media_type=found.kind, headers={**headers, "content-encoding": "gzip"})
    return Response(found.body, media_type=found.kind, headers=headers)


@router.get("/")
def index(request: Request, lang: Lang) -> Response:
    """The page: it fetches everything else by relative addresses, so that it works behind any prefix."""
    text = asset("index.html").body.decode("utf-8").replace("{{nonce}}", request.state.nonce)
    text = text.replace('<html lang="en">', f'<html lang="{lang}">')
    preloads = "\n".join(f'<link rel="modulepreload" href="page/{path}">' for path in SHELL)
    return Response(text.replace("{{preloads}}", preloads), media_type=TYPES[".html"])


SHELL = ("app.js", "vendor/preact.js", "lib/api.js", "lib/words.js", "lib/route.js", "lib/hooks.js", "lib/watch.js")
"""What every page needs, fetched side by side instead of one after the other."""
