"""A new project in the workspace: it is filled beside its place and gets its name when it is whole."""

import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from bakeoff.errors import BakeoffError, StorageError
from bakeoff.project import FILE_NAME, Project
from bakeoff.web.errors import Refused
from bakeoff.web.names import is_taken

PREFIX = ".bakeoff-new-"
OLD_SECONDS = 3600.0
"""What a server that was killed has left behind is removed after that."""


def taken(name: str) -> Refused:
    """409."""
    return Refused(409, "taken", f"there is a project or folder called {name!r} already", hint="choose another name")


@contextmanager
def staged(folder: Path, name: str) -> Iterator[Path]:
    """A place to make the project in; when the block ends well, it is checked, written out and given its name.

    Args:
        folder: of the workspace.
        name: checked by `names.project_name`.

    Raises:
        Refused: 409, something of that name is there.
        ProjectError, DataError: what was made is no project that can be opened; nothing is left of it.
        StorageError: the folder cannot be written.
    """
    try:
        if is_taken(name, os.listdir(folder)):
            raise taken(name)
        _sweep(folder)
        around = Path(tempfile.mkdtemp(prefix=PREFIX, dir=folder))
    except OSError as error:
        hint = "start the server in a folder that can be written"
        raise StorageError(f"{folder}: {error.strerror or error}", hint=hint) from None
    place = around / "project"
    try:
        yield place
        Project(place).table()
        _flush(place)
        try:
            os.rename(place, folder / name)
        except OSError as error:
            if (folder / name).exists() or (folder / name).is_symlink():
                raise taken(name) from None
            raise StorageError(f"{name}: {error.strerror or error}", hint="choose another name") from None
        _flush_folder(folder)
    except BakeoffError as error:
        error.message = error.message.replace(str(place), name).replace(str(around), name)
        raise
    finally:
        shutil.rmtree(around, ignore_errors=True)


def _flush(place: Path) -> None:
    """Onto the disk, before the name tells that it is there."""
    for path in place.iterdir():
        if path.is_file() and path.name != FILE_NAME:  # that one is written whole already
            with path.open("rb+") as file:
                os.fsync(file.fileno())
    _flush_folder(place)


def _flush_folder(folder: Path) -> None:
    with suppress(OSError):  # Windows opens no folders
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)


def _sweep(folder: Path) -> None:
    for path in folder.glob(f"{PREFIX}*"):
        with suppress(OSError):
            if time.time() - path.lstat().st_mtime > OLD_SECONDS and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
