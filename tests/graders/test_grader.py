"""Graders together: options, weights, identity, and what is kept."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import KINDS, Case, Grade, Grader, grade, grader, joined
from bakeoff.evaluate.graders import kept as kept_module
from bakeoff.evaluate.graders.kept import Work, kept_grades
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Row
from bakeoff.values import reason

NEEDED: dict[str, dict[str, Any]] = {
    "similarity": {"model": "m"},
    "length": {"max": 5},
    "function": {"function": lambda answer, row: True},
    "sql": {"schema": "CREATE TABLE t (x)"},
}
"""Options without which a kind makes no sense."""


@pytest.mark.parametrize(
    ("kind", "options", "message"),
    [
        ("exakt", {}, "unknown kind 'exakt', did you mean 'exact'"),
        ("banana split", {}, "unknown kind 'banana split'; kinds: exact, "),
        ("number", {"tolerance": 1}, "unknown option 'tolerance' of kind 'number'"),
        ("number", {"absolut": 1}, "did you mean 'absolute'"),
        ("number", {"absolute": -1}, "never below 0"),
        ("number", {"absolute": "much"}, "absolute"),
        ("number", {"which": "middle"}, "which"),
        ("exact", {"labels": ["a"]}, "its options: ignore_case, alternatives"),
        ("label", {"labels": ["Yes", "yes"]}, "upper and lower case only"),
        ("length", {}, "`min`, `max` or both"),
        ("length", {"min": 5, "max": 3}, "min = 5 is more than max = 3"),
        ("rouge", {"at_least": 1.5}, "at_least must lie"),
        ("grounded", {"overlap": 0}, "overlap must lie"),
        ("python", {"memory_mb": 1}, "memory_mb must lie"),
        ("json", {"schema": {}, "schema_file": "x"}, "not both"),
    ],
)
def test_options_are_checked_with_the_nearest_name(kind: str, options: dict[str, Any], message: str) -> None:
    with pytest.raises(ProjectError) as found:
        grader(kind, "x", **options)
    assert message in str(found.value)


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_has_an_identity_that_its_options_and_target_change(kind: str, tmp_path: Path) -> None:
    options = dict(NEEDED.get(kind, {}))
    if kind == "similarity":
        (tmp_path / "m").mkdir()
        (tmp_path / "m" / "model.safetensors").write_bytes(b"0" * 16)
    one = grader(kind, "x", folder=tmp_path, **options)
    assert one.digest() == grader(kind, "x", folder=tmp_path, **options).digest()
    assert one.digest() != grader(kind, "y", folder=tmp_path, **options).digest()
    assert one.kind == kind


def test_a_target_is_asked_for_where_there_must_be_one() -> None:
    with pytest.raises(ProjectError, match="grader exact: `target` is missing"):
        grader("exact").check()
    grader("length", max=5).check()


@pytest.mark.parametrize(
    ("weights", "scores", "expected"),
    [
        ([None, None], [1.0, 1.0], 1.0),
        ([None, None], [1.0, 0.5], 0.5),
        ([None, None], [1.0, 0.0], 0.0),
        ([None, None], [1.0, None], None),
        ([None, None], [0.0, None], 0.0),
        ([None], [None], None),
        ([3.0, 1.0], [1.0, 0.0], 0.75),
        ([3.0, None], [1.0, 0.0], 0.75),
        ([3.0, 1.0], [1.0, None], None),
    ],
)
def test_grades_are_joined(weights: list[float | None], scores: list[float | None], expected: float | None) -> None:
    graders = [grader("exact", "x", weight=weight) for weight in weights]
    assert joined(graders, [Grade(score) for score in scores]) == expected


ANY_OPTIONS: Mapping[str, dict[str, Any]] = {
    kind: NEEDED.get(kind, {}) for kind in KINDS if kind not in ("python", "similarity", "label")
}


@settings(deadline=None)  # the first language that is told needs a second
@given(st.sampled_from(sorted(ANY_OPTIONS)), st.text(max_size=50))
def test_no_answer_makes_a_grader_fail(kind: str, answer: str) -> None:
    target = {"number": "5", "fields": '{"a": 1}', "sql": "SELECT 1"}.get(kind, "five")
    found = grade(grader(kind, target, **ANY_OPTIONS[kind]), target, answer)
    assert found.score is None or 0 <= found.score <= 1


def test_an_answer_that_breaks_a_rule_has_no_score(monkeypatch: pytest.MonkeyPatch) -> None:
    def too_deep(self: object, case: Case) -> Grade:
        raise RecursionError

    monkeypatch.setattr(KINDS["exact"], "grade", too_deep)
    found = grade(grader("exact", "x"), "x", "y")
    assert found.score is None
    assert found.detail == reason("grade.gave_up", problem="RecursionError")


def works(*texts: str) -> list[Work]:
    """One answer per row."""
    return [Work((str(n), f"call{n}"), Row(str(n), n, {}), "x", text) for n, text in enumerate(texts)]


def test_kept_grades_are_not_worked_out_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []

    def counted(grader: Grader, target: str, text: str, row: Row) -> Grade:
        asked.append(text)
        if text == "broken":
            return Grade(None, detail=reason("grade.sandbox", problem="p"))
        return Grade(float(text == "x"), label=None, detail=reason("grade.code_flood"))

    monkeypatch.setattr(kept_module, "grade", counted)
    one = grader("sql", "SELECT 1", schema="CREATE TABLE t (x)")
    with Ledger(tmp_path / "l.db") as ledger:
        first = kept_grades(one, "data", works("x", "y", "broken"), ledger)
        assert sorted(asked) == ["broken", "x", "y"]
        assert first["0", "call0"] == Grade(1.0, None, reason("grade.code_flood"))
    with Ledger(tmp_path / "l.db") as ledger:
        again = kept_grades(one, "data", works("x", "y", "broken", "new"), ledger)
        assert sorted(asked[3:]) == ["broken", "new"]  # what could not be said is tried again
        assert again["0", "call0"] == first["0", "call0"]
        kept_grades(one, "other data", works("x"), ledger)
        assert asked[5:] == ["x"]
        kept_grades(grader("sql", "SELECT 2", schema="CREATE TABLE t (x)"), "data", works("x"), ledger)
        assert asked[6:] == ["x"]


def test_a_ledger_of_an_older_bakeoff_gets_the_new_column(tmp_path: Path) -> None:
    with Ledger(tmp_path / "l.db") as ledger:
        ledger.record_scores("g", [("r", "d", 1.0, None)])
        ledger.record_grades("k", [("r", "d", 0.5, "label", '{"code": "c", "parameters": {}}')])
    with Ledger(tmp_path / "l.db") as ledger:
        assert ledger.grades("k") == [("r", "d", 0.5, "label", '{"code": "c", "parameters": {}}')]
        assert ledger.grades("g") == [("r", "d", 1.0, None, None)]
        assert ledger.scored("g") == {("r", "d")}
