"""The tests of a promptfoo configuration: variables, assertions and answers of each, from YAML or from files."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product
from pathlib import Path
from typing import Any

from bakeoff.errors import DataError
from bakeoff.evaluate.exchange.promptfoo_asserts import Assert, assert_from_text, asserts
from bakeoff.evaluate.exchange.yaml_file import read_yaml
from bakeoff.evaluate.files import read_table
from bakeoff.evaluate.tables.build import shown
from bakeoff.evaluate.tables.json_lines import read_objects
from bakeoff.values import Reason, reason

MOST_CASES = 100_000
"""Lists in variables multiply."""

LARGEST_TEXT = 16 * 1024 * 1024
TABLES = (".csv", ".tsv", ".xlsx")
TEST_KEYS = {"vars", "assert", "description", "metadata", "providerOutput"}


@dataclass(frozen=True, slots=True)
class Case:
    """One test: a row."""

    values: Mapping[str, Any]
    asserts: tuple[Assert, ...]
    output: str | None = None


@dataclass(frozen=True, slots=True)
class Cases:
    """All tests."""

    cases: tuple[Case, ...]
    notes: tuple[Reason, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """Of all variables."""
        return tuple(dict.fromkeys(name for case in self.cases for name in case.values))


@dataclass(slots=True)
class Folder:
    """The folder of a configuration; nothing outside it is read."""

    root: Path
    _outside: Counter[str] = field(default_factory=Counter)

    def find(self, reference: str) -> list[Path]:
        """Files that a `file://` reference or a pattern means; none where they lie outside or are not there."""
        name = reference.removeprefix("file://")
        try:
            whole = self.root.resolve()
            paths = sorted(whole.glob(name)) if any(c in name for c in "*?[") else [whole / name]
            inside = [p for p in paths if p.resolve().is_relative_to(whole) and p.is_file()]
        except (OSError, ValueError, NotImplementedError):
            inside = []
        if not inside:
            self._outside[reference] += 1
        return inside

    def read(self, path: Path) -> str | None:
        """The text of a file, where it is text and not too large."""
        try:
            return path.read_text(encoding="utf-8-sig") if path.stat().st_size <= LARGEST_TEXT else None
        except (OSError, UnicodeDecodeError):
            return None

    def notes(self) -> list[Reason]:
        """References that led to no file inside."""
        return [reason("import.reference", reference=name[:120], n=n) for name, n in self._outside.items()]


@dataclass(slots=True)
class _Left:
    """What is not carried over, counted."""

    keys: Counter[str] = field(default_factory=Counter)
    nested: int = 0

    def notes(self) -> list[Reason]:
        found = [reason("import.test_key", key=key, n=n) for key, n in self.keys.items()]
        if self.nested:
            found.append(reason("import.nested_variables", n=self.nested))
        return found


def cases(tests: Any, default: Any, folder: Folder) -> Cases:
    """Every test with the variables and assertions that apply to it."""
    left = _Left()
    shared = default if isinstance(default, Mapping) else {}
    if isinstance(default, str):
        paths = folder.find(default)
        loaded = read_yaml(paths[0]) if paths else None
        shared = loaded if isinstance(loaded, Mapping) else {}
    left.keys.update(f"defaultTest.{key}" for key in shared if key not in ("vars", "assert"))
    common = dict(shared.get("vars") or {}) if isinstance(shared.get("vars") or {}, Mapping) else {}
    always = asserts(shared.get("assert"))
    found: list[Case] = []
    for test in _tests(tests, folder, left) if tests is not None else [{}] if common else []:
        left.keys.update(str(key) for key in test if key not in TEST_KEYS)
        given = test.get("vars")
        if isinstance(given, str | list) and given:
            left.keys["vars (file)"] += 1
        own = given if isinstance(given, Mapping) else {}
        output = test.get("providerOutput")
        for values in _expanded({**common, **own}, folder, left):
            row = _with_metadata(values, test)
            found.append(Case(row, (*always, *asserts(test.get("assert"))), None if output is None else _cell(output)))
        if len(found) > MOST_CASES:
            raise DataError(f"the tests stand for more than {MOST_CASES:,} cases", hint="lists in variables multiply")
    return Cases(tuple(case for case in found if case.values), tuple(left.notes()))


def _tests(tests: Any, folder: Folder, left: _Left) -> Iterator[Mapping[str, Any]]:
    for test in tests if isinstance(tests, list) else [tests]:
        if isinstance(test, str):
            yield from _from_file(test, folder, left)
        elif isinstance(test, Mapping) and isinstance(test.get("path"), str):
            yield from _from_file(test["path"], folder, left)
        elif isinstance(test, Mapping):
            yield test
        else:
            left.keys[f"test {str(test)[:40]}"] += 1


def _from_file(reference: str, folder: Folder, left: _Left) -> Iterator[Mapping[str, Any]]:
    for path in folder.find(reference):
        ending = path.suffix.lower()
        if ending in TABLES:
            table = read_table(path)
            yield from (_from_row({name: shown(cell) for name, cell in row.values.items()}, left) for row in table.rows)
        elif ending == ".jsonl":
            yield from (item for _, item in read_objects(path))
        elif ending in (".json", ".yaml", ".yml"):
            yield from _tests(read_yaml(path), folder, left)
        else:
            left.keys[f"tests: {path.name}"] += 1


def _from_row(row: Mapping[str, str], left: _Left) -> dict[str, Any]:
    """A test from a line of a table: columns with two underscores are promptfoo's own, the others variables."""
    values: dict[str, str] = {}
    expected: list[Assert] = []
    metadata: dict[str, str] = {}
    test: dict[str, Any] = {"vars": values, "assert": expected, "metadata": metadata}
    for name, cell in row.items():
        if name.startswith("__expected"):
            if cell.strip():
                expected.append(assert_from_text(cell.strip()))
        elif name.startswith("__metadata:"):
            metadata[name.removeprefix("__metadata:").removesuffix("[]")] = cell
        elif name == "__providerOutput":
            test["providerOutput"] = cell
        elif name == "__description":
            test["description"] = cell
        elif name.startswith("__"):
            left.keys[name] += bool(cell.strip())
        else:
            values[name] = cell
    return test


