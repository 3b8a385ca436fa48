"""The catalog as one object: what is shipped, with the user's own facts over it. Models are built when asked for.

Reading is cheap (a few dozen milliseconds for the whole catalog), so that it can stand in front of every command.
"""

import csv
import gc
import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path

from bakeoff.catalog.facts import Line, Record, gather, parse_lines, read_file
from bakeoff.catalog.model import Evidence, Licence, Model
from bakeoff.catalog.reading import read_model
from bakeoff.errors import DataError, UsageError

DATA = Path(__file__).parent / "data"
VARIABLE = "BAKEOFF_CATALOG"
"""Environment variable: the user's own catalog file."""


class Catalog:
    """All models that are known. Make one with `load`."""

    def __init__(
        self, shipped: dict[str, Record], yours: dict[str, Record], licences: Mapping[str, Licence], snapshot: str
    ) -> None:
        self._shipped = shipped
        self._yours = yours
        self.licences = licences
        """Shipped licences by key."""
        self.snapshot = snapshot
        """ISO date of the shipped facts."""
        self._built: dict[str, Model] = {}

    @property
    def ids(self) -> list[str]:
        """Every model's id: shipped ones first, then the user's own, each in the order of the files."""
        return list(dict.fromkeys((*self._shipped, *self._yours)))

    def __len__(self) -> int:
        return len(self.ids)

    def __contains__(self, model_id: str) -> bool:
        return model_id in self._shipped or model_id in self._yours

    def __getitem__(self, model_id: str) -> Model:
        if model_id not in self:
            raise UsageError(f"there is no model {model_id!r} in the catalog", hint="bakeoff catalog search WORD")
        if model_id not in self._built:
            shipped, yours = self._shipped.get(model_id, {}), self._yours.get(model_id, {})
            self._built[model_id] = read_model(model_id, shipped, yours, self.licences)
        return self._built[model_id]

    @cached_property
    def models(self) -> tuple[Model, ...]:
        """Every model."""
        with without_collector():
            return tuple(self[model_id] for model_id in self.ids)

    @cached_property
    def by_id(self) -> Mapping[str, Model]:
        """Every model by its id."""
        return {model.id: model for model in self.models}

    def history(self, model_id: str) -> list[Line]:
        """Every fact about a model, older ones too: shipped, then the user's own."""
        records = (self._shipped.get(model_id, {}), self._yours.get(model_id, {}))
        return [line for record in records for lines in record.values() for line in lines]

    def history_groups(self, model_id: str) -> list[str]:
        """Groups of facts about a model that are shipped."""
        return list(self._shipped.get(model_id, {}))

    @cached_property
    def _evidence(self) -> dict[str, list[Evidence]]:
        found: dict[str, list[Evidence]] = {}
        for row in shipped_evidence():
            found.setdefault(row.model, []).append(row)
        path = evidence_path()
        if path.exists():
            for row in read_evidence(path, yours=True):
                found.setdefault(row.model, []).append(row)
        return found

    def evidence(self, model_id: str | None = None) -> list[Evidence]:
        """Benchmark results of one model, or all."""
        if model_id is not None:
            return list(self._evidence.get(model_id, ()))
        return [row for rows in self._evidence.values() for row in rows]


_loaded: dict[tuple[str, int | None], Catalog] = {}


def load() -> Catalog:
    """The catalog, shipped and the user's own; the same object until the user's file changes.

    Raises:
        DataError: the user's file cannot be read; the message names the line.
    """
    path = user_path()
    try:
        stamp: int | None = path.stat().st_mtime_ns
    except OSError:
        stamp = None
    key = (str(path), stamp)
    if key not in _loaded:
        yours = gather(own_facts(path)) if stamp is not None else {}
        _loaded.clear()
        _loaded[key] = Catalog(shipped_records(), yours, shipped_licences(), shipped_snapshot())
    return _loaded[key]


def own_facts(path: Path) -> list[Line]:
    """The facts in a file of the user's own, which may have been edited by hand.

    Raises:
        DataError: a line is no fact, or a value is of another kind; the message names the line.
    """
    from bakeoff.catalog.schema import check_values

    lines = read_file(path)
    check_values(lines, path.name)
    return lines


