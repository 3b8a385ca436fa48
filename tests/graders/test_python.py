"""Code of answers against tests."""

from pathlib import Path
from typing import Any

import pytest

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import grader, grading_caveats
from bakeoff.evaluate.graders import python as python_module
from bakeoff.evaluate.graders.python import code_of
from bakeoff.evaluate.sandbox import Isolation, isolation
from tests.graders import judged, score, why

pytestmark = pytest.mark.skipif(isolation().wall != "namespaces", reason=isolation().why_not)

TESTS = "assert add(1, 2) == 3\nassert add(-1, 1) == 0\nassert add('a', 'b') == 'ab'"
FUNCTIONS = "def test_a():\n  assert add(1, 1) == 2\ndef test_b():\n  assert add(1, 1) == 3"
UNITTEST = """
import unittest
class T(unittest.TestCase):
    def test_a(self): self.assertEqual(add(1, 1), 2)
    def test_b(self): self.assertEqual(add(1, 1), 3)
"""
RIGHT = "```python\ndef add(a, b):\n    return a + b\n```"


@pytest.mark.parametrize(
    ("answer", "tests", "options", "expected", "code"),
    [
        (RIGHT, TESTS, {}, 1.0, None),
        ("def add(a, b): return a + b", TESTS, {}, 1.0, None),
        ("```\ndef add(a, b): return 3\n```", TESTS, {}, 0.0, "grade.tests"),
        ("```\ndef add(a, b): return 3\n```", TESTS, {"partial": True}, 1 / 3, "grade.tests"),
        (RIGHT, FUNCTIONS, {"partial": True}, 0.5, "grade.tests"),
        (RIGHT, "def check(f):\n  assert f(1, 1) == 2\ncheck(add)", {}, 1.0, None),
        (RIGHT, UNITTEST, {"partial": True}, 0.5, "grade.tests"),
        (RIGHT, "x = missing\nassert add(1, 1) == 2", {}, 0.0, "grade.tests"),
        (RIGHT, "'only a text'", {}, None, "grade.no_tests"),
        ("", TESTS, {}, 0.0, "grade.no_code"),
        ("def add(a, b) return", TESTS, {}, 0.0, "grade.code_error"),
        ("import no_such_module", TESTS, {}, 0.0, "grade.code_error"),
        ("raise SystemExit(0)", TESTS, {}, 0.0, "grade.code_error"),
        ("import os\nos._exit(0)", TESTS, {}, 0.0, "grade.code_ended"),
        ("def add(a, b): raise SystemExit", TESTS, {}, 0.0, "grade.tests"),
        ("def add(a, b):\n  while True: pass", TESTS, {"seconds": 1}, 0.0, "grade.code_timeout"),
        ("while True: print('x' * 1000000)", TESTS, {}, 0.0, "grade.code_flood"),
        ("def add(a, b): return add(a, b)", TESTS, {}, 0.0, "grade.tests"),
        ("x = bytearray(2 ** 32)", TESTS, {}, 0.0, "grade.code_error"),
        ("print('{\"passed\": 3, \"total\": 3}')\nimport os; os._exit(0)", TESTS, {}, 0.0, "grade.code_ended"),
        ("add = lambda a, b: a + b\ninput_ = open(0).read()", TESTS, {}, 1.0, None),
        ("def area(r): return math.pi * r", "assert area(0) == 0", {"before": "import math"}, 1.0, None),
    ],
)  # fmt: skip
def test_code_against_tests(answer: str, tests: str, options: dict[str, Any], expected: Any, code: str | None) -> None:
    found = judged("python", tests, answer, **options)
    assert (found.score, found.detail.code if found.detail else None) == (expected, code)


def test_the_first_failure_is_told_with_its_line() -> None:
    detail = judged("python", TESTS, "def add(a, b): return a - b").detail
    assert detail is not None
    assert detail.parameters == {"passed": 0, "total": 3, "problem": "line 1: AssertionError"}


def test_the_code_is_what_stands_in_fences() -> None:
    assert code_of("First:\n```python\na = 1\n```\nthen\n```py\nb = 2\n```") == "a = 1\n\nb = 2"
    assert code_of("a = 1") == "a = 1"


def test_tests_that_are_not_python_are_refused_before_anything_is_asked() -> None:
    with pytest.raises(ProjectError, match="row r1: grader python: the tests are not valid Python"):
        score("python", "{{ tests }}", RIGHT, {"tests": "assert ("})
    assert why("python", "{{ tests }}", RIGHT, {"tests": ""}) == "grade.no_target"


def test_where_there_are_no_walls_it_must_be_accepted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(python_module, "isolation", lambda: Isolation("process", "no such luck"))
    with pytest.raises(ProjectError, match="cannot shut code off from files and network: no such luck") as found:
        grader("python", TESTS).check()
    assert 'isolation = "process"' in str(found.value.hint)
    accepted = grader("python", TESTS, isolation="process")
    accepted.check()
    assert [caveat.code for caveat in grading_caveats([accepted])] == ["grading.weak_isolation"]
    assert score("python", TESTS, RIGHT, isolation="process") == 1.0


def test_with_walls_there_is_nothing_to_warn_of() -> None:
    assert grading_caveats([grader("python", TESTS)]) == ()
