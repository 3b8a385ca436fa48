"""The verb `check`: does the decision of the lock still hold? A sample of calls is made again and compared.

New answers go to the ledger under addresses of their own (`stored.CHECKS`) and never take the place of those that the
results are made from.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bakeoff.decide import Decision
from bakeoff.evaluate.caps import Caps
from bakeoff.evaluate.columns import Task, graded_column, task
from bakeoff.evaluate.compare import compare, metrics_of
from bakeoff.evaluate.drift import Asked, Drift, drifts
from bakeoff.evaluate.order import Order, shuffled
from bakeoff.evaluate.pairing import pair_all
from bakeoff.evaluate.results import Column, GradedCell
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.stored import CHECKS
from bakeoff.evaluate.types import Answer, Table
from bakeoff.project.changes import inputs_changed
from bakeoff.project.contestants import Contestant
from bakeoff.project.filling import manifest_of, recorded
from bakeoff.project.lockfile import LOCK_NAME, Lock, read_lock
from bakeoff.project.locking import lock_for, told
from bakeoff.project.planning import Job, Place
from bakeoff.project.preflight import preflight_of
from bakeoff.project.pricing import check_prices, price_of
from bakeoff.project.project import Project
from bakeoff.project.racing import task_of
from bakeoff.project.renewing import renewed
from bakeoff.project.running import Outcome, run_jobs
from bakeoff.values import Reason, reason

DEFAULT_ROWS = 50
"""Where a server's new quantization changes one answer in ten, a sample of 50 has the five changed answers that show
it with 57 % probability, one of 100 with 98 %; where it changes one in five, 50 are enough for 98 % (binomial)."""

ROUNDS = 2
"""Each check has two addresses for a call: the first answer, and one more where it was another one."""


@dataclass(frozen=True, slots=True)
class Checked:
    """Whether the decision still holds."""

    lock: Lock
    changes: tuple[Reason, ...]
    """What the decision rested on and is different now, before anything was asked."""

    drifts: tuple[Drift, ...]
    """Candidate by candidate, of those that could be asked."""

    rows: int
    """Of the sample."""

    decision: Decision
    """With the sample's new answers in place of the old ones."""

    notes: tuple[Reason, ...]
    """What could not be asked or renewed."""

    outcomes: tuple[Outcome, ...]

    @property
    def drifted(self) -> tuple[str, ...]:
        """Candidates that something else answers for."""
        return tuple(one.asked.candidate for one in self.drifts if one.signs)

    @property
    def holds(self) -> bool:
        """The same choice, and nothing drifted."""
        return self.decision.choice == self.lock.choice and not self.drifted


def check(
    project: Project, *, rows: int = DEFAULT_ROWS, max_cost_usd: Decimal | None = None, offline: bool = False
) -> Checked:
    """Ask a sample again and say whether the decision still holds.

    Args:
        project: with a lock.
        rows: of the sample, drawn by the seed of `[run]`; the same rows each time.
        max_cost_usd: of the calls.
        offline: renew no facts about models.

    Raises:
        ProjectError: there is no lock, or it is of another version; a cap on money, and a price is not known.
        BusyError, Interrupted, StorageError: as of `Project.run`.
    """
    lock = read_lock(project.folder / LOCK_NAME)
    table = project.table()
    order = shuffled(table, project.config.run.seed)[:rows]
    found = project.contestants()
    changes = inputs_changed(lock, lock_for(project, project.decide()))
    notes = [] if offline else list(renewed(found))
    if max_cost_usd is not None:
        check_prices(found, project.config.prices)
    money = None if max_cost_usd is None else str(max_cost_usd)
    said = {"rows": rows, "max_cost_usd": money, "offline": offline}
    with project.at_work("check", said) as working, project.ledger() as ledger:
        sampling = _Sampling(project, table, order, ledger, max_cost_usd)
        samples = [sample for contestant in found if (sample := sampling.sample(contestant)) is not None]
        notes += [
            reason("check.not_asked", candidate=c.candidate.name)
            for c in found
            if c.candidate.name not in {sample.contestant.candidate.name for sample in samples} and not _by_file(c)
        ]
        outcomes = sampling.ask(samples)
        working.ended(outcomes)
        work = task(project.config.graders, project.config.prompt, table)
        graded = [_graded(sample, project, table, work, ledger) for sample in samples]
    decision = _again(project, samples, [now for _, _, now in graded])
    return Checked(
        lock=lock,
        changes=changes,
        drifts=drifts([asked for asked, _, _ in graded]),
        rows=len(order),
        decision=decision,
        notes=tuple(notes),
        outcomes=tuple(outcomes),
    )


