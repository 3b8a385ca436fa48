"""Claims: of equal requests in several leases one is made, whoever holds them.

Before a lease's calls are made, the worker claims their digests. One that another lease has claimed is left to it:
either it has an answer soon, or it has failed, or the worker dies and the claim is void.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.cluster.holding import Key
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.store.database import IN_ONE, marks

DIGITS = 16
"""Hexadecimal digits of a digest that a claim is kept under, less one bit: two calls that share them by chance (one in
10^7 for a million calls) wait for each other and are both made."""

VOID = (
    'NOT EXISTS (SELECT 1 FROM lease WHERE lease.work = claim.work AND lease."column" = claim."column"'
    " AND lease.first = claim.first AND lease.worker = claim.worker AND lease.state = 'held' AND lease.until >= ?)"
)
"""Of a claim whose lease is not held any more, at a time of the database's clock."""


@dataclass(frozen=True, slots=True)
class Claimed:
    """What became of a lease's claims."""

    waiting: frozenset[str]
    """Digests that another lease is asking."""

    failed: frozenset[str]
    """Digests that failed for good in another lease of this work."""


class Claims:
    """One worker's claims. Used in the ledger's thread only."""

    def __init__(self, ledger: Ledger, work: str, worker: str) -> None:
        """Prepare.

        Args:
            ledger: the shared one.
            work: of the assignment.
            worker: as it takes leases.
        """
        self._database = ledger.database
        self._work, self._worker = work, worker

    def claim(self, key: Key, digests: Sequence[str]) -> Claimed:
        """Claim digests for a lease that is held, in a transaction. All that is not in the result is its own to ask.

        But for those that have an answer by now: a claim ends after its answer is stored, so look after this.
        """
        by_number = {_number(digest): digest for digest in digests}
        numbers = sorted(by_number)  # the same order for all, so that nobody waits in a circle
        mine = (self._work, key.column, key.first, self._worker)
        waiting: set[str] = set()
        failed: set[str] = set()
        now = self._database.clock()
        self._database.run_many(
            'INSERT INTO claim (digest, work, "column", first, worker, failed) VALUES (?, ?, ?, ?, ?, 0)'
            ' ON CONFLICT (digest) DO UPDATE SET work = excluded.work, "column" = excluded."column",'
            " first = excluded.first, worker = excluded.worker"
            f" WHERE claim.failed = 0 AND {VOID}",
            [(number, *mine, now) for number in numbers],
        )
        for start in range(0, len(numbers), IN_ONE):
            some = numbers[start : start + IN_ONE]
            for number, is_failed in self._database.rows(
                f"SELECT digest, failed FROM claim WHERE digest IN ({marks(some)})"
                ' AND (failed = 1 OR NOT (work = ? AND "column" = ? AND first = ? AND worker = ?))',
                (*some, *mine),
            ):
                (failed if is_failed else waiting).add(by_number[number])
        return Claimed(frozenset(waiting), frozenset(failed))

    def fail(self, key: Key, digests: Sequence[str]) -> None:
        """Tell those who wait that these calls have failed for good. In a transaction."""
        self._database.run_many(
            'UPDATE claim SET failed = 1 WHERE digest = ? AND work = ? AND "column" = ? AND first = ? AND worker = ?',
            self._own(key, digests),
        )

    def end(self, key: Key, digests: Sequence[str]) -> None:
        """Take claims back, but for those of calls that failed. In a transaction."""
        self._database.run_many(
            "DELETE FROM claim WHERE digest = ? AND failed = 0"
            ' AND work = ? AND "column" = ? AND first = ? AND worker = ?',
            self._own(key, digests),
        )

    def _own(self, key: Key, digests: Sequence[str]) -> list[tuple[object, ...]]:
        return [(number, self._work, key.column, key.first, self._worker) for number in sorted(map(_number, digests))]


def forget_claims(ledger: Ledger) -> None:
    """Delete claims that say nothing any more; before workers start."""
    database = ledger.database
    database.run(f"DELETE FROM claim WHERE failed = 1 OR {VOID}", (database.clock(),))


def _number(digest: str) -> int:
    return int(digest[:DIGITS], 16) >> 1
