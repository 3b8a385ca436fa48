"""The addresses of a large project's calls, kept beside its ledger: `.bakeoff/addresses`.

A derived file: it may be deleted at any time, and is made again whenever it does not fit. Addresses are found in it by
everything that they are made of (data, prompt, model, server, parameters, our version), the file by its own digest, and
a few of each column are made anew and compared before the rest is believed.
"""

import hashlib
import json
from array import array
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.errors import BakeoffError, StorageError
from bakeoff.evaluate.addressing import blocks
from bakeoff.evaluate.digests import SIZE, Digests
from bakeoff.evaluate.request import json_digest
from bakeoff.evaluate.run import Route
from bakeoff.evaluate.tables.packed import PackedRows
from bakeoff.evaluate.types import Table
from bakeoff.values import to_json
from bakeoff.version import __version__
from bakeoff.whole_file import write_whole

FEWEST_ROWS = 5000
"""Below it, making the addresses takes less than a tenth of a second."""

COMPARED = 16
"""Rows of each repetition whose addresses are made anew."""

MAGIC = b"bakeoff addresses 1\n"

FILE = Path(".bakeoff", "addresses")


@dataclass(frozen=True, slots=True)
class Addressed:
    """The calls of one column."""

    digests: tuple[Digests, ...]
    """For each repetition, the address of each row's call."""

    lengths: Sequence[int]
    """For each row: bytes of the first repetition's request."""


def addressed(asked: Sequence[tuple[Route, int]], table: Table, folder: Path) -> list[Addressed | BakeoffError]:
    """The addresses of every column's calls: those that were kept, the others made, all of them kept.

    Args:
        asked: the route of each column, and its repetitions.
        table: the rows.
        folder: of the project.

    Returns:
        For each column its addresses, or why they cannot be made: a template fails, or a picture cannot be had.
    """
    kept = _Kept(folder, table)
    found: list[Addressed | BakeoffError | None] = [kept.find(route, times) for route, times in asked]
    making = {
        place: [route.addressing(repeat=repeat) for repeat in range(times)]
        for place, (route, times) in enumerate(asked)
        if found[place] is None
    }
    for block in blocks(table.rows) if making else ():
        for place, several in list(making.items()):
            try:
                for one in several:
                    one.take(block)
            except BakeoffError as error:
                found[place] = error
                del making[place]
    for place, several in making.items():
        found[place] = Addressed(tuple(one.digests() for one in several), several[0].lengths)
    if making:
        kept.keep([(route, one) for (route, _), one in zip(asked, found, strict=True) if isinstance(one, Addressed)])
    return [one for one in found if one is not None]


class _Kept:
    """Those of one project and one table."""

    def __init__(self, folder: Path, table: Table) -> None:
        """Read what was kept.

        Args:
            folder: of the project.
            table: its data, as it was read.
        """
        self._path = folder / FILE
        self._table = table
        rows = table.rows
        self._data = f"{table.digest}:{rows.shape_digest()}" if isinstance(rows, PackedRows) else None
        """Names the rows exactly; None where they are not those of a file."""

        worth = self._data is not None and len(rows) >= FEWEST_ROWS
        self._found = _read(self._path) if worth else None

    def find(self, route: Route, times: int) -> Addressed | None:
        """The addresses of a route's calls; None where they are not there.

        Args:
            route: of the column.
            times: repetitions.
        """
        if self._found is None or (data := self._found.get(self._key(route, times))) is None:
            return None
        n = len(self._table.rows)
        size = n * SIZE
        if len(data) != times * size + 4 * n:
            return None
        digests = tuple(Digests.of_bytes(bytes(data[at : at + size])) for at in range(0, times * size, size))
        lengths = np.frombuffer(data[times * size :], dtype="<u4")
        for row in sorted({*np.linspace(0, n - 1, COMPARED).astype(int).tolist()}):
            for repeat in range(times):
                request = route.request(self._table.rows[row], repeat=repeat)
                if digests[repeat][row] != route.digest_of(request, repeat=repeat):
                    return None
                if repeat == 0 and lengths[row] != len(request.body):
                    return None
        return Addressed(digests, array("L", lengths.tolist()))

    def keep(self, columns: Sequence[tuple[Route, Addressed]]) -> None:
        """Put these in the place of everything that was kept; a folder that cannot be written keeps nothing."""
        if self._found is None:
            return
        entries, parts = [], []
        for route, found in columns:
            if route.prompt.images:
                continue
            data = b"".join(one.packed() for one in found.digests) + np.array(found.lengths, dtype="<u4").tobytes()
            entries.append([self._key(route, len(found.digests)), len(data)])
            parts.append(data)
        head = json.dumps(entries).encode()
        content = b"".join((len(head).to_bytes(4, "little"), head, *parts))
        with suppress(StorageError):
            write_whole(self._path, MAGIC + hashlib.sha256(content).digest() + content, hint="")

    def _key(self, route: Route, times: int) -> str:
        """Of all that an address is made of, but for pictures: they are in files of their own."""
        asked: dict[str, Any] = {
            "version": __version__, "data": self._data, "endpoint": route.endpoint, "api": route.api,
            "model": route.model, "prompt": to_json(route.prompt), "parameters": to_json(route.parameters),
            "times": times, "pictures": bool(route.prompt.images),
        }  # fmt: skip
        return json_digest(asked)


def _read(path: Path) -> Mapping[str, memoryview]:
    """What the file has by key; nothing where it is damaged, or not ours."""
    try:
        whole = memoryview(path.read_bytes())
    except OSError:
        return {}
    start = len(MAGIC) + 32
    content = whole[start:]
    if bytes(whole[: len(MAGIC)]) != MAGIC or hashlib.sha256(content).digest() != whole[len(MAGIC) : start]:
        return {}
    at = 4 + int.from_bytes(content[:4], "little")
    found = {}
    for key, size in json.loads(bytes(content[4:at])):
        found[key] = content[at : at + size]
        at += size
    return found
