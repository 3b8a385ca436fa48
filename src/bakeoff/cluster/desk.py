"""What the columns of one worker share: its connection to the ledger, the leases it holds, its clock."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TypeVar, cast

from bakeoff.cluster.assignment import Assignment
from bakeoff.cluster.claims import Claims
from bakeoff.cluster.clock import clock
from bakeoff.cluster.grading import LeaseGrader
from bakeoff.cluster.holding import Held, Key, Leases
from bakeoff.cluster.leased import Calls, Leased, Reader, calls_of
from bakeoff.cluster.shared_caps import SharedCaps
from bakeoff.cluster.shared_pace import SharedPaces
from bakeoff.evaluate.client import AskError, Failed
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.store.database import ConnectionLost
from bakeoff.evaluate.writer import Writer

T = TypeVar("T")

POLL_SECONDS = 0.5
"""Between two looks at what others did."""


@dataclass(slots=True)
class Desk:
    """One worker's hold on the shared ledger. Its methods may be awaited from any task of the event loop."""

    assignment: Assignment
    name: str
    """Unique among all that ever worked on it."""

    host: str
    ledger: Ledger
    writer: Writer
    leases: Leases
    claims: Claims
    reader: Reader
    caps: SharedCaps
    paces: SharedPaces
    grader: LeaseGrader | None
    held: dict[Key, Held] = field(default_factory=dict)
    ending: list[tuple[Leased, int | None]] = field(default_factory=list)
    """Leases that have ended, with their failures, and are not given back yet."""

    async def between(self, work: Callable[[], T]) -> T:
        """As `Writer.between`, once more where the database was gone: all that is done here may be done twice."""
        try:
            return await self.writer.between(work)
        except ConnectionLost:
            return await self.writer.between(work)

    async def take(self, column: int) -> Leased | None:
        """Take a lease and make its calls ready; None where none can be taken."""
        assignment = self.assignment
        while (found := await self.between(lambda: self.leases.peek(column))) is not None:
            key = Key(column, found[0])
            route = assignment.columns[column].route
            calls = await asyncio.to_thread(calls_of, route, found[1], assignment.repeats)
            leased = await self._take(key, calls)
            if leased is not None:
                self.held[key] = leased.held
                return leased
        await self.flush()
        return None

    async def _take(self, key: Key, calls: Calls) -> Leased | None:
        until = clock() + self.assignment.lease_seconds
        ending, self.ending = self.ending, []

        def work() -> Leased | None:
            with self.ledger.database.transaction():
                self._end(ending)
                held = self.leases.take(key, until=until)
                return None if held is None else self.reader.read(held, calls)

        leased = await self.between(work)
        self._forget(ending)
        return leased

    async def flush(self) -> None:
        """Write down which leases have ended."""
        ending, self.ending = self.ending, []

        def work() -> None:
            with self.ledger.database.transaction():
                self._end(ending)

        if ending:
            await self.between(work)
            self._forget(ending)

    def _end(self, ending: Sequence[tuple[Leased, int | None]]) -> None:
        for leased, failed in ending:
            key = leased.held.key
            self.claims.fail(key, leased.gone)
            self.leases.end(key, failed=failed)
            self.claims.end(key, list(leased.claimed))

    def _forget(self, ending: Sequence[tuple[Leased, int | None]]) -> None:
        for leased, _ in ending:
            if self.held.get(leased.held.key) is leased.held:
                del self.held[leased.held.key]

    async def renew(self) -> None:
        """Hold all leases for longer, and tell the budget that this worker is alive."""
        began, mine = clock(), dict(self.held)
        if mine:
            kept = await self.between(lambda: self.leases.renew(list(mine)))
            for key, held in mine.items():
                if key in kept:
                    held.until = began + self.assignment.lease_seconds
                else:
                    held.lost = True
        await self.caps.tell()

    async def in_hand(self, held: Held, row_ids: Sequence[str]) -> None:
        """Write down which rows are about to be asked."""
        if not await self.between(lambda: self.leases.in_hand(held.key, row_ids)):
            held.lost = True

    async def look_again(self, leased: Leased) -> None:
        """See what became of calls that other leases were asking, after telling them what failed here."""

        def work() -> None:
            with self.ledger.database.transaction():
                self.claims.fail(leased.held.key, leased.gone)
                self.reader.again(leased)

        await self.between(work)

    def end(self, leased: Leased, *, failed: int | None) -> None:
        """Give a lease back, with the next transaction: done, or free for others."""
        self.ending.append((leased, failed))

    async def leave(self) -> None:
        """Give everything back."""
        await self.flush()
        self.held.clear()
        await self.between(self.leases.leave)
        await self.caps.give_back()
        await self.paces.leave()

    async def grade(self, leased: Leased) -> None:
        """Grade a lease's rows."""
        if self.grader is not None:
            key = leased.held.key
            await self.grader.grade(key.column, leased.rows, leased.repetitions)

    async def give_up(self, column: int, error: AskError) -> None:
        """Tell all that a column's server is not to be asked any more in this run."""
        values = (self.assignment.run, column, error.kind, error.detail, f"{self.host} {self.name}")
        await self.between(
            lambda: self.ledger.database.run(
                'INSERT INTO given_up (run, "column", kind, detail, worker) VALUES (?, ?, ?, ?, ?)'
                " ON CONFLICT DO NOTHING",
                values,
            )
        )

    async def given_up(self) -> dict[int, tuple[AskError, str]]:
        """Columns that were given up, with the host of the worker that found it out."""
        rows = await self.between(
            lambda: self.ledger.database.rows(
                'SELECT "column", kind, detail, worker FROM given_up WHERE run = ?', (self.assignment.run,)
            )
        )
        return {int(row[0]): (AskError(cast(Failed, row[1]), row[2]), row[3].split(" ")[0]) for row in rows}
