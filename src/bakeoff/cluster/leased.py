"""A lease in hand, as the calls that are to be made for it."""

import asyncio
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby

from bakeoff.cluster.assignment import Assignment
from bakeoff.cluster.claims import Claims
from bakeoff.cluster.clock import clock
from bakeoff.cluster.holding import DEATHS, Held, Leases
from bakeoff.cluster.rows import unpacked
from bakeoff.cluster.shared_pace import SharedPaces
from bakeoff.evaluate.addressing import Addressing, Block, Bodies
from bakeoff.evaluate.request import PATHS, Request
from bakeoff.evaluate.run import Owed, Route
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Row

CAREFUL = 8
"""Rows in hand at once after the first death; after the second, one."""


class Leased:
    """One lease, what is still to be asked of it, and how its calls ended. The `Watch` of its calls."""

    def __init__(self, held: Held, calls: "Calls", paces: SharedPaces) -> None:
        """Nothing is owed yet."""
        self.held, self.rows, self.repetitions = held, calls.rows, calls.repetitions
        self._paces = paces
        self.claimed: set[str] = set()
        """Digests that were claimed for it."""

        self.owed: list[Owed] = []
        """To be asked by this lease."""

        self.waiting: list[Owed] = []
        """Asked by another lease, which has equal requests."""

        self.failed = 0
        """Calls without an answer, for good or for this run."""

        self.gone: list[str] = []
        """Digests that failed for good here."""

        self.left: set[str] = set()
        """Digests of calls that have not ended, here or elsewhere."""

        self._out = 0
        """Calls that were handed on and have not ended."""

        self._back = asyncio.Event()

    def may_ask(self) -> bool:
        """As `Watch.may_ask`: the lease is ours still, and so is our share of the server."""
        return not self.held.lost and clock() < self.held.until and self._paces.hold

    def ended(self, owed: Owed, *, answered: bool | None) -> None:
        """As `Watch.ended`."""
        assert owed.digest is not None
        if answered is not None:
            self.left.discard(owed.digest)
        if answered is False:
            self.failed += 1
            self.gone.append(owed.digest)
        self._out -= 1
        if self._out <= 0:
            self._back.set()

    async def handed_on(self, calls: int) -> None:
        """Wait until so many calls that were handed on have ended."""
        self._out += calls
        self._back.clear()
        if self._out > 0:
            await self._back.wait()

    def drop(self) -> None:
        """Nothing that was handed on will be asked any more."""
        self._out = 0
        self._back.set()

    def by_hand(self) -> Iterator[list[Owed]]:
        """The calls in groups of a few rows, where workers have died of some of them."""
        size = CAREFUL if self.held.tries == 1 else 1
        rows = [list(calls) for _, calls in groupby(self.owed, key=lambda owed: owed.row.id)]
        for start in range(0, len(rows), size):
            yield [owed for calls in rows[start : start + size] for owed in calls]


@dataclass(frozen=True, slots=True)
class Calls:
    """The calls of a range of rows."""

    rows: Sequence[Row]
    repetitions: Sequence[Sequence[str]]
    """For each repetition the digest of each row's call."""

    by_digest: Mapping[str, tuple[Row, int, Request]]
    """Each different call, row after row."""


class Reader:
    """Turns leases into calls. Used in the ledger's thread only, and in a transaction."""

    def __init__(
        self, ledger: Ledger, assignment: Assignment, leases: Leases, claims: Claims, paces: SharedPaces
    ) -> None:
        """Prepare."""
        self._ledger, self._assignment, self._leases, self._claims = ledger, assignment, leases, claims
        self._paces = paces

    def read(self, held: Held, calls: Calls) -> Leased:
        """The calls of a lease: each once, without those that are answered, skipped or claimed by others."""
        leased = Leased(held, calls, self._paces)
        answered = self._ledger.answered(list(calls.by_digest))
        left = {digest: call for digest, call in calls.by_digest.items() if digest not in answered}
        failures = self._ledger.failures(list(left))
        suspects = self._leases.suspects(held.key.column)
        asked = {}
        for digest, (row, repeat, request) in left.items():
            failure = failures.get(digest)
            unasked = self._assignment.retry_failed and failure is None and row.id not in suspects
            if suspects.get(row.id, 0) >= DEATHS or unasked:
                leased.failed += 1
                continue
            tried = failure.attempt if failure is not None else 0
            asked[digest] = Owed(row, repeat, tried, request=request, digest=digest, watch=leased)
        leased.left = set(asked)
        self._claim(leased, asked)
        return leased

    def again(self, leased: Leased) -> None:
        """Look what became of the calls that were left to others; void claims are taken over."""
        self._claim(leased, {owed.digest: owed for owed in leased.waiting if owed.digest is not None})

    def _claim(self, leased: Leased, asked: Mapping[str, Owed]) -> None:
        if not asked:
            leased.owed, leased.waiting = [], []
        else:
            claimed = self._claims.claim(leased.held.key, list(asked))
            leased.claimed.update(asked.keys() - claimed.waiting - claimed.failed)
            # After the claim: whoever had it before has stored the answer before it gave the claim up.
            answered = self._ledger.answered(list(asked))
            leased.left -= claimed.failed | answered
            leased.failed += len(claimed.failed - answered)
            leased.waiting = [asked[digest] for digest in claimed.waiting - answered]
            elsewhere = claimed.failed | claimed.waiting | answered
            leased.owed = [owed for digest, owed in asked.items() if digest not in elsewhere]


def _given(made: list[bytes]) -> Bodies:
    """Bodies that are made already."""
    return lambda _: made


def calls_of(route: Route, data: bytes, repeats: int) -> Calls:
    """The calls of a range of rows as it is kept.

    Raises:
        ProjectError: a template fails for a row.
    """
    rows = unpacked(data)
    block, path = Block(rows), PATHS[route.api]
    bodies, repetitions = [], []
    for repeat in range(repeats):
        made = list(route.bodies(repeat=repeat)(block))
        addressing = Addressing(_given(made), endpoint=route.endpoint, api=route.api, repeat=repeat)
        addressing.take(block)
        bodies.append(made)
        repetitions.append(list(addressing.digests()))
    calls: dict[str, tuple[Row, int, Request]] = {}
    for index, row in enumerate(rows):
        for repeat in range(repeats):
            digest = repetitions[repeat][index]
            if digest not in calls:
                calls[digest] = (row, repeat, Request(path, bodies[repeat][index]))
    return Calls(rows, repetitions, calls)