def _with_metadata(values: Mapping[str, Any], test: Mapping[str, Any]) -> dict[str, Any]:
    """The variables, and as further columns what the test says of itself: its slices, its description."""
    found = dict(values)
    metadata = test.get("metadata")
    for name, value in (metadata if isinstance(metadata, Mapping) else {}).items():
        key = str(name)
        found[f"metadata.{key}" if key in found else key] = _cell(value)
    if test.get("description"):
        found["test.description" if "description" in found else "description"] = _cell(test["description"])
    return found


def _expanded(values: Mapping[str, Any], folder: Folder, left: _Left) -> Iterator[dict[str, Any]]:
    """The variables as cells; a list stands for one case per entry, several lists for every combination."""
    choices: list[Sequence[Any]] = []
    total = 1
    for value in values.values():
        listed = value if isinstance(value, list) and value else [value]
        total *= len(listed)
        choices.append(listed)
    if total > MOST_CASES:
        raise DataError(f"one test stands for {total:,} cases", hint="lists in variables multiply: shorten them")
    for chosen in product(*choices):
        yield {str(name): _variable(value, folder, left) for name, value in zip(values, chosen, strict=True)}


def _variable(value: Any, folder: Folder, left: _Left) -> Any:
    if isinstance(value, str) and value.startswith("file://"):
        paths = folder.find(value)
        text = folder.read(paths[0]) if paths else None
        return value if text is None else text
    if isinstance(value, str) and "{{" in value:
        left.nested += 1
    return _cell(value)


def _cell(value: Any) -> Any:
    """A value as a cell of a table, written as JavaScript writes it; what is no plain value becomes JSON text."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return int(value)
    if value is None or isinstance(value, str | int | float | bool):
        return value
    return json.dumps(value, ensure_ascii=False, default=str)
