"""The report as a page and as a file, and exports."""

import csv
import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bakeoff.project import Project
from bakeoff.web.routes.report import attachment
from tests.web.projects import run_project, write_project

Call = Callable[..., TestClient]
HERE = "/api/projects/tickets"


@pytest.mark.parametrize("lang", ["en", "vi"])
@pytest.mark.parametrize("kind", ["html", "md", "json"])
def test_the_report_is_the_librarys(client: Call, finished: Path, kind: str, lang: str) -> None:
    answer = client(finished).get(f"{HERE}/report", params={"kind": kind, "lang": lang})
    assert answer.text == Project(finished).report(kind, lang)  # type: ignore[arg-type]
    policy = answer.headers["content-security-policy"]
    assert "default-src 'none'" in policy
    assert "script" not in policy.replace("allow-scripts", "")
    assert "allow-scripts" not in policy
    assert "frame-ancestors 'self'" in policy
    assert "content-disposition" not in answer.headers


def test_a_report_since_an_earlier_decision(client: Call, project: Path) -> None:
    called = client(project)
    called.post(f"{HERE}/decision/lock")
    called.put(f"{HERE}/decision", json={"rule": "best", "smallest_gap_that_matters": 0.5})
    with_changes = called.get(f"{HERE}/report", params={"kind": "json", "since": 1}).json()
    assert [one["code"] for one in with_changes["since"]["changes"]]
    assert called.get(f"{HERE}/report", params={"kind": "json"}).json()["since"] is None
    assert called.get(f"{HERE}/report", params={"since": 77}).status_code == 400
    assert called.get(f"{HERE}/report", params={"kind": "exe"}).status_code == 422


def test_a_file_has_a_safe_name_and_its_real_one(client: Call, tmp_path: Path, stub_port: int) -> None:
    folder = tmp_path / "đánh giá (tháng 11)"
    write_project(folder, stub_port, rows=3)
    name = client(tmp_path).get("/api/projects").json()["projects"][0]["name"]
    answer = client(tmp_path).get(f"/api/projects/{name}/report", params={"download": "true", "kind": "md"})
    header = answer.headers["content-disposition"]
    assert header.isascii()
    assert header.startswith('attachment; filename="')
    assert header.split('"')[1].replace("-", "").replace(".", "").isalnum()
    assert "filename*=UTF-8''%C4%91" in header


@pytest.mark.parametrize("name", ['a"; filename="b.exe', "a\r\nSet-Cookie: x", "../../etc/passwd", "", "...", "ß"])
def test_no_name_breaks_out_of_the_header(name: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert header.count('"') == 2
    assert "\n" not in header
    assert "/" not in header


def test_hostile_answers_stay_text(client: Call, tmp_path: Path, stub_port: int) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, rows=6)
    lines = (folder / "rows.jsonl").read_text(encoding="utf-8").splitlines()
    evil = "<script>alert(1)</script><img src=https://evil.example/x onerror=alert(2)>\u202e\x1b[31m</table></body>"
    rows = [{**json.loads(line), "text": evil + str(number)} for number, line in enumerate(lines)]
    (folder / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    run_project(folder)
    answer = client(folder).get(f"{HERE}/report")
    assert "<script" not in answer.text
    assert "<img" not in answer.text
    assert "\u202e" not in answer.text
    assert "\x1b" not in answer.text


@pytest.mark.parametrize("kind", ["csv", "xlsx", "jsonl", "parquet"])
def test_an_export_is_a_file(client: Call, finished: Path, kind: str) -> None:
    answer = client(finished).get(f"{HERE}/export", params={"kind": kind})
    assert answer.status_code == 200
    assert f'filename="tickets.{kind}"' in answer.headers["content-disposition"]
    if kind == "csv":
        assert len(list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig"))))) == 61
    if kind == "xlsx":
        assert answer.content.startswith(b"PK")
    wide = client(finished).get(f"{HERE}/export", params={"kind": kind, "wide": "true"})
    assert wide.status_code == 200
    assert wide.content != answer.content


def test_an_export_runs_no_formula(client: Call, tmp_path: Path, stub_port: int) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, rows=3)
    rows = [json.loads(line) for line in (folder / "rows.jsonl").read_text(encoding="utf-8").splitlines()]
    rows[0]["kênh"] = "=HYPERLINK(1)"
    (folder / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows), encoding="utf-8")
    text = client(folder).get(f"{HERE}/export", params={"kind": "csv"}).content.decode("utf-8-sig")
    cells = [cell for line in csv.reader(io.StringIO(text)) for cell in line]
    assert "'=HYPERLINK(1)" in cells
    assert not any(cell.startswith("=") for cell in cells)
