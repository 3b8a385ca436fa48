"""Adding rows and changing cells: checked first, then the file is replaced whole.

csv, tsv, JSON and JSON Lines are written as they are. Excel, Parquet and data sets of the Hub are not: the first
change copies the rows into a JSON Lines file beside them, which the project uses from then on. Answers stay, since
they are kept by what was asked.
"""

import gzip
import json
import os
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from bakeoff.errors import UsageError
from bakeoff.evaluate.columns import check_targets
from bakeoff.evaluate.files import DELIMITED, JSON, read_table
from bakeoff.evaluate.tables.text import open_text
from bakeoff.evaluate.types import Table
from bakeoff.project.editing import set_table
from bakeoff.project.project import Project
from bakeoff.project.sheet.kinds import Kind, column_kinds
from bakeoff.project.sheet.sound import sound
from bakeoff.project.sheet.writing import delimited, json_file
from bakeoff.whole_file import write_whole

MOST_ROWS = 100_000
"""Added at once."""

LONGEST = 1_000_000
"""Characters of one cell that is written from the page."""

HINT = "choose a folder that can be written"

_NUMBERED = re.compile(r"(.*?)(\d{1,15})")

Cells = Mapping[str, Any]


def add_rows(project: Project, rows: Sequence[Cells]) -> list[str]:
    """Add rows at the end of the data.

    Args:
        project: whose.
        rows: column to value; a column that is left out is empty. Without an id they get one.

    Returns:
        Their ids.

    Raises:
        UsageError: there is nothing to add, a column does not exist, a value is no text, number or truth, an id is
            there already, or a grader cannot work with a row.
        StorageError: the file cannot be written.
    """
    if not rows or len(rows) > MOST_ROWS:
        raise UsageError(f"{len(rows):,} rows cannot be added", hint=f"from 1 to {MOST_ROWS:,} at once")
    table, typed = project.table(), _typed(project)
    kinds = column_kinds(table, typed=typed)
    found = [_checked(row, table, kinds, number, typed=typed) for number, row in enumerate(rows, 1)]
    id_column = project.config.data.id
    if id_column is not None:
        found = _with_ids(found, id_column, [row.id for row in table.rows])
    made = _replaced(project, _adding(project, found))
    if len(made.rows) != len(table.rows) + len(found):
        raise UsageError("the rows cannot be added to this file", hint="save the data as .jsonl, then add them")
    return [made.rows[index].id for index in range(len(table.rows), len(made.rows))]


def change_cell(project: Project, row_id: str, column: str, value: Any) -> None:
    """Write another value into one cell of the data.

    Args:
        project: whose.
        row_id: of the row.
        column: of the data.
        value: text, a number, truth, or None for an empty cell.

    Raises:
        UsageError: no such row or column, or a value that cannot stand there.
        StorageError: the file cannot be written.
    """
    table = project.table()
    place = next((index for index, row in enumerate(table.rows) if row.id == row_id), None)
    if place is None or column not in table.columns:
        what = f"no row {row_id[:100]!r}" if place is None else f"no column {column[:100]!r}"
        raise UsageError(what, hint=f"the columns are: {', '.join(table.columns)}")
    typed = _typed(project)
    kinds = column_kinds(table, typed=typed)
    values = _checked({column: value}, table, kinds, table.rows[place].number, typed=typed, whole=False)
    _replaced(project, _changing(project, place, column, values[column]), rows=len(table.rows))


# what is written


def _adding(project: Project, rows: Sequence[Cells]) -> Callable[[str], str]:
    section, ending = project.config.data, _ending(project)
    if ending in DELIMITED:
        usual = DELIMITED[ending]
        return lambda text: delimited.with_rows(text, delimited.dialect_of(text, section.delimiter, usual), rows)
    return lambda text: json_file.with_rows(text, rows, array_allowed=ending == ".json")


def _changing(project: Project, place: int, column: str, value: Any) -> Callable[[str], str]:
    section, ending = project.config.data, _ending(project)
    if ending in DELIMITED:
        usual = DELIMITED[ending]
        text_value = "" if value is None else str(value)
        return lambda text: delimited.with_cell(
            text, delimited.dialect_of(text, section.delimiter, usual), place, column, text_value
        )
    return lambda text: json_file.with_cell(text, place, column, value, array_allowed=ending == ".json")


def _replaced(project: Project, change: Callable[[str], str], *, rows: int | None = None) -> Table:
    """Change the file, read it again as the project would, and only then put it in its place."""
    section = project.config.data
    if not _can_be_written(project):
        return _copied(project, change, rows)
    path = project.folder / section.file
    with open_text(path, section.encoding) as (stream, encoding):
        text = stream.read()
    data = change(text).encode(encoding)
    name = path.name if path.suffix.lower() != ".gz" else path.name[: -len(path.suffix)]
    return _put(project, path, gzip.compress(data) if path.suffix.lower() == ".gz" else data, f".new-{name}", rows)


