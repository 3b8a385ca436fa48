"""Cost and fine-tuning over HTTP: the library's document, what a person changes in it, and what is saved."""

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.project import Project
from bakeoff.project.costing import costs
from tests.web.projects import write_project

Call = Callable[..., TestClient]
MACHINES = ["RTX 4090, 64 GB RAM", "2x H100 SXM"]
HERE = "/api/projects/tickets/cost"


def kinds(document: dict[str, Any]) -> set[tuple[str, str]]:
    return {(one["model"], one["kind"]) for one in document["options"]}


def test_every_candidate_in_every_way_with_the_tokens_of_its_answers(client: Call, known: Path) -> None:
    answer = client(known).post(HERE, json={"machines": MACHINES})
    assert answer.status_code == 200
    found = answer.json()
    assert kinds(found) == {
        (name, kind) for name in ("Qwen/Qwen3-8B", "Qwen/Qwen3-0.6B") for kind in ("hosted", "rented", "own")
    } - {("Qwen/Qwen3-0.6B", "hosted")}
    library = costs(Project(known), on=MACHINES)
    totals = {line.option.key: line.total.value for line in library.lines}
    assert {one["key"]: one["total_usd"]["value"] for one in found["options"]} == totals
    assert found["defaults"]["requests_per_day"] == 1000
    assert {one["candidate"] for one in found["defaults"]["measured"]} == {"Qwen/Qwen3-8B", "Qwen/Qwen3-0.6B"}
    kept = {one["first"] for one in found["break_evens"]} | {one["second"] for one in found["break_evens"]}
    assert not any("interruptible" in key for key in kept)


def test_an_unknown_price_is_said_and_never_zero(client: Call, known: Path) -> None:
    found = client(known).post(HERE, json={"machines": ["16 cores, 64 GB RAM"], "hosted": False}).json()
    assert {one["reason"]["code"] for one in found["unknown"]} >= {"cost.no_rent", "cost.no_purchase_price"}
    assert not [one for one in found["options"] if one["kind"] == "own"]
    named = client(known).post(
        HERE, json={"machines": ["16 cores, 64 GB RAM"], "prices": {"16 cores, 64 GB RAM": 900}}
    ).json()  # fmt: skip
    assert [one["kind"] for one in named["options"] if one["kind"] == "own"]


def test_curves_have_the_crossings_among_their_volumes(client: Call, known: Path) -> None:
    load = {"requests_per_day": 20_000, "prompt_tokens": 2000, "output_tokens": 200}
    found = client(known).post(HERE, json={"machines": MACHINES, **load}).json()
    volumes = found["curves"]["requests_per_day"]
    assert volumes == sorted(volumes)
    crossings = [at["requests_per_day"] for one in found["break_evens"] for at in one["crossings"]]
    assert {at for at in crossings if volumes[0] < at < volumes[-1]} & set(volumes)
    assert all(len(line["monthly_usd"]) == len(volumes) for line in found["curves"]["lines"])


def test_another_volume_answers_at_once(client: Call, known: Path) -> None:
    called = client(known)
    called.post(HERE, json={"machines": MACHINES})
    begun = time.perf_counter()
    for volume in (2000, 3000, 4000):
        assert called.post(HERE, json={"machines": MACHINES, "requests_per_day": volume}).status_code == 200
    assert (time.perf_counter() - begun) / 3 < 1.0  # 0.1 s on an idle machine


@pytest.mark.parametrize(
    "body",
    [
        {"requests_per_day": -1}, {"requests_per_day": 1e300}, {"years": 99}, {"peak": 0.5}, {"electricity": "mars"},
        {"machines": ["a potato"]}, {"prices": {"x": 1}}, {"prices": {"RTX 4090, 64 GB RAM": -1}}, {"nothing": 1},
        {"prompt_tokens": 0, "output_tokens": 0}, {"machines": ["x" * 2000]}, {"electricity": "99"}, {"pue": 0},
        {"machines": ["RTX 4090"] * 9}, {"providers": ["nobody"]}, {"years": "three"}, [], "x",
    ],
)  # fmt: skip
def test_numbers_that_mean_nothing_are_refused(client: Call, known: Path, body: object) -> None:
    answer = client(known).post(HERE, json=body)
    assert answer.status_code in (400, 422)
    assert answer.json()["error"]["message"]


