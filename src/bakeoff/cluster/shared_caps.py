"""Caps of a run over all workers: each takes an allowance out of one budget in the shared ledger, and spends from that.

An allowance is money that is set aside for one worker: what it spends, it books later; what it does not need, it gives
back. A worker that dies leaves its allowance set aside: some of it may have been spent, so all of it counts as spent.
Amounts are whole nano-dollars in the database; what was spent is rounded up there.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import Protocol, TypeVar

from bakeoff.evaluate.caps import Caps
from bakeoff.evaluate.store import Ledger

T = TypeVar("T")

NANO = Decimal(1_000_000_000)

PIECES = 4
"""An allowance is the so manieth part of each worker's share of what is left, and at least what one request needs."""

WAIT_SECONDS = 0.5
"""Between two looks whether others have given something back."""


class Between(Protocol):
    """`Writer.between`: does something with the ledger in its thread."""

    def __call__(self, work: Callable[[], T]) -> Awaitable[T]:
        """Do it, and give back what it gives."""


@dataclass(frozen=True, slots=True)
class Granted:
    """What the budget had."""

    amount: int
    """Nano-dollars more for this worker; 0 where there is not enough."""

    others: bool
    """Workers that are alive hold allowances, of which they may give something back."""


class Budget:
    """One worker's account in the shared ledger. Used in the ledger's thread only."""

    def __init__(self, ledger: Ledger, *, run: int, worker: str, n_workers: int, seconds: float) -> None:
        """Open.

        Args:
            ledger: the shared one.
            run: whose money it is.
            worker: unique among those of the run.
            n_workers: about how many there are.
            seconds: a worker that was not heard of for so long is dead.
        """
        self._database = ledger.database
        self._run, self._worker, self._seconds = run, worker, seconds
        self._pieces = PIECES * max(1, n_workers)

    def ask(self, need: int, spent: int, back: int) -> Granted:
        """Book what was spent, give back what is not needed, and ask for more.

        Args:
            need: nano-dollars, at least; 0 asks for nothing.
            spent: since the last time.
            back: of the allowance, to be given back.
        """
        database = self._database
        with database.transaction():
            # The update locks the budget's row: who asks next sees what this one took.
            ((most, all_spent, aside),) = database.rows(
                "UPDATE budget SET spent = spent + ?, aside = aside - ? WHERE run = ? RETURNING most, spent, aside",
                (spent, spent + back, self._run),
            )
            left = most - all_spent - aside
            amount = min(left, max(need, left // self._pieces)) if 0 < need <= left else 0
            if amount:
                database.run("UPDATE budget SET aside = aside + ? WHERE run = ?", (amount, self._run))
            now = database.clock()
            database.run(
                "INSERT INTO allowance (run, worker, amount, until) VALUES (?, ?, ?, ?) ON CONFLICT (run, worker)"
                " DO UPDATE SET amount = allowance.amount + excluded.amount, until = excluded.until",
                (self._run, self._worker, amount - spent - back, now + self._seconds),
            )
            others = database.rows(
                "SELECT 1 FROM allowance WHERE run = ? AND worker <> ? AND until > ? AND amount > 0 LIMIT 1",
                (self._run, self._worker, now),
            )
        return Granted(amount, bool(others))


def open_budget(ledger: Ledger, run: int, max_usd: Decimal) -> None:
    """Begin a run's budget; the driver's part."""
    ledger.database.run(
        "INSERT INTO budget (run, most, spent, aside) VALUES (?, ?, 0, 0) ON CONFLICT DO NOTHING",
        (run, _nano(max_usd, ROUND_FLOOR)),
    )


def spent_of(ledger: Ledger, run: int) -> Decimal | None:
    """US dollars of a run that are spent, with what dead workers had set aside; None where it has no budget."""
    rows = ledger.database.rows("SELECT spent + aside FROM budget WHERE run = ?", (run,))
    return Decimal(rows[0][0]) / NANO if rows else None


class SharedCaps(Caps):
    """One worker's view of the caps of a run."""

    def __init__(
        self,
        *,
        budget: Budget | None,
        between: Between,
        max_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Start the clock.

        Args:
            budget: this worker's account; None sets no cap on money.
            between: of the writer of the shared ledger.
            max_seconds: most time, from now; None sets no cap.
            clock: monotonic seconds.
        """
        super().__init__(max_usd=None if budget is None else Decimal(0), max_seconds=max_seconds, clock=clock)
        self._budget, self._between = budget, between
        self._allowed = 0
        """Nano-dollars that the budget set aside for this worker, beyond what was booked."""

        self._booked = Decimal(0)
        """Of `spent`, what the budget knows."""

        self._asking = asyncio.Lock()

    async def set_aside(self, most: Decimal | None) -> Decimal | None:
        """As `Caps.set_aside`, for all workers: waits also for allowances that others may give back."""
        if most is None or self._budget is None:
            return Decimal(0) if self.in_time() else None
        while self.in_time():
            amount = most * self._overrun
            if self._fits(amount):
                self._set_aside += amount
                return amount
            async with self._asking:
                if self._fits(amount) or not self.in_time():
                    continue
                granted = await self._ask(amount)
            if granted.amount:
                continue
            if self._set_aside:
                changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
                self._changed.append(changed)
                await asyncio.wait([changed], timeout=WAIT_SECONDS)
            elif granted.others:
                await asyncio.sleep(WAIT_SECONDS)
            else:
                self.reached = self.reached or "cost"
        return None

    def _fits(self, amount: Decimal) -> bool:
        return (self.spent - self._booked + self._set_aside + amount) * NANO <= self._allowed

    async def _ask(self, amount: Decimal) -> Granted:
        """Ask for as much as is missing; where there is not so much, give back what lies idle, for others to use."""
        granted = await self._settle(amount)
        return granted if granted.amount else await self._settle(None)

    async def _settle(self, amount: Decimal | None) -> Granted:
        held = _nano(self.spent - self._booked, ROUND_CEILING) + _nano(self._set_aside, ROUND_CEILING)
        if amount is None:
            return await self._book(back=max(0, self._allowed - held))
        return await self._book(need=max(1, held + _nano(amount, ROUND_CEILING) - self._allowed))

    async def _book(self, *, need: int = 0, back: int = 0) -> Granted:
        budget = self._budget
        assert budget is not None
        spent_usd = self.spent - self._booked
        spent = _nano(spent_usd, ROUND_CEILING)
        # Before the wait: what is spent meanwhile is booked the next time, and nobody spends what goes back.
        self._booked += spent_usd
        self._allowed -= spent + back
        granted = await self._between(lambda: budget.ask(need, spent, back))
        self._allowed += granted.amount
        return granted

    async def tell(self) -> None:
        """Book what was spent and say that this worker is alive; every few seconds."""
        if self._budget is not None:
            await self._book()

    async def give_back(self) -> None:
        """Book everything and give the rest back, when there is nothing to ask. What is in flight stays set aside."""
        if self._budget is not None:
            async with self._asking:
                await self._settle(None)


def _nano(usd: Decimal, rounding: str) -> int:
    return int((usd * NANO).to_integral_value(rounding=rounding))
