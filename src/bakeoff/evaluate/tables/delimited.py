"""CSV and TSV, by Python's csv module in its strict mode: every cell is text, exactly as typed.

Ids such as "007" and labels such as "1" stay what they are. A row with too few or too many cells, or a quote that is
never closed, is an error with its line and never a guess.
"""

import csv
from collections.abc import Iterator
from contextlib import contextmanager
from io import StringIO
from itertools import islice
from pathlib import Path
from typing import IO

from bakeoff.errors import DataError
from bakeoff.evaluate.tables.source import LONGEST_CELL, Source
from bakeoff.evaluate.tables.text import decoding_error, open_text
from bakeoff.values import reason

DELIMITERS = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
"""What is looked for, and how notes call it."""

SAMPLE_CHARACTERS = 65_536
"""The beginning of the file from which the delimiter is found."""

SAMPLE_RECORDS = 200


@contextmanager
def delimited(
    path: Path, *, encoding: str | None, delimiter: str | None, usual: str, quoted: bool = True
) -> Iterator[Source]:
    """Open a file of separated values.

    Args:
        path: the file; `.gz` is unpacked.
        encoding: as `open_text`.
        delimiter: one character; None looks for it.
        usual: the delimiter that the file's name promises.
        quoted: quotes around a cell belong to the format. False keeps them as text.
    """
    with open_text(path, encoding) as (stream, found):
        try:
            chosen = delimiter_of(stream, delimiter, usual)
            records = _records(stream, chosen, path.name, quoted=quoted)
            header = next((cells for _, cells in records if cells), [])
            source = Source(header, records, "line")
            if found in ("utf-16", "utf-32") and encoding is None:
                source.notes.append(reason("data.encoding", encoding=found.upper()))
            if delimiter is None and chosen != usual:
                source.notes.append(reason("data.delimiter", delimiter=DELIMITERS[chosen]))
            if not quoted:
                source.notes.append(reason("data.quotes_kept"))
            yield source
        except UnicodeDecodeError:
            raise decoding_error(path, found) from None


def delimiter_of(stream: IO[str], delimiter: str | None, usual: str) -> str:
    """The delimiter of a file: the one that is named, else the one that is found. The stream is at its start again.

    Raises:
        DataError: what is named is no delimiter.
    """
    return _checked(delimiter) if delimiter is not None else _sniff(stream, usual)


class BadQuotes(DataError):
    """The quotes of a file do not pair."""


def _checked(delimiter: str) -> str:
    wanted = {"tab": "\t", "\\t": "\t"}.get(delimiter, delimiter)
    if len(wanted) != 1 or wanted in '"\r\n' or wanted == "\0":
        raise DataError(
            f"{delimiter!r} is not a delimiter", hint='write one character, for example delimiter = ";" or "tab"'
        )
    return wanted


def _records(stream: IO[str], delimiter: str, name: str, *, quoted: bool) -> Iterator[tuple[int, list[str]]]:
    """(first line, cells) of each record."""
    csv.field_size_limit(LONGEST_CELL)
    reader = csv.reader(
        stream, delimiter=delimiter, strict=True, quoting=csv.QUOTE_MINIMAL if quoted else csv.QUOTE_NONE
    )
    line = 1
    try:
        for cells in reader:
            yield line, cells
            line = reader.line_num + 1
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            raise BadQuotes(
                f'{name}: the quote (") that opens in the record at line {line:,} is never closed',
                hint='close it; a quote inside a quoted cell is written twice: ""',
            ) from None
        if "field limit" in str(error):
            raise BadQuotes(
                f"{name}: the record at line {line:,} has a cell of more than {LONGEST_CELL:,} characters",
                hint=f'look for a quote (") that is never closed in line {line:,}',
            ) from None
        raise BadQuotes(
            f"{name}: line {reader.line_num:,}: {error}",
            hint='a cell that contains quotes, delimiters or line ends is put in quotes, and its own quotes twice: ""',
        ) from None


def _sniff(stream: IO[str], usual: str) -> str:
    """The delimiter under which the sample's records have the same number of cells, at least two; most cells win."""
    sample = stream.read(SAMPLE_CHARACTERS)
    stream.seek(0)
    if len(sample) == SAMPLE_CHARACTERS and "\n" in sample:
        sample = sample[: sample.rindex("\n") + 1]

    def merit(delimiter: str) -> tuple[float, int, bool]:
        widths = _widths(sample, delimiter)
        if not widths or widths[0] < 2:
            return 0.0, 0, delimiter == usual
        return sum(width == widths[0] for width in widths) / len(widths), widths[0], delimiter == usual

    return max(DELIMITERS, key=merit)


def _widths(sample: str, delimiter: str) -> list[int]:
    """Number of cells of each record of the sample."""
    widths: list[int] = []
    try:
        for cells in islice(csv.reader(StringIO(sample, newline=""), delimiter=delimiter, strict=True), SAMPLE_RECORDS):
            if cells:
                widths.append(len(cells))
    except csv.Error:
        pass  # the sample ends inside a quoted cell, or this is not the delimiter; the records so far count
    return widths
