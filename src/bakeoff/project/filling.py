"""The verb `run`: from a project file and options to calls that are made, in their order and under their caps."""

import asyncio
import hashlib
import signal
import threading
from collections.abc import Callable, Coroutine, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from bakeoff.errors import Interrupted, StorageError, UsageError
from bakeoff.evaluate.caps import Caps
from bakeoff.evaluate.columns import Task, graded_column, task
from bakeoff.evaluate.order import Order, shuffled
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.stats.race import Dropped, Race
from bakeoff.evaluate.store import Drop, Ledger
from bakeoff.evaluate.types import Table
from bakeoff.project.config import Config
from bakeoff.project.contestants import Contestant, candidate_of
from bakeoff.project.planning import Job, RunOptions, chosen_names, chosen_rows, missing
from bakeoff.project.preflight import preflight_of
from bakeoff.project.pricing import check_prices, price_of
from bakeoff.project.racing import Field, race
from bakeoff.project.running import Lane, OnRun, Outcome, run_jobs, running_of
from bakeoff.values import Reason, reason, to_json
from bakeoff.version import __version__

T = TypeVar("T")

LEAST_RACERS = 2


@dataclass(frozen=True, slots=True)
class Planned:
    """What a run has to do."""

    jobs: tuple[Job, ...]
    order: Order
    """Rows that are asked, in order."""

    settings: dict[str, Any]
    """For the manifest: what decides the order and the end."""

    @property
    def owed(self) -> int:
        """Calls to make."""
        return sum(len(job.calls) for job in self.jobs)


def settled(config: Config, options: RunOptions) -> Config:
    """The project file with what a command's options say instead."""
    names = ("repeats", "seed", "together", "max_minutes", "max_cost_usd")
    update = {name: value for name in names if (value := getattr(options, name)) is not None}
    return replace(config, run=config.run.model_copy(update=update)) if update else config


def plan(
    config: Config, table: Table, found: Sequence[Contestant], ledger: Ledger, options: RunOptions | None = None
) -> Planned:
    """Work out which calls are owed. Asks no model.

    Args:
        config: the project file, `settled`.
        table: the data.
        found: the candidates.
        ledger: what is there already.
        options: of this run.

    Raises:
        UsageError: no such rows, no such candidate, or a race of one.
        ProjectError: a cap on money, and a price is not known.
    """
    options = options or RunOptions()
    run = config.run
    order = chosen_rows(options.rows, shuffled(table, run.seed, whole_groups=options.race), table)
    columns = [c.candidate.name for c in found]
    names = chosen_names(options.only, [candidate_of(name, config.candidates).name for name in columns], columns)
    chosen = [c for c in found if c.candidate.name in names]
    if run.max_cost_usd is not None:
        check_prices(chosen, config.prices)
    if options.race and len(chosen) < LEAST_RACERS:
        raise UsageError("a race needs two candidates or more", hint="leave out --race, or add a candidate")
    jobs = tuple(
        missing(
            c.resolved,
            c.digests,
            ledger,
            order=order,
            retry_failed=options.retry_failed,
            price=price_of(c.candidate, c.resolved, config.prices),
        )
        for c in chosen
        if c.resolved is not None and c.digests is not None and c.resolved.answers is None
    )
    settings = {
        "seed": run.seed,
        "repeats": run.repeats,
        "rows": len(order),
        "together": run.together,
        "race": options.race,
        "max_minutes": run.max_minutes,
        "max_cost_usd": None if run.max_cost_usd is None else str(run.max_cost_usd),
    }
    return Planned(jobs, order, settings)


def notes(planned: Planned, config: Config, ledger: Ledger) -> list[Reason]:
    """What to know before the calls are made."""
    found = []
    for job in planned.jobs:
        if not job.calls:
            continue
        other = max(0, ledger.count_answers(job.name) - job.kept)
        if job.kept or other:
            found.append(reason("run.owed", candidate=job.name, n=len(job.calls), kept=job.kept, other=other or None))
        temperature = job.resolved.route.parameters.get("temperature")
        if config.run.repeats > 1 and temperature == 0:
            found.append(reason("run.repeats_alike", candidate=job.name, n=config.run.repeats))
    return found


def make_calls(
    planned: Planned,
    config: Config,
    table: Table,
    found: Sequence[Contestant],
    *,
    manifest: dict[str, Any],
    ledger: Ledger,
    folder: Path,
    on: OnRun,
) -> list[Outcome]:
    """Make the calls of a plan.

    Raises:
        Interrupted: stopped by Ctrl-C or SIGTERM; what was done is kept.
        StorageError: the disk is full or the ledger is damaged.
    """
    run = config.run
    max_seconds = None if run.max_minutes is None else 60 * run.max_minutes
    caps = Caps(max_usd=run.max_cost_usd, max_seconds=max_seconds)

    async def work(number: int) -> list[Outcome]:
        if planned.settings["race"]:
            return await _race(
                planned, config, table, found, ledger=ledger, run=number, folder=folder, on=on, caps=caps
            )
        return await run_jobs(
            planned.jobs,
            table,
            ledger=ledger,
            run=number,
            folder=folder,
            on=on,
            caps=caps,
            together=run.together,
        )

    return recorded(manifest | planned.settings, work, ledger)


