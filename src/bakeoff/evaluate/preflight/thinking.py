"""Thinking that came inside the answer: split off, in the formats that models use.

Only a text that begins with thinking is split, or one with an end mark whose beginning stood in the prompt; a tag that
an answer merely mentions stays where it is.
"""

import re
from dataclasses import dataclass

MARKS: tuple[tuple[str, str], ...] = (
    ("<think>", "</think>"),  # DeepSeek R1, Qwen3, GLM, SmolLM3, MiniMax
    ("<thinking>", "</thinking>"),
    ("<thought>", "</thought>"),  # EXAONE Deep
    ("<reasoning>", "</reasoning>"),
    ("<seed:think>", "</seed:think>"),  # Seed-OSS
    ("[THINK]", "[/THINK]"),  # Magistral
    ("<|START_THINKING|>", "<|END_THINKING|>"),  # Command A Reasoning
    ("<|channel>thought", "<channel|>"),  # Gemma 4
)
"""Beginning and end, as the models' chat templates have them."""

LONE_ENDS = ("</think>", "[/THINK]", "</seed:think>", "<|END_THINKING|>")
"""Ends whose beginning some chat templates write into the prompt, so that the answer has the end alone."""

_RESPONSE = re.compile(r"\A\s*<\|START_RESPONSE\|>|<\|END_RESPONSE\|>\s*\Z")

_HARMONY = re.compile(r"<\|channel\|>\s*(\w+)[^<]*<\|message\|>")
_HARMONY_END = re.compile(r"<\|(?:end|return|call|start)\|>.*\Z", re.DOTALL)
"""gpt-oss (openai/harmony): channels `analysis`, `commentary`, `final`, each message with an end."""

_HARMONY_BARE = re.compile(r"\Aanalysis(?=[A-Z\s])(.*?)(?:assistant\s*final|\Z)(.*)\Z", re.DOTALL)
"""The same, after a server removed the special tokens and left the words between them."""


@dataclass(frozen=True, slots=True)
class Split:
    """A text in its two parts."""

    text: str
    thinking: str | None
    """None where there is none; white space alone is none."""

    closed: bool = True
    """The thinking came to its end."""


def split_thinking(text: str) -> Split:
    """The answer and the thinking of a text. Text without thinking comes back unchanged."""
    start = text.lstrip()
    if "<" not in text and "[" not in text and not start.startswith("analysis"):
        return Split(text, None)
    for opening, closing in MARKS:
        if start[: len(opening)].lower() == opening.lower():
            return _between(start[len(opening) :], closing)
    if "<|channel|>" in text:
        return _harmony(text)
    bare = _HARMONY_BARE.match(start) if start.startswith("analysis") else None
    if bare and "assistant" in start:
        return Split(bare[2].strip(), bare[1].strip() or None)
    for closing in LONE_ENDS:
        before, found, after = text.partition(closing)
        if found and "`" not in before[-1:]:
            return Split(_answer(after), before.strip() or None)
    return Split(text, None)


def _between(rest: str, closing: str) -> Split:
    at = rest.lower().find(closing.lower())
    if at < 0:
        return Split("", rest.strip() or None, closed=False)
    return Split(_answer(rest[at + len(closing) :]), rest[:at].strip() or None)


def _answer(text: str) -> str:
    return _RESPONSE.sub("", text).strip()


def _harmony(text: str) -> Split:
    """Everything in the channel `final` is the answer, the other channels are thinking."""
    parts = _HARMONY.split(text)
    answers: list[str] = []
    thoughts: list[str] = []
    for channel, message in zip(parts[1::2], parts[2::2], strict=True):
        (answers if channel == "final" else thoughts).append(_HARMONY_END.sub("", message).strip())
    thinking = "\n".join(filter(None, thoughts)) or None
    return Split("\n".join(answers), thinking, closed=bool(answers))
