"""From a prompt and a row to the exact bytes that a model server receives, and their digests.

Templates are Jinja2 in a sandbox with StrictUndefined and without escaping: what is typed is what is sent.
Knows nothing about HTTP.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal

from jinja2 import StrictUndefined, Template, TemplateSyntaxError, UndefinedError, meta
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from bakeoff.errors import ProjectError
from bakeoff.evaluate.types import Prompt, Row

DEFAULT_COMPLETION = (
    "{% if system %}{{ system }}\n\n{% endif %}"
    "{% for example in examples %}{{ example.user }} {{ example.assistant }}\n\n{% endfor %}"
    "{{ user }}"
)
"""How a prompt becomes one text for a model without chat template: blocks with a blank line between them."""

ResolvedApi = Literal["chat", "completions"]
PATHS: Mapping[ResolvedApi, str] = {"chat": "/chat/completions", "completions": "/completions"}

MAX_CHARACTERS = 64 * 1024 * 1024
"""A rendered prompt larger than this is a mistake (or a template bomb), not a prompt."""

_environment = ImmutableSandboxedEnvironment(
    undefined=StrictUndefined,
    autoescape=False,
    keep_trailing_newline=True,
    finalize=lambda value: "" if value is None else value,  # an empty cell shows nothing, not the word None
)


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


def template_names(source: str) -> set[str]:
    """Variables that one template needs."""
    try:
        return meta.find_undeclared_variables(_environment.parse(source))
    except TemplateSyntaxError as error:
        raise _syntax_error(source, error) from None


def _row_templates(prompt: Prompt) -> list[str]:
    return [source for source in (prompt.system, prompt.user) if source is not None]


def _syntax_error(source: str, error: TemplateSyntaxError) -> ProjectError:
    line = source.splitlines()[error.lineno - 1] if source.splitlines() else ""
    return ProjectError(
        f"template, line {error.lineno}: {error.message}: {line.strip()[:120]!r}",
        hint="columns are written {{ column }}; a literal brace is written {{ '{{' }}",
    )


@lru_cache(maxsize=256)
def _template(source: str) -> Template:
    try:
        return _environment.from_string(source)
    except TemplateSyntaxError as error:
        raise _syntax_error(source, error) from None


def render(source: str, values: Mapping[str, Any]) -> str:
    """Fill one template. A column whose name is not a plain word is written `{{ row["its name"] }}`.

    Raises:
        ProjectError: a name has no value, the template does something forbidden, or the result is far too large.
    """
    try:
        text = _template(source).render({"row": values, **values})
    except UndefinedError as error:
        known = ", ".join(sorted(values))
        raise ProjectError(f"template: {error.message}", hint=f"this row has: {known}") from None
    except SecurityError as error:
        raise ProjectError(f"template: {error.message}", hint="templates may only use the row's values") from None
    except (TypeError, ValueError, ArithmeticError, OverflowError, LookupError) as error:
        raise ProjectError(f"template: {error}", hint="look at what the template does with this row's values") from None
    if len(text) > MAX_CHARACTERS:
        raise ProjectError(
            f"template: the result has {len(text):,} characters", hint="shorten the cell or the template"
        )
    return text


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
) -> Request:
    """The request for one row.

    Args:
        prompt: templates and few-shot examples, the same for all candidates.
        row: the row whose values fill the templates.
        api: chat messages, or one text to complete.
        model: the model id that the server knows.
        parameters: sampling parameters, written into the body as they are.
    """
    system = render(prompt.system, row.values) if prompt.system is not None else None
    user = render(prompt.user, row.values)
    body: dict[str, Any] = {"model": model}
    if api == "chat":
        body["messages"] = _messages(system, prompt, user)
    else:
        values = {**row.values, "system": system, "examples": prompt.examples, "user": user}
        body["prompt"] = render(prompt.completion or DEFAULT_COMPLETION, values)
    body["stream"] = True
    body["stream_options"] = {"include_usage": True}
    body |= {name: parameters[name] for name in sorted(parameters)}
    return Request(PATHS[api], json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8"))


def _messages(system: str | None, prompt: Prompt, user: str) -> list[dict[str, str]]:
    messages = [{"role": "system", "content": system}] if system is not None else []
    for example in prompt.examples:
        messages.append({"role": "user", "content": example.user})
        messages.append({"role": "assistant", "content": example.assistant})
    messages.append({"role": "user", "content": user})
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


def missing_columns(used: Sequence[str] | set[str], columns: Sequence[str]) -> list[str]:
    """Names that the templates use and the table does not have, sorted."""
    return sorted(set(used) - set(columns) - {"row"})
