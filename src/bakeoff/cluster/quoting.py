"""From a project and machines to a quote: what is asked of whom, how long it is, and what is there already.

Goes through the rows once and keeps a sample, so that memory does not grow with them. Asks no model.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from statistics import fmean

from bakeoff.catalog.builds import parse_build
from bakeoff.catalog.model import Model
from bakeoff.cluster.limits import LedgerKind
from bakeoff.cluster.machines import Group
from bakeoff.cluster.quote import quote
from bakeoff.cluster.quoted import ClusterQuote, Place, Subject
from bakeoff.cluster.sampling import Sample, count_of, mean_of, sample
from bakeoff.cluster.speeds import speed_on
from bakeoff.cost.asking import model_named
from bakeoff.cost.power import tariff
from bakeoff.errors import BakeoffError, UsageError
from bakeoff.evaluate.caps import longest_output
from bakeoff.evaluate.request import build_request
from bakeoff.evaluate.run import Route
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Candidate, Prompt, Row
from bakeoff.project import Project
from bakeoff.project.config import Config
from bakeoff.project.contestants import entries, named
from bakeoff.project.filling import settled
from bakeoff.project.planning import RunOptions, check_ids, chosen_names, wanted_rows
from bakeoff.project.pricing import price_of
from bakeoff.project.quoting import BYTES_PER_TOKEN
from bakeoff.project.routes import GetWeights, Resolved, resolve
from bakeoff.values import Estimate, Reason, reason
from bakeoff.weights import cached

MOST_MEASURED = 1000
"""Answers of a column, the latest, from which lengths and times are taken."""

FEWEST_MEASURED = 2


@dataclass(frozen=True, slots=True)
class Asked:
    """A column, as far as it can be resolved without fetching anything."""

    name: str
    candidate: Candidate
    route: Route
    resolved: Resolved | None
    """None where the model's file is not on this machine: its calls are then taken to be chat messages."""


def quote_on(
    project: Project,
    options: RunOptions,
    groups: Sequence[Group],
    *,
    workers: int | None = None,
    ledger: LedgerKind | None = None,
    electricity: str | None = None,
    on_gpus: bool = False,
) -> ClusterQuote:
    """What a run on these machines would ask, take and cost, and what limits it. Asks no model, downloads nothing.

    Args:
        project: whose rows, prompt and candidates are counted.
        options: of the run; `max_minutes` is the deadline.
        groups: the machines.
        workers: processes that make calls; None: as many on each machine as `[cluster]` says.
        ledger: the shared one; None: PostgreSQL on several machines or where `[cluster]` names it, else the project's
            own file.
        electricity: US dollars per kWh, or a country; None: that of `[cost]`, else a usual one.
        on_gpus: models of the catalog that would run on the machines, or on a server of one's own, are counted as
            served by vLLM on the machines' GPUs.

    Raises:
        UsageError: no such rows or candidate.
        DataError: the data cannot be read.
    """
    config = settled(project.config, options)
    asked, notes = _asked(project, config, options)
    machines = sum(group.count for group in groups)
    with project.ledger() as kept:
        measured = {one.name: kept.recent_lengths(one.name, one.route.endpoint, MOST_MEASURED) for one in asked}
        ids = {row_id for found in measured.values() for row_id, *_ in found}
        some, rows = _rows(project, options, ids)
        subjects = [_subject(one, some, rows, measured[one.name], kept, config, options) for one in asked]
    if on_gpus:
        subjects = [_on_gpus(one, subject) for one, subject in zip(asked, subjects, strict=True)]
    elif any(group.machine.accelerators for group in groups):
        idle = [one.name for one in subjects if one.place == "engine"]
        notes += [reason("cluster.gpus_idle", models=idle)] if idle else []
    found = quote(
        subjects,
        groups,
        speed_on,
        rows=rows,
        looked_at=min(len(some.taken), rows),
        row_bytes=fmean(_row_bytes(row) for row in some.taken) if some.taken else 0.0,
        repeats=config.run.repeats,
        workers=workers or machines * config.cluster.workers,
        ledger=ledger or ("sqlite" if machines == 1 and config.cluster.ledger is None else "postgresql"),
        tariff=tariff(electricity if electricity is not None else config.cost.electricity),
        deadline_minutes=config.run.max_minutes,
    )
    return replace(found, notes=(*notes, *found.notes))


