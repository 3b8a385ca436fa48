"""Files from people: what is made of good ones, and that bad ones are bounded and leave nothing behind."""

import gzip
import io
import os
import stat
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.web import bodies, uploads
from bakeoff.web.errors import Refused
from bakeoff.web.names import data_file_name
from bakeoff.web.uploads import Uploads

Call = Callable[..., TestClient]
CSV = "mã,câu hỏi,nhãn\n" + "".join(f"r{i},Dòng {i} <b>,{('tốt', 'xấu')[i % 2]}\n" for i in range(12))


@pytest.fixture(autouse=True)
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A temporary folder of the test's own."""
    folder = tmp_path / "tmp"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


def held(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def send(called: TestClient, name: str, body: bytes | str) -> Any:
    return called.post("/api/uploads", params={"name": name}, content=body)


def test_a_file_is_shown_with_what_is_guessed(client: Call, tmp_path: Path, temporary: Path) -> None:
    called = client(tmp_path)
    answer = send(called, "khách hàng.csv", CSV)
    assert answer.status_code == 201, answer.text
    told = answer.json()
    assert (told["name"], told["project"], told["n_rows"], told["bytes"]) == (
        "khách hàng.csv", "khách hàng", 12, len(CSV.encode()),
    )  # fmt: skip
    assert told["columns"] == ["mã", "câu hỏi", "nhãn"]
    assert told["first_rows"][1] == {"mã": "r1", "câu hỏi": "Dòng 1 <b>", "nhãn": "xấu"}
    assert len(told["first_rows"]) == 8
    assert told["guess"] == {
        "id": "mã", "input": "câu hỏi", "target": "nhãn", "labels": ["tốt", "xấu"],
        "system": "Answer with exactly one of: tốt, xấu.", "user": "{{ row['câu hỏi'] }}",
    }  # fmt: skip
    [file] = held(temporary)
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(file.parent.parent.stat().st_mode) == 0o700
    again = called.get(f"/api/uploads/{told['upload']}", params={"input": "mã", "id": "", "by_people": True}).json()
    assert (again["guess"]["id"], again["guess"]["target"], again["guess"]["labels"]) == (None, None, [])
    assert again["guess"]["user"] == "{{ mã }}"
    twice = called.get(f"/api/uploads/{told['upload']}", params={"id": "nhãn"})
    assert (twice.status_code, "used more than once" in twice.json()["error"]["message"]) == (400, True)
    assert called.delete(f"/api/uploads/{told['upload']}").status_code == 204
    assert held(temporary) == []
    assert called.get(f"/api/uploads/{told['upload']}").status_code == 404


def test_rows_pasted_from_a_spreadsheet_are_a_table(client: Call, tmp_path: Path) -> None:
    told = send(client(tmp_path), "pasted.tsv", 'text\tlabel\n"two\nlines"\tgood\n"said ""no"""\tbad\n').json()
    assert [row["text"] for row in told["first_rows"]] == ["two\nlines", 'said "no"']
    assert told["guess"]["target"] == "label"


def test_without_a_column_that_is_right_people_will_say(client: Call, tmp_path: Path) -> None:
    told = send(client(tmp_path), "a.jsonl", '{"q": "one"}\n{"q": "two"}\n').json()
    assert (told["guess"]["input"], told["guess"]["target"]) == ("q", None)


def test_the_rows_of_a_file_are_added_to_a_project(client: Call, project: Path, temporary: Path) -> None:
    called = client(project.parent)
    more = {"name": "more.csv", "project": "tickets", "as": "rows"}
    answer = called.post("/api/uploads", params=more, content="text,label\nmột,positive\nhai,negative\n")
    assert answer.status_code == 201, answer.text
    assert answer.json()["added"] == 2
    assert called.get("/api/projects/tickets/sheet").json()["n_rows"] == 32
    assert held(temporary) == []
    before = (project / "rows.jsonl").read_bytes()
    for text, said in (("wrong\n1\n", "wrong"), ("id,text,label\nr1,x,positive\n", "r1"), ("text,label\n", "no rows")):
        answer = called.post("/api/uploads", params=more, content=text)
        assert answer.status_code == 400
        assert said in answer.json()["error"]["message"]
    assert called.post("/api/uploads", params={**more, "project": "none"}, content="a\n1\n").status_code == 404
    assert called.post("/api/uploads", params={"name": "a.csv", "as": "rows"}, content="a\n1\n").status_code == 400
    assert (project / "rows.jsonl").read_bytes() == before


@pytest.mark.parametrize(
    ("name", "safe"),
    [
        ("../../etc/passwd.csv", "passwd.csv"), ("C:\\x\\y.CSV", "y.csv"), (".csv", "data.csv"),
        ("con.csv", "data.csv"),
        ("a\0b\r\nc.csv", "abc.csv"), ("\u202ecsv.exe.csv", "csv.exe.csv"), ("<img src=x>.tsv", "img src=x.tsv"),
        ("e\u0301.jsonl.gz", "é.jsonl.gz"), ("x" * 400 + ".csv", "x" * 80 + ".csv"), ("...csv", "data.csv"),
        ("🎉" * 100 + ".csv", "🎉" * 45 + ".csv"),
    ],
)  # fmt: skip
def test_names_are_made_safe(name: str, safe: str) -> None:
    assert data_file_name(name) == safe


@pytest.mark.parametrize("name", ["a.exe", "", "csv", "a.csv.exe", "bakeoff.toml", "bakeoff.db", "a.xlsx.zip"])
def test_other_kinds_of_files_are_refused(client: Call, tmp_path: Path, temporary: Path, name: str) -> None:
    answer = send(client(tmp_path), name, "a,b\n1,2\n")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "format")
    assert held(temporary) == []


