"""Chat messages, as the logs of other tools keep them, as what a Bakeoff prompt has: a system and a user text."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bakeoff.evaluate.exchange.imported import ID
from bakeoff.evaluate.types import Prompt

OURS = (ID, "prompt", "system", "target")
"""Columns that are made of a log; a further field with such a name gets a word before it."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What one row was asked."""

    user: str
    system: str = ""
    flattened: bool = False
    """There were more messages than these two; `user` has them all as text."""


def asked(messages: Sequence[Any]) -> Asked:
    """A list of messages as one question."""
    said = [(str(m.get("role", "")), text_of(m.get("content"))) for m in messages if isinstance(m, dict)]
    system = "\n\n".join(text for role, text in said if role in ("system", "developer"))
    rest = [(role, text) for role, text in said if role not in ("system", "developer")]
    if len(rest) == 1:
        return Asked(rest[0][1], system)
    return Asked("\n\n".join(f"{role}: {text}" for role, text in rest), system, flattened=True)


def prompt_of_rows(*, system: bool) -> Prompt:
    """What asks the rows of `row_of` as the log did; with their system text where some have one."""
    return Prompt("{{ prompt }}", "{{ system }}" if system else None)


def row_of(row_id: str, question: Asked, target: str, further: Mapping[str, Any], *, prefix: str) -> dict[str, Any]:
    """A row of the data: what was asked and what is right, then what else the log knows of it.

    Args:
        row_id: its id.
        question: what was asked.
        target: what is right.
        further: other fields; lists and tables become JSON text.
        prefix: word before the name of a field that is called as one of OURS: `prefix.target`.
    """
    row: dict[str, Any] = {ID: row_id, "prompt": question.user}
    if question.system:
        row["system"] = question.system
    row["target"] = target
    for name, value in further.items():
        nested = isinstance(value, dict | list)
        row[f"{prefix}.{name}" if name in OURS else name] = json.dumps(value, ensure_ascii=False) if nested else value
    return row


def text_of(content: Any) -> str:
    """The text of a message's content, which is a text or a list of parts."""
    if isinstance(content, str):
        return content
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("text", "")) for part in parts if isinstance(part, dict) and part.get("type") == "text")


def reasoning_of(content: Any) -> str:
    """The reasoning in a message's content."""
    parts = content if isinstance(content, list) else []
    return "".join(str(part.get("reasoning") or "") for part in parts if isinstance(part, dict))
