"""Chat messages, as the logs of other tools keep them, as what a Bakeoff prompt has: a system and a user text."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any


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
