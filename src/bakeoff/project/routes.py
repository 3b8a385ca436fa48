"""From a candidate in the project file to a route: which file, which engine parameters, which bytes.

Two candidates are the same call only when everything that can change an answer is the same: the model file's
digest, the engine's version and the parameters that change its arithmetic, or the server's address.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from importlib.metadata import version
from urllib.parse import urlsplit, urlunsplit

from bakeoff.errors import KeyMissing
from bakeoff.evaluate.engines import EngineParameters, engine_digest
from bakeoff.evaluate.request import ResolvedApi
from bakeoff.evaluate.run import Route
from bakeoff.evaluate.types import Candidate, Prompt
from bakeoff.headers.gguf import read_header
from bakeoff.project.config import Config
from bakeoff.weights import ModelFile

DEFAULT_CONTEXT_TOKENS = 4096
"""Context per request of the embedded engine; less where the model was trained on less."""

REMOTE_CONCURRENCY = 8
"""Requests in flight to a server elsewhere. On this machine one at a time, so that latency is not queueing."""

GetWeights = Callable[[str, str | None], ModelFile]


@dataclass(frozen=True, slots=True)
class Resolved:
    """A candidate that can be run."""

    route: Route
    base_url: str | None
    """None: the embedded engine is started for it."""

    model_file: ModelFile | None
    engine: EngineParameters | None
    concurrency: int
    timeout_seconds: float | None

    @property
    def local(self) -> bool:
        """It works on this machine, so that nothing else should run beside it."""
        if self.base_url is None:
            return True
        return (urlsplit(self.base_url).hostname or "") in ("127.0.0.1", "localhost", "::1")


def resolve(candidate: Candidate, config: Config, get: GetWeights) -> Resolved:
    """Find the model file or the server, and settle all that decides the answers.

    Raises:
        WeightsError, NetworkError, KeyMissing: from `get`.
    """
    if candidate.via == "embedded":
        return _embedded(candidate, config, get)
    return _remote(candidate, config)


def own_prompt(prompt: Prompt, candidate: Candidate) -> Prompt:
    """The prompt with the candidate's own system template, where it has one."""
    return prompt if candidate.system is None else replace(prompt, system=candidate.system)


def _embedded(candidate: Candidate, config: Config, get: GetWeights) -> Resolved:
    file = get(candidate.model, candidate.build)
    header = read_header(file.path)
    api: ResolvedApi = "completions"
    if candidate.api == "chat" or (candidate.api == "auto" and header.chat_template is not None):
        api = "chat"
    context = config.contexts.get(candidate.name) or min(DEFAULT_CONTEXT_TOKENS, header.context_length or 1 << 30)
    concurrency = candidate.concurrency or 1
    engine = EngineParameters.defaults(n_slots=concurrency, context_per_slot=context)
    build = (candidate.build or header.file_type or "gguf").removeprefix("gguf:")
    route = Route(
        candidate=candidate,
        endpoint="embedded:" + engine_digest(engine, model_sha256=file.sha256, version=version("xllamacpp")),
        build=f"{build} {file.sha256[:12]}",
        api=api,
        model=candidate.model,
        prompt=own_prompt(config.prompt, candidate),
        # Without this, answers at temperature 0 depend on the requests before (docs/concepts/engine.md).
        parameters={**candidate.parameters, "cache_prompt": False},
    )
    return Resolved(route, None, file, engine, concurrency, config.timeouts.get(candidate.name))


def _remote(candidate: Candidate, config: Config) -> Resolved:
    parts = urlsplit(candidate.via)
    address = urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, parts.query, ""))
    route = Route(
        candidate=candidate,
        endpoint=address,
        build=candidate.build or parts.hostname or address,
        api="completions" if candidate.api == "completions" else "chat",
        model=candidate.model,
        prompt=own_prompt(config.prompt, candidate),
        parameters=dict(candidate.parameters),
    )
    resolved = Resolved(route, candidate.via, None, None, 1, config.timeouts.get(candidate.name))
    concurrency = candidate.concurrency or (1 if resolved.local else REMOTE_CONCURRENCY)
    return Resolved(route, candidate.via, None, None, concurrency, resolved.timeout_seconds)


def read_key(candidate: Candidate) -> str | None:
    """The key from the environment.

    Raises:
        KeyMissing: the candidate names a variable that is not set.
    """
    if candidate.key is None:
        return None
    value = os.environ.get(candidate.key, "").strip()
    if not value:
        raise KeyMissing(
            f"{candidate.name}: the environment variable {candidate.key} is not set", hint=f"export {candidate.key}=..."
        )
    return value
