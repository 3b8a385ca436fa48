"""The verbs `run` and `judge` on a cluster: the same project, rows and results; only the work is elsewhere."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from bakeoff.cluster.assignment import Grading
from bakeoff.cluster.leases import forget
from bakeoff.cluster.machines import Group, as_found, grouped
from bakeoff.cluster.nodes import nodes_of
from bakeoff.cluster.ray_process import RayProcess
from bakeoff.cluster.settled import all_answered
from bakeoff.cluster.site import Asking, Site, Where, site_of
from bakeoff.errors import UsageError
from bakeoff.evaluate.columns import check_targets, grading_identity
from bakeoff.evaluate.order import Order, shuffled
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Row, Table
from bakeoff.project import Project
from bakeoff.project.config import Config
from bakeoff.project.contestants import Contestant, candidate_of, contestants, resolved_only
from bakeoff.project.filling import settled
from bakeoff.project.judging import ask, caps_of, session
from bakeoff.project.planning import Job, RunOptions, chosen_names, chosen_rows
from bakeoff.project.pricing import check_prices, price_of
from bakeoff.project.routes import GetWeights, Resolved
from bakeoff.project.running import Outcome
from bakeoff.project.taken import take_answers
from bakeoff.project.working import Work
from bakeoff.values import reason, to_json
from bakeoff.version import __version__
from bakeoff.weights import get


def run_on_cluster(project: Project, options: RunOptions, where: Where) -> list[Outcome]:
    """Fill the cells that are missing, with the machines of a Ray cluster. As `Project.run`.

    Args:
        project: opened.
        options: which rows and candidates, how often, under which caps.
        where: the cluster, and the ledger that its workers share.

    Raises:
        UsageError: Ray is not installed; a race; no such rows or candidate.
        ClusterError: nobody is there, nodes have other versions, no worker can go on.
        BusyError, Interrupted, StorageError: as of `Project.run`.
    """
    if options.race:
        raise UsageError("--race does not go with --on-cluster", hint="a race asks block by block on one machine")
    project.config = settled(project.config, options)
    config = project.config
    with project.at_work("run", None) as work, project.ledger() as ledger:
        table = project.table(fetch=True)
        check_targets(config.graders, table)
        found = resolved_only(config, _getting(project, work))
        outcomes = [Outcome(one.candidate.name, 0, 0, one.error) for one in found if one.error is not None]
        outcomes += _taken(config, table, ledger, work)
        asked = _asked(found, config, options)
        if asked:
            order = chosen_rows(options.rows, shuffled(table, config.run.seed), table)
            asking = _asking(project, asked, table, order, options)
            routes = [one.route for one in asking.columns]
            if all_answered(routes, asking.rows(), count=len(order), repeats=asking.repeats, ledger=ledger):
                forget(ledger, asking.work)  # where an earlier command was killed between the last answer and its end
                outcomes += [Outcome(one.candidate.name, 0, 0, None) for one in asked]
                work.note(reason("cluster.all_answered"))
                work.ended(outcomes)
                return outcomes
            keys = {key for one in asked if (key := one.candidate.key) is not None}
            folder = project.folder.resolve()
            with site_of(where, config.cluster, folder, ledger, work, keys=keys) as site:
                manifest = _manifest(project, asking, table, len(order), where.address)
                outcomes += site.ask(asking, folder, manifest)
        work.ended(outcomes)
    return outcomes


def judge_on_cluster(
    project: Project,
    where: Where,
    *,
    rows: int | None = None,
    max_cost_usd: Decimal | None = None,
    max_minutes: float | None = None,
) -> list[Outcome]:
    """Ask the project's judges what is missing, with the machines of a Ray cluster. As `Project.judge`.

    Args:
        project: opened.
        where: the cluster, and the ledger that its workers share.
        rows: judge so many rows instead of what the project file says.
        max_cost_usd: cap of all judges and rounds together.
        max_minutes: likewise.

    Raises:
        ProjectError: as of `Project.judge`.
        UsageError, ClusterError, BusyError, Interrupted, StorageError: as of `run_on_cluster`.
    """
    with project.at_work("judge", None) as work, project.ledger() as ledger:
        asked = session(project.config, project.table(), project.columns(), _getting(project, work), rows=rows)
        caps = caps_of(asked, project.config.run, max_cost_usd=max_cost_usd, max_minutes=max_minutes)
        money = max_cost_usd if max_cost_usd is not None else project.config.run.max_cost_usd
        keys = {key for judge in asked.judges if (key := judge.candidate.key) is not None}
        folder = project.folder.resolve()
        joined: list[Site] = []
        with ExitStack() as stack:

            def make(jobs: Sequence[Job], table: Table) -> list[Outcome]:
                """Called where there is something to ask; only then is the cluster joined."""
                if not joined:
                    section = project.config.cluster
                    joined.append(stack.enter_context(site_of(where, section, folder, ledger, work, keys=keys)))
                return [
                    _judge(project, joined[0], job, table, money=money, seconds=caps.seconds_left()) for job in jobs
                ]

            outcomes = ask(asked, ledger, make)
        if asked.judges and not joined:
            work.note(reason("cluster.all_answered"))
        work.ended(outcomes)
        return outcomes


def machines_at(project: Project, where: Where) -> tuple[Group, ...]:
    """The machines of a cluster, equal ones together, for a quote.

    Raises:
        UsageError, ClusterError: as of `run_on_cluster`.
    """
    with RayProcess(where.address, project.folder.resolve() / ".bakeoff" / "ray.log") as ray:
        nodes = nodes_of(ray, machines=True)
    machines = {node.boot or node.id: node for node in nodes}.values()  # two nodes may be one machine
    return grouped([as_found(one.machine, here=one.is_here) for one in machines if one.machine is not None])


def _judge(
    project: Project, site: Site, job: Job, table: Table, *, money: Decimal | None, seconds: float | None
) -> Outcome:
    """One judge's questions of one round, with what is left of the caps."""
    places = [index for _, index in job.calls]
    left_usd = None if money is None else money - site.spent
    if seconds == 0:
        return Outcome(job.name, 0, 0, None, left=len(places), capped="time")
    if left_usd is not None and left_usd <= 0 and job.price is not None:
        return Outcome(job.name, 0, 0, None, left=len(places), capped="cost")
    folder = project.folder.resolve()
    asking = Asking(
        columns=(_absolute(job.resolved, folder),),
        prices=(job.price,),
        data=table.digest,
        chosen=f"judge {[table.rows[index].id for index in places]}",
        # Criteria are objects of ours, which templates see as they see tables of names.
        rows=lambda: (replace(row, values=to_json(row.values)) for row in map(table.rows.__getitem__, places)),
        max_usd=left_usd,
        max_minutes=None if seconds is None else seconds / 60,
    )
    manifest = {"bakeoff": __version__, "data": table.digest, "judge": job.name, "owed": len(places)}
    (outcome,) = site.ask(asking, folder, manifest)
    return outcome


