"""From what a reader found to a table: names, ids, groups, Unicode, and the digest.

Two files with the same cells make the same table, whatever their format. "The same" is what a prompt template shows:
the text of a cell, with 3 and "3" alike, and nothing for an empty cell.
"""

import hashlib
import unicodedata
from array import array
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import numpy as np

from bakeoff.errors import DataError
from bakeoff.evaluate.tables.packed import Packer
from bakeoff.evaluate.tables.source import FEWER_ROWS, MOST_CELLS, MOST_COLUMNS, Source, wrong_width
from bakeoff.evaluate.types import Row, Table
from bakeoff.values import Reason, reason

BLANK = " \t\r\n\u00a0"
"""A row of nothing but these is no row."""

NAMED = 5
"""So many values and places are named in a message; the rest is counted."""


def build(source: Source, name: str, *, id_column: str | None = None, group_column: str | None = None) -> Table:
    """Read all rows into a table.

    Args:
        source: an opened file.
        name: how messages call it.
        id_column: holds a unique id in each row; None numbers the rows from 1.
        group_column: rows with the same value belong together.

    Raises:
        DataError: see `bakeoff.evaluate.files.read_table`.
    """
    columns, notes = _columns(source.header, name)
    for wanted in (id_column, group_column):
        if wanted is not None and wanted not in columns:
            raise DataError(f"{name} has no column {wanted!r}", hint=f"its columns are: {', '.join(columns)}")
    reading = _Reading(columns, name, source.unit, id_column)
    try:
        for position, found in source.rows:
            reading.take(position, found)
        if not reading.count:
            raise DataError(
                f"{name} has a header and no rows", hint="the first row holds the column names; data follow"
            )
        rows = reading.packer.rows(id_column=id_column, group_column=group_column)
    finally:
        reading.packer.close()
    repeated = _repeated(reading.hashes)
    reading.ids.check(rows)
    notes += source.notes
    notes += reading.notes(rows)
    if group_column is not None and (blank := reading.blank_texts[columns.index(group_column)]):
        notes.append(reason("data.blank_groups", column=group_column, n=blank))
    if id_column is None:
        notes.append(reason("data.ids_made", n=len(rows)))
    if repeated:
        notes.append(reason("data.repeated_rows", n=repeated))
    return Table(columns=columns, rows=rows, digest=reading.digest(), notes=tuple(notes))


PARTS = 16
"""Hashes are compared in so many parts, so that no second array of all of them is made."""


def _repeated(hashes: "array[int]") -> int:
    """How many are equal to an earlier one. `np.unique` would load masked arrays first: 20 ms of every start."""
    values = np.frombuffer(hashes, dtype=np.int64)
    part_of = values.view(np.uint8)[:: values.itemsize] % PARTS
    found = 0
    for part in range(PARTS):
        some = np.sort(values[part_of == part])
        found += int(np.count_nonzero(some[1:] == some[:-1]))
    return found


def shown(cell: Any) -> str:
    """A cell as a template shows it; nothing for an empty one."""
    return cell if isinstance(cell, str) else "" if cell is None else str(cell)


def column_names(header: Sequence[Any], name: str) -> tuple[str, ...]:
    """The names of the columns, as in the table.

    Raises:
        DataError: there are none, or two are the same.
    """
    return _columns(header, name)[0]


