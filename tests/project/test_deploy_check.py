"""`deploy --check`: what is going to run answers a row, and whether as in the test."""

import json
from pathlib import Path
from typing import Any

import pytest
from benchmarks.common import stub_process
from click.testing import CliRunner, Result

from bakeoff.cli.deploy import deploy_command
from bakeoff.errors import EndpointError, UsageError
from bakeoff.evaluate.store import Ledger
from bakeoff.project import Project
from bakeoff.project.planning import RunOptions
from tests.json_page import keys, mentioned, promised
from tests.project.common import candidate, make_project


def run(name: str, folder: Path, *more: str) -> Result:
    command = [name, "--project", str(folder), "--check", "--lang", "en", *more]
    return CliRunner().invoke(deploy_command, command, catch_exceptions=False, standalone_mode=False)


def document(name: str, folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(name, folder, "--json").stdout)
    return found


def test_a_server_is_asked_a_row_of_the_test(tmp_path: Path) -> None:
    with stub_process() as address:
        folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"))
        assert document("a", folder)["same"] is None
        Project(folder).run()
        found = document("a", folder)
        assert (found["schema"], found["candidate"], found["same"]) == ("bakeoff.deploy_check", "a", True)
        assert found["first_token_ms"] > 0
        assert promised("bakeoff.deploy_check") == keys(found, set())
        assert keys(found, set()) - mentioned("bakeoff.deploy_check") == set()
        assert "The answer is the one of the test." in run("model-a", folder).stdout
        with Ledger(folder / "bakeoff.db") as ledger:
            ledger._connection.execute("UPDATE call SET text = 'something else'")
        assert "is not the one of the test" in run("a", folder).stdout


def test_what_does_not_answer_is_an_error(tmp_path: Path) -> None:
    folder = make_project(tmp_path / "p", candidate("a", "http://127.0.0.1:9/v1"))
    with pytest.raises(EndpointError, match="127"):
        run("a", folder)
    with pytest.raises(UsageError, match="no candidate 'b'"):
        run("b", folder)


def test_the_embedded_engine_is_started_as_planned(real_cache: Path, tmp_path: Path) -> None:
    own = '[[candidates]]\nname = "own"\nmodel = "HuggingFaceTB/SmolLM2-135M-Instruct"\nbuild = "gguf:Q4_1"\n'
    folder = make_project(tmp_path / "p", own + "max_tokens = 8\n")
    Project(folder).run(RunOptions(rows="2"))
    found = document("own", folder)
    assert (found["where"], found["output_tokens"]) == ("embedded", 8)
    assert found["load_seconds"] > 0
    assert found["same"] in (True, False)
