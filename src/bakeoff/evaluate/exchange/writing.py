"""Tables into files: csv, tsv, jsonl, parquet, xlsx. Line by line, whole or not at all, and safe to open.

A spreadsheet program takes a cell that begins with = + - @ for a formula, and a model's answer may begin so on
purpose. In csv and tsv such a text gets an apostrophe before it (OWASP, "CSV Injection"); in xlsx it is stored as the
text that it is, marked as such; the other formats have no formulas.
"""

import csv
import json
import os
import re
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from bakeoff.errors import StorageError, UsageError
from bakeoff.evaluate.exchange.layout import Layout
from bakeoff.values import Reason, reason

FORMULA = re.compile(r"[=+\-@\t\r\n＝＋－＠]")
"""First characters that spreadsheet programs read as the beginning of a formula (OWASP, "CSV Injection"); the four
wide ones are read so where the system's language is Japanese or Chinese."""

NUMBER = re.compile(r"[+-]?(\d[\d., ]*)(e[+-]?\d+)?%?", re.IGNORECASE)
"""A signed number is no formula and stays what it is."""

ENDINGS = (".csv", ".tsv", ".jsonl", ".ndjson", ".parquet", ".xlsx")


def write_table(path: Path, table: Layout, *, force: bool = False, keep_formulas: bool = False) -> list[Reason]:
    """Write a table in the format that the file's ending tells.

    Args:
        path: where to. It is replaced only when everything is written.
        table: what to write.
        force: an existing file may be replaced.
        keep_formulas: in csv and tsv, write texts as they are, also those that a spreadsheet runs as a formula.

    Returns:
        What could not be written as it is, or was changed.

    Raises:
        UsageError: the ending is unknown, the file exists, or the format cannot hold so much.
        StorageError: the disk refused.
    """
    ending = path.suffix.lower()
    if ending not in ENDINGS:
        raise UsageError(
            f"{path.name}: the ending does not tell a format that can be written",
            hint=f"it should be one of {' '.join(ENDINGS)}",
        )
    notes: list[Reason] = []
    with replacing(path, force=force) as target:
        if ending in (".csv", ".tsv"):
            notes = _delimited(target, table, "," if ending == ".csv" else "\t", keep_formulas=keep_formulas)
        elif ending in (".jsonl", ".ndjson"):
            _json_lines(target, table)
        elif ending == ".parquet":
            from bakeoff.evaluate.tables.parquet import write_parquet

            with tempfile.TemporaryDirectory(dir=path.parent, prefix=".bakeoff-") as scratch:
                lines = Path(scratch) / "lines.jsonl"
                longest = _json_lines(lines, table)
                write_parquet(lines, target, {field.name: field.type for field in table.fields}, longest)
        else:
            from bakeoff.evaluate.exchange.workbook import write_workbook

            notes = write_workbook(target, table)
    return notes


@contextmanager
def replacing(path: Path, *, force: bool) -> Iterator[Path]:
    """A new file beside `path`, which takes its place when all went well and vanishes when it did not.

    Raises:
        UsageError: `path` exists and `force` was not given, or it is a folder.
        StorageError: the disk refused.
    """
    if path.is_dir():
        raise UsageError(f"{path} is a folder", hint="name a file in it")
    if path.exists() and not force:
        raise UsageError(f"{path} exists already", hint="choose another name, or replace it with --force")
    written: Path | None = None
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".part")
        os.close(handle)
        written = Path(name)
        yield written
        with written.open("rb+") as file:
            os.fsync(file.fileno())
        written.chmod(0o666 & ~_umask())
        written.replace(path)
        written = None
    except OSError as error:
        raise StorageError(
            f"{path}: {error.strerror or error}", hint="choose a folder that exists, can be written and has room"
        ) from None
    finally:
        if written is not None:
            with suppress(OSError):
                written.unlink()


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def safe_text(text: str) -> str:
    """The text, with an apostrophe before it where a spreadsheet program would run it."""
    return f"'{text}" if FORMULA.match(text) and not NUMBER.fullmatch(text) else text


def _delimited(path: Path, table: Layout, delimiter: str, *, keep_formulas: bool) -> list[Reason]:
    changed = 0

    def cell(value: Any) -> Any:
        nonlocal changed
        if isinstance(value, str) and not keep_formulas:
            safe = safe_text(value)
            changed += safe is not value
            return safe
        return value

    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, delimiter=delimiter)
        writer.writerow([cell(field.name) for field in table.fields])
        for line in table.lines:
            writer.writerow([cell(value) for value in line])
    return [reason("export.formulas", n=changed)] if changed else []


def _json_lines(path: Path, table: Layout) -> int:
    """Write one object per line; returns the bytes of the longest."""
    longest = 0
    convert = _converters(table)
    names = [field.name for field in table.fields]
    with path.open("wb") as file:
        for line in table.lines:
            values = [make(value) for make, value in zip(convert, line, strict=True)]
            data = json.dumps(dict(zip(names, values, strict=True)), ensure_ascii=False, allow_nan=False).encode(
                "utf-8"
            )
            longest = max(longest, len(data))
            file.write(data + b"\n")
    return longest


def _converters(table: Layout) -> Sequence[Callable[[Any], Any]]:
    """A column of text holds text only, whatever single cells are; JSON has no infinities."""

    def text(value: Any) -> Any:
        return value if value is None or isinstance(value, str) else str(value)

    def finite(value: Any) -> Any:
        return None if isinstance(value, float) and value - value != 0 else value

    return [text if field.type == "text" else finite for field in table.fields]
