"""Benchmark results that a user brings: read from a csv file, checked, and kept beside the user's own catalog."""

import csv
import datetime
from dataclasses import dataclass, replace
from io import StringIO
from pathlib import Path

from bakeoff.catalog.finding import find
from bakeoff.catalog.loading import COLUMNS, Catalog, evidence_path, load, read_evidence
from bakeoff.catalog.model import Evidence
from bakeoff.catalog.user import ELSEWHERE, locked, read_text
from bakeoff.errors import DataError, UsageError
from bakeoff.whole_file import write_whole

MAX_ROWS = 200_000


@dataclass(frozen=True, slots=True)
class Imported:
    """What came of an import."""

    added: int
    known: int
    """Rows that were there already, word for word."""

    models: tuple[str, ...]
    path: Path
    """Where they are kept."""


def add_evidence(path: Path, catalog: Catalog | None = None) -> Imported:
    """Import benchmark results.

    Models may be named in any way that `find` understands; all rows are checked before any is kept.

    Raises:
        DataError: the file is not of the form; the message names line and column.
        UsageError: a model that is not in the catalog, or a name that means several.
        StorageError: it cannot be kept.
    """
    known = catalog or load()
    rows: list[Evidence] = []
    names: dict[str, str] = {}
    for number, row in enumerate(read_evidence(path, yours=True), 2):
        if number > MAX_ROWS:
            raise DataError(f"{path.name} has more than {MAX_ROWS:,} rows")
        if row.model not in names:
            names[row.model] = _model_id(row.model, known, f"{path.name}, row {number}")
        rows.append(replace(row, model=names[row.model], date=_date(row.date, f"{path.name}, row {number}")))
    if not rows:
        raise DataError(f"{path.name} has no rows", hint=f"its columns are {','.join(COLUMNS)}")
    added, before = _keep(rows)
    return Imported(added, before, tuple(dict.fromkeys(row.model for row in rows)), evidence_path())


def _model_id(name: str, known: Catalog, where: str) -> str:
    try:
        return find(name, known).id
    except UsageError as error:
        raise UsageError(f"{where}: {error.message}", hint=error.hint) from None


def _date(text: str, where: str) -> str:
    try:
        day = datetime.date.fromisoformat(text)
    except ValueError:
        raise DataError(f"{where}: date is {text[:40]!r}", hint="write it as 2026-11-22") from None
    if day > datetime.date.today():
        raise DataError(f"{where}: {text} is in the future", hint="write the day on which it was published")
    return text


def _keep(rows: list[Evidence]) -> tuple[int, int]:
    target = evidence_path()
    with locked(target):
        before = read_text(target)
        there = set(before.splitlines())
        fresh = [line for line in dict.fromkeys(map(_line, rows)) if line not in there]
        if fresh:
            head = before or ",".join(COLUMNS) + "\n"
            lines = ("" if head.endswith("\n") else "\n") + "".join(f"{line}\n" for line in fresh)
            write_whole(target, head + lines, hint=ELSEWHERE)
    return len(fresh), len(rows) - len(fresh)


def _line(row: Evidence) -> str:
    out = StringIO()
    csv.writer(out, lineterminator="").writerow([
        row.model, row.benchmark, row.metric, repr(row.score), row.unit, row.category, row.settings, row.date,
        "yes" if row.self_reported else "no", row.language, row.source,
    ])  # fmt: skip
    return out.getvalue().replace("\r", " ").replace("\n", " ")
