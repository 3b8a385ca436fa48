"""Needs: what is accepted, what is refused with the fix, what contradicts, and how they get into the file."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.decide import NO_LIMITS
from bakeoff.errors import BakeoffError, ProjectError, UsageError
from bakeoff.needs import QUESTIONS, TEMPLATES, Needs, contradictions, parse_needs, template
from bakeoff.needs.needs import KEYS, RANGES
from bakeoff.project import new
from bakeoff.project.config import read_config
from bakeoff.project.needs import limits, read_needs, write_needs
from bakeoff.values import from_json, to_json


@pytest.mark.parametrize(
    ("key", "value", "expected"),
    [
        ("task", "code", "coding"),
        ("task", "RAG", "rag"),
        ("languages", "vi, en", ("vi", "en")),
        ("languages", ["VI", "vi"], ("vi",)),
        ("context_tokens", "32,768", 32768),
        ("budget_usd_per_month", "200", 200.0),
        ("budget_usd_per_month", None, None),
        ("fine_tuning", "có", True),
        ("fine_tuning", False, False),
        ("inputs", "text,image", ("text", "image")),
        ("hardware", " 2x H100 ", "2x H100"),
        ("domain", None, None),
        ("growth_per_year", -0.5, -0.5),
    ],
)
def test_what_people_write_is_understood(key: str, value: Any, expected: Any) -> None:
    assert getattr(parse_needs({key: value}), key) == expected


@pytest.mark.parametrize(
    ("values", "says", "hint"),
    [
        ({"langauges": ["vi"]}, "no 'langauges'", "'languages'"),
        ({"task": "poetry-slam"}, "task is 'poetry-slam'", "one of chat"),
        ({"license": "comercial"}, "license is 'comercial'", "'commercial'"),
        ({"context_tokens": 0}, "context_tokens is 0", "between 1"),
        ({"context_tokens": 1.5}, "context_tokens is 1.5", "whole number"),
        ({"context_tokens": True}, "context_tokens is True", "whole number"),
        ({"requests_per_day": float("nan")}, "requests_per_day is nan", "between 0"),
        ({"requests_per_day": "many"}, "requests_per_day is 'many'", "a number"),
        ({"context_tokens": None}, "context_tokens is None", "whole number"),
        ({"languages": []}, "languages is []", "list"),
        ({"languages": ["Vietnamese!"]}, "languages has 'vietnamese!'", "ISO"),
        ({"inputs": ["smell"]}, "inputs has 'smell'", "image"),
        ({"hardware": ""}, "hardware is ''", "hardware"),
        ({"hardware": "x" * 5000}, "hardware is 'xxx", "short text"),
        ({"fine_tuning": "perhaps"}, "fine_tuning is 'perhaps'", "true or false"),
        ({"growth_per_year": -1}, "growth_per_year is -1", "between -0.99"),
    ],
)
def test_what_means_nothing_is_refused_with_the_fix(values: dict[str, Any], says: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_needs(values)
    assert says in caught.value.message
    assert hint in (caught.value.hint or "")
    assert len(caught.value.message) < 200


@given(
    st.dictionaries(st.sampled_from(KEYS), st.none() | st.booleans() | st.floats() | st.text() | st.lists(st.text()))
)
def test_whatever_is_written_is_needs_or_a_clear_error(values: dict[str, Any]) -> None:
    try:
        found = parse_needs(values)
    except BakeoffError:
        return
    assert from_json(Needs, to_json(found)) == found
    assert parse_needs({key: getattr(found, key) for key in RANGES}, found) == found


@pytest.mark.parametrize(
    ("values", "code"),
    [
        ({"prompt_tokens": 4000, "output_tokens": 97, "context_tokens": 4096}, "needs.request_too_long"),
        ({"hardware": "none", "privacy": "local-only"}, "needs.local_without_hardware"),
        ({"hardware": "none", "privacy": "private-cloud"}, "needs.private_without_hardware"),
        ({"hardware": "none", "fine_tuning": True}, "needs.fine_tuning_without_hardware"),
        ({"task": "vision"}, "needs.vision_without_images"),
    ],
)
def test_what_contradicts_is_found_and_names_a_question(values: dict[str, Any], code: str) -> None:
    found = contradictions(parse_needs(values))
    assert [one.code for one in found] == [code]
    assert found[0].parameters["key"] in {question.key for question in QUESTIONS}


def test_a_request_that_fills_the_context_exactly_is_none() -> None:
    assert contradictions(parse_needs({"prompt_tokens": 4000, "output_tokens": 96, "context_tokens": 4096})) == ()


def test_every_question_asks_for_a_need_once() -> None:
    asked = [question.key for question in QUESTIONS]
    assert len(set(asked)) == len(asked)
    assert set(asked) <= set(KEYS)


@pytest.mark.parametrize("name", [one.name for one in TEMPLATES])
def test_every_template_is_free_of_contradictions(name: str) -> None:
    assert contradictions(parse_needs(template(name).needs)) == ()


def test_an_unknown_template_is_refused_with_the_nearest() -> None:
    assert template("Support Triage").name == "support-triage"
    with pytest.raises(UsageError, match="no template") as caught:
        template("suport-triage")
    assert "'support-triage'" in (caught.value.hint or "")


def test_writing_needs_keeps_comments_and_everything_else(tmp_path: Path) -> None:
    path = tmp_path / "bakeoff.toml"
    path.write_text('# mine\n[needs]\ntask = "chat" # to be settled\n\n[data]\nfile = "rows.csv"\n', encoding="utf-8")
    write_needs(tmp_path, parse_needs({"task": "rag", "languages": "vi"}))
    text = path.read_text(encoding="utf-8")
    assert text.startswith("# mine\n")
    assert 'task = "rag" # to be settled' in text
    assert '[data]\nfile = "rows.csv"' in text
    assert read_needs(tmp_path) == parse_needs({"task": "rag", "languages": "vi"})
    assert [entry.name for entry in tmp_path.iterdir()] == ["bakeoff.toml"]


def test_a_folder_without_needs_has_none_and_bad_ones_name_the_key(tmp_path: Path) -> None:
    assert read_needs(tmp_path) is None
    (tmp_path / "bakeoff.toml").write_text("[needs]\nconcurrent_users = 0\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="concurrent_users is 0"):
        read_needs(tmp_path)
    (tmp_path / "bakeoff.toml").write_text("needs = 3\n", encoding="utf-8")
    with pytest.raises(ProjectError, match="not a table"):
        read_needs(tmp_path)


def test_needs_come_before_rows_and_stay_when_rows_come(tmp_path: Path) -> None:
    folder, rows = tmp_path / "tickets", tmp_path / "tickets.csv"
    rows.write_text("text,label\n" + "good,yes\nbad,no\n" * 5, encoding="utf-8")
    write_needs(folder, parse_needs({"task": "classification", "languages": "vi"}))
    new(folder, rows)
    config = read_config(folder / "bakeoff.toml")
    assert config.needs == parse_needs({"task": "classification", "languages": "vi"})
    with pytest.raises(ProjectError, match="exists already"):
        new(folder, rows)


def test_a_full_project_file_refuses_bad_needs_with_the_line(tmp_path: Path) -> None:
    folder, rows = tmp_path / "p", tmp_path / "rows.csv"
    rows.write_text("text,label\n" + "good,yes\nbad,no\n" * 5, encoding="utf-8")
    new(folder, rows)
    with (folder / "bakeoff.toml").open("a", encoding="utf-8") as file:
        file.write('\n[needs]\ntask = "nothing"\n')
    with pytest.raises(ProjectError, match=r"bakeoff.toml:\d+: needs: .*task is 'nothing'"):
        read_config(folder / "bakeoff.toml")


def test_the_budget_of_a_month_is_a_limit_on_a_thousand_rows() -> None:
    """200 USD a month at 5,000 requests a day: 152,083 requests, 1.315 USD for a thousand."""
    needs = parse_needs({"budget_usd_per_month": 200, "requests_per_day": 5000, "max_time_to_first_token_ms": 800})
    assert limits(needs).max_usd_per_1000_rows == pytest.approx(200 / (5000 * 365 / 12) * 1000)
    assert limits(needs).max_time_to_first_token_ms == 800
    assert limits(parse_needs({"budget_usd_per_month": 200})).max_usd_per_1000_rows is None
    assert limits(None) == NO_LIMITS
