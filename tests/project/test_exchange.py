"""From a run to files for others, and from other tools' files to a project that runs."""

import csv
from pathlib import Path

import pytest

from bakeoff.cli.main import run_command_line
from bakeoff.errors import DataError, ProjectError, UsageError
from bakeoff.evaluate.exchange.inspect_read import read_log
from bakeoff.evaluate.files import read_table
from bakeoff.project import Project
from bakeoff.project.importing import import_evaluation
from tests.evaluate.exchange.test_import import CONFIG, GOLDEN, SAMPLES
from tests.project.common import candidate, make_project
from tests.stub import serving


async def finished(folder: Path) -> Project:
    """A project of two candidates that was run."""
    import asyncio

    async with serving() as (address, _):
        make_project(folder, candidate("a", f"{address}/ok/v1"), candidate("b", f"{address}/thinking/v1"), rows=12)
        project = Project(folder)
        await asyncio.to_thread(project.run)
    return project


@pytest.fixture
def project(tmp_path: Path) -> Project:
    import asyncio

    return asyncio.run(finished(tmp_path / "p"))


def test_an_export_has_what_was_answered(project: Project, tmp_path: Path) -> None:
    written, notes = project.export(tmp_path / "out.csv")
    assert (written, notes) == ([tmp_path / "out.csv"], [])
    with written[0].open(newline="", encoding="utf-8") as file:
        lines = list(csv.DictReader(file))
    assert [(line["row_id"], line["candidate"]) for line in lines[:3]] == [("0", "a"), ("0", "b"), ("1", "a")]
    assert len(lines) == 24
    columns = {column.candidate: column for column in project.columns()}
    for line in lines:
        cell = columns[line["candidate"]].cells[int(line["row_id"])]
        assert (line["answer"], float(line["score"]), line["target"]) == (cell.text, cell.score, cell.target)
        assert (line["finish_reason"], line["data.label"] if "data.label" in line else line["label"]) != ("", None)
        assert float(line["latency_ms"]) == cell.latency_ms


def test_only_some_candidates_are_exported_where_they_are_named(project: Project, tmp_path: Path) -> None:
    project.export(tmp_path / "out.jsonl", candidates=["b"], wide=True)
    table = read_table(tmp_path / "out.jsonl")
    assert len(table.rows) == 12
    assert "b: answer" in table.columns
    assert "a: answer" not in table.columns
    with pytest.raises(UsageError, match="there is no candidate 'c'"):
        project.export(tmp_path / "c.jsonl", candidates=["c"])


def test_logs_for_inspect_ai_are_written_per_candidate(project: Project, tmp_path: Path) -> None:
    written, _ = project.export(tmp_path / "logs", format="inspect")
    assert len(written) == 2
    found = read_log(written[0])
    assert list(found.answers) == ["a"]
    assert [answer.text for answer in found.answers["a"].values()] == [c.text for c in project.columns()[0].cells]
    with pytest.raises(UsageError, match="exists already"):
        project.export(tmp_path / "logs", format="inspect")
    project.export(tmp_path / "logs", format="inspect", force=True)
    (tmp_path / "file").write_text("")
    with pytest.raises(UsageError, match="is a file"):
        project.export(tmp_path / "file", format="inspect")


def test_logs_that_bakeoff_wrote_come_back_as_one_project(project: Project, tmp_path: Path) -> None:
    written, _ = project.export(tmp_path / "logs", format="inspect")
    folder, _ = import_evaluation(tmp_path / "back", written)
    back = Project(folder)
    back.run()
    assert {c.candidate: [cell.text for cell in c.cells] for c in back.columns()} == {
        c.candidate: [cell.text for cell in c.cells] for c in project.columns()
    }


def test_the_command_says_what_it_wrote(project: Project, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "out.xlsx"
    assert run_command_line(["export", str(path), str(project.folder)]) == 0
    assert capsys.readouterr().out.strip() == str(path)
    assert run_command_line(["export", str(path), str(project.folder)]) == 2
    assert "exists already" in capsys.readouterr().err


def test_answers_from_lm_eval_can_be_compared_without_a_model(tmp_path: Path) -> None:
    folder, notes = import_evaluation(tmp_path / "p", [SAMPLES])
    assert [note.code for note in notes] == ["import.regraded"]
    project = Project(folder)
    project.run()
    (column,) = project.columns()
    assert column.candidate == "org/tiny-model"
    assert [cell.score for cell in column.cells] == [1.0, 0.0, 1.0]  # as lm-eval's own exact_match: 1, 0, 1


@pytest.mark.parametrize("name", ["inspect-real.json", "inspect-real.eval"])
def test_answers_from_inspect_ai_can_be_compared_without_a_model(name: str, tmp_path: Path) -> None:
    folder, _ = import_evaluation(tmp_path / "p", [GOLDEN / name])
    project = Project(folder)
    project.run()
    (column,) = project.columns()
    assert [cell.score for cell in column.cells] == [1.0, 0.0, 1.0]  # as inspect_ai's own scores: C, I, C
    assert [cell.output_tokens for cell in column.cells] == [2, 2, 1]


def test_a_configuration_of_promptfoo_becomes_a_project_that_opens(tmp_path: Path) -> None:
    source = tmp_path / "source"
    (source / "prompts").mkdir(parents=True)
    (source / "tests.csv").write_text("question,__expected,__expected2,__expected3\nq,fine,contains: x,contains:y\n")
    (source / "promptfooconfig.yaml").write_text(CONFIG)
    (source / "prompts" / "a.txt").write_text("First\n{{ question }}\n---\nSecond {{ question }}\n")
    folder, notes = import_evaluation(tmp_path / "p", [source / "promptfooconfig.yaml"])
    project = Project(folder)
    assert [row.values["question"] for row in project.table().rows] == ["How are you?", "one", "two", "q"]
    assert {note.code for note in notes} >= {"import.provider", "import.key", "import.assert"}
    assert "sk-secret" not in (folder / "bakeoff.toml").read_text()
    assert "First\n{{ question }}" in (folder / "bakeoff.toml").read_text()


def test_an_import_is_whole_or_not_there(tmp_path: Path) -> None:
    (tmp_path / "bad.jsonl").write_text('{"a": 1}')
    with pytest.raises(DataError):
        import_evaluation(tmp_path / "p", [tmp_path / "bad.jsonl"])
    with pytest.raises(DataError, match="there is no file"):
        import_evaluation(tmp_path / "p", [tmp_path / "none.jsonl"])
    with pytest.raises(UsageError, match="do not tell one tool"):
        import_evaluation(tmp_path / "p", [SAMPLES, GOLDEN / "inspect-real.json"])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl"]
    (tmp_path / "q").mkdir()
    import_evaluation(tmp_path / "q", [SAMPLES])
    with pytest.raises(ProjectError, match="exists already"):
        import_evaluation(tmp_path / "q", [SAMPLES])
    assert sorted(path.name for path in tmp_path.iterdir()) == ["bad.jsonl", "q"]


def test_the_import_command_lists_what_was_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "c.yaml").write_text(
        "prompts: ['{{q}}']\ntests: [{vars: {q: a}, assert: [{type: llm-rubric, value: x}]}]"
    )
    assert run_command_line(["import", str(tmp_path / "p"), str(tmp_path / "c.yaml"), "--lang", "en"]) == 0
    said = capsys.readouterr()
    assert said.out.strip() == str(tmp_path / "p")
    assert "Assertions of the type llm-rubric were not carried over (1)." in said.err
    assert "No model could be carried over" in said.err
