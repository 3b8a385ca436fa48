"""One column of one worker: leases are taken a little before they are needed, so that the server is never idle."""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from bakeoff.cluster.desk import POLL_SECONDS, Desk
from bakeoff.cluster.leased import Leased
from bakeoff.evaluate.run import Owed
from bakeoff.project.running import Lane

AHEAD = 2
"""Windows of calls that are ready and have not begun, at least; fewer, and the next lease is taken."""

MOST_LEASES = 8
"""In hand at once, also where all of their calls wait for equal ones of others."""


class ColumnWork:
    """Takes and does leases of one column."""

    def __init__(self, column: int, lane: Lane, desk: Desk, server: str | None) -> None:
        """Prepare.

        Args:
            column: by its place in the assignment.
            lane: its way through the run.
            desk: of the worker.
            server: whose pace is shared with other workers; None for an engine of one's own.
        """
        self.column, self.lane = column, lane
        self._desk, self._server = desk, server
        self._ready: dict[Leased, None] = {}
        self._line: deque[tuple[Leased, Owed]] = deque()
        """Calls that are ready and have not begun, of all leases in hand."""

        self._more = asyncio.Event()
        """There is something in the line, or nothing will come any more."""

        self._closed = False
        self._low = asyncio.Event()
        """It is time for the next lease."""

        self._told = False
        self.active = False
        """Its server or engine is being asked."""

    @property
    def over(self) -> bool:
        """This worker asks nothing more of it."""
        return self.lane.over

    async def left(self) -> bool:
        """Somebody still has something to ask."""
        return (await self._desk.between(lambda: self._desk.leases.open(self.column)))[1] > 0

    async def work(self) -> bool:
        """Do leases until none can be taken; False where there was none, or the server is wholly with others."""
        takeable, _ = await self._desk.between(lambda: self._desk.leases.open(self.column))
        if not takeable or self.over:
            return False
        if self._server is None:
            await self._opened()
            return True
        try:
            if not await self._desk.paces.want(self._server):
                return False
            await self._opened()
        finally:
            self._desk.paces.rest(self._server)
        return True

    async def _opened(self) -> None:
        self.active = True
        try:
            await self._do_leases()
        finally:
            self.active = False
        if self._server is not None and self.lane.stopped is not None and not self._told:
            self._told = True
            await self._desk.give_up(self.column, self.lane.stopped)

    async def _do_leases(self) -> None:
        self._closed = False
        async with self.lane.opened():
            try:
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._feed())
                    await self._take(group)
                    self._closed = True
                    self._more.set()
            except ExceptionGroup as errors:
                raise errors.exceptions[0] from None

    async def _feed(self) -> None:
        """One stream of calls for all leases: several would take turns at the server, which costs places."""
        await self.lane.ask(self._calls())
        self._line.clear()
        for leased in self._ready:
            leased.drop()
        self._low.set()

    async def _calls(self) -> AsyncIterator[Owed]:
        while True:
            while self._line:
                leased, owed = self._line.popleft()
                if self._is_low:
                    self._low.set()
                if leased.may_ask():
                    yield owed
                else:
                    leased.ended(owed, answered=None)
            if self._closed:
                return
            self._more.clear()
            await self._more.wait()

    @property
    def _is_low(self) -> bool:
        return len(self._ready) < MOST_LEASES and len(self._line) < AHEAD * max(1, self.lane.pace.limit)

    async def _take(self, group: asyncio.TaskGroup) -> None:
        tasks: set[asyncio.Task[None]] = set()
        while not self.over:
            self._low.clear()
            if not self._is_low:
                await self._low.wait()
                continue
            leased = None
            if self._desk.paces.hold and not self.lane.pace.stands_still:
                leased = await self._desk.take(self.column)
            if leased is not None:
                self._ready[leased] = None
                task = group.create_task(self._do(leased))
                tasks.add(task)
                task.add_done_callback(tasks.discard)
            elif tasks:  # others may give a lease or a place back
                await asyncio.wait(set(tasks), timeout=POLL_SECONDS, return_when=asyncio.FIRST_COMPLETED)
            else:
                return

    async def _do(self, leased: Leased) -> None:
        try:
            await self._ask(leased)
            while leased.waiting and not self.over and leased.may_ask():
                await self._wait_for_others(leased)
        finally:
            self._ready.pop(leased, None)
            self._low.set()
        held = leased.held
        if held.lost or leased.left:
            self._desk.end(leased, failed=None)
            return
        await self._desk.grade(leased)
        self._desk.end(leased, failed=leased.failed)

    async def _ask(self, leased: Leased) -> None:
        held = leased.held
        if not held.careful:
            await self._fill(leased, leased.owed)
            return
        for calls in leased.by_hand():
            await self._desk.in_hand(held, list(dict.fromkeys(owed.row.id for owed in calls)))
            await self._fill(leased, calls)
        await self._desk.in_hand(held, ())

    async def _fill(self, leased: Leased, calls: Sequence[Owed]) -> None:
        if self.over or not calls:
            return
        self.lane.owe(len(calls))
        self._line.extend((leased, owed) for owed in calls)
        self._more.set()
        await leased.handed_on(len(calls))

    async def _wait_for_others(self, leased: Leased) -> None:
        """Calls that another lease was asking: answered by now, or failed, or ours after all."""
        await self._desk.look_again(leased)
        if leased.owed:
            await self._ask(leased)
        elif leased.waiting:
            await asyncio.sleep(POLL_SECONDS)
