"""JSON Lines, and files with one JSON array: each object is a row. Numbers, booleans and null keep their type.

Columns are the keys of all objects, in order of appearance; a key that an object lacks is an empty cell. Objects and
lists inside a cell are kept as JSON text, so that a prompt can show them. NaN is an empty cell. The file is read
twice, object by object: once for the keys, once for the cells.
"""

import json
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from bakeoff.errors import DataError
from bakeoff.evaluate.tables.source import LONGEST_CELL, MOST_COLUMNS, Source
from bakeoff.evaluate.tables.text import decoding_error, open_text
from bakeoff.values import Reason, reason

Objects = Iterator[tuple[int, dict[str, Any]]]
"""(line or row, object)"""

PIECE_CHARACTERS = 65_536
"""So much of an array is read at once."""

LONGEST_WORD = 16
"""An error so near to the end of what is there may come from a word, a number or an escape that goes on."""

LONGEST_OBJECT = 2 * LONGEST_CELL
"""Characters of one row."""

BLANKS = " \t\r\n"
"""What JSON allows between two values."""


@contextmanager
def json_lines(path: Path, *, encoding: str | None) -> Iterator[Source]:
    """Open a file of JSON objects.

    Args:
        path: the file; `.gz` is unpacked. An array is only looked for where the name says `.json`.
        encoding: as `open_text`.
    """
    with open_text(path, encoding) as (stream, found):
        try:
            array = ".json" in path.suffixes and _first(stream) == "["
            read: Callable[[IO[str], str, json.JSONDecoder], Objects] = _array if array else _lines
            keys: dict[str, None] = {}
            for _, item in read(stream, path.name, LENIENT):
                if not item.keys() <= keys.keys():
                    keys |= dict.fromkeys(item)
                if len(keys) > MOST_COLUMNS:
                    break  # `build` refuses it
            stream.seek(0)
            notes = []
            if found in ("utf-16", "utf-32") and not encoding:
                notes.append(reason("data.encoding", encoding=found.upper()))
            yield Source(
                list(keys),
                _cells(read(stream, path.name, STRICT), list(keys), notes),
                "row" if array else "line",
                notes,
            )
        except UnicodeDecodeError:
            raise decoding_error(path, found) from None


def read_objects(path: Path) -> Objects:
    """(line, object) of each line of a JSON Lines file, one after the other.

    Raises:
        DataError: a line is no JSON object, or the file is not text.
    """
    with open_text(path, None) as (stream, found):
        try:
            yield from _lines(stream, path.name, STRICT)
        except UnicodeDecodeError:
            raise decoding_error(path, found) from None


def _first(stream: IO[str]) -> str:
    """The first character that is not blank."""
    first = ""
    while (character := stream.read(1)) and not first:
        first = character.strip()
    stream.seek(0)
    return first


class _Array:
    """The text of a JSON array, a piece at a time."""

    def __init__(self, stream: IO[str], name: str) -> None:
        self._stream = stream
        self._name = name
        self._text = ""
        self._at = 0
        self._passed = 0
        """Characters that are no longer in `_text`."""

    def items(self, decoder: json.JSONDecoder) -> Iterator[Any]:
        """Each value of the array."""
        self._expect("[")
        if self._peek() == "]":
            return self._end()
        while True:
            self._peek()
            yield self._value(decoder)
            if self._peek() == "]":
                return self._end()
            self._expect(",")

    def _value(self, decoder: json.JSONDecoder) -> Any:
        """One value; where it does not end in what is there, twice as much is read."""
        size = PIECE_CHARACTERS
        while True:
            try:
                value, end = decoder.raw_decode(self._text, self._at)
                if end < len(self._text) or not self._more(size):
                    self._at = end
                    return value
            except json.JSONDecodeError as error:
                place = self._passed + error.pos
                cut = error.msg.startswith("Unterminated string") or error.pos > len(self._text) - LONGEST_WORD
                if not cut or len(self._text) > LONGEST_OBJECT or not self._more(size):
                    raise self._wrong(f"character {place:,}: {error.msg}") from None
            except (ValueError, RecursionError) as error:
                raise self._wrong(str(error)) from None
            size *= 2

    def _peek(self) -> str:
        """The next character that is not blank; what lies before it is let go."""
        while True:
            while self._at < len(self._text):
                if self._text[self._at] not in BLANKS:
                    return self._text[self._at]
                self._at += 1
            if not self._more(PIECE_CHARACTERS):
                return ""

    def _more(self, size: int) -> bool:
        piece = self._stream.read(size)
        self._passed += self._at
        self._text, self._at = self._text[self._at :] + piece, 0
        return bool(piece)

    def _expect(self, character: str) -> None:
        found = self._peek()
        if found != character:
            place = f"character {self._passed + self._at:,}"
            raise self._wrong(f"{place}: {character!r} is expected, {f'{found!r} found' if found else 'the file ends'}")
        self._at += 1

    def _end(self) -> None:
        self._at += 1
        if self._peek():
            raise self._wrong(f"character {self._passed + self._at:,}: more after the array")

    def _wrong(self, what: str) -> DataError:
        return DataError(f"{self._name} is not JSON: {what}", hint="give an array of objects, or JSON Lines")


def _array(stream: IO[str], name: str, decoder: json.JSONDecoder) -> Objects:
    for number, item in enumerate(_Array(stream, name).items(decoder), 1):
        yield number, _checked(item, name, "row", number)


def _lines(stream: IO[str], name: str, decoder: json.JSONDecoder) -> Objects:
    for number, whole in enumerate(iter(lambda: stream.readline(LONGEST_OBJECT), ""), 1):
        if len(whole) == LONGEST_OBJECT and whole[-1] not in "\r\n":
            raise DataError(
                f"{name}: line {number:,} has more than {LONGEST_OBJECT:,} characters",
                hint="JSON Lines has one whole object on each line; a file with one array is called .json",
            )
        line = whole.rstrip()
        if not line:
            continue
        try:
            item = decoder.decode(line)
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


STRICT = json.JSONDecoder(object_pairs_hook=_object, parse_constant=_constant)

LENIENT = json.JSONDecoder()
"""For the keys alone, in half the time: what it lets pass is refused when the cells are read."""


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
