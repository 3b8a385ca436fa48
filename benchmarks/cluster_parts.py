"""What the shared parts of a cluster run get done on this machine: the ledger, the driver's reading and its copying.

    python -m benchmarks.cluster_parts [--seconds 5] [--writers 1 2 4] [--rows 40000] [--folder FOLDER]

Measured are calls a second that writers store together (each as a worker does: many calls at once, each waiting for the
disk), calls a second that a driver copies into SQLite, rows a second that it packs and stores, and the bytes of a call
in each database. PostgreSQL is a server of its own here, with fsync; FOLDER chooses the disk of SQLite.
These are the constants of `bakeoff.cluster.limits`.
"""

import argparse
import asyncio
import multiprocessing
import os
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing.synchronize import Event
from pathlib import Path

from tests import postgres

from bakeoff.cluster.assignment import Assignment
from bakeoff.cluster.leases import prepare
from bakeoff.cluster.rows import packed
from bakeoff.evaluate.files import read_table
from bakeoff.evaluate.run import Route
from bakeoff.evaluate.store import Call, Ledger, open_ledger
from bakeoff.evaluate.types import Candidate, Prompt, Row
from bakeoff.evaluate.writer import Writer
from bakeoff.project.routes import Resolved
from benchmarks.ledger import call

CALLERS = 64
"""Calls of one writer that wait for the disk at the same time, as a worker's window has them."""

HERE = multiprocessing.get_context("spawn")


@contextmanager
def server() -> Iterator[postgres.PostgresServer]:
    """PostgreSQL as it is in production: what is acknowledged is on the disk."""
    programs = postgres.programs()
    assert programs is not None, "no PostgreSQL on this machine"
    postgres.SETTINGS.update(fsync="on", full_page_writes="on", shared_buffers="128MB", autovacuum="on")
    found = postgres.PostgresServer(programs)
    try:
        yield found
    finally:
        found.close()


def calls_of(writer: int, number: int) -> Call:
    """A call that no other writer makes."""
    found = call(number)
    return replace(found, digest=f"{writer:02d}{found.digest[2:]}", row_id=f"{writer}-{number}")


def write(
    where: Path | str, writer: int, seconds: float, go: Event, told: "multiprocessing.Queue[tuple[int, float]]"
) -> None:
    """One process: store calls until the time is over, then tell how many, and the seconds of processor."""

    async def fill(ledger: Ledger) -> int:
        group = Writer(ledger)
        until, done = time.monotonic() + seconds, 0

        async def caller(first: int) -> None:
            nonlocal done
            number = first
            while time.monotonic() < until:
                await group.record(calls_of(writer, number))
                number += CALLERS
                done += 1

        await asyncio.gather(*(caller(first) for first in range(CALLERS)))
        await group.close()
        return done

    with open_ledger(where) as ledger:
        told.put((-1, 0.0))
        go.wait()
        cpu = time.process_time()
        done = asyncio.run(fill(ledger))
        told.put((done, time.process_time() - cpu))


def written(where: Path | str, writers: int, seconds: float) -> tuple[float, float]:
    """(calls a second of all writers, milliseconds of processor that a writer spends on a call)."""
    go, told = HERE.Event(), HERE.Queue()
    some = [HERE.Process(target=write, args=(where, place, seconds, go, told)) for place in range(writers)]
    for one in some:
        one.start()
    for _ in some:
        told.get()
    began = time.monotonic()
    go.set()
    found = [told.get() for _ in some]
    took = time.monotonic() - began
    for one in some:
        one.join()
    done = sum(count for count, _ in found)
    return done / took, 1000 * sum(cpu for _, cpu in found) / max(1, done)


def processor_of(user: str) -> float:
    """Seconds of processor of all processes of a user, with those of their children that have ended."""
    total = 0.0
    for folder in Path("/proc").iterdir():
        try:
            if folder.name.isdigit() and folder.owner() == user:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
                total += sum(int(field) for field in fields[11:15]) / os.sysconf("SC_CLK_TCK")
        except (OSError, KeyError):
            continue
    return total


