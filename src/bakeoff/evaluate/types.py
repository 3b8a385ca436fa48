"""What an evaluation is made of: rows, candidates, prompts, answers. Values only, no behaviour."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bakeoff.values import Reason

Api = Literal["auto", "chat", "completions"]
"""How a prompt is sent: as chat messages, as one text to complete, or by what the model has (a chat template)."""


@dataclass(frozen=True, slots=True)
class Row:
    """One example of the user's data."""

    id: str
    """Unique in the table; from the id column, or made from the row's number (`"1"`, `"2"`, ...)."""

    number: int
    """Position in the file, from 1."""

    values: Mapping[str, Any]
    """Column name to cell: str, int, float, bool or None, text in NFC."""

    group: str | None = None
    """Rows that belong together (clustered errors), from the group column."""


@dataclass(frozen=True, slots=True)
class Table:
    """The user's data, whole and in file order."""

    columns: tuple[str, ...]
    rows: Sequence[Row]
    """In file order. Rows of a file are kept packed and made when they are looked at (`tables.packed`)."""

    digest: str
    """SHA-256 over columns and cells after normalisation, so that the same data in another format is the same."""

    notes: tuple[Reason, ...] = ()
    """What was found while reading: ids made, encoding guessed, empty cells, ..."""


@dataclass(frozen=True, slots=True)
class Example:
    """One few-shot example: what the user side says and what the model should answer."""

    user: str
    assistant: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """Jinja2 templates, sent exactly as typed: no wrapper text, no escaping."""

    user: str
    system: str | None = None
    examples: tuple[Example, ...] = ()
    completion: str | None = None
    """Template of the whole text for models without chat template; sees `system`, `examples`, `user`."""

    name: str = ""
    """Of the variant, where a project has several prompts; else empty."""

    images: tuple[str, ...] = ()
    """Templates of pictures that go with the user's part: a path in the project, an https address, a data URI."""


BETWEEN = " · "
"""Between a candidate's name and a variant's, in the name of their column."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One column of the comparison: a model, its build, the route to it, its parameters."""

    name: str
    """Unique in the project; shown in tables."""

    model: str
    """`ORG/NAME`, a path to a .gguf, or the id that the endpoint knows."""

    build: str | None = None
    """`gguf:Q4_K_M`, or None where the endpoint decides."""

    via: str = "embedded"
    """`embedded`, `file`, the name of a preset (`ollama`, `openrouter`, ...), or the base URL of a server."""

    provider: str | None = None
    """Who computes behind a router (`huggingface`, `openrouter`), where that is chosen apart from the model."""

    api: Api = "auto"
    key: str | None = None
    """Name of the environment variable that holds the key. Never the key itself."""

    system: str | None = None
    """System template of this candidate, instead of the prompt's; None takes the prompt's."""

    concurrency: int | None = None
    """Requests in flight; None takes the default of the route."""

    requests_per_minute: float | None = None
    """Most requests that start in a minute, retries included; None sets no ceiling."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Sampling parameters as the API spells them: temperature, max_tokens, stop, seed, ..."""

    thinking: bool | None = None
    """Let the model think before it answers, or not; None leaves it to the model and its server."""

    json_schema: Mapping[str, Any] | str | None = None
    """Answers must be JSON of this schema, given here or as the path of a file in the project."""

    answers: str | None = None
    """For `via = "file"`: the file with the answers."""

    answers_id: str | None = None
    """Its column of row ids, where it has an unusual name."""

    answers_column: str | None = None
    """Its column of answers, likewise."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back for one request, as it came."""

    text: str
    finish_reason: str | None
    """`stop`, `length`, ... as the server said; None where it did not say."""

    time_to_first_token_ms: float | None
    latency_ms: float | None
    """From sending the request to the last byte; None where nobody measured it: an answer that came by file."""

    prompt_tokens: int | None
    output_tokens: int | None
    thinking: str | None = None
    """Reasoning text that the server delivered apart from the answer."""

    timings: Mapping[str, float] = field(default_factory=dict)
    """The engine's own clock: prompt_n, prompt_ms, predicted_n, predicted_ms, where it tells."""

    served_model: str | None = None
    """The model id in the response; may differ from the one that was asked for."""

    headers: Mapping[str, str] = field(default_factory=dict)
    """Response headers, without cookies."""

    thinking_tokens: int | None = None
    """Part of `output_tokens` that was spent on thinking, by the server's own count."""

    fingerprint: str | None = None
    """`system_fingerprint`: changes when the server changes what computes."""

    provider: str | None = None
    """Who computed behind a router, in its own words."""
