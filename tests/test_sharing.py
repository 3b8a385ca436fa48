"""Copying between the project's own ledger and the one that workers share: everything once, and nothing paid twice."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff.errors import StorageError
from bakeoff.evaluate.store import Copied, Ledger
from tests.test_store import ANSWER, call


@pytest.fixture
def shared(where: Path | str) -> Iterator[Ledger]:
    """In each of the two databases."""
    with Ledger(where) as opened:
        yield opened


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Ledger]:
    """The project's."""
    with Ledger(tmp_path / "own.db") as opened:
        yield opened


def pull_all(own: Ledger, shared: Ledger, limit: int = 500) -> int:
    """Until there is no more; how many batches it took."""
    batches = 1
    while own.pull(shared, limit).more:
        batches += 1
    return batches


def dump(ledger: Ledger, table: str) -> list[tuple[object, ...]]:
    """A table without numbers of the ledger."""
    return sorted(tuple(map(repr, row[1:])) for row in ledger.database.rows(f"SELECT * FROM {table}"))


def fill(ledger: Ledger, run: int) -> None:
    """Something in every table."""
    ledger.record(
        [
            replace(call("d1"), run=run),
            replace(call("d2", answer=None), run=run),
            replace(call("d2"), run=run, attempt=2, candidate="b"),
            replace(call("d3", answer=replace(ANSWER, text="\0", prompt_tokens=None)), run=run, body=b"\0\xff"),
        ]
    )
    ledger.record_engine(run, "a", "e", {"version": "1"})
    ledger.record_probe(run, "p1", "a", {"thinking": True})
    ledger.record_scores("g", [("r1", "d1", 1.0, None), ("r1", "d2", None, "x")])
    for kind in ("probe", "decision", "correction", "check"):
        ledger.record_finding(kind, "about", {"kind": kind})


@pytest.mark.parametrize("limit", [1, 2, 500])
def test_what_the_workers_wrote_is_copied_once(own: Ledger, shared: Ledger, limit: int) -> None:
    run = own.begin_run({"what": "mine"})
    fill(shared, shared.run_of(own, run))
    assert (pull_all(own, shared, limit) > 1) is (limit < 4)
    for table in ("request", "engine", "probe", "score"):
        assert dump(own, table) == dump(shared, table)
    assert own.answers(["d1", "d2", "d3"]).keys() == {"d1", "d2", "d3"}
    assert own.answers(["d3"])["d3"].answer.text == "\0"
    assert own.request("d3") == ("/p", b"\0\xff")
    assert own.runs_of(["d1", "d2", "d3"]) == {run}
    assert [len(own.findings(kind)) for kind in ("probe", "decision", "correction", "check")] == [1, 0, 0, 0]
    before = own.seq()
    again = own.pull(shared)
    assert (again.more, again.calls, again.scores, own.seq()) == (False, {}, 0, before)


def test_a_batch_tells_what_it_brought(own: Ledger, shared: Ledger) -> None:
    fill(shared, shared.begin_run({}))
    own.record([call("d1")])
    found = own.pull(shared)
    assert found.calls == {"a": Copied(1, 1, 0, 2), "b": Copied(1, 0, 7, 2)}, "d1 was here"
    assert (found.scores, found.seq, found.more) == (2, shared.seq(), False)
    assert own.pulled(shared.identity) == found.seq


