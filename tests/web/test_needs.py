"""Needs over REST: what is asked, what it leaves, what is wrong with it, and that it is written as its owner would."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.needs import QUESTIONS, Needs, contradictions, fix, parse_needs
from bakeoff.project.needs import read_needs, write_needs
from bakeoff.project.shortlisting import shortlist_for

Call = Callable[..., TestClient]
CARD = "RTX 4090, 64 GB RAM"
NEEDS = "/api/projects/tickets/needs"


def test_every_need_is_asked_in_the_reader_s_language(client: Call, finished: Path) -> None:
    called = client(finished)
    asked = called.get(NEEDS).json()
    assert {one["key"] for one in asked["questions"]} == set(Needs.__dataclass_fields__)
    assert [one["key"] for one in asked["questions"]][: len(QUESTIONS)] == [one.key for one in QUESTIONS]
    assert asked["saved"] is False
    assert asked["needs"] == asked["defaults"]
    english = {one["key"]: one["why"] for one in asked["questions"]}
    vietnamese = {one["key"]: one["why"] for one in called.get(f"{NEEDS}?lang=vi").json()["questions"]}
    assert all(english[key] != vietnamese[key] for key in english)


def test_the_count_agrees_with_the_shortlist(client: Call, finished: Path) -> None:
    """Facts and room are the shortlist's own; with speeds, nothing but its choice is left to be done."""
    called = client(finished)
    values = {"hardware": CARD, "languages": ["vi", "en"], "license": "commercial"}
    quick = called.post(f"{NEEDS}/count", json={"values": values}).json()
    funnel = dict(shortlist_for(parse_needs(values)).funnel)
    by_code = {one["code"]: one["models"] for one in quick["out"]}
    facts = ["out.kind", "out.not_confirmed", "out.no_architecture", "out.language", "out.domain", "out.license"]
    assert {code: by_code.get(code) for code in facts} == {code: funnel.get(code) for code in facts}
    assert quick["left"] == quick["looked_at"] - sum(by_code.values())
    slow = called.post(f"{NEEDS}/count", json={"values": values | {"min_decode_tokens_per_second": 60}, "speeds": True})
    found = slow.json()
    assert found["speeds"] is True
    assert 0 < found["left"] < quick["left"]
    assert "out.decode_speed" in {one["code"] for one in found["out"]}


def test_needs_that_contradict_are_told_with_a_fix_that_mends_them(client: Call, finished: Path) -> None:
    values = {"hardware": "none", "privacy": "local-only", "fine_tuning": True, "task": "vision", "context_tokens": 500}
    told = client(finished).post(f"{NEEDS}/count", json={"values": values}).json()
    assert {one["key"] for one in told["contradictions"]} == {"context_tokens", "hardware", "fine_tuning", "inputs"}
    for one in told["contradictions"]:
        values |= one["fix"]
    assert client(finished).post(f"{NEEDS}/count", json={"values": values}).json()["contradictions"] == []


@pytest.mark.parametrize(
    "values",
    [
        {"hardware": "none", "privacy": "local-only"},
        {"hardware": "none", "privacy": "private-cloud"},
        {"hardware": "none", "fine_tuning": True},
        {"task": "vision"},
        {"prompt_tokens": 9000},
    ],
)
def test_each_fix_ends_its_contradiction(values: dict[str, Any]) -> None:
    needs = parse_needs(values)
    (found,) = contradictions(needs)
    assert contradictions(parse_needs(fix(found, needs), needs)) == ()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("prompt_tokens", "many"),
        ("prompt_tokens", 1e99),
        ("prompt_tokens", [1]),
        ("prompt_tokens", True),
        ("task", "<img src=x onerror=alert(1)>"),
        ("languages", ["vi", {"a": 1}]),
        ("languages", []),
        ("inputs", "smell"),
        ("hardware", "x" * 10_000),
        ("hardware", "flux capacitor 9000"),
        ("hardware", "RTX 4090 " * 50),
        ("fine_tuning", "perhaps"),
        ("domain", "\x00" * 3000),
        ("no_such_need", 1),
    ],
)
def test_a_wrong_value_is_told_by_its_key_and_stops_nothing_else(
    client: Call, finished: Path, key: str, value: Any
) -> None:
    called = client(finished)
    answer = called.post(f"{NEEDS}/count", json={"values": {"license": "commercial", key: value}})
    assert answer.status_code == 200
    (problem,) = answer.json()["problems"]
    assert problem["key"] == key
    assert problem["message"]
    assert len(answer.content) < 8000
    assert answer.json()["left"] > 0
    refused = called.put(NEEDS, json={"values": {key: value}})
    assert refused.status_code == 400
    assert refused.json()["error"]["problems"][0]["key"] == key


