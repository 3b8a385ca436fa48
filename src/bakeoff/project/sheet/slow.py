"""Slow graders, off the reader's way: what they have not seen yet is graded in a thread and comes with the changes."""

import threading
from collections.abc import Callable, Sequence

from bakeoff.errors import BakeoffError
from bakeoff.evaluate.graders import Grade, Grader
from bakeoff.evaluate.graders.kept import BATCH, Place, Work, kept_grades
from bakeoff.evaluate.store import Ledger

MOST_WAITING = 20_000
"""Answers that wait to be graded; what is beyond them is asked for again when it is looked at again."""

MOST_TRIED = 50_000


class SlowGrading:
    """The queue of one sheet. Its thread ends when there is nothing left to grade."""

    def __init__(self, graders: Sequence[Grader], data: str, ledger: Callable[[], Ledger]) -> None:
        """Nothing waits yet.

        Args:
            graders: of the project.
            data: digest of the table.
            ledger: opens the project's.
        """
        self._graders, self._data, self._ledger = graders, data, ledger
        self._waiting: dict[tuple[int, Place], Work] = {}
        self._tried: dict[tuple[int, Place], Grade] = {}
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None

    def said(self, position: int, place: Place) -> Grade | None:
        """What a grader could not say, when it was tried: such grades are not kept in the ledger."""
        return self._tried.get((position, place))

    def ask(self, position: int, works: Sequence[Work]) -> None:
        """Grade these some time; those that were asked for last come first."""
        with self._lock:
            for work in works:
                key = (position, work.place)
                if key not in self._tried and len(self._waiting) < MOST_WAITING:
                    self._waiting.pop(key, None)
                    self._waiting[key] = work
            if self._waiting and self._thread is None:
                self._thread = threading.Thread(target=self._work, name="slow graders", daemon=True)
                self._thread.start()

    def wait(self, seconds: float) -> None:
        """Until nothing waits any more, or the time is over."""
        thread = self._thread
        if thread is not None:
            thread.join(seconds)

    def _next(self) -> tuple[int, list[Work]] | None:
        with self._lock:
            if not self._waiting:
                self._thread = None
                return None
            position = next(reversed(self._waiting))[0]
            keys = [key for key in reversed(self._waiting) if key[0] == position][:BATCH]
            return position, [self._waiting.pop(key) for key in keys]

    def _work(self) -> None:
        while (found := self._next()) is not None:
            position, works = found
            try:
                with self._ledger() as ledger:
                    grades = kept_grades(self._graders[position], self._data, works, ledger)
            except BakeoffError:
                # Whoever grades everything is told what is wrong; the sheet shows no score.
                grades = {work.place: Grade(None) for work in works}
            for work in works:
                grade = grades[work.place]
                if grade.score is None and len(self._tried) < MOST_TRIED:
                    self._tried[position, work.place] = grade
