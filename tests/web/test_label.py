"""Blind A/B: nothing that is answered before the reveal tells which model wrote what, nothing is lost or doubled."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.evaluate.people.labels import answer_digest
from bakeoff.project import Project
from bakeoff.web.sealed import BrokenSeal, seal, unseal
from tests.judge.bench import Server, honest, make_project, serving
from tests.web.projects import write_project

Call = Callable[..., TestClient]
AT = "/api/projects/tickets/label"
RATES = {"Zephyr-7B-beta": 0.9, "Mixtral-8x7B": 0.5}


@pytest.fixture(scope="module")
def answered(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Two models whose answers say who they are, and a judge that was asked."""
    with serving(Server(RATES, {"themis-70": honest(0.95)})) as address:
        folder = make_project(
            tmp_path_factory.mktemp("label") / "tickets", address, rows=12, models=tuple(RATES), metric="accuracy"
        )
        text = (folder / "bakeoff.toml").read_text(encoding="utf-8")
        (folder / "bakeoff.toml").write_text(
            text.replace('name = "Z"', 'name = "Zephyr"').replace('name = "M"', 'name = "Mixtral"')
        )
        project = Project(folder)
        project.run()
        project.judge()
        yield folder


@pytest.fixture
def blind(answered: Path, tmp_path: Path) -> Path:
    """A copy of one's own."""
    folder = tmp_path / "tickets"
    folder.mkdir()
    for file in answered.iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return folder


def telltales(folder: Path) -> list[bytes]:
    """Everything that says which model wrote an answer: names, ids, builds, and digests of them and of calls."""
    found: set[str] = set()
    for column, contestant in zip((project := Project(folder)).columns(), project.contestants(), strict=True):
        candidate = contestant.candidate
        names = {candidate.name, candidate.model, column.build, candidate.via}
        found |= names | {hashlib.sha256(name.encode()).hexdigest()[:12] for name in names}
        found |= {address[:12] for digests in contestant.digests or () for address in digests}
        found |= {answer_digest(cell.text)[:12] for cell in column.cells}
        if contestant.resolved is not None:
            found |= {contestant.resolved.route.endpoint, contestant.resolved.route.build}
    return [one.encode() for one in found if len(one) > 2]


