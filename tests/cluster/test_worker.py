"""Workers on one ledger: all rows are answered, none twice, whoever they are shared out to."""

from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.cluster.assignment import Grading
from bakeoff.cluster.leases import forget, prepare, standing
from bakeoff.errors import KeyMissing, UsageError
from bakeoff.evaluate.columns import graded_column, grading_identity, task
from bakeoff.evaluate.graders import grader
from bakeoff.evaluate.store import open_ledger
from bakeoff.evaluate.types import Table
from tests.cluster.common import LABELS, PROMPT, asked, assignment, at_stub, resolved, rows, work


@pytest.mark.parametrize("workers", [1, 3])
def test_all_rows_of_all_columns_are_answered_once(where: Path | str, tmp_path: Path, workers: int) -> None:
    log, data = tmp_path / "log", rows(97)
    with stub_process(log=log) as address, open_ledger(where) as ledger:
        columns = [resolved(address, "a"), resolved(address, "b")]
        given = assignment(ledger, where, columns, tmp_path, repeats=2)
        made = prepare(ledger, given, data, rows_per_lease=10)
        assert (made.rows, made.owed) == (97, (0, 1))
        outcomes = work(given, workers=workers)
        assert max(asked(log).values()) == 1
        assert sum(asked(log).values()) == sum(one.answered for both in outcomes for one in both) == 4 * 97
        assert all(one.is_done and not one.failed for one in standing(ledger, given))
        for column in (0, 1):
            assert len(ledger.answered(list(at_stub(given, column, data)))) == 2 * 97

        forget(ledger, given.work)
        again = prepare(ledger, given, data, rows_per_lease=7)
        assert (again.rows, again.owed) == (97, ())
        assert work(given)[0][0].answered == 0
        assert sum(asked(log).values()) == 4 * 97


def test_rows_with_equal_requests_are_asked_once_in_all_leases_of_all_workers(
    where: Path | str, tmp_path: Path
) -> None:
    log, data = tmp_path / "log", rows(120, different=7)
    with stub_process(log=log, latency_ms=30) as address, open_ledger(where) as ledger:
        # A third column that asks the same under another name.
        columns = [resolved(address, "a"), resolved(address, "b"), resolved(address, "a")]
        given = assignment(ledger, where, columns, tmp_path)
        prepare(ledger, given, data, rows_per_lease=5)
        work(given, workers=3)
        assert sorted(asked(log).values()) == [1] * 14
        assert [one.is_done for one in standing(ledger, given)] == [True] * 3


def test_a_call_that_fails_for_good_fails_once_for_all_equal_rows(where: Path | str, tmp_path: Path) -> None:
    log, data = tmp_path / "log", rows(40, different=4)
    with stub_process(log=log, latency_ms=20) as address, open_ledger(where) as ledger:
        given = assignment(ledger, where, [resolved(address, fault="400")], tmp_path)
        prepare(ledger, given, data, rows_per_lease=5)
        work(given, workers=3)
        assert sorted(asked(log).values()) == [1] * 4
        (after,) = standing(ledger, given)
        assert (after.done, after.failed) == (40, 8 * 4)  # eight leases of four different calls


def test_what_failed_is_asked_again_by_the_next_run_and_attempts_count_on(where: Path | str, tmp_path: Path) -> None:
    data = rows(6)
    with stub_process() as address, open_ledger(where) as ledger:
        good, bad = resolved(address), resolved(address, fault="400")
        bad = replace(bad, route=replace(bad.route, endpoint=good.route.endpoint))  # the same server, which had a fault
        first = assignment(ledger, where, [bad], tmp_path)
        prepare(ledger, first, data, rows_per_lease=4)
        work(first)
        digests = list(at_stub(first, 0, data))
        assert {failure.attempt for failure in ledger.failures(digests).values()} == {1}
        second = assignment(ledger, where, [bad], tmp_path)
        assert prepare(ledger, second, data).owed == (0,)
        work(second)
        assert {failure.attempt for failure in ledger.failures(digests).values()} == {2}
        third = assignment(ledger, where, [good], tmp_path)
        prepare(ledger, third, data)
        work(third)
        attempts = ledger.database.rows("SELECT DISTINCT attempt FROM call WHERE state = 'answered'")
        assert attempts == [(3,)]
        assert standing(ledger, third)[0].failed == 0


