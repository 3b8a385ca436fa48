"""`deploy --check`: run the chosen model as it is going to run, send it one row, and look at what comes back.

A candidate of this machine is started by the command that `deploy` prints, where its program is here; else in the
embedded engine.
"""

import shlex
import shutil
import subprocess
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from bakeoff.errors import BakeoffError, EndpointError, UsageError
from bakeoff.evaluate.client import AskError, Client
from bakeoff.evaluate.engines import EngineParameters
from bakeoff.evaluate.engines.command import start_command
from bakeoff.evaluate.engines.start import LOAD_BYTES_PER_SECOND, READY_SECONDS
from bakeoff.evaluate.order import shuffled
from bakeoff.evaluate.probe import per_token_ms
from bakeoff.evaluate.types import Answer, Row
from bakeoff.fit.plan.plan import Plan
from bakeoff.project.contestants import Contestant, candidate_of
from bakeoff.project.deploying import deployment_for
from bakeoff.project.filling import interruptible
from bakeoff.project.lock import running
from bakeoff.project.project import Project
from bakeoff.project.routes import Resolved, read_key
from bakeoff.project.serving import engine_of
from bakeoff.values import Reason, reason


@dataclass(frozen=True, slots=True)
class Tried:
    """One request to what is going to run in production."""

    candidate: str
    where: str
    """Base URL, or `embedded`."""

    row_id: str
    first_token_ms: float | None
    tokens_per_second: float | None
    """After the first token."""

    output_tokens: int | None
    same: bool | None
    """The text is the one in the ledger; None where the row has no answer there."""

    load_seconds: float | None
    """Of what was started; None where a server ran already."""

    command: str | None = None
    """That was started; None for the embedded engine and for a server that ran already."""


@dataclass(frozen=True, slots=True)
class _Running:
    client: Client
    where: str
    load_seconds: float | None = None
    command: str | None = None


def try_candidate(
    name: str,
    project: Project,
    *,
    engine: str | None = None,
    build: str | None = None,
    users: int | None = None,
    context_tokens: int | None = None,
    note: Callable[[Reason], None] | None = None,
) -> Tried:
    """Start a candidate with the planned parameters, or ask its server, and send one row.

    Args:
        name: of a candidate, or of its model.
        project: whose row is sent.
        engine: that is to serve a candidate of this machine; None: llama.cpp.
        build: another one than the candidate's, for an engine other than llama.cpp.
        users: at the same time, as of `deployment_for`.
        context_tokens: of each.
        note: told what goes on.

    Raises:
        UsageError: no such candidate, or it cannot run here in this way.
        EndpointError, EngineError, KeyMissing, WeightsError: it does not answer.
        BusyError: a run goes on.
    """
    contestant = _contestant(name, project)
    resolved = contestant.resolved
    if resolved is None:
        assert contestant.error is not None
        raise contestant.error
    if resolved.answers is not None:
        raise UsageError(f"{name} is answers from a file: there is nothing to start", hint="name another candidate")
    row, kept = _row(project, contestant)
    plan, command = None, None
    if resolved.base_url is None:
        found = deployment_for(
            name,
            project.folder,
            engine=engine or "llama.cpp",
            build=build if engine not in (None, "llama.cpp") else None,
            users=users,
            context_tokens=context_tokens,
        )
        plan = found.plan
        command = command_here(plan, resolved)

    async def work() -> Tried:
        async with _served(contestant, resolved, plan, command, project.folder, note) as server:
            request = resolved.route.request(row)
            try:
                answer = await server.client.ask(request.path, request.body)
            except AskError as error:
                raise _failed(resolved, error) from error
        per_token = per_token_ms(answer)
        return Tried(
            candidate=contestant.candidate.name,
            where=server.where,
            row_id=row.id,
            first_token_ms=answer.time_to_first_token_ms,
            tokens_per_second=1000 / per_token if per_token else None,
            output_tokens=answer.output_tokens,
            same=None if kept is None else kept.text == answer.text,
            load_seconds=server.load_seconds,
            command=server.command,
        )

    with running(project.folder):
        return interruptible(work)


def _contestant(name: str, project: Project) -> Contestant:
    found = project.contestants()
    for one in found:
        own, entry = one.candidate, candidate_of(one.candidate.name, project.config.candidates)
        if name in (own.name, entry.name, own.model, own.model.rpartition("/")[2]):
            return one
    raise UsageError(
        f"there is no candidate {name!r} in this project, so there is no row to send",
        hint=f"there are: {', '.join(one.candidate.name for one in found)}",
    )


