"""The pace of a server over all workers: what is fixed is shared out, and a 429 that one is told is heeded by all.

Each worker goes on adapting its own window. Places of a fixed `concurrency` and a fixed number of requests a minute
belong to the server: workers that are alive share them evenly. One that comes takes what the others have let go of, and
what is in flight still counts, so that the number is kept while shares change.
"""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bakeoff.cluster.shared_caps import Between
from bakeoff.evaluate.pacing import JUDGE_SECONDS, Pace
from bakeoff.evaluate.store import Ledger

LEAST_RATE = 1e-6


@dataclass(frozen=True, slots=True)
class Share:
    """One worker's part of what is fixed for a server."""

    places: int | None
    """None where nothing is fixed."""

    per_minute: float | None


@dataclass(frozen=True, slots=True)
class Fixed:
    """What is fixed for a server, and how much of it is in use here."""

    places: int | None
    per_minute: float | None
    in_use: int
    """Places that are taken, or may be before the next share is known."""

    wanted: bool
    """There is something to ask."""


@dataclass(frozen=True, slots=True)
class ToldOff:
    """That a server told somebody to slow down."""

    pause_seconds: float
    """From now on; 0 where that is over."""

    cut: bool
    """Since the last look, and it was somebody else."""


def shared_out(fixed: int, workers: int, rank: int) -> int:
    """Places of one worker: as many for each, the rest for the first ones."""
    return fixed // workers + (rank < fixed % workers)


class ServerShares:
    """One worker's entries for servers in the shared ledger. Used in the ledger's thread only."""

    def __init__(self, ledger: Ledger, *, worker: str, seconds: float) -> None:
        """Prepare.

        Args:
            ledger: the shared one.
            worker: unique.
            seconds: a worker that was not heard of for so long is dead.
        """
        self._database = ledger.database
        self._worker, self._seconds = worker, seconds
        self._seen: dict[str, float] = {}

    def begin(self, servers: list[str]) -> None:
        """Make the servers known; old cuts are no news."""
        with self._database.transaction():
            for server in servers:
                self._database.run(
                    "INSERT INTO server_pace (server, paused_until, cut_at, cut_by) VALUES (?, 0, 0, '')"
                    " ON CONFLICT DO NOTHING",
                    (server,),
                )
            self._seen = {server: self._cut_at(server) for server in servers}

    def _cut_at(self, server: str) -> float:
        return float(self._database.rows("SELECT cut_at FROM server_pace WHERE server = ?", (server,))[0][0])

    def shares(self, wanted: Mapping[str, Fixed]) -> dict[str, Share]:
        """Take a share of each server, or renew it."""
        found = {}
        with self._database.transaction():
            for server in sorted(wanted):  # the same order for all, so that nobody waits in a circle
                # The update locks the server's row: one worker after the other takes its share.
                self._database.run("UPDATE server_pace SET cut_at = cut_at WHERE server = ?", (server,))
                found[server] = self._share(server, wanted[server], self._database.clock())
        return found

    def _share(self, server: str, fixed: Fixed, now: float) -> Share:
        if not fixed.wanted and not fixed.in_use:
            self._database.run("DELETE FROM server_share WHERE server = ? AND worker = ?", (server, self._worker))
            return Share(0 if fixed.places is not None else None, 0 if fixed.per_minute is not None else None)
        rows = self._database.rows(
            "SELECT worker, places, per_minute FROM server_share WHERE server = ? AND until > ?", (server, now)
        )
        others = [row for row in rows if row[0] != self._worker]
        rank, alive = sum(row[0] < self._worker for row in others), len(others) + 1
        places = per_minute = None
        if fixed.places is not None:
            left = fixed.places - sum(int(row[1]) for row in others)
            places = max(0, min(shared_out(fixed.places, alive, rank), left))
        if fixed.per_minute is not None:
            free = fixed.per_minute - sum(row[2] for row in others)
            per_minute = min(fixed.per_minute / alive, free)
            per_minute = per_minute if per_minute > LEAST_RATE else 0.0
        self._database.run(
            "INSERT INTO server_share (server, worker, places, per_minute, until) VALUES (?, ?, ?, ?, ?)"
            " ON CONFLICT (server, worker) DO UPDATE SET places = excluded.places, per_minute = excluded.per_minute,"
            " until = excluded.until",
            (server, self._worker, max(places or 0, fixed.in_use), per_minute or 0.0, now + self._seconds),
        )
        return Share(places, per_minute)

    def told_off(self, server: str, pause_seconds: float) -> None:
        """Tell all others of a cut; one within the last second says it already."""
        now = self._database.clock()
        with self._database.transaction():
            self._database.run(
                "UPDATE server_pace SET paused_until = ? WHERE server = ? AND paused_until < ?",
                (now + pause_seconds, server, now + pause_seconds),
            )
            self._database.run(
                "UPDATE server_pace SET cut_at = ?, cut_by = ? WHERE server = ? AND cut_at < ?",
                (now, self._worker, server, now - JUDGE_SECONDS),
            )

    def news(self) -> dict[str, ToldOff]:
        """What others were told since the last look."""
        found, now = {}, self._database.clock()
        for server, seen in self._seen.items():
            ((paused_until, cut_at, cut_by),) = self._database.rows(
                "SELECT paused_until, cut_at, cut_by FROM server_pace WHERE server = ?", (server,)
            )
            fresh = cut_at > seen and cut_by != self._worker
            if fresh or paused_until > now:
                found[server] = ToldOff(max(0.0, paused_until - now), fresh)
            self._seen[server] = max(seen, cut_at)
        return found

    def leave(self) -> None:
        """Give all shares back."""
        self._database.run("DELETE FROM server_share WHERE worker = ?", (self._worker,))