def _by_file(contestant: Contestant) -> bool:
    return contestant.resolved is not None and contestant.resolved.answers is not None


@dataclass(frozen=True, slots=True)
class _Sample:
    """One candidate's part of the sample."""

    contestant: Contestant
    rows: Order
    """Those that have an answer, in order."""

    addresses: tuple[list[str], ...]
    """By round, then by row."""

    repeats: tuple[int, ...]
    before: list[Answer]


class _Sampling:
    """Asking the sample, in two rounds."""

    def __init__(self, project: Project, table: Table, order: Order, ledger: Ledger, max_usd: Decimal | None) -> None:
        self.project, self.table, self.order, self.ledger = project, table, order, ledger
        self.caps = Caps(max_usd=max_usd, max_seconds=None)
        number = _finished_checks(ledger)
        self.repeats = tuple(CHECKS + ROUNDS * number + place for place in range(ROUNDS))

    def sample(self, contestant: Contestant) -> _Sample | None:
        """None where there is nothing to hold new answers against, or nobody to ask."""
        resolved = contestant.resolved
        if resolved is None or not contestant.digests or resolved.answers is not None:
            return None
        first = contestant.digests[0].taken(self.order)
        stored = self.ledger.answers(list(dict.fromkeys(first)))
        rows = self.order[[address in stored for address in first]]
        if not len(rows):
            return None
        addresses = tuple(
            [resolved.route.digest(self.table.rows[int(i)], repeat=repeat) for i in rows] for repeat in self.repeats
        )
        before = [stored[address].answer for address in first if address in stored]
        return _Sample(contestant, rows, addresses, self.repeats, before)

    def ask(self, samples: Sequence[_Sample]) -> list[Outcome]:
        """Everyone once; then once more where the answer was another one."""
        jobs = [self._job(sample, 0, range(len(sample.rows))) for sample in samples]
        manifest = manifest_of(jobs, self.table, self.project.prompt_digest()) | {"kind": "check"}

        async def work(run: int) -> list[Outcome]:
            total: list[Outcome] = []
            for place in range(ROUNDS):
                chosen = [range(len(sample.rows)) if not place else self._changed(sample) for sample in samples]
                asked = [self._job(sample, place, some) for sample, some in zip(samples, chosen, strict=True)]
                if self.project.work is not None:
                    self.project.work.expects((job.name, len(job.calls)) for job in asked)
                total += await run_jobs(
                    [job for job in asked if job.calls],
                    self.table,
                    ledger=self.ledger,
                    run=run,
                    folder=self.project.folder,
                    on=self.project.listener,
                    caps=self.caps,
                )
            return total

        return recorded(manifest, work, self.ledger)

    def _changed(self, sample: _Sample) -> list[int]:
        """Places of the sample whose new answer is another one. Not of exact engines: one change is enough there."""
        if exact(sample.contestant):
            return []
        now = self.ledger.answers(sample.addresses[0])
        return [
            place
            for place, (address, old) in enumerate(zip(sample.addresses[0], sample.before, strict=True))
            if address in now and now[address].answer.text != old.text
        ]

    def _job(self, sample: _Sample, place: int, some: Sequence[int]) -> Job:
        resolved = sample.contestant.resolved
        assert resolved is not None
        there = self.ledger.answered(sample.addresses[place])
        owed: dict[str, Place] = {}
        for i in some:
            address = sample.addresses[place][i]
            if address not in there:
                owed.setdefault(address, (sample.repeats[place], int(sample.rows[i])))
        price = price_of(sample.contestant.candidate, resolved, self.project.config.prices)
        return Job(replace(resolved, probe=False), tuple(owed.values()), price=price)


