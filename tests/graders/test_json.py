"""JSON inside answers, schemas, and field by field."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders import grader
from bakeoff.evaluate.graders.json_text import read_json
from tests.graders import judged, score, why

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string", "pattern": "^[A-Z]"}, "age": {"type": "integer", "minimum": 0}},
    "required": ["name"],
    "additionalProperties": False,
}


@pytest.mark.parametrize(
    ("answer", "value"),
    [
        ('{"a": 1}', {"a": 1}),
        ("\ufeff [1, 2]\n", [1, 2]),
        ('Sure:\n```json\n{"a": [1]}\n```\nDone.', {"a": [1]}),
        ('```\nnot json\n```\n```json\n{"b": 2}\n```', {"b": 2}),
        ('~~~json\n{"a": 1}', {"a": 1}),
        ('The result {in short} is {"a": "}"} as asked', {"a": "}"}),
        ('I chose [x] so: {"a": "\\"{"}', {"a": '"{'}),
        ('"just text"', "just text"),
    ],
)
def test_json_is_found(answer: str, value: Any) -> None:
    found = read_json(answer)
    assert (found.problem, found.value) == (None, value)


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ("no braces", "grade.no_json"),
        ("", "grade.no_json"),
        ('{"a": NaN}', "grade.json_constant"),
        ('{"a": -Infinity}', "grade.json_constant"),
        ('{"a": 1e999}', "grade.json_constant"),
        ('{"a": 1, "a": 2}', "grade.json_twice"),
        ("{'a': 1}", "grade.not_json"),
        ('{"a": 1,}', "grade.not_json"),
        ('{"a": 1', "grade.not_json"),
        ("[" * 200 + "]" * 200, "grade.json_too_deep"),
        ("[" * 1_000_000, "grade.json_too_deep"),
        ('{"a": ' + "9" * 5000 + "}", "grade.not_json"),
        ('{"a": "' + "x" * 10_000_000, "grade.json_too_long"),
        ("{ " * 500_000, "grade.json_too_deep"),
        ('{"' * 400_000, "grade.json_too_deep"),
        ('{"a" ' * 200_000, "grade.json_too_deep"),
        ("{x} " * 200_000, "grade.not_json"),
    ],
)
def test_what_is_not_json_says_why(answer: str, code: str) -> None:
    assert why("json", "", answer) == code


def test_brackets_inside_strings_are_not_nesting() -> None:
    assert score("json", "", json.dumps(["[" * 500])) == 1.0


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        ('{"name": "Lan", "age": 30}', None),
        ('{"age": 30}', "grade.schema"),
        ('{"name": "lan"}', "grade.schema"),
        ('{"name": "Lan", "age": 30.5}', "grade.schema"),
        ('{"name": "Lan", "extra": 1}', "grade.schema"),
    ],
)
def test_a_schema_is_held(answer: str, code: str | None) -> None:
    assert why("json", "", answer, schema=PERSON) == code


def test_the_reason_names_the_place() -> None:
    detail = judged("json", "", '{"name": "Lan", "age": -1}', schema=PERSON).detail
    assert detail is not None
    assert detail.parameters["path"] == "/age"


def test_only_json_can_be_asked_for() -> None:
    assert why("json", "", 'Here: {"a": 1}', bare=True) == "grade.json_not_bare"
    assert score("json", "", '{"a": 1}', bare=True) == 1.0


def test_a_schema_never_leaves_the_machine(tmp_path: Path) -> None:
    for reference in ("http://127.0.0.1:9/x.json", "https://json-schema.org/draft/2020-12/schema/x", "other.json"):
        one = grader("json", schema={"properties": {"a": {"$ref": reference}}})
        with pytest.raises(ProjectError, match="not a part of it"):
            one.check()
    inner = {"$defs": {"n": {"type": "number"}}, "properties": {"a": {"$ref": "#/$defs/n"}}}
    assert score("json", "", '{"a": "x"}', schema=inner) == 0.0


def test_a_schema_file_is_read_and_is_a_part_of_the_identity(tmp_path: Path) -> None:
    (tmp_path / "s.json").write_text(json.dumps(PERSON))
    one = grader("json", schema_file="s.json", folder=tmp_path)
    one.check()
    before = one.digest()
    (tmp_path / "s.json").write_text("{}")
    assert one.digest() != before
    with pytest.raises(ProjectError, match=r"no file none\.json"):
        grader("json", schema_file="none.json", folder=tmp_path).check()
    (tmp_path / "s.json").write_text('{"type": "objekt"}')
    with pytest.raises(ProjectError, match="schema is not valid at /type"):
        one.check()


def test_a_pattern_of_a_schema_cannot_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bakeoff.evaluate.graders.json_valid.PATTERN_SECONDS", 0.1)
    schema = {"type": "string", "pattern": "^(a|aa)+$"}
    assert judged("json", "", json.dumps("a" * 60 + "!"), schema=schema).score is None


TARGET = json.dumps({"name": "Lan Anh", "age": 30, "items": [{"sku": "A", "price": 1.5}, {"sku": "B", "price": 2}]})


@pytest.mark.parametrize(
    ("answer", "options", "expected"),
    [
        ({"name": "lan anh", "age": "30", "items": [{"sku": "B", "price": 2.0}, {"sku": "A", "price": 1.5}]}, {}, 1.0),
        # 6 values on each side; the swapped items are then all wrong: 2 right of 6.
        (
            {"name": "Lan Anh", "age": 30, "items": [{"sku": "B", "price": 2}, {"sku": "A", "price": 1.5}]},
            {"ordered": True},
            2 / 6,
        ),
        ({"name": "Lan Anh", "age": 31, "items": []}, {}, 2 * 1 / (2 + 6)),
        ({"name": "Lan Anh", "age": 31, "items": None, "more": "x"}, {}, 2 * 1 / (3 + 6)),
        ({}, {}, 0.0),
        ([], {}, 0.0),
        ("Lan Anh", {}, 0.0),
    ],
)
def test_fields_are_counted(answer: Any, options: dict[str, Any], expected: float) -> None:
    assert score("fields", TARGET, json.dumps(answer), **options) == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize(
    ("target", "answer", "options", "expected"),
    [
        ({"a": "x"}, {"a": "X."}, {}, 1.0),
        ({"a": "x"}, {"a": "X"}, {"compare": "exact"}, 0.0),
        ({"a": 1}, {"a": 1.0}, {"compare": "exact"}, 0.0),
        ({"a": 1}, {"a": 1.0}, {}, 1.0),
        ({"a": True}, {"a": 1}, {}, 0.0),
        ({"a": True}, {"a": "true"}, {}, 1.0),
        ({"price": "1.500.000 đ"}, {"price": 1500000}, {"fields": {"price": "number"}}, 1.0),
        ({"a": "Hà Nội"}, {"a": "tp. Hà Nội, VN"}, {"fields": {"a": "contains"}}, 1.0),
        ({"a": "x", "b": "y"}, {"a": "x", "b": "z"}, {"fields": {"b": "ignore"}}, 1.0),
        ({"a": "x", "b": None}, {"a": "x"}, {}, 1.0),
        ({"a": "x", "b": "y"}, {"a": "x"}, {"score": "all"}, 0.0),
        ({"a": "x"}, {"a": "x", "b": "y"}, {"score": "all"}, 0.0),
        ({"a": "x", "b": "y"}, {"a": "x"}, {"at_least": 0.6}, 1.0),
        ({"tags": ["a", "b"]}, {"tags": ["b", "a", "c"]}, {}, 2 * 2 / 5),
        ({"tags": ["a"]}, {"tags": "a"}, {}, 1.0),
        ({}, {}, {}, 1.0),
        ({}, {"a": "x"}, {}, 0.0),
    ],
)
def test_comparisons_of_fields(target: Any, answer: Any, options: dict[str, Any], expected: float) -> None:
    assert score("fields", json.dumps(target), json.dumps(answer), **options) == pytest.approx(expected, abs=1e-12)


def test_the_paths_that_differ_are_named() -> None:
    detail = judged("fields", TARGET, json.dumps({"name": "Lan", "age": 30, "items": []})).detail
    assert detail is not None
    assert detail.parameters["paths"] == ["name", "items"]
    assert why("fields", TARGET, "no json") == "grade.no_json"
    with pytest.raises(ProjectError, match="row r1: grader fields: the target is not JSON"):
        score("fields", "{{ x }}", "{}", {"x": "name: Lan"})


def test_large_and_nested_lists_come_to_an_end() -> None:
    nested = json.dumps([[[n + m for m in range(40)] for _ in range(40)] for n in range(40)])
    assert score("fields", nested, nested) == 1.0
    keys = json.dumps({str(n): n for n in range(60_000)})
    assert why("json", "", keys[:-1] + ', "59999": 0}') == "grade.json_twice"


LEAVES = st.recursive(
    st.text(min_size=1, max_size=5).filter(str.strip) | st.integers(-100, 100),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=3), inner, max_size=4),
    max_leaves=12,
)


@given(LEAVES)
def test_a_tree_equals_itself_and_order_in_lists_does_not_count(tree: Any) -> None:
    text = json.dumps({"tree": tree})
    assert score("fields", "{{ right }}", text, {"right": text}) == 1.0
    turned = json.dumps({"tree": tree[::-1] if isinstance(tree, list) else tree})
    assert score("fields", "{{ right }}", turned, {"right": text}) == 1.0
