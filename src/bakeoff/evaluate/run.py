"""Fill the missing cells of one candidate: paced, capped, retried, every answer durable before it counts.

Knows neither where a model runs nor what is done with the answers.
"""

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any, Protocol

from bakeoff.evaluate.addressing import Addressing, Bodies, blocks, bodies
from bakeoff.evaluate.breaker import Breaker
from bakeoff.evaluate.caps import Caps, PricePerToken, longest_output
from bakeoff.evaluate.client import AskError, Client
from bakeoff.evaluate.digests import Digests
from bakeoff.evaluate.pacing import Pace
from bakeoff.evaluate.request import Request, ResolvedApi, build_request, call_digest
from bakeoff.evaluate.retry import RetryPolicy, ask_with_retries
from bakeoff.evaluate.store import Call, now
from bakeoff.evaluate.stored import CHECKS
from bakeoff.evaluate.types import Answer, Candidate, Prompt, Row, Table
from bakeoff.evaluate.writer import Writer


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

    folder: Path | None = None
    """Where the paths of pictures are meant from."""

    def request(self, row: Row, *, repeat: int = 0) -> Request:
        """The exact request for one row.

        Repetition k of a candidate with a seed is sent with seed + k: with the same one it would be the same answer.
        Checks are sent exactly as the first answer was.
        """
        parameters = self._parameters(repeat)
        return build_request(
            self.prompt, row, api=self.api, model=self.model, parameters=parameters, folder=self.folder
        )

    def _parameters(self, repeat: int) -> Mapping[str, Any]:
        seed = self.parameters.get("seed")
        if 0 < repeat < CHECKS and isinstance(seed, int):
            return {**self.parameters, "seed": seed + repeat}
        return self.parameters

    def addressing(self, *, repeat: int = 0) -> Addressing:
        """Takes blocks of rows and gives the content addresses of their calls."""
        return Addressing(self.bodies(repeat=repeat), endpoint=self.endpoint, api=self.api, repeat=repeat)

    def bodies(self, *, repeat: int = 0) -> Bodies:
        """How the bodies of many rows' requests are made: those of `request`."""
        return bodies(
            self.prompt, api=self.api, model=self.model, parameters=self._parameters(repeat), folder=self.folder
        )

    def digest(self, row: Row, *, repeat: int = 0) -> str:
        """Content address of the call for one row."""
        return self.digest_of(self.request(row, repeat=repeat), repeat=repeat)

    def digest_of(self, request: Request, *, repeat: int = 0) -> str:
        """Content address of a request that is made already."""
        return call_digest(request, endpoint=self.endpoint, repeat=repeat)

    def digests(self, table: Table, *, repeat: int = 0) -> Digests:
        """Content address of every row's call, in table order. Equal rows share one call."""
        addressing = self.addressing(repeat=repeat)
        for block in blocks(table.rows):
            addressing.take(block)
        return addressing.digests()


@dataclass(frozen=True, slots=True)
class Owed:
    """One call that is to be made."""

    row: Row
    repeat: int = 0
    """From 0; a repetition is a call of its own, with its own address."""

    tried: int = 0
    """Attempts of earlier runs, all failed."""

    request: Request | None = None
    """Where it is made already; else it is made when its turn comes."""

    digest: str | None = None
    """Its content address, likewise."""

    watch: "Watch | None" = None
    """Who is asked before each attempt and told how it ended."""


class Watch(Protocol):
    """Who owns some calls, and may lose them to somebody else while they wait."""

    def may_ask(self) -> bool:
        """They are still its own. Asked just before a request is sent."""

    def ended(self, owed: "Owed", *, answered: bool | None) -> None:
        """There is an answer, durable; or the call failed for good; or, None, it was not made."""


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
    cost_usd: Decimal | None = None
    """Of these calls; None where the price is not known."""

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
    def left(self) -> int:
        """Calls that were not made yet."""
        return self.total - self.done - self.failed

    @property
    def seconds_left(self) -> float | None:
        """At the rate so far; None before the first answer."""
        done = self.done + self.failed
        return self.seconds / done * self.left if done else None


OnProgress = Callable[[Progress], None]


class _NotAsked(Exception):
    """A cap was reached before the request was sent, or the call is somebody else's now."""


