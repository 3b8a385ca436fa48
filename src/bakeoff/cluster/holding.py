"""Leases: ranges of rows of one column that one worker at a time may ask. Kept in the shared ledger.

A lease is free, held by a worker until a time, or done. Times are those of the database's clock, so that machines may
disagree about theirs. One that is held beyond its time is another's for the taking: its worker is dead, or so slow that
it must not ask any more. After that it is done with care: which rows are in hand is written down before they are asked,
and a row that was in hand at three deaths is not asked again.
"""

import json
import random
from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.cluster.assignment import Assignment
from bakeoff.evaluate.store import Ledger

SPREAD = 8
"""Leases of which one is chosen by chance."""

DEATHS = 3
"""A row in hand at so many is skipped."""


@dataclass(frozen=True, slots=True)
class Key:
    """Which lease."""

    column: int
    first: int
    """Place of its first row among the rows of the work."""


@dataclass(eq=False, slots=True)
class Held:
    """A lease in the hands of this worker."""

    key: Key
    tries: int
    """Workers that died with it."""

    until: float
    """By this machine's clock, and before the database's time for it is over."""

    lost: bool = False
    """It is another's now."""

    @property
    def careful(self) -> bool:
        """Rows in hand are to be written down."""
        return self.tries > 0


class Leases:
    """One worker's hold on leases of one work. Used in the ledger's thread only."""

    def __init__(self, ledger: Ledger, assignment: Assignment, worker: str) -> None:
        """Prepare.

        Args:
            ledger: the shared one.
            assignment: the work, and how long a lease holds.
            worker: unique among all that ever worked on it.
        """
        self._database = ledger.database
        self._work, self._seconds, self._worker = assignment.work, assignment.lease_seconds, worker

    def open(self, column: int) -> tuple[int, int]:
        """(leases that can be taken now, leases that are not done)."""
        ((takeable, left),) = self._database.rows(
            "SELECT coalesce(sum(CASE WHEN state = 'free' OR until < ? THEN 1 ELSE 0 END), 0), count(*) FROM lease"
            " WHERE work = ? AND \"column\" = ? AND state IN ('free', 'held')",
            (self._database.clock(), self._work, column),
        )
        return int(takeable), int(left)

    def peek(self, column: int) -> tuple[int, bytes] | None:
        """(first row, rows) of a lease that can be taken now: one of the first free ones, else of a dead worker."""
        free = self._database.rows(
            "SELECT first FROM lease WHERE work = ? AND \"column\" = ? AND state = 'free' ORDER BY first LIMIT ?",
            (self._work, column, SPREAD),
        )
        found = free or self._database.rows(
            "SELECT first FROM lease WHERE work = ? AND \"column\" = ? AND state = 'held' AND until < ?"
            " ORDER BY first LIMIT ?",
            (self._work, column, self._database.clock(), SPREAD),
        )
        if not found:
            return None
        first = int(random.choice(found)[0])  # workers that look at the same time shall not all want the same one
        ((data,),) = self._database.rows("SELECT rows FROM row_range WHERE work = ? AND first = ?", (self._work, first))
        return first, bytes(data)

    def take(self, key: Key, *, until: float) -> Held | None:
        """Take a lease, inside a transaction; None where somebody else has taken it meanwhile.

        Args:
            key: which.
            until: when it is over by this machine's clock, reckoned from before this call.
        """
        now = self._database.clock()
        lock = " FOR UPDATE SKIP LOCKED" if self._database.kind == "postgresql" else ""
        found = self._database.rows(
            'SELECT state, tries, in_hand FROM lease WHERE work = ? AND "column" = ? AND first = ?'
            f" AND (state = 'free' OR (state = 'held' AND until < ?)){lock}",
            (self._work, key.column, key.first, now),
        )
        if not found:
            return None
        ((state, tries, in_hand),) = found
        if state == "held":
            tries += 1
            self._blame(key.column, in_hand)
        self._database.run(
            "UPDATE lease SET state = 'held', worker = ?, until = ?, tries = ?, in_hand = NULL"
            ' WHERE work = ? AND "column" = ? AND first = ?',
            (self._worker, now + self._seconds, tries, self._work, key.column, key.first),
        )
        return Held(key, int(tries), until)

    def _blame(self, column: int, in_hand: str | None) -> None:
        """Count one more death of the rows that a worker had in hand."""
        self._database.run_many(
            "INSERT INTO skipped (work, \"column\", row_id, tries, because) VALUES (?, ?, ?, 1, '')"
            ' ON CONFLICT (work, "column", row_id) DO UPDATE SET tries = skipped.tries + 1',
            [(self._work, column, row_id) for row_id in sorted(json.loads(in_hand or "[]"))],
        )

    def renew(self, keys: Sequence[Key]) -> set[Key]:
        """Hold leases for longer; those that still are this worker's."""
        kept = set()
        with self._database.transaction():
            now = self._database.clock()
            for key in sorted(keys, key=lambda one: (one.column, one.first)):
                if self._database.rows(
                    'UPDATE lease SET until = ? WHERE work = ? AND "column" = ? AND first = ? AND worker = ?'
                    " AND state = 'held' AND until >= ? RETURNING first",
                    (now + self._seconds, self._work, key.column, key.first, self._worker, now),
                ):
                    kept.add(key)
        return kept

    def in_hand(self, key: Key, row_ids: Sequence[str]) -> bool:
        """Write down which rows are about to be asked; False where the lease is another's."""
        return bool(
            self._database.rows(
                'UPDATE lease SET in_hand = ? WHERE work = ? AND "column" = ? AND first = ? AND worker = ?'
                " AND state = 'held' RETURNING first",
                (json.dumps(list(row_ids)), self._work, key.column, key.first, self._worker),
            )
        )

    def end(self, key: Key, *, failed: int | None) -> None:
        """Give a lease back, done or free for others; nothing where it is another's already. In a transaction.

        Args:
            key: the lease.
            failed: calls without an answer, of a lease that is done; None where it is not.
        """
        self._database.run(
            "UPDATE lease SET state = ?, failed = ?, worker = NULL, until = NULL, in_hand = NULL"
            " WHERE work = ? AND \"column\" = ? AND first = ? AND worker = ? AND state = 'held'",
            ("free" if failed is None else "done", failed or 0, self._work, key.column, key.first, self._worker),
        )

    def leave(self) -> None:
        """Give all leases of this worker back, free for others; their claims are void with that."""
        with self._database.transaction():
            self._database.run(
                "UPDATE lease SET state = 'free', worker = NULL, until = NULL, in_hand = NULL"
                " WHERE work = ? AND worker = ? AND state = 'held'",
                (self._work, self._worker),
            )

    def suspects(self, column: int) -> dict[str, int]:
        """Row id to deaths at which it was in hand."""
        return dict(
            self._database.rows(
                'SELECT row_id, tries FROM skipped WHERE work = ? AND "column" = ?', (self._work, column)
            )
        )
