"""`bakeoff probe` as a person meets it."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.common import stub_process
from click.testing import CliRunner, Result

from bakeoff.cli.probe import probe_command
from bakeoff.cli.show import show_command
from bakeoff.errors import EndpointError, KeyMissing, UsageError
from bakeoff.project import Project
from tests.json_page import keys, mentioned, promised
from tests.project.common import candidate, make_project

SMALL = ("--levels", "1,2", "--requests", "4", "--prompt-tokens", "40", "--output-tokens", "8", "--lang", "en")


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stub_process(chunks=4) as found:
        yield found


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(probe_command, [*map(str, arguments)], catch_exceptions=False, standalone_mode=False)


def test_a_url_alone_is_measured_and_nothing_is_left_behind(address: str, tmp_path: Path) -> None:
    found = run(f"{address}/past-limit/v1", "--project", tmp_path, *SMALL)
    assert found.return_value == 0
    lines = found.stdout.splitlines()
    assert lines[0].split("\t")[0] == "at a time"
    assert [line.split("\t")[:2] for line in lines[1:3]] == [["1", "4"], ["2", "4"]]
    assert "answers 2 requests at a time; more was not tried" in lines[-1]
    assert list(tmp_path.iterdir()) == []


def test_a_candidate_is_measured_and_kept(address: str, tmp_path: Path) -> None:
    folder = make_project(
        tmp_path / "p", candidate("a", f"{address}/past-limit/v1"), candidate("b", f"{address}/ok/v1")
    )
    document = json.loads(run("a", "--project", folder, *SMALL, "--json", "--quiet").stdout)
    assert (document["schema"], document["version"], document["model"]) == ("bakeoff.probe", 1, "model-a")
    assert document["highest_concurrency"] == 2
    assert [level["requests"] for level in document["levels"]] == [4, 4]
    found = keys(document, {"errors", "parameters"})
    assert promised("bakeoff.probe") - found == set()
    assert found - mentioned("bakeoff.probe", "bakeoff.decide") == set()
    shown = CliRunner().invoke(show_command, [str(folder), "--lang", "en"], standalone_mode=False)
    assert "a, measured on " in shown.stderr
    assert "b, measured" not in shown.stderr


def test_the_report_holds_the_measurement_against_the_needs_of_today(tmp_path: Path) -> None:
    """The server sleeps 20 ms before its first token."""
    with stub_process(latency_ms=20) as address:
        folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"), candidate("b", f"{address}/ok/v1"))
        run("a", "--project", folder, *SMALL, "--quiet")

    def told() -> dict[str, Any]:
        found = json.loads(Project(folder).report("json"))
        assert found["left_out"] == []
        (one,) = found["probes"]
        return one

    before = told()
    assert (before["candidate"], before["prompt_tokens"], before["output_tokens"]) == ("a", 40, 8)
    assert before["highest_concurrency"] == 2
    assert [level["requests"] for level in before["levels"]] == [4, 4]
    assert "Speed when several ask at once" in Project(folder).report("md")
    toml = folder / "bakeoff.toml"
    toml.write_text(toml.read_text() + '\n[needs]\nhardware = "none"\nmax_time_to_first_token_ms = 1\n')
    after = told()
    assert (after["highest_concurrency"], after["limits"]["first_token_ms"]) == (None, 1)
    assert after["sentence"]["code"] == "probe.none"
    toml.write_text(toml.read_text().replace('"model-a"', '"model-other"'))
    assert json.loads(Project(folder).report("json"))["probes"] == []


def test_needs_that_one_request_breaks_are_exit_code_1(tmp_path: Path) -> None:
    """The server sleeps 20 ms before its first token; 1 ms is allowed."""
    with stub_process(latency_ms=20) as address:
        folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"))
        toml = folder / "bakeoff.toml"
        toml.write_text(toml.read_text() + "\n[needs]\nmax_time_to_first_token_ms = 1\n")
        found = run("a", "--project", folder, *SMALL)
    assert found.return_value == 1
    assert len([line for line in found.stdout.splitlines() if line.startswith("1: ")]) == 1
    assert "does not keep this" in found.stdout


def test_what_cannot_be_measured_says_why(address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("NO_SUCH_KEY", raising=False)
    folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"))
    with pytest.raises(UsageError, match="no candidate 'z'"):
        run("z", "--project", folder, *SMALL)
    with pytest.raises(EndpointError, match=r"http://127\.0\.0\.1:9/v1"):
        run("http://127.0.0.1:9/v1", "--model", "m", *SMALL)
    with pytest.raises(KeyMissing, match="NO_SUCH_KEY"):
        run(f"{address}/ok/v1", "--key", "NO_SUCH_KEY", *SMALL)
    with pytest.raises(KeyMissing):
        run(f"{address}/401/v1", *SMALL)
    with pytest.raises(UsageError, match="not a list of numbers"):
        run(f"{address}/ok/v1", "--levels", "1,many")


def test_the_embedded_engine_is_started_with_a_slot_for_each_request(real_cache: Path, tmp_path: Path) -> None:
    own = '[[candidates]]\nname = "own"\nmodel = "HuggingFaceTB/SmolLM2-135M-Instruct"\nbuild = "gguf:Q4_1"\n'
    folder = make_project(tmp_path / "p", own)
    document = json.loads(run("own", "--project", folder, *SMALL, "--json", "--quiet").stdout)
    assert document["where"] == "embedded"
    assert [level["output_tokens"] for level in document["levels"]] == [8, 8], "the end of the answer is ignored"
    assert [level["failed"] for level in document["levels"]] == [0, 0]
    assert 30 <= document["levels"][0]["prompt_tokens"] <= 90


def test_nobody_at_the_address_is_outside_and_not_wrong_use(tmp_path: Path) -> None:
    with pytest.raises(EndpointError, match="cannot be reached"):
        run("http://127.0.0.1:9/v1", "--project", tmp_path)
