"""From a prompt and a row to the exact bytes that a model server receives, and their digests.

Templates are filled by `templates`: what is typed is what is sent. Knows nothing about HTTP.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bakeoff.errors import ProjectError
from bakeoff.evaluate.images import image_part
from bakeoff.evaluate.templates import render, template_names
from bakeoff.evaluate.types import Prompt, Row

__all__ = [
    "Request",
    "ResolvedApi",
    "build_request",
    "call_digest",
    "columns_used",
    "digest",
    "json_digest",
    "missing_columns",
    "render",
    "shown_prompt",
    "template_names",
]

DEFAULT_COMPLETION = (
    "{% if system %}{{ system }}\n\n{% endif %}"
    "{% for example in examples %}{{ example.user }} {{ example.assistant }}\n\n{% endfor %}"
    "{{ user }}"
)
"""How a prompt becomes one text for a model without chat template: blocks with a blank line between them."""

ResolvedApi = Literal["chat", "completions", "file"]
"""`file`: nothing is sent, the answer is in a file; its row takes the place of a request."""

PATHS: Mapping[ResolvedApi, str] = {"chat": "/chat/completions", "completions": "/completions", "file": "/file"}


@dataclass(frozen=True, slots=True)
class Request:
    """One request, ready to send."""

    path: str
    """Below the base URL, with a leading slash."""

    body: bytes
    """JSON in UTF-8, exactly as sent and as stored."""


def columns_used(prompt: Prompt) -> set[str]:
    """Names of the columns that the templates refer to.

    Raises:
        ProjectError: a template is not valid Jinja2; the message gives its line.
    """
    used: set[str] = set()
    for source in _row_templates(prompt):
        used |= template_names(source)
    if prompt.completion:
        used |= template_names(prompt.completion) - {"system", "examples", "user"}
    return used


def _row_templates(prompt: Prompt) -> list[str]:
    return [source for source in (prompt.system, prompt.user, *prompt.images) if source is not None]


def shown_prompt(prompt: Prompt, row: Row) -> str:
    """The user's part of the prompt for one row, as people want to see it in a table."""
    return render(prompt.user, row.values)


def build_request(
    prompt: Prompt,
    row: Row,
    *,
    api: ResolvedApi,
    model: str,
    parameters: Mapping[str, Any],
    folder: Path | None = None,
) -> Request:
    """The request for one row.

    Args:
        prompt: templates and few-shot examples, the same for all candidates.
        row: the row whose values fill the templates.
        api: chat messages, or one text to complete.
        model: the model id that the server knows.
        parameters: sampling parameters, written into the body as they are; None takes a key out of the body.
        folder: where the paths of pictures are meant from.

    Raises:
        ProjectError: a template fails, or a picture cannot be had.
    """
    if api == "file":
        return Request(PATHS[api], _json({"row": row.id}))
    system = render(prompt.system, row.values) if prompt.system is not None else None
    user = render(prompt.user, row.values)
    body: dict[str, Any] = {"model": model}
    if api == "chat":
        body["messages"] = _messages(system, prompt, user, _images(prompt, row, folder))
    else:
        if prompt.images:
            raise ProjectError(
                "pictures go with chat messages only",
                hint='write api = "chat" for this candidate, or remove `images` from the prompt',
            )
        values = {**row.values, "system": system, "examples": prompt.examples, "user": user}
        body["prompt"] = render(prompt.completion or DEFAULT_COMPLETION, values)
    body["stream"] = True
    body["stream_options"] = {"include_usage": True}
    body |= {name: parameters[name] for name in sorted(parameters)}
    return Request(PATHS[api], _json({name: value for name, value in body.items() if value is not None}))


_ENCODER = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"))
"""`json.dumps` with these options makes a new one for every request."""


def _json(value: Any) -> bytes:
    return _ENCODER.encode(value).encode("utf-8")


def _images(prompt: Prompt, row: Row, folder: Path | None) -> list[dict[str, Any]]:
    """The pictures of one row; a template that gives an empty text gives none."""
    found = (render(source, row.values) for source in prompt.images)
    return [image_part(value, folder or Path(), row=row.id) for value in found if value.strip()]


def _messages(system: str | None, prompt: Prompt, user: str, images: list[dict[str, Any]]) -> list[dict[str, Any]]:
    messages: list[dict[str, Any]] = [{"role": "system", "content": system}] if system is not None else []
    for example in prompt.examples:
        messages.append({"role": "user", "content": example.user})
        messages.append({"role": "assistant", "content": example.assistant})
    content: Any = [*images, {"type": "text", "text": user}] if images else user
    messages.append({"role": "user", "content": content})
    return messages


def digest(*parts: str | bytes) -> str:
    """SHA-256 in hexadecimal over the parts, each preceded by its length, so that no two lists collide."""
    sha = hashlib.sha256()
    for part in parts:
        data = part.encode("utf-8") if isinstance(part, str) else part
        sha.update(b"%d:" % len(data))
        sha.update(data)
    return sha.hexdigest()


def json_digest(value: Any) -> str:
    """SHA-256 of a JSON value, independent of key order and whitespace."""
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def call_digest(request: Request, *, endpoint: str, repeat: int = 0) -> str:
    """What makes a call the same call: where it goes (endpoint and build), its exact bytes, its repetition."""
    return digest(endpoint, request.path, str(repeat), request.body)


def call_prefix(endpoint: str, path: str, repeat: int) -> bytes:
    """What `call_digest` is taken over before the body."""
    parts = (part.encode("utf-8") for part in (endpoint, path, str(repeat)))
    return b"".join(b"%d:%b" % (len(part), part) for part in parts)


def missing_columns(used: Sequence[str] | set[str], columns: Sequence[str]) -> list[str]:
    """Names that the templates use and the table does not have, sorted."""
    return sorted(set(used) - set(columns) - {"row"})
