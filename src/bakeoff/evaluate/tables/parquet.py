"""Parquet, by DuckDB, in and out. Numbers and booleans keep their type; everything else becomes text.

Dates and times are ISO 8601 (those with a zone in UTC), decimals are numbers, lists and structures are JSON text,
bytes are text where they are UTF-8. NaN is an empty cell.
"""

import datetime
import decimal
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb

from bakeoff.errors import DataError, StorageError
from bakeoff.evaluate.tables.source import FEWER_ROWS, MOST_CELLS, Source
from bakeoff.values import Reason, reason

BATCH = 2_000

SETTINGS: dict[str, str | bool | int | float | list[str]] = {
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}
"""Nothing is fetched, whatever the file says."""

EPOCH = datetime.datetime(1970, 1, 1, tzinfo=datetime.UTC)

WRITTEN = {"text": "VARCHAR", "whole": "BIGINT", "number": "DOUBLE", "boolean": "BOOLEAN"}
"""Type of a written column to DuckDB's name of it."""

FROM = "FROM read_parquet(?, hive_partitioning = false, union_by_name = false, filename = false)"


@contextmanager
def parquet(path: Path, *others: Path) -> Iterator[Source]:
    """Open a Parquet file.

    Args:
        path: the file.
        others: further parts of the same table, in order.

    Raises:
        DataError: it is not one, is damaged, or claims too many cells.
    """
    where = [[_literal(part) for part in (path, *others)]]
    with duckdb.connect(":memory:", config=SETTINGS) as database:
        try:
            columns = [
                _Column(name, str(kind))
                for name, kind, *_ in database.execute(f"SELECT * {FROM} LIMIT 0", where).description or []
            ]
            counted = database.execute("SELECT sum(num_rows) FROM parquet_file_metadata(?)", where).fetchone()
            cells = len(columns) * int(counted[0]) if counted else 0
            if cells > MOST_CELLS:
                raise DataError(f"{path.name} holds {cells:,} cells; at most {MOST_CELLS:,} are read", hint=FEWER_ROWS)
            notes: list[Reason] = []
            selected = ", ".join(column.selected() for column in columns)
            cursor = database.execute(f"SELECT {selected} {FROM}", where)
            yield Source([column.name for column in columns], _rows(cursor, columns, notes), "row", notes)
        except (duckdb.Error, OverflowError) as error:
            raise DataError(
                f"{path.name} cannot be read as Parquet: {str(error).splitlines()[0]}",
                hint="the file is damaged or incomplete, or is something else; write it again",
            ) from None


def _literal(path: Path) -> str:
    """The path with the characters that DuckDB takes for a pattern made plain."""
    return "".join(f"[{character}]" if character in "*?[" else character for character in str(path.resolve()))


@dataclass(frozen=True, slots=True)
class _Column:
    """A column, and how its values become cells."""

    name: str
    kind: str
    """DuckDB's name of the type."""

    @property
    def nested(self) -> bool:
        return self.kind.endswith("]") or self.kind.startswith(("STRUCT", "MAP", "UNION", "VARIANT"))

    def selected(self) -> str:
        """What to ask DuckDB for, so that a plain Python value comes back."""
        column = _quoted(self.name)
        if self.nested:
            return f"CAST(to_json({column}) AS VARCHAR)"
        if self.kind == "TIMESTAMP WITH TIME ZONE":
            return f"epoch_us({column})"  # DuckDB would give it in this machine's zone
        if self.kind in ("INTERVAL", "UUID", "TIME WITH TIME ZONE", "TIMESTAMP_NS") or self.kind.startswith("ENUM"):
            return f"CAST({column} AS VARCHAR)"
        return column

    def cell(self, value: Any, number: int) -> Any:
        """The value as a cell."""
        if isinstance(value, float):
            return value if value == value else None
        if self.kind == "TIMESTAMP WITH TIME ZONE" and value is not None:
            return (EPOCH + datetime.timedelta(microseconds=value)).isoformat()
        if isinstance(value, datetime.date | datetime.time):
            return value.isoformat()
        if isinstance(value, decimal.Decimal):
            return int(value) if value == value.to_integral_value() else float(value)
        if isinstance(value, bytes):
            return self._text(value, number)
        return value

    def _text(self, value: bytes, number: int) -> str:
        try:
            return value.decode("utf-8")
        except UnicodeDecodeError:
            raise DataError(
                f"row {number:,}, column {self.name!r}: bytes that are not text",
                hint="leave the column out, or write it as text",
            ) from None


def _rows(cursor: Any, columns: Sequence[_Column], notes: list[Reason]) -> Iterator[tuple[int, list[Any]]]:
    nested: Counter[str] = Counter()
    number = 0
    while batch := cursor.fetchmany(BATCH):
        for values in batch:
            number += 1
            for column, value in zip(columns, values, strict=True):
                nested[column.name] += column.nested and value is not None
            yield number, [column.cell(value, number) for column, value in zip(columns, values, strict=True)]
    notes += [reason("data.nested", column=name, n=n) for name, n in nested.items() if n]


def write_parquet(lines: Path, target: Path, columns: Mapping[str, str], longest: int) -> None:
    """Turn a file of JSON Lines into Parquet, without holding it in memory.

    Args:
        lines: one object per line, each with all columns.
        target: the file to write.
        columns: name to text, whole, number or boolean.
        longest: bytes of the longest line.

    Raises:
        StorageError: it could not be written.
    """
    kinds = ", ".join(f"{_quoted(name)}: '{WRITTEN[kind]}'" for name, kind in columns.items())
    query = (
        f"SELECT * FROM read_json(?, format = 'newline_delimited', columns = {{{kinds}}}, "
        f"maximum_object_size = {max(longest + 2, 1 << 20)})"
    )
    with duckdb.connect(":memory:", config={**SETTINGS, "threads": 1, "preserve_insertion_order": True}) as database:
        try:
            where = str(target.resolve()).replace("'", "''")
            database.execute(f"COPY ({query}) TO '{where}' (FORMAT parquet, COMPRESSION zstd)", [_literal(lines)])
        except duckdb.Error as error:
            raise StorageError(
                f"{target}: {str(error).splitlines()[0]}", hint="is there room on the disk? .csv needs less"
            ) from None


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