def _put(project: Project, path: Path, data: bytes, name: str, rows: int | None, **other: Any) -> Table:
    section = project.config.data
    packed = ".gz" if path.suffix.lower() == ".gz" else ""
    beside = path.with_name(name + packed)
    try:
        write_whole(beside, data, hint=HINT)
        options = {"encoding": section.encoding, "delimiter": section.delimiter} | other
        table = read_table(beside, id_column=section.id, group_column=section.group, **options)
        check_targets(project.config.graders, table)
        if rows is not None and len(table.rows) != rows:
            raise UsageError("this cell cannot be changed here", hint="change it in the file itself")
        if path.exists():
            os.chmod(beside, path.stat().st_mode & 0o777)
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)
    return table


def _copied(project: Project, change: Callable[[str], str], rows: int | None) -> Table:
    """The rows as JSON Lines in the project, changed; the project file names it from now on."""
    text = "".join(json.dumps(dict(row.values), ensure_ascii=False) + "\n" for row in project.table().rows)
    stem = re.sub(r"[^\w.-]+", "-", Path(project.config.data.file).stem) or "rows"
    names = [f"{stem}.jsonl", *(f"{stem}-{number}.jsonl" for number in range(2, 1000))]
    name = next(name for name in names if not (project.folder / name).exists())
    path = project.folder / name
    table = _put(project, path, change(text).encode("utf-8"), f".new-{name}", rows, encoding=None, delimiter=None)
    set_table(project.folder, "data", {"file": name, "sheet": None, "encoding": None, "delimiter": None})
    return table


def _ending(project: Project) -> str:
    if not _can_be_written(project):
        return ".jsonl"
    endings = [one.lower() for one in Path(project.config.data.file).suffixes]
    return endings[-2] if endings[-1] == ".gz" else endings[-1]


def _can_be_written(project: Project) -> bool:
    name = project.config.data.file.lower().removesuffix(".gz")
    return "://" not in name and name.endswith((*DELIMITED, *JSON))


def _typed(project: Project) -> bool:
    """The file tells numbers from text."""
    return _ending(project) not in DELIMITED


# what is refused


def _checked(
    row: Cells, table: Table, kinds: Mapping[str, Kind], number: int, *, typed: bool, whole: bool = True
) -> dict[str, Any]:
    unknown = [name for name in row if name not in table.columns]
    if unknown:
        raise UsageError(
            f"row {number}: no column {unknown[0][:100]!r}", hint=f"the columns are: {', '.join(table.columns)}"
        )
    found = {name: _value(value, kinds[name], f"row {number}, column {name!r}", typed) for name, value in row.items()}
    if whole and all(value is None or not str(value).strip() for value in found.values()):
        raise UsageError(f"row {number} is empty", hint="fill in at least one column")
    return {name: found.get(name) for name in table.columns} if whole else found


def _value(value: Any, kind: Kind, where: str, typed: bool) -> Any:
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        if value != value or value in (float("inf"), float("-inf")):
            raise UsageError(f"{where}: {value} is no number that a file can hold", hint="leave the cell empty")
        return value
    if not isinstance(value, str):
        raise UsageError(f"{where}: {type(value).__name__} is no cell", hint="text, a number, true or false")
    if len(value) > LONGEST:
        raise UsageError(f"{where}: {len(value):,} characters; at most {LONGEST:,}", hint="put it in the file itself")
    text = unicodedata.normalize("NFC", sound(value, where))
    return _as_kind(text, kind) if typed else text


def _as_kind(text: str, kind: Kind) -> Any:
    """Text from a page as the type that the column has, where nothing of it is lost."""
    bare = text.strip()
    if kind == "boolean" and bare.lower() in ("true", "false"):
        return bare.lower() == "true"
    if kind == "number":
        for make in (int, float):
            try:
                made = make(bare)
            except ValueError:
                continue
            if str(made) == bare:
                return made
    return text


def _with_ids(rows: Sequence[dict[str, Any]], column: str, there: Sequence[str]) -> list[dict[str, Any]]:
    """The rows with ids, none of which is there yet: after the last one, in its manner."""
    taken = set(there)
    for number, row in enumerate(rows, 1):
        own = str(row.get(column) if row.get(column) is not None else "").strip()
        if own in taken:
            raise UsageError(f"row {number}: the id {own[:100]!r} is there already", hint="leave the id out")
        taken |= {own} - {""}
    last = _NUMBERED.fullmatch(there[-1]) if there else None
    prefix, width = (last[1], len(last[2]) if last[2].startswith("0") else 0) if last is not None else ("added-", 0)
    numbers = [int(one[len(prefix) :]) for one in taken if one.startswith(prefix) and one[len(prefix) :].isdecimal()]
    following = max(numbers, default=0)
    found = []
    for row in rows:
        if not str(row.get(column) if row.get(column) is not None else "").strip():
            following += 1
            row = {**row, column: f"{prefix}{following:0{width}d}"}
        found.append(row)
    return found
