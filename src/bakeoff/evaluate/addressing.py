"""Requests and addresses of many rows of one candidate: what is the same in all of them is made once.

The bytes and addresses are those of `request.build_request` and `request.call_digest`; a test holds that.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from bakeoff.evaluate.request import PATHS, Request, ResolvedApi, build_request, call_prefix
from bakeoff.evaluate.templates import render
from bakeoff.evaluate.types import Prompt, Row

SYSTEM, USER = "\0the system's part\0", "\0the user's part\0"
"""Texts that no row and no project file can contain, to find the places of the rows' own."""

Make = Callable[[Row], bytes]


def requests(
    rows: Iterable[Row],
    prompt: Prompt,
    *,
    api: ResolvedApi,
    model: str,
    parameters: Mapping[str, Any],
    folder: Path | None = None,
) -> Iterator[Request]:
    """The request of each row, as `build_request` makes it.

    Raises:
        ProjectError: a template fails, or a picture cannot be had.
    """
    make = _frame(prompt, model=model, parameters=parameters) if api == "chat" and not prompt.images else None
    for row in rows:
        if make is not None:
            yield Request(PATHS[api], make(row))
        else:
            yield build_request(prompt, row, api=api, model=model, parameters=parameters, folder=folder)


def addresses(found: Iterable[Request], *, endpoint: str, repeat: int = 0) -> Iterator[tuple[Request, str]]:
    """Each request with its content address, as `call_digest` gives it."""
    begun, path = hashlib.sha256(), None
    for request in found:
        if request.path != path:
            path = request.path
            begun = hashlib.sha256(call_prefix(endpoint, path, repeat))
        digest = begun.copy()
        digest.update(b"%d:%b" % (len(request.body), request.body))
        yield request, digest.hexdigest()


def _frame(prompt: Prompt, *, model: str, parameters: Mapping[str, Any]) -> Make | None:
    """Puts a row's texts into a body that is ready but for them; None where their places cannot be told."""
    marked = replace(prompt, user=USER, system=None if prompt.system is None else SYSTEM)
    whole = build_request(marked, Row("", 1, {}), api="chat", model=model, parameters=parameters).body.decode("utf-8")
    head, *rest = whole.split(encode_basestring(USER))
    if len(rest) != 1:
        return None
    user, tail = prompt.user, rest[0].encode("utf-8")
    if prompt.system is None:
        start = head.encode("utf-8")
        return lambda row: b"%b%b%b" % (start, encode_basestring(render(user, row.values)).encode("utf-8"), tail)
    before, *after = head.split(encode_basestring(SYSTEM))
    if len(after) != 1:
        return None
    system, between = prompt.system, after[0]

    def make(row: Row) -> bytes:
        first = encode_basestring(render(system, row.values))
        second = encode_basestring(render(user, row.values))
        return f"{before}{first}{between}{second}".encode() + tail

    return make
