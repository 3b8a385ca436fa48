"""The list of projects, new ones, and links to a report."""

import json
import os
import signal
import stat
import subprocess
import sys
import threading
import time
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.project import Project
from bakeoff.project.history import decisions
from bakeoff.project.locking import keep
from bakeoff.web.names import project_name

Call = Callable[..., TestClient]
CSV = "id,text,label\n" + "".join(f"r{i},Dòng {i},{('good', 'bad')[i % 2]}\n" for i in range(8))


def upload(called: TestClient, name: str = "rows.csv", text: str = CSV) -> str:
    answer = called.post("/api/uploads", params={"name": name}, content=text)
    assert answer.status_code == 201, answer.text
    token: str = answer.json()["upload"]
    return token


def create(called: TestClient, **asked: Any) -> Any:
    return called.post("/api/projects", json=asked)


def test_a_project_is_made_of_a_file(client: Call, tmp_path: Path) -> None:
    called = client(tmp_path)
    token = upload(called, "phiếu.csv")
    answer = create(called, name=" Phiếu ", upload=token, user="Câu: {{ text }}\nNhãn?", system="")
    assert (answer.status_code, answer.json()) == (201, {"name": "Phiếu"})
    project = Project(tmp_path / "Phiếu")
    assert (project.config.data.file, project.config.data.id, len(project.table().rows)) == ("phiếu.csv", "id", 8)
    assert project.config.prompt.user == "Câu: {{ text }}\nNhãn?"
    assert project.config.prompt.system is None
    [told] = called.get("/api/projects").json()["projects"]
    assert (told["name"], told["state"], told["n_rows"], len(told["candidates"])) == ("Phiếu", "new", 8, 2)
    assert called.get(f"/api/uploads/{token}").status_code == 404
    assert {path.name for path in tmp_path.iterdir()} == {"Phiếu"}


def test_a_project_without_right_answers_is_decided_by_people(client: Call, tmp_path: Path) -> None:
    called = client(tmp_path)
    made = create(called, name="open", upload=upload(called), by_people=True, input="text", id="")
    assert made.status_code == 201, made.text
    config = Project(tmp_path / "open").config
    assert (config.decide.metric, config.graders, config.data.id) == ("people", (), None)


@pytest.mark.parametrize("example", ["sentiment_en", "sentiment_vi"])
def test_a_project_is_made_of_an_example(client: Call, tmp_path: Path, example: str) -> None:
    called = client(tmp_path)
    assert create(called, name="", example=example).json() == {"name": example}
    assert create(called, name="", example=example).json() == {"name": f"{example} 2"}
    assert len(Project(tmp_path / example).table().rows) > 50


NAMES = {
    "": "empty", "   ": "empty", ".": "dot", "..": "dot", ".hidden": "dot", "a.": "dot", "a/b": "'/'", "a\\b": r"'\\'",
    "../x": "'/'", "<b>x</b>": "'<'", 'say "x"': "'\"'", "C:": "':'", "a\0b": "cannot be seen",
    "a\nb": "cannot be seen",
    "a\u202eb": "cannot be seen", "a\u200bb": "cannot be seen", "CON": "Windows", "nul.txt": "Windows",
    "com1": "Windows", "x" * 81: "too long", "🎉" * 60: "too long",
}  # fmt: skip


@pytest.mark.parametrize("name", list(NAMES))
def test_a_name_that_cannot_be_a_folder_is_refused(client: Call, tmp_path: Path, name: str) -> None:
    called = client(tmp_path)
    answer = create(called, name=name, upload="x")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (400, "name")
    assert NAMES[name] in answer.json()["error"]["message"]
    assert answer.json()["error"]["hint"]
    assert list(tmp_path.iterdir()) == []


def test_names_are_composed_and_names_alike_are_one() -> None:
    assert project_name(unicodedata.normalize("NFD", " Phiếu hỗ trợ ")) == "Phiếu hỗ trợ"


