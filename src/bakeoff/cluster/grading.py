"""Grading on the worker: the rows of a lease, as soon as they are answered. Scores are those of one machine."""

import asyncio
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from bakeoff.cluster.assignment import Assignment, Grading
from bakeoff.evaluate.columns import graded_row, slow_grades, task_of
from bakeoff.evaluate.preflight import Preflight
from bakeoff.evaluate.store import Ledger, open_ledger
from bakeoff.evaluate.types import Row
from bakeoff.project.preflight import expected, last_probe


class LeaseGrader:
    """Grades leases, in a thread and with a connection of its own: slow graders must not hold up answers."""

    def __init__(self, assignment: Assignment, grading: Grading) -> None:
        """Prepare; nothing is opened."""
        self._assignment, self._grading = assignment, grading
        self._ledger: Ledger | None = None
        self._preflights: dict[int, Preflight] = {}
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="grading")

    async def grade(self, column: int, rows: Sequence[Row], repetitions: Sequence[Sequence[str]]) -> None:
        """Grade what is answered and keep the scores that are not there yet.

        Args:
            column: by its place in the assignment.
            rows: of a lease.
            repetitions: for each repetition, the address of each row's call.

        Raises:
            ProjectError: a row or a grader is at fault.
            StorageError: the ledger refused.
        """
        await asyncio.get_running_loop().run_in_executor(self._thread, self._grade, column, rows, repetitions)

    def _grade(self, column: int, rows: Sequence[Row], repetitions: Sequence[Sequence[str]]) -> None:
        if self._ledger is None:
            self._ledger = open_ledger(self._assignment.ledger)
        ledger, grading = self._ledger, self._grading
        digests = list(dict.fromkeys(digest for addresses in repetitions for digest in addresses))
        answers = ledger.answers(digests)
        if not answers:
            return
        work = task_of(grading.graders, grading.prompt, rows, identity=grading.identity)
        kept = slow_grades(work, rows, grading.data, repetitions, answers, ledger)
        scored = {(row[0], row[1]) for row in ledger.grades_of_calls(grading.identity, list(answers))}
        fresh = {}
        for index, (row, addresses) in enumerate(zip(rows, zip(*repetitions, strict=True), strict=True)):
            graded = graded_row(
                index,
                row,
                addresses,
                task=work,
                answers=answers,
                failed=(),
                truncated=False,
                kept=kept,
                preflight=self._preflight(column, ledger),
            )
            for digest, cell in graded.plain:
                if digest in answers and (row.id, digest) not in scored:
                    fresh[row.id, digest] = (row.id, digest, cell.score, cell.label)
        ledger.record_scores(grading.identity, fresh.values())

    def _preflight(self, column: int, ledger: Ledger) -> Preflight:
        """What a column's answers should look like. Its rules are for cells, which are made anew at each look."""
        if column not in self._preflights:
            resolved = self._assignment.columns[column]
            self._preflights[column] = Preflight(expected=expected(resolved, last_probe(resolved, ledger)))
        return self._preflights[column]

    async def close(self) -> None:
        """Wait for the lease that is being graded, and give the connection back."""
        self._thread.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self._thread.shutdown)
        if self._ledger is not None:
            self._ledger.close()
