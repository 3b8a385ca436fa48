"""A run on a cluster, on this machine: scaling over workers, start-up, and what the driver keeps in memory.

    python -m benchmarks.cluster scaling [--rows 4000] [--latency-ms 200] [--places 32] [--ledger sqlite|postgresql]
    python -m benchmarks.cluster ray     [--rows 4000] [--latency-ms 200] [--places 32]    two nodes of Ray against one
    python -m benchmarks.cluster start   [--rows 10]             a small run with and without Ray
    python -m benchmarks.cluster memory  [--rows 10000 100000 1000000] [--seconds 5]

`scaling` starts workers as plain processes, each on a core of its own as far as there are cores; each has so many
places at a stub that answers after a fixed time, so that two workers can do twice of one. `memory` lets the driver read
and store the rows and work for a few seconds, and tells its largest resident size. What is measured is held against
`bakeoff.cluster.limits`.
"""

import argparse
import asyncio
import contextlib
import json
import multiprocessing
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import get_args

from tests.cluster.common import Quiet
from tests.cluster.ray_nodes import environment, ray_nodes

from bakeoff.cluster.assignment import Assignment
from bakeoff.cluster.leases import prepare
from bakeoff.cluster.limits import RATES, LedgerKind, Part, Volume, shared_seconds, total_seconds
from bakeoff.cluster.quote import RAY_START
from bakeoff.cluster.worker import Worker
from bakeoff.evaluate.run import Route
from bakeoff.evaluate.store import Ledger, open_ledger
from bakeoff.evaluate.types import Candidate, Prompt
from bakeoff.project.routes import Resolved
from benchmarks.cluster_parts import row, server, written_csv
from benchmarks.common import stub_process

HERE = multiprocessing.get_context("spawn")

PROJECT = """
[data]
file = "data.csv"
id = "id"

[prompt]
user = "{{{{ text }}}}"

[[candidates]]
name = "a"
model = "model-a"
via = "{address}/ok/v1"
concurrency = {places}
max_tokens = 20

[[graders]]
kind = "label"
target = "{{{{ label }}}}"

[preflight]
probe = false
"""

RUN = """
import json, re, resource, sys, threading, time
from pathlib import Path
from bakeoff.cluster.driver import run_on_cluster
from bakeoff.cluster.site import Where
from bakeoff.project import Project
from bakeoff.project.planning import RunOptions
own, over = [0], threading.Event()
def watch():
    while not over.wait(0.02):
        found = re.search(r"RssAnon:\\s+(\\d+)", Path("/proc/self/status").read_text())
        own[0] = max(own[0], int(found[1]) if found else 0)
threading.Thread(target=watch, daemon=True).start()
began = time.monotonic()
minutes = float(sys.argv[2]) or None
where = Where(sys.argv[3], sys.argv[4] or None)
outcomes = run_on_cluster(Project(sys.argv[1]), RunOptions(max_minutes=minutes), where)
took = time.monotonic() - began
over.set()
done = sum(one.answered for one in outcomes)
print(json.dumps([done, took, 1024 * own[0], 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss]))
"""
"""A driver, in a process of its own: folder, minutes (0: no cap), address, ledger."""


def assignment(where: Path | str, address: str, folder: Path, run: int, places: int, workers: int) -> Assignment:
    """One column at the stub."""
    url = f"{address}/ok/v1"
    candidate = Candidate("a", "m", via=url, concurrency=places)
    route = Route(candidate, url, "", "chat", "m", Prompt(user="{{ text }}"), {"max_tokens": 20})
    return Assignment(
        "work", run, where, (Resolved(route, url, None, None, places, None),), 1, folder, n_workers=workers
    )


