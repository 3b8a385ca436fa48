"""How fast a server is when several ask at once: more and more requests at a time, until it no longer does.

Every prompt is another one from its first word on, so that no cache of prefixes helps. Knows nothing about projects.
"""

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from bakeoff.evaluate.client import AskError
from bakeoff.evaluate.request import build_request
from bakeoff.evaluate.stats.proportions import percentile
from bakeoff.evaluate.types import Answer, Prompt, Row
from bakeoff.values import Reason, reason

LEVELS = (1, 2, 4, 8, 16, 32, 64)
"""Requests at the same time, level by level."""

LEAST_REQUESTS = 8
ROUNDS = 2
"""Requests of a level where nobody says how many: two for each that is under way at once, and never fewer than 8."""

MOST_ERRORS = 0.01
"""A level at which more than one request in a hundred fails is beyond what the server can do."""

WORDS = (
    "river", "stone", "market", "window", "garden", "letter", "winter", "summer", "morning", "village", "engine",
    "harbour", "lantern", "mirror", "forest", "blanket", "candle", "anchor", "copper", "silver", "pepper", "saddle",
    "ribbon", "island", "valley", "bridge", "needle", "kettle", "ladder", "marble",
)  # fmt: skip
"""Common English words: about one token each in every tokenizer."""

TASK = "\n\nWrite a long story in which all of these words occur. Do not stop before it is very long."

PROMPT = Prompt(user="{{ text }}", completion="{{ user }}")
"""Requests are made as those of a run are."""


@dataclass(frozen=True, slots=True)
class Spread:
    """Percentiles over requests (`stats.proportions.percentile`)."""

    p50: float
    p95: float
    p99: float


@dataclass(frozen=True, slots=True)
class Limits:
    """What the needs ask for; None asks nothing."""

    first_token_ms: float | None = None
    tokens_per_second: float | None = None
    """Of each request, after its first token."""


@dataclass(frozen=True, slots=True)
class Level:
    """So many requests at the same time."""

    concurrency: int
    requests: int
    failed: int
    errors: Mapping[str, int]
    """Failures by kind."""

    seconds: float
    """From the first request to the last answer."""

    prompt_tokens: float | None
    """Mean, by the server's own count; None where it does not count."""

    output_tokens: float | None
    first_token_ms: Spread | None
    """None where nothing was answered."""

    per_token_ms: Spread | None
    """Time per output token after the first; None where answers came in one piece, or nobody counts tokens."""

    latency_ms: Spread | None
    requests_per_second: float
    tokens_per_second: float | None
    """All requests together: output tokens over the level's whole time."""

    broken: tuple[Reason, ...] = field(default=())
    """What it does not keep; empty where it keeps all."""

    @property
    def error_rate(self) -> float:
        """Share of requests that failed."""
        return self.failed / self.requests


Ask = Callable[[bytes], Awaitable[Answer]]
Api = Literal["chat", "completions"]


