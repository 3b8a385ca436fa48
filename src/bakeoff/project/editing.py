"""Changing `bakeoff.toml` as its owner would: comments and order stay, and the file is replaced whole or not at all."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from bakeoff.errors import ProjectError
from bakeoff.project import FILE_NAME
from bakeoff.whole_file import write_whole


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


def table(folder: Path, name: str) -> dict[str, Any] | None:
    """One table of the project file, `[needs]`, as plain values; None where there is none.

    Raises:
        ProjectError: the file is not TOML, or `name` is something else in it.
    """
    found = read_document(folder).unwrap().get(name)
    if found is not None and not isinstance(found, dict):
        raise _not_a_table(name)
    return found


def tables(folder: Path, name: str) -> list[dict[str, Any]]:
    """An array of tables of the project file, `[[candidates]]`, as plain values; empty where there is none.

    Raises:
        ProjectError: the file is not TOML, or `name` is something else in it.
    """
    found = read_document(folder).unwrap().get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        raise _not_tables(name)
    return found


def _not_a_table(name: str) -> ProjectError:
    return ProjectError(f"{FILE_NAME}: {name!r} is not a table", hint=f"write it as [{name}]")


def _not_tables(name: str) -> ProjectError:
    return ProjectError(f"{FILE_NAME}: {name!r} is not an array of tables", hint=f"write it as [[{name}]]")


Check = Callable[[str], object]
"""Refuses the text of a project file by raising."""


def write_document(folder: Path, document: tomlkit.TOMLDocument, check: Check | None = None) -> Path:
    """Replace the project file, atomically.

    Args:
        folder: of the project.
        document: the whole file.
        check: looks at the new text before it is written.

    Raises:
        StorageError: it cannot be written; the old file is untouched.
    """
    text = tomlkit.dumps(document)
    if check is not None:
        check(text)
    return write_whole(folder / FILE_NAME, text, hint="choose a folder that can be written", mode=0o644)


def set_table(folder: Path, name: str, values: Mapping[str, Any], check: Check | None = None) -> Path:
    """Set keys of one table; a value of None removes the key. Other keys and all comments stay.

    Raises:
        ProjectError: the file is not TOML, or `name` is something else in it.
        StorageError: it cannot be written.
    """
    document = read_document(folder)
    found = document.get(name)
    if found is None:
        found = tomlkit.table()
        document[name] = found
    if not isinstance(found, dict):
        raise _not_a_table(name)
    for key, value in values.items():
        if value is None:
            found.pop(key, None)
        elif isinstance(value, list) and value and all(isinstance(one, Mapping) for one in value):
            _set_entries(found, key, value)
        else:
            found[key] = _item(value)
    return write_document(folder, document, check)


def _item(value: Any) -> Any:
    """As it stands behind `key =`, on one line."""
    if isinstance(value, Mapping):
        inline = tomlkit.inline_table()
        inline.update(value)
        return inline
    return list(value) if isinstance(value, tuple) else value


def _set_entries(found: dict[str, Any], key: str, wanted: Sequence[Mapping[str, Any]]) -> None:
    """An array of tables inside a table, `[[judge.models]]`: entry by entry, so that comments and other keys stay."""
    array = found.get(key)
    if not isinstance(array, tomlkit.items.AoT):
        found.pop(key, None)
        array = tomlkit.aot()
        found[key] = array
        array = found[key]
    while len(array) > len(wanted):
        array.pop()
    for place, values in enumerate(wanted):
        if place == len(array):
            array.append(tomlkit.table())
        for name, value in values.items():
            if value is None:
                array[place].pop(name, None)
            else:
                array[place][name] = value


def remove_table(folder: Path, name: str, place: int, check: Check | None = None) -> Path:
    """Take one entry out of an array of tables, `[[candidates]]`, by its place in it.

    Raises:
        ProjectError: the file is not TOML, or `name` is something else in it.
        StorageError: it cannot be written.
    """
    document = read_document(folder)
    array = document.get(name)
    if not isinstance(array, list) or not all(isinstance(one, dict) for one in array):
        raise _not_tables(name)
    del array[place]
    return write_document(folder, document, check)


def append_tables(folder: Path, name: str, added: Sequence[Mapping[str, Any]], check: Check | None = None) -> Path:
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
    if not isinstance(array, list) or not all(isinstance(one, dict) for one in array):
        raise _not_tables(name)
    for values in added:
        entry = tomlkit.table()
        for key, value in values.items():
            if value is not None:
                entry[key] = list(value) if isinstance(value, tuple) else value
        array.append(entry)
    if added:
        array[-1].add(tomlkit.nl())  # a blank line before whatever stands below
    return write_document(folder, document, check)