def test_no_answer_of_the_api_tells_who_is_who(client: Call, blind: Path) -> None:
    called, said, bodies = client(blind), ["left", "right", "tie", "both bad", "skip"], list[bytes]()
    answer = called.get(AT + "/next?author=Lan")
    while (item := answer.json()["item"]) is not None:
        bodies.append(answer.content + json.dumps(dict(answer.headers)).encode())
        bodies.append(
            called.get(AT + "/answer", params={"token": item["token"], "author": "Lan", "side": "right"}).content
        )
        bodies.append(called.get(AT + "/progress?author=Lan&lang=vi").content)
        verdict = said[len(bodies) // 3 % 5]
        answer = called.post(AT, json={"author": "Lan", "token": item["token"], "said": verdict, "seconds": 1.5})
        assert answer.status_code == 200
    bodies.append(called.post(AT + "/undo", json={"author": "Lan"}).content)
    bodies.append(called.get(AT + "/next?author=Lan&kind=point").content)
    bodies.append(called.post(AT, json={"author": "Lan", "token": "x", "said": "tie"}).content)
    assert len(bodies) > 20
    assert b"[model]" in bodies[0], "answers name their models, and the names are covered"
    leaks = {(tell, body[:80]) for body in bodies for tell in telltales(blind) if tell.lower() in body.lower()}
    assert leaks == set()
    # The reveal does say it.
    revealed = called.get(AT + "/standings").json()
    assert {one["candidate"] for one in revealed["pairs"]} == {"Zephyr", "Mixtral"}
    assert revealed["told"][0].startswith("1 person has labelled")


def test_tokens_of_either_model_look_alike(client: Call, blind: Path) -> None:
    called = client(blind)
    tokens = [called.get(AT + f"/next?author=p{i}&kind=point").json()["item"]["token"] for i in range(8)]
    assert len({len(token) for token in tokens}) == 1
    assert len(set(tokens)) == 8


def test_labels_are_kept_with_side_author_and_time(client: Call, blind: Path) -> None:
    called = client(blind)
    item = called.get(AT + "/next?author=Lan").json()["item"]
    after = called.post(AT, json={"author": "Lan", "token": item["token"], "said": "left", "seconds": 2.5}).json()
    (label,) = Project(blind).labels()
    assert (label.author, label.said, label.seconds, label.row_id, label.drawn) == (
        "Lan",
        "left",
        2.5,
        item["row"],
        "random",
    )
    assert label.probability == pytest.approx(1 / 12, abs=1)
    assert after["item"]["token"] != item["token"]
    assert after["reached"]["mine"] == 1
    assert after["can_undo"]
    assert called.get(AT + "/progress?author=Lan").json()["seconds_per_item"] == 2.5


def test_a_verdict_that_is_sent_twice_counts_once_and_another_one_is_refused(client: Call, blind: Path) -> None:
    called = client(blind)
    token = called.get(AT + "/next?author=Lan").json()["item"]["token"]
    body = {"author": "Lan", "token": token, "said": "left"}
    assert [called.post(AT, json=body).status_code for _ in range(2)] == [200, 200]
    other = called.post(AT, json={**body, "said": "right"})
    assert other.status_code == 409
    assert other.json()["error"]["said"] == "left"
    assert len(Project(blind).labels()) == 1


def test_two_people_do_not_collide(client: Call, blind: Path) -> None:
    called = client(blind)
    lan, minh = (called.get(AT + f"/next?author={name}").json()["item"] for name in ("Lan", "Minh"))
    assert lan["row"] == minh["row"], "the first items are the same for everyone"
    called.post(AT, json={"author": "Minh", "token": minh["token"], "said": "tie"})
    called.post(AT, json={"author": "Lan", "token": lan["token"], "said": "both bad"})
    assert {(label.author, label.said) for label in Project(blind).labels()} == {("Lan", "both bad"), ("Minh", "tie")}
    told = called.get(AT + "/progress?author=Lan").json()
    assert any("Minh and Lan agree" in one or "Lan and Minh agree" in one for one in told["people"])


def test_undo_brings_the_item_back_also_after_a_restart(client: Call, blind: Path) -> None:
    called = client(blind)
    first = called.get(AT + "/next?author=Lan").json()["item"]
    called.post(AT, json={"author": "Lan", "token": first["token"], "said": "left"})
    undone = client(blind).post(AT + "/undo", json={"author": "Lan"}).json()
    assert undone["undone"]
    restarted = client(blind)
    again = restarted.get(AT + "/next?author=Lan").json()
    assert again["back"]
    for item in (undone["item"], again["item"]):
        assert (item["row"], item["left"], item["right"]) == (first["row"], first["left"], first["right"])
    assert restarted.post(AT, json={"author": "Lan", "token": first["token"], "said": "right"}).status_code == 200
    assert [label.said for label in Project(blind).labels()] == ["left", "withdrawn", "right"]
    assert not restarted.post(AT + "/undo", json={"author": "Nobody"}).json()["undone"]


def test_a_stale_item_is_a_conflict(client: Call, blind: Path) -> None:
    called = client(blind)
    item = called.get(AT + "/next?author=Lan").json()["item"]
    with sqlite3.connect(blind / "bakeoff.db") as ledger:
        ledger.execute("UPDATE call SET text = 'something else' WHERE row_id = ?", (item["row"],))
    ledger.close()
    answer = client(blind).post(AT, json={"author": "Lan", "token": item["token"], "said": "left"})
    assert (answer.status_code, answer.json()["error"]["kind"]) == (409, "conflict")
    assert Project(blind).labels() == []


def tampered(token: str) -> list[str]:
    flipped = "A" if token[40] != "A" else "B"
    return [
        "",
        "x",
        "💣",
        "%",
        token[:-4],
        token + "AAAA",
        token[:40] + flipped + token[41:],
        "A" * 7999,
        seal({}, b"k"),
    ]


def test_items_that_were_never_shown_are_refused(client: Call, blind: Path) -> None:
    called = client(blind)
    token = called.get(AT + "/next?author=Lan").json()["item"]["token"]
    for wrong in tampered(token):
        answer = called.post(AT, json={"author": "Lan", "token": wrong, "said": "left"})
        assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "token")
    stolen = called.post(AT, json={"author": "Minh", "token": token, "said": "left"})
    assert (stolen.status_code, stolen.json()["error"]["kind"]) == (400, "token")
    assert Project(blind).labels() == []


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"author": 5},
        {"author": ""},
        {"author": "x" * 201},
        {"author": ["Lan"]},
        {"token": 7},
        {"token": "A" * 9000},
        {"said": "withdrawn"},
        {"said": "best"},
        {"seconds": -1},
        {"seconds": 1e9},
        {"seconds": "2"},
        {"model": "alpha"},
    ],
)
def test_wrong_types_are_refused(client: Call, blind: Path, body: dict[str, Any]) -> None:
    called = client(blind)
    whole = {"author": "Lan", "token": called.get(AT + "/next?author=Lan").json()["item"]["token"], "said": "tie"}
    sent = {**whole, **body} if body else body
    assert called.post(AT, json=sent).status_code == 422
    assert Project(blind).labels() == []