def _finished_checks(ledger: Ledger) -> int:
    """Checks that came to their end: one that did not is gone on with."""
    done = [run["run"] for run in ledger.runs() if run["state"] in ("done", "capped")]
    return sum((ledger.manifest(run) or {}).get("kind") == "check" for run in done)


def exact(contestant: Contestant) -> bool:
    """The same request must give the same answer: our engine, at temperature 0 or with a seed."""
    resolved = contestant.resolved
    if resolved is None or resolved.model_file is None:
        return False
    parameters = resolved.route.parameters
    return parameters.get("temperature") == 0 or isinstance(parameters.get("seed"), int)


def _graded(
    sample: _Sample, project: Project, table: Table, work: Task, ledger: Ledger
) -> tuple[Asked, Column, Column]:
    """(what was asked, its cells before, its cells now)."""
    contestant = sample.contestant
    name = contestant.candidate.name
    part = replace(table, rows=[table.rows[int(i)] for i in sample.rows])
    some = task_of(work, sample.rows)
    preflight = preflight_of(contestant, project.config.preflight, ledger, rows=sample.rows)
    assert contestant.digests is not None
    kept = list(contestant.digests[0].taken(sample.rows))
    old, new = (
        graded_column(column, contestant.build, [addresses], task=some, table=part, ledger=ledger, preflight=preflight)
        for column, addresses in ((f"{name} (before)", kept), (name, sample.addresses[0]))
    )
    rounds = [ledger.answers(addresses) for addresses in sample.addresses]
    now, again = (
        [found[address].answer.text if address in found else None for address in addresses]
        for found, addresses in zip(rounds, sample.addresses, strict=True)
    )
    answers = [one.answer for found in rounds for one in found.values()]
    asked = Asked(
        candidate=name,
        exact=exact(contestant),
        before=[answer.text for answer in sample.before],
        now=now,
        again=again,
        new_models=_new(contestant, answers, "served_model", ledger),
        new_fingerprints=_new(contestant, answers, "fingerprint", ledger),
    )
    return _with_scores(asked, new, old, project), old, new


def _with_scores(asked: Asked, new: Column, old: Column, project: Project) -> Asked:
    metric = project.config.decide.metric
    if metric in ("judge", "people") or not project.config.graders:
        return asked
    (pair,) = pair_all([new, old], metrics_of([new, old], metric)[0])
    if not pair.n:
        return asked
    return replace(asked, difference=pair.difference, low=pair.low, high=pair.high, p_scores=pair.p)


def _new(contestant: Contestant, answers: Sequence[Answer], name: str, ledger: Ledger) -> tuple[str, ...]:
    """What the new answers say and none of the candidate's old ones did; nothing where the old ones say nothing."""
    if contestant.resolved is None or contestant.resolved.base_url is None or not contestant.digests:
        return ()
    stored = ledger.answers(list(dict.fromkeys(contestant.digests[0])))
    known = told([one.answer for one in stored.values()], name)
    return tuple(one for one in told(answers, name) if known and one not in known)


def _as_timed(cell: GradedCell, old: GradedCell) -> GradedCell:
    """The new answer with the old one's times: a choice between equals must not hang on the minute of the check."""
    return replace(
        cell, latency_ms=old.latency_ms, time_to_first_token_ms=old.time_to_first_token_ms, timings=old.timings
    )


def _again(project: Project, samples: Sequence[_Sample], now: Sequence[Column]) -> Decision:
    """The decision with the new answers in place of the old ones, where they have a score."""
    metric = project.config.decide.metric
    if metric in ("judge", "people"):
        return project.decide()
    fresh = {
        sample.contestant.candidate.name: dict(zip((int(i) for i in sample.rows), column.cells, strict=True))
        for sample, column in zip(samples, now, strict=True)
    }
    columns = []
    for column in project.columns():
        cells = list(column.cells)
        for i, cell in fresh.get(column.candidate, {}).items():
            if cell.state not in ("failed", "missing"):
                cells[i] = _as_timed(cell, cells[i])
        columns.append(replace(column, cells=tuple(cells)))
    return project.decide(compare(columns, metric=metric))
