"""Replacing a file whole or not at all: no crash and no full disk leaves half of it."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path

from bakeoff.errors import StorageError


def put_in_place(source: Path, target: Path) -> None:
    """Give a finished file its name, in the place of what had it, so that a power cut does not take it back.

    Raises:
        OSError: the disk refused.
    """
    os.replace(source, target)
    if os.name == "posix":
        folder = os.open(target.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def write_whole(path: Path, content: str | bytes, *, hint: str, mode: int | None = None) -> Path:
    """Put a file on the disk in full, then in the place of the old one. Folders on the way are made.

    Args:
        path: the file.
        content: text is written as UTF-8, with its line ends as they are.
        hint: the fix, where it cannot be written.
        mode: permissions of a new file; None: readable by its owner alone. A file that is there keeps its own.

    Returns:
        `path`.

    Raises:
        StorageError: it cannot be written; the old file is untouched.
    """
    data = content.encode("utf-8") if isinstance(content, str) else content
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        kept = path.stat().st_mode & 0o777 if path.exists() else mode
        handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
        try:
            with os.fdopen(handle, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            if kept is not None:
                os.chmod(name, kept)
            os.replace(name, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(name)
            raise
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}", hint=hint) from None
    return path
