"""Compare: the decision's own numbers, and every number leads to its rows."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.evaluate.distributions import BINS, latencies
from bakeoff.evaluate.flips import confused, flips
from bakeoff.project import Project
from bakeoff.report.decision_json import decision_json
from bakeoff.values import to_json
from tests.web.projects import write_project

Call = Callable[..., TestClient]
AT = "/api/projects/tickets/"


def test_the_page_says_what_the_library_decides(client: Call, finished: Path) -> None:
    found = client(finished).get(AT + "compare?lang=vi").json()
    decision = Project(finished).decide()
    assert found["decision"] == decision_json(decision)
    assert found["sentence"] == found["decision"]["sentence"]["vi"]
    assert [one["key"] for one in found["models"]] == ["A", "B"]
    quality = {one["model"]: one["quality"]["value"] for one in found["decision"]["models"]}
    assert [one["model"] for one in found["models"]] == sorted(quality, key=lambda name: -quality[name])
    assert (found["missing"], found["cells"], found["n_rows"]) == (0, 60, 30)
    assert found["columns"] == ["id", "text", "label", "kênh"]
    assert found["labels"]
    pair = decision.pairs[0]
    told_apart = pair.low_simultaneous > 0 or pair.high_simultaneous < 0
    assert (found["more_rows"][0] is None) == told_apart


def test_flips_are_the_rows_on_which_exactly_one_is_right(client: Call, finished: Path) -> None:
    columns = {column.candidate: column for column in Project(finished).columns()}
    found = flips(columns["alpha"], columns["beta"])
    assert found.n == 30
    called = client(finished)
    for better, rows in (("a", found.a_better), ("b", found.b_better)):
        told = called.get(AT + f"compare/flips?a=alpha&b=beta&better={better}&count=200").json()
        assert told["total"] == len(rows) > 0
        assert [one["id"] for one in told["rows"]] == [columns["alpha"].cells[row].row_id for row in rows]
        scores = {tuple(answer["score"] for answer in one["answers"]) for one in told["rows"]}
        assert scores == {(1.0, 0.0) if better == "a" else (0.0, 1.0)}
    page = called.get(AT + "compare/flips?a=alpha&b=beta&start=1&count=1").json()
    assert len(page["rows"]) == 1
    assert page["rows"][0]["id"] == columns["alpha"].cells[found.a_better[1]].row_id


def test_a_field_of_the_confusion_matrix_leads_to_its_rows(client: Call, finished: Path) -> None:
    called = client(finished)
    model = called.get(AT + "compare").json()["decision"]["models"][0]
    for target, row in model["confusion"].items():
        for answered, n in row.items():
            told = called.get(
                AT + "compare/confused", params={"candidate": model["model"], "target": target, "answered": answered}
            ).json()
            assert told["total"] == n
            assert {one["target"] for one in told["rows"]} == {target}
    assert confused((), "a", "b") == []


def test_the_chart_is_the_reports_own(client: Call, finished: Path) -> None:
    called = client(finished)
    found = called.get(AT + "compare/chart").json()
    assert {row["key"] for row in found["spec"]["data"]["values"]} == {"A", "B"}
    # Whether both are on the front is a matter of milliseconds.
    assert found["sentences"][0].startswith("Pareto front") or "no other is worth a trade" in found["sentences"][0]
    # Nobody knows what the stub costs: no chart, and no zeros in its place.
    assert called.get(AT + "compare/chart?against=cost").json()["spec"] is None


def test_priced_candidates_have_a_chart_of_cost(client: Call, tmp_path: Path, stub_port: int) -> None:
    folder = write_project(tmp_path / "tickets", stub_port)
    text = (folder / "bakeoff.toml").read_text(encoding="utf-8")
    for name, price in (("alpha", 1), ("beta", 2)):
        line = f'model = "{name}"\n'
        text = text.replace(line, f"{line}price_per_million = {{input = {price}, output = {price}}}\n")
    (folder / "bakeoff.toml").write_text(text, encoding="utf-8")
    Project(folder).run()
    found = client(folder).get(AT + "compare/chart?against=cost").json()
    usd = {row["key"]: row["x"] for row in found["spec"]["data"]["values"]}
    assert max(usd.values()) == pytest.approx(2 * min(usd.values()), rel=0.01)
    assert found["monthly"] is False


def test_slices_are_those_of_the_command(client: Call, tmp_path: Path, stub_port: int) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, rows=60)
    Project(folder).run()
    called = client(folder)
    found = called.get(AT + "compare/slices", params={"by": "kênh"}).json()
    assert [(one["label"], one["n"]) for one in found["slices"]] == [("web", 30), ("app", 30)]
    assert called.get(AT + "compare/slices?by=length:text").json()["schema"] == "bakeoff.slices"
    wrong = called.get(AT + "compare/slices?by=nothing")
    assert wrong.status_code == 400
    assert "text" in wrong.json()["error"]["hint"]


def test_every_latency_is_in_one_bin(client: Call, finished: Path) -> None:
    found = client(finished).get(AT + "compare/latencies").json()
    assert found == to_json(latencies(Project(finished).columns()))
    assert len(found["edges"]) == BINS + 1
    for one in found["candidates"]:
        assert sum(one["counts"]) == one["n"] == 30
        assert list(one["percentiles"].values()) == sorted(one["percentiles"].values())


def test_before_a_run_there_is_a_decision_that_says_so(client: Call, tmp_path: Path, stub_port: int) -> None:
    called = client(write_project(tmp_path / "tickets", stub_port))
    found = called.get(AT + "compare").json()
    assert (found["decision"]["verdict"], found["missing"], found["cells"]) == ("no answer", 60, 60)
    assert found["more_rows"] == []
    assert called.get(AT + "compare/chart").json()["spec"] is None
    assert called.get(AT + "compare/latencies").json()["edges"] == []
    assert called.get(AT + "compare/flips?a=alpha&b=beta").json()["total"] == 0


@pytest.mark.parametrize(
    ("path", "status"),
    [
        ("compare/flips?a=alpha&b=%3Cscript%3E", 404),
        ("compare/flips?a=alpha", 422),
        ("compare/flips?a=alpha&b=beta&start=-1", 422),
        ("compare/flips?a=alpha&b=beta&count=100000", 422),
        ("compare/confused?candidate=x&target=y", 404),
        ("compare/chart?against=magic", 422),
        ("compare/slices", 422),
    ],
)
def test_wrong_questions_are_refused(client: Call, finished: Path, path: str, status: int) -> None:
    assert client(finished).get(AT + path).status_code == status


def test_nothing_is_graded_again_while_people_label(client: Call, project: Path) -> None:
    called = client(project)
    called.get(AT + "compare")
    opened: Any = called.app.app.state.workspace.opened("tickets")  # type: ignore[attr-defined]
    before = opened.kept("columns", lambda _: pytest.fail("graded again"), with_ledger="answers")
    work = Project(project).labelling("ann")
    shown = work.next()
    assert shown is not None
    work.say(shown, "tie")
    assert opened.kept("columns", lambda _: pytest.fail("graded again"), with_ledger="answers") is before
