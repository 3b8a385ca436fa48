"""A ledger whose oldest calls are in Parquet parts answers every question as one that has them all in its database."""

import hashlib
import os
import signal
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bakeoff.errors import StorageError
from bakeoff.evaluate.store import Call, Ledger, folding
from bakeoff.evaluate.store.parts import Part, parts_folder
from bakeoff.evaluate.types import Answer

NAMES = 12
"""Different calls of the property test."""

TEXTS = st.one_of(
    st.sampled_from(["", "tích cực 😀", "a\0b", "'; --", "\u2028\ufffd", "x" * 9000]),
    st.text(st.characters(codec="utf-8"), max_size=20),
)
NUMBERS = st.none() | st.integers(0, 2**40)


def digest(name: object) -> str:
    return hashlib.sha256(str(name).encode()).hexdigest()


DIGESTS = [digest(n) for n in range(NAMES)]


@st.composite
def calls(draw: Any) -> Call:
    """A call, failed or answered."""
    n = draw(st.integers(0, NAMES - 1))
    call = Call(
        digest=DIGESTS[n],
        run=draw(st.integers(1, 3)),
        candidate=draw(st.sampled_from(["a", "ứng viên b"])),
        row_id=f"r{n}",
        repeat=draw(st.sampled_from([0, 1, 1_000_000])),
        endpoint=draw(st.sampled_from(["e", "f"])),
        path="/v1",
        body=b"body %d \0\xff" % n,
        attempt=draw(st.integers(1, 9)),
        started_at=f"2026-11-24T00:00:{draw(st.integers(10, 59))}.000+00:00",
        answer=None,
    )
    if draw(st.booleans()):
        return replace(call, error_code=draw(TEXTS), error=draw(TEXTS))
    return replace(
        call,
        answer=Answer(
            text=draw(TEXTS),
            finish_reason=draw(st.none() | TEXTS),
            time_to_first_token_ms=draw(st.none() | st.floats(0, 1e9)),
            latency_ms=draw(st.floats(0, 1e9)),
            prompt_tokens=draw(NUMBERS),
            output_tokens=draw(NUMBERS),
            thinking=draw(st.none() | TEXTS),
            timings={"a": 1.5} if draw(st.booleans()) else {},
            served_model=draw(st.none() | TEXTS),
            headers={"Server": "x"} if draw(st.booleans()) else {},
            provider=draw(st.none() | TEXTS),
        ),
    )


@st.composite
def folds(draw: Any) -> tuple[int, int]:
    """(how many calls stay, how many calls a part takes)"""
    return draw(st.integers(0, 5)), draw(st.integers(2, 9))


def told(ledger: Ledger, digests: Sequence[str]) -> dict[str, Any]:
    """Everything that can be asked about calls."""
    last = ledger.seq()
    usage = ledger.usage(digests)
    return {
        "answered": ledger.answered(digests),
        "has_answers": bytes(ledger.has_answers(digests)),
        "answers": ledger.answers(digests),
        "failures": ledger.failures(digests),
        "finish_reasons": ledger.finish_reasons(digests),
        "usage": (usage.calls, usage.prompt_tokens, usage.output_tokens, usage.uncounted),
        "seconds": pytest.approx(usage.seconds),
        "lengths": ledger.lengths(digests),
        "first lengths": ledger.lengths(digests, most=2),
        "runs_of": ledger.runs_of(digests),
        "count_answers": [ledger.count_answers(name) for name in ("a", "ứng viên b", "nobody")],
        "answered_until": ledger.answered_until(digests),
        "requests": [ledger.request(one) for one in digests],
        "calls_after": [ledger.calls_after(seq, until, n) for seq in (0, 2) for until in (3, last) for n in (2, 99)],
        "calls_seq": ledger.calls_seq(),
        "seq": last,
        "texts": [ledger.texts(list(range(last + 2)), longest) for longest in (0, 3, 100)],
    }


def check_same(folded: Ledger, whole: Ledger) -> None:
    asked = [*DIGESTS, digest("nobody")]
    assert told(folded, asked) == told(whole, asked)
    assert told(folded, asked[3:5]) == told(whole, asked[3:5])
    assert told(folded, []) == told(whole, [])


@given(st.lists(st.lists(calls(), min_size=1, max_size=6) | folds(), max_size=8))
@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_any_writes_and_folds_answer_as_a_ledger_without_parts(steps: list[Any]) -> None:
    with (
        TemporaryDirectory() as folder,
        Ledger(Path(folder) / "a.db") as folded,
        Ledger(Path(folder) / "b.db") as whole,
    ):
        for step in steps:
            if isinstance(step, tuple):
                folded.fold(above=step[0], part_calls=step[1])
            else:
                folded.record(step)
                whole.record(step)
        check_same(folded, whole)
        folded.fold(above=0, part_calls=100)
        check_same(folded, whole)
        assert folded.database.rows("SELECT count(*) FROM call") == [(0,)]


