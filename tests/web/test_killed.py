"""The server is killed in the middle of each thing that people write: what it acknowledged is there, no file is half.

Uploads, new projects, corrections, the rule and runs have their own tests: test_uploads, test_projects, test_jobs.
A lock is two things, a file and an entry of the history: the file is never there without the entry.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bakeoff.project import Project
from bakeoff.project.lockfile import LOCK_NAME, lock_of, read_lock
from bakeoff.project.needs import read_needs
from bakeoff.project.shares import shares

WRITER = """
import os, signal, sys
from pathlib import Path
from starlette.testclient import TestClient
from bakeoff.web.app import guarded
from bakeoff.web.settings import Settings
from bakeoff.project.labelling import Labelling
from bakeoff.project.shares import FILE
folder, what, at = Path(sys.argv[1]), *sys.argv[2:]
called = TestClient(guarded(Settings(folder)), base_url="http://127.0.0.1")
base = f"/api/projects/{folder.name}"
def good(answer):
    assert answer.status_code in (200, 201), answer.text
    return answer.json()
def label():
    item = good(called.get(f"{base}/label/next", params={"author": "Lan"}))["item"]
    for _ in range(6):
        item = good(called.post(f"{base}/label", json={"author": "Lan", "token": item["token"], "said": "tie"}))["item"]
item, stamp = None, None
if what == "undo":
    label()
notes = range(12 if what == "unshare" else 0)
links = [good(called.post(f"{base}/shares", json={"note": str(i)}))["id"] for i in notes]
n = 0
def dies(owner, name, counts):
    # The process dies in the third of these writes: just before it is done, or just after.
    work = getattr(owner, name)
    def done(*given):
        if n == 3 and counts(*given) and at == "before":
            os.kill(os.getpid(), signal.SIGKILL)
        found = work(*given)
        if n == 3 and counts(*given):
            os.kill(os.getpid(), signal.SIGKILL)
        return found
    setattr(owner, name, done)
if at in ("before", "after"):
    file = {"judge": "bakeoff.toml", "lock": "bakeoff.lock", "unshare": FILE}.get(what)
    dies(os, "replace", lambda old, new: Path(new).name == file) if file else dies(Labelling, "_keep", lambda *_: True)
while True:
    n += 1
    if what == "labels":
        if item is None:
            item = good(called.get(f"{base}/label/next", params={"author": "Lan"}))["item"]
        if item is None:
            break
        item = good(called.post(f"{base}/label", json={"author": "Lan", "token": item["token"], "said": "tie"}))["item"]
    elif what == "rows":
        rows = [{"text": "word " * 200, "label": "neutral"} for _ in range(50)]
        good(called.post(f"{base}/rows", json={"rows": rows}))
    elif what == "uploaded rows":
        text = "text,label\\n" + f"{'word ' * 200},neutral\\n" * 50
        good(called.post("/api/uploads", params={"project": folder.name, "as": "rows", "name": "m.csv"}, content=text))
    elif what == "prompt":
        stamp = good(called.put(f"{base}/prompt", json={"system": f"{n} " + "word " * 5000, "stamp": stamp}))["stamp"]
    elif what == "needs":
        good(called.put(f"{base}/needs", json={"values": {"prompt_tokens": n}, "stamp": STAMP()}))
    elif what == "candidates":
        new = {"name": f"c{n}", "model": "x", "via": "http://127.0.0.1:9/v1"}
        good(called.post(f"{base}/candidates", json=new))
    elif what == "cost":
        good(called.put(f"{base}/cost", json={"cost": {"requests_per_day": n}}))
    elif what == "judge":
        models = [{"model": f"themis-{n}", "via": "http://127.0.0.1:9/v1"}]
        criteria = [{"name": "good", "description": f"{n} " + "word " * 700}]
        good(called.put(f"{base}/judge", json={"models": models, "form": "rubric", "criteria": criteria}))
    elif what == "lock":
        good(called.put(f"{base}/decision", json={"rule": "best", "smallest_gap_that_matters": n / 1000}))
        good(called.post(f"{base}/decision/lock"))
    elif what == "unshare":
        if len(links) == 1:
            break
        assert called.delete(f"{base}/shares/{links.pop()}").status_code == 204
    elif what == "undo":
        if not good(called.post(f"{base}/label/undo", json={"author": "Lan"}))["undone"]:
            break
    print(n, flush=True)
""".replace("STAMP()", 'called.get(f"{base}/needs").json()["stamp"]')


def kept(project: Path, what: str) -> int:
    """How many of the writes are there; raises where a file is half."""
    opened = Project(project)
    table = opened.table()
    if what == "labels":
        return len(opened.labels())
    if what in ("rows", "uploaded rows"):
        added, rest = divmod(len(table.rows) - 30, 50)
        assert rest == 0, "half of a block of rows"
        return added
    if what == "prompt":
        return int((opened.config.prompt.system or "").split()[0])
    if what == "needs":
        needs = read_needs(project)
        assert needs is not None
        return int(needs.prompt_tokens or 0)
    if what == "candidates":
        return len(opened.config.candidates) - 2
    if what == "cost":
        return int(opened.config.cost.requests_per_day or 0)
    if what == "judge":
        assert opened.config.judges is not None
        (judge,) = opened.config.judges.candidates
        text = opened.config.judges.settings.criteria[0].description
        assert text == f"{judge.model.removeprefix('themis-')} " + "word " * 700
        return int(judge.model.removeprefix("themis-"))
    if what == "lock":
        return locks(opened)
    if what == "unshare":
        left = [one.note for one in shares(project)]
        assert left == [str(i) for i in range(len(left))], "another link went"
        return 12 - len(left)
    labels = opened.labels()
    assert [one.said for one in labels[:6]] == ["tie"] * 6
    assert {one.said for one in labels[6:]} == {"withdrawn"}
    return len(labels) - 6


def locks(project: Project) -> int:
    """Of which write the lock is; its decision, and those before it, are in the history."""
    lock = read_lock(project.folder / LOCK_NAME)
    with project.ledger() as ledger:
        history = [lock_of(one.value, "the history") for one in ledger.findings("decision")]
    number = round(lock.gap * 1000)
    assert history[number - 1] == lock
    assert [round(one.gap * 1000) for one in history[:number]] == list(range(1, number + 1))
    return number


WHAT = ("labels", "rows", "uploaded rows", "prompt", "needs", "candidates", "cost", "judge", "lock", "unshare", "undo")


@pytest.mark.parametrize("what", WHAT)
def test_what_was_acknowledged_is_there_and_whole(project: Path, what: str) -> None:
    command = [sys.executable, "-c", WRITER, str(project), what, "some time"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for _ in range(3):
            last = process.stdout.readline()
        time.sleep(0.013)  # into the middle of one
        process.send_signal(signal.SIGKILL)
        rest, err = process.communicate()
    assert "Traceback" not in err, err
    acknowledged = int([last, *rest.split()][-1])
    assert kept(project, what) in (acknowledged, acknowledged + 1)
    assert "# A comment that must survive." in (project / "bakeoff.toml").read_text(encoding="utf-8")


@pytest.mark.parametrize(("at", "there"), [("before", 2), ("after", 3)])
@pytest.mark.parametrize("what", ["judge", "lock", "unshare", "undo"])
def test_killed_at_a_step_it_is_wholly_there_or_wholly_not(project: Path, what: str, at: str, there: int) -> None:
    command = [sys.executable, "-c", WRITER, str(project), what, at]
    died = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert died.returncode == -signal.SIGKILL, died.stderr
    assert died.stdout.split() == ["1", "2"]
    assert kept(project, what) == there