def _row(project: Project, contestant: Contestant) -> tuple[Row, Answer | None]:
    """The first row of the shuffled order that has an answer, with it; else the first row."""
    rows = project.table().rows
    order = [int(i) for i in shuffled(project.table(), project.config.run.seed)]
    if not order:
        raise UsageError(f"{project.config.data.file} has no rows", hint="a check sends one of them")
    assert contestant.digests is not None
    addresses = contestant.digests[0]
    with project.ledger() as ledger:
        stored = ledger.answers(list(dict.fromkeys(addresses)))
    for i in order:
        if addresses[i] in stored:
            return rows[i], stored[addresses[i]].answer
    return rows[order[0]], None


def planned_parameters(plan: Plan) -> EngineParameters:
    """The embedded engine as the plan's `llama-server` command starts it: its slots, context, layers and KV cache.

    Raises:
        UsageError: the plan keeps experts in main memory, which the embedded engine cannot.
    """
    if plan.offload is not None and plan.offload.expert_layers_on_cpu:
        raise UsageError(
            "the plan keeps experts in main memory, and the embedded engine cannot do that",
            hint='put llama-server on the PATH; or start the printed command, and add its URL as a candidate: via = "http://127.0.0.1:8080/v1"',
        )
    slots = max(1, plan.conversations)
    usual = EngineParameters.defaults(n_slots=slots, context_per_slot=plan.context_tokens // slots)
    return EngineParameters(
        threads=usual.threads,
        n_slots=usual.n_slots,
        context_per_slot=usual.context_per_slot,
        kv_type_k="f16",
        kv_type_v="f16",
        n_gpu_layers=sum(plan.offload.gpu_layers) if plan.offload is not None and plan.offload.gpu_layers else None,
    )


def command_here(plan: Plan, resolved: Resolved) -> list[str] | None:
    """The plan's own command with the candidate's model file; None where llama-server is not on this machine.

    Raises:
        UsageError: another engine was asked for, and it is not here or is no server.
    """
    words = shlex.split(plan.command or "")
    if plan.engine == "llama.cpp":
        file = resolved.model_file
        if file is None or shutil.which("llama-server") is None:
            return None
        at = next(i for i, word in enumerate(words) if word in ("-hf", "-m"))
        return [*words[:at], "-m", str(file.path), *words[at + 2 :]]
    if plan.engine not in ("vllm", "sglang"):
        raise UsageError(f"{plan.engine} is no server that can be tried", hint="one of llama.cpp, vllm, sglang")
    if not _is_installed(words):
        raise UsageError(
            f"{plan.engine} is not installed on this machine",
            hint='start it where it runs, and add its URL as a candidate: via = "http://..."',
        )
    return [*words, "--served-model-name", resolved.route.model]


def _is_installed(words: Sequence[str]) -> bool:
    """The program is there; for `python -m PACKAGE.MODULE` the package is."""
    if shutil.which(words[0]) is None:
        return False
    if words[1:2] != ["-m"]:
        return True
    look = "import sys, importlib.util as u; sys.exit(u.find_spec(sys.argv[1]) is None)"
    package = words[2].partition(".")[0]
    return subprocess.run([words[0], "-c", look, package], capture_output=True, check=False).returncode == 0


@asynccontextmanager
async def _served(
    contestant: Contestant,
    resolved: Resolved,
    plan: Plan | None,
    command: Sequence[str] | None,
    folder: Path,
    note: Callable[[Reason], None] | None,
) -> AsyncIterator[_Running]:
    if plan is None:
        assert resolved.base_url is not None
        async with Client(resolved.base_url, key=read_key(contestant.candidate)) as client:
            yield _Running(client, resolved.base_url)
        return
    if command is not None:
        if note is not None:
            note(reason("deployed.starting", command=shlex.join(command)))
        log = folder / ".bakeoff" / "deploy-server.log"
        health = plan.engine == "llama.cpp"
        async with (
            start_command(command, log_path=log, seconds=_longest_start(plan), health=health) as server,
            Client(server.base_url) as client,
        ):
            yield _Running(client, server.base_url, server.load_seconds, shlex.join(command))
        return
    if note is not None:
        note(reason("engine.starting", candidate=contestant.candidate.name))
    async with (
        engine_of(resolved, folder, log="deploy", parameters=planned_parameters(plan)) as engine,
        Client(engine.base_url) as client,
    ):
        yield _Running(client, "embedded", engine.load_seconds)


def _longest_start(plan: Plan) -> float:
    """Seconds, weights that must be downloaded included, as the embedded engine is given for a slow disk."""
    size = plan.file_bytes.high if plan.file_bytes is not None else 0.0
    return READY_SECONDS + size / LOAD_BYTES_PER_SECOND


def _failed(resolved: Resolved, error: AskError) -> BakeoffError:
    where = resolved.base_url or "the embedded engine"
    return EndpointError(f"{where}: {error.detail}", hint="is it running, and is the candidate's `via` its address?")
