"""The verb `probe`: what answers for a URL or a candidate, measured at more and more requests at once, and kept."""

import secrets
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bakeoff.errors import BakeoffError, EndpointError, KeyMissing, UsageError
from bakeoff.evaluate.client import AskError, Client
from bakeoff.evaluate.engines import EngineParameters
from bakeoff.evaluate.probe import LEVELS, Api, Level, Limits, Load, broken, highest, probe
from bakeoff.evaluate.request import PATHS
from bakeoff.evaluate.run import Progress
from bakeoff.evaluate.store import Finding
from bakeoff.evaluate.types import Candidate
from bakeoff.needs import Needs
from bakeoff.project.contestants import candidate_of
from bakeoff.project.filling import interruptible
from bakeoff.project.listening import Listener
from bakeoff.project.needs import read_needs
from bakeoff.project.planning import chosen_names
from bakeoff.project.project import Project
from bakeoff.project.routes import Resolved, read_key
from bakeoff.project.serving import engine_of
from bakeoff.report.stages import ProbeFacts
from bakeoff.values import Reason, from_json, reason, to_json

KIND = "probe"
"""Of the ledger's findings."""

EMBEDDED_LEVELS = (1, 2, 4, 8)
"""Each request at a time takes a slot with its own context in the embedded engine."""

SLACK_TOKENS = 256
"""Of context, for the chat template and for words that are more than one token."""

NOT_MEASURED = ("stop", "response_format", "json_schema", "grammar", "max_tokens", "max_completion_tokens", "seed")
"""Parameters that would end or shape the answers; what is measured is writing so many tokens."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What to measure."""

    levels: tuple[int, ...] | None = None
    """Rising; None takes 1 to 64, for the embedded engine 1 to 8."""

    requests: int | None = None
    prompt_tokens: int | None = None
    """None takes the needs'."""

    output_tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Probed:
    """What a probe found."""

    target: str
    """The URL, or the candidate's name."""

    where: str
    """Base URL, or `embedded`."""

    model: str
    prompt_tokens: int
    """Asked for; what the server counted is in the levels."""

    output_tokens: int
    limits: Limits
    levels: tuple[Level, ...]

    @property
    def highest(self) -> int | None:
        """The most requests at a time that kept everything; None where not even one did."""
        return highest(self.levels)


@dataclass(frozen=True, slots=True)
class _Target:
    name: str
    endpoint: str
    base_url: str | None
    model: str
    api: Api
    parameters: dict[str, Any]
    key: str | None
    resolved: Resolved | None
    """Of a candidate; None for a bare URL."""


def probe_target(
    target: str,
    folder: Path,
    wanted: Wanted,
    *,
    model: str | None = None,
    key: str | None = None,
    on_level: Callable[[Level], None] | None = None,
    note: Callable[[Reason], None] | None = None,
    listener: Listener | None = None,
) -> Probed:
    """Measure a server.

    Args:
        target: a base URL up to `/v1`, or the name of a candidate.
        folder: of the project; for a URL it need not be one, its needs count where it is.
        wanted: levels and sizes.
        model: id in the requests to a URL; None takes the only one that the server offers.
        key: name of the environment variable with the key for a URL.
        on_level: told each level when it is done.
        note: told what goes on.
        listener: told when the project is held for a candidate's measurement, and each level as a cell.

    Raises:
        UsageError: no such candidate, or the server offers several models.
        EndpointError, KeyMissing: not even one request is answered.
        BusyError, EngineError, WeightsError: of a candidate of this machine.
    """
    bare = target.startswith(("http://", "https://"))
    project = None if bare else Project(folder, listener=listener)
    one = _url(target, model, key) if project is None else _candidate(project, target)
    needs = read_needs(folder) or Needs()
    prompt, output = wanted.prompt_tokens or needs.prompt_tokens, wanted.output_tokens or needs.output_tokens
    levels = wanted.levels or (LEVELS if one.base_url is not None else EMBEDDED_LEVELS)
    limits = limits_of(needs)

    steps = Progress(one.name, len(levels))

    def level_done(level: Level) -> None:
        steps.done += 1
        if project is not None:
            project.listener.progress(steps)
        if on_level is not None:
            on_level(level)

    async def work() -> Probed:
        async with _served(one, levels, prompt + output, folder, note) as client:
            asked = one if one.model else replace(one, model=await _only_model(client, target))
            load = Load(asked.api, asked.model, prompt, output, secrets.token_hex(8), asked.parameters)
            try:
                found = await probe(
                    lambda body: client.ask(PATHS[asked.api], body),
                    load,
                    levels=levels,
                    requests=wanted.requests,
                    limits=limits,
                    on_level=level_done,
                )
            except AskError as error:
                raise _failed(one, error) from error
        return Probed(one.name, one.base_url or "embedded", asked.model, prompt, output, limits, found)

    if project is None:
        return interruptible(work)
    said = {"candidate": target, "levels": list(levels), "prompt_tokens": prompt, "output_tokens": output}
    with project.at_work("probe", said | {"requests": wanted.requests}) as held:
        held.expects([(one.name, len(levels))])
        probed = interruptible(work)
        with project.ledger() as ledger:
            ledger.record_finding(KIND, one.endpoint, to_json(probed) | {"highest": probed.highest})
    return probed


