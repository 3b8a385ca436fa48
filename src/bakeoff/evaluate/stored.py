"""What the ledger keeps, as values, and a call as a row of its table. Knows no SQL."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from bakeoff.evaluate.types import Answer

CHECKS = 1_000_000
"""Repetitions from here on are checks: the same bytes again, to see whether the same comes back. Never part of a
project's results."""

StoredGrade = tuple[str, str, float | None, str | None, str | None]
"""Row id, call digest, score, label, and the reason as JSON."""


def now() -> str:
    """UTC in ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was sent, and what came of it."""

    digest: str
    """Content address: endpoint and build, exact bytes, repetition (`request.call_digest`)."""

    run: int
    candidate: str
    row_id: str
    repeat: int
    endpoint: str
    path: str
    body: bytes
    attempt: int
    """1 for the first try."""

    started_at: str
    """UTC, ISO 8601."""

    answer: Answer | None
    """None where the call failed."""

    error_code: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as the ledger keeps it."""

    seq: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Failure:
    """The last failure of a call that never succeeded."""

    code: str
    message: str
    attempt: int


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of some calls that were answered."""

    calls: int
    prompt_tokens: int
    output_tokens: int
    uncounted: int
    """Calls whose server told no token counts; they are not in the sums."""

    seconds: float
    """Sum of their latencies."""


@dataclass(frozen=True, slots=True)
class Drop:
    """A candidate that a race dropped, with what was compared."""

    run: int
    grading: str
    """Digest of graders and data (`columns.Task.identity`)."""

    candidate: str
    column: str
    """Digest of all call addresses of the candidate; another prompt or build has another one."""

    by: str
    by_column: str
    n_units: int
    difference: float
    evidence: float
    """As in `stats.race.Dropped`."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that was found out and kept: a decision, or how fast a server was."""

    number: int
    """From 1, among those of its kind."""

    at: str
    """UTC, ISO 8601."""

    about: str
    """What it is about: digest of a lock, or identity of an endpoint."""

    value: Mapping[str, Any]


def call_row(seq: int, call: Call) -> tuple[Any, ...]:
    """A row of the table `call`."""
    head = (seq, call.digest, call.run, call.candidate, call.row_id, call.repeat, call.endpoint, call.attempt)
    answer = call.answer
    if answer is None:
        return (*head, call.started_at, "failed", *[None] * 10, call.error_code, call.error, None)
    return (
        *head,
        call.started_at,
        "answered",
        answer.text,
        answer.thinking,
        answer.finish_reason,
        answer.time_to_first_token_ms,
        answer.latency_ms,
        answer.prompt_tokens,
        answer.output_tokens,
        json.dumps(dict(answer.timings)),
        answer.served_model,
        json.dumps(dict(answer.headers)),
        None,
        None,
        _further(answer),
    )


def whole(value: Any) -> Any:
    """A text in which halves of characters, which no database takes, are joined or replaced; anything else as it is."""
    if not isinstance(value, str):
        return value
    return value.encode("utf-16", "surrogatepass").decode("utf-16", "replace")


FURTHER = ("thinking_tokens", "fingerprint", "provider")
"""Parts of an answer that few servers tell: together in the column `further`, as JSON."""


def _further(answer: Answer) -> str | None:
    known = {name: value for name in FURTHER if (value := getattr(answer, name)) is not None}
    return json.dumps(known) if known else None


def answer_of(row: Sequence[Any]) -> Answer:
    """An answer from its columns, in the order of `Ledger.answers`."""
    text, finish_reason, first, latency, prompt_tokens, output_tokens, thinking, timings, served, headers, further = row
    return Answer(
        text=text,
        finish_reason=finish_reason,
        time_to_first_token_ms=first,
        latency_ms=latency,
        prompt_tokens=prompt_tokens,
        output_tokens=output_tokens,
        thinking=thinking,
        timings=_read(timings),
        served_model=served,
        headers=_read(headers),
        **(_read(further) if further else {}),
    )


@lru_cache(maxsize=1024)
def _read(text: str) -> Mapping[str, Any]:
    """A JSON object; many answers have the same headers, and share them. Nobody changes an answer."""
    found: dict[str, Any] = json.loads(text)
    return found
