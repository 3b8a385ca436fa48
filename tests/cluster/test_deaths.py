"""Workers that are killed or stopped: nothing acknowledged is lost or asked again, whoever goes on."""

import os
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from multiprocessing.process import BaseProcess
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.cluster.leases import prepare, standing
from bakeoff.evaluate.store import Ledger, open_ledger
from bakeoff.evaluate.types import Row
from tests.cluster.common import asked, assignment, at_stub, resolved, rows, work
from tests.cluster.processes import preloaded, start

__all__ = ["preloaded"]

pytestmark = [pytest.mark.usefixtures("preloaded"), pytest.mark.skipif(sys.platform == "win32", reason="Unix signals")]

SEED = 20261124
CONCURRENCY = 8
KILLS = 5


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def until(there: Callable[[], bool], seconds: float = 30.0) -> None:
    """Wait for something to be so."""
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, "it never came"
        time.sleep(0.005)


@pytest.mark.slow
def test_kill_9_loses_nothing_and_asks_nothing_twice(where: Path | str, tmp_path: Path) -> None:
    chance, log, data = random.Random(SEED), tmp_path / "log", rows(300)
    with stub_process(log=log, latency_ms=20) as address, open_ledger(where) as ledger:
        columns = [resolved(address, name, concurrency=CONCURRENCY) for name in "ab"]
        given = assignment(ledger, where, columns, tmp_path, lease_seconds=1.5, n_workers=3)
        prepare(ledger, given, data, rows_per_lease=12)
        names = at_stub(given, 0, data) | at_stub(given, 1, data)
        workers = [start(given, f"w{i}") for i in range(3)]
        for _ in range(KILLS):
            wanted = len(lines(log)) + chance.randint(10, 80)
            until(lambda wanted=wanted: len(lines(log)) >= wanted)
            victim = workers.pop(chance.randrange(len(workers)))
            victim.kill()
            victim.join()
            acknowledged = {names[digest] for digest in ledger.answered(list(names))}
            before = len(lines(log))
            workers.append(start(given, "next"))
            until(
                lambda before=before: (
                    len(lines(log)) > before + 20 or all(one.is_done for one in standing(ledger, given))
                )
            )
            again = {line[2:] for line in lines(log)[before:] if line.startswith(">")}
            assert not acknowledged & again, "an acknowledged answer was asked for again"
            assert acknowledged <= {names[digest] for digest in ledger.answered(list(names))}, "one was lost"
        for worker in workers:
            worker.join(60)
            assert worker.exitcode == 0
        assert all(one.is_done and not one.failed for one in standing(ledger, given))
        assert len(ledger.answered(list(names))) == len(names)
        # What was in flight at a kill, or on its way to the disk, had not been acknowledged and is asked again.
        assert sum(asked(log).values()) - len(names) <= KILLS * 2 * 2 * CONCURRENCY


@pytest.mark.slow
def test_a_worker_that_was_stopped_for_long_asks_nothing_that_is_anothers(where: Path | str, tmp_path: Path) -> None:
    log, data = tmp_path / "log", rows(600)
    with stub_process(log=log, latency_ms=25) as address, open_ledger(where) as ledger:
        given = assignment(ledger, where, [resolved(address, concurrency=CONCURRENCY)], tmp_path, lease_seconds=1.0)
        prepare(ledger, given, data, rows_per_lease=150)
        workers = [start(given, f"w{i}") for i in range(2)]
        until(lambda: len(lines(log)) > 40)
        stops = 0
        # Stopped in the middle of a transaction it holds up the other one as well: then it is stopped once more.
        while stops < 5 and not taken_over(ledger):
            stops += 1
            os.kill(holder(ledger, workers), signal.SIGSTOP)
            stopped, end = len(lines(log)), time.monotonic() + 3
            while time.monotonic() < end and not taken_over(ledger):
                time.sleep(0.02)
            time.sleep(0.3)
            woken = len(lines(log))
            for worker in workers:
                os.kill(worker.pid or 0, signal.SIGCONT)
        assert taken_over(ledger)
        for worker in workers:
            worker.join(60)
            assert worker.exitcode == 0
        assert standing(ledger, given)[0].is_done
        assert len(ledger.answered(list(at_stub(given, 0, data)))) == 600
        by_the_other, later = ({line for line in some if line[0] == ">"} for some in told(log, stopped, woken))
        assert by_the_other
        # A request that had passed the last look and was not on the wire yet is in flight, too.
        assert len(by_the_other & later) <= CONCURRENCY, "it asked what the other one had asked meanwhile"
        # Beside what was in flight when it was stopped, or on its way to the disk, nothing was asked twice.
        assert sum(asked(log).values()) - 600 <= stops * 2 * CONCURRENCY


def told(log: Path, stopped: int, woken: int) -> tuple[list[str], list[str]]:
    """Lines of the stub while a worker was stopped, and after that."""
    found = lines(log)
    return found[stopped:woken], found[woken:]


def holder(ledger: Ledger, workers: Sequence[BaseProcess]) -> int:
    """The process of a worker that holds a lease."""
    ((name,), *_) = ledger.database.rows("SELECT worker FROM lease WHERE state = 'held'")
    return workers[int(name.partition("#")[0][1:])].pid or 0


def taken_over(ledger: Ledger) -> bool:
    return bool(ledger.database.rows("SELECT 1 FROM lease WHERE tries > 0 LIMIT 1"))


@pytest.mark.slow
def test_a_row_of_which_workers_die_is_skipped_and_all_others_are_asked(where: Path | str, tmp_path: Path) -> None:
    log, data = tmp_path / "log", rows(20)
    deadly = Row("deadly", 21, {"text": "the poisoned row", "label": "neutral"})
    data.insert(7, deadly)
    with stub_process(log=log) as address, open_ledger(where) as ledger:
        given = assignment(ledger, where, [resolved(address)], tmp_path, lease_seconds=0.8)
        prepare(ledger, given, data, rows_per_lease=21)
        deaths = 0
        while deaths < 10:
            worker = start(given, f"w{deaths}", dies_of=b"poisoned")
            worker.join(30)
            if worker.exitcode == 0:
                break
            deaths += 1
        assert deaths == 4  # the first one says nothing of the row, then three with the row in hand
        (after,) = standing(ledger, given)
        assert (after.is_done, after.failed, after.skipped) == (True, 1, ("deadly",))
        assert len(ledger.answered(list(at_stub(given, 0, data)))) == 20

        next_run = assignment(ledger, where, given.columns, tmp_path)
        prepare(ledger, next_run, data)
        assert work(next_run)[0][0].answered == 0
        assert standing(ledger, next_run)[0].skipped == ("deadly",)

        retried = assignment(ledger, where, given.columns, tmp_path, retry_failed=True)
        prepare(ledger, retried, data)
        assert work(retried)[0][0].answered == 1
        (after,) = standing(ledger, retried)
        assert (after.is_done, after.failed, after.skipped) == (True, 0, ())
