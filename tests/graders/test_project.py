"""Graders in a project: read from its file, graded again without a call, slow ones kept."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from benchmarks.common import stub_process

from bakeoff.cli.rows import print_row
from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import python as python_module
from bakeoff.evaluate.sandbox import Finished, isolation
from bakeoff.project import Project
from tests.project.common import candidate, make_project


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """A stub that counts what it is asked for."""
    log = tmp_path_factory.mktemp("stub") / "log"
    with stub_process(log=log) as address:
        yield address, log


def graded_by(folder: Path, *graders: str) -> Project:
    """The project with other graders."""
    path = folder / "bakeoff.toml"
    text = path.read_text(encoding="utf-8")
    head, rest = text.split("[[graders]]", 1)[0], text[text.index("[preflight]") :]
    path.write_text(head + "\n".join(f"[[graders]]\n{one}\n" for one in graders) + "\n" + rest, encoding="utf-8")
    return Project(folder)


LABEL = 'kind = "label"\ntarget = "{{ label }}"\nlabels = ["positive", "negative", "neutral"]'
SHORT = 'kind = "length"\nmax = 1\nname = "one word"'
MINE = 'kind = "function"\nfunction = "graders.py:mine"\nweight = 3'
CODE = 'kind = "python"\ntarget = "assert 1 + 1 == 2"\nbefore = "positive = negative = neutral = 0"'


def test_rows_are_graded_again_without_a_call(tmp_path: Path, server: tuple[str, Path]) -> None:
    address, log = server
    folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"), rows=9)
    Project(folder).run()
    asked = log.read_text()
    first = Project(folder).columns()[0]
    (folder / "graders.py").write_text("def mine(answer, row):\n    return answer == row['label']\n")
    second = graded_by(folder, LABEL + "\nweight = 1", MINE, SHORT + "\nweight = 4").columns()[0]
    for before, after in zip(first.cells, second.cells, strict=True):
        assert after.grades == (before.score, before.score, 1.0)
        assert after.score == (1.0 if before.score else 0.5)
    assert log.read_text() == asked


@pytest.mark.skipif(isolation().wall != "namespaces", reason=isolation().why_not)
def test_showing_a_table_does_not_run_code_again(
    tmp_path: Path, server: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    runs = []
    real = python_module.run

    def counted(*arguments: Any) -> Finished:
        runs.append(arguments)
        return real(*arguments)

    monkeypatch.setattr(python_module, "run", counted)
    folder = make_project(tmp_path / "p", candidate("a", f"{server[0]}/ok/v1"), rows=6)
    graded_by(folder, CODE).run()
    cells = Project(folder).columns()[0].cells
    assert [cell.score for cell in cells] == [1.0] * 6
    n = len(runs)
    assert n == 6
    Project(folder).compare()
    Project(folder).report("json")
    assert len(runs) == n
    other = graded_by(folder, CODE.replace("== 2", "== 3"))
    cells = other.columns()[0].cells
    assert [cell.score for cell in cells] == [0.0] * 6
    assert cells[0].details[0] is not None
    assert cells[0].details[0].parameters["problem"] == "line 1: AssertionError"
    assert len(runs) == 2 * n


def test_a_reader_is_told_why(tmp_path: Path, server: tuple[str, Path], capsys: pytest.CaptureFixture[str]) -> None:
    address = server[0]
    folder = make_project(
        tmp_path / "p", candidate("a", f"{address}/ok/v1"), candidate("b", f"{address}/ok/v1"), rows=9
    )
    (folder / "graders.py").write_text("def mine(answer, row):\n    return answer == row['label']\n")
    project = graded_by(folder, MINE, 'kind = "number"\ntarget = "7"\nname = "seven"')
    project.run()
    cell = project.row("0")[0]
    assert [name for name, _ in cell.grades] == ["function", "seven"]
    print_row(project, "0", "en")
    assert "-- seven: 0  There is no number in the answer." in capsys.readouterr().out
    print_row(project, "0", "vi")
    assert "-- seven: 0  Câu trả lời không có số nào." in capsys.readouterr().out
    if project.compare().disagreements:
        assert "There is no number in the answer." in project.report("html")
        assert "There is no number in the answer" in project.report("md")


@pytest.mark.parametrize(
    ("grader", "says"),
    [
        (
            'kind = "exakt"\ntarget = "x"',
            r"bakeoff.toml:\d+: graders.0.kind: unknown kind 'exakt', did you mean 'exact'",
        ),
        (
            'kind = "number"\ntarget = "{{ label }}"\nabsolut = 1',
            "unknown option 'absolut' of kind 'number', did you mean",
        ),
        (
            'kind = "number"\ntarget = "1"\nabsolute = "much"',
            r"bakeoff.toml:\d+: graders.0.absolute: Input should be a",
        ),
        ('kind = "contains"', "target is missing"),
        ('kind = "contains"\ntarget = "{{ answer }}"', "has no column 'answer'"),
        (
            'kind = "python"\nisolation = "process"\ntarget = "{{ tests }}"\nbefore = "{{ imports }}"',
            "has no column 'imports'",
        ),
        (
            'kind = "number"\ntarget = "{{ label }}"',
            "row 0: grader number: there is no number in the target 'positive'",
        ),
        ('kind = "sql"\ntarget = "SELECT 1"\ndatabase = "no.sqlite"', "no file no.sqlite"),
        ('kind = "function"\nfunction = "mine.py:f"', "no file mine.py"),
        ('kind = "regex"\ntarget = "("', "grader regex"),
        ('kind = "json"\nschema = { type = "objekt" }', "schema is not valid at /type"),
        ('kind = "language"\nlanguage = "vn"', "'vn' is not a language"),
    ],
)
def test_what_is_wrong_is_said_before_anything_is_asked(
    tmp_path: Path, server: tuple[str, Path], grader: str, says: str
) -> None:
    asked = server[1].read_text() if server[1].exists() else ""
    folder = make_project(tmp_path / "p", candidate("a", f"{server[0]}/ok/v1"), rows=3)
    with pytest.raises(ProjectError, match=says) as found:
        graded_by(folder, grader).run()
    assert found.value.hint
    assert (server[1].read_text() if server[1].exists() else "") == asked
