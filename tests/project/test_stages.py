"""What the report says around the test: needs, shortlist, costs, deployment; the same on every machine."""

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from benchmarks.common import stub_process

from bakeoff.evaluate.types import Candidate
from bakeoff.hardware import here
from bakeoff.needs import Needs
from bakeoff.project import Project
from bakeoff.project.contestants import candidate_of
from bakeoff.project.costing import endpoint_of
from bakeoff.project.planned import planned_machine
from bakeoff.report import MachineFacts
from bakeoff.report.numbers import LANGUAGES
from tests.project.common import candidate, make_project

GIB = 1024**3
NEEDS = """
[needs]
task = "classification"
hardware = "RTX 4090, 64 GB RAM"
requests_per_day = 5000
prompt_tokens = 700
output_tokens = 60
"""


@pytest.fixture(scope="module")
def address() -> Iterator[str]:
    with stub_process() as found:
        yield found


def project(folder: Path, address: str, needs: str, models: tuple[str, ...] = ("Qwen/Qwen3-8B", "no/such")) -> Project:
    """A project that was run; its candidates are called by their models' names. Qwen's answers, the other is silent."""
    tables = []
    for model in models:
        name, way = model.partition("/")[2], "ok" if model.startswith("Qwen") else "empty"
        tables.append(candidate(name, f"{address}/{way}/v1").replace(f"model-{name}", model))
    make_project(folder, *tables, rows=12)
    path = folder / "bakeoff.toml"
    path.write_text(needs + path.read_text(encoding="utf-8"), encoding="utf-8")
    found = Project(folder)
    found.run()
    return found


