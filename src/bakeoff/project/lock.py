"""One run at a time on a project: a lock that the system releases when its holder dies."""

import json
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from filelock import FileLock, Timeout

from bakeoff.errors import BusyError, StorageError
from bakeoff.evaluate.store import now
from bakeoff.processes import is_alive


@contextmanager
def running(folder: Path) -> Iterator[None]:
    """Hold the project while a run goes on.

    Raises:
        BusyError: another process runs on it; the message says which.
        StorageError: the folder cannot be written.
    """
    lock = FileLock(folder / ".bakeoff-run.lock")
    holder = folder / ".bakeoff-run.json"
    try:
        lock.acquire(timeout=0)
    except Timeout:
        raise BusyError(
            f"{folder}: {_holder(holder)} is running this project",
            hint="wait until it is done, or stop it; `bakeoff show` works meanwhile",
        ) from None
    except OSError as error:
        raise StorageError(
            f"{folder}: {error.strerror or error}", hint="a run writes its answers there: make the folder writable"
        ) from None
    try:
        with suppress(OSError):  # only told to the one who waits; a full disk is for the ledger to tell
            holder.write_text(json.dumps({"pid": os.getpid(), "host": socket.gethostname(), "since": now()}))
        yield
    finally:
        holder.unlink(missing_ok=True)
        lock.release()


def is_running(folder: Path) -> bool:
    """Some process holds the project now. Looks only: never in the way of one that wants to begin."""
    holder = folder / ".bakeoff-run.json"
    try:
        found = json.loads(holder.read_text())
        pid, host = int(found["pid"]), found["host"]
    except (OSError, ValueError, KeyError, TypeError):
        return False
    return host != socket.gethostname() or is_alive(pid)  # one that was killed could not clean up


def _holder(path: Path) -> str:
    try:
        found = json.loads(path.read_text())
        return f"process {found['pid']} on {found['host']}, since {found['since']},"
    except (OSError, ValueError, KeyError):
        return "another process"
