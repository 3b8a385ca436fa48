"""A cluster that is ready for work: joined, looked at, with the ledger that all of its workers write to."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from bakeoff.addresses import is_loopback
from bakeoff.cluster.assignment import Assignment, Grading, work_of
from bakeoff.cluster.crew import Crew
from bakeoff.cluster.leases import Prepared, Standing, bury, forget, prepare, standing
from bakeoff.cluster.nodes import Node, Place, check_packages, nodes_of, one_machine, places, without_folder
from bakeoff.cluster.ray_process import RayProcess
from bakeoff.cluster.shared_caps import spent_of
from bakeoff.errors import BakeoffError, ClusterError, Interrupted, KeyMissing, StorageError, UsageError
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.graders import Grader
from bakeoff.evaluate.store import Ledger, open_ledger
from bakeoff.evaluate.types import Row
from bakeoff.project import FILE_NAME
from bakeoff.project.config.cluster import ClusterSection, check_ledger
from bakeoff.project.routes import Resolved
from bakeoff.project.running import Outcome
from bakeoff.project.working import Work
from bakeoff.values import reason

PULL_ROWS = 2000
"""Of each table in one transaction of the project's ledger."""

NAMED = 10
"""So many skipped rows are named."""

ELSEWHERE = ("http://", "https://", "data:")
"""Beginnings of pictures that no node needs a file for."""

NOWHERE = Path("/nonexistent/bakeoff")

SKIPPED = "workers died of it"
"""Why a row that is skipped has no answer; like a server's own words, in English."""


@dataclass(frozen=True, slots=True)
class Where:
    """Which cluster, and which ledger its workers share."""

    address: str
    """`HOST:PORT`, `auto` or `local`."""

    ledger: str | None = None
    """`postgresql://...`; None: as the project file says, else the project's own on one machine."""


@dataclass(frozen=True, slots=True)
class Asking:
    """What a run on a cluster asks, and of whom."""

    columns: tuple[Resolved, ...]
    prices: tuple[PricePerToken | None, ...]
    data: str
    """Digest of the table that the rows are from."""

    chosen: str
    """Which rows, in which order: the same text for the same."""

    rows: Callable[[], Iterable[Row]]
    repeats: int = 1
    grading: Grading | None = None
    retry_failed: bool = False
    max_usd: Decimal | None = None
    max_minutes: float | None = None

    @property
    def work(self) -> str:
        """What makes it the same work as an earlier one, as leases are kept under it."""
        return work_of(self.data, self.columns, repeats=self.repeats, chosen=self.chosen)


