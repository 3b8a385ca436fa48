"""Workers that tell, end and die, without Ray: what they told is added up, who died is replaced."""

import pickle
import time
from collections import deque
from pathlib import Path
from typing import Any

import pytest

from bakeoff.cluster import crew as module
from bakeoff.cluster.at_node import Count, Ended, Heard, Order
from bakeoff.cluster.crew import Crew
from bakeoff.cluster.nodes import Node, Place
from bakeoff.errors import ClusterError, StorageError
from bakeoff.evaluate.run import Progress
from bakeoff.evaluate.store import Ledger
from bakeoff.project.listening import Listener
from bakeoff.project.running import Outcome
from bakeoff.values import Reason, reason
from tests.cluster.common import assignment, resolved

NODES = [Node(name, "10.0.0.1", f"host-{name}", 4.0, 0.0) for name in "ab"]


class FakeRay:
    """Starts what it is told to, and tells what a test gives it."""

    def __init__(self) -> None:
        self.placed: list[tuple[str, str, Order]] = []
        self.living = {"a", "b"}
        self.events: deque[list[tuple[str, str, Any]]] = deque()

    def place(self, name: str, node: str, cpus: float, order: bytes) -> None:
        self.placed.append((name, node, pickle.loads(order)))

    def nodes(self) -> list[dict[str, Any]]:
        return [{"id": one} for one in self.living]

    def poll(self, seconds: float) -> list[tuple[str, str, Any]]:
        return self.events.popleft() if self.events else []

    def stop(self) -> list[tuple[str, str, Any]]:
        return self.events.popleft() if self.events else []


class Hearing(Listener):
    def __init__(self) -> None:
        self.notes: list[Reason] = []
        self.told: list[tuple[int, int, int]] = []

    def note(self, note: Reason) -> None:
        self.notes.append(note)

    def progress(self, progress: Progress) -> None:
        self.told.append((progress.done, progress.failed, progress.total))


@pytest.fixture
def at_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Crew, FakeRay, Hearing]:
    """Two workers, one on each node, and a hundred calls to make."""
    monkeypatch.setattr(module, "RETRY_SECONDS", 0.0)
    ray, heard = FakeRay(), Hearing()
    with Ledger(tmp_path / "bakeoff.db") as ledger:
        given = assignment(ledger, tmp_path / "bakeoff.db", [resolved("http://127.0.0.1:9")], tmp_path)
    crew = Crew(ray, given, heard, elsewhere=False)  # type: ignore[arg-type]
    crew.expects({"a": 100})
    crew.place([Place(node, (0,), 1.0) for node in NODES])
    return crew, ray, heard


def count(done: int, failed: int = 0) -> dict[str, Count]:
    return {"a": Count(done, failed, 2 * done, done, "0.5")}


def word(ray: FakeRay, worker: int, kind: str, told: Any) -> None:
    """Let a worker tell something in the next round."""
    ray.events.append([(kind, ray.placed[worker][0], told if isinstance(told, str) else pickle.dumps(told))])


def never() -> bool:
    return False


def test_what_workers_told_is_added_up_and_kept_when_they_die(at_work: tuple[Crew, FakeRay, Hearing]) -> None:
    crew, ray, heard = at_work
    word(ray, 0, "heard", Heard(count(10)))
    word(ray, 1, "heard", Heard(count(5, 1)))
    word(ray, 0, "died", "killed")
    for _ in range(3):
        crew.listen(never)
    word(ray, 2, "heard", Heard(count(20)))
    crew.listen(never)
    assert heard.told == [(10, 0, 100), (15, 1, 100), (35, 1, 100)]
    assert crew.counted("a") == (35, 1)
    assert crew.dead == [ray.placed[0][0]]
    crew.end()
    assert heard.told[-1] == (35, 1, 36)


def test_who_died_is_replaced_on_the_same_node_under_another_name(at_work: tuple[Crew, FakeRay, Hearing]) -> None:
    crew, ray, heard = at_work
    word(ray, 0, "died", "killed")
    crew.listen(never)
    assert [node for _, node, _ in ray.placed] == ["a", "b", "a"]
    assert len({name for name, _, _ in ray.placed}) == 3
    assert [note.code for note in heard.notes] == ["cluster.worker_died"]
    assert ray.placed[2][2].columns == (0,)


