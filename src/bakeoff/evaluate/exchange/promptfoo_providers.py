"""promptfoo's providers as candidates: those that speak the OpenAI API. Keys are never copied, only their names."""

from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.evaluate.exchange.imported import Model, free_name
from bakeoff.values import Reason, reason

VIA = {
    "openai": "openai",
    "ollama": "ollama",
    "openrouter": "openrouter",
    "groq": "groq",
    "mistral": "mistral",
    "deepseek": "deepseek",
    "togetherai": "together",
    "huggingface": "huggingface",
    "fireworks": "fireworks",
    "cerebras": "cerebras",
    "google": "gemini",
    "anthropic": "anthropic",
    "localai": "http://127.0.0.1:8080/v1",
    "llamafile": "http://127.0.0.1:8080/v1",
}
"""First part of a provider's id to the server or provider that Bakeoff knows, or its usual address."""

MODES = ("chat", "completion", "completions", "responses", "messages", "text-generation")
"""Second part of an id that says how, not which model."""

PARAMETERS = (
    "temperature", "max_tokens", "top_p", "top_k", "min_p", "seed", "stop", "frequency_penalty", "presence_penalty",
    "repetition_penalty", "reasoning_effort", "max_completion_tokens",
)  # fmt: skip
"""Options that are named as in the OpenAI API, and go on as they are."""

SECRET = ("apiKey", "headers", "password", "token")


def models(given: Any) -> tuple[list[Model], list[Reason]]:
    """(candidates, what could not be carried over)."""
    found: list[Model] = []
    notes: list[Reason] = []
    entries: Sequence[Any] = given if isinstance(given, list) else [given] if given else []
    for entry in entries:
        for identity, label, options in _entries(entry):
            model = _model(identity, label, options, [each.name for each in found], notes)
            if model is not None:
                found.append(model)
    return found, notes


def _entries(entry: Any) -> list[tuple[str, str, Mapping[str, Any]]]:
    """(id, label, options) of each provider in an entry: a text, a table with an id, or tables by id."""
    if isinstance(entry, str):
        return [(entry, "", {})]
    if not isinstance(entry, Mapping):
        return [(str(entry), "", {})]
    if isinstance(entry.get("id"), str):
        options = entry.get("config")
        return [(entry["id"], str(entry.get("label") or ""), options if isinstance(options, Mapping) else {})]
    found = []
    for identity, inner in entry.items():
        inner = inner if isinstance(inner, Mapping) else {}
        options = inner.get("config")
        label = str(inner.get("label") or "")
        found.append((str(identity), label, options if isinstance(options, Mapping) else {}))
    return found


def _model(
    identity: str, label: str, options: Mapping[str, Any], names: Sequence[str], notes: list[Reason]
) -> Model | None:
    vendor, _, rest = identity.partition(":")
    mode, _, after = rest.partition(":")
    model = after if mode in MODES and after else rest
    via = options.get("apiBaseUrl") or VIA.get(vendor)
    if not model or not isinstance(via, str) or (vendor not in VIA and "apiBaseUrl" not in options):
        notes.append(reason("import.provider", provider=identity[:120]))
        return None
    left = [name for name in options if name not in (*PARAMETERS, *SECRET, "apiBaseUrl", "apiKeyEnvar")]
    notes += [reason("import.provider_option", provider=identity[:120], option=str(name)[:60]) for name in left]
    if any(name in options for name in SECRET):
        notes.append(reason("import.key", provider=identity[:120]))
    key = options.get("apiKeyEnvar")
    return Model(
        name=free_name(label or model.rpartition("/")[2], names),
        model=model,
        via=via,
        key=key if isinstance(key, str) and key.isidentifier() and key.upper() == key else None,
        parameters={name: options[name] for name in PARAMETERS if name in options},
    )
