"""Facts as lines of JSON: one group of facts about one model, with date and source. History is the lines before.

    {"model": "Qwen/Qwen3-8B", "fact": "licence", "as_of": "2026-11-22", "source": ["gpustack"], "key": "apache-2.0"}

The newest line of a group counts; a line of the user's own catalog beats the shipped ones of whatever date. Shipped
files and the user's file have the same form. A group is replaced as a whole.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from bakeoff.errors import DataError

GROUPS = (
    "identity",
    "release",
    "parameters",
    "context",
    "architecture",
    "licence",
    "languages",
    "abilities",
    "openness",
    "lineage",
    "builds",
    "notes",
    "hub",
    "file",
)
"""Groups of facts, in the order in which they are written."""

HEAD = ("model", "fact", "as_of", "source")

Line = Mapping[str, Any]
Record = dict[str, list[Line]]
"""The lines of one model by group, oldest first."""


def parse_lines(text: str, name: str) -> list[Line]:
    """Every line of a file.

    Raises:
        DataError: a line is not a fact; the message has its number.
    """
    lines = [line for line in text.split("\n") if line.strip()]
    try:
        found = json.loads(f"[{','.join(lines)}]")
    except (ValueError, RecursionError):
        found = [_parse(line, name, number) for number, line in enumerate(text.split("\n"), 1) if line.strip()]
    for number, line in enumerate(found, 1):
        check_head(line, f"{name}, fact {number}")
    return list(found)


def _parse(line: str, name: str, number: int) -> Any:
    try:
        return json.loads(line)
    except (ValueError, RecursionError) as error:
        raise DataError(
            f"{name}, line {number} is not JSON: {str(error)[:100]}",
            hint="mend or delete the line; each line is one fact",
        ) from None


def check_head(line: Any, where: str) -> None:
    """Model, fact, date and source are there.

    Raises:
        DataError: what is missing or wrong.
    """
    if not isinstance(line, dict):
        raise DataError(f"{where} is not an object")
    if not isinstance(line.get("model"), str) or not line["model"]:
        raise DataError(f"{where} has no model")
    if line.get("fact") not in GROUPS:
        raise DataError(f"{where}: fact is {str(line.get('fact'))[:40]!r}", hint=f"there are: {', '.join(GROUPS)}")
    if not isinstance(line.get("as_of"), str):
        raise DataError(f"{where} has no date as_of", hint='write "as_of": "2026-11-22"')
    source = line.get("source")
    if not isinstance(source, list) or not source or not all(isinstance(part, str) for part in source):
        raise DataError(f"{where} has no source", hint='write "source": ["where it was read"]')


def gather(lines: Iterable[Line], records: dict[str, Record] | None = None) -> dict[str, Record]:
    """Lines by model and group, in the order given; added to `records` where given."""
    found = {} if records is None else records
    for line in lines:
        found.setdefault(line["model"], {}).setdefault(line["fact"], []).append(line)
    return found


def newest(lines: list[Line]) -> Line:
    """The line that counts: the latest date; of equal ones the last."""
    found = lines[0]
    for line in lines[1:]:
        if line["as_of"] >= found["as_of"]:
            found = line
    return found


def same_facts(one: Line, other: Line) -> bool:
    """Equal but for date and source."""
    return {k: v for k, v in one.items() if k not in HEAD} == {k: v for k, v in other.items() if k not in HEAD}


def dump_line(line: Line) -> str:
    """One line of a file, without its end."""
    return json.dumps(line, ensure_ascii=False, separators=(", ", ": "))


def read_file(path: Path) -> list[Line]:
    """The facts in a file.

    Raises:
        DataError: it is not readable as such.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path} cannot be read: {error}") from None
    return parse_lines(text, path.name)
