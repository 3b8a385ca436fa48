"""Run what is missing: engines one after the other, servers elsewhere at the same time."""

import asyncio
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from bakeoff.errors import BakeoffError, EndpointError, EngineError, KeyMissing, StorageError
from bakeoff.evaluate.client import AskError, Client, Timeouts
from bakeoff.evaluate.engines import Engine, start_engine
from bakeoff.evaluate.retry import RetryPolicy
from bakeoff.evaluate.run import Owed, Progress, RouteRun
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Table
from bakeoff.evaluate.writer import Writer
from bakeoff.hardware import detect
from bakeoff.project.routes import Resolved, read_key
from bakeoff.report import MachineFacts
from bakeoff.values import Reason, reason, to_json


class OnRun(Protocol):
    """Who wants to know how a run goes on."""

    def progress(self, progress: Progress) -> None:
        """A cell was filled, or failed."""

    def note(self, note: Reason) -> None:
        """Something worth a line happened."""


@dataclass(frozen=True, slots=True)
class Job:
    """One candidate and the calls that it still owes."""

    resolved: Resolved
    calls: tuple[tuple[int, int], ...]
    """(repetition, index into the table) of each, each different call once."""


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


def missing(resolved: Resolved, digests: Sequence[Sequence[str]], ledger: Ledger) -> Job:
    """What a candidate still owes. Rows with equal requests owe one call together.

    Args:
        resolved: the candidate.
        digests: for each repetition, the address of each row's call.
        ledger: what is there already.
    """
    first: dict[str, tuple[int, int]] = {}
    for repeat, addresses in enumerate(digests):
        for index, digest in enumerate(addresses):
            first.setdefault(digest, (repeat, index))
    done = ledger.answered(list(first))
    return Job(resolved, tuple(call for digest, call in first.items() if digest not in done))


async def run_jobs(
    jobs: Sequence[Job], table: Table, *, ledger: Ledger, run: int, folder: Path, on: OnRun
) -> list[Outcome]:
    """Run all jobs and say how each ended. A candidate that fails does not stop the others.

    Raises:
        StorageError: the ledger refused; everything acknowledged before is kept.
    """
    writer = Writer(ledger)
    try:
        outcomes = []
        for job in (job for job in jobs if job.resolved.local):
            outcomes.append(await _run_job(job, table, ledger=ledger, writer=writer, run=run, folder=folder, on=on))
        others = [job for job in jobs if not job.resolved.local]
        outcomes += await asyncio.gather(
            *(_run_job(job, table, ledger=ledger, writer=writer, run=run, folder=folder, on=on) for job in others)
        )
        return outcomes
    finally:
        await writer.close()


async def _run_job(
    job: Job, table: Table, *, ledger: Ledger, writer: Writer, run: int, folder: Path, on: OnRun
) -> Outcome:
    name = job.resolved.route.candidate.name
    if not job.calls:
        return Outcome(name, 0, 0, None)
    latest = Progress(name, len(job.calls))

    def watch(progress: Progress) -> None:
        nonlocal latest
        latest = progress
        on.progress(progress)

    try:
        async with _server(job, ledger=ledger, run=run, folder=folder, on=on) as (client, check):
            route_run = RouteRun(
                job.resolved.route,
                client=client,
                writer=writer,
                run=run,
                concurrency=job.resolved.concurrency,
                policy=RetryPolicy(),
                on_progress=watch,
            )
            progress = await route_run.fill(_owed(table, job.calls), total=len(job.calls))
            check()
    except StorageError:
        raise
    except BakeoffError as error:
        return Outcome(name, latest.done, latest.failed, error)
    last = progress.last_failure
    why = progress.stopped or (last if progress.done == 0 else None)
    return Outcome(name, progress.done, progress.failed, _given_up(job.resolved, why), last.detail if last else "")


def _owed(table: Table, calls: Sequence[tuple[int, int]]) -> Iterator[Owed]:
    return (Owed(table.rows[index], repeat) for repeat, index in calls)


def _facts(engine: Engine) -> dict[str, Any]:
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


def _machine() -> MachineFacts:
    """This machine, as the report names it."""
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
async def _server(
    job: Job, *, ledger: Ledger, run: int, folder: Path, on: OnRun
) -> AsyncIterator[tuple[Client, _Check]]:
    """A client of whatever answers for the candidate; the embedded engine is started and stopped here."""
    resolved = job.resolved
    timeouts = Timeouts(silence=resolved.timeout_seconds) if resolved.timeout_seconds else Timeouts()
    candidate = resolved.route.candidate
    if resolved.base_url is not None:
        key = read_key(candidate)
        async with Client(resolved.base_url, key=key, connections=resolved.concurrency, timeouts=timeouts) as client:
            yield client, lambda: None
        return
    assert resolved.model_file is not None
    assert resolved.engine is not None
    log = folder / ".bakeoff" / f"engine-{candidate.name.replace('/', '_')}.log"
    log.parent.mkdir(exist_ok=True)
    on.note(reason("engine.starting", candidate=candidate.name))
    async with start_engine(resolved.model_file.path, parameters=resolved.engine, log_path=log) as engine:
        on.note(reason("engine.ready", candidate=candidate.name, load_seconds=engine.load_seconds))
        async with Client(engine.base_url, connections=resolved.concurrency, timeouts=timeouts) as client:
            try:
                yield client, engine.check
            finally:
                ledger.record_engine(run, candidate.name, resolved.route.endpoint, _facts(engine))


def _given_up(resolved: Resolved, error: AskError | None) -> BakeoffError | None:
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
        "unreachable": "is the server running, and is the port right?",
        "timeout": "raise `timeout_seconds` of the candidate, or lower its `concurrency`",
        "rate limit": "lower `concurrency` of the candidate, or run again later: what is done is kept",
        "refused": "read the server's words above: the model id and the parameters are the usual reasons",
    }
    return EndpointError(message, hint=hints.get(error.kind, "run again later: what is done is kept"))
