"""One answer, looked at before it is graded: what of it is the answer, and what is wrong with it."""

from dataclasses import dataclass

from bakeoff.evaluate.types import Answer


@dataclass(frozen=True, slots=True)
class Examined:
    """An answer as the graders see it, with its faults."""

    text: str
    """What is graded."""

    thinking: str | None
    """Reasoning text that came with it, whether the server split it off or not."""

    thinking_tokens: int | None
    """Part of the output tokens that the thinking took, where it is known."""

    faults: tuple[str, ...]
    """Codes, in a fixed order; empty where nothing is wrong."""


def examine(answer: Answer) -> Examined:
    """Look at one answer."""
    faults = []
    if not answer.text.strip():
        faults.append("blank")
    if answer.finish_reason == "length":
        faults.append("cut")
    return Examined(answer.text, answer.thinking, None, tuple(faults))
