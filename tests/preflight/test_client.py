"""What the client takes in for preflight, and what it does not ask again."""

import asyncio
import contextlib
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.evaluate.client import AskError, Client, _Stream
from bakeoff.evaluate.request import build_request
from bakeoff.evaluate.retry import PATIENCE
from bakeoff.evaluate.types import Answer, Prompt, Row
from tests.stub import serving

REQUEST = build_request(
    Prompt(user="{{ text }}"), Row("1", 1, {"text": "<positive>"}), api="chat", model="m", parameters={}
)

KEYS = (
    "choices", "delta", "content", "text", "reasoning_content", "reasoning", "finish_reason", "usage", "timings",
    "model", "system_fingerprint", "provider", "completion_tokens", "completion_tokens_details", "reasoning_tokens",
    "error", "code", "message", "type", "thinking",
)  # fmt: skip


def ask(fault: str) -> Answer:
    async def go() -> Answer:
        async with serving() as (address, _), Client(f"{address}/{fault}/v1") as client:
            return await client.ask(REQUEST.path, REQUEST.body)

    return asyncio.run(go())


def test_an_answer_that_llama_cpp_cannot_parse_is_refused_and_not_asked_again() -> None:
    with pytest.raises(AskError, match="peg-native") as failed:
        ask("strict-template")
    assert failed.value.kind == "refused"
    assert PATIENCE["refused"].attempts == 1


def test_typed_parts_are_text_and_thinking() -> None:
    answer = ask("typed-parts")
    assert answer.text in ("positive", "negative", "neutral")
    assert answer.thinking == "let me see"


def test_counts_fingerprints_and_providers_are_kept() -> None:
    assert ask("counts-thinking").thinking_tokens == 58
    assert (ask("changes-build").fingerprint or "").startswith("fp_")
    assert ask("other-provider").provider == "Elsewhere"
    assert ask("ok").thinking_tokens is None


def test_what_a_server_does_not_tell_is_none() -> None:
    async def go() -> tuple[object, object]:
        async with serving() as (address, _), Client(f"{address}/ollama/v1") as client:
            return await client.aside("/props"), await client.aside("/api/version")

    assert asyncio.run(go()) == (None, {"version": "0.40.12"})


JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
    max_leaves=12,
)


@given(st.lists(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=5), max_size=4))
def test_whatever_a_server_sends_is_an_answer_or_a_failure(events: list[dict[str, object]]) -> None:
    """Keys of the API with values of every kind: nothing but AskError comes out."""
    stream = _Stream(0.0)
    with contextlib.suppress(AskError):
        for event in events:
            stream.event(json.dumps(event).encode())
        stream.done = True
        assert isinstance(stream.answer({}).text, str)
