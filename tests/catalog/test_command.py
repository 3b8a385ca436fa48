"""`bakeoff catalog` as a person meets it: tables, JSON of one shape, exit codes."""

import json
from pathlib import Path
from typing import Any

import pytest

from bakeoff.catalog.loading import evidence_path, load
from bakeoff.cli.catalog import catalog_command, count
from bakeoff.errors import DataError, NoAnswer, UsageError
from tests.catalog.test_local import tiny_llama

EVIDENCE = "model,benchmark,score,date,source\n"


def run(*arguments: str) -> int:
    result = catalog_command.main(list(arguments), prog_name="bakeoff catalog", standalone_mode=False)
    return result if isinstance(result, int) else 0


def as_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    run(*arguments, "--json")
    found = json.loads(capsys.readouterr().out)
    assert (found["schema"], found["version"], found["snapshot"]) == ("bakeoff.catalog", 1, load().snapshot)
    assert isinstance(found, dict)
    return found


@pytest.mark.parametrize("lang", ["en", "vi"])
def test_list_shows_current_chat_models_newest_first(capsys: pytest.CaptureFixture[str], lang: str) -> None:
    run("list", "--lang", lang)
    out, err = capsys.readouterr()
    head, *rows = out.splitlines()
    assert head.split("\t")[0] == {"en": "Model", "vi": "Mô hình"}[lang]
    assert len(rows) == len([m for m in load().models if m.kind == "chat" and m.tier == 1 and not m.unverified])
    assert load().snapshot in err


def test_list_and_search_have_one_shape(capsys: pytest.CaptureFixture[str]) -> None:
    listed = as_json(capsys, "list", "--kind", "any", "--all")["models"]
    assert len(listed) == len(load())
    searched = as_json(capsys, "search", "qwen3", "--smaller-than", "9B")["models"]
    assert {model["id"] for model in searched} >= {"Qwen/Qwen3-8B", "Qwen/Qwen3-0.6B"}
    assert all(model["parameters"] <= 9e9 for model in searched)
    assert set(searched[0]) == set(listed[0])


def test_search_by_everything_at_once(capsys: pytest.CaptureFixture[str]) -> None:
    found = as_json(
        capsys, "search", "--task", "chat", "--language", "vi", "--license", "commercial", "--context", "32768",
        "--since", "2025-01-01", "--larger-than", "1B", "--kind", "chat",
    )["models"]  # fmt: skip
    assert found
    for model in found:
        assert model["kind"] == "chat"
        assert model["commercial_use"] in ("yes", "conditional")
        assert model["released"] >= "2025-01-01"


def test_a_search_without_hits_is_the_answer_no() -> None:
    with pytest.raises(NoAnswer, match="no model in the catalog"):
        run("search", "no-such-model-at-all")


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize(
    "name", ["Qwen/Qwen3-8B", "deepseek-ai/DeepSeek-V4.1-Flash", "mistralai/Mistral-Large-4-1T-A52B", "BAAI/bge-m3"]
)
def test_show_has_a_source_for_each_fact(capsys: pytest.CaptureFixture[str], name: str, lang: str) -> None:
    run("show", name, "--lang", lang)
    out = capsys.readouterr().out
    assert out.startswith(f"{name}\n")
    assert "2026-11-22" in out
    assert "{" not in out


def test_show_in_json_has_everything_and_the_history(capsys: pytest.CaptureFixture[str]) -> None:
    (model,) = as_json(capsys, "show", "llama", "3.1", "8b", "--history")["models"]
    assert model["id"] == "meta-llama/Llama-3.1-8B-Instruct"
    assert model["architecture"]["layers"] == "32xfull"
    assert model["license"]["clauses"]
    assert model["openness"]["level"] == "weights"
    assert model["sources"]["architecture"]["recalled"] is False
    assert model["evidence"]
    assert {line["fact"] for line in model["history"]} >= {"architecture", "licence"}