def test_one_answer_cannot_be_left_or_right(client: Call, blind: Path) -> None:
    called = client(blind)
    item = called.get(AT + "/next?author=Lan&kind=point").json()["item"]
    assert item["right"] is None
    assert called.post(AT, json={"author": "Lan", "token": item["token"], "said": "left"}).status_code == 400
    assert called.post(AT, json={"author": "Lan", "token": item["token"], "said": "wrong"}).status_code == 200


def test_long_and_hostile_answers_come_cut_and_clean(client: Call, blind: Path) -> None:
    hostile = "\x1b[31m‮<script>alert(1)</script>" + "đ" * 5_000_000
    row = client(blind).get(AT + "/next?author=Lan").json()["item"]["row"]
    with sqlite3.connect(blind / "bakeoff.db") as ledger:
        ledger.execute("UPDATE call SET text = ? || candidate WHERE row_id = ?", (hostile, row))
    ledger.close()
    called = client(blind)
    item = called.get(AT + "/next?author=Lan").json()["item"]
    for side in ("left", "right"):
        assert item[side]["characters"] > 5_000_000
        assert len(item[side]["text"]) <= 20_000
        assert item[side]["text"].startswith("<script>")
    whole = called.get(AT + "/answer", params={"token": item["token"], "author": "Lan", "side": "left"}).json()["text"]
    assert len(whole) > 5_000_000
    assert "\x1b" not in whole


def test_without_answers_there_is_nothing_to_show(client: Call, tmp_path: Path, stub_port: int) -> None:
    called = client(write_project(tmp_path / "tickets", stub_port))
    found = called.get(AT + "/next?author=Lan").json()
    assert (found["item"], found["can_undo"], found["reached"]["left"]) == (None, False, 0)
    one = client(write_project(tmp_path / "one" / "tickets", stub_port, models=("alpha",)))
    assert one.get(AT + "/next?author=Lan").json()["kind"] == "point"


def test_a_seal_holds() -> None:
    key, facts = b"k" * 32, {"a": "đ", "n": 1}
    assert unseal(seal(facts, key), key) == facts
    assert seal(facts, key) == seal(facts, key) != seal({**facts, "n": 2}, key)
    with pytest.raises(BrokenSeal):
        unseal(seal(facts, key), b"l" * 32)
