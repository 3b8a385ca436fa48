"""The sheet over HTTP: what it is, what changed, and its edits. Cells themselves: tests/project/sheet."""

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.errors import StorageError
from bakeoff.evaluate.store import Ledger
from bakeoff.project.sheet import Sheet
from bakeoff.project.sheet.view import Query
from bakeoff.web.workspace import Opened
from tests.web.projects import run_project

Call = Callable[..., TestClient]
SHEET = "/api/projects/tickets"


def get(client: TestClient, path: str, **query: Any) -> Any:
    """The answer of a route, which must be good."""
    found = client.get(f"{SHEET}/{path}", params=query)
    assert found.status_code == 200, found.text
    return found.json()


def test_what_a_sheet_is(client: Call, finished: Path) -> None:
    told = get(client(finished), "sheet")
    assert told["data_columns"] == [{"name": name, "kind": "text"} for name in ("id", "text", "label", "kênh")]
    assert (told["project"], told["n_rows"], told["id_column"]) == ("tickets", 30, "id")
    assert [one["name"] for one in told["candidates"]] == ["alpha", "beta"]
    assert told["graders"] == [{"name": "label", "kind": "label", "target": "{{ label }}"}]
    assert told["prompt"]["user"] == "{{ text }}"
    assert told["parameters"] == {"temperature": 0.0, "max_tokens": 16}
    assert told["counts"] == {name: {"answered": 30, "failed": 0, "missing": 0} for name in ("alpha", "beta")}


def test_a_run_elsewhere_comes_with_the_changes(client: Call, project: Path) -> None:
    (project / "bakeoff.db").unlink()
    called = client(project)
    seq = get(called, "sheet")["seq"]
    assert get(called, "changes", after=seq) == {"seq": seq, "cells": [], "running": False, "reset": False}
    run_project(project)
    found = get(called, "changes", after=seq)
    assert sorted((one["row"], one["candidate"]) for one in found["cells"]) == sorted(
        (f"r{i}", name) for i in range(30) for name in ("alpha", "beta")
    )
    rows = {row["id"]: row["cells"] for row in get(called, "rows")["rows"]}
    for one in found["cells"]:
        row, name = one.pop("row"), one.pop("candidate")
        assert rows[row][name] == one
    assert get(called, "changes", after=found["seq"])["cells"] == []


def test_another_ledger_in_the_place_of_the_first_is_seen(client: Call, project: Path) -> None:
    called = client(project)
    seq = get(called, "sheet")["seq"]
    assert get(called, "rows")["rows"][0]["cells"]["alpha"]["state"] == "answered"
    for path in project.glob("bakeoff.db*"):
        path.unlink()
    assert get(called, "changes", after=seq)["reset"]
    assert get(called, "sheet")["counts"]["alpha"] == {"answered": 0, "failed": 0, "missing": 30}
    assert get(called, "rows", state="answered")["total"] == 0
    run_project(project)
    assert get(called, "sheet")["counts"]["alpha"]["answered"] == 30


def test_an_edit_by_hand_asks_for_the_sheet_again(client: Call, project: Path) -> None:
    called = client(project)
    told = get(called, "sheet")
    file = project / "bakeoff.toml"
    file.write_text(file.read_text(encoding="utf-8").replace("max_tokens = 16", "max_tokens = 17"), encoding="utf-8")
    assert get(called, "changes", after=told["seq"])["reset"]
    again = get(called, "sheet")
    assert again["stamp"] != told["stamp"]
    assert again["counts"]["alpha"]["missing"] == 30
    assert not get(called, "changes", after=again["seq"])["reset"]
    assert get(called, "changes", after=again["seq"], stamp=told["stamp"])["reset"]


def test_a_file_that_became_wrong_is_told_and_mended(client: Call, project: Path) -> None:
    called = client(project)
    get(called, "sheet")
    file = project / "bakeoff.toml"
    before = file.read_text(encoding="utf-8")
    file.write_text(before.replace("[prompt]", "[promt]"), encoding="utf-8")
    for path in ("sheet", "rows", "changes"):
        assert called.get(f"{SHEET}/{path}").status_code == 400
    file.write_text(before, encoding="utf-8")
    assert get(called, "sheet")["n_rows"] == 30


# candidates and prompt


def test_a_candidate_comes_and_goes(client: Call, project: Path) -> None:
    called = client(project)
    before = (project / "bakeoff.toml").read_text(encoding="utf-8")
    stamp = get(called, "sheet")["stamp"]
    new = {"model": "gamma", "via": "ollama", "name": 'g "1" <b>', "build": None, "prompt": {"system": "{{ label }}"}}
    made = called.post(f"{SHEET}/candidates", json={**new, "stamp": stamp})
    assert made.status_code == 201
    assert made.json()["error"] is None
    text = (project / "bakeoff.toml").read_text(encoding="utf-8")
    assert text.startswith("# A comment that must survive.")
    assert [one["name"] for one in get(called, "sheet")["candidates"]] == ["alpha", "beta", 'g "1" <b>']
    late = called.post(f"{SHEET}/candidates", json={"model": "delta", "via": "ollama", "stamp": stamp})
    assert late.status_code == 409
    assert late.json()["error"]["theirs"]["candidates"][-1] == 'g "1" <b>'
    gone = called.request("DELETE", f"{SHEET}/candidates/g%20%221%22%20%3Cb%3E")
    assert gone.status_code == 200
    assert get(called, "sheet")["counts"]["alpha"]["answered"] == 30
    assert (project / "bakeoff.toml").read_text(encoding="utf-8").split() == before.split()


