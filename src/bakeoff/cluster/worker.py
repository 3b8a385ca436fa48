"""A worker: takes leases of its columns until none is left, asks their rows, grades the answers."""

import asyncio
import secrets
import socket
from collections.abc import Sequence
from dataclasses import replace

from bakeoff.cluster.assignment import Assignment
from bakeoff.cluster.claims import Claims
from bakeoff.cluster.clock import clock
from bakeoff.cluster.column import ColumnWork
from bakeoff.cluster.desk import POLL_SECONDS, Desk
from bakeoff.cluster.grading import LeaseGrader
from bakeoff.cluster.holding import Leases
from bakeoff.cluster.leased import Reader
from bakeoff.cluster.shared_caps import Budget, SharedCaps
from bakeoff.cluster.shared_pace import ServerShares, SharedPaces
from bakeoff.evaluate.pacing import Pace
from bakeoff.evaluate.store import Ledger, open_ledger
from bakeoff.evaluate.types import Table
from bakeoff.evaluate.writer import Writer
from bakeoff.project.planning import Job
from bakeoff.project.routes import Resolved
from bakeoff.project.running import Lane, OnRun, Outcome, Running, paces_of, server_key

RENEWALS = 6
"""Of a lease in its time: five may fail before it is lost."""


class Worker:
    """One process's part of a run. Any number of them work side by side, on one machine or several."""

    def __init__(self, assignment: Assignment, *, name: str, columns: Sequence[int], on: OnRun) -> None:
        """Prepare; nothing is opened.

        Args:
            assignment: the run. Model files must be there on this machine.
            name: for people: node and number.
            columns: which columns it works on, by their place in the assignment. Those on servers at the same time,
                engines and servers on this machine one after the other.
            on: told how it goes on. Called in the event loop's thread.
        """
        self._assignment, self._columns, self._on = assignment, tuple(columns), on
        self._name = f"{name}#{secrets.token_hex(4)}"
        self._host = socket.gethostname()
        self._works: list[ColumnWork] = []

    async def work(self) -> list[Outcome]:
        """Work until no lease of the columns is left to do, by anybody: a lease whose worker died is waited for.

        Can be cancelled: leases go back at once, and what was answered is kept.

        Returns:
            How it ended, one outcome per column of this worker, in their order: what this worker answered and what
            failed. `error` where the candidate was given up, by this worker (no key, an engine that does not start: the
            others go on) or by all (a server that does not answer).

        Raises:
            StorageError: the ledger refused; everything acknowledged before is kept.
        """
        ledger = open_ledger(self._assignment.ledger)
        writer = Writer(ledger)
        try:
            return await self._work(ledger, writer)
        finally:
            await writer.close()
            ledger.close()

    async def _work(self, ledger: Ledger, writer: Writer) -> list[Outcome]:
        assignment = self._assignment
        paces = paces_of([assignment.columns[column] for column in self._columns])
        desk = self._desk(ledger, writer, paces)
        running = Running(
            table=Table((), (), ""),
            ledger=ledger,
            writer=writer,
            run=assignment.run,
            folder=assignment.folder,
            on=self._on,
            caps=desk.caps,
            paces=paces,
        )
        for column in self._columns:
            resolved = assignment.columns[column]
            lane = Lane(Job(resolved, (), price=assignment.price(column)), running)
            self._works.append(ColumnWork(column, lane, desk, self._server(resolved)))
        await desk.paces.begin()
        try:
            async with asyncio.TaskGroup() as group:
                watch = group.create_task(self._watch(desk))
                await self._rounds(desk)
                outcomes = [await self._outcome(work, desk) for work in self._works]
                watch.cancel()
        except ExceptionGroup as errors:
            raise errors.exceptions[0] from None
        finally:
            if desk.grader is not None:
                await desk.grader.close()
            await desk.leave()
        return outcomes

    async def _outcome(self, work: ColumnWork, desk: Desk) -> Outcome:
        """How a column ended. A cap also ends one of which this worker had no lease just then."""
        outcome = work.lane.outcome()
        if desk.caps.reached is not None and outcome.error is None and await work.left():
            return replace(outcome, capped=desk.caps.reached)
        return outcome

    def _desk(self, ledger: Ledger, writer: Writer, paces: dict[tuple[str, str | None], Pace]) -> Desk:
        assignment, name = self._assignment, self._name
        seconds = assignment.lease_seconds
        by_server = {
            server: paces[server_key(resolved)]
            for column in self._columns
            if (server := self._server(resolved := assignment.columns[column])) is not None
        }
        budget = None
        if assignment.max_usd is not None:
            budget = Budget(ledger, run=assignment.run, worker=name, n_workers=assignment.n_workers, seconds=seconds)
        left = None if assignment.deadline is None else max(0.0, assignment.deadline - ledger.database.clock())
        leases, claims = Leases(ledger, assignment, name), Claims(ledger, assignment.work, name)
        shared = SharedPaces(
            by_server,
            shares=ServerShares(ledger, worker=name, seconds=seconds),
            between=writer.between,
            seconds=seconds,
            clock=clock,
        )
        return Desk(
            assignment=assignment,
            name=name,
            host=self._host,
            ledger=ledger,
            writer=writer,
            leases=leases,
            claims=claims,
            reader=Reader(ledger, assignment, leases, claims, shared),
            caps=SharedCaps(budget=budget, between=writer.between, max_seconds=left, clock=clock),
            paces=shared,
            grader=LeaseGrader(assignment, assignment.grading) if assignment.grading is not None else None,
        )

    def _server(self, resolved: Resolved) -> str | None:
        """Of a server that several workers may ask: what it is called in the ledger. One on this machine is its own."""
        if resolved.base_url is None:
            return None
        address, key = server_key(resolved)
        return " ".join(part for part in (self._host if resolved.local else None, address, key) if part is not None)

    async def _rounds(self, desk: Desk) -> None:
        """Engines one after the other, then servers at the same time; again for as long as others may die."""
        local = [work for work in self._works if self._assignment.columns[work.column].local]
        others = [work for work in self._works if work not in local]
        while True:
            did = False
            for batch in (*([work] for work in local), others):
                did = any(await asyncio.gather(*(self._until_idle(work) for work in batch))) or did
            await desk.flush()
            if not await self._anything_left():
                return
            if not did:
                await desk.caps.give_back()
                await asyncio.sleep(POLL_SECONDS)

    async def _until_idle(self, work: ColumnWork) -> bool:
        """Work on a column for as long as it or another one at the same time has something to ask."""
        did = False
        while True:
            worked = await work.work()
            did = did or worked
            if not worked:
                if work.over or not any(other.active for other in self._works):
                    return did
                await asyncio.sleep(POLL_SECONDS)

    async def _anything_left(self) -> bool:
        for work in self._works:
            if not work.over and await work.left():
                return True
        return False

    async def _watch(self, desk: Desk) -> None:
        """Hold on to leases and shares, and see what others found out."""
        every = min(POLL_SECONDS, self._assignment.lease_seconds / RENEWALS)
        renewed = shared = clock()
        while True:
            await asyncio.sleep(every)
            await desk.flush()
            await desk.paces.exchange()
            await self._heed(desk)
            if clock() - shared >= min(1.0, self._assignment.lease_seconds / RENEWALS):
                shared = clock()
                await desk.paces.renew()
            if clock() - renewed >= self._assignment.lease_seconds / RENEWALS:
                renewed = clock()
                await desk.renew()

    async def _heed(self, desk: Desk) -> None:
        given_up = await desk.given_up()
        for work in self._works:
            if work.column in given_up and work.lane.stopped is None:
                error, host = given_up[work.column]
                resolved = self._assignment.columns[work.column]
                if resolved.base_url is not None and (host == self._host or not resolved.local):
                    work.lane.give_up(error)