def test_only_what_failed_is_asked_where_that_was_wanted(where: Path | str, tmp_path: Path) -> None:
    log, data = tmp_path / "log", rows(30)
    with stub_process(log=log) as address, open_ledger(where) as ledger:
        good, bad = resolved(address), resolved(address, fault="400")
        bad = replace(bad, route=replace(bad.route, endpoint=good.route.endpoint))
        first = assignment(ledger, where, [bad], tmp_path)
        prepare(ledger, first, data[:6], rows_per_lease=6)
        work(first)
        given = assignment(ledger, where, [good], tmp_path, retry_failed=True)
        prepare(ledger, given, data)
        work(given)
        assert len(ledger.answered(list(at_stub(given, 0, data)))) == 6
        rest = assignment(ledger, where, [good], tmp_path)
        assert prepare(ledger, rest, data).owed == (0,)
        work(rest)
        assert len(ledger.answered(list(at_stub(given, 0, data)))) == 30


def test_scores_are_those_of_one_machine(where: Path | str, tmp_path: Path) -> None:
    data = rows(60)
    graders = (grader("label", "{{ label }}", labels=LABELS), grader("sql", "SELECT 1", schema="CREATE TABLE t (x)"))
    with stub_process() as address, open_ledger(where) as ledger:
        column = resolved(address)
        table = Table(("text", "label"), data, "data")
        alone = task(graders, PROMPT, table)
        grading = Grading(alone.graders, PROMPT, "data", grading_identity(alone.graders, "data"))
        assert grading.identity == alone.identity
        given = assignment(ledger, where, [column], tmp_path, grading=grading)
        prepare(ledger, given, data, rows_per_lease=7)
        work(given, workers=2)
        found = sorted(ledger.stored_scores(alone.identity))
        with open_ledger(tmp_path / "other.db") as other:
            other.pull(ledger, 10_000)
            other.database.run("DELETE FROM score")
            graded_column("a", "b", [column.route.digests(table)], task=alone, table=table, ledger=other)
            assert found == sorted(other.stored_scores(alone.identity))
        assert len(found) == 60
        before = ledger.seq()
        graded_column("a", "b", [column.route.digests(table)], task=alone, table=table, ledger=ledger)
        assert ledger.seq() == before, "nothing was left to grade"


def test_a_candidate_that_is_given_up_by_one_is_given_up_by_all(where: Path | str, tmp_path: Path) -> None:
    log, data = tmp_path / "log", rows(400)
    with stub_process(log=log) as address, open_ledger(where) as ledger:
        given = assignment(ledger, where, [resolved(address, fault="401"), resolved(address, "b")], tmp_path)
        prepare(ledger, given, data, rows_per_lease=20)
        outcomes = work(given, workers=3)
        assert all(isinstance(one.error, KeyMissing) for one, _ in outcomes)
        assert sum(other.answered for _, other in outcomes) == 400
        assert sum(line.startswith(">") for line in log.read_text().splitlines()) <= 400 + 3 * 4
        assert ledger.database.rows('SELECT "column", kind FROM given_up') == [(0, "key")]
        assert standing(ledger, given)[0].done == 0
        assert ledger.database.rows("SELECT count(*) FROM lease WHERE state = 'held'") == [(0,)]


def test_a_worker_without_a_key_leaves_the_column_to_others(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path, data = tmp_path / "bakeoff.db", rows(10)
    monkeypatch.delenv("A_KEY_THAT_IS_NOT_HERE", raising=False)
    with stub_process() as address, open_ledger(path) as ledger:
        given = assignment(ledger, path, [resolved(address, key="A_KEY_THAT_IS_NOT_HERE")], tmp_path)
        prepare(ledger, given, data)
        ((outcome,),) = work(given)
        assert isinstance(outcome.error, KeyMissing)
        assert ledger.database.rows("SELECT count(*) FROM given_up") == [(0,)]
        monkeypatch.setenv("A_KEY_THAT_IS_NOT_HERE", "x")
        ((outcome,),) = work(given)
        assert (outcome.error, outcome.answered) == (None, 10)


def test_a_lease_has_a_row_at_least(tmp_path: Path) -> None:
    path = tmp_path / "bakeoff.db"
    with open_ledger(path) as ledger, pytest.raises(UsageError, match="0 rows per lease"):
        prepare(ledger, assignment(ledger, path, [resolved("http://x")], tmp_path), rows(3), rows_per_lease=0)
