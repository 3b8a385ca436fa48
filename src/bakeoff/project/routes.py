"""From a candidate in the project file to a route: which file, which engine parameters, which bytes.

Two candidates are the same call only when everything that can change an answer is the same: the model file's
digest, the engine's version and the parameters that change its arithmetic, or the server's address.
"""

import hashlib
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from importlib.metadata import version
from typing import TYPE_CHECKING
from urllib.parse import urlsplit, urlunsplit

from bakeoff.addresses import is_loopback
from bakeoff.errors import DataError, KeyMissing, ProjectError
from bakeoff.evaluate.exchange.answers import read_answers
from bakeoff.evaluate.request import ResolvedApi
from bakeoff.evaluate.run import Route
from bakeoff.evaluate.types import Answer, Candidate, Prompt
from bakeoff.headers.gguf import read_header
from bakeoff.project.asking import LLAMA_CPP, model_id, preset_of, sent_parameters
from bakeoff.project.config import Config
from bakeoff.project.keys import stored_key
from bakeoff.project.presets import Preset, base_url, presets

if TYPE_CHECKING:
    from bakeoff.evaluate.engines import EngineParameters
    from bakeoff.weights import ModelFile

DEFAULT_CONTEXT_TOKENS = 4096
"""Context per request of the embedded engine; less where the model was trained on less."""

REMOTE_CONCURRENCY = 8
"""Requests in flight to a server elsewhere. On this machine one at a time, so that latency is not queueing."""

GetWeights = Callable[[str, str | None], "ModelFile"]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A candidate that can be run."""

    route: Route
    base_url: str | None
    """None: the embedded engine is started for it, or its answers are there already."""

    model_file: "ModelFile | None"
    engine: "EngineParameters | None"
    concurrency: int
    timeout_seconds: float | None

    preset: Preset | None = None
    """What is known of the server."""

    context_tokens: int | None = None
    """That the project file asks for, or that the embedded engine is started with."""

    chat_template: bool | None = None
    """The model file has one; None where the file is not ours."""

    answers: Mapping[str, Answer] | None = None
    """Row id to answer, where they were made elsewhere and nothing is asked."""

    probe: bool = False
    """Look at it before its rows are asked."""

    @property
    def local(self) -> bool:
        """It works on this machine, so that nothing else should run beside it."""
        if self.base_url is None:
            return self.answers is None
        return is_loopback(self.base_url)


def resolve(candidate: Candidate, config: Config, get: GetWeights, *, prompt: Prompt | None = None) -> Resolved:
    """Find the model file or the server, and settle all that decides the answers.

    Args:
        candidate: as in the project file.
        config: the project file.
        get: finds a model file; may download, or only look.
        prompt: the variant that is asked; None takes the first.

    Raises:
        ProjectError: settings contradict each other, or the server is known not to follow them.
        WeightsError, NetworkError, KeyMissing: from `get`.
        DataError: the file with the answers cannot be read.
    """
    asked = own_prompt(prompt or config.prompt, candidate)
    if candidate.via == "file":
        return _from_file(candidate, config, asked)
    if candidate.via == "embedded":
        return _embedded(candidate, config, get, asked)
    return _remote(candidate, config, asked)


def own_prompt(prompt: Prompt, candidate: Candidate) -> Prompt:
    """The prompt with the candidate's own system template, where it has one."""
    return prompt if candidate.system is None else replace(prompt, system=candidate.system)


def _embedded(candidate: Candidate, config: Config, get: GetWeights, prompt: Prompt) -> Resolved:
    if prompt.images:
        raise ProjectError(
            f"{candidate.name}: the embedded engine cannot look at pictures yet: it loads no projector (mmproj)",
            hint='start the model with llama-server --mmproj FILE and write via = "llama-server"',
        )
    file = get(candidate.model, candidate.build)
    header = read_header(file.path)
    api: ResolvedApi = "completions"
    if candidate.api == "chat" or (candidate.api == "auto" and header.chat_template is not None):
        api = "chat"
    context = config.contexts.get(candidate.name) or min(DEFAULT_CONTEXT_TOKENS, header.context_length or 1 << 30)
    concurrency = candidate.concurrency or 1
    from bakeoff.evaluate.engines import EngineParameters, engine_digest

    engine = EngineParameters.defaults(n_slots=concurrency, context_per_slot=context)
    build = (candidate.build or header.file_type or "gguf").removeprefix("gguf:")
    own = presets()[LLAMA_CPP]
    route = Route(
        candidate=candidate,
        endpoint="embedded:" + engine_digest(engine, model_sha256=file.sha256, version=version("xllamacpp")),
        build=f"{build} {file.sha256[:12]}",
        api=api,
        model=candidate.model,
        prompt=prompt,
        # Without `cache_prompt`, answers at temperature 0 depend on the requests before (docs/concepts/engine.md).
        parameters={
            **sent_parameters(candidate, own, folder=config.folder, chat=api == "chat"),
            "cache_prompt": False,
        },
        folder=config.folder,
    )
    return Resolved(
        route,
        None,
        file,
        engine,
        concurrency,
        config.timeouts.get(candidate.name),
        context_tokens=min(engine.context_per_slot, header.context_length or engine.context_per_slot),
        chat_template=header.chat_template is not None,
    )


def _remote(candidate: Candidate, config: Config, prompt: Prompt) -> Resolved:
    preset = preset_of(candidate)
    where = candidate.via if preset is None else base_url(preset)
    parts = urlsplit(where)
    address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    api: ResolvedApi = "completions" if candidate.api == "completions" else "chat"
    route = Route(
        candidate=candidate,
        endpoint=address,
        build=candidate.build or candidate.provider or (parts.hostname if preset is None else preset.name) or address,
        api=api,
        model=model_id(candidate, preset),
        prompt=prompt,
        parameters=sent_parameters(candidate, preset, folder=config.folder, chat=api == "chat"),
        folder=config.folder,
    )
    resolved = Resolved(
        route,
        where,
        None,
        None,
        1,
        config.timeouts.get(candidate.name),
        preset=preset,
        context_tokens=config.contexts.get(candidate.name),
    )
    return replace(resolved, concurrency=candidate.concurrency or (1 if resolved.local else REMOTE_CONCURRENCY))


def _from_file(candidate: Candidate, config: Config, prompt: Prompt) -> Resolved:
    assert candidate.answers is not None
    path = config.folder / candidate.answers
    answers = read_answers(path, id_column=candidate.answers_id, answer_column=candidate.answers_column)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(f"{path}: {error.strerror}", hint="`answers` is meant from the project folder") from None
    columns = f"{candidate.answers_id or ''}:{candidate.answers_column or ''}"
    route = Route(
        candidate=candidate,
        endpoint=f"file:{digest}:{columns}" if columns != ":" else f"file:{digest}",
        build=f"{candidate.build or path.name} {digest[:12]}",
        api="file",
        model=candidate.model,
        prompt=prompt,
        parameters={},
    )
    return Resolved(route, None, None, None, 1, None, answers=answers)


def read_key(candidate: Candidate) -> str | None:
    """The key from the environment, else from the user's own file of keys.

    Raises:
        KeyMissing: the candidate names a variable that is in neither.
        ProjectError: others can read the file of keys.
    """
    if candidate.key is None:
        return None
    value = os.environ.get(candidate.key, "").strip() or stored_key(candidate.key)
    if not value:
        raise KeyMissing(
            f"{candidate.name}: the environment variable {candidate.key} is not set", hint=f"export {candidate.key}=..."
        )
    return value
