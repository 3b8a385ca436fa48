"""What stands in a column of the data: text, numbers, yes or no, pictures."""

import re
from collections.abc import Sequence
from typing import Any, Literal

from bakeoff.evaluate.types import Table

Kind = Literal["text", "number", "image", "boolean"]

LOOKED_AT = 500
"""Rows from which a column's kind is told."""

PICTURES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".bmp")

_NUMBER = re.compile(r"-?(?:0|[1-9]\d*)(?:\.\d+)?")
"""A number as a csv file has it. `007` is none: it is a name."""


def column_kinds(table: Table, *, typed: bool = False) -> dict[str, Kind]:
    """Column to its kind, by its first rows.

    Args:
        table: the data.
        typed: the file has numbers of its own, so that a text of digits is a text.
    """
    rows = table.rows[:LOOKED_AT]
    return {name: _kind([row.values[name] for row in rows], typed=typed) for name in table.columns}


def _kind(cells: Sequence[Any], *, typed: bool) -> Kind:
    there = [cell for cell in cells if cell is not None and cell != ""]
    if not there:
        return "text"
    if all(isinstance(cell, bool) for cell in there):
        return "boolean"
    if all(isinstance(cell, int | float) and not isinstance(cell, bool) for cell in there):
        return "number"
    if not all(isinstance(cell, str) for cell in there):
        return "text"
    if not typed and all(_NUMBER.fullmatch(cell) for cell in there):
        return "number"
    return "image" if all(is_picture(cell) for cell in there) else "text"


def is_picture(cell: str) -> bool:
    """A data URI of a picture, or the name of a picture file. Addresses elsewhere are text: the page loads none."""
    if cell[:11].lower() == "data:image/":
        return True
    return len(cell) < 1000 and "://" not in cell and cell.strip().lower().endswith(PICTURES)
