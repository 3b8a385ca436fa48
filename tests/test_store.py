"""The ledger keeps what it acknowledged, in order, and refuses what is not its own."""

import asyncio
import sqlite3
from pathlib import Path

import pytest

from bakeoff.errors import StorageError
from bakeoff.evaluate.store import Call, Ledger
from bakeoff.evaluate.types import Answer
from bakeoff.evaluate.writer import Writer

ANSWER = Answer(
    text="tích cực 😀",
    finish_reason="stop",
    time_to_first_token_ms=12.5,
    latency_ms=40.25,
    prompt_tokens=7,
    output_tokens=2,
    thinking="hm",
    timings={"predicted_ms": 3.5},
    served_model="m-1",
    headers={"Server": "x"},
)


def call(name: str, *, answer: Answer | None = ANSWER, attempt: int = 1) -> Call:
    error = None if answer else "HTTP 500"
    return Call(name, 1, "a", "r1", 0, "e", "/p", b"{}", attempt, "2026-11-24T00:00:00", answer, error, error)


@pytest.fixture
def ledger(tmp_path: Path):  # type: ignore[no-untyped-def]
    with Ledger(tmp_path / "bakeoff.db") as opened:
        yield opened


def test_an_answer_comes_back_as_it_came(ledger: Ledger) -> None:
    ledger.record([call("d1")])
    assert ledger.answers(["d1", "d2"])["d1"].answer == ANSWER
    assert ledger.request("d1") == ("/p", b"{}")
    assert ledger.answered(["d1", "d2"]) == {"d1"}


def test_an_answer_is_never_overwritten(ledger: Ledger) -> None:
    ledger.record([call("d1")])
    later = Answer("other", "stop", 1, 1, 1, 1)
    ledger.record([call("d1", answer=later)])
    assert ledger.answers(["d1"])["d1"].answer == ANSWER


def test_seq_rises_over_every_table(ledger: Ledger) -> None:
    run = ledger.begin_run({"x": 1})
    ledger.record([call("d1"), call("d2")])
    ledger.record_engine(run, "a", "e", {"version": "1"})
    ledger.record_scores("g", [("r1", "d1", 1.0, None)])
    ledger.end_run(run, "done")
    seqs = [ledger.answers([d])[d].seq for d in ("d1", "d2")]
    assert run == 1
    assert seqs == [2, 3]
    assert ledger.seq() == 6
    assert ledger.engine("e") == {"version": "1"}
    assert ledger.scored("g") == {("r1", "d1")}
    assert [(r["run"], r["state"]) for r in ledger.runs()] == [(1, "done")]


def test_failures_stay_until_there_is_an_answer(ledger: Ledger) -> None:
    ledger.record([call("d1", answer=None), call("d1", answer=None, attempt=2)])
    assert ledger.failures(["d1"])["d1"].attempt == 2
    ledger.record([call("d1")])
    assert ledger.failures(["d1"]) == {}


def test_more_digests_than_sqlite_takes_parameters(ledger: Ledger) -> None:
    ledger.record([call(f"d{i}") for i in range(1200)])
    digests = [f"d{i}" for i in range(40_000)]
    assert len(ledger.answered(digests)) == 1200


def test_a_ledger_is_opened_again_and_by_readers(tmp_path: Path) -> None:
    path = tmp_path / "bakeoff.db"
    with Ledger(path) as first:
        first.record([call("d1")])
        with Ledger(path) as second:
            assert second.answered(["d1"]) == {"d1"}


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda path: path.write_text("this is text, " * 100), "not a database"),
        (lambda path: sqlite3.connect(path).execute("CREATE TABLE t (x)").connection.close(), "another program"),
        (lambda path: path.mkdir(), "unable to open"),
    ],
)
def test_what_is_not_a_ledger_is_refused(tmp_path: Path, make, words: str) -> None:  # type: ignore[no-untyped-def]
    path = tmp_path / "bakeoff.db"
    make(path)
    with pytest.raises(StorageError, match=words) as caught:
        Ledger(path)
    assert caught.value.hint


def test_a_ledger_from_a_newer_version_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "bakeoff.db"
    Ledger(path).close()
    connection = sqlite3.connect(path)
    connection.execute("INSERT INTO migration VALUES ('m999_future', '')")
    connection.commit()
    connection.close()
    with pytest.raises(StorageError, match="newer Bakeoff"):
        Ledger(path)


def test_many_writers_share_a_commit_and_each_waits_for_its_own(ledger: Ledger) -> None:
    batches: list[int] = []
    record = ledger.record

    def counting(calls):  # type: ignore[no-untyped-def]
        batches.append(len(calls))
        record(calls)

    ledger.record = counting  # type: ignore[method-assign]

    async def one(writer: Writer, name: str) -> None:
        await writer.record(call(name))
        assert ledger.answered([name]) == {name}

    async def go() -> None:
        writer = Writer(ledger)
        await asyncio.gather(*(one(writer, f"d{i}") for i in range(500)))
        await writer.close()

    asyncio.run(go())
    assert sum(batches) == 500
    assert len(batches) < 100


def test_a_cancelled_caller_does_not_lose_its_answer(ledger: Ledger) -> None:
    async def go() -> None:
        writer = Writer(ledger)
        task = asyncio.create_task(writer.record(call("d1")))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        await writer.close()

    asyncio.run(go())
    assert ledger.answered(["d1"]) == {"d1"}


def test_a_full_disk_reaches_everyone_who_waits(ledger: Ledger) -> None:
    limit = ledger._connection.execute("PRAGMA page_count").fetchone()[0]
    ledger._connection.execute(f"PRAGMA max_page_count = {limit}")
    big = Answer("x" * 100_000, "stop", 1, 1, 1, 1)

    async def go() -> list[object]:
        writer = Writer(ledger)
        results = await asyncio.gather(
            *(writer.record(call(f"d{i}", answer=big)) for i in range(3)), return_exceptions=True
        )
        await writer.close()
        return list(results)

    results = asyncio.run(go())
    assert all(isinstance(result, StorageError) and "full" in result.message for result in results)
    assert ledger.answered(["d0", "d1", "d2"]) == set()
