"""The ledger keeps what it acknowledged, in order, and refuses what is not its own."""

import asyncio
import random
import sqlite3
import threading
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff.errors import StorageError
from bakeoff.evaluate.people.labels import NewLabel
from bakeoff.evaluate.store import Call, Drop, Ledger
from bakeoff.evaluate.store.schema import MIGRATIONS, bring_up_to_date
from bakeoff.evaluate.store.sqlite import SqliteDatabase
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
def ledger(where: Path | str) -> Iterator[Ledger]:
    """In each of the two databases."""
    with Ledger(where) as opened:
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


def test_a_ledger_is_opened_again_and_by_readers(where: Path | str) -> None:
    with Ledger(where) as first:
        first.record([call("d1")])
        with Ledger(where) as second:
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


def test_a_ledger_from_a_newer_version_is_refused(where: Path | str) -> None:
    with Ledger(where) as ledger:
        ledger.database.run("INSERT INTO migration VALUES ('m999_future', '')")
    with pytest.raises(StorageError, match="newer Bakeoff"):
        Ledger(where)


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


def test_a_full_disk_reaches_everyone_who_waits(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "bakeoff.db")
    ((limit,),) = ledger.database.rows("PRAGMA page_count")
    ledger.database.rows(f"PRAGMA max_page_count = {limit}")
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
    ledger.close()


HOSTILE = {
    "NUL": "a\0b\0",
    "the character that stands for NUL": "\ufdd0 \ufdd00 \ufdd01 \0\ufdd0",
    "marks": "100 % of %s and ? and %(x)s and $1",
    "quotes": """'; DROP TABLE call; -- " \\ \\x00""",
    "lines": "a\r\nb\u2028c\x0b\x1f\x7f",
    "far": "\U0010ffff\uffff😀ế",
    "nothing": "",
    "long": "ế" * 100_000,
}


@pytest.mark.parametrize("text", HOSTILE.values(), ids=HOSTILE)
def test_every_text_comes_back_as_it_was(ledger: Ledger, text: str) -> None:
    answer = replace(ANSWER, text=text, thinking=text, served_model=text, headers={"x": text}, provider=text)
    stored = replace(call("d1", answer=answer), candidate=text, row_id=text, body=text.encode())
    ledger.record([stored, replace(stored, digest="d2", answer=None, error_code="x", error=text)])
    ledger.record_grades("g", [(text, "d1", 1.0, text, text)])
    ledger.record_finding("probe", text, {"x": text})
    assert ledger.answers(["d1"])["d1"].answer == answer
    assert ledger.failures(["d2"])["d2"].message == text
    assert ledger.request("d1") == ("/p", text.encode())
    assert ledger.grades("g") == [(text, "d1", 1.0, text, text)]
    assert [(one.about, one.value) for one in ledger.findings("probe")] == [(text, {"x": text})]
    assert ledger.count_answers(text) == 1


def test_halves_of_characters_are_joined_or_replaced(ledger: Ledger) -> None:
    ledger.record([call("d1"), call("d2", answer=replace(ANSWER, text="a\ud83d\ude00b", finish_reason="\ud800"))])
    found = ledger.answers(["d1", "d2"])
    assert (found["d2"].answer.text, found["d2"].answer.finish_reason) == ("a😀b", "\ufffd")
    assert found["d1"].answer == ANSWER


def test_numbers_come_back_as_they_were(ledger: Ledger) -> None:
    answer = replace(ANSWER, latency_ms=7, prompt_tokens=2**40, output_tokens=0, time_to_first_token_ms=0.1 + 0.2)
    ledger.record([call("d1", answer=answer)])
    ledger.record_scores("g", [("r", "d1", float("nan"), None), ("s", "d1", -0.1, None)])
    assert ledger.answers(["d1"])["d1"].answer == answer
    assert ledger.stored_scores("g") == [("r", "d1", None), ("s", "d1", -0.1)]
    usage = ledger.usage(["d1"])
    assert (usage.calls, usage.prompt_tokens, usage.uncounted, usage.seconds) == (1, 2**40, 0, 0.007)
    mixed = [replace(ANSWER, latency_ms=latency) for latency in (7, 0.5, None, 2**53)]
    ledger.record([call(f"m{number}", answer=answer) for number, answer in enumerate(mixed)])
    assert [one.answer for _, one in sorted(ledger.answers(["m0", "m1", "m2", "m3"]).items())] == mixed


def test_labels_and_drops_come_back_as_they_were(ledger: Ledger) -> None:
    labels = [
        NewLabel("pair", "r1", "a", "b", "both bad", "Ánh", "d1", "d2", "random", 0.25, 3.5),
        NewLabel("point", "r\0", "a", None, "withdrawn", "Ánh", "d1", None, "imported"),
    ]
    assert ledger.record_labels(labels) == [1, 2]
    found = ledger.labels()
    assert [one.seq for one in found] == [1, 2]
    assert [NewLabel(**{name: getattr(one, name) for name in NewLabel.__slots__}) for one in found] == labels
    drops = [Drop(1, "g", name, "c1", "b", "c2", 40, -0.125, 12.5) for name in ("a", "c")]
    ledger.record_drops(drops)
    assert (ledger.drops("g"), ledger.drops("h")) == (drops, [])