def work(given: Assignment, number: int, told: "multiprocessing.Queue[tuple[int, float, float]]") -> None:
    """One worker: (answers, seconds of processor in all, bytes)."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, {cores[number % len(cores)]})
    began = time.process_time()
    outcomes = asyncio.run(Worker(given, name=f"w{number}", columns=(0,), on=Quiet()).work())
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    told.put((outcomes[0].answered, time.process_time() - began, memory))


@contextlib.contextmanager
def ledger(kind: LedgerKind, folder: Path) -> Iterator[Path | str]:
    """A new one of this kind."""
    if kind == "sqlite":
        yield folder / "bakeoff.db"
    else:
        with server() as running:
            yield running.new_database()


def scaling(options: argparse.Namespace) -> None:
    """Print calls a second of one and of several workers, and what was predicted."""
    kind: LedgerKind = options.ledger
    first = 0.0
    for workers in options.workers:
        with (
            tempfile.TemporaryDirectory(dir=options.folder) as scratch,
            ledger(kind, Path(scratch)) as where,
            stub_process(latency_ms=options.latency_ms) as address,
        ):
            count, places = options.rows * workers, options.places * workers
            with open_ledger(where) as shared:
                given = assignment(where, address, Path(scratch), shared.begin_run({}), places, workers)
                began = time.monotonic()
                prepare(shared, given, map(row, range(count)))
                preparing = time.monotonic() - began
            told: multiprocessing.Queue[tuple[int, float, float]] = HERE.Queue()
            some = [HERE.Process(target=work, args=(given, number, told)) for number in range(workers)]
            began = time.monotonic()
            for one in some:
                one.start()
            found = [told.get(timeout=600) for _ in some]
            for one in some:
                one.join()
            # From the first request to the last answer: processes take a second to start, which a run pays once.
            with open_ledger(where) as shared:
                took = _answering(shared) + options.latency_ms / 1000
        answers = sum(answered for answered, _, _ in found)
        assert answers == count, f"{answers} of {count} answers"
        rate = count / took
        first = first or rate / workers
        cpu = sum(seconds for _, seconds, _ in found) / count
        volume = Volume(count, count, 400, 600, 20)
        models = count * options.latency_ms / 1000 / places
        shares = shared_seconds(volume, RATES[kind], workers=workers)
        predicted = max(models, *(seconds for part, seconds in shares.items() if part not in ("prepare", "pull")))
        print(
            f"{kind}, {workers} workers, {places} places of {options.latency_ms:g} ms: {rate:,.0f} calls/s,"
            f" {rate / first:.2f} x of one; {took:.1f} s, predicted {predicted:.1f} (ratio {took / predicted:.2f});"
            f" {1000 * cpu:.2f} ms of processor a call, prepared {count / preparing:,.0f} rows/s,"
            f" {max(size for _, _, size in found) / 1e6:.0f} MB a worker; load {os.getloadavg()[0]:.1f}"
        )


def _answering(shared: Ledger) -> float:
    """Seconds from the start of the first call that was answered to the start of the last."""
    ((start, end),) = shared.database.rows("SELECT min(started_at), max(started_at) FROM call WHERE state = 'answered'")
    return (datetime.fromisoformat(end) - datetime.fromisoformat(start)).total_seconds()


# with Ray


def project(folder: Path, address: str, rows: int, places: int) -> Path:
    """A project of so many rows."""
    folder.mkdir()
    written_csv(folder / "data.csv", rows)
    (folder / "bakeoff.toml").write_text(PROJECT.format(address=address, places=places), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Driven:
    """What a driver did."""

    answers: int
    seconds: float
    own_bytes: float
    """Largest memory of its own. Pages of the file with the rows are not in it: the system takes them back."""

    resident_bytes: float
    """With such pages."""


def drive(folder: Path, *, minutes: float = 0.0, at: str = "local", shared: str = "") -> Driven:
    """A driver in a process of its own."""
    command = [sys.executable, "-c", RUN, str(folder), str(minutes), at, shared]
    env = environment() if at != "local" else None
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    assert done.returncode == 0, done.stderr
    return Driven(*json.loads(done.stdout.splitlines()[-1]))


def nodes(options: argparse.Namespace) -> None:
    """Print calls a second of a real Ray cluster of one node and of two."""
    first = 0.0
    for count in (1, 2):
        with (
            tempfile.TemporaryDirectory(dir=options.folder) as scratch,
            ray_nodes(count, cpus=6) as cluster,
            server() if options.ledger == "postgresql" else contextlib.nullcontext() as running,
            stub_process(latency_ms=options.latency_ms) as address,
        ):
            rows = options.rows * count
            folder = project(Path(scratch) / "p", address, rows, options.places * count)
            shared = running.new_database() if running is not None else ""
            found = drive(folder, at=cluster.address, shared=shared)
            with open_ledger(folder / "bakeoff.db") as own:
                took = _answering(own) + options.latency_ms / 1000
        assert found.answers == rows, f"{found.answers} of {rows} answers"
        first = first or rows / took
        kind: LedgerKind = options.ledger
        parts: dict[Part, float] = {"start": RAY_START.value}
        parts |= {"server": options.rows * options.latency_ms / 1000 / options.places}
        parts |= shared_seconds(Volume(rows, rows, 400, 600, 20), RATES[kind], workers=count)
        predicted = total_seconds(parts)
        print(
            f"{kind}, {count} nodes, {options.places} places of {options.latency_ms:g} ms on each:"
            f" {rows / took:,.0f} calls/s, {rows / took / first:.2f} x of one; {found.seconds:.1f} s in all,"
            f" predicted {predicted:.1f} (ratio {found.seconds / predicted:.2f}); load {os.getloadavg()[0]:.1f}"
        )


def start(options: argparse.Namespace) -> None:
    """Print what a small run takes with and without Ray."""
    rows = options.rows[0]
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch, stub_process() as address:
        for number in range(3):
            folder = project(Path(scratch) / str(number), address, rows, 8)
            code = "import sys; from bakeoff.project import Project; Project(sys.argv[1]).run()"
            other = project(Path(scratch) / f"{number}-plain", address, rows, 8)
            began = time.monotonic()
            subprocess.run([sys.executable, "-c", code, str(other)], check=True, capture_output=True)
            without = time.monotonic() - began
            found = drive(folder)
            print(
                f"{rows} rows: {found.seconds:.1f} s on a local cluster, {without:.1f} s without Ray;"
                f" load {os.getloadavg()[0]:.1f}"
            )


def memory(options: argparse.Namespace) -> None:
    """Print the driver's largest resident size by rows."""
    with tempfile.TemporaryDirectory(dir=options.folder) as scratch, stub_process(latency_ms=100) as address:
        for rows in options.rows:
            folder = project(Path(scratch) / str(rows), address, rows, 64)
            found = drive(folder, minutes=options.seconds / 60)
            print(
                f"{rows:,} rows: {found.own_bytes / 1e6:.0f} MB of its own, {found.resident_bytes / 1e6:.0f} MB in all;"
                f" {found.answers:,} answers in {found.seconds:.1f} s; load {os.getloadavg()[0]:.1f}"
            )


def _add_load(parser: argparse.ArgumentParser, whose: str, kind: LedgerKind) -> None:
    """The options of what is compared for one and for two."""
    parser.add_argument("--rows", type=int, default=4000, help=whose)
    parser.add_argument("--latency-ms", type=float, default=200.0)
    parser.add_argument("--places", type=int, default=32, help=whose)
    parser.add_argument("--ledger", choices=get_args(LedgerKind), default=kind)


def main() -> None:
    """Choose."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, help="for what is made, and taken away at the end")
    verbs = parser.add_subparsers(required=True)
    one = verbs.add_parser("scaling")
    one.set_defaults(verb=scaling)
    one.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    _add_load(one, "of each worker", "postgresql")
    one = verbs.add_parser("ray")
    one.set_defaults(verb=nodes)
    _add_load(one, "of each node", "sqlite")
    one = verbs.add_parser("start")
    one.set_defaults(verb=start)
    one.add_argument("--rows", type=int, nargs=1, default=[10])
    one = verbs.add_parser("memory")
    one.set_defaults(verb=memory)
    one.add_argument("--rows", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    one.add_argument("--seconds", type=float, default=5.0)
    options = parser.parse_args()
    options.verb(options)


if __name__ == "__main__":
    main()
