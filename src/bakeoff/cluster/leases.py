"""The driver's side of leases: put the rows of a run into the shared ledger, cut them up, see how far it is."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice

from bakeoff.cluster.assignment import Assignment
from bakeoff.cluster.claims import forget_claims
from bakeoff.cluster.holding import DEATHS
from bakeoff.cluster.rows import Packed, packed
from bakeoff.cluster.shared_caps import open_budget
from bakeoff.errors import UsageError
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.store.database import Database
from bakeoff.evaluate.types import Row

ROWS_PER_LEASE = 200

AT_ONCE = 20
"""Ranges of rows in one transaction."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How far one column is."""

    column: int
    rows: int
    """That it has to answer, repetitions not counted."""

    done: int
    """Rows of leases that are done, with those that failed or were skipped."""

    failed: int
    """Calls of leases that are done which failed, or were not made because workers died of their rows."""

    skipped: tuple[str, ...]
    """Ids of rows that are not asked any more, because workers died of them."""

    @property
    def is_done(self) -> bool:
        """Nothing of it is left to ask."""
        return self.done == self.rows


@dataclass(frozen=True, slots=True)
class Prepared:
    """What is there after `prepare`."""

    rows: int
    columns: tuple[Standing, ...]

    @property
    def owed(self) -> tuple[int, ...]:
        """Columns that still have something to ask, to place workers for."""
        return tuple(one.column for one in self.columns if not one.is_done)


def prepare(
    ledger: Ledger, assignment: Assignment, rows: Iterable[Row], *, rows_per_lease: int = ROWS_PER_LEASE
) -> Prepared:
    """Put the rows into the shared ledger and make their leases. The same call again changes nothing that is done.

    Opens again what is done with failures; what a worker of an earlier run still holds is free when its time is over.
    Only the driver calls it, and before there are workers. Memory does not grow with the rows.

    Args:
        ledger: the shared one.
        assignment: the work; the budget of its run is begun here.
        rows: in the order of asking; taken one after the other.
        rows_per_lease: at least 1. Kept for as long as the work is.

    Raises:
        UsageError: no such number of rows.
        StorageError: the database refused.
    """
    if rows_per_lease < 1:
        raise UsageError(f"{rows_per_lease} rows per lease", hint="write 1 or more; usual are 200")
    database = ledger.database
    if assignment.max_usd is not None:
        open_budget(ledger, assignment.run, assignment.max_usd)
    forget_claims(ledger)
    _open_again(database, assignment)
    ranges = packed(rows, _size(database, assignment.work) or rows_per_lease)
    while some := list(islice(ranges, AT_ONCE)):
        _put(database, assignment, some)
    columns = standing(ledger, assignment)
    return Prepared(max((one.rows for one in columns), default=0), columns)


def _open_again(database: Database, assignment: Assignment) -> None:
    """What is done with failures is to be done again, and of skipped rows only where that was asked for."""
    with database.transaction():
        database.run(
            "UPDATE lease SET state = 'free', tries = 0, failed = 0 WHERE work = ? AND state = 'done' AND failed > 0",
            (assignment.work,),
        )
        if assignment.retry_failed:
            database.run("UPDATE skipped SET tries = 0, because = '' WHERE work = ?", (assignment.work,))


def _size(database: Database, work: str) -> int | None:
    """Rows per lease of a work that was begun before."""
    found = database.rows("SELECT last FROM lease WHERE work = ? AND first = 0 LIMIT 1", (work,))
    return int(found[0][0]) if found else None


def _put(database: Database, assignment: Assignment, ranges: Sequence[Packed]) -> None:
    work, columns = assignment.work, range(len(assignment.columns))
    with database.transaction():
        database.run_many(
            "INSERT INTO lease (work, \"column\", first, last, state, tries, failed) VALUES (?, ?, ?, ?, 'free', 0, 0)"
            " ON CONFLICT DO NOTHING",
            [(work, column, one.first, one.last) for one in ranges for column in columns],
        )
        owed = {
            first
            for (first,) in database.rows(
                "SELECT DISTINCT first FROM lease WHERE work = ? AND first >= ? AND first <= ? AND state <> 'done'",
                (work, ranges[0].first, ranges[-1].first),
            )
        }
        database.run_many(
            "INSERT INTO row_range (work, first, last, rows) VALUES (?, ?, ?, ?) ON CONFLICT DO NOTHING",
            [(work, one.first, one.last, one.data) for one in ranges if one.first in owed],
        )


def standing(ledger: Ledger, assignment: Assignment) -> tuple[Standing, ...]:
    """How far each column is: for the driver's progress and its end. May be asked each second."""
    database, work = ledger.database, assignment.work
    rows: dict[int, int] = dict.fromkeys(range(len(assignment.columns)), 0)
    done, failed = dict(rows), dict(rows)
    for column, state, n_rows, n_failed in database.rows(
        'SELECT "column", state, sum(last - first), sum(failed) FROM lease WHERE work = ? GROUP BY "column", state',
        (work,),
    ):
        rows[column] += int(n_rows)
        if state == "done":
            done[column], failed[column] = int(n_rows), int(n_failed)
    skipped: dict[int, list[str]] = {column: [] for column in rows}
    for column, row_id in database.rows(
        'SELECT "column", row_id FROM skipped WHERE work = ? AND tries >= ? ORDER BY "column", row_id', (work, DEATHS)
    ):
        skipped[column].append(row_id)
    return tuple(
        Standing(column, rows[column], done[column], failed[column], tuple(skipped[column])) for column in sorted(rows)
    )


def forget(ledger: Ledger, work: str) -> None:
    """Take the rows of a work out of the shared ledger; what is done is remembered, and answers stay."""
    ledger.database.run("DELETE FROM row_range WHERE work = ?", (work,))


def bury(ledger: Ledger, assignment: Assignment, worker: str) -> None:
    """Take away what a worker holds that is known to be dead, so that nobody waits for its time to be over.

    Args:
        ledger: the shared one.
        assignment: the work.
        worker: its name, as `Worker` got it. It must be dead for certain: a call of one that lives would be made twice.
    """
    name = re.sub("[!%_]", r"!\g<0>", worker) + "#%"
    with ledger.database.transaction():
        ledger.database.run(
            "UPDATE lease SET until = 0 WHERE work = ? AND state = 'held' AND worker LIKE ? ESCAPE '!'",
            (assignment.work, name),
        )
        ledger.database.run("DELETE FROM server_share WHERE worker LIKE ? ESCAPE '!'", (name,))
