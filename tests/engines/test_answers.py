"""Answers repeat: whatever was asked before, whatever is asked at the same time, on however many threads."""

import asyncio
import random
from typing import Any

import pytest

from bakeoff.evaluate.client import Client
from bakeoff.evaluate.engines import Engine
from bakeoff.evaluate.types import Answer
from bakeoff.weights import ModelFile
from tests.engines import tiny
from tests.engines.conftest import Start, ask, chat, complete

WORDS = [
    "river", "stone", "copper", "window", "garden", "engine", "paper", "winter", "silver", "market", "harbour",
    "letter", "candle", "bridge", "forest", "mirror", "planet", "kitchen", "ladder", "thunder", "velvet", "orchard",
]  # fmt: skip


def text(length: int, seed: int) -> str:
    """So many words, the same every time."""
    chosen = random.Random(seed)
    return " ".join(chosen.choice(WORDS) for _ in range(length))


def prompts() -> list[tuple[str, dict[str, Any]]]:
    """Twenty requests of both kinds, from 10 to 320 tokens: past 64 and 256 tokens other kernels take over."""
    found: list[tuple[str, dict[str, Any]]] = []
    for i in range(12):
        message = {"role": "user", "content": f"Is this good or bad? One word. {text(6 + i, i)}"}
        found.append(("/chat/completions", {"messages": [message]}))
    for i, length in enumerate((4, 8, 15, 40, 55, 70, 130, 280)):
        found.append(("/completions", {"prompt": text(length, 100 + i) + "\nSummary:"}))
    return found


async def answers(
    engine: Engine, asked: list[tuple[str, dict[str, Any]]], *, seed: int
) -> list[tuple[str, int | None]]:
    """All requests in an order of their own, as many at once as there are slots."""
    order = list(range(len(asked)))
    random.Random(seed).shuffle(order)
    numbers = iter(order)
    found: dict[int, Answer] = {}
    async with Client(engine.base_url, connections=engine.n_slots) as client:

        async def worker() -> None:
            for number in numbers:
                path, body = asked[number]
                found[number] = await ask(client, path, max_tokens=6, **body)

        await asyncio.gather(*(worker() for _ in range(engine.n_slots)))
    return [(found[i].text, found[i].output_tokens) for i in range(len(asked))]


@pytest.mark.slow
async def test_the_same_answers_on_every_repetition_at_one_to_eight_slots(start: Start, smollm2: ModelFile) -> None:
    found = []
    for slots, threads in ((1, 1), (2, 2), (4, 1), (8, 1)):
        async with start(smollm2.path, n_slots=slots, threads=threads, batch_invariant=slots > 1) as engine:
            found.append(await answers(engine, prompts(), seed=slots))
    assert len({text for text, _ in found[0]}) > 10
    assert found == found[:1] * len(found)


@pytest.mark.slow
async def test_the_same_answers_also_of_weights_that_have_faster_kernels(start: Start, gemma: ModelFile) -> None:
    found = []
    for slots in (1, 4):
        async with start(gemma.path, n_slots=slots, batch_invariant=True) as engine:
            found.append(await answers(engine, prompts()[12:], seed=slots))
    assert found[0] == found[1]


async def test_a_history_of_other_requests_changes_nothing(start: Start) -> None:
    async with start(n_slots=2) as engine, Client(engine.base_url) as client:
        first = await complete(client, "the same beginning, then one thing", max_tokens=20)
        for i in range(10):
            await complete(client, f"the same beginning, then another thing {i}", max_tokens=20)
        again = await complete(client, "the same beginning, then one thing", max_tokens=20)
        assert again.text == first.text
        assert again.timings["cache_n"] == 0


async def test_the_beginning_of_a_prompt_is_never_taken_from_a_request_before(start: Start) -> None:
    async with start() as engine, Client(engine.base_url) as client:
        for _ in range(3):
            answer = await complete(client, "hello", cache_prompt=True)
            default = await ask(client, "/completions", prompt="hello", max_tokens=8)
        assert answer.prompt_tokens == default.prompt_tokens
        assert default.timings["cache_n"] == 0


async def test_sampling_repeats_and_follows_the_seed_of_the_request(start: Start) -> None:
    async with start(seed=3) as engine, Client(engine.base_url) as client:

        async def sampled(**body: Any) -> str:
            return (await complete(client, "once upon a time", temperature=1.0, max_tokens=30, **body)).text

        default = await sampled()
        assert await sampled() == default
        assert await sampled(seed=3) == default
        assert await sampled(seed=4) != default


async def test_thinking_is_delivered_apart_from_the_answer(start: Start, tmp_path_factory: Any) -> None:
    model = tiny.write(tmp_path_factory.mktemp("thinking") / "m.gguf", template=tiny.THINKING_TEMPLATE)
    grammar = 'root ::= "<think>because</think>yes"'
    async with start(model) as engine, Client(engine.base_url) as client:
        assert engine.facts.has_chat_template
        answer = await chat(client, "why?", max_tokens=60, grammar=grammar)
        assert (answer.thinking, answer.text) == ("because", "yes")
        cut = await chat(client, "why?", max_tokens=12, grammar=grammar)
        assert (cut.text, cut.finish_reason) == ("", "length")


async def test_without_a_template_the_text_is_what_the_model_said(start: Start) -> None:
    async with start() as engine, Client(engine.base_url) as client:
        answer = await complete(client, "why?", max_tokens=60, grammar='root ::= " <think>because</think>\\n yes\\n"')
        assert (answer.thinking, answer.text) == (None, " <think>because</think>\n yes\n")