def test_a_taken_name_is_409(client: Call, tmp_path: Path) -> None:
    called = client(tmp_path)
    (tmp_path / unicodedata.normalize("NFD", "Đề án")).mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "nowhere")
    token = upload(called)
    for name in ("Đề án", "đề ÁN", "link"):
        answer = create(called, name=name, upload=token)
        assert (answer.status_code, answer.json()["error"]["kind"]) == (409, "taken")
    assert create(called, name="other", upload=token).status_code == 201  # the upload is kept for another try
    assert not (tmp_path / "nowhere").exists()


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"input": "nothing"}, "no column 'nothing'"), ({"target": "nothing"}, "no column 'nothing'"),
        ({"id": "label"}, "used more than once"), ({"user": "{{ nothing }}"}, "no column 'nothing'"),
        ({"user": "{{ text"}, "template"), ({"upload": "guess"}, "gone"), ({"upload": None}, "upload or of an example"),
        ({"example": "sentiment_en"}, "upload or of an example"),
    ],
)  # fmt: skip
def test_what_cannot_be_opened_is_not_made(client: Call, tmp_path: Path, asked: dict[str, Any], said: str) -> None:
    called = client(tmp_path)
    answer = create(called, **{"name": "x", "upload": upload(called), **asked})
    assert answer.status_code in (400, 404), answer.text
    assert said in answer.json()["error"]["message"], answer.text
    assert list(tmp_path.iterdir()) == []


def test_of_two_who_choose_one_name_one_gets_it(client: Call, tmp_path: Path) -> None:
    called = client(tmp_path)
    tokens = [upload(called) for _ in range(4)]
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda one=one: statuses.append(create(called, name="x", upload=one).status_code))
        for one in tokens
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 409, 409, 409]
    assert [path.name for path in tmp_path.iterdir()] == ["x"]


def test_a_server_of_one_project_makes_no_others(client: Call, finished: Path) -> None:
    called = client(finished)
    assert called.get("/api/projects").json()["single"] is True
    answer = create(called, name="x", example="sentiment_en")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (409, "single")


def test_a_folder_that_cannot_be_written_says_so(client: Call, tmp_path: Path) -> None:
    called = client(tmp_path / "gone")
    answer = create(called, name="x", example="sentiment_en")
    assert (answer.status_code, answer.json()["error"]["kind"]) == (502, "StorageError")


def test_the_list_tells_state_and_decision_and_survives_what_is_broken(client: Call, project: Path) -> None:
    folder = project.parent
    for name, text in (("broken", "[data\n"), ("<img src=x onerror=alert(1)>", "[data]\n")):
        (folder / name).mkdir()
        (folder / name / "bakeoff.toml").write_text(text)
    (folder / "loop").symlink_to(folder / "loop")
    (folder / "dangling").symlink_to(folder / "nowhere")
    (folder / "no project").mkdir()
    os.mkdir(os.fsencode(folder) + b"/\xff")
    (Path(os.fsdecode(os.fsencode(folder) + b"/\xff")) / "bakeoff.toml").write_text("")
    called = client(folder)
    told = {one["name"]: one for one in called.get("/api/projects").json()["projects"]}
    assert set(told) == {"tickets", "broken", "<img src=x onerror=alert(1)>"}
    assert told["broken"]["state"] == "broken"
    assert told["broken"]["error"]["hint"]
    assert (told["tickets"]["state"], told["tickets"]["n_rows"]) == ("answered", 30)
    opened = Project(project)
    keep(opened, opened.decide())
    [one] = [one for one in called.get("/api/projects").json()["projects"] if one["name"] == "tickets"]
    [(finding, lock)] = decisions(opened)
    assert one["state"] == "decided"
    assert one["decision"] == {"at": finding.at, "choice": lock.choice, "verdict": lock.verdict}


def test_a_project_that_is_removed_is_gone(client: Call, tmp_path: Path) -> None:
    called = client(tmp_path)
    create(called, name="x", example="sentiment_en")
    assert called.get("/api/projects/x/shares").status_code == 200
    (tmp_path / "x").rename(tmp_path / "y")
    assert called.get("/api/projects/x/shares").status_code == 404
    assert called.get("/api/projects/y/shares").status_code == 200


# links to a report


def test_a_link_shows_the_report_and_nothing_else(client: Call, project: Path) -> None:
    token = "t" * 20
    called = client(project, token=token)
    known = {"authorization": f"Bearer {token}"}
    base = "/api/projects/tickets/shares"
    assert called.get(base).status_code == 401
    assert called.post(base, json={}).status_code == 401
    made = called.post(base, json={"note": "<b>sếp</b>"}, headers=known)
    assert made.status_code == 201
    path = made.json()["path"]
    for lang, words in (("vi", "Quyết định"), ("en", "Decision")):
        shown = called.get(f"/{path}", params={"lang": lang})
        assert shown.status_code == 200
        assert f'lang="{lang}"' in shown.text
        assert "alpha" in shown.text, words
        assert shown.headers["content-security-policy"].startswith("sandbox")
        assert "script-src" not in shown.headers["content-security-policy"]
        assert "set-cookie" not in shown.headers
    assert called.get("/api/projects").status_code == 401
    listed = called.get(base, headers=known).json()
    assert listed["reachable"] is True
    assert [one["note"] for one in listed["shares"]] == ["<b>sếp</b>"]
    assert path.rsplit("/", 1)[1] not in json.dumps(listed)
    file = project / ".bakeoff-shares.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert path.rsplit("/", 1)[1] not in file.read_text()
    again = client(project, token="another" * 3)  # a server started later
    assert again.get(f"/{path}").status_code == 200
    assert called.delete(f"{base}/{made.json()['id']}", headers=known).status_code == 204
    assert called.delete(f"{base}/{made.json()['id']}", headers=known).status_code == 404
    gone = again.get(f"/{path}", params={"lang": "vi"})
    assert (gone.status_code, "Liên kết này" in gone.text) == (404, True)


