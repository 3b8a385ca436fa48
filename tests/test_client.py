"""The client against a server with every fault: what is an answer, what is a failure, and of which kind."""

import asyncio
import json
from typing import Any

import pytest

from bakeoff.evaluate import client
from bakeoff.evaluate.client import AskError, Client, Timeouts
from bakeoff.evaluate.request import build_request
from bakeoff.evaluate.retry import RetryPolicy, ask_with_retries
from bakeoff.evaluate.types import Answer, Prompt, Row
from tests.stub import LABELS, Stub, serving

PROMPT = Prompt(user="{{ text }}")
ROW = Row("1", 1, {"text": "good <positive>"})
BODY = build_request(PROMPT, ROW, api="chat", model="stub", parameters={}).body


def ask(fault: str, body: bytes = BODY, *, timeouts: Timeouts | None = None, **settings: Any) -> tuple[Answer, Stub]:
    async def go() -> tuple[Answer, Stub]:
        async with (
            serving(**settings) as (address, stub),
            Client(f"{address}/{fault}/v1", key="secret", timeouts=timeouts) as client,
        ):
            return await client.ask("/chat/completions", body), stub

    return asyncio.run(go())


def test_a_streamed_answer_is_whole_and_timed() -> None:
    answer, stub = ask("ok", latency=0.02, chunks=4)
    assert answer.text in LABELS
    assert answer.finish_reason == "stop"
    assert answer.time_to_first_token_ms is not None
    assert 20 <= answer.time_to_first_token_ms <= answer.latency_ms
    assert answer.prompt_tokens == len(BODY) // 4
    assert answer.served_model == "stub"
    assert stub.keys == ["Bearer secret"]
    assert "authorization" not in {name.lower() for name in answer.headers}


def test_a_server_that_does_not_stream_is_understood() -> None:
    answer, _ = ask("nostream")
    assert answer.text in LABELS
    assert answer.time_to_first_token_ms is None
    assert answer.output_tokens is not None


def test_a_server_without_usage_gives_no_token_counts() -> None:
    answer, _ = ask("silent-usage")
    assert (answer.text in LABELS, answer.prompt_tokens, answer.output_tokens) == (True, None, None)


def test_an_empty_answer_is_an_answer_and_not_a_failure() -> None:
    answer, _ = ask("empty")
    assert (answer.text, answer.finish_reason, answer.time_to_first_token_ms) == ("", "stop", None)


def test_thinking_text_is_kept_apart() -> None:
    answer, _ = ask("thinking")
    assert answer.thinking == "let me see"
    assert answer.text in LABELS


def test_a_cut_answer_says_so() -> None:
    assert ask("long")[0].finish_reason == "length"


@pytest.mark.parametrize(
    ("fault", "code", "words"),
    [
        ("500", "server error 500", "stub says 500"),
        ("401", "key 401", "stub says 401"),
        ("400", "refused 400", "stub says 400"),
        ("404", "not a model 404", "no such route"),
        ("redirect", "not a model 302", "elsewhere"),
        ("429-always", "rate limit 429", "slow down"),
        ("html", "not a model", "text/html: <html><title>Welcome"),
        ("cut", "cut stream", "in the middle"),
        ("close", "unreachable", "disconnected"),
        ("bad-json", "not a model", "no choices"),
        ("error-event", "server error", "out of memory"),
        ("garbage-event", "server error", "not JSON"),
        ("not-http", "server error", "HTTP"),
    ],
)
def test_each_fault_has_its_kind_and_the_servers_own_words(fault: str, code: str, words: str) -> None:
    with pytest.raises(AskError) as caught:
        ask(fault)
    assert caught.value.code == code
    assert words.lower() in caught.value.detail.lower()


def test_a_silent_server_is_given_up() -> None:
    with pytest.raises(AskError, match=r"silent for 0\.2 s") as caught:
        ask("hang", timeouts=Timeouts(silence=0.2))
    assert caught.value.kind == "timeout"


def test_nobody_listening_is_unreachable() -> None:
    async def go() -> None:
        async with Client("http://127.0.0.1:9/v1") as client:
            await client.ask("/chat/completions", BODY)

    with pytest.raises(AskError) as caught:
        asyncio.run(go())
    assert caught.value.kind == "unreachable"


def test_models_are_listed() -> None:
    async def go() -> list[str]:
        async with serving() as (address, _), Client(f"{address}/ok/v1") as client:
            return await client.models()

    assert asyncio.run(go()) == ["stub"]


