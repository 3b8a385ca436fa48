"""The pace of a server, against servers with limits that it cannot see. Time is simulated: hours pass in a second."""

import asyncio
import random
import selectors
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, field
from typing import Any

import pytest

from bakeoff.evaluate.client import AskError
from bakeoff.evaluate.pacing import FIRST, MOST, Pace


class Warp(asyncio.SelectorEventLoop):
    """An event loop whose clock jumps to the next timer instead of waiting for it."""

    def __init__(self) -> None:
        super().__init__(_Selector(self))
        self.now = 0.0

    def time(self) -> float:
        return self.now


class _Selector(selectors.SelectSelector):
    def __init__(self, loop: Warp) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Any:
        self._loop.now += timeout or 0.0
        return super().select(0)


def warp(job: Callable[[Warp], Coroutine[Any, Any, Any]]) -> Any:
    loop = Warp()
    try:
        return loop.run_until_complete(job(loop))
    finally:
        loop.close()


@dataclass
class Server:
    """A server with a bucket of requests that fills steadily, places that slow each other down, and failures."""

    loop: Warp
    latency: float = 0.2
    rate: float = float("inf")
    burst: float = 10.0
    places: int = 10_000
    """Beyond these, requests wait for each other: twice as many take twice as long."""

    breaks_at: int = 10_000
    """With so many in flight it answers 503."""

    headers: bool = False
    retry_after: bool = False
    bucket: float = field(init=False)
    filled_at: float = 0.0
    in_flight: int = 0
    most_in_flight: int = 0
    answered: int = 0
    refused: int = 0
    broken: int = 0

    def __post_init__(self) -> None:
        self.bucket = self.burst

    def told(self) -> dict[str, str]:
        if not self.headers:
            return {}
        return {
            "x-ratelimit-limit-requests": str(self.burst),
            "x-ratelimit-remaining-requests": str(max(0.0, self.bucket)),
            "x-ratelimit-reset-requests": f"{(self.burst - self.bucket) / self.rate:.3f}s",
        }

    async def ask(self) -> dict[str, str]:
        now = self.loop.time()
        self.bucket = min(self.burst, self.bucket + (now - self.filled_at) * self.rate) if self.rate < 1e9 else 1e9
        self.filled_at = now
        if self.bucket < 1:
            self.refused += 1
            wait = (1 - self.bucket) / self.rate if self.retry_after else None
            raise AskError("rate limit", "slow down", status=429, retry_after_seconds=wait)
        self.bucket -= 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        try:
            if self.in_flight > self.breaks_at:
                self.broken += 1
                raise AskError("server error", "busy", status=503)
            await asyncio.sleep(self.latency * max(1.0, self.in_flight / self.places))
        finally:
            self.in_flight -= 1
        self.answered += 1
        return self.told()


async def drive(server: Server, pace: Pace, n: int, *, look: Callable[[], None] = lambda: None) -> float:
    """Ask n rows as `RouteRun` does; seconds that it took."""
    chance = random.Random(1)

    async def cell() -> None:
        try:
            attempt = 1
            while True:
                started = await pace.turn()
                try:
                    headers = await server.ask()
                    return pace.answered(started, headers, 100)
                except AskError as error:
                    pace.failed(started, error)
                    wait = error.retry_after_seconds
                    await asyncio.sleep(
                        0.5 * 2 ** min(attempt - 1, 6) * (0.5 + chance.random() / 2) if wait is None else wait
                    )
                    attempt += 1
        finally:
            pace.leave()
            look()

    start = server.loop.time()
    async with asyncio.TaskGroup() as group:
        for _ in range(n):
            await pace.enter()
            group.create_task(cell())
    return server.loop.time() - start


def made(loop: Warp, **settings: Any) -> Pace:
    return Pace(clock=loop.time, sleep=asyncio.sleep, **settings)


LIMITS = [(50, 10, 0.1), (50, 50, 0.1), (10, 10, 1.0), (200, 20, 0.05)]
"""Requests a second, burst, latency."""


def asked(
    seconds: float, limit: tuple[float, float, float], fixed: int | None = None, **settings: Any
) -> tuple[Server, float]:
    """Ask for as long as the limit would need; the share of the permitted rate that was used."""
    rate, burst, latency = limit
    n = int(rate * seconds)

    async def go(loop: Warp) -> tuple[Server, float]:
        server = Server(loop, latency=latency, rate=rate, burst=burst, **settings)
        return server, await drive(server, made(loop, fixed=fixed), n)

    server, took = warp(go)
    assert server.answered == n
    return server, (n - burst) / rate / took


@pytest.mark.parametrize("retry_after", [False, True])
@pytest.mark.parametrize("limit", LIMITS)
def test_a_hidden_rate_limit_is_used_and_seldom_hit(limit: tuple[float, float, float], retry_after: bool) -> None:
    server, used = asked(60, limit, retry_after=retry_after)
    assert used >= 0.85, server
    assert server.refused <= 0.05 * server.answered, server