@pytest.mark.parametrize("token", ["x", "x" * 5000, "%00", "é", "[]", "null"])
def test_no_link_is_guessed(client: Call, project: Path, token: str) -> None:
    called = client(project)
    called.post("/api/projects/tickets/shares", json={})
    assert called.get(f"/shared/{token}").status_code == 404


def test_a_damaged_list_of_links_opens_nothing(client: Call, project: Path) -> None:
    called = client(project)
    path = called.post("/api/projects/tickets/shares", json={}).json()["path"]
    (project / ".bakeoff-shares.json").write_text('{"schema": "bakeoff.shares", "version": 1, "shares": [{"id": 1}]}')
    assert called.get(f"/{path}").status_code == 404
    answer = called.get("/api/projects/tickets/shares")
    assert (answer.status_code, bool(answer.json()["error"]["hint"])) == (400, True)


KILLED = """
import sys, threading, os, time
from pathlib import Path
from starlette.testclient import TestClient
from bakeoff.web.app import guarded
from bakeoff.web.settings import Settings
called = TestClient(guarded(Settings(Path(sys.argv[1]))), base_url="http://127.0.0.1")
text = "id,text,label\\n" + "".join(f"r{i},{'word ' * 50},{i % 3}\\n" for i in range(3000))
print("ready", flush=True)
n = 0
while True:
    n += 1
    token = called.post("/api/uploads", params={"name": "rows.csv"}, content=text).json()["upload"]
    called.post("/api/projects", json={"name": f"p{n}", "upload": token})
    called.post(f"/api/projects/p{n}/shares", json={})
"""


def test_a_server_killed_at_any_moment_leaves_only_whole_projects(tmp_path: Path) -> None:
    for wait in (0.07, 0.3):
        with subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE) as process:
            assert process.stdout is not None
            process.stdout.readline()
            time.sleep(wait)
            process.send_signal(signal.SIGKILL)
        for folder in [one for one in tmp_path.iterdir() if not one.name.startswith(".")]:
            assert len(Project(folder).table().rows) == 3000, folder
            shares = folder / ".bakeoff-shares.json"
            assert not shares.exists() or json.loads(shares.read_text())["shares"]
            folder.rename(tmp_path / f".kept-{wait}-{folder.name}")


WRITES = """
import sys, json
from pathlib import Path
from starlette.testclient import TestClient
from bakeoff.web.app import guarded
from bakeoff.web.settings import Settings
folder = Path(sys.argv[1])
called = TestClient(guarded(Settings(folder)), base_url="http://127.0.0.1")
base = f"/api/projects/{folder.name}"
seq = called.get(f"{base}/sheet").json()["seq"]
n = 0
while True:
    n += 1
    cell = {"row": f"r{n % 30}", "candidate": "alpha", "seq": seq, "author": "Lan", "correction": f"text {n}"}
    answer = called.post(f"{base}/cells", json=cell)
    assert answer.status_code == 200, answer.text
    seq = answer.json()["seq"]
    answer = called.put(f"{base}/decision", json={"rule": "best", "smallest_gap_that_matters": n / 1000})
    assert answer.status_code == 200, answer.text
    print(n, flush=True)
"""


def test_a_server_killed_while_people_edit_loses_nothing_that_it_acknowledged(project: Path) -> None:
    """Corrections and edits of the project file: what was answered is there, and no file is half of one."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITES, str(project)], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        for _ in range(3):
            last = process.stdout.readline()
        time.sleep(0.11)
        process.send_signal(signal.SIGKILL)
        rest, err = process.communicate()
    assert "Traceback" not in err, err
    acknowledged = int(([last, *rest.split()])[-1])
    opened = Project(project)
    assert opened.config.decide.smallest_gap_that_matters >= acknowledged / 1000
    with opened.ledger() as ledger:
        kept = ledger.findings("correction")
    assert len(kept) >= acknowledged
    assert "# A comment that must survive." in (project / "bakeoff.toml").read_text()
