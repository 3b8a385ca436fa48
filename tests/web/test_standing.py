"""How well each candidate does so far, in the heads of the sheet."""

from collections.abc import Callable
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from bakeoff.project import Project
from bakeoff.project.planning import RunOptions
from tests.web.projects import run_project, write_project


def test_it_is_what_compare_says(client: Callable[..., TestClient], finished: Path) -> None:
    found = client(finished).get("/api/projects/tickets/standing").json()
    assert found["counts"] == {name: {"answered": 30, "failed": 0, "missing": 0} for name in ("alpha", "beta")}
    models = {one.model: one.quality for one in Project(finished).compare().models}
    for name, standing in found["quality"].items():
        accuracy = models[name]
        assert accuracy is not None
        assert standing["n"] == accuracy.n == 30
        got = (standing["value"], standing["low"], standing["high"])
        assert got == pytest.approx((accuracy.value, accuracy.low, accuracy.high))


def test_half_a_run_counts_what_is_there(client: Callable[..., TestClient], tmp_path: Path, stub_port: int) -> None:
    folder = write_project(tmp_path / "tickets", stub_port)
    asked = client(folder)
    assert asked.get("/api/projects/tickets/standing").json()["quality"] == {"alpha": None, "beta": None}
    run_project(folder, RunOptions(only=("beta",), rows="10"))
    found = asked.get("/api/projects/tickets/standing").json()
    assert found["quality"]["alpha"] is None
    assert found["quality"]["beta"]["n"] == found["counts"]["beta"]["answered"] == 10