@pytest.mark.parametrize("number", ["NaN", "Infinity", "1e999", "-Infinity"])
def test_a_body_with_no_number_of_json_is_refused(client: Call, known: Path, number: str) -> None:
    answer = client(known).post(
        HERE, content=f'{{"requests_per_day": {number}}}', headers={"content-type": "application/json"}
    )
    assert answer.status_code in (400, 422)


def test_a_project_that_never_ran_and_one_with_one_unknown_candidate(
    client: Call, tmp_path: Path, stub_port: int
) -> None:
    write_project(tmp_path / "tickets", stub_port, models=("zz-nothing",))
    found = client(tmp_path / "tickets").post(HERE, json={"machines": MACHINES}).json()
    assert found["options"] == []
    assert {one["reason"]["code"] for one in found["unknown"]} == {"cost.not_in_catalog"}
    assert found["defaults"]["measured"] == []


def test_what_is_saved_counts_everywhere_and_comments_stay(client: Call, project: Path) -> None:
    called = client(project)
    seen = called.get(HERE).json()["stamp"]
    body = {"requests_per_day": 250, "electricity": "vn", "machines": MACHINES, "prices": {MACHINES[0]: 1800.5}}
    answer = called.put(HERE, json={"cost": body, "stamp": seen})
    assert answer.status_code == 200
    assert answer.json()["saved"] == body
    assert called.get(HERE).json()["load"]["requests_per_day"] == 250
    text = (project / "bakeoff.toml").read_text(encoding="utf-8")
    assert "# A comment that must survive." in text
    assert Project(project).config.cost.prices == {MACHINES[0]: 1800.5}
    late = called.put(HERE, json={"cost": {"years": 5}, "stamp": seen})
    assert late.status_code == 409
    assert late.json()["error"]["theirs"]["requests_per_day"] == 250
    again = called.put(HERE, json={"cost": {"prices": {MACHINES[1]: 5}, "machines": MACHINES},
                                   "stamp": late.json()["error"]["stamp"]})  # fmt: skip
    assert again.json()["saved"] == {"machines": MACHINES, "prices": {MACHINES[1]: 5.0}}
    assert Project(project).config.cost.requests_per_day is None


def test_nothing_is_written_that_cannot_be_counted(client: Call, project: Path) -> None:
    before = (project / "bakeoff.toml").read_bytes()
    assert client(project).put(HERE, json={"cost": {"machines": ["a potato"]}}).status_code == 400
    assert (project / "bakeoff.toml").read_bytes() == before


def test_tuning_says_what_it_takes_and_against_what_it_pays(client: Call, known: Path) -> None:
    called = client(known)
    found = called.get("/api/projects/tickets/tune", params={"rows": 500, "value_per_answer": 0.01}).json()
    assert found["model"] in ("Qwen/Qwen3-8B", "Qwen/Qwen3-0.6B")
    assert {one["method"] for one in found["ways"]} == {"lora", "qlora", "full", "full-8bit"}
    assert [one["code"] for one in found["says"]] == ["tune.never_back"]
    one = called.get("/api/projects/tickets/tune", params={"on": "RTX 4090, 64 GB RAM", "method": "qlora"}).json()
    assert [way["method"] for way in one["ways"]] == ["qlora"]
    pair = {"base": "Qwen/Qwen3-0.6B", "tuned": "Qwen/Qwen3-8B"}
    assert called.get("/api/projects/tickets/tune", params=pair).json()["verdict"]["code"].startswith("tune.verdict_")


@pytest.mark.parametrize(
    "query",
    ["rows=-1", "rows=x", "epochs=nan", "runs=0", "model=nothing-such", "value_per_answer=inf", "data_usd=-5",
     "tokens_per_row=inf", "example_tokens=1e12", "years=0", "on=potato", "base=Qwen/Qwen3-8B&tuned=zz", "zz=1"],
)  # fmt: skip
def test_tuning_refuses_what_means_nothing(client: Call, known: Path, query: str) -> None:
    assert client(known).get(f"/api/projects/tickets/tune?{query}").status_code in (400, 422)
