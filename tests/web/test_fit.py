"""What runs where, over REST: the numbers of `bakeoff.fit`, by device, for one model and for many."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bakeoff.catalog.loading import load
from bakeoff.fit.plan.as_json import plan_json
from bakeoff.fit.plan.asking import fit
from bakeoff.hardware.table import entries
from bakeoff.web.planner import Planner, wish

Call = Callable[..., TestClient]
CARD = "RTX 4090, 64 GB RAM"


def test_one_model_is_answered_as_by_the_library(client: Call, finished: Path) -> None:
    asked = {"machine": CARD, "context": 16384, "users": 4}
    answer = client(finished).get("/api/fit/Qwen/Qwen3-8B", params=asked)
    found = fit("Qwen/Qwen3-8B", on=CARD, context_tokens=16384, users=4)
    told = answer.json()
    assert [one["build"] for one in told["plans"]] == [str(one.build) for one in found.plans]
    assert found.chosen is not None
    chosen = next(one for one in told["plans"] if one["chosen"])
    expected = plan_json(found.chosen, chosen=True)
    assert {key: chosen[key] for key in ("memory", "speed", "max_context_tokens", "command", "verdict")} == {
        key: expected[key] for key in ("memory", "speed", "max_context_tokens", "command", "verdict")
    }
    assert chosen["candidate"] == {
        "name": f"Qwen3-8B {found.chosen.build.quantization}", "model": chosen["candidate"]["model"],
        "build": str(found.chosen.build), "via": "llama-server" if found.chosen.engine == "llama.cpp" else "vllm",
    }  # fmt: skip


def test_a_row_says_what_a_model_takes_or_lacks(client: Call, finished: Path) -> None:
    names = ["Qwen/Qwen3-8B", "meta-llama/Llama-3.1-405B-Instruct", "BAAI/bge-m3"]
    asked = {"machine": "RTX 3060", "context": 8192, "model": [name for name in names if name in load()]}
    rows = client(finished).get("/api/fit", params=asked).json()["plans"]
    runs, large = rows[0], rows[1]
    assert runs["runs"]
    assert runs["max_context_tokens"] >= 8192
    speed = runs["speed"]["decode_tokens_per_second"]
    assert speed["low"] <= speed["value"] <= speed["high"]
    assert speed["source"] in ("estimated", "measured")
    for device in runs["memory"]["devices"]:
        parts = [device[key] for key in device if key.endswith("_bytes") and key not in ("used_bytes", "usable_bytes")]
        assert sum(parts) == device["used_bytes"] <= device["usable_bytes"]
    assert not large["runs"]
    assert large["lacking_bytes"] > 0
    assert large["candidate"] is None
    assert all(not row["runs"] and row["why"]["text"] for row in rows[2:])


def test_more_users_and_context_take_more_memory(client: Call, finished: Path) -> None:
    called = client(finished)

    def cache(**asked: int) -> int:
        asked_of = {"machine": CARD, "model": "Qwen/Qwen3-8B", "quantization": "Q4_K_M", **asked}
        (row,) = called.get("/api/fit", params=asked_of).json()["plans"]
        assert row["build"] == "gguf:Q4_K_M"
        found: int = row["memory"]["kv_cache_bytes"]
        return found

    assert cache(context=16384) == 2 * cache(context=8192)
    assert cache(context=8192, users=4) == 4 * cache(context=8192)


def test_a_build_that_is_not_made_is_said_so(client: Call, finished: Path) -> None:
    asked = {"machine": "Apple M2 Max 64 GB", "quantization": "awq", "model": "Qwen/Qwen3-8B"}
    (row,) = client(finished).get("/api/fit", params={**asked, "lang": "vi"}).json()["plans"]
    assert row["why"]["code"] == "models.no_such_build"
    assert "AWQ" in row["why"]["text"]


def test_a_second_look_costs_nothing() -> None:
    """Sliders come back to where they were, and the catalog has hundreds of models."""
    planner, catalog = Planner(), load()
    models = [model for model in catalog.models if model.kind == "chat"][:20]
    known = planner.machine(CARD)
    for model in models:
        planner.planning(known, wish(context_tokens=8192)).row(model)
    begun = time.process_time()
    again = planner.planning(planner.machine(f" {CARD.lower()}  "), wish(context_tokens=8192))
    assert all(again.row(model) is planner.planning(known, wish(context_tokens=8192)).row(model) for model in models)
    assert time.process_time() - begun < 0.05


def test_hardware_tells_how_each_fact_was_learnt(client: Call, finished: Path) -> None:
    called = client(finished)
    here = called.get("/api/hardware").json()["machine"]
    assert here["here"] is True
    assert here["processor"]["memory_total_bytes"]["source"] == "measured"
    named = called.get("/api/hardware", params={"machine": "2x RTX 3090"}).json()["machine"]
    assert [one["bandwidth_bytes_per_second"]["source"] for one in named["accelerators"]] == ["published"] * 2
    names = called.get("/api/hardware/names").json()["names"]
    assert len(names) == len(entries())


@pytest.mark.parametrize(
    "machine",
    ["<script>alert(1)</script>", "x" * 10_000, "999x RTX 4090", "RTX 4090, -5 GB RAM", "‮RTX", "\x1b[31m4090"],
)
def test_a_machine_that_means_nothing_is_refused_with_a_hint(client: Call, finished: Path, machine: str) -> None:
    for path in ("/api/hardware", "/api/fit/Qwen/Qwen3-8B"):
        answer = client(finished).get(path, params={"machine": machine})
        assert answer.status_code == 400
        assert answer.json()["error"]["hint"]
        assert len(answer.content) < 2000


def test_too_many_models_at_once_are_refused(client: Call, finished: Path) -> None:
    asked = {"model": ["Qwen/Qwen3-8B"] * 61}
    assert client(finished).get("/api/fit", params=asked).status_code in (400, 422)
    assert client(finished).get("/api/fit").status_code in (400, 422)
