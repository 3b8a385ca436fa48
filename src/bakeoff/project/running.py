"""Run what is missing: engines one after the other, servers elsewhere at the same time."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol
from urllib.parse import urlsplit

from bakeoff.errors import BakeoffError, EndpointError, EngineError, KeyMissing, StorageError
from bakeoff.evaluate.caps import Cap, Caps
from bakeoff.evaluate.client import AskError, Client, Timeouts
from bakeoff.evaluate.pacing import Pace
from bakeoff.evaluate.run import Owed, Progress, RouteRun
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Table
from bakeoff.evaluate.writer import Writer
from bakeoff.project.planning import Job, Place, missing
from bakeoff.project.preflight import look_before
from bakeoff.project.routes import Resolved, read_key
from bakeoff.project.serving import engine_of
from bakeoff.values import Reason, reason, to_json

if TYPE_CHECKING:
    from bakeoff.evaluate.engines import Engine
    from bakeoff.report import MachineFacts

__all__ = ["Job", "Lane", "OnRun", "Outcome", "Running", "missing", "run_jobs"]

ENGINE_SHARE, ENGINE_BYTES = 1.2, 512 * 1024 * 1024
"""Memory of an engine, for running several at once: its file and a fifth of it for cache and scratch, and so much in
any case. `bakeoff fit` counts exactly; here it is enough not to promise too much."""


class OnRun(Protocol):
    """Who wants to know how a run goes on."""

    def progress(self, progress: Progress) -> None:
        """A cell was filled, or failed."""

    def note(self, note: Reason) -> None:
        """Something worth a line happened."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one job ended."""

    candidate: str
    answered: int
    failed: int
    error: BakeoffError | None
    """Why the candidate was given up, or why none of its rows got an answer; else None."""

    because: str = ""
    """Why the last cell that failed did, in the server's words."""

    left: int = 0
    """Calls that were not made, because a cap was reached."""

    capped: Cap | None = None
    """The cap."""


@dataclass(slots=True)
class Running:
    """What all candidates of one run share."""

    table: Table
    ledger: Ledger
    writer: Writer
    run: int
    folder: Path
    on: OnRun
    caps: Caps = field(default_factory=Caps)
    paces: dict[tuple[str, str | None], Pace] = field(default_factory=dict)
    """By server and name of the key."""


class Lane:
    """One candidate's way through a run: all at once, or piece by piece."""

    def __init__(self, job: Job, running: Running) -> None:
        """Prepare; nothing is started."""
        self.job = job
        self.name = job.name
        self.error: BakeoffError | None = None
        """Why it was given up."""

        self.load_seconds = 0.0
        """What starting its engine took, the last time."""

        self.pace = _pace(running, job.resolved)
        """Of its server, shared by all candidates there."""

        self._running = running
        self._progress = Progress(job.name, len(job.calls))
        self._open: RouteRun | None = None

    @property
    def over(self) -> bool:
        """Nothing more is asked of it."""
        return self.error is not None or self._progress.stopped is not None or self._running.caps.reached is not None

    async def run(self) -> None:
        """Make all calls, unless the candidate is given up or a cap is reached."""
        if self.job.calls:
            async with self.opened():
                await self.fill(self.job.calls)

    @asynccontextmanager
    async def opened(self) -> AsyncIterator[None]:
        """Start what answers for the candidate, and stop it afterwards. Its failures end up in `error`."""
        running, inside = self._running, False
        try:
            if not self.over and running.caps.in_time():
                async with _server(self, running) as (client, check):
                    await self._look_before(client)
                    self._open = self._route_run(client)
                    inside = True
                    yield
                    check()
        except StorageError:
            raise
        except BakeoffError as error:
            self.error = error
        finally:
            self._open = None
        if not inside:
            yield

    async def _look_before(self, client: Client) -> None:
        running = self._running
        if self.job.resolved.probe:
            await look_before(
                self.job.resolved, client, ledger=running.ledger, writer=running.writer, run=running.run, on=running.on
            )

    def _route_run(self, client: Client) -> RouteRun:
        running = self._running
        return RouteRun(
            self.job.resolved.route,
            client=client,
            writer=running.writer,
            run=running.run,
            pace=self.pace,
            on_progress=running.on.progress,
            progress=self._progress,
            caps=running.caps,
            price=self.job.price,
        )

    async def fill(self, calls: Iterable[Place]) -> None:
        """Make some of the calls. Only while it is opened."""
        await self.ask(self._owed(calls))

    def owe(self, more: int) -> None:
        """There are so many more calls than the job knew."""
        self._progress.total += more

    async def ask(self, owed: Iterable[Owed] | AsyncIterable[Owed]) -> None:
        """Make some calls that are ready, each taken when the one before has begun. Only while it is opened."""
        if self._open is not None and not self.over:
            await self._open.fill(owed)

    def give_up(self, error: AskError) -> None:
        """Ask nothing more: another process found that it is in vain."""
        self._progress.stopped = error
        if self._open is not None:
            self._open.give_up(error)

    @property
    def stopped(self) -> AskError | None:
        """What its server did that it was given up for."""
        return self._progress.stopped

    def _owed(self, calls: Iterable[Place]) -> Iterator[Owed]:
        rows, tried = self._running.table.rows, self.job.tried
        return (Owed(rows[index], repeat, tried.get((repeat, index), 0)) for repeat, index in calls)

    def outcome(self) -> Outcome:
        """How it went."""
        progress, last = self._progress, self._progress.last_failure
        error = self.error
        if error is None:
            error = given_up(self.job.resolved, progress.stopped or (last if progress.done == 0 else None))
        capped = self._running.caps.reached if error is None and progress.left else None
        return Outcome(
            self.name,
            progress.done,
            progress.failed,
            error,
            last.detail if last else "",
            left=progress.left if capped else 0,
            capped=capped,
        )