def pulled(source: str, folder: Path) -> tuple[float, float]:
    """(calls a second that are copied, milliseconds of processor a call)."""
    with open_ledger(source) as shared, Ledger(folder / "pulled.db") as own:
        began, cpu, count = time.monotonic(), time.process_time(), 0
        more = True
        while more:
            found = own.pull(shared)
            count += sum(one.done + one.failed for one in found.calls.values())
            more = found.more
        return count / (time.monotonic() - began), 1000 * (time.process_time() - cpu) / max(1, count)


def row(number: int) -> Row:
    """Text of 400 bytes that no two rows share whole, and a label."""
    words = " ".join(f"word{(number * 7919 + place * 104729) % 50021}" for place in range(42))
    return Row(str(number), number + 1, {"text": words[:395], "label": f"l{number % 3}"})


def assignment(where: Path | str) -> Assignment:
    """A work of one column on a server."""
    route = Route(Candidate("a", "m"), "http://127.0.0.1/v1", "", "chat", "m", Prompt(user="{{ text }}"), {})
    resolved = Resolved(route, "http://127.0.0.1/v1", None, None, 8, None)
    return Assignment("work", 1, where, (resolved,), 1, Path())


def prepared(where: Path | str, file: Path, rows: int) -> float:
    """Rows a second that the driver reads from a csv file, packs and stores."""
    with open_ledger(where) as ledger:
        began = time.monotonic()
        prepare(ledger, assignment(where), read_table(file, id_column="id").rows)
        return rows / (time.monotonic() - began)


def written_csv(file: Path, rows: int) -> Path:
    """The rows as a file."""
    lines = (f"{one.id},{one.values['text']},{one.values['label']}\n" for one in map(row, range(rows)))
    with file.open("w", encoding="utf-8") as out:
        out.write("id,text,label\n")
        out.writelines(lines)
    return file


def packed_share(rows: int) -> float:
    """Bytes of packed rows over those of their text."""
    given = [row(number) for number in range(rows)]
    text = sum(len(str(value)) for one in given for value in one.values.values())
    return sum(len(one.data) for one in packed(given, 200)) / text


def database_bytes(where: str) -> int:
    """Of a database in PostgreSQL, after its write-ahead log was folded in."""
    with open_ledger(where) as ledger:
        ((found,),) = ledger.database.rows("SELECT pg_database_size(current_database())")
        return int(found)


def main() -> None:
    """Print what each part gets done."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--writers", type=int, nargs="+", default=[1, 2, 4])
    parser.add_argument("--rows", type=int, default=40_000)
    parser.add_argument("--folder", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch, server() as running:
        folder = Path(scratch)
        print(
            f"load {os.getloadavg()[0]:.1f}; {os.cpu_count()} cores; packed rows {packed_share(2000):.2f} of their text"
        )
        for writers in options.writers:
            path = folder / f"{writers}.db"
            Ledger(path).close()
            rate, cpu = written(path, writers, options.seconds)
            with Ledger(path) as ledger:
                count = ledger.count_answers("stub")
            size = path.stat().st_size / count
            print(f"SQLite, {writers} writers: {rate:,.0f} calls/s, {cpu:.3f} ms a call, {size:,.0f} bytes a call")
        last = ""
        for writers in options.writers:
            last = running.new_database()
            open_ledger(last).close()
            empty, before = database_bytes(last), processor_of("postgres")
            rate, cpu = written(last, writers, options.seconds)
            own = processor_of("postgres") - before
            with open_ledger(last) as ledger:
                count = ledger.count_answers("stub")
            size = (database_bytes(last) - empty) / count
            print(
                f"PostgreSQL, {writers} writers: {rate:,.0f} calls/s, {cpu:.3f} ms a call and"
                f" {1000 * own / count:.3f} ms of the server, {size:,.0f} bytes a call"
            )
        rate, cpu = pulled(last, folder)
        print(f"pull into SQLite: {rate:,.0f} calls/s, {cpu:.3f} ms a call")
        for name, where in (("SQLite", folder / "rows.db"), ("PostgreSQL", running.new_database())):
            file = written_csv(folder / "rows.csv", options.rows)
            print(f"prepare in {name}: {prepared(where, file, options.rows):,.0f} rows/s, read from a csv file")
        print(f"load {os.getloadavg()[0]:.1f} at the end")


if __name__ == "__main__":
    main()
