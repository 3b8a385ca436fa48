"""Money over all workers: never more than the cap is set aside, whatever they ask for and whenever they die."""

import asyncio
import multiprocessing
import random
import sys
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any, TypeVar

import pytest
from benchmarks.common import stub_process

from bakeoff.cluster.leases import prepare, standing
from bakeoff.cluster.shared_caps import Budget, SharedCaps, open_budget, spent_of
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.store import Ledger, open_ledger
from tests.cluster.common import asked, assignment, resolved, rows, work

T = TypeVar("T")
RUN = 7
CENT = Decimal("0.01")

processes = multiprocessing.get_context("spawn" if sys.platform == "win32" else "fork")


async def at_once(work: Callable[[], T]) -> T:
    """`Writer.between` without a thread."""
    await asyncio.sleep(0)
    return work()


def caps(ledger: Ledger, worker: str, *, n_workers: int = 2, seconds: float = 5.0) -> SharedCaps:
    budget = Budget(ledger, run=RUN, worker=worker, n_workers=n_workers, seconds=seconds)
    return SharedCaps(budget=budget, between=at_once)


async def spend(mine: SharedCaps, chance: random.Random, most: Decimal) -> Decimal:
    """Calls of random price, several at once, until the cap; what they cost in all."""
    total = Decimal(0)

    async def call() -> None:
        nonlocal total
        while (amount := await mine.set_aside(most * chance.randint(1, 100) / 100)) is not None:
            await asyncio.sleep(chance.random() / 500)
            cost = amount * chance.randint(0, 100) / 100
            total += cost
            mine.settle(amount, cost)

    await asyncio.gather(*(call() for _ in range(4)))
    await mine.give_back()
    return total


def spender(where: Path | str, seed: int, most: str, told: Any) -> None:
    """A process that spends; it dies in the middle where the seed says so."""
    with open_ledger(where) as ledger:
        mine = caps(ledger, f"w{seed}", n_workers=3, seconds=0.5)
        if seed % 4 == 3:
            asyncio.run(mine.set_aside(Decimal(most)))
            told.put(Decimal(0))
            return  # what it has set aside is never heard of again
        told.put(asyncio.run(spend(mine, random.Random(seed), Decimal(most))))


@pytest.mark.parametrize("most", ["0.01", "0.3"])
def test_several_processes_spend_all_and_never_more(where: Path | str, most: str) -> None:
    cap = Decimal(1)
    with open_ledger(where) as ledger:
        open_budget(ledger, RUN, cap)
        told = processes.Queue()
        workers = [processes.Process(target=spender, args=(where, seed, most, told)) for seed in range(4)]
        for worker in workers:
            worker.start()
        spent = [told.get(timeout=60) for _ in workers]
        for worker in workers:
            worker.join(60)
            assert worker.exitcode == 0
        ((all_spent, aside),) = ledger.database.rows("SELECT spent, aside FROM budget WHERE run = ?", (RUN,))
        assert sum(spent) <= cap
        assert sum(spent) * 10**9 <= all_spent <= sum(spent) * 10**9 + 10_000  # rounded up at each booking
        # All but what the dead one holds, and what is too little for one more call.
        assert cap * 10**9 - all_spent - aside <= Decimal(most) * 10**9
        assert spent_of(ledger, RUN) == Decimal(all_spent + aside) / 10**9


def test_who_needs_more_waits_for_what_others_give_back(where: Path | str) -> None:
    async def go(one: SharedCaps, other: SharedCaps) -> tuple[Decimal | None, Decimal | None]:
        amount = await one.set_aside(CENT * 60)
        waiting = asyncio.create_task(other.set_aside(CENT * 60))
        await asyncio.sleep(0.05)
        assert not waiting.done()
        assert amount is not None
        one.settle(amount, CENT * 10)
        await one.give_back()
        return await waiting, await one.set_aside(CENT * 60)

    with open_ledger(where) as ledger:
        open_budget(ledger, RUN, Decimal(1))
        first, second = caps(ledger, "a"), caps(ledger, "b", seconds=0.6)
        got, late = asyncio.run(go(first, second))
        assert got == CENT * 60
        assert (late, first.reached) == (None, "cost")  # `b` was not heard of again: what it holds counts as spent
        assert spent_of(ledger, RUN) >= CENT * 70


def test_a_server_that_costs_more_than_it_may_is_asked_less(where: Path | str) -> None:
    async def go(mine: SharedCaps) -> int:
        calls = 0
        while (amount := await mine.set_aside(CENT)) is not None:
            calls += 1
            mine.settle(amount, CENT * 4)
        return calls

    with open_ledger(where) as ledger:
        open_budget(ledger, RUN, Decimal(1))
        mine = caps(ledger, "a", n_workers=1)
        assert asyncio.run(go(mine)) == 25
        assert mine.spent == 1


def test_without_a_budget_there_is_no_cap_on_money() -> None:
    mine = SharedCaps(budget=None, between=at_once)
    assert asyncio.run(mine.set_aside(Decimal(1000))) == 0
    asyncio.run(mine.give_back())
    asyncio.run(mine.tell())


def test_workers_at_a_server_stop_at_the_cap_and_the_rest_is_left_for_the_next_run(
    where: Path | str, tmp_path: Path
) -> None:
    log, data = tmp_path / "log", rows(200)
    price = PricePerToken(Decimal(0), CENT)  # at most 8 tokens of answer: 8 cents set aside, 1 to 2 spent
    with stub_process(log=log) as address, open_ledger(where) as ledger:
        given = assignment(ledger, where, [resolved(address)], tmp_path, max_usd=Decimal(1), prices=(price,))
        prepare(ledger, given, data, rows_per_lease=10)
        outcomes = work(given, workers=3)
        made = sum(asked(log).values())
        assert 40 <= made <= 100
        assert spent_of(ledger, given.run) <= 1
        assert any(one.capped == "cost" for (one,) in outcomes)
        assert not standing(ledger, given)[0].is_done

        rest = assignment(ledger, where, given.columns, tmp_path, max_usd=Decimal(10), prices=(price,))
        prepare(ledger, rest, data)
        work(rest, workers=2)
        assert standing(ledger, rest)[0].is_done
        assert sum(asked(log).values()) == 200


def test_no_worker_asks_after_the_deadline_by_the_clock_of_the_database(where: Path | str, tmp_path: Path) -> None:
    log = tmp_path / "log"
    with stub_process(log=log, latency_ms=20) as address, open_ledger(where) as ledger:
        deadline = ledger.database.clock() + 0.6
        given = assignment(ledger, where, [resolved(address)], tmp_path, deadline=deadline)
        prepare(ledger, given, rows(2000))
        outcomes = work(given, workers=2)
        assert {one.capped for (one,) in outcomes} == {"time"}
        assert 0 < sum(asked(log).values()) < 2000
