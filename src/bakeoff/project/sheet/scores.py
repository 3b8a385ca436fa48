"""The scores of whole columns, for sorting and filtering: graded once, and again only where a cell changed.

Four bytes for each cell, and nine for what it was graded at and whether the ledger has it. What was graded goes into
the ledger, under the name that `Project.columns()` gives it, so that the next server does not grade it again.
"""

import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from bakeoff.errors import StorageError
from bakeoff.evaluate.columns import grading_identity
from bakeoff.evaluate.store import Ledger
from bakeoff.project.sheet.cells import Grading
from bakeoff.project.sheet.index import ANSWERED

if TYPE_CHECKING:
    from collections.abc import Sequence

AT_ONCE = 500
"""Rows graded together."""

WRITTEN_AT_ONCE = 50_000
"""Scores in one transaction: a third of a second, in which a run waits with its answers."""

BY_DATA = frozenset({"truncated", "in_examples", "other_provider"})
"""Faults that are left out by default; of these only the first can be in what the ledger keeps of most projects."""

Scores = npt.NDArray[np.float32]

NewScore = tuple[str, str, float | None, str | None]
"""Row id, address of the call, score, label."""


class ScoreColumns:
    """Scores of all cells, as far as they were asked for."""

    def __init__(self, grading: Grading, row_ids: "Sequence[str]") -> None:
        """Nothing is graded yet."""
        self._grading = grading
        self._row_ids = row_ids
        n = len(row_ids) * len(grading.contestants)
        self._scores = np.full(n, np.nan, dtype=np.float32)
        self._graded = np.full(n, -1, dtype=np.int64)
        self._stored = np.zeros(n, dtype=bool)
        self._read = False
        self._lock = threading.Lock()

    def column(self, column: int, ledger: Ledger) -> Scores:
        """One candidate's scores by row; NaN where there is none. Who asks at the same time waits."""
        with self._lock:
            return self._column(column, ledger)

    def _column(self, column: int, ledger: Ledger) -> Scores:
        calls = self._grading.calls
        n = calls.n_rows
        if not self._read:
            self._read = True
            self._read_stored(ledger)
        part = slice(column * n, (column + 1) * n)
        stale = np.flatnonzero(self._graded[part] != calls.changed[part])
        states = calls.state[calls.part(column)]
        if not len(states):
            return self._scores[part]
        now = calls.changed[part].copy()
        empty = stale[states[stale] != ANSWERED]
        self._scores[part][empty] = np.nan
        self._graded[part][empty] = now[empty]
        todo = stale[states[stale] == ANSWERED].tolist()
        identity = self._identity()
        fresh: dict[int, NewScore] = {}
        for start in range(0, len(todo), AT_ONCE):
            rows = todo[start : start + AT_ONCE]
            looked = self._grading.column(column, rows, self._grading.part(rows), ledger, ask=False)
            found = [np.nan if one.graded.cell.score is None else one.graded.cell.score for one in looked]
            self._scores[part][rows] = found
            self._graded[part][rows] = now[rows]
            if identity is not None:
                for row, one in zip(rows, looked, strict=True):
                    ((digest, plain),) = one.graded.plain
                    if digest in one.answers and not self._stored[part][row]:
                        fresh[row] = (self._row_ids[row], digest, plain.score, plain.label)
                if len(fresh) >= WRITTEN_AT_ONCE or start + AT_ONCE >= len(todo):
                    self._write(identity, part, fresh, ledger)
        return self._scores[part]

    def _write(self, identity: str, part: slice, fresh: "dict[int, NewScore]", ledger: Ledger) -> None:
        with suppress(StorageError):  # a folder that can only be read can still be looked at
            # In the order of the index: half the time.
            ledger.record_scores(identity, sorted(fresh.values(), key=lambda score: score[1]))
        self._stored[part][list(fresh)] = True
        fresh.clear()

    def _identity(self) -> str | None:
        """The name of these scores in the ledger; None where it has none that say all.

        Where faults or repetitions decide, too, or a grader takes its time, a cell's score is not that of an answer.
        """
        grading, config = self._grading, self._grading.config
        excluding = {fault for fault, rule in config.preflight.rules().items() if rule == "exclude"}
        plain = excluding <= BY_DATA and not any(one.candidate.provider for one in grading.contestants)
        if not plain or config.prompt.examples or max(grading.calls.columns, default=0) > 1:
            return None
        if any(grader.rule.slow for grader in grading.graders):
            return None
        return grading_identity(grading.graders, grading.table.digest)

    def _read_stored(self, ledger: Ledger) -> None:
        """Take the scores that an earlier grading of the same data left in the ledger, where nothing else decides."""
        grading, calls = self._grading, self._grading.calls
        identity = self._identity()
        stored = ledger.stored_scores(identity) if identity is not None else []
        if not stored:
            return
        rows = {row_id: row for row, row_id in enumerate(self._row_ids)}
        which, found = calls.find([digest for _, digest, _ in stored])
        own = np.array([rows.get(row_id, -1) for row_id, _, _ in stored], dtype=np.int64)[which]
        values = np.array([np.nan if value is None else value for *_, value in stored], dtype=np.float32)[which]
        cells = calls.cells_of(found)
        right = (own == cells % max(1, calls.n_rows)) & (calls.state[found] == ANSWERED)
        cells, values = cells[right], values[right]
        self._scores[cells] = values
        self._graded[cells] = calls.changed[cells]
        self._stored[cells] = True
        for column, cut in enumerate(grading.truncated):
            if grading.config.preflight.rules()["truncated"] == "exclude":
                self._scores[[calls.cell(column, row) for row in cut]] = np.nan