async def run_jobs(
    jobs: Sequence[Job],
    table: Table,
    *,
    ledger: Ledger,
    run: int,
    folder: Path,
    on: OnRun,
    caps: Caps | None = None,
    together: bool = False,
) -> list[Outcome]:
    """Run all jobs and say how each ended. A candidate that fails does not stop the others.

    Args:
        jobs: what is owed, candidate by candidate.
        table: the data.
        ledger: where answers go.
        run: its number in the ledger.
        folder: of the project.
        on: who is told how it goes on.
        caps: of the whole run.
        together: models on this machine side by side, as far as memory allows.

    Raises:
        StorageError: the ledger refused; everything acknowledged before is kept.
    """
    async with running_of(jobs, table, ledger=ledger, run=run, folder=folder, on=on, caps=caps) as running:
        lanes = [Lane(job, running) for job in jobs]
        for batch in batches(lanes, together=together):
            await asyncio.gather(*(lane.run() for lane in batch))
        return [lane.outcome() for lane in lanes]


@asynccontextmanager
async def running_of(
    jobs: Sequence[Job], table: Table, *, ledger: Ledger, run: int, folder: Path, on: OnRun, caps: Caps | None = None
) -> AsyncIterator[Running]:
    """What the candidates of one run share; what is still to be written is written at the end."""
    writer = Writer(ledger)
    running = Running(table, ledger, writer, run, folder, on, caps or Caps(), paces_of([job.resolved for job in jobs]))
    try:
        yield running
    finally:
        await writer.close()


def batches(lanes: Sequence[Lane], *, together: bool) -> list[list[Lane]]:
    """Who runs at the same time: models on this machine one by one, then everything elsewhere at once.

    Args:
        lanes: the candidates.
        together: models on this machine as many at a time as its memory holds, with everything elsewhere.
    """
    local = [lane for lane in lanes if lane.job.resolved.local and lane.job.calls]
    others = [lane for lane in lanes if not lane.job.resolved.local]
    if not together:
        return [[lane] for lane in local] + [others]
    from bakeoff.hardware import detect

    free = detect(measure=False).processor.memory_usable_bytes.value
    found: list[list[Lane]] = [others]
    left = free
    for lane in local:
        needs = _engine_bytes(lane.job.resolved)
        if needs > left and len(found) and any(other.job.resolved.local for other in found[-1]):
            found.append([])
            left = free
        found[-1].append(lane)
        left -= needs
    return found


def _engine_bytes(resolved: Resolved) -> float:
    if resolved.model_file is None:
        return 0.0  # a server that runs already
    return ENGINE_SHARE * resolved.model_file.path.stat().st_size + ENGINE_BYTES


def paces_of(resolved: Sequence[Resolved]) -> dict[tuple[str, str | None], Pace]:
    """One pace for each server and key. A number that a candidate fixes counts for all on the same server.

    Of several numbers the largest; on this machine one at a time where none is fixed, so that latency is not queueing.
    Of several ceilings on requests per minute the lowest: it is the server's own.
    """
    ceilings: dict[tuple[str, str | None], float] = {}
    fixed: dict[tuple[str, str | None], int | None] = {}
    for one in resolved:
        own = one.route.candidate.concurrency or (1 if one.local else None)
        known = fixed.setdefault(server_key(one), own)
        if known is not None and own is not None:
            fixed[server_key(one)] = max(known, own)
        elif own is not None:
            fixed[server_key(one)] = own
        if (ceiling := one.route.candidate.requests_per_minute) is not None:
            ceilings[server_key(one)] = min(ceiling, ceilings.get(server_key(one), ceiling))
    return {key: Pace(fixed=number, per_minute=ceilings.get(key)) for key, number in fixed.items()}