def user_path() -> Path:
    """The user's own catalog file, which need not exist: `BAKEOFF_CATALOG`, else in the system's data folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_data_dir

    return Path(user_data_dir("bakeoff", appauthor=False)) / "catalog.jsonl"


def evidence_path() -> Path:
    """The user's own benchmark results, beside the user's catalog."""
    path = user_path()
    return path.with_name(f"{path.stem}-evidence.csv")


def shipped_records() -> dict[str, Record]:
    """Every shipped fact by model and group."""
    records: dict[str, Record] = {}
    with without_collector():
        for path in sorted((DATA / "models").glob("*.jsonl")):
            gather(parse_lines(path.read_text(encoding="utf-8"), path.name), records)
    return records


@contextmanager
def without_collector() -> Iterator[None]:
    """Parsing makes 60,000 objects and no garbage; the collector would look at all of them again and again.

    It halves the time (2026-11-24, `benchmarks/catalog.py`).
    """
    if not gc.isenabled():
        yield
        return
    gc.disable()
    try:
        yield
    finally:
        gc.enable()


def shipped_licences() -> dict[str, Licence]:
    """Every shipped licence by key."""
    lines = (DATA / "licences.jsonl").read_text(encoding="utf-8").splitlines()
    found = [json.loads(line) for line in lines]
    return {line["key"]: Licence(**{**line, "clauses": tuple(line["clauses"])}) for line in found}


def shipped_snapshot() -> str:
    """ISO date of the shipped facts."""
    return str(json.loads((DATA / "snapshot.json").read_text(encoding="utf-8"))["snapshot"])


def shipped_evidence() -> Iterator[Evidence]:
    """Every shipped benchmark result."""
    yield from read_evidence(DATA / "benchmarks.csv")


COLUMNS = ("model", "benchmark", "metric", "score", "unit", "category", "settings", "date", "self_reported", "language",
           "source")  # fmt: skip
"""Of a file with benchmark results."""

NEEDED = ("model", "benchmark", "score", "date", "source")
MAX_EVIDENCE_BYTES = 64 * 1024 * 1024


def read_evidence(path: Path, yours: bool = False) -> Iterator[Evidence]:
    """The benchmark results in a csv file with the columns of `COLUMNS`; those not in `NEEDED` may be left out.

    Raises:
        DataError: not such a file; the message names line and column.
    """
    try:
        if path.stat().st_size > MAX_EVIDENCE_BYTES:
            raise DataError(f"{path} has more than {MAX_EVIDENCE_BYTES // 1024**2} MiB")
        with path.open(encoding="utf-8-sig", newline="") as file:
            reader = csv.DictReader(file)
            missing = [name for name in NEEDED if name not in (reader.fieldnames or ())]
            if missing:
                raise DataError(
                    f"{path.name} has no column {', '.join(missing)}",
                    hint=f"its first line must be: {','.join(COLUMNS)} (needed: {', '.join(NEEDED)})",
                )
            for row in reader:
                yield _evidence_row(row, f"{path.name}, line {reader.line_num}", yours)
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{path} cannot be read as csv: {error}") from None


def _evidence_row(row: Mapping[str, str | None], where: str, yours: bool) -> Evidence:
    empty = [name for name in NEEDED if not (row.get(name) or "").strip()]
    if empty:
        raise DataError(f"{where}: {', '.join(empty)} is empty")
    text = str(row["score"]).strip()
    try:
        score = float(text)
    except ValueError:
        score = float("nan")
    if not -1e12 < score < 1e12:
        raise DataError(f"{where}: score is {text[:40]!r}, expected a number")

    def cell(name: str) -> str:
        return (row.get(name) or "").strip()

    return Evidence(
        model=cell("model"),
        benchmark=cell("benchmark"),
        metric=cell("metric"),
        score=score,
        unit=cell("unit"),
        category=cell("category"),
        settings=cell("settings"),
        date=cell("date"),
        self_reported=cell("self_reported").lower() in ("yes", "true", "1"),
        source=cell("source"),
        language=cell("language"),
        yours=yours,
    )