def recorded(
    manifest: dict[str, Any], work: Callable[[int], Coroutine[Any, Any, list[Outcome]]], ledger: Ledger
) -> list[Outcome]:
    """Do some work as a run of the ledger, with a beginning and an end.

    Raises:
        Interrupted: stopped by Ctrl-C or SIGTERM; what was done is kept.
    """
    run = ledger.begin_run(manifest)
    state = "failed"
    try:
        outcomes = interruptible(lambda: work(run))
        state = "capped" if any(outcome.capped for outcome in outcomes) else "done"
    except Interrupted:
        state = "stopped"
        raise
    finally:
        ledger.end_run(run, state)
    with suppress(StorageError):  # nothing is lost: the next run tries again
        ledger.fold()
    return outcomes


def manifest_of(jobs: Sequence[Job], table: Table, prompt_digest: str) -> dict[str, Any]:
    """What a run is going to do, for the ledger."""
    return {
        "bakeoff": __version__,
        "data": table.digest,
        "prompt": prompt_digest,
        "candidates": {
            job.name: {
                "endpoint": job.resolved.route.endpoint,
                "owed": len(job.calls),
                "local": job.resolved.local,
                "price": None if job.price is None else to_json(job.price),
            }
            for job in jobs
        },
    }


async def _race(
    planned: Planned,
    config: Config,
    table: Table,
    found: Sequence[Contestant],
    *,
    ledger: Ledger,
    run: int,
    folder: Path,
    on: OnRun,
    caps: Caps,
) -> list[Outcome]:
    work = task(config.graders, config.prompt, table)
    racers = {c.candidate.name: c for c in found if c.digests is not None and _takes_part(c, planned)}

    def grade(name: str, part: Table, some: Task, rows: Order) -> Column:
        return _grade(racers[name], config, part, some, rows, ledger)

    field = Field(table, work, planned.order, tuple(racers), grade)
    async with running_of(planned.jobs, table, ledger=ledger, run=run, folder=folder, on=on, caps=caps) as running:
        lanes = [Lane(job, running) for job in planned.jobs]
        held = await race(lanes, field, together=config.run.together, note=on.note)
        drops = [_drop(dropped, racers, run=run, grading=work.identity) for dropped in held.dropped]
        known = {(drop.candidate, drop.column, drop.by_column) for drop in ledger.drops(work.identity)}
        fresh = [drop for drop in drops if (drop.candidate, drop.column, drop.by_column) not in known]
        await running.writer.between(lambda: ledger.record_drops(fresh))
        _say_end(held, caps, on)
        return [_outcome(lane, held) for lane in lanes]


def _takes_part(contestant: Contestant, planned: Planned) -> bool:
    assert contestant.resolved is not None
    return contestant.resolved.answers is not None or contestant.candidate.name in {job.name for job in planned.jobs}


def _grade(contestant: Contestant, config: Config, part: Table, some: Task, rows: Order, ledger: Ledger) -> Column:
    """One racer's cells on some rows; the scores are kept."""
    return graded_column(
        contestant.candidate.name,
        contestant.build,
        [digests.taken(rows) for digests in contestant.digests or ()],
        task=some,
        table=part,
        ledger=ledger,
        preflight=preflight_of(contestant, config.preflight, ledger, rows=rows),
    )


def _outcome(lane: Lane, held: Race) -> Outcome:
    """Calls that the race made unnecessary are not left over."""
    outcome = lane.outcome()
    return outcome if lane.name in held.alive and len(held.alive) > 1 else replace(outcome, left=0, capped=None)


def _say_end(held: Race, caps: Caps, on: OnRun) -> None:
    if len(held.alive) == 1:
        on.note(reason("race.won", model=held.alive[0]))
    elif caps.reached is None:
        on.note(reason("race.open", models=list(held.alive)))


def column_digest(contestant: Contestant) -> str:
    """What a column is: the addresses of all of its calls."""
    sha = hashlib.sha256()
    for digests in contestant.digests or ():
        sha.update(digests.packed())
    return sha.hexdigest()


def _drop(dropped: Dropped, racers: dict[str, Contestant], *, run: int, grading: str) -> Drop:
    return Drop(
        run=run,
        grading=grading,
        candidate=dropped.name,
        column=column_digest(racers[dropped.name]),
        by=dropped.by,
        by_column=column_digest(racers[dropped.by]),
        n_units=dropped.n_units,
        difference=dropped.difference,
        evidence=min(dropped.evidence, 1e300),
    )


def present_drops(found: Sequence[Contestant], grading: str, ledger: Ledger) -> list[Drop]:
    """Who was dropped, as far as it still holds: neither of the two has changed since. The last word on each."""
    columns: dict[str, str] = {}
    drops = ledger.drops(grading)
    wanted = {name for drop in drops for name in (drop.candidate, drop.by)}
    for contestant in found:
        if contestant.candidate.name in wanted:
            columns[contestant.candidate.name] = column_digest(contestant)
    holding = {
        drop.candidate: drop
        for drop in drops
        if columns.get(drop.candidate) == drop.column and columns.get(drop.by) == drop.by_column
    }
    return list(holding.values())


def interruptible(job: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine so that Ctrl-C and SIGTERM cancel it, let it clean up, and become Interrupted."""

    async def main() -> T:
        current = asyncio.current_task()
        assert current is not None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, current.cancel)
            except (NotImplementedError, RuntimeError, ValueError):
                break  # Windows, or not the main thread: asyncio's own Ctrl-C handling stays
        return await job()

    before = signal.getsignal(signal.SIGTERM)
    try:
        return asyncio.run(main())
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise Interrupted(
            "stopped; every answer so far is kept", hint="run the same command again to go on from here"
        ) from None
    finally:
        if callable(before) and threading.current_thread() is threading.main_thread():
            signal.signal(signal.SIGTERM, before)  # the loop's handler leaves the system's behind
