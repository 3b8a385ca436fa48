"""Changing `bakeoff.toml` as its owner would: comments and order stay, and the file is replaced whole or not at all."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from bakeoff.errors import ProjectError
from bakeoff.whole_file import write_whole

FILE_NAME = "bakeoff.toml"


def read_document(folder: Path) -> tomlkit.TOMLDocument:
    """The project file with its comments; an empty one where there is none.

    Raises:
        ProjectError: it cannot be read as TOML.
    """
    path = folder / FILE_NAME
    try:
        return tomlkit.parse(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return tomlkit.document()
    except (OSError, UnicodeDecodeError, TOMLKitError) as error:
        raise ProjectError(f"{path}: {error}", hint=f"{FILE_NAME} must be a readable UTF-8 file of TOML") from None


def write_document(folder: Path, document: tomlkit.TOMLDocument) -> Path:
    """Replace the project file, atomically.

    Raises:
        StorageError: it cannot be written; the old file is untouched.
    """
    return write_whole(
        folder / FILE_NAME, tomlkit.dumps(document), hint="choose a folder that can be written", mode=0o644
    )


def set_table(folder: Path, name: str, values: Mapping[str, Any]) -> Path:
    """Set keys of one table; a value of None removes the key. Other keys and all comments stay.

    Raises:
        ProjectError: the file is not TOML, or `name` is something else in it.
        StorageError: it cannot be written.
    """
    document = read_document(folder)
    table = document.get(name)
    if table is None:
        table = tomlkit.table()
        document[name] = table
    if not isinstance(table, dict):
        raise ProjectError(f"{FILE_NAME}: {name!r} is not a table", hint=f"write it as [{name}]")
    for key, value in values.items():
        if value is None:
            table.pop(key, None)
        else:
            table[key] = list(value) if isinstance(value, tuple) else value
    return write_document(folder, document)


def append_tables(folder: Path, name: str, tables: Sequence[Mapping[str, Any]]) -> Path:
    """Add entries to an array of tables, `[[candidates]]`, after those that are there.

    Raises:
        ProjectError: the file is not TOML, or `name` is something else in it.
        StorageError: it cannot be written.
    """
    document = read_document(folder)
    array = document.get(name)
    if array is None:
        array = tomlkit.aot()
        document[name] = array
    if not isinstance(array, list):
        raise ProjectError(f"{FILE_NAME}: {name!r} is not an array of tables", hint=f"write it as [[{name}]]")
    for values in tables:
        table = tomlkit.table()
        for key, value in values.items():
            if value is not None:
                table[key] = list(value) if isinstance(value, tuple) else value
        table.add(tomlkit.nl())  # a blank line before whatever stands below
        array.append(table)
    return write_document(folder, document)