class RouteRun:
    """One candidate being run: its server, its ledger, how far it is."""

    def __init__(
        self,
        route: Route,
        *,
        client: Client,
        writer: Writer,
        run: int,
        pace: Pace,
        on_progress: OnProgress,
        progress: Progress | None = None,
        caps: Caps | None = None,
        price: PricePerToken | None = None,
        policy: RetryPolicy | None = None,
    ) -> None:
        """Prepare.

        Args:
            route: the candidate.
            client: an open client of the route's server.
            writer: where calls are stored.
            run: number of this run in the ledger.
            pace: of the server; shared by all candidates that it answers for.
            on_progress: called after each cell.
            progress: goes on counting here, where the candidate is run in several pieces.
            caps: of the whole run; None sets none.
            price: of the candidate, where it is known.
            policy: retries.
        """
        self._route = route
        self._client = client
        self._writer = writer
        self._run = run
        self._pace = pace
        self._policy = policy or RetryPolicy()
        self._on_progress = on_progress
        self._caps = caps or Caps()
        self._price = price
        self._longest = longest_output(route.parameters) or 0
        self._breaker = Breaker(self._policy, max(1, pace.limit))
        # As many answers may wait for the disk as there may be requests in flight: no more is lost when it fails.
        self._cells = asyncio.Semaphore(2 * pace.most)
        self.progress = progress or Progress(route.candidate.name, 0)
        if price is not None and self.progress.cost_usd is None:
            self.progress.cost_usd = Decimal(0)

    async def fill(self, calls: Iterable[Owed] | AsyncIterable[Owed]) -> Progress:
        """Make these calls and store what comes back.

        Args:
            calls: what is missing, each once; each is taken when the one before has begun.

        Raises:
            StorageError: the ledger refused; everything acknowledged before is kept.
        """
        if not self.progress.done + self.progress.failed:
            self.progress.started = time.monotonic()
        try:
            async with asyncio.TaskGroup() as group:
                if isinstance(calls, AsyncIterable):
                    async for owed in calls:
                        if not await self._begin(owed, group):
                            break
                else:
                    for owed in calls:
                        if not await self._begin(owed, group):
                            break
        except ExceptionGroup as errors:
            # Cells fail together (a full disk); the first says it all.
            raise errors.exceptions[0] from None
        self.progress.stopped = self._breaker.tripped
        return self.progress

    async def _begin(self, owed: Owed, group: asyncio.TaskGroup) -> bool:
        """Begin with a cell when it has a place at the server; False where nothing is asked any more."""
        await self._cells.acquire()
        await self._pace.enter()
        if self._breaker.tripped is None and self._caps.in_time():
            group.create_task(self._cell(owed))
            return True
        self._pace.leave()
        self._cells.release()
        if owed.watch is not None:
            owed.watch.ended(owed, answered=None)
        return False

    def give_up(self, error: AskError) -> None:
        """Ask nothing more: somebody else found that it is in vain."""
        self._breaker.give_up(error)

    async def _cell(self, owed: Owed) -> None:
        """Fill one cell. While its answer goes to the disk, its place at the server is another's already."""
        request, started_at = owed.request or self._route.request(owed.row, repeat=owed.repeat), now()
        try:
            try:
                found = await self._call(owed, request, started_at)
            finally:
                self._pace.leave()
            if found is not None:
                answer, attempt = found
                await self._store(owed, request, started_at, attempt, answer=answer)
                self.progress.done += 1
                self.progress.output_tokens += answer.output_tokens or 0
                self.progress.prompt_tokens += answer.prompt_tokens or 0
                if owed.watch is not None:
                    owed.watch.ended(owed, answered=True)
        finally:
            self._cells.release()
        self._on_progress(self.progress)

    async def _call(self, owed: Owed, request: Request, started_at: str) -> tuple[Answer, int] | None:
        """The answer and the number of the attempt that gave it; None where there is none."""

        async def failed(attempt: int, error: AskError) -> None:
            await self._store(
                owed, request, started_at, attempt, answer=None, error_code=error.code, error=error.detail
            )
            self._breaker.failure(error)

        try:
            found = await ask_with_retries(
                lambda: self._ask(owed, request),
                policy=self._policy,
                sleep=self._pause,
                on_failure=failed,
                tried=owed.tried,
            )
        except AskError as error:
            self._breaker.gave_up(error)
            self.progress.failed += 1
            self.progress.last_failure = error
            if owed.watch is not None:
                owed.watch.ended(owed, answered=False)
            return None
        except _NotAsked:
            if owed.watch is not None:
                owed.watch.ended(owed, answered=None)
            return None
        self._breaker.answer()
        return found

    async def _ask(self, owed: Owed, request: Request) -> Answer:
        """One attempt, when the pace lets it and the caps have room for it."""
        most = self._price.most(request.body, self._longest) if self._price is not None else None
        amount = await self._caps.set_aside(most)
        if amount is None:
            raise _NotAsked
        cost = Decimal(0)
        try:
            started = await self._pace.turn()
            if not self._caps.in_time() or (owed.watch is not None and not owed.watch.may_ask()):
                raise _NotAsked
            cost = most or cost  # for as long as nothing else is known, and if this is cancelled
            answer = await self._client.ask(request.path, request.body)
            cost = self._cost(answer, most)
        except AskError as error:
            self._pace.failed(started, error)
            cost = cost if error.maybe_paid else Decimal(0)
            raise
        finally:
            self._caps.settle(amount, cost)
            if self.progress.cost_usd is not None:
                self.progress.cost_usd += cost
        self._pace.answered(started, answer.headers, (answer.prompt_tokens or 0) + (answer.output_tokens or 0))
        return answer

    def _cost(self, answer: Answer, most: Decimal | None) -> Decimal:
        """Of an answer; the most that it can be where the server does not count tokens."""
        if self._price is None or most is None:
            return Decimal(0)
        if answer.prompt_tokens is None or answer.output_tokens is None:
            return most
        return self._price.cost(answer.prompt_tokens, answer.output_tokens)

    async def _pause(self, seconds: float) -> None:
        if self._breaker.tripped is not None:
            raise self._breaker.tripped
        if not self._caps.in_time(seconds):
            raise _NotAsked
        await asyncio.sleep(seconds)

    async def _store(self, owed: Owed, request: Request, started: str, attempt: int, **outcome: Any) -> None:
        await self._writer.record(
            Call(
                digest=owed.digest or self._route.digest_of(request, repeat=owed.repeat),
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