def _stand_still(pace: Pace) -> None:
    """Where something is fixed; else there is nothing to share."""
    if pace.fixed is not None or pace.per_minute is not None:
        pace.share(None if pace.fixed is None else 0, None if pace.per_minute is None else 0)


class SharedPaces:
    """The paces of one worker's servers, kept in step with those of the others."""

    def __init__(
        self,
        paces: Mapping[str, Pace],
        *,
        shares: ServerShares,
        between: Between,
        seconds: float,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """Stand still until the first share is there.

        Args:
            paces: by server.
            shares: in the shared ledger.
            between: of the writer of the shared ledger.
            seconds: how long a share holds.
            clock: monotonic seconds, which go on while the process is stopped.
        """
        self._paces, self._shares, self._between = dict(paces), shares, between
        self._seconds, self._clock = seconds, clock
        self._until = clock()
        self._told: dict[str, float] = {}
        self._wanted: Counter[str] = Counter()
        for server, pace in self._paces.items():
            _stand_still(pace)
            pace.on_told_off = self._teller(server)

    def _teller(self, server: str) -> Callable[[float], None]:
        def tell(pause_seconds: float) -> None:
            self._told[server] = max(self._clock() + pause_seconds, self._told.get(server, 0.0))

        return tell

    @property
    def hold(self) -> bool:
        """The shares are this worker's still. After a long stop of the process they may be another's."""
        return self._clock() < self._until

    async def begin(self) -> None:
        """Make the servers known to all."""
        if self._paces:
            await self._between(lambda: self._shares.begin(list(self._paces)))
        await self.renew()

    async def want(self, server: str) -> bool:
        """Take a share of a server, to ask it something; False where all of it is with others now.

        Each `want` needs a `rest`.
        """
        self._wanted[server] += 1
        if self._wanted[server] == 1:
            await self.renew()
        return not self._paces[server].stands_still

    def rest(self, server: str) -> None:
        """There is nothing to ask of a server for now: its share goes back with the next renewal."""
        self._wanted[server] -= 1
        if not self._wanted[server]:
            _stand_still(self._paces[server])

    async def renew(self) -> None:
        """Renew the shares, which others may have made smaller or larger."""
        began = self._clock()
        wanted = {
            server: Fixed(
                pace.fixed,
                pace.per_minute,
                pace.in_flight if pace.fixed is None else max(pace.in_flight, pace.limit),
                wanted=self._wanted[server] > 0,
            )
            for server, pace in self._paces.items()
            if pace.fixed is not None or pace.per_minute is not None
        }
        found = await self._between(lambda: self._shares.shares(wanted)) if wanted else {}
        for server, share in found.items():
            self._paces[server].share(share.places, share.per_minute)
        self._until = began + self._seconds

    async def exchange(self) -> None:
        """Tell what this worker was told, and heed what others were; a few times a second."""
        told, self._told = self._told, {}
        now = self._clock()

        def work() -> dict[str, ToldOff]:
            for server, until in told.items():
                self._shares.told_off(server, max(0.0, until - now))
            return self._shares.news()

        if self._paces:
            for server, news in (await self._between(work)).items():
                self._paces[server].heed(news.pause_seconds, cut=news.cut)

    async def leave(self) -> None:
        """Give the shares back, so that others have more at once."""
        if self._paces:
            await self._between(self._shares.leave)