# who


def _asked(project: Project, config: Config, options: RunOptions) -> tuple[list[Asked], list[Reason]]:
    """The columns that a model is asked for, and what is wrong with the others."""
    pairs = list(entries(config))
    columns = [named(candidate, prompt).name for candidate, prompt in pairs]
    chosen = chosen_names(options.only, [candidate.name for candidate, _ in pairs], columns)
    found, notes = [], []
    for (candidate, prompt), name in zip(pairs, columns, strict=True):
        if name not in chosen or candidate.via == "file":
            continue
        try:
            resolved = resolve(candidate, config, _cached(project), prompt=prompt)
            found.append(Asked(name, candidate, resolved.route, resolved))
        except BakeoffError as error:
            if candidate.via == "embedded" and _model(candidate) is not None:
                found.append(Asked(name, candidate, _unseen(candidate, config, prompt), None))
            else:
                notes.append(reason("candidate.unavailable", candidate=name, error=error.message))
    return found, notes


def _cached(project: Project) -> GetWeights:
    return lambda model, build: cached(model, build, base=project.folder)


def _unseen(candidate: Candidate, config: Config, prompt: Prompt) -> Route:
    """How a model is asked whose file is not here yet."""
    return Route(
        candidate=candidate,
        endpoint="",
        build=candidate.build or "",
        api="chat",
        model=candidate.model,
        prompt=prompt,
        parameters=dict(candidate.parameters),
        folder=config.folder,
    )


def _model(candidate: Candidate) -> Model | None:
    try:
        return model_named(candidate.model)
    except BakeoffError:
        return None


# which rows


def _rows(project: Project, options: RunOptions, ids: set[str]) -> tuple[Sample, int]:
    """A sample of the rows that are asked, and how many these are."""
    wanted, rows = wanted_rows(options.rows), project.table().rows
    if isinstance(wanted, frozenset):
        some = sample((row for row in rows if row.id in wanted), ids=ids | wanted)
        check_ids(wanted, some.known)
        return some, some.rows
    some = sample(rows, ids=ids)
    return some, some.rows if wanted is None else min(wanted, some.rows)


def _row_bytes(row: Row) -> int:
    return sum(len(str(value).encode("utf-8", "surrogatepass")) for value in row.values.values())


# what of each


def _subject(
    asked: Asked,
    some: Sample,
    rows: int,
    measured: Sequence[tuple[str, str, int, int, float]],
    ledger: Ledger,
    config: Config,
    options: RunOptions,
) -> Subject:
    route, repeats = asked.route, config.run.repeats
    bodies = [len(route.request(row).body) for row in some.taken]
    lengths = _still_the_same(route, measured, some.known)
    owed, kept = _calls(asked, some, rows, repeats, ledger, retry_failed=options.retry_failed)
    prompt, output, latency = _lengths(route, bodies, lengths, some.rows)
    price = price_of(asked.candidate, asked.resolved, config.prices) if asked.resolved is not None else None
    place = _place(asked)
    return Subject(
        name=asked.name,
        place=place,
        calls=owed,
        kept=kept,
        prompt_tokens=prompt,
        output_tokens=output,
        request_bytes=fmean(bodies) if bodies else 0.0,
        price=price,
        latency_seconds=latency,
        concurrency=asked.candidate.concurrency,
        requests_per_minute=asked.candidate.requests_per_minute,
        model=_planned(asked) if place == "engine" else None,
        build=asked.candidate.build,
    )


def _place(asked: Asked) -> Place:
    if asked.resolved is None or asked.resolved.base_url is None:
        return "engine"
    return "local" if asked.resolved.local else "server"


