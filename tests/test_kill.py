"""`kill -9` at twenty random moments: nothing acknowledged is lost, nothing is asked twice, the table is the same."""

import hashlib
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.common import stub_process

from bakeoff.evaluate.store import Ledger
from bakeoff.project import Project

ROWS = 600
KILLS = 20
SEED = 20261124

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
"""


def make_project(folder: Path, address: str) -> Path:
    folder.mkdir()
    labels = ("positive", "negative", "neutral")
    lines = [f"{i},text {i} <{labels[i % 3]}>,{labels[i % 3]}" for i in range(ROWS)]
    (folder / "data.csv").write_text("id,text,label\n" + "\n".join(lines) + "\n", encoding="utf-8")
    (folder / "bakeoff.toml").write_text(TOML.format(address=address), encoding="utf-8")
    return folder


def acknowledged(folder: Path) -> set[str]:
    """Stub-side digests of every call that the ledger has an answer for."""
    if not (folder / "bakeoff.db").exists():
        return set()
    found = set()
    with Ledger(folder / "bakeoff.db") as ledger:
        for contestant in Project(folder)._found():
            for digest in ledger.answered([call for calls in contestant.digests or () for call in calls]):
                request = ledger.request(digest)
                assert request is not None
                found.add(hashlib.sha256(b"/ok/v1" + request[0].encode() + request[1]).hexdigest()[:24])
    return found


def lines(log: Path) -> list[str]:
    return log.read_text().splitlines() if log.exists() else []


def table(folder: Path) -> list[list[tuple[str, float | None]]]:
    return [[(cell.text, cell.score) for cell in column.cells] for column in Project(folder).columns()]


def test_kill_9_loses_nothing_and_asks_nothing_twice(tmp_path: Path) -> None:
    chance = random.Random(SEED)
    log = tmp_path / "stub.log"
    with stub_process(latency_ms=8, log=log) as address:
        folder = make_project(tmp_path / "killed", address)
        command = [sys.executable, "-m", "bakeoff", "run", str(folder), "--quiet"]
        for _ in range(KILLS):
            before = lines(log)
            kept = acknowledged(folder)
            process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
            wanted = len(before) + chance.randint(1, 90)
            while len(lines(log)) < wanted and process.poll() is None:
                time.sleep(0.002)
            time.sleep(chance.random() * 0.02)
            process.send_signal(signal.SIGKILL)
            process.communicate()
            asked = {line[2:] for line in lines(log)[len(before) :] if line.startswith(">")}
            assert asked, "the run did not get as far as asking"
            assert kept & asked == set(), "an acknowledged answer was asked for again"
            assert kept <= acknowledged(folder), "an acknowledged answer was lost"
        assert len(acknowledged(folder)) < 2 * ROWS, "killed too late to say anything"
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        assert len(acknowledged(folder)) == 2 * ROWS
        asked_in_all = [line for line in lines(log) if line.startswith(">")]
        # What was in flight at a kill had not been acknowledged and is asked again: at most 8 each time.
        assert 2 * ROWS <= len(asked_in_all) <= 2 * ROWS + 8 * KILLS

        whole = make_project(tmp_path / "whole", address)
        subprocess.run([*command[:4], str(whole), "--quiet"], check=True, stdout=subprocess.DEVNULL)
        assert table(folder) == table(whole)
