"""`kill -9` at fifty random moments: nothing acknowledged is lost, nothing is asked twice, the table is the same."""

import hashlib
import multiprocessing
import os
import random
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.errors import BusyError
from bakeoff.evaluate.store import Ledger
from bakeoff.project import Project
from bakeoff.project.lock import running

ROWS = 600
KILLS = 50
SEED = 20261124
CONCURRENCY = 8

TOML = """
[data]
file = "data.csv"
id = "id"

[prompt]
user = "{{{{ text }}}}"

[[candidates]]
name = "a"
model = "model-a"
via = "{address}/ok/v1"
concurrency = 8

[[candidates]]
name = "b"
model = "model-b"
via = "{address}/ok/v1"
concurrency = 8

[[graders]]
kind = "label"
target = "{{{{ label }}}}"
labels = ["positive", "negative", "neutral"]

[preflight]
probe = false
"""

processes = multiprocessing.get_context("spawn" if sys.platform == "win32" else "forkserver")
"""Children of a server that has imported the package once: fifty starts would be most of the test."""


def make_project(folder: Path, address: str) -> Path:
    folder.mkdir()
    labels = ("positive", "negative", "neutral")
    lines = [f"{i},text {i} <{labels[i % 3]}>,{labels[i % 3]}" for i in range(ROWS)]
    (folder / "data.csv").write_text("id,text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "bakeoff.toml").write_text(TOML.format(address=address), encoding="utf-8")
    return folder


@pytest.fixture(scope="module", autouse=True)
def _preloaded() -> Iterator[None]:
    if sys.platform != "win32":
        processes.set_forkserver_preload(["bakeoff.project", "tests.test_kill"])
    yield
    if sys.platform != "win32":
        from multiprocessing import forkserver

        forkserver._forkserver._stop()  # type: ignore[attr-defined]


def run(folder: Path) -> None:
    """What the child does: `bakeoff run` without its last table."""
    Project(folder).run()


def acknowledged(folder: Path, calls: dict[str, str]) -> set[str]:
    """Stub-side digests of every call that the ledger has an answer for."""
    with Ledger(folder / "bakeoff.db") as ledger:
        return {calls[digest] for digest in ledger.answered(list(calls))}


def calls_of(folder: Path) -> dict[str, str]:
    """Address of each call in the ledger -> its digest at the stub."""
    project = Project(folder)
    found = {}
    for contestant in project.contestants():
        assert contestant.digests is not None
        assert contestant.resolved is not None
        for row, digest in zip(project.table().rows, contestant.digests[0], strict=True):
            request = contestant.resolved.route.request(row)
            found[digest] = hashlib.sha256(b"/ok/v1" + request.path.encode() + request.body).hexdigest()[:24]
    return found


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def table(folder: Path) -> list[list[tuple[str, float | None]]]:
    return [[(cell.text, cell.score) for cell in column.cells] for column in Project(folder).columns()]


@pytest.mark.slow
def test_kill_9_loses_nothing_and_asks_nothing_twice(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    log = tmp_path / "stub.log"
    with stub_process(latency_ms=8, log=log) as address:
        folder = make_project(tmp_path / "killed", address)
        calls = calls_of(folder)
        for _ in range(KILLS):
            before = lines(log)
            kept = acknowledged(folder, calls)
            process = processes.Process(target=run, args=(folder,))
            process.start()
            wanted = len(before) + chance.randint(1, 36)
            while len(lines(log)) < wanted and process.is_alive():
                time.sleep(0.002)
            time.sleep(chance.random() * 0.02)
            process.kill()
            process.join()
            asked = {line[2:] for line in lines(log)[len(before) :] if line.startswith(">")}
            assert asked, "the run did not get as far as asking"
            assert kept & asked == set(), "an acknowledged answer was asked for again"
            assert kept <= acknowledged(folder, calls), "an acknowledged answer was lost"
        assert len(acknowledged(folder, calls)) < 2 * ROWS, "killed too late to say anything"
        run(folder)
        assert len(acknowledged(folder, calls)) == 2 * ROWS
        asked_in_all = [line for line in lines(log) if line.startswith(">")]
        # What was in flight at a kill, or on its way to the disk, had not been acknowledged and is asked again.
        assert 2 * ROWS <= len(asked_in_all) <= 2 * ROWS + 2 * CONCURRENCY * KILLS

        whole = make_project(tmp_path / "whole", address)
        run(whole)
        assert table(folder) == table(whole)


def test_a_second_run_says_who_holds_the_project(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", "http://127.0.0.1:9")
    with (
        running(folder),
        pytest.raises(BusyError, match=f"process {os.getpid()} on .* is running this project") as caught,
    ):
        run(folder)
    assert "bakeoff show" in str(caught.value.hint)
    with running(folder):
        pass  # and it is free again
