"""Small pieces over HTTP: a JSON answer, or a range of bytes of a file. Bounded in size and time; gives up in seconds.

Knows nothing about the Hub or Ollama. The standard library is enough: no more than a few kilobytes travel.
"""

import http.client
import json
import ssl
import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from bakeoff.addresses import is_loopback
from bakeoff.errors import NetworkError, UsageError
from bakeoff.version import __version__

STEP_SECONDS = 6.0
"""Longest wait for a connection or the next bytes."""

TOTAL_SECONDS = 20.0
"""Longest time for one answer."""

MAX_JSON_BYTES = 16 * 1024 * 1024
"""An answer of the Hub for a repository with thousands of files stays under 3 MiB."""


class Refused(Exception):
    """The server answered with a status that is not success."""

    def __init__(self, status: int, headers: Mapping[str, str], body: bytes) -> None:
        super().__init__(f"HTTP {status}")
        self.status = status
        self.headers = headers
        """Names in lower case."""
        self.body = body


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    """Names in lower case."""

    body: bytes


class _Redirects(urllib.request.HTTPRedirectHandler):
    """Redirects are followed to HTTPS or the loopback only, and a token stays with the host that it is for."""

    max_redirections = 5

    def redirect_request(
        self, req: urllib.request.Request, fp: Any, code: int, msg: str, headers: Any, newurl: str
    ) -> urllib.request.Request | None:
        try:
            checked_url(newurl)
        except UsageError:
            fp.close()
            raise
        made = super().redirect_request(req, fp, code, msg, headers, newurl)
        if made is not None and urllib.parse.urlsplit(newurl).netloc != urllib.parse.urlsplit(req.full_url).netloc:
            made.remove_header("Authorization")
        return made


def checked_url(url: str) -> str:
    """The address, when it is one that is asked: HTTPS, or HTTP on the loopback.

    Raises:
        UsageError: any other.
    """
    try:
        parts = urllib.parse.urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        raise UsageError(f"{url[:120]!r} is not an address") from None
    if not host or any(ord(letter) <= 32 for letter in url):
        raise UsageError(f"{url[:120]!r} is not an address")
    if parts.username is not None or parts.password is not None:
        raise UsageError("an address with a name or password in it is not asked", hint="leave them out")
    if parts.scheme != "https" and not (parts.scheme == "http" and is_loopback(url)):
        raise UsageError(
            f"{url[:120]!r} is not asked: only https addresses are, and http on this machine",
            hint="write it with https://",
        )
    return url


def _within(seconds: float, job: Callable[[], Answer], url: str) -> Answer:
    """The job's answer, or an error when it takes too long: a server may send one letter every few seconds."""
    done: list[Answer | BaseException] = []

    def work() -> None:
        try:
            done.append(job())
        except BaseException as error:  # handed on to the caller below
            done.append(error)

    worker = threading.Thread(target=work, daemon=True)
    worker.start()
    worker.join(seconds)
    if not done:
        raise NetworkError(f"{_host(url)} answers too slowly", hint="try again later")
    if isinstance(done[0], BaseException):
        raise done[0]
    return done[0]


def get(
    url: str, *, headers: Mapping[str, str] | None = None, limit: int = MAX_JSON_BYTES, data: bytes | None = None
) -> Answer:
    """Ask once.

    Args:
        url: HTTPS, or HTTP on the loopback.
        headers: further headers.
        limit: most bytes of the answer.
        data: body of a POST.

    Raises:
        NetworkError: no connection, too slow, too long, or the certificate is wrong.
        Refused: a status that is not success.
        UsageError: not an address that is asked.
    """
    request = urllib.request.Request(checked_url(url), data=data, headers={"User-Agent": f"bakeoff/{__version__}"})
    for name, value in (headers or {}).items():
        request.add_header(name, value)
    return _within(TOTAL_SECONDS, lambda: _open(request, limit), url)


def _open(request: urllib.request.Request, limit: int) -> Answer:
    url = request.full_url
    try:
        handlers: list[urllib.request.BaseHandler] = [_Redirects()]
        if is_loopback(url):
            handlers.append(urllib.request.ProxyHandler({}))
        with urllib.request.build_opener(*handlers).open(request, timeout=STEP_SECONDS) as response:
            body = _body(response, limit, url)
            return Answer(response.status, {k.lower(): v for k, v in response.headers.items()}, body)
    except urllib.error.HTTPError as error:
        with error:
            found = {key.lower(): value for key, value in error.headers.items()}
            raise Refused(error.code, found, _start_of(error)) from None
    except (urllib.error.URLError, OSError, http.client.HTTPException, ssl.SSLError) as error:
        raise _unreachable(url, error) from None


def _body(response: Any, limit: int, url: str) -> bytes:
    parts: list[bytes] = []
    total = 0
    while total <= limit:
        part = response.read1(min(65536, limit + 1 - total))
        if not part:
            return b"".join(parts)
        parts.append(part)
        total += len(part)
    raise NetworkError(f"{_host(url)} answers with more than {limit} bytes", hint="this is not what was asked for")


def _start_of(error: urllib.error.HTTPError) -> bytes:
    try:
        return error.read(4096)
    except (OSError, http.client.HTTPException):
        return b""


def _unreachable(url: str, error: Exception) -> NetworkError:
    reason = getattr(error, "reason", None) or error
    text = str(reason)[:160] or type(error).__name__
    return NetworkError(
        f"{_host(url)} cannot be reached: {text}",
        hint="check the network; without one, name a local file (bakeoff catalog add FILE)",
    )


def _host(url: str) -> str:
    return urllib.parse.urlsplit(url).netloc or url[:60]


def get_json(url: str, *, headers: Mapping[str, str] | None = None, data: bytes | None = None) -> Any:
    """Ask for JSON.

    Raises:
        NetworkError: as for `get`, or the answer is not JSON.
        Refused: a status that is not success.
    """
    answer = get(url, headers=headers, data=data)
    try:
        return json.loads(answer.body)
    except (ValueError, RecursionError):
        raise NetworkError(f"{_host(url)} does not answer with JSON", hint="is the address right?") from None


def open_ranges(url: str, headers: Mapping[str, str] | None = None) -> tuple[Callable[[int, int], bytes], int | None]:
    """A reader of byte ranges of a file, and the file's size where the server says it.

    Raises:
        NetworkError: no connection, or the server hands out whole files only.
        Refused: a status that is not success.
    """

    def read(offset: int, length: int) -> bytes:
        if length <= 0:
            return b""
        try:
            return _range(url, headers, offset, length).body
        except Refused as refused:
            if refused.status == 416:  # the range begins after the end
                return b""
            raise

    try:
        first = _range(url, headers, 0, 1)
    except Refused as refused:
        if refused.status != 416:
            raise
        return read, 0  # an empty file has no first byte
    total = first.headers.get("content-range", "").rpartition("/")[2]
    return read, int(total) if total.isdecimal() and len(total) < 20 else None


def _range(url: str, headers: Mapping[str, str] | None, offset: int, length: int) -> Answer:
    wanted = {**(headers or {}), "Range": f"bytes={offset}-{offset + length - 1}", "Accept-Encoding": "identity"}
    try:
        answer = get(url, headers=wanted, limit=length)
    except NetworkError as error:
        if "more than" in error.message:
            raise _no_ranges(url) from None
        raise
    if answer.status != 206:
        raise _no_ranges(url)
    return answer


def _no_ranges(url: str) -> NetworkError:
    return NetworkError(
        f"{_host(url)} hands out whole files only, not their headers",
        hint="download the file and add it: bakeoff catalog add FILE",
    )