def some_calls(n: int, *, first: int = 0) -> list[Call]:
    answer = Answer("text", "stop", 1.0, 2.0, 3, 4)
    return [
        Call(digest(i), 1, "a", f"r{i}", 0, "e", "/v1", b'{"n": %d}' % i, 1, "2026-11-24T00:00:00.000+00:00",
             replace(answer, text=f"text {i}"))
        for i in range(first, first + n)
    ]  # fmt: skip


def test_a_ledger_is_folded_only_above_a_number_and_then_to_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folding, "FOLD_ABOVE", 25)
    monkeypatch.setattr(folding, "PART_CALLS", 10)
    with Ledger(tmp_path / "bakeoff.db") as ledger:
        ledger.record(some_calls(25))
        assert (ledger.fold(), ledger.noted_parts()) == (0, ())
        assert not (tmp_path / "bakeoff.cells").exists()
        ledger.record(some_calls(12, first=25))
        assert ledger.fold() == 20
        assert ledger.noted_parts() == (Part(1, 10, 10), Part(11, 20, 10))
        assert ledger.fold() == 0
    names = sorted(path.name for path in (tmp_path / "bakeoff.cells").iterdir())
    assert names == ["part-1-10.parquet", "part-11-20.parquet"]
    with Ledger(tmp_path / "bakeoff.db") as again:
        assert again.answers([digest(3)])[digest(3)].answer.text == "text 3"
        assert again.request(digest(3)) == ("/v1", b'{"n": 3}')
        assert bytes(again.has_answers([digest(i) for i in range(40)])) == bytes([1] * 37 + [0] * 3)


def test_calls_with_other_addresses_than_sha256_stay_where_they_are(tmp_path: Path) -> None:
    with Ledger(tmp_path / "bakeoff.db") as ledger:
        ledger.record([*some_calls(5), replace(some_calls(1)[0], digest="d1"), *some_calls(5, first=5)])
        assert ledger.fold(above=0, part_calls=4) == 4
        assert ledger.count_answers("a") == 11
        assert ledger.answered(["d1", digest(2), digest(8)]) == {"d1", digest(2), digest(8)}


def test_what_readers_see_while_calls_are_moved_is_neither_twice_nor_gone(tmp_path: Path) -> None:
    path = tmp_path / "bakeoff.db"
    wanted = [digest(i) for i in range(600)]
    with Ledger(path) as reader, Ledger(path) as writer:
        writer.record(some_calls(600))
        rows = reader.database.rows

        def fold_first(sql: str, values: Sequence[Any] = ()) -> list[Any]:
            if "FROM call" in sql and len(reader.noted_parts()) < 3:
                writer.fold(above=0, part_calls=200)  # between the look at the parts and the look at the calls
            return rows(sql, values)

        reader.database.rows = fold_first  # type: ignore[method-assign]
        assert reader.usage(wanted).calls == 600
        assert reader.count_answers("a") == 600
    with Ledger(path) as ledger:
        assert len(ledger.noted_parts()) == 3
        assert ledger.answered(wanted) == set(wanted)


def test_an_answer_in_a_part_is_not_taken_in_again(tmp_path: Path) -> None:
    with Ledger(tmp_path / "a.db") as ledger, Ledger(tmp_path / "b.db") as other:
        ledger.record(some_calls(20))
        ledger.fold(above=5, part_calls=15)
        other.record([replace(one, answer=Answer("other", "stop", 1, 1, 1, 1)) for one in some_calls(20)])
        ledger.record(some_calls(20))
        assert ledger.pull(other).calls == {}
        assert ledger.answers([digest(0)])[digest(0)].answer.text == "text 0"
        assert ledger.count_answers("a") == 20
        assert ledger.database.rows("SELECT count(*) FROM call") == [(5,)]


def test_answers_in_parts_are_pushed_with_their_requests(tmp_path: Path) -> None:
    with Ledger(tmp_path / "a.db") as ledger, Ledger(tmp_path / "b.db") as other:
        ledger.record(some_calls(30))
        ledger.fold(above=4, part_calls=13)
        assert ledger.push(other, ["e"]) == 30
        assert ledger.push(other, ["e"]) == 0
        wanted = [digest(i) for i in range(30)]
        pushed, there = other.answers(wanted), ledger.answers(wanted)
        assert [pushed[one].answer for one in wanted] == [there[one].answer for one in wanted]
        assert other.requests(wanted) == ledger.requests(wanted)