class Site:
    """A cluster with a ledger. `ask` may be called again and again."""

    def __init__(
        self, ray: RayProcess, nodes: Sequence[Node], own: Ledger, shared: Ledger, section: ClusterSection, on: Work
    ) -> None:
        """Put together; nothing is started.

        Args:
            ray: the cluster.
            nodes: where work can be placed.
            own: the project's ledger.
            shared: the ledger of all workers; may be the same.
            section: `[cluster]`.
            on: told how it goes on.
        """
        self._ray, self._nodes, self._own, self._shared = ray, nodes, own, shared
        self._section, self._on = section, on
        self.spent = Decimal(0)
        """US dollars of all that was asked with a cap on money."""

    @property
    def _apart(self) -> bool:
        return self._shared is not self._own

    def ask(self, asking: Asking, folder: Path, manifest: Mapping[str, Any]) -> list[Outcome]:
        """Make the calls that are missing, on all nodes, and grade what is answered.

        Args:
            asking: what, and of whom.
            folder: of the project.
            manifest: for the ledger.

        Returns:
            How it ended, one outcome per column.

        Raises:
            Interrupted: stopped by Ctrl-C or SIGTERM; what was done is kept.
            ClusterError: Ray is gone, or no worker can go on.
            StorageError: a ledger refused.
        """
        check_packages(
            self._nodes, engines=any(one.model_file is not None for one in asking.columns), postgresql=self._apart
        )
        asking = self._with_what_is_there(asking, folder)
        if self._apart:
            self._catch_up(asking.columns)
        run = self._shared.begin_run(manifest)
        state = "failed"
        try:
            outcomes = self._ask(asking, folder, run)
            state = "capped" if any(outcome.capped for outcome in outcomes) else "done"
            return outcomes
        except KeyboardInterrupt:
            state = "stopped"
            raise Interrupted(
                "stopped; every answer so far is kept", hint="run the same command again to go on from here"
            ) from None
        finally:
            self._shared.end_run(run, state)
            self._pull()
            if state in ("done", "capped"):
                with suppress(StorageError):  # nothing is lost: the next run tries again
                    self._own.fold()

    def _with_what_is_there(self, asking: Asking, folder: Path) -> Asking:
        """Graders that read files of the project grade on this machine, where a node does not have its folder.

        Raises:
            ClusterError: pictures are read from there too.
        """
        without = without_folder(self._nodes, folder / FILE_NAME)
        if not without:
            return asking
        for one in asking.columns:
            if any(not image.startswith(ELSEWHERE) for image in one.route.prompt.images):
                raise ClusterError(
                    f"pictures are read from {folder}, which node {without[0].name} does not have",
                    hint="put the project on a drive that all nodes have at the same path, or name pictures by https",
                )
        if asking.grading is not None and any(needs_folder(grader) for grader in asking.grading.graders):
            self._on.note(reason("cluster.graded_here", node=without[0].name))
            return replace(asking, grading=None)
        return asking

    def _ask(self, asking: Asking, folder: Path, run: int) -> list[Outcome]:
        where, refused = self._where(asking.columns)
        assignment = self._assignment(asking, folder, run, n_workers=len(where))
        prepared = prepare(self._shared, assignment, asking.rows(), rows_per_lease=self._section.rows_per_lease)
        names = {column: assignment.name(column) for column in prepared.owed}
        totals = {
            name: asking.repeats * (prepared.columns[column].rows - prepared.columns[column].done)
            for column, name in names.items()
        }
        self._on.expects(totals.items())
        crew = Crew(self._ray, assignment, self._on, elsewhere=not self._here)
        if prepared.owed:
            owed = [_only(place, prepared) for place in where]
            self._follow(crew, assignment, totals, [place for place in owed if place.columns])
        self.spent += spent_of(self._shared, run) or 0
        found = standing(self._shared, assignment)
        if all(one.is_done for one in found):
            forget(self._shared, assignment.work)
        return [self._outcome(one, assignment, crew, refused) for one in found]

    def _follow(self, crew: Crew, assignment: Assignment, totals: Mapping[str, int], where: Sequence[Place]) -> None:
        crew.expects(dict(totals))
        crew.place(where)
        self._on.note(reason("cluster.working", workers=len(where), nodes=len({place.node.id for place in where})))
        try:
            while crew.at_work:
                crew.listen(lambda: all(one.is_done for one in standing(self._shared, assignment)))
                while crew.dead:
                    bury(self._shared, assignment, crew.dead.pop())
                self._pull(at_once=1)
        except (KeyboardInterrupt, BakeoffError):
            crew.stop()
            raise
        crew.end()

    def _assignment(self, asking: Asking, folder: Path, run: int, *, n_workers: int) -> Assignment:
        deadline = None
        if asking.max_minutes is not None:
            deadline = self._shared.database.clock() + 60 * asking.max_minutes
        return Assignment(
            work=asking.work,
            run=run,
            ledger=self._shared.database.name if self._apart else Path(self._shared.database.name).resolve(),
            columns=asking.columns,
            repeats=asking.repeats,
            folder=folder,
            grading=asking.grading,
            max_usd=asking.max_usd,
            deadline=deadline,
            n_workers=max(1, n_workers),
            prices=asking.prices,
            retry_failed=asking.retry_failed,
            lease_seconds=self._section.lease_seconds,
        )

    def _where(self, columns: Sequence[Resolved]) -> tuple[list[Place], dict[int, BakeoffError]]:
        """Who works where, and columns that nobody can work on."""
        refused: dict[int, BakeoffError] = {}
        servers: dict[int, frozenset[str]] = {}
        engines = []
        for column, resolved in enumerate(columns):
            if resolved.base_url is None:
                engines.append(column)
                continue
            candidate = resolved.route.candidate
            able = [node for node in self._nodes if candidate.key is None or candidate.key not in node.no_keys]
            if len(able) < len(self._nodes):
                lacking = [node for node in self._nodes if node not in able]
                facts = {"candidate": candidate.name, "key": candidate.key, "node": lacking[0].name, "n": len(lacking)}
                if able:
                    self._on.note(reason("cluster.no_key", **facts))
                else:
                    refused[column] = KeyMissing(
                        f"{candidate.name}: {candidate.key} is not set on node {lacking[0].name}",
                        hint="set it in the environment of `ray start` on the nodes; keys are never sent to them",
                    )
            if is_loopback(resolved.base_url):
                able = [node for node in able if node.is_here]
            servers[column] = frozenset(node.id for node in able)
        return places(self._nodes, servers, engines, workers=self._section.workers), refused

    @property
    def _here(self) -> bool:
        return all(node.is_here for node in self._nodes)

    def _catch_up(self, columns: Sequence[Resolved]) -> None:
        """Nothing is paid for twice: answers of an earlier driver come here, and those of this project go there."""
        self._pull()
        pushed = self._own.push(self._shared, sorted({one.route.endpoint for one in columns}))
        if pushed:
            self._on.note(reason("cluster.pushed", n=pushed))

    def _pull(self, *, at_once: int | None = None) -> None:
        """Copy what is new into the project's ledger: all of it, or so many batches."""
        done = 0
        while self._apart and (at_once is None or done < at_once):
            more = self._own.pull(self._shared, PULL_ROWS).more
            self._own.fold()  # does nothing before there are very many
            if not more:
                return
            done += 1

    def _outcome(
        self, one: Standing, assignment: Assignment, crew: Crew, refused: Mapping[int, BakeoffError]
    ) -> Outcome:
        name = assignment.name(one.column)
        own = [outcome for outcome in crew.outcomes if outcome.candidate == name]
        answered, failed = crew.counted(name)
        if one.skipped:
            ids = ", ".join(one.skipped[:NAMED])
            self._on.note(reason("cluster.skipped", candidate=name, n=len(one.skipped), rows=ids))
        capped = next((outcome.capped for outcome in own if outcome.capped), None) if not one.is_done else None
        error = None
        if not capped and (not one.is_done or (failed and not answered)):
            errors = [outcome.error for outcome in own if outcome.error is not None]
            if one.column in refused:
                errors.insert(0, refused[one.column])
            error = next(iter([*errors, *crew.errors]), None)
            if error is None and not one.is_done:
                error = ClusterError(
                    f"{name}: {one.rows - one.done:,} of {one.rows:,} rows were not asked",
                    hint="run the same command again: what is done is kept",
                )
        return Outcome(
            name,
            answered,
            one.failed if one.is_done else failed,
            error,
            next((outcome.because for outcome in own if outcome.because), SKIPPED if one.skipped else ""),
            left=assignment.repeats * (one.rows - one.done) if capped else 0,
            capped=capped,
        )