@pytest.mark.parametrize("limit", LIMITS)
def test_a_server_that_counts_for_us_is_never_asked_too_much(limit: tuple[float, float, float]) -> None:
    server, used = asked(60, limit, headers=True)
    assert used >= 0.95, server
    assert server.refused <= 0.005 * server.answered, server


def test_a_fixed_number_is_in_flight_at_once_and_stays() -> None:
    async def go(loop: Warp) -> tuple[Server, Pace]:
        server, pace = Server(loop), made(loop, fixed=50)
        pace.failed(0.0, AskError("server error", "busy"))
        looks: list[int] = []
        await drive(server, pace, 300, look=lambda: looks.append(pace.limit))
        assert set(looks) == {50}
        return server, pace

    server, _ = warp(go)
    assert server.most_in_flight == 50


def test_the_window_grows_where_the_server_has_room_and_not_where_it_queues() -> None:
    async def go(loop: Warp) -> tuple[int, int]:
        found = []
        for places in (10_000, 12):
            pace = made(loop)
            await drive(Server(loop, places=places), pace, 1500)
            found.append(pace.limit)
        return found[0], found[1]

    wide, queueing = warp(go)
    assert wide == MOST
    assert queueing <= 16  # twelve places; the next power of two


def test_a_server_that_breaks_down_is_asked_less_and_not_in_waves() -> None:
    sizes: list[int] = []

    async def go(loop: Warp) -> Server:
        server, pace = Server(loop, breaks_at=20), made(loop)
        await drive(server, pace, 4000, look=lambda: sizes.append(pace.limit))
        return server

    server = warp(go)
    assert server.answered == 4000
    assert server.broken <= 0.03 * 4000
    settled = sizes[1000:]
    assert min(settled) >= 8
    assert max(settled) <= 22
    assert sum(settled) / len(settled) >= 0.7 * 20


def test_retry_after_stops_everyone() -> None:
    async def go(loop: Warp) -> list[float]:
        pace = made(loop)
        started = await pace.turn()
        pace.failed(started, AskError("rate limit", "", status=429, retry_after_seconds=7.0))
        return [await pace.turn() for _ in range(3)]

    assert min(warp(go)) >= 7.0


def test_a_place_that_was_waited_for_is_not_lost_when_its_owner_is_cancelled() -> None:
    async def go(loop: Warp) -> None:
        pace = made(loop, fixed=1)
        await pace.enter()
        first, second = (asyncio.ensure_future(pace.enter()) for _ in range(2))
        await asyncio.sleep(0)
        pace.leave()
        first.cancel()
        await asyncio.wait_for(second, 1)
        assert pace.in_flight == 1

    warp(go)


def test_an_adaptive_pace_starts_small() -> None:
    async def go(loop: Warp) -> int:
        return made(loop).limit

    assert warp(go) == FIRST


@pytest.mark.parametrize("per_minute", [30.0, 600.0])
def test_a_ceiling_on_requests_per_minute_is_used_and_never_passed(per_minute: float) -> None:
    async def go(loop: Warp) -> list[float]:
        pace = made(loop, per_minute=per_minute)
        return [await pace.turn() for _ in range(200)]

    starts = warp(go)
    for first, later in zip(starts, starts[int(per_minute) :], strict=False):
        assert later - first >= 60.0 - 1e-6
    assert starts[-1] - starts[0] == pytest.approx(199 * 60 / per_minute)


def test_who_has_no_share_waits_until_there_is_one() -> None:
    async def go(loop: Warp) -> None:
        for shared in ((0, None), (4, 0.0)):
            pace = made(loop, fixed=4, per_minute=None if shared[1] is None else 60.0)
            pace.share(*shared)
            assert pace.stands_still
            waiting = asyncio.ensure_future(pace.enter())
            await asyncio.sleep(5)
            assert not waiting.done()
            pace.share(2, None if shared[1] is None else 30.0)
            await asyncio.wait_for(waiting, 1)
            assert not pace.stands_still

    warp(go)


def test_what_another_process_was_told_is_heeded_once_a_second() -> None:
    async def go(loop: Warp) -> tuple[float | None, float | None, float]:
        pace = made(loop)
        for _ in range(50):
            await asyncio.sleep(0.1)
            await pace.turn()
        pace.heed(3.0, cut=True)
        first = pace.rate
        pace.heed(0.0, cut=True)
        assert pace.rate == first, "one cut answers for both"
        now = loop.time()
        return first, pace.rate, await pace.turn() - now

    first, _, waited = warp(go)
    assert first == pytest.approx(9.0, rel=0.05)  # a tenth below the ten a second that were accepted
    assert waited >= 3.0
