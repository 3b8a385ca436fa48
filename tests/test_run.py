"""Filling cells: bounded, durable, nothing asked twice, and a dead server is given up soon."""

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import pytest

from bakeoff.evaluate.client import AskError, Client, Timeouts
from bakeoff.evaluate.pacing import Pace
from bakeoff.evaluate.retry import PATIENCE, Patience, RetryPolicy
from bakeoff.evaluate.run import Owed, Progress, Route, RouteRun
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Answer, Candidate, Prompt, Row, Table
from bakeoff.evaluate.writer import Writer
from tests.stub import Stub, serving

PROMPT = Prompt(user="{{ text }}")
FAST = RetryPolicy({kind: Patience(min(3, one.attempts), 0.01, one.hopeless) for kind, one in PATIENCE.items()})


def table(n: int) -> Table:
    rows = tuple(Row(str(i), i, {"text": f"row {i} <positive>"}) for i in range(1, n + 1))
    return Table(("text",), rows, "digest")


def fill(
    path: Path, fault: str, n: int, *, concurrency: int = 4, timeouts: Timeouts | None = None, **settings: Any
) -> tuple[Progress, Stub, Ledger, Sequence[str]]:
    """Run `n` rows against a stub with a fault; returns what happened."""
    rows = table(n)

    async def go() -> tuple[Progress, Stub, Ledger, Sequence[str]]:
        async with serving(**settings) as (address, stub):
            base_url = f"{address}/{fault}/v1"
            # The port changes from run to run; the identity of the endpoint must not.
            route = Route(Candidate("c", "m"), f"http://stub/{fault}", "b", "chat", "m", PROMPT, {"temperature": 0.0})
            ledger = Ledger(path)
            digests = route.digests(rows)
            done = ledger.answered(list(digests))
            owed = [Owed(row) for row, digest in zip(rows.rows, digests, strict=True) if digest not in done]
            writer = Writer(ledger)
            async with Client(base_url, connections=concurrency, timeouts=timeouts) as client:
                running = RouteRun(
                    route,
                    client=client,
                    writer=writer,
                    run=1,
                    pace=Pace(fixed=concurrency),
                    policy=FAST,
                    on_progress=lambda _: None,
                    progress=Progress("c", len(owed)),
                )
                progress = await running.fill(owed)
            await writer.close()
            return progress, stub, ledger, digests

    return asyncio.run(go())


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "bakeoff.db"


def test_all_rows_are_answered_with_the_concurrency_that_was_asked(path: Path) -> None:
    progress, stub, ledger, digests = fill(path, "ok", 60, concurrency=6, latency=0.01)
    assert (progress.done, progress.failed, progress.stopped) == (60, 0, None)
    assert stub.most_in_flight == 6
    assert len(ledger.answers(digests)) == 60
    ledger.close()


def test_running_twice_asks_nothing_twice(path: Path) -> None:
    fill(path, "ok", 30)[2].close()
    progress, stub, ledger, digests = fill(path, "ok", 40)
    assert progress.done == 10
    assert sum(stub.seen.values()) == 10
    assert len(ledger.answered(digests)) == 40
    ledger.close()


@pytest.mark.parametrize("fault", ["503-once", "429-once"])
def test_what_passes_is_waited_for_and_every_attempt_is_stored(path: Path, fault: str) -> None:
    progress, stub, ledger, digests = fill(path, fault, 10)
    assert (progress.done, progress.failed) == (10, 0)
    assert set(stub.seen.values()) == {2}
    assert ledger.seq() == 20
    assert ledger.failures(digests) == {}
    ledger.close()


@pytest.mark.parametrize(
    ("fault", "kind", "most_requests"),
    [
        ("401", "key", 4),
        ("404", "not a model", 4),
        ("html", "not a model", 4),
        ("400", "refused", 12),
        ("500", "server error", 12),
    ],
)
def test_a_server_that_never_answers_is_given_up_soon(path: Path, fault: str, kind: str, most_requests: int) -> None:
    progress, stub, ledger, _ = fill(path, fault, 200)
    assert progress.stopped is not None
    assert progress.stopped.kind == kind
    assert progress.done == 0
    assert progress.failed < 20
    assert sum(stub.seen.values()) <= most_requests
    ledger.close()


def test_a_server_that_hangs_is_given_up_after_one_round(path: Path) -> None:
    progress, stub, ledger, _ = fill(path, "hang", 200, timeouts=Timeouts(silence=0.1))
    assert progress.stopped is not None
    assert progress.stopped.kind == "timeout"
    assert sum(stub.seen.values()) <= 8
    ledger.close()


def test_a_full_disk_stops_the_run_and_keeps_what_was_acknowledged(path: Path) -> None:
    from bakeoff.errors import StorageError

    acknowledged: list[int] = []
    original: Callable[..., None] = Ledger.record

    def record(self: Ledger, calls: Any) -> None:
        if len(acknowledged) >= 20:
            ((pages,),) = self.database.rows("PRAGMA page_count")
            self.database.rows(f"PRAGMA max_page_count = {pages}")
        original(self, calls)
        acknowledged.extend([1] * len(calls))

    rows = table(5000)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Ledger, "record", record)
        with pytest.raises(StorageError, match="full"):
            fill(path, "ok", 5000)
    route = Route(Candidate("c", "m"), "http://stub/ok", "b", "chat", "m", PROMPT, {"temperature": 0.0})
    with Ledger(path) as ledger:
        assert len(ledger.answered(route.digests(rows))) == len(acknowledged)


class Fails:
    """A client of a server that answers for a while, and then not at all."""

    def __init__(self, answers: int) -> None:
        self.left = answers
        self.asked = 0

    async def ask(self, path: str, body: bytes) -> Answer:
        self.asked += 1
        await asyncio.sleep(0)
        if self.left <= 0:
            raise AskError("unreachable", "no route to host")
        self.left -= 1
        return Answer("yes", "stop", 1.0, 1.0, 1, 1)


def test_a_network_that_is_lost_ends_the_run_soon_and_keeps_what_was_answered(path: Path) -> None:
    rows, client = table(500), Fails(40)
    route = Route(Candidate("c", "m"), "http://stub", "b", "chat", "m", PROMPT, {})

    async def go(ledger: Ledger) -> Progress:
        writer = Writer(ledger)
        running = RouteRun(
            route,
            client=client,  # type: ignore[arg-type]
            writer=writer,
            run=1,
            pace=Pace(fixed=4),
            policy=FAST,
            on_progress=lambda _: None,
            progress=Progress("c", 500),
        )
        progress = await running.fill([Owed(row) for row in rows.rows])
        await writer.close()
        return progress

    with Ledger(path) as ledger:
        progress = asyncio.run(go(ledger))
        assert progress.stopped is not None
        assert (progress.stopped.kind, progress.done) == ("unreachable", 40)
        assert len(ledger.answered(list(route.digests(rows)))) == 40
        assert client.asked <= 40 + 3 * 12  # eight rows in a row and what was in flight, three tries each
        assert progress.left >= 440