def _columns(header: Sequence[Any], name: str) -> tuple[tuple[str, ...], list[Reason]]:
    """Names that can be used in templates: NFC, without blanks around them, each one once."""
    if not any(shown(cell).strip() for cell in header):
        raise DataError(f"{name} is empty", hint="the first row holds the column names, data follow")
    if len(header) > MOST_COLUMNS:
        raise DataError(
            f"{name} has {len(header):,} columns; at most {MOST_COLUMNS:,} are read",
            hint='is the delimiter right? It can be named under [data]: delimiter = ";"',
        )
    raw = [unicodedata.normalize("NFC", _sound(shown(cell), f"{name}: the header")) for cell in header]
    given = {text.strip() for text in raw}
    columns, nameless = [], []
    for number, text in enumerate(raw, 1):
        column = text.strip()
        if not column:
            column = next(free for free in _free_names(number) if free not in given)
            given.add(column)
            nameless.append(column)
        columns.append(column)
    repeated = [column for column, n in Counter(columns).items() if n > 1]
    if repeated:
        places = [str(i) for i, column in enumerate(columns, 1) if column == repeated[0]]
        raise DataError(
            f"{name}: columns {' and '.join(places)} are both called {repeated[0]!r}", hint="rename one of them"
        )
    trimmed = [text.strip() for text in raw if text.strip() != text and text.strip()]
    notes = []
    if nameless:
        notes.append(reason("data.columns_named", columns=", ".join(nameless), n=len(nameless)))
    if trimmed:
        notes.append(reason("data.columns_trimmed", columns=", ".join(trimmed), n=len(trimmed)))
    return tuple(columns), notes


def _free_names(number: int) -> Iterator[str]:
    yield f"column_{number}"
    yield from (f"column_{number}_{again}" for again in count(2))


@dataclass(slots=True)
class _Reading:
    """Checks, counts and packs cells row by row, and takes the digest on the way."""

    columns: tuple[str, ...]
    name: str
    unit: str
    id_column: str | None
    packer: Packer = field(init=False)
    ids: "_Ids" = field(init=False)
    blank: list[int] = field(init=False)
    """Per column: empty cells."""

    blank_texts: list[int] = field(init=False)
    """Per column: empty cells, and those with nothing but blanks."""

    blank_rows: list[int] = field(default_factory=list)
    hashes: "array[int]" = field(default_factory=lambda: array("q"))
    """Per row: of everything but its id, to count the rows that repeat another."""

    normalized: int = 0
    replaced: int = 0
    first_replaced: int = 0
    count: int = 0
    _sha: Any = field(default_factory=hashlib.sha256)

    def __post_init__(self) -> None:
        self.packer = Packer(self.columns)
        self.ids = _Ids(self.name, self.unit, self.id_column)
        self.blank = [0] * len(self.columns)
        self.blank_texts = [0] * len(self.columns)
        self._sha.update("\0".join([*self.columns, "", ""]).encode("utf-8"))

    def take(self, position: int, cells: Sequence[Any]) -> None:
        """Read one row; a row with nothing in it is only counted."""
        texts = [shown(cell) for cell in cells]
        joined = "\0".join(texts)
        width = len(self.columns)
        if not joined.strip("\0" + BLANK):
            if cells or width == 1:  # with several columns, a line without any cell is no row
                self.blank_rows.append(position)
            return
        if len(cells) != width:
            raise wrong_width(self.name, self.unit, position, cells, width)
        if not joined.isascii():
            cells, joined = self._composed(cells, joined)
            texts = joined.split("\0")
        data = self._encoded(position, cells, joined)
        self.count += 1
        if self.count * width > MOST_CELLS:
            raise DataError(f"{self.name} has more than {MOST_CELLS:,} cells, the most that are read", hint=FEWER_ROWS)
        if not all(map(str.strip, texts)):
            for index, text in enumerate(texts):
                if not text or text.isspace():
                    self.blank_texts[index] += 1
                    self.blank[index] += not text
        self._sha.update(data)
        self._sha.update(b"\0")
        self.packer.add(data, cells)
        if self.id_column is not None:
            at = self.columns.index(self.id_column)
            self.ids.take(texts.pop(at).strip(), position)
            data = "\0".join(texts).encode("utf-8")
        self.hashes.append(hash(data))

    def _encoded(self, position: int, cells: Sequence[Any], joined: str) -> bytes:
        """The row in UTF-8; refused with the cell that holds what no text may hold."""
        try:
            data = joined.encode("utf-8")
        except UnicodeEncodeError:
            data = b""
        if not data or data.count(0) != len(self.columns) - 1:
            for column, cell in zip(self.columns, cells, strict=True):
                _sound(shown(cell), f"{self.name}: {self.unit} {position:,}, column {column!r}")
        return data

    def _composed(self, cells: Sequence[Any], joined: str) -> tuple[Sequence[Any], str]:
        """The cells in NFC; and count what an earlier program has lost."""
        if "\ufffd" in joined:
            self.replaced += sum("\ufffd" in cell for cell in cells if isinstance(cell, str))
            self.first_replaced = self.first_replaced or self.count + 1
        if unicodedata.is_normalized("NFC", joined):
            return cells, joined
        composed = [unicodedata.normalize("NFC", cell) if isinstance(cell, str) else cell for cell in cells]
        self.normalized += sum(new != old for new, old in zip(composed, cells, strict=True))
        return composed, "\0".join(shown(cell) for cell in composed)

    def notes(self, rows: Sequence[Row]) -> list[Reason]:
        """What was found in the cells."""
        notes = []
        if self.blank_rows:
            notes.append(reason("data.blank_rows", n=len(self.blank_rows), first=self.blank_rows[0]))
        for column, n in zip(self.columns, self.blank, strict=True):
            if n:
                notes.append(reason("data.blank_cells", column=column, n=n, total=len(rows)))
        if self.normalized:
            notes.append(reason("data.normalized", n=self.normalized))
        if self.replaced:
            first = rows[self.first_replaced - 1].id
            notes.append(reason("data.replaced_characters", n=self.replaced, row=first))
        return notes

    def digest(self) -> str:
        """SHA-256 over the names and all cells, each ended by a zero byte, which no cell contains."""
        return str(self._sha.hexdigest())


