"""`[cost]` of a project: it beats needs and measurements, options beat it, and report and lock count with it."""

import json
from pathlib import Path

import pytest
from click.testing import CliRunner

from bakeoff.cli.cost import cost_command
from bakeoff.errors import ProjectError
from bakeoff.project import Project
from bakeoff.project.locking import lock_for
from tests.project.common import candidate, make_project

OWN = """
[cost]
requests_per_day = 77
peak = 2
years = 5
machines = ["RTX 4090, 64 GB RAM"]
hosted = false
prices = { "RTX 4090, 64 GB RAM" = 0 }
electricity = 0.2
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A project of one known model; nobody was asked."""
    found = make_project(tmp_path / "p", candidate("own", "http://127.0.0.1:9/v1"))
    text = (found / "bakeoff.toml").read_text(encoding="utf-8").replace("model-own", "Qwen/Qwen3-8B")
    needs = "\n[needs]\nrequests_per_day = 5000\ngrowth_per_year = 0.5\n"
    (found / "bakeoff.toml").write_text(text + needs, encoding="utf-8")
    return found


def add(folder: Path, text: str) -> None:
    path = folder / "bakeoff.toml"
    path.write_text(path.read_text(encoding="utf-8") + text, encoding="utf-8")


def printed(folder: Path, *options: str) -> dict[str, object]:
    done = CliRunner().invoke(cost_command, ["--project", str(folder), "--json", *options])
    assert done.exception is None or isinstance(done.exception, SystemExit)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def test_it_beats_the_needs_and_options_beat_it(folder: Path) -> None:
    add(folder, OWN)
    found = printed(folder)
    assert found["years"] == 5
    load = found["load"]
    assert isinstance(load, dict)
    assert (load["requests_per_day"], load["growth_per_year"], load["peak_factor"]["value"]) == (77, 0.5, 2)
    options = found["options"]
    assert isinstance(options, list)
    assert {one["kind"] for one in options} == {"own", "rented"}
    (own,) = (one for one in options if one["kind"] == "own")
    assert own["horizons"][0]["paid_usd"] == own["horizons"][0]["cost_usd"]  # bought for nothing: electricity alone
    assert printed(folder, "--years", "2", "--electricity", "vn")["years"] == 2
    add(folder, 'currency = "VND"\nunits_per_usd = 26400\n')
    assert printed(folder)["currency"] == {"code": "VND", "per_dollar": "26400.0"}
    assert printed(folder, "--currency", "EUR", "--rate", "0.9")["currency"] == {"code": "EUR", "per_dollar": "0.9"}


def test_the_report_counts_with_it_and_the_lock_knows(folder: Path) -> None:
    before = Project(folder)
    locked = lock_for(before, before.decide()).needs
    add(folder, OWN)
    after = Project(folder)
    assert lock_for(after, after.decide()).needs != locked
    costs = json.loads(after.report("json"))["cost"]
    assert costs["requests_per_day"] == 77
    assert costs["years"] == 5


@pytest.mark.parametrize(
    "line", ["requests_per_day = -1", "years = 0", "peak = 0.5", "prices = { x = -1 }", "nothing = 1", "peak = nan",
             "requests_per_day = inf", 'currency = "dong"', "machines = 3"],
)  # fmt: skip
def test_what_means_nothing_is_refused_with_its_line(folder: Path, line: str) -> None:
    add(folder, f"\n[cost]\n{line}\n")
    number = (folder / "bakeoff.toml").read_text(encoding="utf-8").splitlines().index(line) + 1
    with pytest.raises(ProjectError, match=rf"bakeoff\.toml:({number}|{number - 1}): cost"):
        Project(folder)