@pytest.mark.parametrize("body", [b"", b"[]", b'{"values": 3}', b'{"values": {}, "stamp": []}', b"{" * 5000])
def test_a_body_of_the_wrong_shape_is_refused(client: Call, finished: Path, body: bytes) -> None:
    answer = client(finished).post(f"{NEEDS}/count", content=body, headers={"content-type": "application/json"})
    assert 400 <= answer.status_code < 500


def test_needs_are_written_with_comments_kept(client: Call, project: Path) -> None:
    called = client(project)
    stamp = called.get(NEEDS).json()["stamp"]
    answer = called.put(NEEDS, json={"values": {"task": "coding", "budget_usd_per_month": 20}, "stamp": stamp})
    assert answer.status_code == 200
    assert answer.json()["saved"] is True
    assert read_needs(project) == parse_needs({"task": "coding", "budget_usd_per_month": 20})
    assert "# A comment that must survive." in (project / "bakeoff.toml").read_text(encoding="utf-8")
    again = called.put(NEEDS, json={"values": {"task": "coding"}, "stamp": answer.json()["stamp"]})
    assert again.status_code == 200
    assert "budget" not in (project / "bakeoff.toml").read_text(encoding="utf-8")


def test_two_people_do_not_write_over_each_other(client: Call, project: Path) -> None:
    called = client(project)
    stamp = called.get(NEEDS).json()["stamp"]
    write_needs(project, Needs(task="rag"))
    answer = called.put(NEEDS, json={"values": {"task": "coding"}, "stamp": stamp})
    assert answer.status_code == 409
    assert answer.json()["error"]["theirs"]["task"] == "rag"
    assert read_needs(project) == Needs(task="rag")


def test_contradictions_are_not_written(client: Call, project: Path) -> None:
    answer = client(project).put(f"{NEEDS}?lang=vi", json={"values": {"task": "vision"}})
    assert answer.status_code == 422
    assert answer.json()["error"]["contradictions"][0]["key"] == "inputs"
    assert read_needs(project) is None


def test_the_shortlist_is_the_command_s_and_says_why(client: Call, project: Path) -> None:
    write_needs(project, Needs(hardware=CARD, task="coding"))
    called = client(project)
    found = called.get("/api/projects/tickets/shortlist").json()
    picks = shortlist_for(Needs(hardware=CARD, task="coding")).picks
    assert [one["model"] for one in found["picks"]] == [one.entry.model.id for one in picks]
    assert all(one["reasons_for"] and one["candidate"]["name"] and not one["is_candidate"] for one in found["picks"])
    assert sum(one["models"] for one in found["funnel"]) + len(picks) == found["looked_at"]
    told = called.get("/api/projects/tickets/shortlist?explain=gemma 3 4b&lang=vi").json()["explained"]
    assert told["in"] is False
    assert told["reasons"][0]["code"].startswith("out.")
    unknown = called.get("/api/projects/tickets/shortlist", params={"explain": "<b>no such</b>" * 100})
    assert unknown.status_code == 400


def test_where_nothing_meets_the_needs_it_says_what_to_relax(client: Call, project: Path) -> None:
    write_needs(project, Needs(hardware=CARD, languages=("vi",), openness="fully-open", max_age_months=0.1))
    found = client(project).get("/api/projects/tickets/shortlist").json()
    assert found["picks"] == []
    assert found["relaxed"][0]["models"] > 0
