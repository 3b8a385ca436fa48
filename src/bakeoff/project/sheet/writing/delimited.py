"""csv and tsv: records in the file's own delimiter and line end; records that are not touched keep every byte."""

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bakeoff.errors import UsageError
from bakeoff.evaluate.tables.build import BLANK, column_names, shown
from bakeoff.evaluate.tables.delimited import delimiter_of
from bakeoff.evaluate.tables.source import LONGEST_CELL


@dataclass(frozen=True, slots=True)
class Dialect:
    """How a file is written."""

    delimiter: str
    end: str
    """Of a line."""

    quoted: bool = True
    """Quotes around a cell belong to the format."""


def dialect_of(text: str, delimiter: str | None, usual: str) -> Dialect:
    """As the reader of the table finds it.

    Args:
        text: of the whole file, with its line ends.
        delimiter: as the project file names it; None looks for it.
        usual: that the file's name promises.
    """
    found = delimiter_of(io.StringIO(text, newline=""), delimiter, usual)
    first = text[: text.find("\n") + 1]
    dialect = Dialect(found, "\r\n" if first.endswith("\r\n") else "\n")
    if usual != "\t":
        return dialect
    try:
        for _ in _records(text, dialect):
            pass
    except csv.Error:
        return Dialect(found, dialect.end, quoted=False)
    return dialect


def _records(text: str, dialect: Dialect) -> Iterator[tuple[int, int, list[str]]]:
    """(first line, the line after the last, cells) of each record, lines from 0."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(
        io.StringIO(text, newline=""),
        delimiter=dialect.delimiter,
        strict=dialect.quoted,
        quoting=csv.QUOTE_MINIMAL if dialect.quoted else csv.QUOTE_NONE,
    )
    start = 0
    for cells in reader:
        yield start, reader.line_num, cells
        start = reader.line_num


def _columns(text: str, dialect: Dialect) -> tuple[str, ...]:
    return column_names(next((cells for _, _, cells in _records(text, dialect) if cells), []), "the file")


def with_rows(text: str, dialect: Dialect, rows: Sequence[Mapping[str, Any]]) -> str:
    """The file with further rows at its end; a column that a row does not have is empty."""
    columns = _columns(text, dialect)
    end = "" if text.endswith(("\n", "\r")) else dialect.end
    return text + end + "".join(_record([shown(row.get(name)) for name in columns], dialect) for row in rows)


def with_cell(text: str, dialect: Dialect, place: int, column: str, value: str) -> str:
    """The file with another text in one cell.

    Args:
        text: of the whole file.
        dialect: of the file.
        place: of the row in the table, from 0.
        column: by its name in the table.
        value: the new text.
    """
    columns = _columns(text, dialect)
    rows = (one for one in _records(text, dialect) if any(cell.strip(BLANK) for cell in one[2]))
    next(rows)
    first, after, cells = next(one for index, one in enumerate(rows) if index == place)
    cells[columns.index(column)] = value
    lines = list(io.StringIO(text, newline=""))
    record = _record(cells, dialect)
    if not lines[after - 1].endswith(("\n", "\r")):
        record = record.removesuffix(dialect.end)
    return "".join([*lines[:first], record, *lines[after:]])


def _record(cells: Sequence[str], dialect: Dialect) -> str:
    if not dialect.quoted:
        if any(character in cell for cell in cells for character in f"{dialect.delimiter}\r\n"):
            raise UsageError("this file cannot hold a tab or a line end in a cell", hint="save the data as .csv")
        return dialect.delimiter.join(cells) + dialect.end
    out = io.StringIO()
    csv.writer(out, delimiter=dialect.delimiter, lineterminator=dialect.end).writerow(cells)
    return out.getvalue()
