"""Reading the user's data file into a table: csv, tsv, jsonl, json, parquet, xlsx; the text ones also with .gz.

Faithful before clever: what cannot be read exactly is an error that names the place, and nothing is dropped or
guessed without a note. Each format's own rules stand in its reader (`evaluate/tables`).
"""

from collections.abc import Sequence
from contextlib import AbstractContextManager
from difflib import get_close_matches
from pathlib import Path

from bakeoff.errors import DataError
from bakeoff.evaluate.tables.build import build, column_names
from bakeoff.evaluate.tables.delimited import BadQuotes, delimited
from bakeoff.evaluate.tables.json_lines import json_lines
from bakeoff.evaluate.tables.parts import parts
from bakeoff.evaluate.tables.source import FEWER_ROWS, LARGEST_BYTES, Source
from bakeoff.evaluate.types import Table
from bakeoff.units import show_bytes

DELIMITED = {".csv": ",", ".tsv": "\t", ".tab": "\t"}
"""Ending to the delimiter that it promises."""

JSON = (".jsonl", ".ndjson", ".json")
EXCEL = (".xlsx", ".xlsm")
ENDINGS = (*DELIMITED, *JSON, ".parquet", *EXCEL)


def read_table(
    path: Path | str,
    *,
    id_column: str | None = None,
    group_column: str | None = None,
    sheet: str | None = None,
    encoding: str | None = None,
    delimiter: str | None = None,
    others: Sequence[Path] = (),
) -> Table:
    """Read a data file, whole.

    Args:
        path: the file; its ending tells the format.
        id_column: holds a unique id in each row. None: rows are called "1", "2", ...
        group_column: rows with the same value belong together.
        sheet: of an Excel file; None takes the first.
        encoding: of a text file; None takes its byte order mark, else UTF-8.
        delimiter: of a csv or tsv file, one character or "tab"; None looks for it.
        others: further parts of the same table, in order; they have the columns of the first (those of JSON may lack
            some), in any order.

    Returns:
        The table; `notes` say what was found on the way. The digest is taken over names and cells as a template
        shows them, so that the same data in another format are the same.

    Raises:
        DataError: the file is missing, is not what its ending says, is damaged or too large (2 GiB after unpacking,
            an Excel file 512 MiB; 10 million cells, 16,384 columns); a row has another number of cells than the
            header; a byte is not in the encoding; a cell holds a zero byte or half of a character; two columns have
            one name; an id is missing or used twice; a named column or sheet does not exist; there is no row.
        StorageError: the temporary folder has no room for a large table.
    """
    file = Path(path)
    ending = _checked(file)
    names = {"id_column": id_column, "group_column": group_column}
    if others and ending != ".parquet":
        with parts(
            lambda part: _opened(part, encoding, delimiter, sheet), (file, *others), may_lack=ending in JSON
        ) as source:
            return build(source, f"{file.name} and {len(others):,} more", **names)
    if ending in DELIMITED:
        return _delimited(file, DELIMITED[ending], encoding, delimiter, names)
    with _typed(file, ending, sheet=sheet, encoding=encoding, others=others) as source:
        return build(source, file.name, **names)


def read_columns(path: Path) -> tuple[str, ...]:
    """The names of a data file's columns, as `read_table` gives them; the rows are not kept.

    Raises:
        DataError: as `read_table`, for what is wrong at the head of the file.
    """
    ending = _checked(path)
    if ending in DELIMITED:
        with delimited(path, encoding=None, delimiter=None, usual=DELIMITED[ending]) as source:
            return column_names(source.header, path.name)
    with _typed(path, ending, sheet=None, encoding=None, others=()) as source:
        return column_names(source.header, path.name)


def _opened(
    file: Path, encoding: str | None, delimiter: str | None, sheet: str | None
) -> AbstractContextManager[Source]:
    """Open one part of a table."""
    ending = _checked(file)
    if ending in DELIMITED:
        return delimited(file, encoding=encoding, delimiter=delimiter, usual=DELIMITED[ending])
    return _typed(file, ending, sheet=sheet, encoding=encoding, others=())


def _typed(
    file: Path, ending: str, *, sheet: str | None, encoding: str | None, others: Sequence[Path]
) -> AbstractContextManager[Source]:
    """Open a file of a format whose cells have types."""
    if ending in JSON:
        return json_lines(file, encoding=encoding)
    if ending in EXCEL:
        from bakeoff.evaluate.tables.spreadsheet import spreadsheet

        return spreadsheet(file, sheet=sheet)
    from bakeoff.evaluate.tables.parquet import parquet

    return parquet(file, *others)


def _delimited(
    file: Path, usual: str, encoding: str | None, delimiter: str | None, names: dict[str, str | None]
) -> Table:
    """Read separated values; a tab-separated file whose quotes do not pair is read with quotes as plain characters.

    The registered type text/tab-separated-values has no quoting at all, while spreadsheet programs quote as in CSV.
    Only one of the two readings can have the same number of cells in every row.
    """
    try:
        with delimited(file, encoding=encoding, delimiter=delimiter, usual=usual) as source:
            return build(source, file.name, **names)
    except BadQuotes as error:
        if usual != "\t":
            raise
        try:
            with delimited(file, encoding=encoding, delimiter=delimiter, usual=usual, quoted=False) as source:
                return build(source, file.name, **names)
        except DataError:
            raise error from None


def _checked(file: Path) -> str:
    """The ending that tells the format, once there is a file to read."""
    try:
        if file.is_dir():
            raise DataError(f"{file} is a folder", hint="name the data file inside it")
        size = file.stat().st_size
        with file.open("rb"):
            pass
    except FileNotFoundError:
        raise DataError(f"there is no file {str(file)!r}", hint=_near(file)) from None
    except OSError as error:
        raise DataError(f"{file} cannot be read: {error.strerror or error}", hint="look at its permissions") from None
    endings = [suffix.lower() for suffix in file.suffixes]
    packed = endings[-1:] == [".gz"]
    ending = (endings[-2:-1] if packed else endings[-1:] or [""])[0] if endings else ""
    if ending not in (*DELIMITED, *JSON) if packed else ending not in ENDINGS:
        raise DataError(
            f"{file.name}: the ending does not tell a format that can be read",
            hint=f"it should be one of {' '.join(ENDINGS)}, the text formats also with .gz",
        )
    if size == 0:
        raise DataError(f"{file.name} is empty", hint="the first row holds the column names, data follow")
    if size > LARGEST_BYTES:
        raise DataError(
            f"{file.name} has {show_bytes(size)}; at most {show_bytes(LARGEST_BYTES)} are read", hint=FEWER_ROWS
        )
    return ending


def _near(file: Path) -> str:
    """Files beside the missing one that it may have been meant to be."""
    try:
        beside = sorted(entry.name for entry in file.parent.iterdir() if entry.is_file())
    except OSError:
        return f"there is no folder {str(file.parent)!r} either"
    folded = {name.casefold(): name for name in beside}
    near = get_close_matches(file.name.casefold(), folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean {str(file.parent / folded[near[0]])!r}?"
    readable = [name for name in beside if name.lower().removesuffix(".gz").endswith(ENDINGS)]
    return (
        f"data files here: {', '.join(readable[:5])}" if readable else "check the path; it is relative to this folder"
    )
