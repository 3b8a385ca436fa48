"""Requests and addresses of many rows: what is the same in all of them, or for all candidates, is made once.

The bytes and addresses are those of `request.build_request` and `request.call_digest`; a test holds that.
"""

import hashlib
from array import array
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from json.encoder import encode_basestring
from pathlib import Path
from typing import Any

from bakeoff.evaluate.digests import Digests
from bakeoff.evaluate.request import PATHS, ResolvedApi, build_request, call_prefix
from bakeoff.evaluate.templates import render
from bakeoff.evaluate.types import Prompt, Row

SYSTEM, USER = "\0the system's part\0", "\0the user's part\0"
"""Texts that no row and no project file can contain, to find the places of the rows' own."""

BLOCK = 500
"""Rows whose texts are kept while every candidate takes them."""


class Block:
    """Some rows, with the texts that were made of them so far."""

    def __init__(self, rows: Sequence[Row]) -> None:
        """Nothing is made yet."""
        self.rows = rows
        self._escaped: dict[str, list[bytes]] = {}

    def escaped(self, source: str) -> list[bytes]:
        """A template filled from each row, as a string of JSON.

        Raises:
            ProjectError: the template fails for a row.
        """
        found = self._escaped.get(source)
        if found is None:
            found = [encode_basestring(render(source, row.values)).encode("utf-8") for row in self.rows]
            self._escaped[source] = found
        return found


Bodies = Callable[[Block], Iterable[bytes]]
"""The body of each row's request."""


def blocks(rows: Sequence[Row]) -> Iterator[Block]:
    """The rows of a table, a few hundred at a time."""
    for start in range(0, len(rows), BLOCK):
        yield Block(rows[start : start + BLOCK])


def bodies(
    prompt: Prompt,
    *,
    api: ResolvedApi,
    model: str,
    parameters: Mapping[str, Any],
    folder: Path | None = None,
) -> Bodies:
    """How the requests of a route are made, with the bytes of `build_request`.

    What it returns raises ProjectError where a template fails, or a picture cannot be had.
    """
    framed = _frame(prompt, model=model, parameters=parameters) if api == "chat" and not prompt.images else None
    if framed is not None:
        return framed
    return lambda block: (
        build_request(prompt, row, api=api, model=model, parameters=parameters, folder=folder).body
        for row in block.rows
    )


class Addressing:
    """The addresses of one route's calls, taken a block of rows after the other."""

    def __init__(self, make: Bodies, *, endpoint: str, api: ResolvedApi, repeat: int = 0) -> None:
        """No row was taken yet.

        Args:
            make: the bodies of the requests.
            endpoint: of the route.
            api: of the route.
            repeat: the repetition.
        """
        self._make = make
        self._begun = hashlib.sha256(call_prefix(endpoint, PATHS[api], repeat))
        self._found = bytearray()
        self.lengths = array("L")
        """Bytes of each row's request."""

    def take(self, block: Block) -> None:
        """Address the next rows.

        Raises:
            ProjectError: a template fails, or a picture cannot be had.
        """
        begun, found, sized = self._begun.copy, self._found.extend, self.lengths.append
        for body in self._make(block):
            size = len(body)
            digest = begun()
            digest.update(b"%d:%b" % (size, body))
            found(digest.digest())
            sized(size)

    def digests(self) -> Digests:
        """Of all rows that were taken, as `call_digest` gives them."""
        return Digests.of_bytes(bytes(self._found))


def _frame(prompt: Prompt, *, model: str, parameters: Mapping[str, Any]) -> Bodies | None:
    """Puts rows' texts into a body that is ready but for them; None where their places cannot be told."""
    marked = replace(prompt, user=USER, system=None if prompt.system is None else SYSTEM)
    whole = build_request(marked, Row("", 1, {}), api="chat", model=model, parameters=parameters).body.decode("utf-8")
    head, *rest = whole.split(encode_basestring(USER))
    if len(rest) != 1:
        return None
    user, tail = prompt.user, rest[0].encode("utf-8")
    if prompt.system is None:
        start = head.encode("utf-8")
        return lambda block: [b"%b%b%b" % (start, text, tail) for text in block.escaped(user)]
    before, *after = head.split(encode_basestring(SYSTEM))
    if len(after) != 1:
        return None
    system, first, between = prompt.system, before.encode("utf-8"), after[0].encode("utf-8")
    return lambda block: [
        b"%b%b%b%b%b" % (first, of_system, between, of_user, tail)
        for of_system, of_user in zip(block.escaped(system), block.escaped(user), strict=True)
    ]