def server_key(resolved: Resolved) -> tuple[str, str | None]:
    """Server and name of the key: who has these in common shares a pace."""
    candidate = resolved.route.candidate
    if resolved.base_url is None:
        return resolved.route.endpoint + candidate.name, None
    parts = urlsplit(resolved.base_url)
    return f"{parts.scheme}://{parts.hostname}:{parts.port}", candidate.key


def _pace(running: Running, resolved: Resolved) -> Pace:
    return running.paces[server_key(resolved)]


def _facts(engine: "Engine") -> dict[str, Any]:
    """What the ledger keeps of an engine: its real memory, version, parameters and load time."""
    return {
        "version": engine.version,
        "load_seconds": engine.load_seconds,
        "parameters": to_json(engine.parameters),
        "memory": to_json(engine.memory),
        "n_slots": engine.n_slots,
        "context_per_slot": engine.context_per_slot,
        "machine": to_json(_machine()),
    }


def _machine() -> "MachineFacts":
    """This machine, as the report names it."""
    from bakeoff.hardware import detect
    from bakeoff.report import MachineFacts

    found = detect(measure=False)
    return MachineFacts(
        processor=found.processor.name,
        cores=found.processor.cores,
        memory_bytes=int(found.processor.memory_total_bytes.value),
        devices=tuple(accelerator.name for accelerator in found.accelerators),
        system=found.system,
    )


class _Check(Protocol):
    def __call__(self) -> None:
        """Raise where the server died."""


@asynccontextmanager
async def _server(lane: Lane, running: Running) -> AsyncIterator[tuple[Client, _Check]]:
    """A client of whatever answers for the candidate; the embedded engine is started and stopped here."""
    resolved, ledger, on = lane.job.resolved, running.ledger, running.on
    timeouts = Timeouts(silence=resolved.timeout_seconds) if resolved.timeout_seconds else Timeouts()
    candidate = resolved.route.candidate
    connections = lane.pace.most
    if resolved.base_url is not None:
        key = read_key(candidate)
        async with Client(resolved.base_url, key=key, connections=connections, timeouts=timeouts) as client:
            yield client, lambda: None
        return
    on.note(reason("engine.starting", candidate=candidate.name))
    async with engine_of(resolved, running.folder, log=candidate.name.replace("/", "_")) as engine:
        lane.load_seconds = engine.load_seconds
        on.note(reason("engine.ready", candidate=candidate.name, load_seconds=engine.load_seconds))
        async with Client(engine.base_url, connections=connections, timeouts=timeouts) as client:
            try:
                yield client, engine.check
            finally:
                facts = _facts(engine)
                await running.writer.between(
                    lambda: ledger.record_engine(running.run, candidate.name, resolved.route.endpoint, facts)
                )


def given_up(resolved: Resolved, error: AskError | None) -> BakeoffError | None:
    """The failure that stopped a candidate, as an error for people."""
    if error is None:
        return None
    candidate = resolved.route.candidate
    where = resolved.base_url or "the embedded engine"
    message = f"{candidate.name}: {where}: {error.detail}"
    if error.kind == "key":
        hint = "set `key` of the candidate to the name of the environment variable that holds the key"
        if candidate.key:
            hint = f"{candidate.key} is set, but the server refuses it: look for a typing error, or make a new key"
        return KeyMissing(message, hint=hint)
    if resolved.base_url is None:
        return EngineError(message, hint="the end of the engine's log is in .bakeoff/ of the project")
    hints = {
        "not a model": "a base URL usually ends in /v1, and `model` is the id that GET /v1/models lists",
        "unreachable": "is the server running, and is the port right? What is done is kept",
        "timeout": "raise `timeout_seconds` of the candidate, or lower its `concurrency`",
        "rate limit": "lower `concurrency` of the candidate, or run again later: what is done is kept",
        "refused": "read the server's words above: the model id and the parameters are the usual reasons",
        "quota": "the account has no money or allowance left; what is done is kept",
    }
    return EndpointError(message, hint=hints.get(error.kind, "run again later: what is done is kept"))
