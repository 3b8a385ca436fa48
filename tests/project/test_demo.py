"""The demo on the two real models, with fewer rows; and what is said when only one of them can be had."""

import json
import os
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from bakeoff.project import Project, demo_folder
from bakeoff.weights import ModelFile

ROWS = 12


def short_demo(folder: Path) -> Path:
    """The English example with its first rows only."""
    demo_folder(folder)
    data = folder / "reviews.csv"
    data.write_text("".join(data.read_text(encoding="utf-8").splitlines(keepends=True)[: ROWS + 1]), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_two_real_models_are_run_compared_and_reported(tmp_path: Path, real_cache: Path) -> None:
    folder = short_demo(tmp_path / "demo")
    outcomes = Project(folder).run()
    assert [(outcome.answered, outcome.failed, outcome.error) for outcome in outcomes] == [(ROWS, 0, None)] * 2
    again = Project(folder).run()
    assert [outcome.answered for outcome in again] == []
    decision = Project(folder).decide()
    assert decision.choice is not None
    for model in decision.models:
        assert model.quality is not None
        assert model.quality.n == ROWS
        assert model.memory is not None
        assert model.memory.weights_bytes > 50e6
        assert model.memory.kv_cache_bytes > 1e6
        assert model.memory.peak_resident_bytes is not None
        assert model.decode_tokens_per_second is not None
        assert model.faults == {}, "preflight invents nothing on real answers"
    assert [column.findings for column in Project(folder).columns()] == [(), ()]
    html = Project(folder).report("html", "vi")
    assert "Apache" in html or "apache" in html
    facts = json.loads(sqlite3.connect(folder / "bakeoff.db").execute("SELECT facts FROM engine").fetchone()[0])
    assert {"machine", "memory", "version", "load_seconds", "parameters"} <= set(facts)


@pytest.mark.slow
def test_with_one_model_the_demo_says_so_and_goes_on(tmp_path: Path, smollm2: ModelFile) -> None:
    folder = short_demo(tmp_path / "demo")
    local = tmp_path / "smollm2.gguf"
    shutil.copyfile(smollm2.path, local)
    file = folder / "bakeoff.toml"
    file.write_text(
        file.read_text(encoding="utf-8").replace(
            'model = "HuggingFaceTB/SmolLM2-135M-Instruct"\nbuild = "gguf:Q4_1"', 'model = "../smollm2.gguf"'
        ),
        encoding="utf-8",
    )
    offline = {
        "BAKEOFF_CACHE": str(tmp_path / "empty"),
        "HF_HUB_OFFLINE": "1",
        "PIP_NO_INDEX": "1",
        "BAKEOFF_LANG": "en",
    }
    done = subprocess.run(
        [sys.executable, "-m", "bakeoff", "demo", str(folder), "--json"],
        capture_output=True,
        text=True,
        encoding="utf-8",
        env={**os.environ, **offline},
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert "warning:" in done.stderr
    assert "gemma-3-270m" in done.stderr
    answer = json.loads(done.stdout)
    assert answer["choice"] == "smollm2"
    assert "candidate.unavailable" in [caveat["code"] for caveat in answer["caveats"]]


@pytest.mark.parametrize("example", ["sentiment_en", "sentiment_vi"])
def test_the_examples_are_whole(tmp_path: Path, example: str) -> None:
    project = Project(demo_folder(tmp_path / "demo", example=example))
    rows = project.table().rows
    labels = [row.values["label"] for row in rows]
    assert len(rows) == {"sentiment_en": 120, "sentiment_vi": 60}[example]
    assert {labels.count(label) for label in set(labels)} == {len(rows) // 2}
    assert len({row.values["text"] for row in rows}) == len(rows)
    shown = {example.user for example in project.config.prompt.examples}
    assert not any(str(row.values["text"]) in user for row in rows for user in shown)
    assert (tmp_path / "demo" / "SOURCE.md").is_file()


def test_a_folder_that_holds_something_else_is_not_touched(tmp_path: Path) -> None:
    from bakeoff.errors import ProjectError

    (tmp_path / "notes.txt").write_text("mine")
    with pytest.raises(ProjectError, match="exists and is not a project"):
        demo_folder(tmp_path)