def _url(target: str, model: str | None, key: str | None) -> _Target:
    secret = read_key(Candidate(name=target, model=model or "", via=target, key=key))
    return _Target(target, target, target.rstrip("/"), model or "", "chat", {"temperature": 0.0}, secret, None)


def _candidate(project: Project, name: str) -> _Target:
    found = project.contestants()
    names = [one.candidate.name for one in found]
    chosen = chosen_names([name], [candidate_of(one, project.config.candidates).name for one in names], names)
    contestant = next(one for one in found if one.candidate.name in chosen)
    resolved = contestant.resolved
    if resolved is None:
        assert contestant.error is not None
        raise contestant.error
    route = resolved.route
    if route.api == "file":
        raise UsageError(f"{name} is answers from a file: there is no server to measure", hint="name another candidate")
    parameters = {key: value for key, value in route.parameters.items() if key not in NOT_MEASURED}
    if resolved.base_url is None:
        parameters["ignore_eos"] = True  # llama.cpp's server: write all tokens, whatever the model wants to say
    key = read_key(contestant.candidate) if resolved.base_url is not None else None
    return _Target(name, route.endpoint, resolved.base_url, route.model, route.api, parameters, key, resolved)


async def _only_model(client: Client, target: str) -> str:
    try:
        offered = await client.models(reach=True)
    except AskError as error:
        raise EndpointError(
            f"{target} cannot be reached: {error.detail}", hint="is the server running, and is the port right?"
        ) from None
    if len(offered) == 1:
        return offered[0]
    if not offered:
        raise UsageError(f"{target} does not say which models it has", hint="name one with --model")
    listed = ", ".join(offered[:20])
    raise UsageError(f"{target} offers {len(offered)} models", hint=f"name one with --model: {listed}")


@asynccontextmanager
async def _served(
    one: _Target, levels: Sequence[int], tokens: int, folder: Path, note: Callable[[Reason], None] | None
) -> AsyncIterator[Client]:
    """A client of the target; the embedded engine is started with a slot for each request at a time."""
    most = max(levels)
    if one.base_url is not None:
        async with Client(one.base_url, key=one.key, connections=most) as client:
            yield client
        return
    resolved = one.resolved
    assert resolved is not None
    parameters = EngineParameters.defaults(n_slots=most, context_per_slot=tokens + SLACK_TOKENS)
    if note is not None:
        note(reason("engine.starting", candidate=one.name))
    async with (
        engine_of(resolved, folder, log="probe", parameters=parameters) as engine,
        Client(engine.base_url, connections=most) as client,
    ):
        yield client


def _failed(one: _Target, error: AskError) -> BakeoffError:
    message = f"{one.name}: {error.detail}"
    if error.kind == "key":
        return KeyMissing(message, hint="name the environment variable that holds the key with --key")
    return EndpointError(message, hint="is it running, does the address end in /v1, is the model's id right?")


def latest(project: Project) -> list[tuple[str, Finding]]:
    """(candidate, its last measurement as it is set up now), of those that have one."""
    with project.ledger() as ledger:
        by_endpoint = {one.about: one for one in ledger.findings(KIND)}
    return [
        (one.candidate.name, by_endpoint[one.resolved.route.endpoint])
        for one in project.contestants()
        if one.resolved is not None
        and one.resolved.route.endpoint in by_endpoint
        and by_endpoint[one.resolved.route.endpoint].value.get("model") == one.resolved.route.model
    ]


def limits_of(needs: Needs | None) -> Limits:
    """What the needs ask of speed."""
    if needs is None:
        return Limits()
    return Limits(needs.max_time_to_first_token_ms, needs.min_decode_tokens_per_second)


def probe_facts(project: Project) -> tuple[ProbeFacts, ...]:
    """The last measurement of each candidate as it is set up now, held against the needs of now."""
    limits, found = limits_of(project.config.needs), dict[str, ProbeFacts]()
    for name, finding in latest(project):
        candidate = candidate_of(name, project.config.candidates).name  # its variants of the prompt share a server
        kept = from_json(Probed, finding.value)
        levels = tuple(replace(level, broken=tuple(broken(level, limits))) for level in kept.levels)
        found[candidate] = ProbeFacts(
            candidate, finding.at[:10], kept.prompt_tokens, kept.output_tokens, limits, levels
        )
    return tuple(found.values())
