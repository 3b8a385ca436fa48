"""Excel files, by XlsxWriter in its mode for large ones: a row is on the disk before the next is made.

A text is written as text: what begins with = is no formula, and the cell carries Excel's own mark for that (what
typing an apostrophe does), so that it stays text when someone edits it.
"""

from pathlib import Path
from typing import Any

import xlsxwriter
from xlsxwriter.exceptions import FileCreateError

from bakeoff.errors import UsageError
from bakeoff.evaluate.exchange.layout import Layout
from bakeoff.values import Reason, reason

MOST_ROWS = 1_048_576
MOST_COLUMNS = 16_384
MOST_CHARACTERS = 32_767
"""Of a sheet and of a cell, in UTF-16 units: Excel's own limits ("Excel specifications and limits")."""

SHEET = "bakeoff"


def write_workbook(path: Path, table: Layout) -> list[Reason]:
    """Write a table into a workbook with one sheet.

    Returns:
        A note where texts were too long for a cell and were cut; each of them says so at its end.

    Raises:
        UsageError: there are more rows or columns than Excel can hold.
        OSError: the disk refused.
    """
    if table.count + 1 > MOST_ROWS or len(table.fields) > MOST_COLUMNS:
        raise UsageError(
            f"{table.count:,} lines and {len(table.fields):,} columns are more than an Excel sheet holds "
            f"({MOST_ROWS - 1:,} and {MOST_COLUMNS:,})",
            hint="write .csv or .parquet instead",
        )
    try:
        cut = _write_sheet(path, table)
    except FileCreateError as error:
        raise error.args[0] from None  # the system's own error, which the caller knows what to do with
    return [reason("export.cells_cut", n=cut, most=MOST_CHARACTERS)] if cut else []


def _write_sheet(path: Path, table: Layout) -> int:
    """Write everything; returns how many texts had to be cut."""
    cut = 0
    options = {
        "constant_memory": True,
        "strings_to_formulas": False,
        "strings_to_urls": False,
        "nan_inf_to_errors": True,
    }
    with xlsxwriter.Workbook(path, options) as book:
        sheet = book.add_worksheet(SHEET)
        head = book.add_format({"bold": True})
        plain = book.add_format({"quote_prefix": True})
        for index, field in enumerate(table.fields):
            sheet.write_string(0, index, _fitting(field.name)[0], head)
        sheet.freeze_panes(1, 0)
        for number, line in enumerate(table.lines, 1):
            for index, value in enumerate(line):
                cut += _write(sheet, number, index, value, plain)
    return cut


def _write(sheet: Any, row: int, column: int, value: Any, plain: Any) -> bool:
    """Write one cell; True where it had to be cut."""
    if value is None or value == "":
        return False
    if isinstance(value, bool):
        sheet.write_boolean(row, column, value)
        return False
    # Excel's numbers have 53 bits: a longer whole number would come back as another one.
    if isinstance(value, int | float) and abs(value) <= 2**53:
        sheet.write_number(row, column, value)
        return False
    text, cut = _fitting(str(value))
    sheet.write_string(row, column, text, plain if text[0] in "=+-@" else None)
    return cut


def _fitting(text: str) -> tuple[str, bool]:
    """(the text, whether it was cut): as much of it as a cell holds, with a mark at its end."""
    if len(text) <= MOST_CHARACTERS // 2:
        return text, False
    units = text.encode("utf-16-le")
    if len(units) <= 2 * MOST_CHARACTERS:
        return text, False
    mark = f" [... cut: {len(text):,} characters]"
    return units[: 2 * (MOST_CHARACTERS - len(mark))].decode("utf-16-le", "ignore") + mark, True
