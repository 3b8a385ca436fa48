"""Files that the options of a grader name, relative to the project's folder."""

import hashlib
from functools import lru_cache
from pathlib import Path

from bakeoff.errors import ProjectError

MOST_BYTES = 16 * 1024 * 1024
"""A schema, a script or a source file larger than this is the wrong file."""


def read_text(folder: Path, name: str, what: str) -> str:
    """A small UTF-8 file.

    Args:
        folder: the project's folder.
        name: path, relative to it or absolute.
        what: whose file it is, for the message: `grader json: schema_file`.

    Raises:
        ProjectError: it cannot be read, or is far too large.
    """
    path = existing(folder, name, what)
    try:
        if path.stat().st_size > MOST_BYTES:
            raise ProjectError(f"{what}: {name} has {path.stat().st_size:,} bytes", hint="is it the right file?")
        return path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise ProjectError(f"{what}: {name}: {error}", hint="it must be a readable UTF-8 file") from None


def existing(folder: Path, name: str, what: str) -> Path:
    """The path of a file that is there.

    Raises:
        ProjectError: it is not.
    """
    path = folder / name
    if not path.is_file():
        raise ProjectError(f"{what}: there is no file {name}", hint=f"the path is relative to {folder.resolve()}")
    return path


def sha256(path: Path) -> str:
    """Digest of a file's content; a file that has not changed is read once per process."""
    stat = path.stat()
    return _sha256(str(path.resolve()), stat.st_mtime_ns, stat.st_size)


@lru_cache(maxsize=64)
def _sha256(path: str, modified: int, size: int) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
