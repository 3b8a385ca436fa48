"""What a server says of itself: the context that a request really has, the build it runs, whether it has a template.

Each way is that of one server, asked at its own paths; a hosted provider tells nothing of this kind. What is not told
stays unknown. The paths and keys are those of the servers' sources in November 2026.
"""

import re
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from bakeoff.evaluate.client import Client
from bakeoff.evaluate.json_values import count, mapping, some_text

Way = Literal["ollama", "llama-server", "vllm", "lmstudio"]

_NUM_CTX = re.compile(r"^num_ctx\s+(\d+)", re.MULTILINE)

PLAIN = "{{ .Prompt }}"
"""The template that Ollama gives a model file without one: the prompt, and nothing around it."""


@dataclass(frozen=True, slots=True)
class ServerFacts:
    """What a server told; None is unknown."""

    context_tokens: int | None = None
    """Prompt and answer of one request together."""

    trained_tokens: int | None = None
    """That the model was trained for."""

    quantization: str | None = None
    has_template: bool | None = None
    version: str | None = None


async def server_facts(client: Client, way: Way | None, model: str) -> ServerFacts:
    """Ask. Where it is not known which server it is, its paths are tried one after the other.

    Args:
        client: of the server.
        way: whose paths to ask.
        model: the id that requests carry.
    """
    if way is not None:
        return await WAYS[way](client, model) or ServerFacts()
    for other in ("llama-server", "ollama", "vllm"):
        found = await WAYS[other](client, model)
        if found is not None:
            return found
    return ServerFacts()


async def _ollama(client: Client, model: str) -> ServerFacts | None:
    """`/api/show` tells of the model file, `/api/ps` of the model as it is loaded: what it really got."""
    shown = await client.aside("/api/show", {"model": model})
    if not isinstance(shown, dict) or "model_info" not in shown:
        return None
    running = mapping(await client.aside("/api/ps")).get("models")
    loaded = next((one for one in _list(running) if model in (one.get("name"), one.get("model"))), {})
    if not loaded and ":" not in model:
        loaded = next((one for one in _list(running) if one.get("name") == f"{model}:latest"), {})
    set_by_file = _NUM_CTX.search(str(shown.get("parameters") or ""))
    version = mapping(await client.aside("/api/version")).get("version")
    template = shown.get("template")
    return ServerFacts(
        context_tokens=_size(loaded.get("context_length")) or (int(set_by_file[1]) if set_by_file else None),
        trained_tokens=next(
            (_size(v) for k, v in mapping(shown["model_info"]).items() if k.endswith(".context_length")), None
        ),
        quantization=some_text(mapping(shown.get("details")).get("quantization_level")),
        has_template=template.strip() != PLAIN if isinstance(template, str) and template.strip() else None,
        version=some_text(version),
    )


async def _llama_server(client: Client, model: str) -> ServerFacts | None:
    """`/props` tells of the one model that it has."""
    told = await client.aside("/props")
    if not isinstance(told, dict) or "default_generation_settings" not in told:
        return None
    template = told.get("chat_template")
    return ServerFacts(
        context_tokens=_size(mapping(told["default_generation_settings"]).get("n_ctx")),
        has_template=bool(template) if isinstance(template, str) else None,
        version=some_text(told.get("build_info")),
    )


async def _vllm(client: Client, model: str) -> ServerFacts | None:
    """The length of a request stands beside the model's id, in vLLM and in SGLang."""
    listed = _list(mapping(await client.aside("/v1/models")).get("data"))
    found = next((one for one in listed if one.get("id") == model), listed[0] if listed else {})
    limit = _size(found.get("max_model_len"))
    if limit is None:
        return None
    return ServerFacts(context_tokens=limit, version=some_text(mapping(await client.aside("/version")).get("version")))


async def _lmstudio(client: Client, model: str) -> ServerFacts | None:
    """LM Studio's own API tells of each model how it is loaded."""
    listed = _list(mapping(await client.aside("/api/v0/models")).get("data"))
    found = next((one for one in listed if one.get("id") == model), None)
    if found is None:
        return None
    return ServerFacts(
        context_tokens=_size(found.get("loaded_context_length")),
        trained_tokens=_size(found.get("max_context_length")),
        quantization=some_text(found.get("quantization")),
    )


WAYS: Mapping[str, Callable[[Client, str], Awaitable[ServerFacts | None]]] = {
    "ollama": _ollama,
    "llama-server": _llama_server,
    "vllm": _vllm,
    "lmstudio": _lmstudio,
}
"""Which server to how it is asked."""


def _list(value: Any) -> list[Mapping[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []


def _size(value: Any) -> int | None:
    return count(value) or None
