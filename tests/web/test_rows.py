"""Rows over HTTP: views, one row in full, pictures, further rows; and what strangers send."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.project import Project
from tests.project.sheet.common import answer, fill
from tests.web.projects import write_project

Call = Callable[..., TestClient]
SHEET = "/api/projects/tickets"
PNG = b"\x89PNG\r\n\x1a\n" + b"\0" * 20


def rows(client: TestClient, **query: Any) -> Any:
    """A block."""
    found = client.get(f"{SHEET}/rows", params=query)
    assert found.status_code == 200, found.text
    return found.json()


def test_blocks_and_views(client: Call, finished: Path) -> None:
    called = client(finished)
    first = rows(called, start=10, count=5)
    assert (first["total"], first["start"], [row["n"] for row in first["rows"]]) == (30, 10, [11, 12, 13, 14, 15])
    assert first["rows"][0]["values"]["text"] == "Dòng số 10: <negative>"
    found = rows(called, find="dong so 1", sort="text:desc", count=3)
    assert (found["total"], [row["id"] for row in found["rows"]]) == (11, ["r1", "r19", "r18"])
    assert [row["id"] for row in rows(called, find="dong so 1", sort="text:desc", start=9, count=5)["rows"]] == [
        "r11",
        "r10",
    ]
    assert rows(called, where=["kênh:web", "label:neutral"])["total"] == 5
    assert rows(called, row="r7")["total"] == 1
    assert (
        rows(called, state="wrong", candidate="alpha")["total"]
        + rows(called, state="right", candidate="alpha")["total"]
        == 30
    )


@pytest.mark.parametrize(
    "query",
    [
        {"start": -1}, {"count": 1001}, {"start": "x"}, {"state": "odd"}, {"sort": "nothing:asc"}, {"sort": "text"},
        {"candidate": "nobody", "state": "right"}, {"where": "nothing"}, {"find": "x" * 2001}, {"start": 2**40},
    ],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(client: Call, finished: Path, query: dict[str, Any]) -> None:
    assert client(finished).get(f"{SHEET}/rows", params=query).status_code in (400, 422)


def test_one_row_in_full(client: Call, finished: Path) -> None:
    called = client(finished)
    found = called.get(f"{SHEET}/rows/r3").json()
    assert (found["id"], found["n"], found["target"]) == ("r3", 4, "positive")
    cell = found["cells"]["alpha"]
    assert cell["request"].startswith('/chat/completions\n{"model":"alpha"')
    assert cell["state"] == "answered"
    assert cell["text"]
    assert [grade["grader"] for grade in cell["grades"]] == ["label"]
    assert (cell["finish_reason"], cell["thumb"], cell["correction"], cell["error"]) == ("stop", None, None, None)
    assert {"prompt_tokens", "output_tokens", "time_to_first_token_ms", "served_model", "cost_usd"} <= cell.keys()
    assert called.get(f"{SHEET}/rows/nobody").status_code == 404
    assert called.get(f"{SHEET}/rows/..%2F..%2Fbakeoff.toml").status_code == 404


def test_faults_and_failures_have_their_sentences(client: Call, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "tickets", 9, rows=2, models=("alpha",))
    fill(Project(folder), {("alpha", "r0"): answer("", finish_reason="length"), ("alpha", "r1"): None})
    called = client(folder)
    english = called.get(f"{SHEET}/rows/r0").json()["cells"]["alpha"]
    assert [one["code"] for one in english["fault_reasons"]] == english["faults"] == ["blank", "cut"]
    assert english["fault_reasons"][1]["text"] == "The answer ended at the token limit."
    other = called.get(f"{SHEET}/rows/r0", params={"lang": "vi"}).json()["cells"]["alpha"]
    assert other["fault_reasons"][0]["text"] == "Câu trả lời không có chữ nào."
    failed = called.get(f"{SHEET}/rows/r1").json()["cells"]["alpha"]
    assert (failed["state"], failed["error"]) == ("failed", {"code": "timeout", "message": "no answer"})


def test_strange_text_is_bounded_in_rows_and_whole_in_its_row(client: Call, tmp_path: Path) -> None:
    folder = write_project(tmp_path / "tickets", 9, rows=3, models=("alpha",))
    lines = [
        {"id": "r0/../x", "text": "<script>alert(1)</script>\u202e\x1b[31m" + "x" * 5_000_000, "label": "neutral"},
        {"id": "=1+1", "text": "a,b;\"c\"\n" * 100_000, "label": "neutral"},
        {"id": "ế 😀", "text": 2**70, "label": "neutral"},
    ]  # fmt: skip
    (folder / "rows.jsonl").write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    fill(Project(folder), {("alpha", "=1+1"): answer("# md\n" * 1_000_000)})
    called = client(folder)
    block = called.get(f"{SHEET}/rows")
    assert len(block.content) < 5000
    values = [row["values"]["text"] for row in block.json()["rows"]]
    assert values[0].startswith("<script>alert(1)</script>xxx")
    assert len(values[0]) == 160
    assert values[2] == str(2**70)
    whole = called.get(f"{SHEET}/rows/r0%2F..%2Fx").json()
    assert len(whole["values"]["text"]) == 1_000_001
    assert len(called.get(f"{SHEET}/rows/%3D1%2B1").json()["cells"]["alpha"]["text"]) == 1_000_001
    assert called.get(f"{SHEET}/rows/%E1%BA%BF%20%F0%9F%98%80").status_code == 200
    assert rows(called, find="XXXX")["total"] == 1
    assert rows(called, find="alert(1)", sort="text:asc")["total"] == 1


# pictures


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """Cells that name pictures, and cells that try something else."""
    folder = write_project(tmp_path / "tickets", 9, rows=1, models=("alpha",))
    (tmp_path / "secret.png").write_bytes(PNG)
    (folder / "in").mkdir()
    (folder / "in" / "a.png").write_bytes(PNG)
    (folder / "b.svg.png").write_text("<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>")
    names = [
        "in/a.png",
        "../secret.png",
        "bakeoff.toml.png",
        "b.svg.png",
        "/etc/hosts.png",
        "in",
        "https://evil.example/a.png",
    ]
    (folder / "link.png").symlink_to(tmp_path / "secret.png")
    lines = [
        json.dumps({"id": str(i), "text": "t", "label": "neutral", "image": name})
        for i, name in enumerate([*names, "link.png"])
    ]
    (folder / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    return folder


def test_pictures_are_shown_and_nothing_else(client: Call, pictures: Path) -> None:
    called = client(pictures)
    shown = called.get(f"{SHEET}/rows/0/image", params={"column": "image"})
    assert (shown.status_code, shown.content, shown.headers["content-type"]) == (200, PNG, "image/png")
    assert shown.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert shown.headers["x-content-type-options"] == "nosniff"
    for row in range(1, 8):
        refused = called.get(f"{SHEET}/rows/{row}/image", params={"column": "image"})
        assert refused.status_code == 400, row
        assert b"svg" not in refused.content or row == 3
    assert called.get(f"{SHEET}/rows/0/image", params={"column": "nothing"}).status_code == 400
    assert called.get(f"{SHEET}/rows/99/image", params={"column": "image"}).status_code == 400
    assert called.get(f"{SHEET}/rows/0/image", params={"column": "text"}).status_code == 400


def test_a_column_of_pictures_is_told(client: Call, pictures: Path) -> None:
    lines = [
        json.dumps(
            {"id": "0", "text": "t", "label": "neutral", "image": "in/a.png", "n": "007", "x": "1.5", "yes": True}
        )
    ]
    (pictures / "rows.jsonl").write_text("\n".join(lines), encoding="utf-8")
    told = client(pictures).get(f"{SHEET}/sheet").json()["data_columns"]
    assert {one["name"]: one["kind"] for one in told} == {
        "id": "number", "text": "text", "label": "text", "image": "image", "n": "text", "x": "number", "yes": "boolean",
    }  # fmt: skip


# further rows


def test_rows_are_added(client: Call, project: Path) -> None:
    called = client(project)
    told = called.get(f"{SHEET}/sheet").json()
    new = {"rows": [{"text": "mới", "label": "neutral"}, {"text": "nữa", "label": "positive"}], "stamp": told["stamp"]}
    made = called.post(f"{SHEET}/rows", json=new)
    assert (made.status_code, made.json()) == (201, {"added": 2, "ids": ["r30", "r31"]})
    assert called.get(f"{SHEET}/changes", params={"after": told["seq"]}).json()["reset"]
    again = called.get(f"{SHEET}/sheet").json()
    assert again["counts"]["alpha"] == {"answered": 30, "failed": 0, "missing": 2}
    late = called.post(f"{SHEET}/rows", json=new)
    assert (late.status_code, late.json()["error"]["theirs"]["n_rows"]) == (409, 32)


@pytest.mark.parametrize(
    "body",
    [
        {}, {"rows": []}, {"rows": "x"}, {"rows": [[]]}, {"rows": [{"nothing": 1}]}, {"rows": [{"text": {"a": 1}}]},
        {"rows": [{"text": "x", "label": "odd"}]}, {"rows": [{"id": "r1", "text": "x", "label": "neutral"}]},
        {"rows": [{"text": "x", "label": "neutral"}], "more": 1},
    ],
)  # fmt: skip
def test_rows_that_cannot_be_are_refused(client: Call, project: Path, body: dict[str, Any]) -> None:
    before = (project / "rows.jsonl").read_bytes()
    assert client(project).post(f"{SHEET}/rows", json=body).status_code in (400, 422)
    assert (project / "rows.jsonl").read_bytes() == before
