"""Hard caps of a run, in money and in minutes. Prices are handed in; where they come from is not known here.

Before a request is sent, the most that it can cost is set aside; when it is answered, what it did cost is booked. So
the cap holds however many requests are in flight.
"""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

Cap = Literal["cost", "time"]

FRAME_TOKENS = 64
"""Most tokens that a chat template adds to a request beside its text: begin, end and role of a few messages. A
message more has at least as many bytes of JSON around it (`{"role":"user","content":""}`), which are counted too."""

OUTPUT_LIMITS = ("max_tokens", "max_completion_tokens")
"""Parameters that say after how many tokens an answer is cut."""


@dataclass(frozen=True, slots=True)
class PricePerToken:
    """What one candidate costs, in US dollars a token."""

    input: Decimal
    output: Decimal
    source: str = ""
    """Where the price is from: the project file, or a price list with its date."""

    per_request: Decimal = Decimal(0)
    """Beside the tokens, where a provider charges that."""

    def cost(self, prompt_tokens: int, output_tokens: int, *, calls: int = 1) -> Decimal:
        """Of calls with so many tokens in all, thinking included in the output."""
        return self.input * prompt_tokens + self.output * output_tokens + self.per_request * calls

    def most(self, body: bytes, output_tokens: int) -> Decimal:
        """The most that a request can cost: no token is shorter than a byte.

        Args:
            body: the request.
            output_tokens: where its answer is cut.
        """
        return self.cost(len(body) + FRAME_TOKENS, output_tokens)


def longest_output(parameters: Mapping[str, Any]) -> int | None:
    """Tokens after which an answer is cut; None where nothing cuts it."""
    limits = [parameters.get(name) for name in OUTPUT_LIMITS]
    known = [limit for limit in limits if isinstance(limit, int) and not isinstance(limit, bool) and limit >= 0]
    return max(known, default=None)


class Caps:
    """What a run may still spend. Shared by all of its candidates."""

    def __init__(
        self,
        *,
        max_usd: Decimal | None = None,
        max_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock.

        Args:
            max_usd: most money; None sets no cap.
            max_seconds: most time, from now; None sets no cap. What is in flight then is waited for: it is paid.
            clock: monotonic seconds.
        """
        self._clock = clock
        self._max_usd = max_usd
        self._deadline = None if max_seconds is None else clock() + max_seconds
        self._set_aside = Decimal(0)
        self._overrun = Decimal(1)
        self._changed: list[asyncio.Future[None]] = []
        self.spent = Decimal(0)
        """US dollars so far, of the candidates with a price."""

        self.reached: Cap | None = None
        """The cap that ended the run."""

    def seconds_left(self) -> float | None:
        """Until the deadline; None where there is none."""
        return None if self._deadline is None else max(0.0, self._deadline - self._clock())

    def in_time(self, wait_seconds: float = 0.0) -> bool:
        """Whether a request may be sent after this wait; if not, the time cap is reached."""
        left = self.seconds_left()
        if left is not None and left <= wait_seconds:
            self.reached = self.reached or "time"
        return self.reached is None

    async def set_aside(self, most: Decimal | None) -> Decimal | None:
        """Set money aside for a request; waits for requests in flight where only their rest would make room.

        Args:
            most: what it can cost at most; None where the candidate has no price (then there is no cost cap).

        Returns:
            The amount, for `settle`; None where the cap is reached.
        """
        if most is None or self._max_usd is None:
            return Decimal(0) if self.in_time() else None
        while self.in_time():
            amount = most * self._overrun
            if self.spent + self._set_aside + amount <= self._max_usd:
                self._set_aside += amount
                return amount
            if not self._set_aside:
                self.reached = self.reached or "cost"
                break
            changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._changed.append(changed)
            await changed
        return None

    def settle(self, amount: Decimal, cost: Decimal) -> None:
        """Book what a request did cost.

        Args:
            amount: what `set_aside` returned.
            cost: the real cost. More than was set aside means that the server ignores `max_tokens`: from then on as
                much more is set aside.
        """
        self._set_aside -= amount
        self.spent += cost
        if amount and cost > amount:
            self._overrun *= cost / amount
        changed, self._changed = self._changed, []
        for future in changed:
            if not future.done():
                future.set_result(None)
