"""Starting, watching and stopping long work. The work itself is `job_process`; what it tells is `project.progress`."""

import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

from bakeoff.cache_folder import cache_folder
from bakeoff.errors import BusyError, OutsideError
from bakeoff.project.progress import NOTHING, Told, read_progress
from bakeoff.project.verbs import Options, Verb
from bakeoff.report import Language
from bakeoff.report.words import sentence
from bakeoff.values import Reason, reason
from bakeoff.web.errors import Refused

KEPT_LOGS = 20
STOP_SECONDS = 5.0
"""How long a request to stop waits for the end; the work may take longer, and ends all the same."""

IDLE: dict[str, Any] = {
    **dict.fromkeys(("verb", "options", "started_at", "ended_at", "seconds", "rate_per_second", "seconds_left")),
    **dict.fromkeys(("cost_usd", "download", "error")),
    **dict.fromkeys(("done", "failed", "total", "tokens"), 0),
    **{name: [] for name in ("candidates", "notes", "outcomes")},
    "state": "idle",
    "stamp": NOTHING,
}

HTTP = {"KeyMissing": 424, "NoAnswer": 422, "UsageError": 400, "ProjectError": 400, "DataError": 400}
"""Of errors before the project was held; others are 502."""

_starting: dict[Path, threading.Lock] = {}
_starting_guard = threading.Lock()


def start_job(folder: Path, verb: Verb, options: Options) -> None:
    """Start a process for it, and wait until it holds the project.

    Raises:
        BusyError: something runs on the project already.
        Refused: it could not begin; as the verb says.
        OutsideError: no process, or it died without a word.
    """
    with _starting_guard:
        one_by_one = _starting.setdefault(folder, threading.Lock())
    with one_by_one:
        told = read_progress(folder)
        if told is not None and told.running:
            raise busy(told)
        said = _spawn(folder, json.dumps({"verb": verb, "options": options}))
    if said.get("begun"):
        return
    if said.get("busy"):
        raise BusyError(said["message"], hint=said["hint"])
    raise Refused(HTTP.get(said["kind"], 502), said["kind"], said["message"], hint=said["hint"])


def busy(told: Told) -> BusyError:
    """What a second start gets."""
    return BusyError(
        f"this project is at work already: {told.document['verb']}, since {told.document['started_at']}",
        hint="wait until it is done, or stop it",
    )


def _spawn(folder: Path, asked: str) -> dict[str, Any]:
    log = _new_log(folder.name)
    command = [sys.executable, "-P", "-m", "bakeoff.web.job_process", str(folder)]
    try:
        with log.open("wb") as errors:
            process = subprocess.Popen(
                command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, start_new_session=True
            )
    except OSError as error:
        raise OutsideError(f"no process can be started: {error.strerror or error}", hint="is the disk full?") from None
    assert process.stdin is not None
    assert process.stdout is not None
    with process.stdout as answers:
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(asked.encode())
        line = answers.readline()
    # Whoever started it must take note of its end, or it stays as a zombie.
    threading.Thread(target=process.wait, name=f"job-{process.pid}", daemon=True).start()
    try:
        found: dict[str, Any] = json.loads(line)
    except ValueError:
        raise OutsideError("the work ended before it began", hint=f"what it said last is in {log}") from None
    return found


def _new_log(name: str) -> Path:
    folder = cache_folder() / "jobs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in sorted(folder.glob("*.log"), key=lambda one: one.stat().st_mtime_ns)[: -KEPT_LOGS + 1]:
            old.unlink(missing_ok=True)
    except OSError:
        folder = Path(tempfile.gettempdir())
    handle, path = tempfile.mkstemp(prefix=f"{name[:40]}-", suffix=".log", dir=folder)
    os.close(handle)
    return Path(path)


def stop_job(folder: Path) -> None:
    """End what runs, as Ctrl-C does, and wait a little for its end. Nothing where nothing runs.

    Raises:
        Refused: it runs on another machine.
    """
    told = read_progress(folder)
    if told is None or not told.running:
        return
    if told.pid is None:
        raise Refused(
            409, "elsewhere", f"this runs on another machine, {told.document['host']}", hint="stop it there: Ctrl-C"
        )
    with suppress(ProcessLookupError):
        os.kill(told.pid, signal.SIGTERM)
    until = time.monotonic() + STOP_SECONDS
    while time.monotonic() < until:
        now = read_progress(folder)
        if now is None or not now.running or now.document["pid"] != told.pid:
            return
        time.sleep(0.05)


def job_document(folder: Path, lang: Language) -> dict[str, Any]:
    """What the page shows of the last piece of work."""
    told = read_progress(folder)
    if told is None:
        return dict(IDLE)
    said = told.document
    return {
        **IDLE,
        **{key: said[key] for key in IDLE if key in said},
        "state": told.state,
        "seconds": _seconds(told),
        "notes": [_note(one, lang) for one in said["notes"]],
        "download": said["download"] if told.running else None,
        "stamp": told.stamp,
    }


def _seconds(told: Told) -> float:
    from datetime import UTC, datetime

    said = told.document
    started = datetime.fromisoformat(said["started_at"])
    ended = said["ended_at"] or (said["updated_at"] if not told.running else None)
    end = datetime.fromisoformat(ended) if ended else datetime.now(UTC)
    return max(0.0, (end - started).total_seconds())


def _note(one: dict[str, Any], lang: Language) -> dict[str, Any]:
    found: Reason = reason(one["code"], **one["parameters"])
    return {"code": found.code, "parameters": dict(found.parameters), "text": sentence(found, lang)}
