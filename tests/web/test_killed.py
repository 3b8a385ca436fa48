"""The server is killed in the middle of each thing that people write: what it acknowledged is there, no file is half.

Uploads, new projects, corrections, the rule and runs have their own tests: test_uploads, test_projects, test_jobs.
"""

import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from bakeoff.project import Project
from bakeoff.project.needs import read_needs

WRITER = """
import sys
from pathlib import Path
from starlette.testclient import TestClient
from bakeoff.web.app import guarded
from bakeoff.web.settings import Settings
folder, what = Path(sys.argv[1]), sys.argv[2]
called = TestClient(guarded(Settings(folder)), base_url="http://127.0.0.1")
base = f"/api/projects/{folder.name}"
def good(answer):
    assert answer.status_code in (200, 201), answer.text
    return answer.json()
item, stamp = None, None
n = 0
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
    return int(opened.config.cost.requests_per_day)


@pytest.mark.parametrize("what", ["labels", "rows", "uploaded rows", "prompt", "needs", "candidates", "cost"])
def test_what_was_acknowledged_is_there_and_whole(project: Path, what: str) -> None:
    command = [sys.executable, "-c", WRITER, str(project), what]
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