@pytest.mark.parametrize(
    ("new", "said"),
    [
        ({"model": "x", "via": "olama"}, "did you mean 'ollama'"), ({"model": "alpha", "name": "alpha"}, "alpha"),
        ({"model": "x", "via": "ollama", "prompt": {"system": "{{ nothing }}"}}, "no column 'nothing'"),
        ({"model": "x", "via": "ollama", "prompt": {"system": "{{ text"}}, ""), ({"model": ""}, "model"),
        ({"model": "x", "via": "ollama", "key": "sk-secret-value"}, "NAME"), ({"model": 7}, "model"),
        ({"model": "x", "more": 1}, "more"), ({"model": "x" * 501}, "model"),
        ({"model": "x\0", "via": "ollama"}, "zero byte"),
    ],
)  # fmt: skip
def test_a_candidate_that_cannot_be_is_refused(client: Call, project: Path, new: dict[str, Any], said: str) -> None:
    before = (project / "bakeoff.toml").read_bytes()
    refused = client(project).post(f"{SHEET}/candidates", json=new)
    assert 400 <= refused.status_code < 500
    assert said in refused.json()["error"]["message"]
    assert (project / "bakeoff.toml").read_bytes() == before


def test_the_last_candidate_stays(client: Call, project: Path) -> None:
    called = client(project)
    assert called.request("DELETE", f"{SHEET}/candidates/nobody").status_code == 400
    assert called.request("DELETE", f"{SHEET}/candidates/alpha").status_code == 200
    assert called.request("DELETE", f"{SHEET}/candidates/beta").status_code == 400


def test_the_prompt_is_written_and_checked(client: Call, project: Path) -> None:
    called = client(project)
    stamp = get(called, "sheet")["stamp"]
    for wrong in ("{{ nothing }}", "{{ text", "{% for %}", "{{ text }}\0"):
        assert called.put(f"{SHEET}/prompt", json={"user": wrong}).status_code == 400
    assert called.put(f"{SHEET}/prompt", json={}).status_code == 400
    kept = called.put(f"{SHEET}/prompt", json={"system": None, "user": '{{ row["kênh"] }}: {{ text }}', "stamp": stamp})
    assert kept.status_code == 200, kept.text
    told = get(called, "sheet")
    assert (told["prompt"]["system"], told["prompt"]["user"]) == (None, '{{ row["kênh"] }}: {{ text }}')
    late = called.put(f"{SHEET}/prompt", json={"user": "mine {{ text }}", "stamp": stamp})
    assert late.status_code == 409
    assert late.json()["error"]["theirs"]["prompt"]["user"] == '{{ row["kênh"] }}: {{ text }}'
    # What it was before has its answers again.
    called.put(
        f"{SHEET}/prompt",
        json={"system": "Answer with exactly one of: positive, negative, neutral.", "user": "{{ text }}"},
    )
    assert get(called, "sheet")["counts"]["alpha"]["answered"] == 30


def test_a_prompt_is_tried_before_it_is_written(client: Call, project: Path) -> None:
    called = client(project)
    (shown,) = get(called, "preview", row="r4", candidate="beta", system="", user="<{{ text }}>")["candidates"]
    assert shown["text"] == "[user]\n<Dòng số 4: <negative>>"
    assert '"model":"beta"' in shown["request"]
    assert len(get(called, "preview")["candidates"]) == 2
    wrong = get(called, "preview", user="{{ nothing }}")["candidates"]
    assert all("nothing" in one["error"]["message"] for one in wrong)
    assert called.get(f"{SHEET}/preview", params={"row": "none"}).status_code == 400
    assert called.get(f"{SHEET}/preview", params={"candidate": "none"}).status_code == 400


def test_what_cannot_be_noted_is_looked_at_all_the_same(
    client: Call, project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A sheet notes in the ledger what its files were; where the disk is full it is shown without."""

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(Ledger, "record_finding", full)
    called = client(project)
    assert len(get(called, "rows")["rows"]) == 30
    assert not get(called, "changes", after=get(called, "sheet")["seq"])["reset"]


def test_the_sheet_waits_for_no_other_work(finished: Path) -> None:
    """A comparison of a large project takes seconds; the page's rows do not wait for it."""
    opened = Opened(finished)
    begun, release = threading.Event(), threading.Event()

    def slow(_: object) -> str:
        begun.set()
        release.wait(20)
        return "done"

    thread = threading.Thread(target=lambda: opened.kept("slow", slow))
    thread.start()
    try:
        assert begun.wait(20)
        assert opened.kept("sheet", Sheet, with_ledger=False).rows(0, 5, Query())["total"] == 30
        assert not release.is_set()
    finally:
        release.set()
        thread.join()
