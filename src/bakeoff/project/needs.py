"""The `[needs]` of a project: read from its file, written into it. A folder may have them before it has rows."""

from dataclasses import fields
from pathlib import Path
from typing import Any

from bakeoff.errors import ProjectError, UsageError
from bakeoff.needs import Needs, parse_needs
from bakeoff.project.editing import FILE_NAME, read_document, set_table


def read_needs(folder: Path) -> Needs | None:
    """The needs of a folder; None where it has none.

    Raises:
        ProjectError: the file cannot be read, or a value means nothing; with the key.
    """
    table = read_document(folder).unwrap().get("needs")
    if table is None:
        return None
    if not isinstance(table, dict):
        raise ProjectError(f"{FILE_NAME}: needs is not a table", hint="write it as [needs]")
    try:
        return parse_needs(table)
    except UsageError as error:
        raise ProjectError(f"{FILE_NAME}: {error.message}", hint=error.hint) from None


def write_needs(folder: Path, needs: Needs) -> Path:
    """Write the needs: what is required, and what the answer to everything else rests on.

    Raises:
        ProjectError, StorageError: from the project file.
    """
    return set_table(folder, "needs", needs_table(needs))


def needs_table(needs: Needs) -> dict[str, Any]:
    """As in the file; None where there is no requirement."""
    return {field.name: getattr(needs, field.name) for field in fields(Needs)}