def retry(outcomes: list[AskError | Answer], policy: RetryPolicy | None = None) -> tuple[Any, list[float], list[int]]:
    """Run a script of outcomes; returns (attempt or error, waits, failed attempts)."""
    waits: list[float] = []
    failed: list[int] = []
    script = iter(outcomes)

    async def one() -> Answer:
        outcome = next(script)
        if isinstance(outcome, AskError):
            raise outcome
        return outcome

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    async def on_failure(attempt: int, error: AskError) -> None:
        failed.append(attempt)

    async def go() -> Any:
        try:
            return (await ask_with_retries(one, policy=policy or RetryPolicy(), sleep=sleep, on_failure=on_failure))[1]
        except AskError as error:
            return error.kind

    return asyncio.run(go()), waits, failed


DONE = Answer("x", "stop", 1.0, 2.0, 1, 1)


def test_what_may_pass_is_tried_again_and_every_failure_is_told() -> None:
    attempt, waits, failed = retry([AskError("unreachable", "a"), AskError("cut stream", "b"), DONE])
    assert attempt == 3
    assert failed == [1, 2]
    # Waits lie in [half, whole] of 0.5 * 2^(k-1).
    assert 0.25 <= waits[0] <= 0.5
    assert 0.5 <= waits[1] <= 1.0


def test_retry_after_is_obeyed_exactly() -> None:
    _, waits, _ = retry([AskError("rate limit", "a", status=429, retry_after_seconds=7.5), DONE])
    assert waits == [7.5]


@pytest.mark.parametrize("kind", ["key", "refused", "not a model"])
def test_what_will_not_pass_is_not_tried_again(kind: Any) -> None:
    assert retry([AskError(kind, "a"), DONE]) == (kind, [], [1])


@pytest.mark.parametrize(("kind", "attempts"), [("timeout", 3), ("server error", 5), ("rate limit", 12)])
def test_attempts_end(kind: Any, attempts: int) -> None:
    outcome, waits, failed = retry([AskError(kind, "a")] * 20)
    assert (outcome, len(waits), failed) == (kind, attempts - 1, list(range(1, attempts + 1)))


def test_a_server_that_asks_for_an_hour_has_failed() -> None:
    error = AskError("rate limit", "a", retry_after_seconds=3600)
    assert retry([error, DONE])[0] == "rate limit"
    assert RetryPolicy().hopeless(error)


@pytest.mark.parametrize(
    ("status", "code", "kind"),
    [
        (429, "rate_limit_exceeded", "rate limit"),
        (429, "insufficient_quota", "quota"),
        (402, "", "quota"),
        (403, "", "key"),
    ],
)
def test_an_empty_account_is_not_waited_for(status: int, code: str, kind: str) -> None:
    error = answered_with(status, json.dumps({"error": {"message": "no", "code": code}}).encode())
    assert error.kind == kind
    assert error.retry_after_seconds == (1.5 if kind == "rate limit" else None)


@pytest.mark.parametrize("body", [b'{"choices": ["x"]}', b'{"choices": {}}', b"[1]", b"{", b"[" * 100_000])
def test_json_that_is_no_answer_is_a_failure(body: bytes) -> None:
    assert answered_with(200, body).kind == "not a model"


def test_an_answer_in_one_piece_is_bounded_like_a_stream(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_ANSWER_BYTES", 1000)
    error = answered_with(200, b'{"choices": [' + b" " * 2000 + b"]}")
    assert (error.kind, "longer than 1,000 bytes" in error.detail) == ("server error", True)


def answered_with(status: int, body: bytes) -> AskError:
    """How a server fails that answers with this."""

    async def refuse(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 %d X\r\nContent-Type: application/json\r\nContent-Length: %d\r\n" % (status, len(body)))
        writer.write(b"retry-after-ms: 1500\r\nConnection: close\r\n\r\n" + body)
        await writer.drain()
        writer.close()

    async def go() -> None:
        server = await asyncio.start_server(refuse, "127.0.0.1", 0)
        async with server, Client(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1") as client:
            await client.ask("/chat/completions", BODY)

    with pytest.raises(AskError) as caught:
        asyncio.run(go())
    return caught.value


def test_a_character_cut_into_two_surrogates_is_joined_again() -> None:
    from bakeoff.evaluate.client import _whole_text

    pieces = [json.loads('"\\ud83d"'), json.loads('"\\ude00 ok"')]
    assert _whole_text(pieces) == "😀 ok"
    assert _whole_text(["a", json.loads('"\\ud83d"')]) == "a\ufffd"