def _on_gpus(asked: Asked, subject: Subject) -> Subject:
    """Served by vLLM; a provider, whose address is known or whose tokens have a price, stays as it is."""
    own = asked.candidate.via.startswith(("http://", "https://")) and subject.price is None
    model = _model(asked.candidate)
    if subject.place == "server" and not (own and model is not None):
        return subject
    build = _for_vllm(asked.candidate.build)
    return replace(subject, place="replicas", model=model, build=build, latency_seconds=None)


def _for_vllm(text: str | None) -> str | None:
    """The build, where vLLM runs it; else `fit` takes the best: a GGUF file is none, nor is a server's description."""
    try:
        build = parse_build(text) if text is not None else None
    except UsageError:
        return None
    return None if build is None or build.format == "gguf" else text


def _planned(asked: Asked) -> Model | None:
    """What `fit` plans with: the file itself where it is here."""
    if asked.resolved is not None and asked.resolved.model_file is not None:
        return model_named(str(asked.resolved.model_file.path))
    return _model(asked.candidate)


def _still_the_same(
    route: Route, measured: Sequence[tuple[str, str, int, int, float]], known: Mapping[str, Row]
) -> list[tuple[int, int, float]]:
    """Lengths of the answers whose request would be the same today."""
    return [
        (prompt, output, milliseconds)
        for row_id, digest, prompt, output, milliseconds in measured
        if row_id in known and route.digest(known[row_id]) == digest
    ]


def _calls(
    asked: Asked, some: Sample, rows: int, repeats: int, ledger: Ledger, *, retry_failed: bool
) -> tuple[Estimate, Estimate]:
    """(owed, kept): exact where every row was looked at; rows with equal requests then count once."""
    taken = some.taken
    if asked.resolved is None:
        whole = Estimate.exact(float(rows * repeats), source="estimated", detail="the model's file is not here")
        return whole, Estimate.exact(0.0, source="estimated", detail="the model's file is not here")
    addresses = [asked.route.digest(row, repeat=repeat) for row in taken for repeat in range(repeats)]
    if some.is_whole and rows == some.rows:
        addresses = list(dict.fromkeys(addresses))
    answered = ledger.answered(addresses)
    there = sum(address in answered for address in addresses)
    total = len(addresses) if some.is_whole and rows == some.rows else rows * repeats
    detail = f"{len(taken)} of {some.rows} rows looked at"
    kept = count_of(there, len(addresses), total, detail=detail)
    if not there and not ledger.count_answers(asked.name):
        kept = Estimate.exact(0.0, source="measured", detail="no answer yet")
    if retry_failed:
        failed = ledger.failures(addresses)
        return count_of(sum(one in failed for one in addresses), len(addresses), total, detail=detail), kept
    return replace(kept, value=total - kept.value, low=total - kept.high, high=total - kept.low), kept


def _lengths(
    route: Route, bodies: Sequence[int], measured: Sequence[tuple[int, int, float]], total: int
) -> tuple[Estimate, Estimate | None, Estimate | None]:
    """Tokens of a prompt, tokens of an answer, seconds of a call."""
    if len(measured) >= FEWEST_MEASURED:
        detail = f"mean of {len(measured)} answers so far"
        prompt, output, seconds = (
            mean_of([one[place] * scale for one in measured], total, source="measured", detail=detail)
            for place, scale in ((0, 1.0), (1, 1.0), (2, 1e-3))
        )
        return prompt, output, seconds
    bare = _bare_bytes(route)
    size = mean_of([max(0, body - bare) for body in bodies] or [0.0], total, source="estimated", detail="")
    usual, fewest, most = BYTES_PER_TOKEN
    prompt = Estimate(
        size.value / usual, size.low / fewest, size.high / most, "estimated", "4 bytes of text a token, 2 to 6"
    )
    longest = longest_output(route.parameters)
    if longest is None:
        return prompt, None, None
    least = float(min(1, longest))
    return prompt, Estimate(float(longest), least, float(longest), "estimated", "at most max_tokens an answer"), None


def _bare_bytes(route: Route) -> int:
    """Of a request without any text in it."""
    nothing = Prompt(user="")
    bare = build_request(nothing, Row("", 1, {}), api=route.api, model=route.model, parameters=route.parameters)
    return len(bare.body)
