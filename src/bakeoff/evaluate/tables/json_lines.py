"""JSON Lines, and files with one JSON array: each object is a row. Numbers, booleans and null keep their type.

Columns are the keys of all objects, in order of appearance; a key that an object lacks is an empty cell. Objects and
lists inside a cell are kept as JSON text, so that a prompt can show them. NaN is an empty cell.
"""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any, Literal

from bakeoff.errors import DataError
from bakeoff.evaluate.tables.source import Source
from bakeoff.evaluate.tables.text import decoding_error, open_text
from bakeoff.values import Reason, reason

Objects = list[tuple[int, dict[str, Any]]]
"""(line or row, object)"""


@contextmanager
def json_lines(path: Path, *, encoding: str | None) -> Iterator[Source]:
    """Open a file of JSON objects.

    Args:
        path: the file; `.gz` is unpacked. An array is only looked for where the name says `.json`.
        encoding: as `open_text`.
    """
    with open_text(path, encoding) as (stream, found):
        try:
            unit: Literal["line", "row"] = "line"
            if ".json" in path.suffixes and _first(stream) == "[":
                unit, objects = "row", _array(stream, path.name)
            else:
                objects = list(_lines(stream, path.name))
        except UnicodeDecodeError:
            raise decoding_error(path, found) from None
    header = list(dict.fromkeys(key for _, row in objects for key in row))
    notes = [reason("data.encoding", encoding=found.upper())] if found in ("utf-16", "utf-32") and not encoding else []
    yield Source(header, _cells(objects, header, notes), unit, notes)


def _first(stream: IO[str]) -> str:
    """The first character that is not blank."""
    first = ""
    while (character := stream.read(1)) and not first:
        first = character.strip()
    stream.seek(0)
    return first


def _array(stream: IO[str], name: str) -> Objects:
    try:
        items = json.loads(stream.read(), object_pairs_hook=_object, parse_constant=_constant)
    except (ValueError, RecursionError) as error:
        raise DataError(f"{name} is not JSON: {error}", hint="give an array of objects, or JSON Lines") from None
    return [(number, _checked(item, name, "row", number)) for number, item in enumerate(items, 1)]


def _lines(stream: IO[str], name: str) -> Iterator[tuple[int, dict[str, Any]]]:
    for number, line in enumerate(map(str.rstrip, stream), 1):
        if not line:
            continue
        try:
            item = json.loads(line, object_pairs_hook=_object, parse_constant=_constant)
        except (ValueError, RecursionError) as error:
            what = f"{error.msg} (column {error.colno})" if isinstance(error, json.JSONDecodeError) else str(error)
            raise DataError(
                f"{name}: line {number:,} is not JSON: {what}",
                hint="JSON Lines has one whole object on each line; a file with one array is called .json",
            ) from None
        yield number, _checked(item, name, "line", number)


def _checked(item: Any, name: str, unit: str, number: int) -> dict[str, Any]:
    if not isinstance(item, dict):
        raise DataError(
            f"{name}: {unit} {number:,} is {json.dumps(item)[:60]} and not an object",
            hint='a row is written {"text": "...", "label": "..."}',
        )
    return item


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object, unless a key occurs twice: which of the two values was meant cannot be known."""
    found = dict(pairs)
    if len(found) < len(pairs):
        twice = Counter(key for key, _ in pairs).most_common(1)[0][0]
        raise ValueError(f"the key {twice!r} occurs twice")
    return found


def _constant(name: str) -> None:
    """NaN is how pandas writes an empty cell; infinities are no JSON either, but they are not empty."""
    if name != "NaN":
        raise ValueError(f"{name} is not a JSON number")


def _cells(objects: Objects, header: Sequence[str], notes: list[Reason]) -> Iterator[tuple[int, list[Any]]]:
    nested: Counter[str] = Counter()
    for number, item in objects:
        cells = [item.get(key) for key in header]
        for index, cell in enumerate(cells):
            if isinstance(cell, dict | list):
                nested[header[index]] += 1
                cells[index] = json.dumps(cell, ensure_ascii=False)
        yield number, cells
    notes += [reason("data.nested", column=column, n=n) for column, n in nested.items()]
