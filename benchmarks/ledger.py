"""Ledger writes: cells per second through the group commit, sustained, with a reader that follows.

    python -m benchmarks.ledger [--seconds 10] [--callers 50] [--folder FOLDER]

Coroutines store calls as a run does, each waiting until its own is on the disk. Another process asks for what is new
ten times a second, as the page does. Target: at least 5,000 cells/s. FOLDER chooses the disk.
"""

import argparse
import asyncio
import hashlib
import multiprocessing
import os
import sqlite3
import tempfile
import time
from multiprocessing.synchronize import Event
from pathlib import Path

from bakeoff.evaluate.store import Call, Ledger, now
from bakeoff.evaluate.types import Answer
from bakeoff.evaluate.writer import Writer

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


def follow(path: str, ended: Event, seen: "multiprocessing.Queue[int]") -> None:
    """Read what is new, ten times a second, and count it."""
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=30)
    last = count = 0
    while True:
        last_round = ended.is_set()
        rows = connection.execute(
            "SELECT seq, text, latency_ms FROM call WHERE seq > ? ORDER BY seq", (last,)
        ).fetchall()
        last = rows[-1][0] if rows else last
        count += len(rows)
        if last_round:
            break
        time.sleep(0.1)
    seen.put(count)


def main() -> None:
    """Print cells per second, and that the reader has seen them all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--callers", type=int, default=50)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
        path = Path(scratch) / "bakeoff.db"
        with Ledger(path) as ledger:
            context = multiprocessing.get_context("spawn")
            ended, seen = context.Event(), context.Queue()
            reader = context.Process(target=follow, args=(str(path), ended, seen))
            reader.start()
            load = os.getloadavg()[0]
            cpu = time.process_time()
            done, seconds = asyncio.run(fill(ledger, options.seconds, options.callers))
            cpu = time.process_time() - cpu
            ended.set()
            read = seen.get()
            reader.join()
        size = path.stat().st_size
    print(f"{done:,} cells in {seconds:.1f} s with {options.callers} callers: {done / seconds:,.0f} cells/s")
    print(f"  {cpu / done * 1000:.3f} ms of processor and {size / done:,.0f} bytes a cell; load {load:.1f} before")
    print(f"  the reader saw {read:,} of {done:,}")


if __name__ == "__main__":
    main()
