"""How many requests are in flight to one server, and how fast new ones start. Knows nothing about HTTP.

Two brakes, since servers have two kinds of limits:

- a **window** of requests in flight. It doubles, round after round, for as long as the server gives more answers a
  second for it; it halves when the server fails (5xx, timeouts, lost connections), and then grows by one a round.
  That is TCP's slow start and AIMD (V. Jacobson 1988), with the look at throughput that keeps a server that queues
  silently from being filled with requests whose latency would be waiting.
- a **rate** of requests started, none until the server says 429. Then it falls by a tenth below the rate that the
  server accepted, and comes back along the cubic of RFC 9438: fast at first, flat near the rate at which it was told
  off, and faster again when that no longer is the limit. A saw-tooth that halves would waste a quarter of the limit.

All candidates that talk to one server share its pace.
"""

import asyncio
import time
from collections import deque
from collections.abc import Awaitable, Callable, Mapping

from bakeoff.evaluate.client import AskError
from bakeoff.evaluate.rate_headers import buckets

FIRST = 8
"""Requests in flight at the start of an adaptive pace."""

MOST = 64
"""And at most; a server that profits from more is told so by `concurrency`."""

GAIN = 1.2
"""Growing goes on for as long as doubling the window brings at least so much more throughput."""

PATIENCE_ROUNDS = 1
"""Rounds without that gain before the window goes back and stays: one may be an accident."""

BACK = 0.9
"""What is left of the accepted rate after a 429."""

RETURN_SECONDS = 10.0
"""Time in which the rate comes back to where the 429 was; K of RFC 9438, there computed, here fixed."""

JUDGE_SECONDS = 1.0
"""The accepted rate is taken over at least so long: the first requests often come out of a bucket that was full."""

LOW_BUCKET = 2.0
"""The server's own count of what is left matters when it is less than so many windows."""


