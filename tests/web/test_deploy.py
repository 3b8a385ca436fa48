"""Deploy over HTTP: the library's plan and files for a candidate, or who serves it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from tests.web.projects import write_project

Call = Callable[..., TestClient]
HERE = "/api/projects/tickets/deploy"


def test_the_choice_with_everything_that_runs_it(client: Call, known: Path) -> None:
    found = client(known).get(HERE, params={"on": "RTX 4090, 64 GB RAM", "engine": "vllm", "users": 8}).json()
    choice = client(known).get("/api/projects/tickets/decision").json()["decision"]["choice"]
    assert found["candidate"] == choice
    recipes = {one["kind"]: one["text"] for one in found["document"]["recipes"]}
    assert {"command", "compose", "kubernetes"} <= set(recipes)
    assert "vllm serve" in recipes["command"]
    assert found["document"]["schema"] == "bakeoff.deploy"
    assert found["steps"][0]["text"]


@pytest.mark.parametrize(
    ("query", "status"),
    [("candidate=nobody", 404), ("on=potato", 400), ("engine=potato", 400), ("users=0", 422), ("users=-1", 422),
     ("context_tokens=999999999999", 422), ("context_tokens=x", 422)],
)  # fmt: skip
def test_what_means_nothing_is_refused(client: Call, known: Path, query: str, status: int) -> None:
    answer = client(known).get(f"{HERE}?{query}")
    assert answer.status_code == status
    assert answer.json()["error"]["message"]


def test_no_choice_no_files(client: Call, tmp_path: Path, stub_port: int, known: Path) -> None:
    write_project(tmp_path / "tickets", stub_port, models=("zz-nothing",))
    answer = client(tmp_path / "tickets").get(HERE)
    assert answer.status_code == 422
    assert answer.json()["error"]["kind"] == "no-choice"
    named = client(tmp_path / "tickets").get(HERE, params={"candidate": "zz-nothing"}).json()
    assert named["elsewhere"] == {"model": "zz-nothing", "url": f"http://127.0.0.1:{stub_port}/ok/v1"}
    assert named["document"] is None


def test_what_a_provider_serves_is_run_by_nobody_here(client: Call, tmp_path: Path, stub_port: int) -> None:
    folder = write_project(tmp_path / "tickets", stub_port, models=("alpha",))
    text = (folder / "bakeoff.toml").read_text(encoding="utf-8")
    (folder / "bakeoff.toml").write_text(
        text.replace(f"http://127.0.0.1:{stub_port}/ok/v1", "https://user:secret@api.example.com/v1"), encoding="utf-8"
    )
    found = client(folder).get(HERE, params={"candidate": "alpha"})
    assert found.json()["hosted"] == {"model": "alpha", "url": "https://api.example.com/v1"}
    assert "secret" not in found.text
