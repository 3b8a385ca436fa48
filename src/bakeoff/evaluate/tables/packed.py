"""Rows kept small: a million of them take little more than their text, and a large file is kept on the disk.

A row is packed as the bytes that its digest is taken over: its cells as a template shows them, between zero bytes,
which no cell contains. It is made again, with its types, whenever it is looked at. Knows nothing about formats.
"""

import hashlib
import mmap
import os
import sys
import tempfile
import weakref
from array import array
from collections.abc import Callable, Iterator, Sequence
from typing import Any, BinaryIO, cast, overload

from bakeoff.errors import StorageError
from bakeoff.evaluate.types import Row

IN_MEMORY_BYTES = 8 * 1024 * 1024
"""A table larger than this goes to a temporary file, of which only what is looked at is read back."""

BLOCK_BYTES = 1024 * 1024
"""So much is read back at once by who goes through all rows."""

KEPT_ROWS, KEPT_BYTES = 20_000, 16 * 1024 * 1024
"""Rows of a table that is no larger are kept once they were all looked at: a report looks twelve times."""

SPILL_BYTES = 4 * 1024 * 1024
"""So much is then written at once."""

KINDS: dict[type, int] = {str: 0, type(None): 1, int: 2, float: 3, bool: 4}

Read = Callable[[int, int], bytes | bytearray]
"""The bytes of a table from one place to another."""

MAKE: tuple[Callable[[str], Any], ...] = (str, lambda _: None, int, float, lambda text: text == "True")
"""By kind: from what a template shows back to the cell. `repr` of a float and `str` of an int lose nothing."""


class Packer:
    """Takes rows one after the other."""

    def __init__(self, columns: tuple[str, ...]) -> None:
        self._columns = columns
        self._buffer = bytearray()
        self._file: BinaryIO | None = None
        self._written = 0
        self._ends = array("Q")
        self._kinds: bytearray | None = None

    def add(self, data: bytes, cells: Sequence[Any]) -> None:
        """Keep one row.

        Args:
            data: the cells as text in UTF-8, with a zero byte between two.
            cells: the same, for their types.

        Raises:
            StorageError: there is no room for the temporary file.
        """
        self._buffer += data
        self._ends.append(self._written + len(self._buffer))
        if self._kinds is not None or not all(type(cell) is str for cell in cells):
            if self._kinds is None:
                self._kinds = bytearray(len(self._columns) * (len(self._ends) - 1))
            self._kinds += _kinds(cells)
        if len(self._buffer) > (IN_MEMORY_BYTES if self._file is None else SPILL_BYTES):
            self._spill()

    def _spill(self) -> None:
        try:
            if self._file is None:
                self._file = cast(BinaryIO, tempfile.TemporaryFile(prefix="bakeoff-rows-"))  # noqa: SIM115
            self._file.write(self._buffer)
            self._file.flush()
        except OSError as error:
            raise StorageError(
                f"no room for a table of more than {self._written + len(self._buffer):,} bytes in "
                f"{tempfile.gettempdir()}: {error.strerror or error}",
                hint="make room there, or set TMPDIR to a folder on a larger disk",
            ) from None
        self._written += len(self._buffer)
        self._buffer = bytearray()

    def rows(self, *, id_column: str | None, group_column: str | None) -> "PackedRows":
        """All rows. Nothing can be added afterwards."""
        read: Read = _of_memory(self._buffer)
        if self._file is not None:
            if self._buffer:
                self._spill()
            read = _of_file(self._file)
            self._file.close()
        return PackedRows(self._columns, read, self._ends, self._kinds, id_column, group_column)

    def close(self) -> None:
        """Give the temporary file back, where the reading stopped half-way."""
        if self._file is not None:
            self._file.close()


def _of_memory(data: bytearray) -> Read:
    return lambda start, end: data[start:end]


def _of_file(file: BinaryIO) -> Read:
    """Reads a file, for as long as anybody does. A mapped one would count as this process's memory, page by page."""
    if sys.platform == "win32":
        mapped = mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)
        return lambda start, end: mapped[start:end]
    number = os.dup(file.fileno())

    def read(start: int, end: int) -> bytes:
        size = end - start
        data = os.pread(number, size, start)
        while len(data) < size:
            more = os.pread(number, size - len(data), start + len(data))
            if not more:
                raise StorageError("the temporary file of the table was cut short", hint="run the command again")
            data += more
        return data

    weakref.finalize(read, os.close, number)
    return read


