"""Ledger writes: cells per second through the group commit, sustained, with a reader that follows.

    python -m benchmarks.ledger [--seconds 10] [--callers 50] [--folder FOLDER] [--ledger postgresql://USER@HOST/DATABASE]

Coroutines store calls as a run does, each waiting until its own is on the disk. Another process asks for what is new
ten times a second, as the page does. Target: at least 5,000 cells/s. FOLDER chooses the disk. Then commits of 200 calls
one after the other, and, where the ledger is in PostgreSQL, the copy of all of it into a file as the driver makes it.
The database should be empty, and is not emptied afterwards.
"""

import argparse
import asyncio
import hashlib
import multiprocessing
import os
import statistics
import tempfile
import time
from multiprocessing.synchronize import Event
from pathlib import Path

from bakeoff.evaluate.store import Call, Ledger, now
from bakeoff.evaluate.types import Answer
from bakeoff.evaluate.writer import Writer

CALLS_A_COMMIT = 200
"""As many as the writer puts into one at most."""

ANSWER = Answer("positive", "stop", 12.5, 31.25, 40, 2, timings={"prompt_n": 40.0, "predicted_n": 2.0})


def call(number: int) -> Call:
    """A call as a small classification makes it: about 300 bytes of request."""
    body = b'{"model":"stub","messages":[{"role":"user","content":"Sentence number %d, ' % number + b"x" * 180 + b'"}]}'
    return Call(
        digest=hashlib.sha256(body).hexdigest(),
        run=1,
        candidate="stub",
        row_id=str(number),
        repeat=0,
        endpoint="http://127.0.0.1/v1",
        path="/chat/completions",
        body=body,
        attempt=1,
        started_at=now(),
        answer=ANSWER,
    )


async def fill(ledger: Ledger, seconds: float, callers: int) -> tuple[int, float]:
    """(cells, seconds): store calls from many coroutines until the time is over."""
    writer = Writer(ledger)
    began = time.perf_counter()
    done = 0

    async def caller(first: int) -> None:
        nonlocal done
        number = first
        while time.perf_counter() - began < seconds:
            await writer.record(call(number))
            number += callers
            done += 1

    await asyncio.gather(*(caller(first) for first in range(callers)))
    await writer.close()
    return done, time.perf_counter() - began


def commit_times(ledger: Ledger, first: int, commits: int) -> list[float]:
    """Milliseconds of each of so many transactions of `CALLS_A_COMMIT` calls."""
    found = []
    for start in range(first, first + commits * CALLS_A_COMMIT, CALLS_A_COMMIT):
        calls = [call(number) for number in range(start, start + CALLS_A_COMMIT)]
        began = time.perf_counter()
        ledger.record(calls)
        found.append(1000 * (time.perf_counter() - began))
    return found


def copy(ledger: Ledger, path: Path) -> tuple[int, float]:
    """(calls, seconds): copy all of it into a new file."""
    began = time.perf_counter()
    count, more = 0, True
    with Ledger(path) as own:
        while more:
            pulled = own.pull(ledger)
            more = pulled.more
            count += sum(one.done for one in pulled.calls.values())
    return count, time.perf_counter() - began


def follow(where: str, ended: Event, seen: "multiprocessing.Queue[int]") -> None:
    """Read what is new, ten times a second, and count it."""
    database = Ledger(where).database
    last = count = 0
    while True:
        last_round = ended.is_set()
        rows = database.rows("SELECT seq, text, latency_ms FROM call WHERE seq > ? ORDER BY seq", (last,))
        last = rows[-1][0] if rows else last
        count += len(rows)
        if last_round:
            break
        time.sleep(0.1)
    database.close()
    seen.put(count)


def main() -> None:
    """Print cells per second, and that the reader has seen them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--callers", type=int, default=50)
    parser.add_argument("--folder", type=Path)
    parser.add_argument("--ledger", metavar="ADDRESS")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        path = Path(scratch) / "bakeoff.db"
        where = options.ledger or str(path)
        with Ledger(where) as ledger:
            context = multiprocessing.get_context("spawn")
            ended, seen = context.Event(), context.Queue()
            reader = context.Process(target=follow, args=(where, ended, seen))
            reader.start()
            load = os.getloadavg()[0]
            cpu = time.process_time()
            done, seconds = asyncio.run(fill(ledger, options.seconds, options.callers))
            cpu = time.process_time() - cpu
            ended.set()
            read = seen.get()
            reader.join()
            size = path.stat().st_size if path.exists() else 0
            times = commit_times(ledger, 10**9, 50)
            copied = copy(ledger, path) if options.ledger else None
    print(f"{done:,} cells in {seconds:.1f} s with {options.callers} callers: {done / seconds:,.0f} cells/s")
    kept = f" and {size / done:,.0f} bytes" if size else ""
    print(f"  {cpu / done * 1000:.3f} ms of processor{kept} a cell; load {load:.1f} before")
    print(f"  the reader saw {read:,} of {done:,}")
    print(f"  a commit of {CALLS_A_COMMIT} calls: {statistics.median(times):.1f} ms, slowest of 50 {max(times):.1f} ms")
    if copied is not None:
        print(f"  copied into a file: {copied[0]:,} calls in {copied[1]:.1f} s, {copied[0] / copied[1]:,.0f} calls/s")


if __name__ == "__main__":
    main()