def test_add_then_show_then_list(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tiny_llama(tmp_path / "mine-Q4_K_M.gguf")
    done = as_json(capsys, "add", str(path))
    assert done["added"]["model"] == "local/mine-Q4_K_M"
    assert done["added"]["facts"] > 3
    assert done["added"]["overrides"] == []
    assert done["models"][0]["file"] == str(path.absolute())
    assert as_json(capsys, "add", str(path))["added"]["facts"] == 0
    run("show", "mine")
    assert str(path.absolute()) in capsys.readouterr().out
    assert "local/mine-Q4_K_M" in {model["id"] for model in as_json(capsys, "list")["models"]}


def test_validate_is_zero_for_what_is_shipped_and_one_for_a_fault(
    capsys: pytest.CaptureFixture[str], own_catalog: Path
) -> None:
    assert run("validate") == 0
    assert capsys.readouterr().out == ""
    own_catalog.parent.mkdir()
    wrong = {
        "model": "Qwen/Qwen3-8B",
        "fact": "parameters",
        "as_of": "2026-11-23",
        "source": ["me"],
        "total": 9 * 10**9,
    }
    own_catalog.write_text(json.dumps(wrong) + "\n")
    assert run("validate") == 1
    out = capsys.readouterr().out
    assert "Qwen/Qwen3-8B: the architecture has 8,190,735,360 parameters, stated are 9,000,000,000 (-9.0%)" in out
    assert "mend the architecture" in out


def test_evidence_is_imported_once_and_shown(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "scores.csv"
    file.write_text(EVIDENCE + "qwen3 8b,VMLU,61.5,2026-10-01,our lab\nllama 3.1 8b,VMLU,50,2026-10-01,our lab\n")
    done = as_json(capsys, "add-evidence", str(file))["evidence"]
    assert (done["added"], done["known"], done["path"]) == (2, 0, str(evidence_path()))
    assert done["models"] == ["Qwen/Qwen3-8B", "meta-llama/Llama-3.1-8B-Instruct"]
    assert as_json(capsys, "add-evidence", str(file))["evidence"]["added"] == 0
    rows = [row for row in load().evidence("Qwen/Qwen3-8B") if row.benchmark == "VMLU"]
    assert [(row.score, row.source, row.yours) for row in rows] == [(61.5, "our lab", True)]
    run("show", "Qwen/Qwen3-8B")
    assert "VMLU" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "error", "message"),
    [
        ("", DataError, "has no column model"),
        ("model,score\n", DataError, "has no column benchmark, date, source"),
        (EVIDENCE, DataError, "has no rows"),
        (EVIDENCE + "qwen3 8b,X,high,2026-10-01,us\n", DataError, "line 2: score is 'high'"),
        (EVIDENCE + "qwen3 8b,X,nan,2026-10-01,us\n", DataError, "score is 'nan'"),
        (EVIDENCE + "qwen3 8b,X,1,2026-10-01,\n", DataError, "line 2: source is empty"),
        (EVIDENCE + "qwen3 8b,X\n", DataError, "is empty"),
        (EVIDENCE + "qwen3 8b,X,1,October,us\n", DataError, "row 2: date is 'October'"),
        (EVIDENCE + "qwen3 8b,X,1,2999-01-01,us\n", DataError, "in the future"),
        (EVIDENCE + "qwen,X,1,2026-10-01,us\n", UsageError, "row 2: 'qwen' can be any of"),
        (EVIDENCE + "no such model,X,1,2026-10-01,us\n", UsageError, "row 2: there is no model"),
    ],
)
def test_evidence_that_is_none_is_refused_whole(
    tmp_path: Path, text: str, error: type[Exception], message: str
) -> None:
    file = tmp_path / "scores.csv"
    good = "qwen3 4b,X,5,2026-10-01,us\n" if text.startswith(EVIDENCE) and len(text) > len(EVIDENCE) else ""
    file.write_text(text + good)
    with pytest.raises(error, match=message):
        run("add-evidence", str(file))
    assert not evidence_path().exists()


def test_evidence_in_another_encoding_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "scores.csv"
    file.write_bytes(EVIDENCE.encode("utf-16"))
    with pytest.raises(DataError, match="cannot be read as csv"):
        run("add-evidence", str(file))


@pytest.mark.parametrize(
    ("text", "number"), [("8B", 8 * 10**9), ("350m", 350_000_000), ("1.5b", 1_500_000_000), ("7", 7)]
)
def test_numbers_of_parameters(text: str, number: int) -> None:
    assert count(text) == number


@pytest.mark.parametrize("text", ["", "B", "-8B", "eight", "8GB", "nan", "inf", "1e99"])
def test_what_is_no_number_of_parameters(text: str) -> None:
    with pytest.raises(UsageError, match="is not a number of parameters"):
        count(text)


@pytest.mark.parametrize("command", ["list", "search", "show", "add", "refresh", "validate", "add-evidence"])
def test_every_command_explains_itself(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    run(command, "--help")
    assert "--json" in capsys.readouterr().out
