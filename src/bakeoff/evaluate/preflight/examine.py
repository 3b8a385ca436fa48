"""One answer, looked at before it is graded: what of it is the answer, and what is wrong with it."""

from collections.abc import Callable
from dataclasses import dataclass

from bakeoff.evaluate.preflight.faults import DEFAULT_RULES, Fault
from bakeoff.evaluate.preflight.served import same_model, same_provider
from bakeoff.evaluate.preflight.signs import goes_on, is_loop, is_refusal, special_tokens
from bakeoff.evaluate.preflight.thinking import split_thinking
from bakeoff.evaluate.preflight.usage import impossible, thinking_share, too_long
from bakeoff.evaluate.types import Answer

PROVIDER_HEADERS = ("x-inference-provider", "x-provider", "x-openrouter-provider")
"""Response headers in which routers name who computed; the first is Hugging Face's."""

LIMIT_TOLERANCE = 2
"""Servers count the last token, or the one at which they stopped, in different ways."""


@dataclass(frozen=True, slots=True)
class Expected:
    """What the answers of one candidate should look like."""

    model: str | None = None
    """The id that was asked for; None where the server has one model, whatever it is called."""

    provider: str | None = None
    """Who was chosen to compute."""

    context_tokens: int | None = None
    """That a request really has, where it is known."""

    chat: bool = True
    """It was asked in messages."""

    stop: tuple[str, ...] = ()
    """Texts at which it should stop."""

    limit: int | None = None
    """Most tokens of an answer."""


@dataclass(frozen=True, slots=True)
class Examined:
    """An answer as the graders see it, with its faults."""

    text: str
    """What is graded."""

    thinking: str | None
    """Reasoning text that came with it, whether the server split it off or not."""

    thinking_tokens: int | None
    """Part of the output tokens that the thinking took, where it is known or could be estimated."""

    faults: tuple[Fault, ...]
    """Codes, in a fixed order; empty where nothing is wrong."""

    estimated: bool = False
    """`thinking_tokens` is an estimate, by the share of characters."""

    provider: str | None = None
    """Who computed, where it is told."""


def examine(answer: Answer, expected: Expected | None = None, *, shown: str = "") -> Examined:
    """Look at one answer.

    Args:
        answer: as it came.
        expected: what it should look like; None looks at the text alone.
        shown: the user's part of the prompt: what stands in it already is no fault of the answer.
    """
    expected = expected or Expected()
    split = split_thinking(answer.text)
    thinking = "\n".join(part for part in (answer.thinking, split.thinking) if part) or None
    tokens = answer.thinking_tokens
    estimated = tokens is None and answer.output_tokens is not None and thinking is not None
    if estimated:
        tokens = thinking_share(split.text, thinking, answer.output_tokens)
    provider = answer.provider or _provider(answer)
    found: dict[Fault, bool] = {
        "blank": not split.text.strip(),
        "cut": answer.finish_reason == "length",
        "unclosed_thinking": not split.closed or (thinking is not None and not split.text.strip()),
        "loop": is_loop(split.text or thinking or ""),
        "special_tokens": bool(special_tokens(split.text, shown)),
        "next_turn": expected.chat and goes_on(split.text, shown),
        "refusal": is_refusal(split.text),
        "stop_ignored": any(_goes_past(split.text, stop) for stop in expected.stop),
        "limit_ignored": _too_long(answer, expected.limit),
        "other_model": _differs(expected.model, answer.served_model, same_model),
        "other_provider": _differs(expected.provider, provider, same_provider),
        "usage": impossible(answer.text, answer.thinking, answer.output_tokens, answer.thinking_tokens),
    }
    return Examined(
        text=split.text,
        thinking=thinking,
        thinking_tokens=tokens,
        faults=tuple(fault for fault in DEFAULT_RULES if found.get(fault)) if any(found.values()) else (),
        estimated=estimated,
        provider=provider,
    )


def _provider(answer: Answer) -> str | None:
    if not answer.headers:
        return None
    lower = {name.lower(): value for name, value in answer.headers.items()}
    return next((lower[name] for name in PROVIDER_HEADERS if name in lower), None)


def _differs(asked: str | None, served: str | None, same: Callable[[str, str], bool]) -> bool:
    return bool(asked and served and not same(asked, served))


def _goes_past(text: str, stop: str) -> bool:
    """Some servers leave the text at which they stopped at the end; none goes on after it."""
    at = text.find(stop) if stop else -1
    return at >= 0 and at + len(stop) < len(text)


def _too_long(answer: Answer, limit: int | None) -> bool:
    """More tokens than asked for; where they are not counted, more text than so many tokens can be."""
    if limit is None or limit <= 0:  # some servers read -1 as no limit
        return False
    if answer.output_tokens is not None:
        # Some providers do not count thinking against the limit.
        return answer.output_tokens - (answer.thinking_tokens or 0) > limit + LIMIT_TOLERANCE
    return too_long(answer.text, limit)
