"""Python functions as graders."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import Grade, grader
from bakeoff.evaluate.graders import function as function_module
from bakeoff.values import to_json
from tests.graders import judged, score, why

SOURCE = """
import math

def right(answer, row):
    return answer.strip() == row["x"]

def half(answer, row):
    return 0.5

def cannot_say(answer, row):
    return None

def too_much(answer, row):
    return 2

def text(answer, row):
    return "yes"

def fails(answer, row):
    value = {}
    return value["missing"]

def leaves(answer, row):
    raise SystemExit(3)

NOT_A_FUNCTION = 3
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project folder with graders.py."""
    (tmp_path / "graders.py").write_text(SOURCE)
    return tmp_path


@pytest.mark.parametrize(("name", "expected"), [("right", 1.0), ("half", 0.5), ("cannot_say", None)])
def test_a_function_of_the_project_judges(folder: Path, name: str, expected: float | None) -> None:
    assert score("function", "", " 5", {"x": "5"}, function=f"graders.py:{name}", folder=folder) == expected


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("too_much", "row r1: graders.py:too_much gave 2"),
        ("text", "row r1: graders.py:text gave 'yes'"),
        ("fails", r"row r1: graders.py:fails, line 21: KeyError: 'missing'"),
        ("leaves", r"row r1: graders.py:leaves, line \d+: SystemExit: 3"),
        ("nothing", "graders.py has no function 'nothing'"),
        ("NOT_A_FUNCTION", "graders.py has no function 'NOT_A_FUNCTION'"),
    ],
)
def test_a_mistake_names_row_and_line(folder: Path, name: str, message: str) -> None:
    with pytest.raises(ProjectError, match=message):
        judged("function", "", "5", {"x": "5"}, function=f"graders.py:{name}", folder=folder)


def test_a_file_that_does_not_run_is_refused_before_anything_is_asked(folder: Path) -> None:
    (folder / "graders.py").write_text("import math\nimport no_such_module\n")
    with pytest.raises(ProjectError, match=r"graders\.py, line 2: ModuleNotFoundError"):
        grader("function", function="graders.py:right", folder=folder).check()
    (folder / "graders.py").write_text("def right(:\n")
    with pytest.raises(ProjectError, match=r"graders\.py, line 1: SyntaxError"):
        grader("function", function="graders.py:right", folder=folder).check()
    with pytest.raises(ProjectError, match=r"no file other\.py"):
        grader("function", function="other.py:right", folder=folder).check()
    with pytest.raises(ProjectError, match=r"graders\.py:my_grader"):
        grader("function", function="graders.py")
    with pytest.raises(ProjectError, match="grader function: write `function` as"):
        grader("function")


def test_a_changed_file_is_another_way_of_grading(folder: Path) -> None:
    one = grader("function", function="graders.py:half", folder=folder)
    before = one.digest()
    (folder / "graders.py").write_text(SOURCE.replace("0.5", "0.25"))
    assert one.digest() != before
    assert score("function", "", "x", function="graders.py:half", folder=folder) == 0.25


def test_from_python_a_function_is_taken_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    def long_enough(answer: str, row: Mapping[str, Any]) -> Grade:
        return Grade(1.0 if len(answer) > row["n"] else 0.0, label="long")

    assert judged("function", "", "abc", {"n": 2}, function=long_enough) == Grade(1.0, "long")
    assert grader("function", function=long_enough).digest() != grader("function", function=lambda a, r: True).digest()
    monkeypatch.setattr(function_module, "SLOW_SECONDS", -1.0)
    assert why("function", "", "abc", function=lambda answer, row: True) == "grade.slow_function"


def test_what_a_report_shows_names_no_path(folder: Path) -> None:
    one = grader("function", function="graders.py:half", folder=folder, weight=2.0)
    assert to_json(one.facts()) == {
        "kind": "function", "name": "function", "target": "", "options": {"function": "graders.py:half"}, "weight": 2.0,
    }  # fmt: skip
