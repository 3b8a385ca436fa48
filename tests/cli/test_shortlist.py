"""`bakeoff shortlist` as a person meets it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bakeoff.cli.shortlist import shortlist_command
from bakeoff.errors import UsageError
from bakeoff.project.editing import read_document
from bakeoff.project.presets import presets
from tests.json_page import keys, mentioned, promised

ON = ("--hardware", "RTX 4090, 64 GB RAM")


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(shortlist_command, [*map(str, arguments)], catch_exceptions=False, standalone_mode=False)


def test_the_table_is_the_answer_and_reasons_stand_beside_it(tmp_path: Path) -> None:
    found = run("--project", tmp_path, *ON, "--lang", "en")
    lines = found.stdout.splitlines()
    assert lines[0].split("\t")[:3] == ["model", "build", "role"]
    assert 3 <= len(lines) - 1 <= 5
    assert "in the catalog of" in found.stderr
    assert list(tmp_path.iterdir()) == []


def test_the_document_has_the_documented_keys(tmp_path: Path) -> None:
    document = json.loads(run("--project", tmp_path, *ON, "--json").stdout)
    assert (document["schema"], document["version"]) == ("bakeoff.shortlist", 1)
    found = keys(document, {"machine", "parameters", "needs", "plan"})
    assert promised("bakeoff.shortlist") - found == set()
    assert found - mentioned("bakeoff.shortlist", "bakeoff.decide") == set()


def test_picks_become_candidates_once(tmp_path: Path) -> None:
    (tmp_path / "bakeoff.toml").write_text("# mine\n", encoding="utf-8")
    assert "Added" in run("--project", tmp_path, *ON, "--write", "--lang", "en").stderr
    first = read_document(tmp_path).unwrap()["candidates"]
    assert {one["via"] for one in first} == {"llama-server"}
    assert all(one["build"].startswith("gguf:") for one in first)
    run("--project", tmp_path, *ON, "--write")
    assert read_document(tmp_path).unwrap()["candidates"] == first
    assert (tmp_path / "bakeoff.toml").read_text(encoding="utf-8").startswith("# mine")


def test_nothing_is_exit_code_1_and_says_what_to_relax(tmp_path: Path) -> None:
    found = run("--project", tmp_path, *ON, "--openness", "fully-open", "--inputs", "text,video", "--lang", "en")
    assert found.return_value == 1
    assert "without the requirement on" in found.stdout


@pytest.mark.parametrize(("model", "code"), [("qwen3.6 27b", 0), ("gpt-oss-20b", 1), ("bge-m3", 1)])
def test_one_model_is_explained(tmp_path: Path, model: str, code: int) -> None:
    found = run("--project", tmp_path, *ON, "--explain", model, "--lang", "en", "--languages", "vi,en")
    assert found.return_value == code
    assert len(found.stdout.splitlines()) >= 2


def test_contradicting_needs_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no hardware"):
        run("--project", tmp_path, "--hardware", "none", "--privacy", "local-only")
    with pytest.raises(UsageError, match="RTX 9999"):
        run("--project", tmp_path, "--hardware", "RTX 9999 Ultra")


def test_hosted_models_come_with_a_price_and_a_route(tmp_path: Path) -> None:
    asked = ("--hardware", "none", "--requests-per-day", "5000", "--budget-usd-per-month", "100")
    document = json.loads(run("--project", tmp_path, *asked, "--json", "--write").stdout)
    assert len(document["picks"]) >= 3
    assert all(0 < pick["usd_per_month"] <= 100 for pick in document["picks"])
    candidates = read_document(tmp_path).unwrap()["candidates"]
    assert all(one["via"] in presets() for one in candidates)
    assert all(("provider" in one) == (one["via"] == "huggingface") for one in candidates)


def test_who_has_hardware_and_no_budget_is_offered_nothing_hosted(tmp_path: Path) -> None:
    document = json.loads(run("--project", tmp_path, *ON, "--json").stdout)
    assert {pick["provider"] for pick in document["picks"]} == {None}