def test_a_batch_that_fails_leaves_nothing_and_is_done_again(
    own: Ledger, shared: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    fill(shared, shared.begin_run({}))

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(own, "_copy_rest", full)
    with pytest.raises(StorageError):
        own.pull(shared)
    assert (own.seq(), own.runs(), own.pulled(shared.identity)) == (0, [], 0)
    monkeypatch.undo()
    pull_all(own, shared)
    assert dump(own, "score") == dump(shared, "score")


def test_a_shared_ledger_that_was_restored_from_a_backup_is_copied_from_the_start(own: Ledger, shared: Ledger) -> None:
    run = own.begin_run({})
    fill(shared, shared.run_of(own, run))
    pull_all(own, shared)
    shared.database.run("DELETE FROM score")
    shared.database.run("UPDATE counter SET seq = 5")
    shared.database.run("DELETE FROM finding WHERE seq > 5")
    before = {table: dump(own, table) for table in ("call", "request", "engine", "probe", "score", "finding")}
    assert pull_all(own, shared) == 1
    assert {table: dump(own, table) for table in before} == before
    shared.record([call("d4")])
    pull_all(own, shared)
    assert own.answered(["d4"]) == {"d4"}


def test_answers_that_the_workers_lack_are_given_to_them(own: Ledger, shared: Ledger) -> None:
    run = own.begin_run({"what": "mine"})
    calls = [replace(call(f"d{i}"), run=run, endpoint="e" if i % 3 else "other") for i in range(1200)]
    own.record([*calls, call("f", answer=None)])
    shared.record([replace(call("d1", answer=replace(ANSWER, text="theirs")), endpoint="e")])
    assert own.push(shared, ["e", "none"]) == 799
    assert own.push(shared, ["e", "none"]) == 0
    assert own.push(shared, []) == 0
    assert len(shared.answered([f"d{i}" for i in range(1200)])) == 800
    assert shared.answers(["d1"])["d1"].answer.text == "theirs"
    assert shared.request("d2") == ("/p", b"{}")
    assert shared.failures(["f"]) == {}
    [theirs] = shared.runs_of(["d2"])
    assert shared.manifest(theirs) == {"what": "mine"}
    before = dump(own, "call")
    pull_all(own, shared)
    assert dump(own, "call") == before
    assert len(own.runs()) == 1


def test_runs_of_another_project_come_with_what_they_were_going_to_do(own: Ledger, shared: Ledger) -> None:
    own.begin_run({"what": "mine"})
    with Ledger(Path(own.database.name).with_name("other.db")) as other:
        run = other.begin_run({"what": "theirs"})
        number = shared.run_of(other, run)
        assert shared.run_of(other, run) == number
        fill(shared, number)
        shared.end_run(number, "done")
        pull_all(own, shared)
        pull_all(other, shared)
        assert other.runs_of(["d1"]) == {run}
        assert [one["state"] for one in other.runs()] == [None], "it ends its own run itself"
    [theirs] = own.runs_of(["d1", "d2"])
    assert own.manifest(theirs) == {"what": "theirs"}
    assert [(one["run"], one["state"]) for one in own.runs()] == [(1, None), (theirs, "done")]


def test_a_copy_of_the_project_has_runs_of_its_own(own: Ledger, shared: Ledger, tmp_path: Path) -> None:
    """Same identity and numbers, other runs: they are told apart by when they began."""
    shared.run_of(own, own.begin_run({"what": "first"}))
    with Ledger(tmp_path / "copy.db") as copy:
        copy.database.run("UPDATE identity SET id = ?", (own.identity,))
        copy.begin_run({"what": "second"})
        copy.database.run("UPDATE run SET started_at = '2026-01-01'")
        number = shared.run_of(copy, 1)
        assert shared.manifest(number) == {"what": "second"}
        shared.record([replace(call("d1"), run=number)])
        pull_all(copy, shared)
        assert copy.runs_of(["d1"]) == {1}


def test_a_run_that_nobody_knows_is_0(own: Ledger, shared: Ledger) -> None:
    assert shared.run_of(own, 99) == 0
    shared.record([replace(call("d1"), run=99)])
    own.pull(shared)
    assert own.runs_of(["d1"]) == {0}


def test_who_pulls_while_workers_write_ends_with_the_same(own: Ledger, shared: Ledger, where: Path | str) -> None:
    ended = threading.Event()

    def write(number: int) -> None:
        with Ledger(where) as ledger:
            for turn in range(20):
                names = [f"{turn}-{i if i % 2 else number}" for i in range(6)]
                ledger.record([replace(call(name), row_id=name) for name in names])
                ledger.record_scores("g", [(name, name, float(number), None) for name in set(names)])

    writers = [threading.Thread(target=write, args=(number,)) for number in range(3)]
    for thread in writers:
        thread.start()
    waiting = threading.Thread(target=lambda: [*(thread.join() for thread in writers), ended.set()])
    waiting.start()
    found = scores = 0
    over = False
    while not over:
        over = ended.is_set()
        more = True
        while more:
            pulled = own.pull(shared, 17)
            more = pulled.more
            found += sum(one.done for one in pulled.calls.values())
            scores += pulled.scores
    waiting.join()
    assert dump(own, "call") == [tuple(map(repr, (row[1], 0, *row[3:]))) for row in calls_of(shared)]
    assert dump(own, "score") == dump(shared, "score")
    assert (found, scores) == (len(dump(shared, "call")), len(dump(shared, "score")))


def calls_of(ledger: Ledger) -> list[tuple[object, ...]]:
    """By digest."""
    return sorted(ledger.database.rows("SELECT * FROM call"), key=lambda row: repr(row[1]))
