"""The pace of a server over all workers: what is fixed is shared out and kept, a 429 is heeded by all."""

import asyncio
import random
import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

import pytest
from benchmarks.common import stub_process

from bakeoff.cluster.leases import prepare, standing
from bakeoff.cluster.shared_pace import ServerShares, SharedPaces, shared_out
from bakeoff.evaluate.client import AskError
from bakeoff.evaluate.pacing import Pace
from bakeoff.evaluate.store import Ledger, open_ledger
from tests.cluster.common import asked, assignment, resolved, rows, work
from tests.stub import serving

T = TypeVar("T")
SERVER = "http://server"


class Clock:
    """Time of one machine, which a test moves."""

    def __init__(self, now: float) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


async def at_once(work: Callable[[], T]) -> T:
    """`Writer.between` without a thread."""
    return work()


def paces(ledger: Ledger, worker: str, pace: Pace, clock: Callable[[], float], seconds: float = 30.0) -> SharedPaces:
    shares = ServerShares(ledger, worker=worker, seconds=seconds)
    return SharedPaces({SERVER: pace}, shares=shares, between=at_once, seconds=seconds, clock=clock)


@pytest.mark.parametrize(("fixed", "workers"), [(8, 1), (8, 3), (2, 3), (1, 4), (7, 7)])
def test_places_are_shared_out_evenly_and_all_of_them(fixed: int, workers: int) -> None:
    parts = [shared_out(fixed, workers, rank) for rank in range(workers)]
    assert sum(parts) == fixed
    assert max(parts) - min(parts) <= 1


def look(made: list[Pace], inside: list[int], fixed: int, per_minute: float) -> None:
    """All together never have more than is fixed."""
    assert sum(max(pace.limit, n) for pace, n in zip(made, inside, strict=True)) <= fixed
    assert sum(60 * (pace.rate or 0.0) for pace in made) <= per_minute + 1e-9


@pytest.mark.parametrize("seed", range(8))
def test_the_sum_is_kept_while_workers_come_and_go(where: Path | str, seed: int) -> None:
    """Whatever the order of what they do, places and requests a minute of all together are never more than fixed."""
    chance, fixed, per_minute = random.Random(seed), 5, 60.0

    async def go(ledger: Ledger) -> None:
        made = [Pace(fixed=fixed, per_minute=per_minute) for _ in range(4)]
        mine = [paces(ledger, f"w{i}", pace, time.monotonic) for i, pace in enumerate(made)]
        inside = [0] * 4
        for one in mine:
            await one.begin()
        wants = [False] * 4
        for _ in range(120):
            at = chance.randrange(4)
            step = chance.random()
            if step < 0.3 and inside[at] < made[at].limit and not made[at].stands_still:
                await made[at].enter()
                inside[at] += 1
            elif step < 0.5 and inside[at]:
                made[at].leave()
                inside[at] -= 1
            elif step < 0.7 and not wants[at]:
                wants[at] = True
                await mine[at].want(SERVER)
            elif step < 0.8 and wants[at] and not inside[at]:
                wants[at] = False
                mine[at].rest(SERVER)
            else:
                await mine[at].renew()
            look(made, inside, fixed, per_minute)
        for pace in [pace for pace, n in zip(made, inside, strict=True) for _ in range(n)]:
            pace.leave()
        for one in mine * 2:
            await one.renew()
        if any(wants):
            assert sum(pace.limit for pace in made) == fixed
            assert sum(60 * (pace.rate or 0.0) for pace in made) == pytest.approx(per_minute)

    with open_ledger(where) as ledger:
        asyncio.run(go(ledger))


def test_the_share_of_a_dead_worker_goes_to_the_others(where: Path | str) -> None:
    async def go(ledger: Ledger) -> None:
        alive, dead = Pace(fixed=4), Pace(fixed=4)
        clock = Clock(0.0)
        one, other = paces(ledger, "a", alive, clock, 30.0), paces(ledger, "b", dead, clock, 0.05)
        for some in (one, other):
            await some.begin()
        assert await other.want(SERVER)
        assert (dead.limit, await one.want(SERVER)) == (4, False)
        clock.now += 1.0
        assert not other.hold, "its time is over: it must not ask"
        time.sleep(0.06)
        await one.renew()
        assert alive.limit == 4

    with open_ledger(where) as ledger:
        asyncio.run(go(ledger))


def test_a_429_of_one_worker_is_heeded_by_all_whatever_their_clocks_say(where: Path | str) -> None:
    async def go(ledger: Ledger) -> None:
        clocks = [Clock(1000.0), Clock(5.0)]
        made = [Pace(clock=clock) for clock in clocks]
        one, other = (
            paces(ledger, f"w{i}", pace, clock) for i, (pace, clock) in enumerate(zip(made, clocks, strict=True))
        )
        for some in (one, other):
            await some.begin()
            await some.exchange()
        for pace, clock in zip(made, clocks, strict=True):
            for _ in range(20):
                await pace.turn()
            clock.now += 2.0
        assert [pace.rate for pace in made] == [None, None]
        made[0].failed(1000.0, AskError("rate limit", "slow down", status=429, retry_after_seconds=7.0))
        assert made[0].rate is not None
        await one.exchange()
        await other.exchange()
        waits: list[float] = []

        async def sleep(seconds: float) -> None:
            waits.append(seconds)
            clocks[1].now += seconds

        made[1]._sleep = sleep
        await made[1].turn()
        assert 6.5 <= sum(waits) <= 7.0
        assert made[1].rate is not None

    with open_ledger(where) as ledger:
        asyncio.run(go(ledger))


def test_a_fixed_number_is_in_flight_over_all_workers(where: Path | str, tmp_path: Path) -> None:
    async def go(ledger: Ledger) -> int:
        async with serving(latency=0.03) as (address, stub):
            given = assignment(ledger, where, [resolved(address, concurrency=5)], tmp_path)
            prepare(ledger, given, rows(300), rows_per_lease=10)
            await asyncio.to_thread(work, given, workers=3)
            assert standing(ledger, given)[0].is_done
            return stub.most_in_flight

    with open_ledger(where) as ledger:
        assert asyncio.run(go(ledger)) == 5


def test_more_workers_than_places_take_turns(where: Path | str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with stub_process(log=log, latency_ms=5) as address, open_ledger(where) as ledger:
        given = assignment(ledger, where, [resolved(address, concurrency=1)], tmp_path)
        prepare(ledger, given, rows(40), rows_per_lease=10)
        work(given, workers=3)
        assert standing(ledger, given)[0].is_done
        assert sum(asked(log).values()) == 40
