"""What a run tells others while it goes on: `.bakeoff-progress.json` in the project folder.

Whoever runs a project writes it, in a terminal or for the page; whoever wants to watch reads it. It is replaced whole,
a few times a second at most, and stays when the run is over: how it ended, or, where its process is gone without a
word, that it was killed.
"""

import json
import os
import socket
import sys
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from bakeoff.processes import is_alive

FILE = ".bakeoff-progress.json"
SCHEMA, VERSION = "bakeoff.progress", 1

State = Literal["running", "finished", "stopped", "failed", "killed"]

SILENT_SECONDS = 30.0
"""A process on another machine that said nothing for so long is taken for dead; it says something every 5 seconds."""

NOTHING = "none"
"""The stamp where nothing was told."""

LONGEST_BYTES = 4 * 1024 * 1024
"""Of the file; what is longer was not written by us."""


@dataclass(frozen=True, slots=True)
class Told:
    """The last thing that a run told, and whether it still runs."""

    state: State
    document: dict[str, Any]
    stamp: str
    """Changes whenever anything above does."""

    @property
    def running(self) -> bool:
        """It goes on."""
        return self.state == "running"

    @property
    def pid(self) -> int | None:
        """Of the process, where it runs on this machine."""
        return int(self.document["pid"]) if self.running and self.document["host"] == socket.gethostname() else None


def write_progress(folder: Path, document: dict[str, Any]) -> None:
    """Replace the file. A disk that refuses is for the ledger to tell: nothing rests on this file."""
    path = folder / FILE
    new = path.with_suffix(".new")
    with suppress(OSError):
        new.write_text(json.dumps({"schema": SCHEMA, "version": VERSION, **document}, ensure_ascii=False), "utf-8")
        os.replace(new, path)


def read_progress(folder: Path) -> Told | None:
    """What the last run of this project told; None where there was none, or the file is not one of ours."""
    path = folder / FILE
    try:
        found = path.stat()
        if found.st_size > LONGEST_BYTES:
            return None
        document = json.loads(path.read_text("utf-8"))
        state: State = document["state"]
        if document["schema"] != SCHEMA or document["version"] != VERSION:
            return None
        if state == "running" and not _alive(document):
            state = "killed"
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    return Told(state, document, f"{found.st_mtime_ns:x}-{found.st_ino:x}-{state[0]}")


def stamp_of(folder: Path) -> str:
    """`Told.stamp` alone; `none` where nothing was told."""
    told = read_progress(folder)
    return told.stamp if told is not None else NOTHING


def myself() -> dict[str, Any]:
    """This process, as the file names it."""
    pid = os.getpid()
    return {"pid": pid, "birth": _birth(pid), "host": socket.gethostname()}


def _alive(document: dict[str, Any]) -> bool:
    if document["host"] != socket.gethostname():
        last = datetime.fromisoformat(document["updated_at"])
        return (datetime.now(UTC) - last).total_seconds() < SILENT_SECONDS
    pid, birth = int(document["pid"]), document["birth"]
    if sys.platform.startswith("linux"):
        now = _birth(pid)
        return now is not None and birth in (None, now)
    return is_alive(pid)


def _birth(pid: int) -> str | None:
    """When a process began, on Linux: its number may be another's later. None where it is gone, or a zombie."""
    try:
        # The name in parentheses may hold anything, so what follows it is counted from its end.
        state, *rest = Path(f"/proc/{pid}/stat").read_text("utf-8", "replace").rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if state in "ZX" else rest[18]