def _getting(project: Project, work: Work) -> GetWeights:
    return lambda model, build: get(model, build, progress=work.download, note=work.note, base=project.folder)


def _taken(config: Config, table: Table, ledger: Ledger, work: Work) -> list[Outcome]:
    """Answers that came by file go into the project's own ledger, and nowhere else."""
    files = tuple(candidate for candidate in config.candidates if candidate.via == "file")
    if not files:
        return []

    def none(model: str, build: str | None) -> Any:
        raise AssertionError(f"{model} {build}: a candidate from a file has no weights")

    return take_answers(contestants(replace(config, candidates=files), table, none), table, ledger, work)


def _asked(found: Sequence[Contestant], config: Config, options: RunOptions) -> list[Contestant]:
    """Who is asked.

    Raises:
        UsageError: no such candidate.
        ProjectError: a cap on money, and a price is not known.
    """
    columns = [one.candidate.name for one in found]
    names = chosen_names(options.only, [candidate_of(name, config.candidates).name for name in columns], columns)
    chosen = [one for one in found if one.candidate.name in names]
    if config.run.max_cost_usd is not None:
        check_prices(chosen, config.prices)
    return [one for one in chosen if one.resolved is not None and one.resolved.answers is None]


def _asking(project: Project, asked: Sequence[Contestant], table: Table, order: Order, options: RunOptions) -> Asking:
    config, folder = project.config, project.folder.resolve()
    resolved = [one.resolved for one in asked if one.resolved is not None]
    ids = [config.data.id, config.data.group]
    return Asking(
        columns=tuple(_absolute(one, folder) for one in resolved),
        prices=tuple(price_of(one.candidate, found, config.prices) for one, found in zip(asked, resolved, strict=True)),
        data=table.digest,
        chosen=f"{ids} seed {config.run.seed} rows {options.rows}",
        rows=lambda: _in_order(table, order),
        repeats=config.run.repeats,
        grading=_grading(config, table, folder),
        retry_failed=options.retry_failed,
        max_usd=config.run.max_cost_usd,
        max_minutes=config.run.max_minutes,
    )


def _in_order(table: Table, order: Order) -> Iterator[Row]:
    return (table.rows[int(index)] for index in order)


def _absolute(resolved: Resolved, folder: Path) -> Resolved:
    """A worker has another working folder."""
    route = resolved.route
    return resolved if route.folder is None else replace(resolved, route=replace(route, folder=folder))


def _grading(config: Config, table: Table, folder: Path) -> Grading | None:
    """What workers need to grade; None where there is nothing to grade by."""
    if not config.graders:
        return None
    settled_graders = tuple(replace(grader.with_labels(table.rows), folder=folder) for grader in config.graders)
    return Grading(
        graders=settled_graders,
        prompt=config.prompt,
        data=table.digest,
        identity=grading_identity(settled_graders, table.digest),
    )


def _manifest(project: Project, asking: Asking, table: Table, n_rows: int, address: str) -> Mapping[str, Any]:
    """What the run is going to do, for the ledger."""
    return {
        "bakeoff": __version__,
        "data": table.digest,
        "prompt": project.prompt_digest(),
        "cluster": address,
        "rows": n_rows,
        "repeats": asking.repeats,
        "candidates": {
            one.route.candidate.name: {
                "endpoint": one.route.endpoint,
                "owed": n_rows * asking.repeats,  # at most: who has which answers is found out by the workers
                "local": one.local,
                "price": None if price is None else to_json(price),
            }
            for one, price in zip(asking.columns, asking.prices, strict=True)
        },
    }
