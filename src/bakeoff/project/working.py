"""Work on a project that others may watch: one at a time, told in the progress file from its beginning to its end."""

import signal
import threading
import time
from collections import deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from bakeoff.errors import BakeoffError, Interrupted
from bakeoff.evaluate.store import now
from bakeoff.project.listening import Listener
from bakeoff.project.lock import running
from bakeoff.project.progress import State, myself, write_progress
from bakeoff.values import Reason, to_json

if TYPE_CHECKING:
    from bakeoff.evaluate.run import Progress
    from bakeoff.project.running import Outcome
    from bakeoff.weights import DownloadProgress

EVERY_SECONDS = 0.3
"""At most this often the file is replaced."""

BEAT_SECONDS = 5.0
"""At least this often, so that another machine sees that it goes on."""

RATE_SECONDS, RATE_STEPS = 30.0, 5
"""The rate is that of the last half minute, or of the last few cells where they take longer."""

MOST_NOTES = 100
LONGEST_OPTIONS = 20_000
"""Characters; thousands of row ids are not told again and again."""


class Work(Listener):
    """Passes on what it hears, and keeps it in the progress file. A thread writes: a cell costs no more than a mark."""

    def __init__(self, folder: Path, verb: str, listener: Listener, options: Mapping[str, Any] | None) -> None:
        """Nothing is written yet."""
        named = {name: value for name, value in (options or {}).items() if value is not None}
        self._options = named if options is not None and len(str(named)) <= LONGEST_OPTIONS else None
        self._folder = folder
        self._verb = verb
        self._listener = listener
        self._started_at = now()
        self._myself = myself()
        self._totals: dict[str, int] = {}
        self._parts: dict[str, list[Progress]] = {}
        self._last: Progress | None = None
        self._notes: deque[dict[str, Any]] = deque(maxlen=MOST_NOTES)
        self._download: DownloadProgress | None = None
        self._outcomes: list[Outcome] = []
        self._steps: deque[tuple[float, int]] = deque([(time.monotonic(), 0)])
        self._changed = True
        self._over = threading.Event()
        self._writer = threading.Thread(target=self._write_on, name="bakeoff-progress", daemon=True)

    # what is heard

    def expects(self, calls: Iterable[tuple[str, int]]) -> None:
        """So many more calls of these candidates are to be made."""
        for name, n in calls:
            self._totals[name] = self._totals.get(name, 0) + n
        self._changed = True

    def ended(self, outcomes: Sequence["Outcome"]) -> None:
        """This is how some of it ended."""
        self._outcomes += outcomes

    def begun(self) -> None:
        """Passed on."""
        self._listener.begun()

    def download(self, progress: "DownloadProgress") -> None:
        """Kept until it is there whole."""
        self._download = progress
        self._changed = True
        self._listener.download(progress)

    def progress(self, progress: "Progress") -> None:
        """The same object is heard again and again: it is looked at when the file is written."""
        if progress is not self._last:
            self._last = progress
            parts = self._parts.setdefault(progress.candidate, [])
            if not any(progress is one for one in parts):
                parts.append(progress)
        self._changed = True
        self._listener.progress(progress)

    def note(self, note: Reason) -> None:
        """Kept, the last hundred."""
        self._notes.append({"code": note.code, "parameters": to_json(note.parameters)})
        self._changed = True
        self._listener.note(note)

    # what is told

    def begin(self) -> None:
        """Write that it goes on, and go on writing."""
        self._write("running")
        self._writer.start()

    def end(self, error: BaseException | None) -> None:
        """Write how it ended."""
        self._over.set()
        self._writer.join()
        state: State = "finished" if error is None else "failed"
        if isinstance(error, Interrupted | KeyboardInterrupt):
            state, error = "stopped", None
        self._write(state, error=error)

    def _write_on(self) -> None:
        beat = time.monotonic()
        while not self._over.wait(EVERY_SECONDS):
            if self._changed or time.monotonic() - beat > BEAT_SECONDS:
                self._changed, beat = False, time.monotonic()
                self._write("running")

    def _write(self, state: State, error: BaseException | None = None) -> None:
        time_now = now()
        write_progress(
            self._folder,
            {
                "state": state,
                "verb": self._verb,
                "options": self._options,
                **self._myself,
                "started_at": self._started_at,
                "updated_at": time_now,
                "ended_at": None if state == "running" else time_now,
                **self._counted(),
                "download": self._downloading() if state == "running" else None,
                "notes": list(self._notes),
                "error": None if error is None else error_json(error),
                "outcomes": [outcome_json(one) for one in self._outcomes],
            },
        )

    def _counted(self) -> dict[str, Any]:
        lines = [self._line(name) for name in dict.fromkeys([*self._totals, *self._parts])]
        done, failed, total = (sum(line[key] for line in lines) for key in ("done", "failed", "total"))
        rate = self._rate(done + failed)
        costs = [Decimal(line["cost_usd"]) for line in lines if line["cost_usd"] is not None]
        left = max(0, total - done - failed)
        return {
            "candidates": lines,
            "done": done,
            "failed": failed,
            "total": total,
            "rate_per_second": rate,
            "seconds_left": left / rate if rate else None,
            "tokens": sum(line["tokens"] for line in lines),
            "cost_usd": str(sum(costs)) if costs else None,
        }

    def _line(self, name: str) -> dict[str, Any]:
        parts = self._parts.get(name, [])
        costs = [one.cost_usd for one in parts if one.cost_usd is not None]
        return {
            "name": name,
            "done": sum(one.done for one in parts),
            "failed": sum(one.failed for one in parts),
            "total": self._totals.get(name, sum(one.total for one in parts)),
            "tokens": sum(one.prompt_tokens + one.output_tokens for one in parts),
            "cost_usd": str(sum(costs)) if costs else None,
        }

    def _rate(self, n: int) -> float | None:
        """Cells a second, of late; None before the first."""
        here, steps = time.monotonic(), self._steps
        if n != steps[-1][1]:
            steps.append((here, n))
        while len(steps) > RATE_STEPS and steps[0][0] < here - RATE_SECONDS:
            steps.popleft()
        seconds, cells = here - steps[0][0], n - steps[0][1]
        return cells / seconds if cells and seconds > 0 else None

    def _downloading(self) -> dict[str, Any] | None:
        found = self._download
        if found is None or (found.total_bytes is not None and found.done_bytes >= found.total_bytes):
            return None
        return {"name": found.name, "done_bytes": found.done_bytes, "total_bytes": found.total_bytes}


