"""JSON Lines, and files with one array: new objects at the end; objects that are not touched keep every byte."""

import io
import json
from collections.abc import Mapping, Sequence
from typing import Any
from unicodedata import normalize

from bakeoff.errors import DataError
from bakeoff.evaluate.tables.build import BLANK


def is_array(text: str, *, array_allowed: bool) -> bool:
    """The file is one array of objects."""
    return array_allowed and text.lstrip()[:1] == "["


def with_rows(text: str, rows: Sequence[Mapping[str, Any]], *, array_allowed: bool) -> str:
    """The file with further objects at its end."""
    lines = [json.dumps(dict(row), ensure_ascii=False) for row in rows]
    if not is_array(text, array_allowed=array_allowed):
        end = "" if not text or text.endswith("\n") else "\n"
        return text + end + "".join(f"{line}\n" for line in lines)
    head, bracket, tail = text.rpartition("]")
    if not bracket or tail.strip():
        raise DataError("the file does not end with its array", hint="mend it, or save the data as .jsonl")
    return f"{head.rstrip()},\n" + ",\n".join(lines) + f"\n]{tail}"


def with_cell(text: str, place: int, column: str, value: Any, *, array_allowed: bool) -> str:
    """The file with another value in one cell.

    Args:
        text: of the whole file.
        place: of the row in the table, from 0.
        column: by its name in the table.
        value: the new one.
        array_allowed: the name of the file allows an array.
    """
    if is_array(text, array_allowed=array_allowed):
        return _in_array(text, place, column, value)
    lines = list(io.StringIO(text, newline=""))
    at = [number for number, line in enumerate(lines) if not _is_blank(line)][place]
    end = lines[at][len(lines[at].rstrip("\r\n")) :]
    lines[at] = _changed(json.loads(lines[at]), column, value) + end
    return "".join(lines)


def _in_array(text: str, place: int, column: str, value: Any) -> str:
    decoder, at, seen = json.JSONDecoder(), text.index("[") + 1, -1
    while True:
        while text[at] in " \t\r\n,":
            at += 1
        item, end = decoder.raw_decode(text, at)
        seen += any(not _is_empty(cell) for cell in item.values())
        if seen == place:
            return text[:at] + _changed(item, column, value) + text[end:]
        at = end


def _changed(item: dict[str, Any], column: str, value: Any) -> str:
    # A key may have blanks around it, which the table does not.
    key = next((key for key in item if _name(key) == column), column)
    return json.dumps(item | {key: value}, ensure_ascii=False)


def _name(key: str) -> str:
    return normalize("NFC", key).strip()


def _is_blank(line: str) -> bool:
    """No row of the table comes from this line."""
    return not line.strip() or all(_is_empty(cell) for cell in json.loads(line).values())


def _is_empty(cell: Any) -> bool:
    return cell is None or cell != cell or (isinstance(cell, str) and not cell.strip(BLANK))
