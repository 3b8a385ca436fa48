"""Measuring a server at more and more requests at once: what is sent, what is counted, where it stops."""

import asyncio
import json
from collections import Counter
from typing import Any

import pytest

from bakeoff.evaluate.client import AskError
from bakeoff.evaluate.probe import Level, Limits, Load, highest, measured, per_token_ms, probe
from bakeoff.evaluate.types import Answer
from bakeoff.report.numbers import LANGUAGES
from bakeoff.report.words import sentence

LOAD = Load("chat", "m", 200, 50, "salt", {"temperature": 0.0})


def answer(first: float | None = 100.0, last: float | None = 590.0, tokens: int | None = 50) -> Answer:
    return Answer("text", "stop", first, last, 200, tokens)


class Server:
    """Answers so that the first token takes 100 ms for each request that is under way; fails beyond `most`."""

    def __init__(self, most: int = 1000) -> None:
        self.most = most
        self.busy = 0
        self.bodies: list[bytes] = []
        self.most_busy: list[int] = []

    async def ask(self, body: bytes) -> Answer:
        self.bodies.append(body)
        self.busy += 1
        try:
            await asyncio.sleep(0.002)
            self.most_busy.append(self.busy)
            if self.busy > self.most:
                raise AskError("server error", "too many", status=503)
            return answer(first=100.0 * self.busy, last=100.0 * self.busy + 490)
        finally:
            self.busy -= 1


def run(server: Server, **options: Any) -> tuple[Level, ...]:
    return asyncio.run(probe(server.ask, LOAD, **options))


def test_it_stops_after_the_first_level_that_is_too_slow() -> None:
    server = Server()
    found = run(server, levels=(1, 2, 4, 8, 16), limits=Limits(first_token_ms=450))
    assert [level.concurrency for level in found] == [1, 2, 4, 8]
    assert [len(level.broken) for level in found] == [0, 0, 0, 1]
    assert highest(found) == 4
    assert max(server.most_busy) == 8
    said = [sentence(one, lang) for one in found[-1].broken for lang in LANGUAGES]
    assert all("450" in text for text in said)


def test_it_stops_after_the_first_level_that_fails_too_often() -> None:
    found = run(Server(most=4), levels=(1, 4, 8, 16))
    assert [level.concurrency for level in found] == [1, 4, 8]
    assert found[-1].errors["server error 503"] == found[-1].failed > 0
    assert highest(found) == 4
    assert found[-1].broken[0].code == "probe.errors"


def test_a_level_has_twice_its_requests_but_never_fewer_than_eight() -> None:
    assert [level.requests for level in run(Server(), levels=(1, 4, 8))] == [8, 8, 16]
    assert [level.requests for level in run(Server(), levels=(1, 8), requests=3)] == [3, 8]


def test_no_two_prompts_begin_alike_also_not_those_of_another_probe() -> None:
    server = Server()
    run(server, levels=(1, 2, 4))
    other = Load("chat", "m", 200, 50, "pepper").body(0)
    texts = [json.loads(body)["messages"][0]["content"] for body in (*server.bodies, other)]
    assert len({text[:8] for text in texts}) == len(texts) == 26


@pytest.mark.parametrize("tokens", [100, 700, 4000])
def test_a_prompt_has_about_the_tokens_that_were_asked_for(tokens: int) -> None:
    """Four characters for a token, the rule of thumb for English, counts words of 6 letters as 1.7 tokens at most."""
    text = json.loads(Load("completions", "m", tokens, 5, "s").body(1))["prompt"]
    assert 0.9 * tokens <= len(text.split()) <= 1.1 * tokens + 20


def test_the_body_says_what_is_wanted() -> None:
    body = json.loads(LOAD.body(3))
    assert (body["model"], body["max_tokens"], body["stream"], body["temperature"]) == ("m", 50, True, 0.0)
    own = Load("chat", "m", 20, 50, "s", {"max_completion_tokens": 9})
    assert "max_tokens" not in json.loads(own.body(0))
    assert json.loads(own.body(0))["max_completion_tokens"] == 50


def test_the_time_of_a_token_is_what_comes_after_the_first() -> None:
    assert per_token_ms(answer()) == pytest.approx(490 / 49)
    for odd in (answer(tokens=1), answer(tokens=None), answer(first=None), answer(last=None), answer(last=100.0)):
        assert per_token_ms(odd) is None


def test_percentiles_are_those_of_the_answers() -> None:
    """Of 0, 10, ..., 1000 ms the median is 500, the 95th percentile 950, the 99th 990."""
    answers = [answer(first=10.0 * i, last=2000.0) for i in range(101)]
    level = measured(4, answers, Counter({"timeout": 1}), 10.0, Limits())
    assert level.first_token_ms is not None
    assert (level.first_token_ms.p50, level.first_token_ms.p95, level.first_token_ms.p99) == (500, 950, 990)
    assert (level.requests, level.failed, level.error_rate) == (102, 1, 1 / 102)
    assert (level.requests_per_second, level.tokens_per_second) == (10.1, 505)
    assert level.broken == ()


def test_a_speed_below_the_needs_breaks_them() -> None:
    """10 ms for a token are 100 tokens a second."""
    for needed, broken in ((99.0, 0), (101.0, 1)):
        level = measured(1, [answer()] * 10, {}, 1.0, Limits(tokens_per_second=needed))
        assert len(level.broken) == broken


def test_nothing_answered_is_no_number() -> None:
    level = measured(2, [], {"timeout": 8}, 1.0, Limits(first_token_ms=1))
    assert (level.first_token_ms, level.per_token_ms, level.tokens_per_second, level.error_rate) == (
        None,
        None,
        None,
        1,
    )
    assert highest([level]) is None


def test_a_server_that_is_not_there_is_an_error() -> None:
    with pytest.raises(AskError, match="too many"):
        run(Server(most=0))