@contextmanager
def at_work(folder: Path, verb: str, listener: Listener, options: Mapping[str, Any] | None) -> Iterator[Work]:
    """Hold the project and tell what goes on in it. SIGTERM ends the work as Ctrl-C does.

    Args:
        folder: of the project.
        verb: run, judge, add, check or probe.
        listener: who is told besides.
        options: of the verb, as plain JSON, with which the same work can be gone on with; None where it cannot be
            gone on with from elsewhere.

    Raises:
        BusyError: another process works on it.
        StorageError: the folder cannot be written.
    """
    with running(folder), _stoppable():
        work = Work(folder, verb, listener, options)
        work.begin()
        listener.begun()
        try:
            yield work
        except BaseException as error:
            work.end(error)
            raise
        work.end(None)


@contextmanager
def _stoppable() -> Iterator[None]:
    """SIGTERM becomes KeyboardInterrupt while this lasts, where nobody handles it otherwise."""
    if threading.current_thread() is not threading.main_thread() or signal.getsignal(signal.SIGTERM) != signal.SIG_DFL:
        yield
        return
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def error_json(error: BaseException) -> dict[str, Any]:
    """An error for programs and people."""
    if isinstance(error, BakeoffError):
        return {"kind": type(error).__name__, "message": error.message, "hint": error.hint}
    message = f"a mistake in Bakeoff: {type(error).__name__}: {error}"
    return {"kind": "bug", "message": message, "hint": "nothing that was answered is lost; please report it"}


def outcome_json(one: "Outcome") -> dict[str, Any]:
    """How one candidate's part ended."""
    return {
        "candidate": one.candidate,
        "answered": one.answered,
        "failed": one.failed,
        "because": one.because,
        "left": one.left,
        "capped": one.capped,
        "error": None if one.error is None else error_json(one.error),
    }