def test_the_report_tells_the_way_from_needs_to_running_it(
    tmp_path: Path, address: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = project(tmp_path / "p", address, NEEDS)

    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("the report looked at this machine, or asked a server")

    monkeypatch.setattr(here, "detect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    monkeypatch.setattr(socket.socket, "connect", refuse)
    text = found.report("json")
    assert found.report("json") == text
    told = json.loads(text)
    assert told["left_out"] == []
    assert told["needs"]["requests_per_day"] == 5000

    way = told["shortlist"]
    assert way["machine"] == "RTX 4090, 64 GB RAM"
    assert sum(step["models"] for step in way["funnel"]) + len(way["picks"]) == way["looked_at"]
    assert 3 <= len(way["picks"]) <= 5
    because = {one["candidate"]: one["because"]["code"] for one in way["beside"]}
    picked = {name for pick in way["picks"] for name in pick["candidates"]}
    assert because["such"] == "out.not_in_catalog"
    assert ("Qwen3-8B" in picked) != ("Qwen3-8B" in because)

    # The tokens are those of the stub's answers, not those of the needs.
    measured = next(note for note in told["cost"]["notes"] if note["code"] == "cost.measured_tokens")
    assert measured["parameters"]["n"] == 12
    assert measured["parameters"]["output"] < 60
    ways = {(line["candidate"], line["kind"]) for line in told["cost"]["lines"]}
    # No budget is named, so the needs do not look at hosted models.
    assert ways == {("Qwen3-8B", "own"), ("Qwen3-8B", "rented")}
    assert any("no/such" in one["en"] or "such" in one["en"] for one in told["cost"]["unknown"])

    assert told["decision"]["choice"] == "Qwen3-8B"
    assert told["deployment"]["machine"] == "RTX 4090, 64 GB RAM"
    assert told["deployment"]["command"].startswith("llama-server -hf ")
    for lang in LANGUAGES:
        assert found.report("html", lang).count("<h2") >= 7
        assert "RTX 4090" in found.report("md", lang)


def test_what_cannot_be_told_is_a_caveat(tmp_path: Path, address: str) -> None:
    """Nothing ran here, so the ledger knows no machine; and the needs have no load."""
    here_only = '[needs]\nhardware = "this machine"\n'
    told = json.loads(project(tmp_path / "here", address, here_only).report("json"))
    assert [one["code"] for one in told["left_out"]] == ["report.machine_not_known"]
    assert (told["shortlist"], told["cost"], told["deployment"]) == (None, None, None)

    against_itself = '[needs]\nhardware = "none"\nprivacy = "local-only"\n'
    found = project(tmp_path / "none", address, against_itself)
    told = json.loads(found.report("json"))
    assert [(one["code"], one["parameters"]["part"]) for one in told["left_out"]] == [
        ("report.part_left_out", "shortlist")
    ]
    assert "no hardware to run a model on" in found.report("html")


def test_without_needs_the_report_is_about_the_test_alone(tmp_path: Path, address: str) -> None:
    told = json.loads(project(tmp_path / "p", address, "").report("json"))
    assert (told["needs"], told["shortlist"], told["cost"], told["left_out"]) == (None, None, None, [])
    assert told["sources"]["catalog"] >= "2026"


def facts(processor: str, cores: int, gib: float, *devices: str) -> MachineFacts:
    return MachineFacts(processor, cores, int(gib * GIB), devices, "linux")


@pytest.mark.parametrize(
    ("needs", "ledger", "planned"),
    [
        (None, None, None),
        (Needs(hardware="2x H100"), facts("EPYC", 8, 64), "2x H100"),
        (Needs(hardware="none"), facts("EPYC", 8, 64), None),
        (Needs(), None, None),
        # A processor in no table still has cores and memory.
        (Needs(), facts("A Processor of Nobody", 8, 31.27), "8 cores, 31.3 GiB RAM"),
        (
            Needs(),
            facts("AMD Ryzen 9 7950X 16-Core Processor", 16, 62.7, "GeForce RTX 4090"),
            "GeForce RTX 4090, AMD Ryzen 9 7950X 16-Core Processor, 16 cores, 62.7 GiB RAM",
        ),
        (
            Needs(),
            facts("Intel Xeon Platinum 8480C", 52, 400.02, "H100 SXM5 80 GB", "H100 SXM5 80 GB"),
            "2x H100 SXM5 80 GB, Intel Xeon Platinum 8480C, 52 cores, 400 GiB RAM",
        ),
        # What a GPU in no table could run, nobody knows; that it were not there would be wrong.
        (Needs(), facts("A Processor of Nobody", 8, 32, "A GPU of Nobody"), None),
    ],
)
def test_this_machine_is_the_one_that_the_ledger_names(
    needs: Needs | None, ledger: MachineFacts | None, planned: str | None
) -> None:
    assert planned_machine(needs, ledger) == planned


@pytest.mark.parametrize(
    ("via", "endpoint"),
    [
        ("https://me:secret@api.example/v1", "https://api.example/v1"),
        ("https://api.example:8443/v1", "https://api.example:8443/v1"),
        ("http://127.0.0.1:8000/v1", None),
        ("http://10.0.0.7:8000/v1", None),
        ("http://[fd00::1]:8000/v1", None),
        ("embedded", None),
        ("file", None),
    ],
)
def test_a_provider_is_elsewhere_and_shown_without_its_key(via: str, endpoint: str | None) -> None:
    assert endpoint_of(Candidate(name="a", model="m", via=via)) == endpoint


def test_a_column_belongs_to_its_candidate_whatever_the_name() -> None:
    plain, dotted = Candidate(name="a", model="m"), Candidate(name="a · b", model="m")
    assert candidate_of("a", [plain, dotted]) is plain
    assert candidate_of("a · b", [plain, dotted]) is dotted
    assert candidate_of("a · short", [plain, dotted]) is plain
    assert candidate_of("a · b · short", [plain, dotted]) is dotted


def test_before_a_run_the_report_is_whole(tmp_path: Path, address: str) -> None:
    folder = make_project(tmp_path / "p", candidate("a", f"{address}/ok/v1"), rows=3)
    path = folder / "bakeoff.toml"
    nothing_known = NEEDS.replace("RTX 4090, 64 GB RAM", "a machine of nobody")
    path.write_text(nothing_known + path.read_text(encoding="utf-8"), encoding="utf-8")
    told = json.loads(Project(folder).report("json"))
    assert told["decision"]["choice"] is None
    assert [one["parameters"]["part"] for one in told["left_out"]] == ["shortlist", "cost"]
    assert "a machine of nobody" in Project(folder).report("html", "vi")
