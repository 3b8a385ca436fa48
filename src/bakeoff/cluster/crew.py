"""The workers of a run on a cluster: placed, listened to, replaced where they die, stopped."""

import pickle
import secrets
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from bakeoff.cluster.assignment import Assignment
from bakeoff.cluster.at_node import Count, Ended, Heard, Order
from bakeoff.cluster.nodes import Place
from bakeoff.cluster.ray_process import RayProcess
from bakeoff.errors import BakeoffError, ClusterError
from bakeoff.evaluate.run import Progress
from bakeoff.project.listening import Listener
from bakeoff.project.running import Outcome
from bakeoff.values import Reason, reason

POLL_SECONDS = 0.3

WAITING_SECONDS = 20.0
"""A worker that is not there after so long waits for a processor, and people should know."""

MOST_DEATHS = 20
"""So many, with nothing done between them, are no accident. A row that kills is skipped after three."""

RETRY_SECONDS = 1.0
"""Before a worker is placed in the stead of one that died."""


@dataclass(slots=True)
class _Member:
    place: Place
    asked_at: float
    counts: dict[str, Count] = field(default_factory=dict)
    here: bool = False
    """It was heard of."""


class Crew:
    """All workers of one assignment."""

    def __init__(self, ray: RayProcess, assignment: Assignment, on: Listener, *, elsewhere: bool) -> None:
        """Place nobody yet.

        Args:
            ray: the cluster.
            assignment: the work.
            on: told how it goes on.
            elsewhere: nodes are not the driver's machine.
        """
        self._ray, self._assignment, self._on, self._elsewhere = ray, assignment, on, elsewhere
        self._members: dict[str, _Member] = {}
        self._gone: list[dict[str, Count]] = []
        """What those had done that are no more."""

        self._later: list[tuple[float, Place]] = []
        """Places to fill again, and when."""

        self._progress: dict[str, Progress] = {}
        self._told: set[tuple[str, str]] = set()
        self._nonce = secrets.token_hex(3)
        self._number = 0
        self._fruitless = 0
        self._done_at_death = -1
        self._waiting_told = False
        self.dead: list[str] = []
        """Workers whose process is gone for certain; whoever looks takes them out."""

        self.outcomes: list[Outcome] = []
        """Of the workers that ended, column by column."""

        self.errors: list[BakeoffError] = []
        """Why workers could not go on."""

    @property
    def at_work(self) -> bool:
        """Somebody works, or will."""
        return bool(self._members or self._later)

    def counted(self, name: str) -> tuple[int, int]:
        """(answered, failed) calls of a candidate, over all workers, as far as they told."""
        counts = self._counts(name)
        return sum(one.done for one in counts), sum(one.failed for one in counts)

    def expects(self, totals: dict[str, int]) -> None:
        """How many calls there are to make, by candidate, for the progress that is told."""
        for name, total in totals.items():
            self._progress[name] = Progress(name, total)

    def place(self, places: Sequence[Place]) -> None:
        """Let workers begin.

        Raises:
            ClusterError: Ray refused.
        """
        for one in places:
            self._number += 1
            name = f"{one.node.host}-{one.node.id[:6]}-{self._number}-{self._nonce}"
            order = Order(self._assignment, name, one.columns, self._elsewhere)
            self._ray.place(name, one.node.id, one.cpus, pickle.dumps(order))
            self._members[name] = _Member(one, time.monotonic())

    def listen(self, is_done: Callable[[], bool]) -> None:
        """Hear what is new, for up to `POLL_SECONDS`, and replace who died.

        Args:
            is_done: nothing is left to do, so that nobody is replaced.

        Raises:
            ClusterError: Ray is gone, or workers die faster than they do anything.
        """
        for kind, name, told in self._ray.poll(POLL_SECONDS):
            self._event(kind, name, told)
        self._tell()
        due = [place for moment, place in self._later if moment <= time.monotonic()]
        self._later = [(moment, place) for moment, place in self._later if moment > time.monotonic()]
        if due and not is_done():
            self._again(due)

    def stop(self) -> None:
        """End all workers; their leases go back where they can give them."""
        self._later = []
        for kind, name, told in self._ray.stop():
            self._event(kind, name, told)
        self._members.clear()
        self._tell()

    def end(self) -> None:
        """Tell that nobody works any more: of what was owed at most, less had to be asked."""
        for progress in self._progress.values():
            if progress.total > progress.done + progress.failed > 0:
                progress.total = progress.done + progress.failed
                self._on.progress(progress)

    def _event(self, kind: str, name: str, told: object) -> None:
        member = self._members.get(name)
        if member is None:
            return
        if kind in ("died", "lost"):
            del self._members[name]
            if kind == "died":
                self.dead.append(name)
            self._died(member, str(told))
            return
        assert isinstance(told, bytes)
        word = pickle.loads(told)
        member.here, member.counts = True, word.counts or member.counts
        if isinstance(word, Heard):
            for note in word.notes:
                self._note(note.code, str(note.parameters.get("candidate", "")), note)
            if word.download is not None:
                self._on.download(word.download)
            return
        assert isinstance(word, Ended)
        del self._members[name]
        self._gone.append(member.counts)
        node = member.place.node.name
        if word.error is not None:
            self.errors.append(_named(word.error, member.place))
            self._note("cluster.gave_up", node, reason("cluster.gave_up", node=node, error=word.error.message))
        for outcome in word.outcomes:
            if outcome.error is not None and not outcome.answered:
                told = reason("cluster.gave_up", node=node, error=outcome.error.message)
                self._note("cluster.gave_up", outcome.error.message, told)
        self.outcomes += word.outcomes

    def _note(self, code: str, about: str, note: Reason) -> None:
        """What every worker tells of a candidate is told once."""
        if (code, about) not in self._told:
            self._told.add((code, about))
            self._on.note(note)

    def _died(self, member: _Member, why: str) -> None:
        self._gone.append(member.counts)
        done = self._done()
        self._fruitless = self._fruitless + 1 if done == self._done_at_death else 1
        self._done_at_death = done
        if self._fruitless >= MOST_DEATHS:
            raise ClusterError(
                f"{self._fruitless} workers died one after the other and nothing was done: {why}",
                hint="the logs of Ray on the node say more (/tmp/ray/session_latest/logs); usual is too little memory",
            )
        self._on.note(reason("cluster.worker_died", node=member.place.node.name, why=why))
        self._later.append((time.monotonic() + RETRY_SECONDS, member.place))

    def _again(self, due: Sequence[Place]) -> None:
        """On the same node where it lives, else on the one that has the fewest workers."""
        living = {node["id"] for node in self._ray.nodes()}
        known = {one.node.id: one for one in [*due, *(member.place for member in self._members.values())]}
        for one in due:
            if one.node.id in living:
                self.place([one])
                continue
            self._note("cluster.node_died", one.node.id, reason("cluster.node_died", node=one.node.name))
            places = [place for place in known.values() if place.node.id in living and place.columns == one.columns]
            if places:
                load = {place.node.id: 0 for place in places}
                for member in self._members.values():
                    if member.place.node.id in load:
                        load[member.place.node.id] += 1
                best = min(places, key=lambda place: load[place.node.id])
                if not load[best.node.id]:
                    self.place([best])
        if not self._members and not self._later and not living:
            raise ClusterError("every node of the cluster is gone", hint="every answer so far is kept; start it again")

    def _done(self) -> int:
        return sum(one.done + one.failed for counts in self._every() for one in counts.values())

    def _every(self) -> list[dict[str, Count]]:
        return [*self._gone, *(member.counts for member in self._members.values())]

    def _counts(self, name: str) -> list[Count]:
        return [found[name] for found in self._every() if name in found]

    def _tell(self) -> None:
        """The sums over all workers, as of one run."""
        for name, progress in self._progress.items():
            counts = self._counts(name)
            before = progress.done, progress.failed
            progress.done = sum(one.done for one in counts)
            progress.failed = sum(one.failed for one in counts)
            progress.prompt_tokens = sum(one.prompt_tokens for one in counts)
            progress.output_tokens = sum(one.output_tokens for one in counts)
            costs = [Decimal(one.cost_usd) for one in counts if one.cost_usd is not None]
            progress.cost_usd = sum(costs, Decimal(0)) if costs else None
            progress.total = max(progress.total, progress.done + progress.failed)
            if (progress.done, progress.failed) != before:
                self._on.progress(progress)
        late = [m for m in self._members.values() if not m.here and time.monotonic() - m.asked_at > WAITING_SECONDS]
        if late and not self._waiting_told:
            self._waiting_told = True
            self._on.note(reason("cluster.waiting", n=len(late), node=late[0].place.node.name))


def _named(error: BakeoffError, place: Place) -> BakeoffError:
    """With the node in its message."""
    return type(error)(f"node {place.node.name}: {error.message}", hint=error.hint)