def test_a_part_that_is_gone_or_damaged_is_said(tmp_path: Path) -> None:
    with Ledger(tmp_path / "bakeoff.db") as ledger:
        ledger.record(some_calls(5))
        ledger.fold(above=0)
        (part,) = parts_folder(tmp_path / "bakeoff.db").iterdir()
        part.write_bytes(b"PAR1 nothing PAR1")
        with pytest.raises(StorageError, match=r"part-1-5.parquet cannot be read"):
            ledger.answers([digest(1)])
        part.unlink()
        with Ledger(tmp_path / "other.db") as other:
            other.record(some_calls(4))
            other.fold(above=0)
        (of_other,) = parts_folder(tmp_path / "other.db").iterdir()
        of_other.rename(part)
        with pytest.raises(StorageError, match=r"part-1-5.parquet has other calls than the ledger has noted"):
            ledger.answers([digest(1)])
        part.unlink()
        with pytest.raises(StorageError, match=r"part-1-5.parquet is missing") as caught:
            ledger.answers([digest(1)])
        assert "put the folder bakeoff.cells back" in str(caught.value.hint)


KILLED = """
import os, signal, sys
from pathlib import Path
from bakeoff.evaluate.store import Ledger, folding, parts, sqlite
from tests.test_parts import some_calls

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

where, at = Path(sys.argv[1]), sys.argv[2]
ledger = Ledger(where)
if at == "while it is written":
    batches = parts._batches
    def some(rows):
        found = batches(rows)
        yield next(found)
        die()
    parts._batches = some
elif at == "before it has its name":
    folding.os.replace = die
elif at == "before it is noted":
    run = sqlite.SqliteDatabase.run
    sqlite.SqliteDatabase.run = lambda self, sql, *v: die() if "INTO part" in sql else run(self, sql, *v)
elif at == "before the calls are deleted":
    run = sqlite.SqliteDatabase.run
    sqlite.SqliteDatabase.run = lambda self, sql, *v: die() if "DELETE FROM call" in sql else run(self, sql, *v)
elif at == "while they are deleted":
    folding.DELETED_AT_ONCE = 7
    run = sqlite.SqliteDatabase.run
    sqlite.SqliteDatabase.run = lambda self, sql, *v: die() if "DELETE FROM call" in sql and self.rows(
        "SELECT count(*) FROM call") == [(43,)] else run(self, sql, *v)
elif at == "before the end":
    run = sqlite.SqliteDatabase.run
    sqlite.SqliteDatabase.run = lambda self, sql, *v: die() if sql == "COMMIT" and self.rows(
        "SELECT 1 FROM part") else run(self, sql, *v)
ledger.fold(above=0, part_calls=20)
"""


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
@pytest.mark.parametrize(
    "at",
    [
        "while it is written",
        "before it has its name",
        "before it is noted",
        "before the end",
        "before the calls are deleted",
        "while they are deleted",
    ],
)
def test_a_kill_in_the_middle_loses_nothing_and_leaves_nothing(tmp_path: Path, at: str) -> None:
    path = tmp_path / "bakeoff.db"
    wanted = [digest(i) for i in range(50)]
    with Ledger(path) as ledger:
        ledger.record(some_calls(50))
        before = told(ledger, wanted)
    script = tmp_path / "killed.py"
    script.write_text(KILLED)
    done = subprocess.run(
        [sys.executable, script, path, at], env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    )
    assert done.returncode == -signal.SIGKILL
    with Ledger(path) as ledger:
        assert told(ledger, wanted) == before
        noted = [part.calls for part in ledger.noted_parts()]
        assert noted == ([20] if "deleted" in at else [])
        ledger.record(some_calls(50))  # nothing is taken in twice
        assert {**told(ledger, wanted), "seq": before["seq"]} == before
        assert ledger.fold(above=0, part_calls=20) == 50 - sum(noted)
        assert ledger.database.rows("SELECT (SELECT count(*) FROM call), (SELECT count(*) FROM request)") == [(0, 0)]
        before["seq"] += 50
        assert told(ledger, wanted) == before
        parts = ledger.noted_parts()
        assert [part.calls for part in parts] == [20, 20, 10]
        assert all(before.last + 1 == after.first for before, after in pairwise(parts))
        assert sorted(one.name for one in (tmp_path / "bakeoff.cells").iterdir()) == sorted(
            part.file_name for part in parts
        )


@pytest.mark.skipif(os.name != "posix", reason="SIGKILL")
def test_two_processes_that_fold_at_once_move_each_call_once(tmp_path: Path) -> None:
    path = tmp_path / "bakeoff.db"
    with Ledger(path) as ledger:
        ledger.record(some_calls(3000))
        before = told(ledger, [digest(i) for i in range(0, 3000, 100)])
    command = [sys.executable, "-c", KILLED.replace("part_calls=20", "part_calls=250"), str(path), "never"]
    folding_ = [
        subprocess.Popen(command, env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}) for _ in range(2)
    ]
    assert [process.wait(60) for process in folding_] == [0, 0]
    with Ledger(path) as ledger:
        ledger.fold(above=0, part_calls=250)
        assert told(ledger, [digest(i) for i in range(0, 3000, 100)]) == before
        assert sum(part.calls for part in ledger.noted_parts()) == 3000
        assert ledger.database.rows("SELECT (SELECT count(*) FROM call), (SELECT count(*) FROM request)") == [(0, 0)]