def _kinds(cells: Sequence[Any]) -> bytes:
    try:
        return bytes([KINDS[type(cell)] for cell in cells])
    except KeyError:  # of a class that is made from one of them
        return bytes(next(kind for base, kind in KINDS.items() if isinstance(cell, base)) for cell in cells)


class PackedRows(Sequence[Row]):
    """The rows of a table, each made when it is looked at."""

    __slots__ = ("_columns", "_ends", "_group", "_id", "_kept", "_kinds", "_read")

    def __init__(
        self,
        columns: tuple[str, ...],
        read: Read,
        ends: "array[int]",
        kinds: bytearray | None,
        id_column: str | None,
        group_column: str | None,
    ) -> None:
        self._columns = columns
        self._read = read
        self._ends = ends
        self._kinds = kinds
        self._id = columns.index(id_column) if id_column is not None else None
        self._group = columns.index(group_column) if group_column is not None else None
        self._kept: tuple[Row, ...] | None = None

    def __len__(self) -> int:
        return len(self._ends)

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Row, ...]: ...
    def __getitem__(self, index: int | slice) -> Row | tuple[Row, ...]:
        if isinstance(index, slice):
            start, stop, step = index.indices(len(self))
            if step == 1:
                return tuple(map(self._made, range(start, stop), self._pieces(start, stop)))
            return tuple(map(self._row, range(start, stop, step)))
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        return self._row(index % len(self))

    def __iter__(self) -> Iterator[Row]:
        if self._kept is not None:
            return iter(self._kept)
        every = map(self._made, range(len(self)), self._pieces())
        if len(self._ends) > KEPT_ROWS or (self._ends and self._ends[-1] > KEPT_BYTES):
            return every
        self._kept = tuple(every)
        return iter(self._kept)

    def text(self, index: int) -> str:
        """One row's cells as a template shows them, with a zero byte between two: quicker than the row itself."""
        return self._piece(index).decode("utf-8")

    def column(self, name: str) -> Iterator[Any]:
        """The cells of one column."""
        at, width = self._columns.index(name), len(self._columns)
        texts = self._texts(at)
        if self._kinds is None:
            return texts
        return (MAKE[kind](text) for kind, text in zip(self._kinds[at::width], texts, strict=True))

    def _texts(self, at: int) -> Iterator[str]:
        return (piece.split(b"\0", at + 1)[at].decode("utf-8") for piece in self._pieces())

    def _piece(self, index: int) -> bytes | bytearray:
        """The bytes of one row."""
        return self._read(self._ends[index - 1] if index else 0, self._ends[index])

    def _pieces(self, first_row: int = 0, stop_row: int | None = None) -> Iterator[bytes | bytearray]:
        """The bytes of each row, or of some that follow one another, read many at a time."""
        ends = self._ends if stop_row is None else self._ends[first_row:stop_row]
        whole = ends[-1] if ends else 0
        first = start = last = self._ends[first_row - 1] if first_row else 0
        block: bytes | bytearray = b""
        for end in ends:
            if end > last:
                first, last = start, max(end, min(whole, start + BLOCK_BYTES))
                block = self._read(first, last)
            yield block[start - first : end - first]
            start = end

    def ids(self) -> Iterator[str]:
        """The id of each row."""
        if self._id is None:
            return map(str, range(1, len(self) + 1))
        return map(str.strip, self._texts(self._id))

    def shape_digest(self) -> str:
        """What the table's digest leaves out: the types of the cells, and which columns are the id and the group."""
        sha = hashlib.sha256(f"{len(self)}:{self._id}:{self._group}:".encode())
        sha.update(self._kinds or b"")
        return sha.hexdigest()

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Sequence):
            return NotImplemented
        return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))

    __hash__ = None  # type: ignore[assignment]

    def _row(self, index: int) -> Row:
        return self._made(index, self._piece(index))

    def _made(self, index: int, piece: bytes | bytearray) -> Row:
        texts: list[Any] = piece.decode("utf-8").split("\0")
        row_id = str(index + 1) if self._id is None else texts[self._id].strip()
        group = None if self._group is None else texts[self._group].strip() or None
        if self._kinds is not None:
            width = len(texts)
            kinds = self._kinds[index * width : (index + 1) * width]
            if any(kinds):
                texts = [MAKE[kind](text) for kind, text in zip(kinds, texts, strict=True)]
        return Row(row_id, index + 1, dict(zip(self._columns, texts, strict=True)), group)
