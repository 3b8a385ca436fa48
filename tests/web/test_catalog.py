"""The catalog over REST: filters that mean what they say, pages, and everything about one model."""

import datetime
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

from bakeoff.catalog.loading import load
from bakeoff.fit.plan.asking import fit

Call = Callable[..., TestClient]
CARD = "RTX 4090, 64 GB RAM"


def ids(answer: Any) -> list[str]:
    """Of the models in an answer."""
    return [one["id"] for one in answer.json()["models"]]


def test_each_filter_leaves_only_what_has_it(client: Call, finished: Path) -> None:
    called, catalog = client(finished), load()

    def found(**asked: Any) -> list[Any]:
        answer = called.get("/api/catalog", params={"count": 200, **asked})
        assert answer.status_code == 200
        assert answer.json()["total"] >= len(ids(answer)) > 0
        return [catalog[name] for name in ids(answer)]

    assert all("code" in model.tasks for model in found(task="code"))
    assert all("vi" in model.languages or model.vietnamese == "stated" for model in found(language="vi"))
    assert all(model.licence is not None and model.licence.osi_approved for model in found(licence="osi-approved"))
    assert all(model.openness and model.openness.level == "fully-open" for model in found(openness="fully-open"))
    assert all(4e9 <= (model.parameters.total or 0) <= 10e9 for model in found(size="4-10"))
    assert all("image" in model.inputs for model in found(modality="image"))
    assert all(model.organisation == "Google" for model in found(maker="Google"))
    assert all("gemma" in model.id.lower() for model in found(find="gemma"))
    day = (datetime.date.fromisoformat(catalog.snapshot) - datetime.timedelta(days=183)).isoformat()
    assert all(model.release is not None and model.release.date >= day for model in found(age=6))
    assert all(model.tier != 2 and not model.is_base and not model.unverified for model in found())
    assert any(model.is_base for model in found(everything="true"))
    hosted = called.get("/api/catalog/choices").json()["providers"][0]
    assert (
        called.get("/api/catalog", params={"provider": hosted["value"], "everything": "true"}).json()["total"]
        >= (hosted["models"])
    )


def test_pages_join_without_a_gap_and_keep_the_order(client: Call, finished: Path) -> None:
    called = client(finished)
    whole = called.get("/api/catalog?order=largest&count=100").json()
    first, second = (called.get(f"/api/catalog?order=largest&start={start}&count=50") for start in (0, 50))
    assert ids(first) + ids(second) == [one["id"] for one in whole["models"]]
    sizes = [one["parameters"] for one in whole["models"]]
    assert sizes == sorted(sizes, reverse=True)
    assert ids(called.get("/api/catalog?start=100000")) == []


def test_the_best_here_are_those_of_the_command(client: Call, finished: Path) -> None:
    answer = client(finished).get("/api/catalog", params={"machine": CARD, "order": "best", "task": "code"})
    command = [row.plan.model.id for row in fit(on=CARD, task="code").rows]
    assert ids(answer)[: len(command)] != []
    assert set(ids(answer)) & set(command)
    for_all = client(finished).get("/api/catalog", params={"machine": CARD, "order": "best"})
    assert ids(for_all)[:3] == [row.plan.model.id for row in fit(on=CARD, task="chat").rows][:3]


def test_what_fits_has_room(client: Call, finished: Path) -> None:
    called = client(finished)
    asked = {"machine": "RTX 3060", "context": 32768, "count": 200, "size": "20-"}
    room = ids(called.get("/api/catalog", params={**asked, "fits": "room"}))
    usable = ids(called.get("/api/catalog", params={**asked, "fits": "usable"}))
    everything = ids(called.get("/api/catalog", params=asked))
    assert set(usable) < set(room) < set(everything)
    shown = called.get("/api/fit", params={**asked, "model": everything[:20]}).json()["plans"]
    assert {one["model"] for one in shown if one["runs"]} == set(everything[:20]) & set(room)


def test_a_model_comes_with_its_sources(client: Call, finished: Path) -> None:
    called = client(finished)
    model = called.get("/api/catalog/Qwen/Qwen3-8B").json()["model"]
    assert model["sources"]["licence"]["as_of"]
    assert model["license"]["url"].startswith("https://")
    assert set(model["openness"]) >= {"training_data", "weights", "evaluation_code", "fine_tuning_code"}
    assert {"model": "internlm/Intern-S1-mini", "relation": "finetune"} in model["made_from_it"]
    with_rows = next(one for one in load().models if load().evidence(one.id))
    rows = called.get(f"/api/catalog/{with_rows.id}").json()["model"]["evidence"]
    assert rows
    assert all(row["source"] and row["date"] and isinstance(row["self_reported"], bool) for row in rows)


@pytest.mark.parametrize(
    "query",
    [
        "licence=free", "openness=very", "size=big", "size=10-4", "size=nan-", "age=-1", "age=inf", "start=-1",
        "count=100000", "order=random", "fits=maybe", "find=" + "x" * 500, "users=0", "context=0", "quantization=Q99",
        "machine=" + "x" * 10_000,
    ],
)  # fmt: skip
def test_a_filter_that_means_nothing_is_refused(client: Call, finished: Path, query: str) -> None:
    answer = client(finished).get(f"/api/catalog?{query}")
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["message"]
    assert len(answer.content) < 2000


@pytest.mark.parametrize(
    "name", ["no/such-model", "<script>alert(1)</script>", "..%2f..%2fetc%2fpasswd", "%00", "qwen"]
)
def test_an_unknown_model_is_an_error_with_the_nearest(client: Call, finished: Path, name: str) -> None:
    answer = client(finished).get(f"/api/catalog/{name}")
    assert answer.status_code in (400, 404)
    assert answer.json()["error"]["kind"] in ("UsageError", "not-found")
