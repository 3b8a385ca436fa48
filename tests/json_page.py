"""docs/reference/json.md against real documents: which keys it promises, which keys a document has."""

import re
from pathlib import Path
from typing import Any

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "json.md"


def sections(*schemas: str) -> str:
    """The text of the sections about these schemas."""
    parts = re.split(r"^## ", PAGE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    chosen = [part for part in parts if part.split(",")[0] in schemas]
    assert len(chosen) == len(schemas)
    return "\n".join(chosen)


def mentioned(*schemas: str) -> set[str]:
    """Every name in code type in these sections."""
    return set(re.findall(r"`([a-z_0-9]+)`", sections(*schemas)))


def promised(*schemas: str) -> set[str]:
    """The keys of these sections' tables."""
    heads = re.findall(r"^\| (`[a-z_0-9`, ]+`) \|", sections(*schemas), re.MULTILINE)
    return {name for head in heads for name in re.findall(r"`([a-z_0-9]+)`", head)}


def keys(value: Any, by_name: set[str]) -> set[str]:
    """Every key of a document, except below `by_name`, whose keys are names from the user's data."""
    found: set[str] = set()
    if isinstance(value, dict):
        for name, item in value.items():
            found |= {name} | (set() if name in by_name else keys(item, by_name))
    elif isinstance(value, list):
        for item in value:
            found |= keys(item, by_name)
    return found
