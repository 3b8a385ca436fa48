"""When to ask again, and how long to wait before it. Knows nothing about HTTP or storage."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from bakeoff.evaluate.client import AskError, Failed
from bakeoff.evaluate.types import Answer


@dataclass(frozen=True, slots=True)
class Patience:
    """What is done about one class of failure."""

    attempts: int
    """Tries in all, the first included; 1 means that it will not pass."""

    first_wait_seconds: float = 0.5
    """Before the second try; doubled for each further one."""

    hopeless: bool = False
    """Every further row would meet it as well, so that the candidate is given up."""


PATIENCE: Mapping[Failed, Patience] = {
    "rate limit": Patience(12),
    "unreachable": Patience(5),
    "cut stream": Patience(5),
    "server error": Patience(5, 1.0),
    "timeout": Patience(3, 1.0),
    "refused": Patience(1),
    "quota": Patience(1, hopeless=True),
    "key": Patience(1, hopeless=True),
    "not a model": Patience(1, hopeless=True),
}
"""By class. A 429 is no fault of the request, and the pace of all requests slows down with it: it may come often. A
timeout has cost the longest wait there is, and may have cost money."""


@dataclass(frozen=True, slots=True)
class RetryPolicy:
    """Exponential backoff with jitter (M. Brooker, AWS Architecture Blog, 2015), capped."""

    patience: Mapping[Failed, Patience] = field(default_factory=lambda: PATIENCE)
    longest_wait_seconds: float = 60.0
    """Also the longest `Retry-After` that is obeyed; a server that asks for more has failed for this run."""

    def wait_seconds(self, error: AskError, attempt: int, *, random_unit: float) -> float | None:
        """Pause after the failed try number `attempt` (from 1); None where it is the last.

        Args:
            error: how it failed.
            attempt: which try it was.
            random_unit: uniform in [0, 1).
        """
        patience = self.patience[error.kind]
        if attempt >= patience.attempts or self.hopeless(error):
            return None
        if error.retry_after_seconds is not None:
            return error.retry_after_seconds
        ceiling = min(self.longest_wait_seconds, patience.first_wait_seconds * 2.0 ** (attempt - 1))
        return ceiling * (0.5 + random_unit / 2)

    def hopeless(self, error: AskError) -> bool:
        """Every further row would meet it as well in this run."""
        return self.patience[error.kind].hopeless or (error.retry_after_seconds or 0.0) > self.longest_wait_seconds


async def ask_with_retries(
    ask: Callable[[], Awaitable[Answer]],
    *,
    policy: RetryPolicy,
    sleep: Callable[[float], Awaitable[object]],
    on_failure: Callable[[int, AskError], Awaitable[None]],
    tried: int = 0,
) -> tuple[Answer, int]:
    """Ask until there is an answer or no hope.

    Args:
        ask: one attempt.
        policy: how often and how fast.
        sleep: `asyncio.sleep`, or a clock of a test.
        on_failure: told of each failed attempt, so that it can be stored.
        tried: attempts of earlier runs; they count on the numbers, not on the patience.

    Returns:
        The answer and the number of the attempt that gave it.

    Raises:
        AskError: of the last attempt.
    """
    attempt = 1
    while True:
        try:
            return await ask(), tried + attempt
        except AskError as error:
            await on_failure(tried + attempt, error)
            wait = policy.wait_seconds(error, attempt, random_unit=random.random())
            if wait is None:
                raise
            await sleep(wait)
            attempt += 1