def test_nobody_is_replaced_when_all_is_done(at_work: tuple[Crew, FakeRay, Hearing]) -> None:
    crew, ray, _ = at_work
    word(ray, 0, "died", "killed")
    crew.listen(lambda: True)
    assert len(ray.placed) == 2


def test_a_node_that_is_gone_is_left_to_the_others(at_work: tuple[Crew, FakeRay, Hearing]) -> None:
    crew, ray, heard = at_work
    ray.living = {"b"}
    word(ray, 0, "lost", "unreachable")
    crew.listen(never)
    assert len(ray.placed) == 2  # the other node has a worker for these columns
    assert crew.dead == []  # nobody knows whether it lives
    assert [note.code for note in heard.notes] == ["cluster.worker_died", "cluster.node_died"]
    word(ray, 1, "died", "killed")
    crew.listen(never)
    assert [node for _, node, _ in ray.placed] == ["a", "b", "b"]
    ray.living = set()
    word(ray, 2, "lost", "unreachable")
    with pytest.raises(ClusterError, match="every node of the cluster is gone"):
        crew.listen(never)


def test_workers_that_die_in_vain_are_not_started_for_ever(at_work: tuple[Crew, FakeRay, Hearing]) -> None:
    crew, ray, _ = at_work
    for death in range(module.MOST_DEATHS - 1):
        word(ray, 0 if death == 0 else death + 1, "died", "out of memory")
        crew.listen(never)
    word(ray, module.MOST_DEATHS, "died", "out of memory")
    with pytest.raises(ClusterError, match=r"20 workers died .* out of memory"):
        crew.listen(never)


def test_deaths_with_something_done_between_them_are_forgiven(at_work: tuple[Crew, FakeRay, Hearing]) -> None:
    crew, ray, _ = at_work
    for death in range(2 * module.MOST_DEATHS):
        number = 0 if death == 0 else death + 1
        word(ray, number, "heard", Heard(count(1)))
        word(ray, number, "died", "killed")
        crew.listen(never)
        crew.listen(never)
    assert crew.counted("a")[0] == 2 * module.MOST_DEATHS


def test_ends_and_errors_carry_the_node(at_work: tuple[Crew, FakeRay, Hearing]) -> None:
    crew, ray, heard = at_work
    word(ray, 0, "ended", Ended(count(3), (Outcome("a", 3, 0, None),)))
    word(ray, 1, "ended", Ended(count(4), error=StorageError("full", hint="make room")))
    crew.listen(never)
    assert crew.at_work
    crew.listen(never)
    assert not crew.at_work
    assert [one.answered for one in crew.outcomes] == [3]
    (error,) = crew.errors
    assert isinstance(error, StorageError)
    assert error.message == "node host-b (10.0.0.1, b): full"
    assert error.hint == "make room"
    assert [(note.code, note.parameters["error"]) for note in heard.notes] == [("cluster.gave_up", "full")]


def test_what_all_workers_tell_is_told_once(at_work: tuple[Crew, FakeRay, Hearing]) -> None:
    crew, ray, heard = at_work
    for worker in (0, 1):
        word(ray, worker, "heard", Heard({}, (reason("engine.starting", candidate="a"),)))
        crew.listen(never)
    assert len(heard.notes) == 1


def test_workers_that_wait_for_a_processor_are_told_of(
    at_work: tuple[Crew, FakeRay, Hearing], monkeypatch: pytest.MonkeyPatch
) -> None:
    crew, _, heard = at_work
    began = time.monotonic()
    monkeypatch.setattr(module.time, "monotonic", lambda: began + 1000)
    crew.listen(never)
    crew.listen(never)
    (note,) = heard.notes
    assert (note.code, note.parameters["n"]) == ("cluster.waiting", 2)


def test_a_stop_ends_all(at_work: tuple[Crew, FakeRay, Hearing]) -> None:
    crew, ray, _ = at_work
    word(ray, 0, "ended", Ended(count(7), stopped=True))
    crew.stop()
    assert not crew.at_work
    assert crew.counted("a") == (7, 0)