def bomb() -> bytes:
    """A small Excel file that unpacks to more than 512 MiB."""
    packed = io.BytesIO()
    with (
        zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/workbook.xml", "w") as part,
    ):
        for _ in range(520):
            part.write(b"\0" * 2**20)
    return packed.getvalue()


BAD: dict[str, tuple[str, Callable[[], bytes]]] = {
    "an open quote": ("a.csv", lambda: b'a,b\n"' + b"x" * 1_000_000),
    "not text": ("a.csv", lambda: b"a,b\n\xff\xfe\x00\x01,2\n"),
    "nothing": ("a.csv", lambda: b""),
    "only a header": ("a.csv", lambda: b"a,b\n"),
    "not excel": ("a.xlsx", lambda: b"PK\x03\x04 no"),
    "not parquet": ("a.parquet", lambda: b"PAR1" + b"\0" * 100 + b"PAR1"),
    "a zip bomb": ("a.xlsx", bomb),
    "a gzip bomb": ("a.csv.gz", lambda: gzip.compress(b'a\n"' + b"x" * 70_000_000, 1)),
    "nested": ("a.jsonl", lambda: b'{"a":' * 5000 + b"1" + b"}" * 5000),
    "too many columns": ("a.csv", lambda: ",".join(f"c{i}" for i in range(400)).encode() + b"\n" + b"," * 399 + b"1"),
    "a column name as long as a book": ("a.csv", lambda: b"a" * 100_000 + b",b\n1,2\n"),
    "columns alike": ("a.csv", lambda: b"a,a\n1,2\n"),
}


@pytest.mark.parametrize("what", list(BAD))
def test_a_bad_file_is_an_error_with_a_hint_and_leaves_nothing(
    client: Call, tmp_path: Path, temporary: Path, what: str
) -> None:
    name, make = BAD[what]
    answer = send(client(tmp_path), name, make())
    assert answer.status_code == 400, answer.text
    assert answer.json()["error"]["hint"]
    assert str(temporary) not in answer.text
    assert held(temporary) == []


def test_what_is_too_large_is_refused_before_it_is_kept(
    client: Call, tmp_path: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bodies, "MOST_UPLOAD_BYTES", 10_000)
    called = client(tmp_path)
    assert send(called, "a.csv", b"a\n" + b"x" * 10_000).status_code == 413
    unsaid = called.post("/api/uploads", params={"name": "a.csv"}, content=iter([b"a\n", b"x" * 6000, b"y" * 6000]))
    assert (unsaid.status_code, unsaid.json()["error"]["kind"]) == (413, "too-large")
    assert held(temporary) == []
    monkeypatch.setattr(uploads, "ROOM_LEFT_BYTES", 2**60)
    full = send(called, "a.csv", CSV)
    assert (full.status_code, full.json()["error"]["kind"]) == (507, "no-room")


def test_an_upload_goes_after_an_hour_and_with_the_server(temporary: Path) -> None:
    now = [0.0]
    kept = Uploads(clock=lambda: now[0])
    made = []
    for n in range(uploads.MOST_UPLOADS + 2):
        upload, file = kept.begin(f"{n}.csv", 3)
        with file:
            file.write(b"a\n1")
        kept.keep(upload)
        made.append(upload)
        now[0] += 1
    assert len({one.token for one in made}) == len(made)
    assert all(len(one.token) >= 32 for one in made)
    assert len(held(temporary)) == uploads.MOST_UPLOADS
    with pytest.raises(Refused, match="gone"):
        kept.get(made[0].token)
    assert kept.get(made[-1].token).name == made[-1].name
    now[0] += uploads.KEPT_SECONDS + 1
    with pytest.raises(Refused, match="gone"):
        kept.get(made[-1].token)
    del kept
    assert held(temporary) == []


def test_what_a_killed_server_left_is_removed_by_the_next(temporary: Path) -> None:
    code = (
        "import sys, os\nfrom bakeoff.web.uploads import Uploads\nkept = Uploads()\n"
        "upload, file = kept.begin('a.csv', 1)\nfile.write(b'secret'); file.flush()\nos.kill(os.getpid(), 9)"
    )
    subprocess.run([sys.executable, "-c", code], env={**os.environ, "TMPDIR": str(temporary)}, check=False)
    assert len(held(temporary)) == 1
    upload, file = Uploads().begin("b.csv", 1)
    file.close()
    assert [path.name for path in held(temporary)] in ([], [upload.name])
