"""What a run tells while it goes on, by whomever it was started, and what is left of it when it is killed."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.common import stub_server

from bakeoff.errors import BusyError
from bakeoff.project import Listener, Project
from bakeoff.project.planning import RunOptions
from bakeoff.project.progress import FILE, read_progress, write_progress
from bakeoff.project.working import EVERY_SECONDS, at_work
from bakeoff.values import Reason
from tests.web.projects import write_project

ROOT = Path(__file__).parents[2]


@pytest.fixture
def slow_port() -> Iterator[int]:
    """A model server that takes 50 ms for an answer."""
    with stub_server(latency_ms=50) as port:
        yield port


def in_terminal(folder: Path) -> "subprocess.Popen[bytes]":
    """A run as people start it."""
    return subprocess.Popen([sys.executable, "-m", "bakeoff", "run", str(folder), "--quiet"], stderr=subprocess.DEVNULL)


def wait_for(folder: Path, done: int) -> dict[str, Any]:
    """The document as soon as so many cells are told."""
    until = time.monotonic() + 20
    while time.monotonic() < until:
        told = read_progress(folder)
        if told is not None and told.document["done"] >= done:
            return told.document
        time.sleep(0.05)
    raise AssertionError("nothing is told")


def test_how_a_run_went_is_told_to_its_end(tmp_path: Path, slow_port: int) -> None:
    heard: list[Any] = []

    class Hearing(Listener):
        def begun(self) -> None:
            told = read_progress(tmp_path / "p")
            heard.append(told.state if told else None)

        def note(self, note: Reason) -> None:
            heard.append(note.code)

    folder = write_project(tmp_path / "p", slow_port, rows=5)
    project = Project(folder, listener=Hearing())
    listener = project.listener
    project.run(RunOptions(rows="3"))
    told = read_progress(folder)
    assert told is not None
    assert heard == ["running"]
    assert (told.state, told.pid, project.listener, project.work) == ("finished", None, listener, None)
    said = told.document
    counts = [(one["name"], one["done"], one["failed"], one["total"]) for one in said["candidates"]]
    assert counts == [("alpha", 3, 0, 3), ("beta", 3, 0, 3)]
    assert (said["verb"], said["done"], said["total"], said["error"]) == ("run", 6, 6, None)
    assert [(one["candidate"], one["answered"], one["error"]) for one in said["outcomes"]] == [
        ("alpha", 3, None),
        ("beta", 3, None),
    ]
    assert said["tokens"] > 0


def test_an_error_is_told(tmp_path: Path) -> None:
    write_project(tmp_path / "p", 1)
    project = Project(tmp_path / "p")
    with pytest.raises(Exception, match="there is no candidate 'gamma'"):
        project.run(RunOptions(only=("gamma",)))
    told = read_progress(tmp_path / "p")
    assert told is not None
    assert told.state == "failed"
    error = told.document["error"]
    assert (error["kind"], error["message"]) == ("UsageError", "there is no candidate 'gamma'")
    assert "alpha" in error["hint"]


def test_a_killed_run_is_told_as_killed_and_goes_on(tmp_path: Path, slow_port: int) -> None:
    folder = write_project(tmp_path / "p", slow_port, rows=60, models=("alpha",))
    with in_terminal(folder) as process:
        said = wait_for(folder, 2)
        assert (said["pid"], said["host"], said["total"]) == (process.pid, socket.gethostname(), 60)
        with pytest.raises(BusyError), at_work(folder, "run", Listener(), {}):
            pass
        process.kill()
        until = time.monotonic() + 5
        while (told := read_progress(folder)) and told.running and time.monotonic() < until:
            time.sleep(0.02)
        # Its parent has not taken note of its end yet: a zombie counts as dead.
        assert told is not None
        assert told.state == "killed"
    Project(folder).run()
    again = read_progress(folder)
    assert again is not None
    assert again.state == "finished"
    assert again.document["total"] < 60


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stopped_run_is_told_as_stopped(tmp_path: Path, slow_port: int, number: signal.Signals) -> None:
    folder = write_project(tmp_path / "p", slow_port, rows=60, models=("alpha",))
    with in_terminal(folder) as process:
        wait_for(folder, 2)
        process.send_signal(number)
        assert process.wait(10) == 130
    told = read_progress(folder)
    assert told is not None
    assert told.state == "stopped"
    assert 2 <= told.document["done"] < 60


def document(**changed: Any) -> dict[str, Any]:
    return {"state": "running", "host": socket.gethostname(), "pid": os.getpid(), "birth": None, **changed}


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ({}, "running"),
        ({"birth": "17"}, "killed"),  # another process has the number now
        ({"pid": 2**22 + 1}, "killed"),
        ({"host": "another", "updated_at": "2020-01-01T00:00:00.000+00:00"}, "killed"),
        ({"host": "another", "updated_at": "2999-01-01T00:00:00.000+00:00"}, "running"),
        ({"state": "stopped", "pid": 2**22 + 1}, "stopped"),
    ],
)
def test_whether_it_still_runs(tmp_path: Path, text: dict[str, Any], state: str) -> None:
    write_progress(tmp_path, document(**text))
    told = read_progress(tmp_path)
    assert told is not None
    assert told.state == state


@pytest.mark.parametrize("text", ["", "{", "[]", '{"schema": "x"}', "[" * 5000, '{"state": "running"}'])
def test_a_file_that_is_not_ours_says_nothing(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    assert read_progress(tmp_path) is None


def test_the_file_is_replaced_a_few_times_a_second_whatever_is_heard(tmp_path: Path) -> None:
    seen = set()
    with at_work(tmp_path, "run", Listener(), {}) as work:
        until = time.monotonic() + 3.2 * EVERY_SECONDS
        heard = 0
        while time.monotonic() < until:
            work.expects([("a", 1)])
            heard += 1
            if heard % 500 == 0:
                seen.add(json.loads((tmp_path / FILE).read_text())["total"])
    assert heard > 1000
    assert 2 <= len(seen) <= 5
