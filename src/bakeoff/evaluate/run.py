"""Fill the missing cells of one candidate: bounded concurrency, retries, every answer durable before it counts.

Knows neither where a model runs nor what is done with the answers.
"""

import asyncio
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from bakeoff.evaluate.client import AskError, Client, Failed
from bakeoff.evaluate.request import Request, ResolvedApi, build_request, call_digest
from bakeoff.evaluate.retry import RetryPolicy, ask_with_retries
from bakeoff.evaluate.store import Call, now
from bakeoff.evaluate.types import Candidate, Prompt, Row, Table
from bakeoff.evaluate.writer import Writer

HOPELESS: frozenset[Failed] = frozenset({"key", "not a model"})
"""Failures that every further row would meet as well."""


@dataclass(frozen=True, slots=True)
class Route:
    """A candidate with all that decides what is sent, and where."""

    candidate: Candidate
    endpoint: str
    """Identity of what answers: the server's address, or digests of the model file and the engine."""

    build: str
    """As shown: quantization or served model."""

    api: ResolvedApi
    model: str
    """The model id in the request."""

    prompt: Prompt
    """Templates and examples, with what this candidate has instead of the project's own."""

    parameters: Mapping[str, Any]
    """Everything that goes into the body besides the prompt."""

    def request(self, row: Row) -> Request:
        """The exact request for one row."""
        return build_request(self.prompt, row, api=self.api, model=self.model, parameters=self.parameters)

    def digest(self, row: Row, *, repeat: int = 0) -> str:
        """Content address of the call for one row."""
        return call_digest(self.request(row), endpoint=self.endpoint, repeat=repeat)

    def digests(self, table: Table) -> tuple[str, ...]:
        """Content address of every row's call, in table order. Equal rows share one call."""
        return tuple(self.digest(row) for row in table.rows)


@dataclass(frozen=True, slots=True)
class Owed:
    """One call that is to be made."""

    row: Row
    repeat: int = 0
    """From 0; a repetition is a call of its own, with its own address."""


@dataclass(slots=True)
class Progress:
    """How far one candidate is. The same object is updated; look, do not keep."""

    candidate: str
    total: int
    """Calls to make in this run."""

    done: int = 0
    failed: int = 0
    output_tokens: int = 0
    prompt_tokens: int = 0
    started: float = field(default_factory=time.monotonic)
    stopped: AskError | None = None
    """Why the rest was not even tried."""

    last_failure: AskError | None = None
    """Why the last cell that failed did."""

    @property
    def seconds(self) -> float:
        """Since the first call."""
        return time.monotonic() - self.started

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None before the first answer."""
        done = self.done + self.failed
        return self.seconds / done * (self.total - done) if done else None


OnProgress = Callable[[Progress], None]


class _Breaker:
    """Stops asking a server that has never answered."""

    def __init__(self, concurrency: int) -> None:
        self._limit = max(8, 2 * concurrency)
        self._timeouts_limit = concurrency
        self._failures = 0
        self._timeouts = 0
        self._answered = False
        self.tripped: AskError | None = None

    def answer(self) -> None:
        self._answered = True

    def failure(self, error: AskError) -> None:
        if self._answered and error.kind not in HOPELESS:
            return
        self._failures += 1
        self._timeouts += error.kind == "timeout"
        hopeless = error.kind in HOPELESS or self._failures >= self._limit or self._timeouts >= self._timeouts_limit
        if hopeless and self.tripped is None:
            self.tripped = error


class RouteRun:
    """One candidate being run: its server, its ledger, how far it is."""

    def __init__(
        self,
        route: Route,
        *,
        client: Client,
        writer: Writer,
        run: int,
        concurrency: int,
        policy: RetryPolicy,
        on_progress: OnProgress,
    ) -> None:
        """Prepare.

        Args:
            route: the candidate.
            client: an open client of the route's server.
            writer: where calls are stored.
            run: number of this run in the ledger.
            concurrency: requests in flight.
            policy: retries.
            on_progress: called after each cell.
        """
        self._route = route
        self._client = client
        self._writer = writer
        self._run = run
        self._concurrency = concurrency
        self._policy = policy
        self._on_progress = on_progress
        self._breaker = _Breaker(concurrency)

    async def fill(self, calls: Iterator[Owed], *, total: int) -> Progress:
        """Make every call and store what comes back.

        Args:
            calls: what is missing, each once.
            total: how many they are.

        Raises:
            StorageError: the ledger refused; everything acknowledged before is kept.
        """
        progress = Progress(self._route.candidate.name, total)

        async def worker() -> None:
            for owed in calls:
                if self._breaker.tripped is not None:
                    return
                await self._cell(owed, progress)
                self._on_progress(progress)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(self._concurrency, max(total, 1))):
                    group.create_task(worker())
        except ExceptionGroup as errors:
            # Workers fail together (a full disk); the first says it all.
            raise errors.exceptions[0] from None
        progress.stopped = self._breaker.tripped
        return progress

    async def _cell(self, owed: Owed, progress: Progress) -> None:
        request = self._route.request(owed.row)
        started = now()

        async def failed(attempt: int, error: AskError) -> None:
            await self._store(owed, request, started, attempt, answer=None, error_code=error.code, error=error.detail)
            self._breaker.failure(error)

        try:
            answer, attempt = await ask_with_retries(
                lambda: self._client.ask(request.path, request.body),
                policy=self._policy,
                sleep=self._pause,
                on_failure=failed,
            )
        except AskError as error:
            progress.failed += 1
            progress.last_failure = error
            return
        self._breaker.answer()
        await self._store(owed, request, started, attempt, answer=answer)
        progress.done += 1
        progress.output_tokens += answer.output_tokens or 0
        progress.prompt_tokens += answer.prompt_tokens or 0

    async def _pause(self, seconds: float) -> None:
        if self._breaker.tripped is not None:
            raise self._breaker.tripped
        await asyncio.sleep(seconds)

    async def _store(self, owed: Owed, request: Request, started: str, attempt: int, **outcome: Any) -> None:
        await self._writer.record(
            Call(
                digest=call_digest(request, endpoint=self._route.endpoint, repeat=owed.repeat),
                run=self._run,
                candidate=self._route.candidate.name,
                row_id=owed.row.id,
                repeat=owed.repeat,
                endpoint=self._route.endpoint,
                path=request.path,
                body=request.body,
                attempt=attempt,
                started_at=started,
                **outcome,
            )
        )