def needs_folder(grader: Grader) -> bool:
    """Whether a grader reads files of the project: without its folder it is another, or none."""
    try:
        return replace(grader, folder=NOWHERE).digest() != grader.digest()
    except (BakeoffError, OSError):
        return True


def _only(place: Place, prepared: Prepared) -> Place:
    """Without the columns that are done."""
    return replace(place, columns=tuple(column for column in place.columns if column in prepared.owed))


@contextmanager
def site_of(
    where: Where, section: ClusterSection, folder: Path, own: Ledger, on: Work, *, keys: Iterable[str]
) -> Iterator[Site]:
    """Join the cluster, or start it, and open the ledger that its workers share.

    Args:
        where: which.
        section: `[cluster]` of the project file.
        folder: of the project.
        own: the project's ledger.
        on: told how it goes on.
        keys: names of the environment variables that workers need.

    Raises:
        UsageError: Ray is not installed, an address is none.
        ClusterError: nobody is there; nodes have other versions; several machines, and no ledger for them.
        StorageError: the ledger cannot be opened.
    """
    address = where.ledger or section.ledger
    if address is not None:
        try:
            check_ledger(address)
        except ValueError as error:
            raise UsageError(f"--ledger: {error}", hint="it looks like postgresql://user@host:5432/database") from None
    # Before the cluster is joined: a wrong address is told at once.
    shared = open_ledger(address) if address is not None else own
    try:
        with RayProcess(where.address, folder / ".bakeoff" / "ray.log") as ray:
            file = Path(own.database.name).resolve()
            nodes = nodes_of(ray, keys=keys, files=[file, folder / FILE_NAME])
            on.note(
                reason(
                    "cluster.ready",
                    nodes=len(nodes),
                    cpus=round(sum(node.cpus for node in nodes)),
                    gpus=round(sum(node.gpus for node in nodes)),
                    seconds=ray.seconds,
                )
            )
            if address is None and not one_machine(nodes, file):
                machines = len({node.boot or node.host for node in nodes})
                raise ClusterError(
                    f"the cluster has {machines} machines that do not share {file}: they need a ledger that all can "
                    "reach",
                    hint='--ledger postgresql://user@host/database, or ledger = "..." under [cluster]: '
                    "docs/guides/cluster.md",
                )
            yield Site(ray, nodes, own, shared, section, on)
    finally:
        if shared is not own:
            shared.close()
