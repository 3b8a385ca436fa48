"""When to ask again, and how long to wait before it. Knows nothing about HTTP or storage."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from bakeoff.evaluate.client import RETRYABLE, AskError
from bakeoff.evaluate.types import Answer


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with full jitter (Brooker, AWS Architecture Blog, 2015), capped."""

    attempts: int = 5
    """Tries in all, the first included."""

    first_wait_seconds: float = 0.5
    longest_wait_seconds: float = 60.0
    """Also the longest `Retry-After` that is obeyed; a server that asks for more has failed for this run."""

    def wait_seconds(self, attempt: int, retry_after_seconds: float | None, *, random_unit: float) -> float:
        """Pause after the failed try number `attempt` (from 1); `random_unit` is uniform in [0, 1)."""
        if retry_after_seconds is not None:
            return retry_after_seconds
        ceiling = min(self.longest_wait_seconds, self.first_wait_seconds * 2.0 ** (attempt - 1))
        return ceiling * (0.5 + random_unit / 2)


async def ask_with_retries(
    ask: Callable[[], Awaitable[Answer]],
    *,
    policy: RetryPolicy,
    sleep: Callable[[float], Awaitable[object]],
    on_failure: Callable[[int, AskError], Awaitable[None]],
) -> tuple[Answer, int]:
    """Ask until there is an answer or no hope.

    Args:
        ask: one attempt.
        policy: how often and how fast.
        sleep: `asyncio.sleep`, or a clock of a test.
        on_failure: told of each failed attempt, so that it can be stored.

    Returns:
        The answer and the number of the attempt that gave it.

    Raises:
        AskError: of the last attempt.
    """
    attempt = 1
    while True:
        try:
            return await ask(), attempt
        except AskError as error:
            await on_failure(attempt, error)
            wait = policy.wait_seconds(attempt, error.retry_after_seconds, random_unit=random.random())
            if error.kind not in RETRYABLE or attempt >= policy.attempts or wait > policy.longest_wait_seconds:
                raise
            await sleep(wait)
            attempt += 1