def _sound(text: str, where: str) -> str:
    """The text, unless it holds what cannot be sent to a model."""
    if "\0" in text:
        raise DataError(f"{where} holds a zero byte (NUL)", hint="remove it, or write the file again as UTF-8 text")
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(
            f"{where} holds half of a character (surrogate U+{ord(text[error.start]):04X})",
            hint="the program that wrote the file cut a text in the middle; mend or remove the cell",
        ) from None
    return text


class _Ids:
    """Takes the id of each row, and says at the end which ones are missing or used twice.

    Keeps a hash and a position of each; only where two hashes are alike are the ids themselves looked at.
    """

    def __init__(self, name: str, unit: str, column: str | None) -> None:
        self._name = name
        self._unit = unit
        self._column = column
        self._hashes = array("q")
        self._positions = array("I")  # a file of at most 2 GiB has fewer lines
        self._missing: list[int] = []

    def take(self, row_id: str, position: int) -> None:
        self._hashes.append(hash(row_id))
        self._positions.append(position)
        if not row_id:
            self._missing.append(position)

    def check(self, rows: Sequence[Row]) -> None:
        hint = f"mend column {self._column!r}, or leave `id` out of [data]: then the rows are numbered"
        if self._missing:
            one = len(self._missing) == 1
            raise DataError(
                f"{self._name}: {len(self._missing):,} {'row has' if one else 'rows have'} no id in column "
                f"{self._column!r}: {self._unit}{'' if one else 's'} {_first_few(self._missing, str)}",
                hint=hint,
            )
        again = self._again(rows)
        if again:
            named = _first_few(list(again), lambda i: f"{i!r} ({self._unit}s {_first_few(again[i], str)})")
            raise DataError(
                f"{self._name}: {len(again):,} {'id is' if len(again) == 1 else 'ids are'} used more than "
                f"once: {named}",
                hint=hint,
            )

    def _again(self, rows: Sequence[Row]) -> dict[str, list[int]]:
        """Id to the positions of its rows, where there are several."""
        hashes = np.frombuffer(self._hashes, dtype=np.int64)
        if not _repeated(self._hashes):
            return {}
        values, counts = np.unique(hashes, return_counts=True)
        found: dict[str, list[int]] = {}
        for index in np.flatnonzero(np.isin(hashes, values[counts > 1])):
            found.setdefault(rows[int(index)].id, []).append(self._positions[index])
        return {row_id: positions for row_id, positions in found.items() if len(positions) > 1}


def _first_few(values: Sequence[Any], write: Callable[[Any], str]) -> str:
    more = f" and {len(values) - NAMED:,} more" if len(values) > NAMED else ""
    return ", ".join(write(value) for value in values[:NAMED]) + more