def test_what_followers_ask_is_the_same_in_both(ledger: Ledger) -> None:
    ledger.record([call("d1"), call("d2", answer=None), call("d3", answer=replace(ANSWER, prompt_tokens=None))])
    assert ledger.calls_after(1, 3, 10) == [(2, "d2", 0, None, 0), (3, "d3", 1, 40.25, 0)]
    assert ledger.texts([1, 2], 4) == {1: "tích", 2: None}
    assert ledger.graded_after(0, 9, []) == []
    assert ledger.graded_after(0, 9, ["g"]) == []
    assert (ledger.calls_seq(), ledger.seq(), ledger.probed_after(0, 9)) == (3, 3, 0)


def undone(ledger: Ledger, count: int) -> None:
    """Numbers are taken, and given back."""
    left = KeyError("left")

    def leave() -> None:
        with ledger.database.transaction():
            ledger.next_seq(count)
            raise left

    with pytest.raises(KeyError):
        leave()


def test_a_transaction_that_is_left_by_an_error_has_done_nothing(ledger: Ledger) -> None:
    undone(ledger, 5)
    assert ledger.seq() == 0
    with ledger.database.transaction(), pytest.raises(RuntimeError), ledger.database.transaction():
        pass
    assert ledger.begin_run({}) == 1


def test_rows_one_after_the_other_beside_other_work(ledger: Ledger) -> None:
    ledger.record_scores("g", [(str(i), "d", 1.0, None) for i in range(12_000)])
    seen = 0
    for (row_id,) in ledger.database.each("SELECT row_id FROM score WHERE grading = ? ORDER BY seq", ("g",)):
        assert row_id == str(seen)
        if seen % 4000 == 0:
            assert ledger.seq() == 12_000
        seen += 1
    assert seen == 12_000
    assert len(ledger.scored("g")) == 12_000


def test_many_who_open_a_new_ledger_at_once_make_it_once(where: Path | str) -> None:
    names: list[str] = []

    def one() -> None:
        with Ledger(where) as opened:
            names.append(opened.identity)

    threads = [threading.Thread(target=one) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(names) == 8
    assert len(set(names)) == 1


@pytest.mark.parametrize("seed", range(3))
def test_who_follows_by_seq_misses_nothing_whoever_writes(where: Path | str, seed: int) -> None:
    """Each reading goes on after the highest number that the one before has seen; rows of any size, rows undone."""
    chance = random.Random(seed)
    ended = threading.Event()
    plans = [[chance.choice((0, 1, 2, 9)) for _ in range(25)] for _ in range(4)]

    def write(number: int, sizes: list[int]) -> None:
        with Ledger(where) as ledger:
            for turn, size in enumerate(sizes):
                if size == 0:
                    undone(ledger, 3)
                ledger.record([call(f"{number}-{turn}-{i}", answer=None if i % 2 else ANSWER) for i in range(size)])
                ledger.record_scores("g", [("r", f"{number}-{turn}", 1.0, None)] * (size % 2))

    calls: list[str] = []
    graded: list[str] = []

    def follow() -> None:
        with Ledger(where) as ledger:
            last, over = 0, False
            while not over:
                over = ended.is_set()
                until = ledger.seq()
                calls.extend(row[1] for row in ledger.calls_after(last, until, 10_000))
                graded.extend(digest for _, digest in ledger.graded_after(last, until, ["g"]))
                last = until

    with Ledger(where):
        follower = threading.Thread(target=follow)
        writers = [threading.Thread(target=write, args=plan) for plan in enumerate(plans)]
        for thread in (follower, *writers):
            thread.start()
        for thread in writers:
            thread.join()
        ended.set()
        follower.join()
    plan = [(n, turn, size) for n, sizes in enumerate(plans) for turn, size in enumerate(sizes)]
    assert sorted(calls) == sorted(f"{n}-{turn}-{i}" for n, turn, size in plan for i in range(size))
    assert sorted(graded) == sorted(f"{n}-{turn}" for n, turn, size in plan if size % 2)


def test_two_who_would_keep_the_next_finding_keep_one(where: Path | str) -> None:
    kept: list[int | None] = []

    def one() -> None:
        with Ledger(where) as ledger:
            start.wait()
            kept.append(ledger.record_after("correction", "d1", {}, 0))

    Ledger(where).close()
    start = threading.Barrier(6)
    threads = [threading.Thread(target=one) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len([seq for seq in kept if seq is not None]) == 1


def test_a_ledger_of_an_older_version_is_opened_and_brought_up_to_date(tmp_path: Path) -> None:
    path = tmp_path / "bakeoff.db"
    before = SqliteDatabase(path)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bakeoff.evaluate.store.schema.MIGRATIONS", MIGRATIONS[:6])
        bring_up_to_date(before)
    before.run("INSERT INTO run VALUES (1, '2026-11-01', '{}')")
    before.close()
    with Ledger(path) as ledger:
        assert ledger.manifest(1) == {}
        identity = ledger.identity
    with Ledger(path) as ledger:
        assert ledger.identity == identity
