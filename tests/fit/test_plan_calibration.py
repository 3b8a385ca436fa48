"""What was measured here corrects what is predicted for here, and for nowhere else."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff.catalog.builds import parse_build
from bakeoff.fit.plan.answering import answer
from bakeoff.fit.plan.calibration import NOTHING, Measurement, calibration, fingerprint, keep, load
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.speed import SYSTEM
from bakeoff.hardware import Machine
from tests.fit.plan_cases import machine, model, shipped

SMOL = "HuggingFaceTB/SmolLM2-135M-Instruct"


@pytest.fixture(autouse=True)
def own_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "own" / "measured.json"
    monkeypatch.setenv("BAKEOFF_MEASURED", str(path))
    return path


@pytest.fixture
def here() -> Machine:
    return replace(machine("RTX 4090, 64 GB RAM"), here=True)


def measurement(here: Machine, factor: float = 0.5, **other: object) -> Measurement:
    """A processor that is `factor` times as fast as predicted."""
    found = answer(model(SMOL), machine("CPU only, 64 GB"), Wanted(build=parse_build("Q4_1"))).chosen
    assert found is not None
    assert found.speed.decode_tokens_per_second is not None
    assert found.speed.prefill_tokens_per_second is not None
    values: dict[str, object] = {
        "machine": fingerprint(here),
        "model": SMOL,
        "build": "gguf:Q4_1",
        "place": SYSTEM,
        "prompt_tokens": 1000,
        "output_tokens": 400,
        "prefill_tokens_per_second": factor * found.speed.prefill_tokens_per_second.value,
        "decode_tokens_per_second": factor * found.speed.decode_tokens_per_second.value,
        "engine": "2026.10.11549",
        "date": "2026-11-24",
    }
    return Measurement(**(values | other))  # type: ignore[arg-type]


def speed(here: Machine, build: str = "Q4_1", *, on_cpu: bool) -> float:
    one = replace(here, accelerators=()) if on_cpu else here
    learnt = calibration(one, shipped())
    found = answer(model(SMOL), one, Wanted(build=parse_build(build)), calibration=learnt).chosen
    assert found is not None
    assert found.speed.decode_tokens_per_second is not None
    return found.speed.decode_tokens_per_second.value


def test_a_measurement_is_kept_and_read_back(here: Machine, own_file: Path) -> None:
    assert load() == []
    one = measurement(here)
    assert keep([one]) == own_file
    assert load() == [one]
    again = replace(one, decode_tokens_per_second=7.0)
    keep([again])
    assert load() == [again]
    assert [path.name for path in own_file.parent.iterdir()] == ["measured.json"]


def test_predictions_for_the_processor_move_to_what_was_measured(here: Machine) -> None:
    alone = replace(here, accelerators=())
    before = speed(here, on_cpu=True)
    keep([measurement(alone)])
    assert speed(here, on_cpu=True) == pytest.approx(0.5 * before, rel=0.1)
    assert speed(here, "Q8_0", on_cpu=True) < 0.8 * before


def test_a_measurement_of_the_processor_says_nothing_of_the_card(here: Machine) -> None:
    before = speed(here, on_cpu=False)
    keep([measurement(here)])
    assert calibration(here, shipped()).scales
    assert speed(here, on_cpu=False) == before


def test_prediction_and_measurement_stand_side_by_side(here: Machine) -> None:
    alone = replace(here, accelerators=())
    keep([measurement(alone)])
    note = calibration(alone, shipped()).notes[0]
    assert note.code == "fit.measured"
    assert note.parameters["measured"] == pytest.approx(note.parameters["now"], rel=0.1)
    assert note.parameters["predicted"] == pytest.approx(2 * note.parameters["measured"], rel=0.1)


def test_another_machine_and_a_machine_by_name_learn_nothing(here: Machine) -> None:
    keep([measurement(here, machine="another")])
    assert calibration(here, shipped()).scales == {}
    keep([measurement(here)])
    assert calibration(replace(here, here=False), shipped()) is NOTHING


@pytest.mark.parametrize("other", [{"model": "gone/away"}, {"build": "gguf:NONE"}, {"decode_tokens_per_second": 1e6}])
def test_a_measurement_that_cannot_be_used_changes_nothing(here: Machine, other: dict[str, object]) -> None:
    alone = replace(here, accelerators=())
    before = speed(here, on_cpu=True)
    keep([measurement(alone, **other)])
    assert speed(here, on_cpu=True) == before


@pytest.mark.parametrize("text", ["", "{", "[]", '{"measurements": [{"machine": 1}]}', '{"measurements": 3}', "\xff"])
def test_a_damaged_file_is_no_measurement(own_file: Path, text: str) -> None:
    own_file.parent.mkdir()
    own_file.write_text(text, encoding="latin-1")
    assert load() == []


def test_only_the_newest_are_kept(here: Machine, own_file: Path) -> None:
    keep([measurement(here, model=f"m/{number}") for number in range(60)])
    rows = json.loads(own_file.read_text(encoding="utf-8"))["measurements"]
    assert [row["model"] for row in rows] == [f"m/{number}" for number in range(10, 60)]
