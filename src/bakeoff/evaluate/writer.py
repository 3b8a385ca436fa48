"""Group commit: many coroutines store calls, one thread writes them, each waits until its own call is durable."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from bakeoff.evaluate.store import Call, Ledger

T = TypeVar("T")

LARGEST_BATCH = 200
"""Calls per transaction. A commit costs about 0.2 ms, so a batch fills while the one before is written."""

WORTH_A_COMMIT = 20
"""Calls for which a transaction is begun at once. For fewer, others are waited for: a commit costs 0.5 ms of processor,
however few calls are in it, and answers come in bursts."""

GATHERING_SECONDS = 0.005
"""How long; no place at a server is held meanwhile."""


class Writer:
    """Puts calls into the ledger without holding up the event loop."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._pending: list[tuple[Call, asyncio.Future[None]]] = []
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger")
        self._flushing: asyncio.Task[None] | None = None

    async def record(self, call: Call) -> None:
        """Store one call; returns when it is on the disk.

        A caller that is cancelled while it waits does not lose the call: it is written all the same.

        Raises:
            StorageError: the disk or the database refused.
        """
        done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._pending.append((call, done))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())
        await asyncio.shield(done)

    async def between(self, work: Callable[[], T]) -> T:
        """Do something else with the ledger, between two batches: one connection takes one transaction at a time."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, work)

    async def _flush(self) -> None:
        loop = asyncio.get_running_loop()
        while self._pending:
            if len(self._pending) < WORTH_A_COMMIT:
                await asyncio.sleep(GATHERING_SECONDS)
            batch, self._pending = self._pending[:LARGEST_BATCH], self._pending[LARGEST_BATCH:]
            try:
                await loop.run_in_executor(self._thread, self._ledger.record, [call for call, _ in batch])
            except Exception as error:
                for _, done in batch:
                    if not done.done():
                        done.set_exception(error)
                        done.exception()  # mark as seen: its owner may have been cancelled
            else:
                for _, done in batch:
                    if not done.done():
                        done.set_result(None)

    async def close(self) -> None:
        """Write what is still pending and end the thread."""
        if self._flushing is not None:
            await asyncio.shield(self._flushing)
        self._thread.shutdown(wait=True)