class Pace:
    """The pace of one server."""

    def __init__(
        self,
        *,
        fixed: int | None = None,
        per_minute: float | None = None,
        first: int = FIRST,
        most: int = MOST,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        """Start.

        Args:
            fixed: requests in flight, from the start and for good; None adapts.
            per_minute: most requests that start in a minute, evenly spread; None sets no ceiling.
            first: where an adaptive window starts.
            most: where it ends.
            clock: monotonic seconds.
            sleep: waits.
        """
        self._clock, self._sleep = clock, sleep
        self._adapts = fixed is None
        self.fixed, self.per_minute = fixed, per_minute
        """As they were set, for all who share them."""

        self._ceiling = None if per_minute is None else per_minute / 60
        self.limit = fixed if fixed is not None else min(first, most)
        """Requests that may be in flight now."""

        self.in_flight = 0
        """Places that are taken."""

        self.most = fixed if fixed is not None else most
        """Requests that may ever be in flight."""

        self._waiting: deque[asyncio.Future[None]] = deque()
        self._doubling = True
        self._idle_rounds = 0
        self._round = _Round(clock())
        self._best = 0.0
        self._window_cut = clock()
        self._cubic: _Cubic | None = None
        self._accepted = 0
        self._accepted_since: float | None = None
        self._rate_cut = clock()
        self._told: float | None = None
        self._tokens = 0.0
        self._next = self._paused_until = clock()
        self.on_told_off: Callable[[float], None] | None = None
        """Told of each cut after a 429, with the seconds for which nothing may start."""

    # places

    async def enter(self) -> None:
        """Wait for a place. Each `enter` needs a `leave`."""
        while self.in_flight >= self._open:
            place: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.append(place)
            self._round.full = True
            try:
                await place
            except asyncio.CancelledError:
                self._wake()
                raise
        self.in_flight += 1

    def leave(self) -> None:
        """Give the place back."""
        self.in_flight -= 1
        self._wake()

    @property
    def stands_still(self) -> bool:
        """Nothing may start: others have all of what is fixed."""
        return self._open == 0

    @property
    def _open(self) -> int:
        return 0 if self._ceiling == 0 else self.limit

    def _wake(self) -> None:
        free = self._open - self.in_flight
        while free > 0 and self._waiting:
            place = self._waiting.popleft()
            if not place.done():
                place.set_result(None)
                free -= 1

    def share(self, places: int | None, per_minute: float | None) -> None:
        """Take a part of what is fixed, where several processes ask one server; 0 stands still.

        Args:
            places: requests in flight; None leaves the window to itself.
            per_minute: requests that start in a minute; None sets no ceiling.
        """
        self.limit = self.limit if places is None else places
        self._ceiling = None if per_minute is None else per_minute / 60
        self._wake()

    # starts

    @property
    def rate(self) -> float | None:
        """Requests a second that may start now; None where nothing limits them."""
        own = self._cubic.at(self._clock()) if self._cubic else None
        return min((rate for rate in (own, self._told, self._ceiling) if rate is not None), default=None)

    async def turn(self) -> float:
        """Wait until a request may be sent; the time at which it is."""
        while True:
            now = self._clock()
            rate = self.rate
            start = max(now, self._paused_until, self._next if rate else now)
            self._next = start + (1 / rate if rate else 0.0)
            if start > now:
                self._round.held_back += 1
                await self._sleep(start - now)
                now = self._clock()
            if self._paused_until <= now:
                break
        if self._accepted_since is None:
            self._accepted_since = now
        self._accepted += 1
        return now

    # what came of it

    def answered(self, started: float, headers: Mapping[str, str], tokens: int = 0) -> None:
        """A request was answered.

        Args:
            started: what `turn` returned.
            headers: of the response.
            tokens: of prompt and answer together.
        """
        self._tokens += 0.1 * (tokens - self._tokens) if self._tokens else tokens
        self._listen(headers)
        if self._adapts:
            self._grow(started)

    def failed(self, started: float, error: AskError) -> None:
        """A request failed. One cut answers for all requests that were sent before it.

        Args:
            started: what `turn` returned.
            error: how.
        """
        now = self._clock()
        if error.kind == "rate limit":
            self._accepted -= 1
            if error.retry_after_seconds is not None:
                self._paused_until = max(self._paused_until, now + error.retry_after_seconds)
            if started >= self._rate_cut:
                self._slow_down(now)
                if self.on_told_off is not None:
                    self.on_told_off(max(0.0, self._paused_until - now))
        elif error.overload and self._adapts and started >= self._window_cut:
            self._window_cut = now
            self._doubling = False
            self.limit = max(1, self.limit // 2)
            self._round = _Round(now)

    def heed(self, pause_seconds: float, *, cut: bool) -> None:
        """Another process was told off by the same server.

        Args:
            pause_seconds: for which nothing may start.
            cut: slow down as after a 429 of one's own, unless that was within the last second.
        """
        now = self._clock()
        self._paused_until = max(self._paused_until, now + pause_seconds)
        if cut and self._accepted_since is not None and now - self._rate_cut >= JUDGE_SECONDS:
            self._slow_down(now)

    def _slow_down(self, now: float) -> None:
        """Cut the rate below what the server accepted since the last cut.

        Before there is a second to judge by, all wait for the end of that second, and the rate then starts from what
        was accepted in it and doubles until the next 429: slow start again.
        """
        seconds = 0.0 if self._accepted_since is None else now - self._accepted_since
        early = seconds < JUDGE_SECONDS
        if early:
            if self._cubic is not None:
                return
            self._paused_until = max(self._paused_until, now + JUDGE_SECONDS - seconds)
        accepted = max(self._accepted, 1) / max(seconds, JUDGE_SECONDS)
        rate = self._cubic.at(now) if self._cubic else accepted
        if self._cubic is not None and self._cubic.doubles:
            accepted = max(accepted, 0.75 * rate)  # the mean since the start says little of a rate that doubled
        self._rate_cut = self._accepted_since = max(now, self._paused_until)
        self._cubic = _Cubic(min(rate, accepted), self._rate_cut, doubles=early)
        self._accepted = 0

    def _listen(self, headers: Mapping[str, str]) -> None:
        """Where the server counts for us and little is left, no more start than its bucket fills."""
        told = None
        for kind, bucket in buckets(headers, now=time.time()).items():
            need = 1.0 if kind == "requests" else max(1.0, self._tokens)
            fills = bucket.per_second
            if fills is not None and bucket.remaining < LOW_BUCKET * self.limit * need:
                told = min(fills / need, told or float("inf"))
        self._told = told

    def _grow(self, started: float) -> None:
        """After a round of answers with a full window, see whether a larger one is worth while."""
        if started < self._window_cut:
            return
        current = self._round
        current.answers += 1
        if current.answers < 2 * self.limit:
            return
        now = self._clock()
        if current.full and 2 * current.held_back < current.answers:
            self._resize(current.answers / max(now - current.began, 1e-9))
        self._round = _Round(now)

    def _resize(self, throughput: float) -> None:
        if not self._doubling:
            self.limit = min(self.most, self.limit + 1)
        elif throughput >= GAIN * self._best:
            self._best, self._idle_rounds = throughput, 0
            self._doubling = self.limit < self.most
            self.limit = min(self.most, 2 * self.limit)
        elif self._idle_rounds < PATIENCE_ROUNDS:
            self._idle_rounds += 1
        else:
            self._doubling = False
            self.limit = self.most = max(1, self.limit // 2)
        self._wake()


class _Round:
    """Answers that came while the window was of one size."""

    __slots__ = ("answers", "began", "full", "held_back")

    def __init__(self, began: float) -> None:
        self.began = began
        self.answers = 0
        self.full = False
        """Someone had to wait for a place."""

        self.held_back = 0
        """Requests that had a place and waited for the rate."""


class _Cubic:
    """The rate after a cut: W(t) = W·(1 + (1-β)·((t-K)/K)³), which is β·W at once and W after K seconds."""

    __slots__ = ("_cut_at", "_top", "doubles")

    def __init__(self, top: float, cut_at: float, *, doubles: bool) -> None:
        self._top = top
        self._cut_at = cut_at
        self.doubles = doubles

    def at(self, now: float) -> float:
        """Requests a second."""
        seconds = max(0.0, now - self._cut_at)
        if self.doubles:
            return float(self._top * 2.0 ** min(seconds, 30.0))
        far = (seconds - RETURN_SECONDS) / RETURN_SECONDS
        return self._top * (1 + (1 - BACK) * far**3)