@dataclass(frozen=True, slots=True)
class Load:
    """What every request looks like."""

    api: Api
    model: str
    prompt_tokens: int
    output_tokens: int
    salt: str
    """Makes the prompts of this probe differ from those of every other one."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Further keys of the body."""

    def body(self, number: int) -> bytes:
        """The request with this number: another one than every other from its first word on."""
        chance = random.Random(f"{self.salt}:{number}")
        head = f"{chance.getrandbits(48):x}"
        count = max(1, self.prompt_tokens - len(head) // 2 - len(TASK) // 4)
        text = f"{head} {' '.join(chance.choice(WORDS) for _ in range(count))}{TASK}"
        limit = "max_completion_tokens" if "max_completion_tokens" in self.parameters else "max_tokens"
        return build_request(
            PROMPT,
            Row(str(number), number, {"text": text}),
            api=self.api,
            model=self.model,
            parameters={**self.parameters, limit: self.output_tokens},
        ).body


async def probe(
    ask: Ask,
    load: Load,
    *,
    levels: Sequence[int] = LEVELS,
    requests: int | None = None,
    limits: Limits | None = None,
    on_level: Callable[[Level], None] | None = None,
) -> tuple[Level, ...]:
    """Measure level after level, and stop after the first that breaks a limit or fails too often.

    Args:
        ask: sends a body and waits for the whole answer.
        load: of every request.
        levels: requests at the same time, rising.
        requests: of each level; None takes twice as many as there are at a time, and never fewer than 8.
        limits: of the needs.
        on_level: told each level when it is done.

    Raises:
        AskError: not even one request alone is answered.
    """
    await ask(load.body(-1))  # connections, caches of kernels, a model that is loaded at its first use
    found: list[Level] = []
    number = 0
    for concurrency in levels:
        count = max(requests or max(LEAST_REQUESTS, ROUNDS * concurrency), concurrency)
        level = await _level(ask, load, concurrency, range(number, number + count), limits or Limits())
        number += count
        found.append(level)
        if on_level is not None:
            on_level(level)
        if level.broken:
            break
    return tuple(found)


def highest(levels: Sequence[Level]) -> int | None:
    """The most requests at a time that kept everything, with all smaller levels; None where not even the first did."""
    best = None
    for level in levels:
        if level.broken:
            break
        best = level.concurrency
    return best


async def _level(ask: Ask, load: Load, concurrency: int, numbers: range, limits: Limits) -> Level:
    answers: list[Answer] = []
    errors: Counter[str] = Counter()
    waiting = iter(numbers)

    async def work() -> None:
        for number in waiting:
            try:
                answers.append(await ask(load.body(number)))
            except AskError as error:
                errors[error.code] += 1

    started = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(concurrency)))
    return measured(concurrency, answers, errors, time.perf_counter() - started, limits)


def measured(
    concurrency: int, answers: Sequence[Answer], errors: Mapping[str, int], seconds: float, limits: Limits
) -> Level:
    """The numbers of one level, from its answers."""
    failed = sum(errors.values())
    written = [answer.output_tokens for answer in answers if answer.output_tokens is not None]
    read = [answer.prompt_tokens for answer in answers if answer.prompt_tokens is not None]
    per_token = [value for answer in answers if (value := per_token_ms(answer)) is not None]
    level = Level(
        concurrency=concurrency,
        requests=len(answers) + failed,
        failed=failed,
        errors=dict(errors),
        seconds=seconds,
        prompt_tokens=sum(read) / len(read) if read else None,
        output_tokens=sum(written) / len(written) if written else None,
        first_token_ms=_spread([answer.time_to_first_token_ms for answer in answers]),
        per_token_ms=_spread(per_token),
        latency_ms=_spread([answer.latency_ms for answer in answers]),
        requests_per_second=len(answers) / seconds,
        tokens_per_second=sum(written) / seconds if written else None,
    )
    return replace(level, broken=tuple(broken(level, limits)))


def per_token_ms(answer: Answer) -> float | None:
    """Time per output token after the first one: (latency - time to first token) / (tokens - 1)."""
    first, last, tokens = answer.time_to_first_token_ms, answer.latency_ms, answer.output_tokens
    if first is None or last is None or tokens is None or tokens < 2 or last <= first:
        return None
    return (last - first) / (tokens - 1)


def _spread(values: Sequence[float | None]) -> Spread | None:
    import numpy as np

    known = np.array([value for value in values if value is not None], dtype=np.float64)
    if not len(known):
        return None
    return Spread(*(percentile(known, share) for share in (0.5, 0.95, 0.99)))


def broken(level: Level, limits: Limits) -> list[Reason]:
    """What a level does not keep: 95 of 100 requests must be within each limit, and 99 answered."""
    found = []
    if level.error_rate > MOST_ERRORS:
        kinds = sorted(level.errors, key=lambda kind: (-level.errors[kind], kind))
        found.append(reason("probe.errors", n=level.failed, total=level.requests, kinds=kinds))
    first, per_token = level.first_token_ms, level.per_token_ms
    if limits.first_token_ms is not None and first is not None and first.p95 > limits.first_token_ms:
        found.append(reason("probe.first_token", value=first.p95, limit=limits.first_token_ms))
    if limits.tokens_per_second is not None and per_token is not None:
        speed = 1000 / per_token.p95
        if speed < limits.tokens_per_second:
            found.append(reason("probe.speed", value=speed, limit=limits.tokens_per_second))
    return found
