"""The verbs of a project against a stub server."""

import multiprocessing
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.errors import BusyError, EndpointError, KeyMissing, ProjectError
from bakeoff.evaluate.store import Ledger
from bakeoff.project import Project
from bakeoff.project.contestants import contestants
from bakeoff.project.lock import running
from tests.project.common import candidate, make_project


@pytest.fixture(scope="module")
def stub(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    log = tmp_path_factory.mktemp("stub") / "log"
    with stub_process(log=log) as address:
        yield address, log


def asked(log: Path) -> int:
    return log.read_text().count(">") if log.exists() else 0


def test_from_rows_to_a_decision(tmp_path: Path, stub: tuple[str, Path]) -> None:
    address, log = stub
    folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"), candidate("b", f"{address}/ok/v1"))
    before = asked(log)
    outcomes = Project(folder).run()
    assert [(o.candidate, o.answered, o.failed, o.error) for o in outcomes] == [("a", 30, 0, None), ("b", 30, 0, None)]
    assert asked(log) - before == 60
    decision = Project(folder).decide()
    assert decision.choice in ("a", "b")
    assert [model.n for model in decision.models] == [30, 30]
    assert [cell.state for cell in Project(folder).columns()[0].cells] == ["answered"] * 30


def test_running_twice_asks_nothing_twice(tmp_path: Path, stub: tuple[str, Path]) -> None:
    address, log = stub
    folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"))
    Project(folder).run()
    before = asked(log)
    assert [o.answered for o in Project(folder).run() if o.answered] == []
    assert asked(log) == before


def test_a_run_and_its_decision_work_out_the_calls_once(
    tmp_path: Path, stub: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_project(tmp_path / "p", candidate("a", f"{stub[0]}/ok/v1"))
    times = []
    monkeypatch.setattr("bakeoff.project.project.contestants", lambda *args: times.append(1) or contestants(*args))
    project = Project(folder)
    project.run()
    decision = project.decide()
    assert len(times) == 1
    assert decision.models == Project(folder).decide().models
    project.config = replace(project.config, candidates=())
    assert project.contestants() == []


def test_a_changed_prompt_asks_again_and_the_old_answers_come_back_with_the_old_prompt(
    tmp_path: Path, stub: tuple[str, Path]
) -> None:
    address, log = stub
    folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"))
    Project(folder).run()
    old = [cell.text for cell in Project(folder).columns()[0].cells]
    file = folder / "bakeoff.toml"
    text = file.read_text()
    file.write_text(text.replace('"{{ text }}"', '"now: {{ text }}"'))
    assert [cell.state for cell in Project(folder).columns()[0].cells] == ["missing"] * 30
    Project(folder).run()
    before = asked(log)
    file.write_text(text)
    Project(folder).run()
    assert [cell.text for cell in Project(folder).columns()[0].cells] == old
    assert asked(log) == before


def test_a_new_row_and_a_new_candidate_ask_only_their_own_cells(tmp_path: Path, stub: tuple[str, Path]) -> None:
    address, log = stub
    folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"))
    Project(folder).run()
    with (folder / "data.csv").open("a") as data:
        data.write("new,one more <positive>,positive\n")
    text = (folder / "bakeoff.toml").read_text()
    (folder / "bakeoff.toml").write_text(text + candidate("b", f"{address}/ok/v1"))
    before = asked(log)
    Project(folder).run()
    assert asked(log) - before == 1 + 31


def test_one_candidate_that_cannot_be_had_does_not_stop_the_others(tmp_path: Path, stub: tuple[str, Path]) -> None:
    address, _ = stub
    folder = make_project(
        tmp_path / "p", candidate("dead", f"{address}/404/v1"), candidate("a", f"{address}/ok/v1"), rows=5
    )
    outcomes = {o.candidate: o for o in Project(folder).run()}
    assert isinstance(outcomes["dead"].error, EndpointError)
    assert outcomes["a"].answered == 5
    assert Project(folder).decide().choice == "a"


@pytest.mark.parametrize(
    ("fault", "kind", "hint"),
    [
        ("500", EndpointError, "run again later"),
        ("html", EndpointError, "ends in /v1"),
        ("404", EndpointError, "GET /v1/models"),
        ("400", EndpointError, "the model id and the parameters"),
        ("401", KeyMissing, "`key`"),
        ("cut", EndpointError, "run again later"),
    ],
)
def test_a_failing_server_is_explained(
    tmp_path: Path,
    stub: tuple[str, Path],
    fault: str,
    kind: type[Exception],
    hint: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("bakeoff.evaluate.retry.RetryPolicy.wait_seconds", lambda *_, **__: 0.0)
    folder = make_project(tmp_path / "p", candidate("a", f"{stub[0]}/{fault}/v1"), rows=3)
    (outcome,) = Project(folder).run()
    assert isinstance(outcome.error, kind)
    assert hint in (outcome.error.hint or "")
    assert stub[0] in outcome.error.message
    assert Project(folder).decide().choice is None


def test_blank_answers_are_counted_not_hidden(tmp_path: Path, stub: tuple[str, Path]) -> None:
    folder = make_project(tmp_path / "p", candidate("a", f"{stub[0]}/empty/v1"), rows=4)
    Project(folder).run()
    (column,) = Project(folder).columns()
    assert [cell.state for cell in column.cells] == ["blank"] * 4
    decision = Project(folder).decide()
    assert decision.models[0].counts["blank"] == 4
    assert "cells.blank" in [caveat.code for caveat in decision.caveats]


def test_a_key_is_taken_from_the_environment_and_written_nowhere(
    tmp_path: Path, stub: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = make_project(tmp_path / "p", candidate("a", f"{stub[0]}/ok/v1", more='key = "TEST_KEY"'), rows=3)
    (outcome,) = Project(folder).run()
    assert isinstance(outcome.error, KeyMissing)
    assert "TEST_KEY is not set" in outcome.error.message
    monkeypatch.setenv("TEST_KEY", "secret-8fe1")
    Project(folder).run()
    assert Project(folder).decide().choice == "a"
    for path in folder.rglob("*"):
        assert path.is_dir() or b"secret-8fe1" not in path.read_bytes(), path


def test_a_missing_column_is_named(tmp_path: Path, stub: tuple[str, Path]) -> None:
    folder = make_project(tmp_path / "p", candidate("a", f"{stub[0]}/ok/v1"))
    file = folder / "bakeoff.toml"
    file.write_text(file.read_text().replace("{{ text }}", "{{ body }}"))
    with pytest.raises(ProjectError, match="no column 'body'") as found:
        Project(folder).run()
    assert "id, text, label" in (found.value.hint or "")


def hold(folder: Path, ready: "multiprocessing.synchronize.Event", leave: "multiprocessing.synchronize.Event") -> None:
    with running(folder):
        ready.set()
        leave.wait(30)


def test_the_second_run_at_once_says_who_holds_the_project(tmp_path: Path, stub: tuple[str, Path]) -> None:
    folder = make_project(tmp_path / "p", candidate("a", f"{stub[0]}/ok/v1"))
    context = multiprocessing.get_context("spawn")
    ready, leave = context.Event(), context.Event()
    process = context.Process(target=hold, args=(folder, ready, leave))
    process.start()
    try:
        assert ready.wait(30)
        with pytest.raises(BusyError, match=f"process {process.pid}"):
            Project(folder).run()
        assert Project(folder).decide().choice is None  # reading works meanwhile
    finally:
        leave.set()
        process.join()
    Project(folder).run()
    assert Project(folder).decide().choice == "a"


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX signals")
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_stopped_by_a_signal_keeps_every_answer(tmp_path: Path, number: signal.Signals) -> None:
    log = tmp_path / "log"
    with stub_process(latency_ms=20, log=log) as address:
        folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"), rows=300)
        command = [sys.executable, "-m", "bakeoff", "run", str(folder), "--quiet"]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
        while asked(log) < 10:
            time.sleep(0.01)
            assert process.poll() is None
        os.kill(process.pid, number)
        _, said = process.communicate(timeout=30)
        assert process.returncode == 130
        assert "every answer so far is kept" in said
        finished = log.read_text().count("<")
        assert finished < 300
        with Ledger(folder / "bakeoff.db") as ledger:
            assert ledger.runs()[-1]["state"] == "stopped"
        states = [cell.state for cell in Project(folder).columns()[0].cells]
        assert states.count("answered") >= finished - 1  # the one in flight was cancelled
