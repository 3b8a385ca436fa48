"""Long work from the page: started, watched, stopped, resumed; it survives the server, and no two run at once."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.request import Request, urlopen

import pytest
from starlette.testclient import TestClient

from bakeoff.project import Project
from bakeoff.project.lock import running
from bakeoff.project.progress import read_progress
from tests.web.projects import write_project

Call = Callable[..., TestClient]
ROOT = Path(__file__).parents[2]


@pytest.fixture
def slow(tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """(port, log) of a model server that takes 40 ms for an answer and notes what it is asked."""
    log = tmp_path / "stub.log"
    command = [sys.executable, "-m", "tests.stub", "--latency-ms", "40", "--log", str(log)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT) as process:
        assert process.stdout is not None
        yield int(process.stdout.readline()), log
        process.terminate()


def asked(log: Path) -> Counter[str]:
    """How often each request arrived."""
    return Counter(line[2:] for line in log.read_text().splitlines() if line.startswith(">"))


def until(called: TestClient, right: Callable[[dict[str, Any]], bool], *, seconds: float = 20) -> dict[str, Any]:
    """The job, as soon as it is as wanted; asked as the page asks."""
    end, job = time.monotonic() + seconds, {"stamp": "-"}
    while time.monotonic() < end:
        job = called.get(f"/api/projects/tickets/job?wait=1&after={job['stamp']}").json()
        if right(job):
            return job
    raise AssertionError(f"it never came: {job}")


def start(called: TestClient, verb: str = "run", **options: Any) -> Any:
    return called.post("/api/projects/tickets/jobs", json={"verb": verb, "options": options})


def test_from_start_to_end(client: Call, tmp_path: Path, slow: tuple[int, Path]) -> None:
    called = client(write_project(tmp_path / "tickets", slow[0], rows=20))
    idle = called.get("/api/projects/tickets/job").json()
    assert (idle["state"], idle["total"], idle["candidates"]) == ("idle", 0, [])
    answer = start(called, rows=10)
    assert (answer.status_code, answer.json()["state"], answer.json()["verb"]) == (202, "running", "run")
    told = until(called, lambda job: 0 < job["done"] < job["total"])
    assert told["state"] == "running"
    assert told["seconds_left"] > 0
    end = until(called, lambda job: job["state"] != "running")
    assert (end["state"], end["done"], end["failed"], end["total"]) == ("finished", 20, 0, 20)
    assert [(one["name"], one["done"], one["total"]) for one in end["candidates"]] == [
        ("alpha", 10, 10),
        ("beta", 10, 10),
    ]
    assert [one["answered"] for one in end["outcomes"]] == [10, 10]
    assert asked(slow[1]).total() == 20
    assert not list(tmp_path.glob("tickets/*.log"))


def test_only_these_rows_of_this_candidate(client: Call, tmp_path: Path, slow: tuple[int, Path]) -> None:
    folder = write_project(tmp_path / "tickets", slow[0], rows=8)
    called = client(folder)
    assert start(called, only=["beta"], rows=["r3", "r5"]).status_code == 202
    until(called, lambda job: job["state"] == "finished")
    columns = {column.candidate: column for column in Project(folder).columns()}
    there = {name: [cell.row_id for cell in one.cells if cell.state != "missing"] for name, one in columns.items()}
    assert there == {"alpha": [], "beta": ["r3", "r5"]}


def test_stopped_answers_are_kept_and_only_the_rest_is_asked(
    client: Call, tmp_path: Path, slow: tuple[int, Path]
) -> None:
    called = client(write_project(tmp_path / "tickets", slow[0], rows=60, models=("alpha",)))
    start(called)
    until(called, lambda job: job["done"] >= 5)
    stopped = called.delete("/api/projects/tickets/job").json()
    assert stopped["state"] == "stopped"
    first = asked(slow[1])
    assert 5 <= stopped["done"] < 60
    start(called)
    end = until(called, lambda job: job["state"] == "finished")
    assert end["total"] == 60 - stopped["done"]
    both = asked(slow[1])
    # What was in flight when it stopped is asked again; nothing that was answered is.
    assert len(both) == 60
    assert both.total() == first.total() + end["total"]
    assert called.delete("/api/projects/tickets/job").json()["state"] == "finished"


def test_two_starts_at_once_are_one(client: Call, tmp_path: Path, slow: tuple[int, Path]) -> None:
    folder = write_project(tmp_path / "tickets", slow[0], rows=30, models=("alpha",))
    clients = [client(folder), client(folder)]  # two servers on one project
    statuses: list[int] = []

    def go(called: TestClient) -> None:
        statuses.append(start(called).status_code)

    threads = [threading.Thread(target=go, args=(one,)) for one in (*clients, clients[0])]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [202, 409, 409]
    refused = start(clients[1])
    assert (refused.status_code, refused.json()["error"]["kind"]) == (409, "BusyError")
    until(clients[1], lambda job: job["state"] == "finished")
    assert asked(slow[1]).total() == 30


def test_a_lock_without_a_word_is_busy_too(client: Call, project: Path) -> None:
    with running(project):
        assert start(client(project)).status_code == 409


def test_it_survives_its_server(tmp_path: Path, client: Call, slow: tuple[int, Path]) -> None:
    folder = write_project(tmp_path / "tickets", slow[0], rows=60, models=("alpha",))
    command = [sys.executable, "-m", "bakeoff.web", str(folder), "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True) as server:
        assert server.stdout is not None
        url = server.stdout.readline().strip()
        asking = Request(
            f"{url}api/projects/tickets/jobs", data=b'{"verb": "run"}', headers={"content-type": "application/json"}
        )
        with urlopen(asking, timeout=30) as answer:
            assert answer.status == 202
        os.killpg(server.pid, signal.SIGKILL)  # its whole group, as a closed terminal would
    called = client(folder)
    assert called.get("/api/projects/tickets/job").json()["state"] == "running"
    end = until(called, lambda job: job["state"] != "running")
    assert (end["state"], end["done"]) == ("finished", 60)
    assert asked(slow[1]).total() == 60


def test_a_killed_job_is_shown_and_goes_on(client: Call, tmp_path: Path, slow: tuple[int, Path]) -> None:
    folder = write_project(tmp_path / "tickets", slow[0], rows=40, models=("alpha",))
    called = client(folder)
    start(called)
    until(called, lambda job: job["done"] >= 3)
    told = read_progress(folder)
    assert told is not None
    assert told.pid is not None
    os.kill(told.pid, signal.SIGKILL)
    killed = until(called, lambda job: job["state"] != "running")
    assert killed["state"] == "killed"
    assert start(called).status_code == 202
    end = until(called, lambda job: job["state"] == "finished")
    assert end["total"] <= 40 - killed["done"]
    assert len(asked(slow[1])) == 40


def test_a_run_in_a_terminal_shows_and_can_be_stopped(client: Call, tmp_path: Path, slow: tuple[int, Path]) -> None:
    folder = write_project(tmp_path / "tickets", slow[0], rows=60, models=("alpha",))
    command = [sys.executable, "-m", "bakeoff", "run", str(folder), "--quiet"]
    with subprocess.Popen(command, stderr=subprocess.DEVNULL) as terminal:
        called = client(folder)
        job = until(called, lambda job: job["state"] == "running" and job["done"] > 0)
        assert (job["verb"], job["total"]) == ("run", 60)
        assert start(called).status_code == 409
        assert called.delete("/api/projects/tickets/job").json()["state"] == "stopped"
        assert terminal.wait(10) == 130


def test_keys_stay_in_the_environment(
    client: Call, tmp_path: Path, slow: tuple[int, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    folder = write_project(tmp_path / "tickets", slow[0], rows=20, models=("alpha",))
    text = (folder / "bakeoff.toml").read_text(encoding="utf-8")
    (folder / "bakeoff.toml").write_text(text.replace('model = "alpha"', 'model = "alpha"\nkey = "SOME_KEY"'), "utf-8")
    called = client(folder)
    start(called)
    missing = until(called, lambda job: job["state"] == "finished")
    error = missing["outcomes"][0]["error"]
    assert error["kind"] == "KeyMissing"
    assert error["hint"]
    monkeypatch.setenv("SOME_KEY", "sk-very-secret")
    start(called)
    job = until(called, lambda job: job["state"] == "running" and job["done"] > 0)
    told = read_progress(folder)
    assert told is not None
    assert b"sk-very-secret" not in Path(f"/proc/{told.pid}/cmdline").read_bytes()
    assert until(called, lambda job: job["state"] == "finished")["done"] == 20
    written = [path for path in (*folder.rglob("*"), *(tmp_path / "cache").rglob("*.log")) if path.is_file()]
    assert any(path.suffix == ".log" for path in written)
    assert [path for path in written if b"sk-very-secret" in path.read_bytes()] == []
    assert job["candidates"][0]["name"] == "alpha"


def test_add_is_one_piece_of_work(client: Call, project: Path, stub_port: int) -> None:
    called = client(project)
    via = f"http://127.0.0.1:{stub_port}/ok/v1"
    assert start(called, "add", model="gamma", via=via).status_code == 202
    end = until(called, lambda job: job["state"] != "running")
    assert (end["state"], end["verb"], end["done"], end["error"]) == ("finished", "add", 30, None)
    assert [one.model for one in Project(project).config.candidates] == ["alpha", "beta", "gamma"]
    end_by = time.monotonic() + 10
    while not (project / "bakeoff.lock").exists() and time.monotonic() < end_by:
        time.sleep(0.05)  # the decision is kept right after
    assert (project / "bakeoff.lock").exists()
    dead = start(called, "add", model="delta", via="http://127.0.0.1:1/v1")
    assert dead.status_code == 202
    failed = until(called, lambda job: job["state"] != "running", seconds=60)
    assert (failed["state"], failed["error"]["kind"]) == ("failed", "EndpointError")
    assert len(Project(project).config.candidates) == 3


def test_check_and_probe(client: Call, project: Path) -> None:
    called = client(project)
    start(called)
    until(called, lambda job: job["state"] == "finished")
    assert (project / "bakeoff.lock").exists()
    assert start(called, "check", rows=5, offline=True).status_code == 202
    end = until(called, lambda job: job["verb"] == "check" and job["state"] != "running")
    assert (end["state"], end["total"]) == ("finished", 10)
    assert start(called, "probe", candidate="alpha", levels=[1, 2], output_tokens=4).status_code == 202
    end = until(called, lambda job: job["verb"] == "probe" and job["state"] != "running")
    assert (end["state"], end["total"]) == ("finished", 2)


def test_dry_run_is_the_quote_and_starts_nothing(client: Call, tmp_path: Path, slow: tuple[int, Path]) -> None:
    folder = write_project(tmp_path / "tickets", slow[0], rows=20)
    called = client(folder)
    answer = called.post(
        "/api/projects/tickets/jobs", json={"verb": "run", "options": {"rows": 5, "only": ["beta"]}, "dry_run": True}
    ).json()
    assert (answer["schema"], answer["calls"], answer["rows"]) == ("bakeoff.quote", 5, 5)
    assert [one["candidate"] for one in answer["candidates"]] == ["beta"]
    assert called.get("/api/projects/tickets/job").json()["state"] == "idle"
    assert slow[1].read_text() == ""


@pytest.mark.parametrize(
    ("body", "status", "word"),
    [
        ({"verb": "rm"}, 422, "verb"),
        ({"verb": "run", "options": {"rows": -1}}, 400, "rows"),
        ({"verb": "run", "options": {"rows": True}}, 400, "rows"),
        ({"verb": "run", "options": {"rows": ["r1", 7]}}, 400, "rows"),
        ({"verb": "run", "options": {"only": "alpha"}}, 400, "only"),
        ({"verb": "run", "options": {"max_cost_usd": "NaN"}}, 400, "max_cost_usd"),
        ({"verb": "run", "options": {"max_minutes": "soon"}}, 400, "max_minutes"),
        ({"verb": "run", "options": {"shell": "rm -rf /"}}, 400, "shell"),
        ({"verb": "run", "options": [], "x": 1}, 422, "options"),
        ({"verb": "judge"}, 400, "no judge"),
        ({"verb": "add", "options": {}}, 400, "model"),
        ({"verb": "probe", "options": {"candidate": "http://169.254.169.254/"}}, 400, "candidate"),
        ({"verb": "check", "dry_run": True}, 400, "dry run"),
    ],
)
def test_what_makes_no_sense_is_refused_and_starts_nothing(
    client: Call, tmp_path: Path, stub_port: int, body: dict[str, Any], status: int, word: str
) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, rows=3)
    called = client(folder)
    answer = called.post("/api/projects/tickets/jobs", json=body)
    if word == "no judge":  # found by the work itself, which has begun then
        assert answer.status_code == 202
        failed = until(called, lambda job: job["state"] != "running")
        assert (failed["state"], word in failed["error"]["message"]) == ("failed", True)
        return
    assert answer.status_code == status
    assert word in answer.json()["error"]["message"]
    assert called.get("/api/projects/tickets/job").json()["state"] == "idle"


def test_a_wrong_project_file_is_told_at_the_start(client: Call, project: Path) -> None:
    called = client(project)
    (project / "bakeoff.toml").write_text("[data")
    answer = start(called)
    assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "ProjectError")


def test_waiting_ends_when_something_happens(client: Call, project: Path) -> None:
    called = client(project)
    before = called.get("/api/projects/tickets/job").json()
    started = time.monotonic()
    same = called.get(f"/api/projects/tickets/job?wait=0.4&after={before['stamp']}").json()
    assert same["stamp"] == before["stamp"]
    assert time.monotonic() - started >= 0.4
    threading.Timer(0.2, lambda: start(client(project))).start()
    other = called.get(f"/api/projects/tickets/job?wait=20&after={before['stamp']}").json()
    assert other["stamp"] != before["stamp"]
    until(called, lambda job: job["state"] == "finished")
