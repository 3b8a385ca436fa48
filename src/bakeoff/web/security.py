"""Who may ask, and what a browser may do with the answer. One ASGI layer around everything.

Host (against DNS rebinding), Origin and Sec-Fetch-Site (against other sites' requests), a token where others can
connect, a bound on bodies, and a strict content security policy. Headers that a proxy adds (X-Forwarded-For) decide
nothing: anybody can write them.
"""

import ipaddress
import re
import secrets
import socket
from collections.abc import Sequence
from typing import Any, NamedTuple

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from bakeoff.addresses import LOOPBACK
from bakeoff.web.access import Access
from bakeoff.web.bodies import UPLOADS, bounded, limit_of, read_json, too_large
from bakeoff.web.errors import Refused, Unread, answer_for
from bakeoff.web.settings import Settings

SAFE = ("GET", "HEAD", "OPTIONS")
WILDCARD = ("0.0.0.0", "::", "")
OPEN_PATHS = ("/", "/api/login", "/api/app")
"""What the page needs to ask for the token; `/page/` and `/api/words/` are open too. None of it tells anything."""

HOST = re.compile(r"(?P<name>\[[0-9a-f:.]+\]|[a-z0-9]([a-z0-9._-]*[a-z0-9])?)(:[0-9]{1,5})?", re.IGNORECASE)
ONCE = ("host", "origin", "authorization", "content-length", "content-type")
"""Headers that mean something here; two of them mean that somebody tries something."""


def policy(nonce: str) -> str:
    """The content security policy of the page: nothing from elsewhere, no inline script, no remote picture."""
    return (
        f"default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; img-src 'self' data: blob:; "
        "connect-src 'self'; font-src 'self' data:; frame-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'none'"
    )


class Headers(NamedTuple):
    """A request's headers by their lower-case names, and the names of those that came more than once."""

    by_name: dict[str, str]
    repeated: Sequence[str]


class Guard:
    """The layer."""

    def __init__(self, app: ASGIApp, settings: Settings, access: Access) -> None:
        """Wrap an app."""
        self.app = app
        self.settings = settings
        self.access = access
        self._names = _names(settings)
        self._any_address = settings.host not in LOOPBACK

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Refuse, or hand on."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        nonce = secrets.token_urlsafe(16)
        scope.setdefault("state", {})["nonce"] = nonce
        answer = _with_headers(send, nonce)
        body = bounded(receive, limit_of(scope["path"]))
        try:
            headers = _headers(scope)
            self._check(scope, headers)
            if scope["method"] not in SAFE and _is_json(scope["path"], headers.by_name):
                body = await read_json(body)
        except (Refused, Unread) as refused:
            response = answer_for(refused.refused if isinstance(refused, Unread) else refused)
            response.headers["connection"] = "close"  # a body that nobody reads is no next request
            await response(scope, receive, answer)
            return
        if scope["method"] == "HEAD":  # answered as GET, without the body
            scope, answer = {**scope, "method": "GET"}, _without_body(answer)
        await self.app(scope, body, answer)

    def _check(self, scope: Scope, given: Headers) -> None:
        headers, method, path = given.by_name, scope["method"], scope["path"]
        if given.repeated:
            raise Refused(400, "headers", f"{given.repeated[0]} was sent twice", hint="send it once")
        host = headers.get("host", "")
        if not self._known(host):
            raise Refused(
                421, "host", f"this server does not answer for {host[:100]!r}",
                hint="open it by the address that it printed; a reverse proxy's name is told by `--behind NAME`",
            )  # fmt: skip
        if not self._same_site(headers, host, method, path):
            raise Refused(403, "origin", "a request from another site is refused", hint="use the page, or no Origin")
        if headers.get("content-encoding", "identity").lower() != "identity":
            raise Refused(415, "encoding", "a packed body is not read", hint="send it as it is")
        length = headers.get("content-length")
        if length is not None and not (length.isascii() and length.isdecimal() and len(length) < 16):
            raise Refused(400, "headers", "the content-length is no number", hint="send the number of bytes")
        if length is not None and int(length) > limit_of(path):
            raise too_large(limit_of(path))
        if _is_open(path):
            return
        wait = self.access.seconds_to_wait()
        if self.access.lets_in(headers):
            return
        # Who shows a token and guesses is told to wait; a browser with an old cookie is sent to the login page.
        raise waits(wait) if wait and "authorization" in headers else no_token()

    def _known(self, host: str) -> bool:
        found = HOST.fullmatch(host)
        if found is None:
            return False
        name = found["name"].strip("[]").lower()
        # A name that leads here by its own owner's DNS cannot be an address; so any address of this machine is good.
        return name in self._names or (self._any_address and _is_address(name))

    def _same_site(self, headers: dict[str, str], host: str, method: str, path: str) -> bool:
        """Another site may link to the page, and no more."""
        site = headers.get("sec-fetch-site", "same-origin")
        if site not in ("same-origin", "none"):
            linked = headers.get("sec-fetch-mode") == "navigate" and headers.get("sec-fetch-dest") == "document"
            return method in ("GET", "HEAD") and linked and not path.startswith("/api/")
        origin = headers.get("origin")
        if origin is None:
            return True
        scheme, _, named = origin.partition("://")
        if scheme not in ("http", "https") or HOST.fullmatch(named) is None:
            return False
        # A proxy may send its own name as Host; then the browser's Origin names a host that was declared.
        return named.lower() == host.lower() or re.sub(r":\d+$", "", named).lower() in self.settings.behind


