"""Careful file work: digests, room on the disk, files that appear whole or not at all."""

import errno
import hashlib
import os
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

from bakeoff.errors import StorageError
from bakeoff.units import MIB, show_bytes
from bakeoff.whole_file import put_in_place

CHUNK_BYTES = 1024 * 1024
SPARE_BYTES = 64 * MIB
"""Room that is left on the disk beside the model."""

CACHE_HINT = "free some room, or set BAKEOFF_CACHE to a folder on a disk that has it"


def sha256_of(path: Path, on_bytes: Callable[[int], None] | None = None) -> str:
    """SHA-256 of a file.

    Args:
        path: the file.
        on_bytes: told how many bytes are done, now and then.

    Raises:
        StorageError: the file cannot be read.
    """
    digest = hashlib.sha256()
    done = 0
    try:
        with open(path, "rb", buffering=0) as file:
            while block := file.read(CHUNK_BYTES):
                digest.update(block)
                done += len(block)
                if on_bytes is not None:
                    on_bytes(done)
    except OSError as error:
        raise storage_error(path, error) from None
    return digest.hexdigest()


def digest_of_parts(digests: Sequence[str]) -> str:
    """One digest for a model: the file's own, or for several files that of their digests, one a line."""
    if len(digests) == 1:
        return digests[0]
    return hashlib.sha256("".join(f"{digest}\n" for digest in digests).encode()).hexdigest()


def storage_error(path: Path, error: OSError) -> StorageError:
    """An OSError as an error for people."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT):
        return StorageError(f"{path}: no room is left on the disk", hint=CACHE_HINT)
    hint = "set BAKEOFF_CACHE to a folder that can be read and written"
    return StorageError(f"{path}: {error.strerror or error}", hint=hint)


def make_folder(path: Path) -> Path:
    """Make a folder with its parents.

    Raises:
        StorageError: the disk refused.
    """
    try:
        path.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise storage_error(path, error) from None
    return path


def require_room(folder: Path, n_bytes: int, *, what: str) -> None:
    """Check that the disk has room before anything is fetched.

    Raises:
        StorageError: it has not.
    """
    free = shutil.disk_usage(folder).free
    if free < n_bytes + SPARE_BYTES:
        raise StorageError(
            f"{what} needs {show_bytes(n_bytes + SPARE_BYTES)} in {folder}, and {show_bytes(free)} are free",
            hint=CACHE_HINT,
        )


def replace_durably(source: Path, target: Path) -> None:
    """Move a finished file into place, so that it is there whole or not at all, also after a power cut.

    Raises:
        StorageError: the disk refused.
    """
    try:
        with open(source, "rb+") as file:
            os.fsync(file.fileno())
        put_in_place(source, target)
    except OSError as error:
        raise storage_error(target, error) from None


def write_durably(target: Path, text: str) -> None:
    """Write a small text file whole or not at all.

    Raises:
        StorageError: the disk refused.
    """
    draft = target.with_name(f"{target.name}.{os.getpid()}.draft")
    try:
        draft.write_text(text, encoding="utf-8")
        replace_durably(draft, target)
    except OSError as error:
        raise storage_error(target, error) from None
    finally:
        draft.unlink(missing_ok=True)
