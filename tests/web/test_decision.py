"""Decision over HTTP: as saved, under another rule, locked, and what changed since."""

import json
import threading
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bakeoff.project import Project
from bakeoff.project.lockfile import lock_digest, read_lock
from bakeoff.report.decision_json import decision_json
from tests.web.projects import write_project

Call = Callable[..., TestClient]
HERE = "/api/projects/tickets/decision"


def test_the_document_is_the_librarys(client: Call, finished: Path) -> None:
    found = client(finished).get(HERE, params={"lang": "vi"}).json()
    assert found["decision"] == json.loads(json.dumps(decision_json(Project(finished).decide())))
    assert found["sentence"] == found["decision"]["sentence"]["vi"]
    assert found["asked"] == found["saved"]
    assert {one["rule"]: one["possible"] for one in found["rules"]}["best within budget"] is False


def test_a_fine_tune_is_held_against_its_base_as_in_the_command(client: Call, project: Path) -> None:
    text = (project / "bakeoff.toml").read_text(encoding="utf-8")
    text = text.replace('name = "beta"', 'name = "beta"\ntuned_from = "alpha"')
    (project / "bakeoff.toml").write_text(text, encoding="utf-8")
    found = client(project).get(HERE).json()
    assert [one["code"] for one in found["reasons"]].count("tune.verdict_open") == 1
    assert found["decision"] == json.loads(json.dumps(decision_json(Project(project).decide())))


def test_another_rule_is_tried_without_saving(client: Call, finished: Path) -> None:
    before = (finished / "bakeoff.toml").read_bytes()
    found = client(finished).get(
        HERE, params={"rule": "weighted", "gap": 0.2, "weight": ["quality=3", "latency=1"]}
    ).json()  # fmt: skip
    assert found["decision"]["rule"] == "weighted"
    assert found["decision"]["smallest_gap_that_matters"] == 0.2
    assert found["asked"]["weights"] == {"quality": 3.0, "latency": 1.0}
    assert found["weighing"]["weights"] == {"quality": 0.75, "latency": 0.25}
    for criterion in ("quality", "latency"):
        ends = [(one["low"], one["high"]) for one in found["weighing"]["stretches"][criterion]]
        assert ends[0][0] == 0
        assert ends[-1][1] == 1
        assert all(left[1] == right[0] for left, right in pairwise(ends))
        now = found["weighing"]["weights"][criterion]
        holder = next(
            one["model"] for one in found["weighing"]["stretches"][criterion] if one["low"] <= now <= one["high"]
        )
        assert holder == found["decision"]["choice"]
    assert (finished / "bakeoff.toml").read_bytes() == before


@pytest.mark.parametrize(
    "query",
    ["rule=x", "gap=nan", "gap=inf", "gap=-1", "gap=0", "gap=1", "weight=quality", "weight=quality=nan",
     "rule=weighted&weight=quality=-1", "rule=weighted&weight=quality=0", "rule=weighted&weight=zz=1",
     "rule=weighted&weight=quality=inf", "rule=best+within+budget", "rule=" + "x" * 500],
)  # fmt: skip
def test_what_means_nothing_is_refused(client: Call, finished: Path, query: str) -> None:
    answer = client(finished).get(f"{HERE}?{query}")
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]


def test_saving_keeps_comments_and_a_second_writer_is_told(client: Call, project: Path) -> None:
    called = client(project)
    seen = called.get(HERE).json()["stamp"]
    body = {"rule": "weighted", "smallest_gap_that_matters": 0.07, "weights": {"quality": 1, "latency": 2}}
    first = called.put(HERE, json={**body, "stamp": seen})
    assert first.status_code == 200
    assert first.json()["saved"]["weights"] == {"quality": 1.0, "latency": 2.0}
    assert "# A comment that must survive." in (project / "bakeoff.toml").read_text(encoding="utf-8")
    late = called.put(HERE, json={"rule": "best", "smallest_gap_that_matters": 0.01, "stamp": seen})
    assert late.status_code == 409
    assert late.json()["error"]["kind"] == "conflict"
    assert late.json()["error"]["theirs"]["rule"] == "weighted"
    last = called.put(
        HERE, json={"rule": "best", "smallest_gap_that_matters": 0.01, "stamp": late.json()["error"]["stamp"]}
    )
    assert last.json()["saved"] == {
        "rule": "best", "smallest_gap_that_matters": 0.01, "metric": "accuracy", "weights": None
    }  # fmt: skip
    assert Project(project).config.decide.weights is None


