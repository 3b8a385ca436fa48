"""One embedded engine kept warm for the playground: a second message need not wait for the model to load again."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import Any

from fastapi import Request

from bakeoff.errors import EngineError
from bakeoff.evaluate.engines import Engine
from bakeoff.project.routes import Resolved
from bakeoff.project.serving import engine_of

KEEP_SECONDS = 300.0
"""After its last use."""


class WarmEngines:
    """At most one engine in memory, and one that talks: who comes second waits. It ends with the server."""

    def __init__(self) -> None:
        """Nothing is loaded."""
        self._turn = asyncio.Lock()
        self._loop = asyncio.get_running_loop()
        self._loaded: _Loaded | None = None

    @asynccontextmanager
    async def engine(self, resolved: Resolved, folder: Path, loading: Callable[[], None]) -> AsyncIterator[Engine]:
        """The engine of a model, for as long as the block lasts.

        Args:
            resolved: with a model file.
            folder: of the project, for the log.
            loading: told when it has to be loaded first.

        Raises:
            EngineError: it does not start.
        """
        async with self._turn:
            key = resolved.route.endpoint
            there = self._loaded
            if there is None or there.key != key or not there.alive:
                if there is not None:
                    await there.end()
                loading()
                self._loaded = there = _Loaded(key, resolved, folder)
            there.hold()
            try:
                yield await there.engine()
            finally:
                there.rest(KEEP_SECONDS)

    def release(self) -> None:
        """Unload what nobody uses just now, from any thread: a run wants the memory and the cores."""
        with suppress(RuntimeError):  # the server is ending
            self._loop.call_soon_threadsafe(self._release)

    def _release(self) -> None:
        if self._loaded is not None and not self._turn.locked():
            self._loaded.rest(0.0)


class _Loaded:
    """An engine, owned by a task of its own: it is started and ended there."""

    def __init__(self, key: str, resolved: Resolved, folder: Path) -> None:
        self.key = key
        self._loop = asyncio.get_running_loop()
        self._leave = asyncio.Event()
        self._ready: asyncio.Future[Engine] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._task = asyncio.create_task(self._own(resolved, folder))

    async def _own(self, resolved: Resolved, folder: Path) -> None:
        try:
            async with engine_of(resolved, folder, log="playground") as engine:
                self._ready.set_result(engine)
                await self._leave.wait()
        except asyncio.CancelledError:
            raise
        except Exception as error:
            if not self._ready.done():
                self._ready.set_exception(error)

    @property
    def alive(self) -> bool:
        """It is there, or on its way."""
        return not self._task.done() and not self._leave.is_set()

    async def engine(self) -> Engine:
        """As soon as it answers; who stops waiting does not stop it."""
        waited: set[asyncio.Future[Any]] = {self._ready, self._task}
        await asyncio.wait(waited, return_when=asyncio.FIRST_COMPLETED)
        if not self._ready.done():
            raise EngineError("the engine ended before it was ready", hint="see .bakeoff/engine-playground.log")
        return self._ready.result()

    def hold(self) -> None:
        """It is used: it does not leave."""
        if self._timer is not None:
            self._timer.cancel()

    def rest(self, seconds: float) -> None:
        """It may leave after so long."""
        self.hold()
        self._timer = self._loop.call_later(seconds, self._leave.set)

    async def end(self) -> None:
        """Leave now."""
        self.hold()
        self._leave.set()
        if not self._ready.done():
            self._task.cancel()  # it is loading still
        await asyncio.wait([self._task])


def engines_of(request: Request) -> WarmEngines:
    """The server's; only to be called in its event loop."""
    state = request.app.state
    if not isinstance(getattr(state, "engines", None), WarmEngines):
        state.engines = WarmEngines()
    found: WarmEngines = state.engines
    return found


def release_engines(request: Request) -> None:
    """Unload what nobody uses; from any thread."""
    found = getattr(request.app.state, "engines", None)
    if isinstance(found, WarmEngines):
        found.release()
