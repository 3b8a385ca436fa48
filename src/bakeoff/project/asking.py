"""What goes into the requests to one candidate: its parameters, in the words of the server that gets them.

What a server is known not to do is an error here, with the fix, before anything is asked. Knows nothing about HTTP.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from bakeoff.errors import ProjectError
from bakeoff.evaluate.types import Candidate
from bakeoff.project.presets import Preset, presets

OWN_WAYS = ("reasoning_effort", "reasoning", "enable_thinking")
"""Parameters by which thinking is set as the server has it; beside `thinking` they would contradict it."""

LLAMA_CPP = "llama-server"
"""The preset whose ways the embedded engine shares."""

LONGEST_SCHEMA = 1_000_000
"""Bytes of a JSON schema."""


def sent_parameters(candidate: Candidate, preset: Preset | None, *, folder: Path, chat: bool) -> dict[str, Any]:
    """All that goes into the body beside model and prompt. A value of None takes a key out of the request.

    Args:
        candidate: as in the project file.
        preset: the server's, where it is known; for the embedded engine that of llama-server.
        folder: the project, from where the path of a schema is meant.
        chat: the request is made of messages.

    Raises:
        ProjectError: two settings contradict each other, or the server is known not to do what is asked.
    """
    parameters = dict(candidate.parameters)
    if candidate.thinking is not None:
        parameters = _with_thinking(candidate, preset, parameters, chat=chat)
    if candidate.json_schema is not None:
        parameters["response_format"] = _response_format(candidate, parameters, folder)
    parameters |= _provider(candidate, preset)
    if preset is not None:
        _check(candidate, preset, parameters)
        parameters = _renamed(candidate, preset, parameters)
        parameters |= dict.fromkeys(preset.omit)
    _one_limit(candidate, parameters)
    return parameters


def model_id(candidate: Candidate, preset: Preset | None) -> str:
    """The model as the server knows it; behind Hugging Face's router with who computes it."""
    if candidate.provider is not None and preset is not None and preset.provider == "suffix":
        if ":" in candidate.model:
            raise ProjectError(
                f"{candidate.name}: {candidate.model!r} names a provider, and `provider` another",
                hint="remove one of the two",
            )
        return f"{candidate.model}:{candidate.provider}"
    return candidate.model


def _with_thinking(
    candidate: Candidate, preset: Preset | None, parameters: dict[str, Any], *, chat: bool
) -> dict[str, Any]:
    own = [name for name in OWN_WAYS if name in parameters]
    if own:
        raise ProjectError(
            f"{candidate.name}: `thinking` and `{own[0]}` both say whether it thinks",
            hint=f"remove one of the two: `{own[0]}` is sent as it is, `thinking` is translated",
        )
    word = str(candidate.thinking).lower()
    if not chat:
        raise ProjectError(
            f"{candidate.name}: thinking = {word} has no effect on a text to complete",
            hint='remove it, or write api = "chat"',
        )
    ways = preset.thinking if preset is not None else {}
    way = ways.get("on" if candidate.thinking else "off")
    if way is None:
        where = preset.title if preset is not None else candidate.via
        hint = "write the server's own parameter instead, for example reasoning_effort or chat_template_kwargs"
        if preset is not None and not ways:
            hint += "; some providers choose by the model's name"
        raise ProjectError(f"{candidate.name}: how {where} is told thinking = {word} is not known", hint=hint)
    template = dict(parameters.get("chat_template_kwargs") or {})
    added = dict(way)
    if "chat_template_kwargs" in added:
        if "enable_thinking" in template or "thinking" in template:
            raise ProjectError(
                f"{candidate.name}: `thinking` and `chat_template_kwargs` both say whether it thinks",
                hint="remove one of the two",
            )
        added["chat_template_kwargs"] = {**template, **added["chat_template_kwargs"]}
    return {**parameters, **added}


def _response_format(candidate: Candidate, parameters: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    other = next((name for name in ("response_format", "grammar") if name in parameters), None)
    if other:
        raise ProjectError(
            f"{candidate.name}: `json_schema` and `{other}` both set the form of the answer",
            hint="remove one of the two",
        )
    schema = candidate.json_schema
    if isinstance(schema, str):
        schema = _read_schema(candidate, folder / schema)
    return {"type": "json_schema", "json_schema": {"name": "answer", "strict": True, "schema": schema}}


def _read_schema(candidate: Candidate, path: Path) -> dict[str, Any]:
    try:
        if path.stat().st_size > LONGEST_SCHEMA:
            raise ValueError(f"it has more than {LONGEST_SCHEMA:,} bytes")
        found = json.loads(path.read_text(encoding="utf-8"))
        if not isinstance(found, dict):
            raise ValueError("it is not an object")
    except (OSError, ValueError, RecursionError) as error:
        why = error.strerror if isinstance(error, OSError) else str(error)
        raise ProjectError(
            f"{candidate.name}: the JSON schema {path.name} cannot be read: {why}",
            hint="write the path of a file below the project folder, or the schema itself as a table",
        ) from None
    return found


def _provider(candidate: Candidate, preset: Preset | None) -> dict[str, Any]:
    """Who computes, in OpenRouter's way; for another way see `model_id`."""
    if candidate.provider is None or preset is None or preset.provider != "order":
        return {}
    return {"provider": {"order": [candidate.provider], "allow_fallbacks": False}}


def _check(candidate: Candidate, preset: Preset, parameters: Mapping[str, Any]) -> None:
    for name in preset.refuses:
        if name in parameters:
            raise ProjectError(
                f"{candidate.name}: {preset.title} refuses the parameter {name!r}",
                hint=f'remove it, or write unset = ["{name}"] for this candidate where it is set for all',
            )
    for name in preset.ignores:
        if name in parameters:
            raise ProjectError(
                f"{candidate.name}: {preset.title} takes the parameter {name!r} and does not follow it",
                hint=f'remove it, or write unset = ["{name}"] for this candidate where it is set for all',
            )


def _renamed(candidate: Candidate, preset: Preset, parameters: Mapping[str, Any]) -> dict[str, Any]:
    found = {}
    for name, value in parameters.items():
        theirs = preset.rename.get(name, name)
        if theirs != name and theirs in parameters:
            raise ProjectError(
                f"{candidate.name}: {name!r} and {theirs!r} are the same for {preset.title}",
                hint="remove one of the two",
            )
        found[theirs] = value
    return found


def _one_limit(candidate: Candidate, parameters: Mapping[str, Any]) -> None:
    limits = {name: parameters[name] for name in ("max_tokens", "max_completion_tokens") if name in parameters}
    if len(set(map(str, limits.values()))) > 1:
        raise ProjectError(
            f"{candidate.name}: max_tokens is {limits['max_tokens']} and max_completion_tokens "
            f"{limits['max_completion_tokens']}",
            hint="remove one of the two",
        )


def preset_of(candidate: Candidate) -> Preset | None:
    """What is known of the server that a candidate names; nothing of one that is given by its address."""
    return presets().get(candidate.via)
