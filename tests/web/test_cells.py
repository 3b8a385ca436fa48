"""Cells written from the page: corrections, thumbs, values of the data; two writers; wrong types."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.project import Project

Call = Callable[..., TestClient]
SHEET = "/api/projects/tickets"


def post(client: TestClient, **body: Any) -> Any:
    """What the route answers."""
    return client.post(f"{SHEET}/cells", json=body)


def test_a_correction_and_its_end(client: Call, project: Path) -> None:
    called = client(project)
    seq = called.get(f"{SHEET}/sheet").json()["seq"]
    made = post(called, row="r1", candidate="alpha", seq=seq, author="Lan", correction="tốt hơn")
    assert made.status_code == 200
    cell = made.json()
    assert cell["corrected"]
    shown = called.get(f"{SHEET}/rows/r1").json()["cells"]["alpha"]
    assert (shown["correction"]["text"], shown["correction"]["author"]) == ("tốt hơn", "Lan")
    assert shown["text"] != "tốt hơn"
    assert [one["row"] for one in called.get(f"{SHEET}/changes", params={"after": seq}).json()["cells"]] == ["r1"]
    undone = post(called, row="r1", candidate="alpha", seq=cell["seq"], author="Lan", correction=None)
    assert not undone.json()["corrected"]
    assert called.get(f"{SHEET}/rows/r1").json()["cells"]["alpha"]["correction"] is None


def test_the_second_writer_sees_both(client: Call, project: Path) -> None:
    one, other = client(project), client(project)
    seq = one.get(f"{SHEET}/sheet").json()["seq"]
    assert post(one, row="r1", candidate="alpha", seq=seq, author="A", correction="first").status_code == 200
    late = post(other, row="r1", candidate="alpha", seq=seq, author="B", correction="second")
    assert late.status_code == 409
    error = late.json()["error"]
    assert (error["kind"], error["theirs"]["corrected"]) == ("conflict", True)
    again = post(other, row="r1", candidate="alpha", seq=error["theirs"]["seq"], author="B", correction="second")
    assert again.status_code == 200


def test_many_writers_at_once(client: Call, project: Path) -> None:
    called = client(project)
    seq = called.get(f"{SHEET}/sheet").json()["seq"]
    found: list[int] = []

    def write(number: int) -> None:
        found.append(
            post(called, row="r1", candidate="alpha", seq=seq, author=f"{number}", correction=f"{number}").status_code
        )

    threads = [threading.Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(found) == [200, 409, 409, 409, 409, 409]


def test_thumbs(client: Call, project: Path) -> None:
    called = client(project)
    assert post(called, row="r1", candidate="beta", author="Lan", thumb="up").json()["thumb"] == "up"
    shown = called.get(f"{SHEET}/rows/r1").json()["cells"]["beta"]["thumb"]
    assert (shown["thumb"], shown["author"]) == ("up", "Lan")
    assert post(called, row="r1", candidate="beta", author="Lan", thumb=None).json()["thumb"] is None
    assert [label.drawn for label in Project(project).labels()] == ["chosen", "chosen"]


def test_a_value_of_the_data(client: Call, project: Path) -> None:
    called = client(project)
    told = called.get(f"{SHEET}/sheet").json()
    made = post(called, row="r1", column="text", value="khác <neutral>", stamp=told["stamp"])
    assert made.status_code == 200, made.text
    assert made.json()["value"] == "khác <neutral>"
    assert called.get(f"{SHEET}/sheet").json()["counts"]["alpha"]["missing"] == 1
    late = post(called, row="r1", column="text", value="mine", stamp=told["stamp"])
    assert (late.status_code, late.json()["error"]["theirs"]["value"]) == (409, "khác <neutral>")
    assert post(called, row="r1", column="nothing", value="x").status_code == 400
    assert post(called, row="r1", column="label", value="odd").status_code == 400
    assert post(called, row="r1", value="x").status_code == 400


@pytest.mark.parametrize(
    "body",
    [
        {}, {"row": "r1"}, {"row": "r1", "candidate": "alpha", "author": "A"},
        {"row": "r1", "candidate": "alpha", "author": "A", "thumb": "up", "correction": "x"},
        {"row": "r1", "candidate": "nobody", "author": "A", "thumb": "up"},
        {"row": "r99", "candidate": "alpha", "author": "A", "thumb": "up"},
        {"row": "r1", "candidate": "alpha", "author": "", "thumb": "up"},
        {"row": "r1", "candidate": "alpha", "author": "A", "thumb": "sideways"},
        {"row": "r1", "candidate": "alpha", "author": "A", "correction": 7},
        {"row": 1, "candidate": "alpha", "author": "A", "correction": "x"},
        {"row": "r1", "candidate": "alpha", "author": "A", "correction": "x", "seq": "1"},
        {"row": "r1", "candidate": "alpha", "author": "A", "correction": "x", "seq": -1},
        {"row": "r1", "candidate": "alpha", "author": "A", "correction": "x" * 200_001},
        {"row": "r1", "candidate": "alpha", "author": "A", "thumb": "up", "more": 1},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(client: Call, project: Path, body: dict[str, Any]) -> None:
    called = client(project)
    seq = called.get(f"{SHEET}/sheet").json()["seq"]
    assert post(called, **body).status_code in (400, 422)
    assert called.get(f"{SHEET}/changes", params={"after": seq}).json()["cells"] == []