def test_of_two_writers_at_once_one_is_told(client: Call, project: Path) -> None:
    called = client(project)
    seen = called.get(HERE).json()["stamp"]
    codes: list[int] = []

    def write(gap: float) -> None:
        body = {"rule": "best", "smallest_gap_that_matters": gap, "stamp": seen}
        codes.append(called.put(HERE, json=body).status_code)

    threads = [threading.Thread(target=write, args=(gap,)) for gap in (0.11, 0.12, 0.13)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(codes) == [200, 409, 409]


@pytest.mark.parametrize(
    "body",
    [{}, {"rule": "best"}, {"rule": "best", "smallest_gap_that_matters": 7}, {"rule": 3}, [],
     {"rule": "best within budget", "smallest_gap_that_matters": 0.1},
     {"rule": "weighted", "smallest_gap_that_matters": 0.1, "weights": {"looks": 1}},
     {"rule": "weighted", "smallest_gap_that_matters": 0.1, "weights": []}],
)  # fmt: skip
def test_a_wrong_rule_is_not_saved(client: Call, project: Path, body: object) -> None:
    before = (project / "bakeoff.toml").read_bytes()
    assert client(project).put(HERE, json=body).status_code in (400, 422)
    assert (project / "bakeoff.toml").read_bytes() == before


def test_limits_of_the_needs_say_who_keeps_them(client: Call, tmp_path: Path, stub_port: int, finished: Path) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, more="[needs]\nmax_time_to_first_token_ms = 1\n")
    (folder / "bakeoff.db").write_bytes((finished / "bakeoff.db").read_bytes())
    found = client(folder).get(HERE).json()
    (limit,) = found["limits"]
    assert limit["limit"] == "max_time_to_first_token_ms"
    assert {one["kept"] for one in limit["models"]} <= {True, False}


def test_a_lock_holds_until_something_changes(client: Call, project: Path) -> None:
    called = client(project)
    assert called.get(f"{HERE}/lock").json()["there"] is False
    assert called.get(f"{HERE}/history").json() == {"decisions": []}
    locked = called.post(f"{HERE}/lock").json()
    assert locked["holds"] is True
    assert locked["digest"] == lock_digest(read_lock(project / "bakeoff.lock"))
    body = {"rule": "best", "smallest_gap_that_matters": 0.2}
    assert called.put(HERE, json=body).status_code == 200
    now = called.get(f"{HERE}/lock", params={"lang": "vi"}).json()
    assert now["holds"] is False
    assert {one["code"] for one in now["changes"]} >= {"changed.gap", "changed.said"}
    called.post(f"{HERE}/lock")
    assert [one["number"] for one in called.get(f"{HERE}/history").json()["decisions"]] == [1, 2]
    changed = called.get(f"{HERE}/history/changes", params={"before": 1, "after": 2}).json()["changes"]
    assert {one["code"] for one in changed} >= {"changed.gap"}
    assert called.get(f"{HERE}/history/changes", params={"before": 2}).json()["changes"] == []
    assert called.get(f"{HERE}/history/changes", params={"before": 9}).status_code == 400


def test_a_damaged_lock_is_told_and_can_be_replaced(client: Call, project: Path) -> None:
    (project / "bakeoff.lock").write_text("{")
    called = client(project)
    assert "cannot be read" in called.get(f"{HERE}/lock").json()["error"]["message"]
    assert called.post(f"{HERE}/lock").json()["holds"] is True


def test_a_project_without_a_run_has_no_decision_and_no_lock(client: Call, tmp_path: Path, stub_port: int) -> None:
    write_project(tmp_path / "tickets", stub_port)
    called = client(tmp_path / "tickets")
    found = called.get(HERE).json()
    assert found["decision"]["verdict"] == "no answer"
    assert found["weighing"] is None
    assert found["missing"] == 60
    assert called.post(f"{HERE}/lock").status_code == 422
    assert not (tmp_path / "tickets" / "bakeoff.lock").exists()


def test_a_challenger_is_held_against_the_choice_without_it(client: Call, finished: Path) -> None:
    found = client(finished).get(f"{HERE}/challenge", params={"candidate": "beta"}).json()
    assert found["champion"] == "alpha"
    assert found["sentences"][0]["code"] == "add.against"
    assert found["pairs"][0]["a"] == "beta"
    assert client(finished).get(f"{HERE}/challenge", params={"candidate": "nobody"}).status_code == 400


def test_a_broken_file_is_told_with_its_line(client: Call, project: Path) -> None:
    called = client(project)
    assert called.get(HERE).status_code == 200
    text = (project / "bakeoff.toml").read_text(encoding="utf-8")
    (project / "bakeoff.toml").write_text(text.replace('rule = "cheapest', "rule = cheapest"), encoding="utf-8")
    answer = called.get(HERE)
    assert answer.status_code == 400
    assert "line" in answer.json()["error"]["message"]
    (project / "bakeoff.toml").write_text(text.replace("0.03", "3"), encoding="utf-8")
    assert "bakeoff.toml:" in called.get(HERE).json()["error"]["message"]
    (project / "bakeoff.toml").write_text(text, encoding="utf-8")
    assert called.get(HERE).status_code == 200


def test_what_a_check_found_is_kept(client: Call, project: Path) -> None:
    from bakeoff.project.listening import Listener
    from bakeoff.project.verbs import work

    called = client(project)
    assert called.get(f"{HERE}/check").json() == {"check": None}
    called.post(f"{HERE}/lock")
    work(project, "check", {"rows": 5, "offline": True}, Listener())
    found = called.get(f"{HERE}/check").json()
    assert found["check"]["schema"] == "bakeoff.check"
    assert found["check"]["rows"] == 5
    assert found["of_this_lock"] is True