def no_token() -> Refused:
    """401."""
    return Refused(401, "token", "this server wants its token", hint="open the address with the token that it printed")


def waits(seconds: int) -> Refused:
    """429, with its header."""
    return Refused(
        429, "guesses", "too many wrong tokens", hint=f"the right one works at any time; else wait {seconds} s",
        retry_after_seconds=seconds,
    )  # fmt: skip


def _names(settings: Settings) -> frozenset[str]:
    """Under which the server is reached."""
    names = {*LOOPBACK, *settings.behind}
    if settings.host in WILDCARD:
        here = socket.gethostname().lower()
        names |= {here, here.partition(".")[0], f"{here.partition('.')[0]}.local"}
    else:
        names.add(settings.host.lower())
    return frozenset(names)


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def _headers(scope: Scope) -> Headers:
    found: dict[str, str] = {}
    repeated = []
    for raw, value in scope["headers"]:
        name = raw.decode("latin-1").lower()
        if name in found and name in ONCE:
            repeated.append(name)
        text = value.decode("latin-1")
        found[name] = f"{found[name]}; {text}" if name == "cookie" and name in found else text
    return Headers(found, repeated)


def _is_json(path: str, headers: dict[str, str]) -> bool:
    """A route may read the body as JSON: it says so, or says nothing."""
    kind = headers.get("content-type", "").partition(";")[0].strip().lower()
    return path != UPLOADS and (kind in ("", "application/json") or kind.endswith("+json"))


def _is_open(path: str) -> bool:
    return path in OPEN_PATHS or path.startswith(("/page/", "/api/words/", "/shared/"))


def _without_body(send: Send) -> Send:
    async def without_body(message: Message) -> None:
        if message["type"] == "http.response.body":
            message = {**message, "body": b""}
        await send(message)

    return without_body


def _with_headers(send: Send, nonce: str) -> Send:
    async def with_headers(message: Message) -> None:
        if message["type"] == "http.response.start":
            there = {name.lower() for name, _ in message["headers"]}
            added: list[tuple[bytes, Any]] = [
                (b"x-content-type-options", b"nosniff"),
                (b"referrer-policy", b"no-referrer"),
                (b"cross-origin-opener-policy", b"same-origin"),
                (b"cross-origin-resource-policy", b"same-origin"),
                (b"content-security-policy", policy(nonce).encode()),
                (b"cache-control", b"no-store"),
            ]
            message["headers"] = [*message["headers"], *(one for one in added if one[0] not in there)]
        await send(message)

    return with_headers
