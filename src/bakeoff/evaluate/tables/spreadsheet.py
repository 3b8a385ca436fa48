"""Excel files, by python-calamine. Numbers and booleans keep their type, whole numbers become int, dates ISO 8601.

A formula counts as the value that Excel stored for it, and an error such as #N/A as an empty cell.
"""

import datetime
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook

from bakeoff.errors import DataError
from bakeoff.evaluate.tables.source import FEWER_ROWS, MOST_CELLS, Source
from bakeoff.units import show_bytes
from bakeoff.values import reason

LARGEST_UNPACKED_BYTES = 512 * 1024 * 1024
"""Of an Excel file: calamine holds the whole sheet and its texts in memory, at several times this."""

DAMAGED = "open it in a spreadsheet program and save it as .xlsx, or export it as CSV in UTF-8"


@contextmanager
def spreadsheet(path: Path, *, sheet: str | None) -> Iterator[Source]:
    """Open one sheet of an Excel file.

    Args:
        path: `.xlsx` or `.xlsm`.
        sheet: its name; None takes the first.

    Raises:
        DataError: it is not an Excel file, is damaged, has no such sheet, or is far too large.
    """
    try:
        with CalamineWorkbook.from_path(path) as book:
            names = book.sheet_names
            chosen = _chosen(names, sheet, path.name)
            _check_size(path, chosen)
            opened = book.get_sheet_by_name(chosen)
            rows = _rows(opened)
            header = next((cells for _, cells in rows if any(cell is not None for cell in cells)), [])
            notes = [reason("data.sheet", sheet=chosen, others=len(names) - 1)] if len(names) > 1 and not sheet else []
            yield Source(header, rows, "row", notes)
    except (CalamineError, zipfile.BadZipFile, ElementTree.ParseError, KeyError, EOFError) as error:
        raise DataError(f"{path.name} cannot be read as an Excel file: {error}", hint=DAMAGED) from None


def _chosen(names: list[str], sheet: str | None, name: str) -> str:
    if not names:
        raise DataError(f"{name} has no sheets", hint=DAMAGED)
    if sheet is None:
        return names[0]
    if sheet not in names:
        near = get_close_matches(sheet, names, n=1)
        hint = f"did you mean {near[0]!r}?" if near else f"its sheets are: {', '.join(names)}"
        raise DataError(f"{name} has no sheet {sheet!r}", hint=hint)
    return sheet


def _rows(sheet: CalamineSheet) -> Iterator[tuple[int, list[Any]]]:
    """(row of the sheet, cells of the used columns), from the sheet's first row."""
    for number, cells in enumerate(sheet.iter_rows(), 1):
        yield number, [_cell(cell) for cell in cells]


def _cell(value: Any) -> Any:
    if value == "":
        return None
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, datetime.date | datetime.time):
        return value.isoformat()
    if isinstance(value, datetime.timedelta):
        return str(value)
    return value


_FILLED = re.compile(rb"<(?:\w+:)?c\b[^>]*?\br\s*=\s*[\"']([A-Z]{1,3})([0-9]{1,7})[\"'][^>]*?(/?)>")
"""A cell: its column, its row, and a slash where it has no content."""


def _check_size(path: Path, sheet: str) -> None:
    """Refuse what would not fit before it is read: calamine takes memory for the whole rectangle of used cells, and
    ends the process where there is not enough. Two cells in opposite corners of a sheet ask for 17,000,000,000.
    """
    with zipfile.ZipFile(path) as archive:
        unpacked = sum(part.file_size for part in archive.infolist())
        if unpacked > LARGEST_UNPACKED_BYTES:
            raise DataError(
                f"{path.name} unpacks to {show_bytes(unpacked)}; at most {show_bytes(LARGEST_UNPACKED_BYTES)} are read",
                hint=FEWER_ROWS,
            )
        columns, rows = _used(archive, _part(archive, sheet))
    if columns * rows > MOST_CELLS:
        raise DataError(
            f"sheet {sheet!r} of {path.name} uses {rows:,} rows and {columns:,} columns; at most {MOST_CELLS:,} "
            "cells are read",
            hint="a stray cell far from the data is enough; copy the data into a new sheet",
        )


def _part(archive: zipfile.ZipFile, sheet: str) -> str:
    """Where in the archive a sheet lies."""
    main, relations = "xl/workbook.xml", "xl/_rels/workbook.xml.rels"
    key = next(
        (value for element in ElementTree.fromstring(archive.read(main)).iter() if element.get("name") == sheet
         for name, value in element.items() if name.endswith("}id")),
        None,
    )  # fmt: skip
    for element in ElementTree.fromstring(archive.read(relations)).iter():
        if element.get("Id") == key:
            target = element.get("Target", "")
            return target.lstrip("/") if target.startswith("/") else f"xl/{target}"
    raise KeyError(sheet)


def _used(archive: zipfile.ZipFile, part: str) -> tuple[int, int]:
    """(columns, rows) up to the last cell with content."""
    last_row, letters, rest = 0, set(), b""
    with archive.open(part) as stream:
        while chunk := stream.read(1 << 20):
            text = rest + chunk
            for column, row, empty in _FILLED.findall(text):
                if not empty:
                    letters.add(column)
                    last_row = max(last_row, int(row))
            rest = text[text.rfind(b"<") :]
    return max((_number(column) for column in letters), default=0), last_row


def _number(letters: bytes) -> int:
    """`A` is 1, `XFD` is 16384."""
    number = 0
    for letter in letters:
        number = 26 * number + letter - 64
    return number
