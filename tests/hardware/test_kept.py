"""What was measured of this machine is kept for a day, and for a week a busy minute does not make it slower."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from bakeoff.cli.hardware import hardware_command
from bakeoff.errors import UsageError
from bakeoff.hardware import Processor, bandwidth, detect, kept
from bakeoff.hardware.kept import Speeds, speeds
from bakeoff.units import GIB
from bakeoff.values import Estimate
from tests.hardware.recording import Recording

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("BAKEOFF_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "machine"


def processor(name: str = "EPYC", *, cores: int = 2, memory: float = 16 * GIB) -> Processor:
    total = Estimate.exact(memory, source="measured")
    return Processor(name, cores, total, total, None)


def measured(
    memory: float | None, fp32: float, *, at: datetime, refresh: bool = False, of: Processor | None = None
) -> tuple[float | None, float, bool]:
    """(bandwidth, FP32 rate, whether it was measured anew)."""
    calls = []

    def measure() -> Speeds:
        calls.append(1)
        bytes_per_second = None if memory is None else Estimate(memory, memory / 2, memory, "measured", "2 threads")
        return Speeds(bytes_per_second, Estimate.exact(fp32, source="measured"))

    found = speeds(of or processor(), system="linux", cache_bytes=0, measure=measure, refresh=refresh, now=at)
    kept_memory = found.bandwidth_bytes_per_second
    return kept_memory.value if kept_memory else None, found.fp32.value, bool(calls)


def test_a_measurement_holds_for_a_day() -> None:
    assert measured(40e9, 200e9, at=NOON) == (40e9, 200e9, True)
    assert measured(20e9, 100e9, at=NOON + 23 * HOUR) == (40e9, 200e9, False)
    assert measured(50e9, 100e9, at=NOON + 25 * HOUR) == (50e9, 200e9, True)
    assert measured(1e9, 1e9, at=NOON + 26 * HOUR) == (50e9, 200e9, False)


def test_asked_anew_the_higher_counts_each_with_its_own_date() -> None:
    measured(40e9, 200e9, at=NOON)
    assert measured(20e9, 300e9, at=NOON + 24 * HOUR, refresh=True) == (40e9, 300e9, True)
    found = speeds(
        processor(), system="linux", cache_bytes=0, measure=lambda: pytest.fail("kept"), now=NOON + 25 * HOUR
    )
    assert found.bandwidth_bytes_per_second == Estimate(40e9, 20e9, 40e9, "measured", "2 threads", "2026-11-24")
    assert found.fp32.as_of == "2026-11-25"


def test_after_a_week_a_lower_one_is_believed() -> None:
    measured(40e9, 200e9, at=NOON)
    assert measured(20e9, 100e9, at=NOON + timedelta(days=6)) == (40e9, 200e9, True)
    assert measured(20e9, 100e9, at=NOON + timedelta(days=7)) == (20e9, 100e9, True)


def test_a_clock_that_was_put_back_measures_anew() -> None:
    measured(40e9, 200e9, at=NOON)
    assert measured(20e9, 100e9, at=NOON - 48 * HOUR) == (20e9, 100e9, True)


@pytest.mark.parametrize(
    "other", [processor("Xeon"), processor(cores=4), processor(memory=32 * GIB)], ids=["processor", "cores", "memory"]
)
def test_other_hardware_is_measured_by_itself(other: Processor) -> None:
    measured(40e9, 200e9, at=NOON)
    assert measured(20e9, 100e9, at=NOON, of=other) == (20e9, 100e9, True)
    assert measured(1e9, 1e9, at=NOON + HOUR) == (40e9, 200e9, False)
    assert measured(1e9, 1e9, at=NOON + HOUR, of=processor(memory=16 * GIB - 4096)) == (40e9, 200e9, False)


def test_without_memory_to_measure_nothing_is_kept(folder: Path) -> None:
    assert measured(None, 200e9, at=NOON) == (None, 200e9, True)
    assert not folder.exists()


def spoil(change: Callable[[dict[str, object]], object]) -> Callable[[Path], object]:
    def spoilt(path: Path) -> None:
        data = json.loads(path.read_text())
        change(data)
        path.write_text(json.dumps(data))

    return spoilt


@pytest.mark.parametrize(
    "damage",
    [
        lambda path: path.write_bytes(b"\xff\xfe"),
        lambda path: path.write_text("[]"),
        lambda path: path.write_text('{"version": 1, "checked_at": "2026-11-24T12:00:00+00:00", "speeds": null}'),
        spoil(lambda data: data.update(version=2)),
        spoil(lambda data: data.update(checked_at="2026-11-24T12:00:00")),
        spoil(lambda data: data["speeds"]["fp32"].update(value=-1.0, low=-1.0)),  # type: ignore[index]
        spoil(lambda data: data["speeds"]["fp32"].update(high=float("inf"))),  # type: ignore[index]
        spoil(lambda data: data["speeds"]["fp32"].update(as_of=None)),  # type: ignore[index]
        lambda path: (path.unlink(), path.mkdir()),
    ],
)
def test_a_file_that_cannot_be_understood_is_no_measurement(damage: Callable[[Path], object], folder: Path) -> None:
    measured(40e9, 200e9, at=NOON)
    (path,) = folder.iterdir()
    damage(path)
    assert measured(20e9, 100e9, at=NOON) == (20e9, 100e9, True)


def test_a_cache_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "cache").write_text("a file")
    assert measured(40e9, 200e9, at=NOON) == (40e9, 200e9, True)
    assert measured(20e9, 100e9, at=NOON) == (20e9, 100e9, True)


def test_this_machine_is_timed_once_and_then_again_when_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    values = iter([10e9, 20e9])
    monkeypatch.setattr(bandwidth, "measure", lambda *_: Estimate.exact(next(values), source="measured"))
    monkeypatch.setattr(bandwidth, "measure_fp32", lambda: 1e9)
    found = [
        detect(probe=Recording(), refresh=refresh).processor.bandwidth_bytes_per_second
        for refresh in (False, False, True, False)
    ]
    assert [one.value for one in found if one] == [10e9, 10e9, 20e9, 20e9]


def test_the_table_says_when_it_was_measured_and_measures_when_told(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = []
    of = Estimate(40e9, 39e9, 40e9, "measured", "2 threads", "2026-11-24")
    known = Speeds(of, Estimate.exact(1e11, source="measured", as_of="2026-11-24"))
    monkeypatch.setattr(kept, "speeds", lambda *_, refresh, **__: asked.append(refresh) or known)
    said = [
        CliRunner().invoke(hardware_command, words, catch_exceptions=False).stdout.replace("\u00a0", " ")
        for words in ([], ["--refresh", "--lang", "vi"])
    ]
    assert asked == [False, True]
    assert "measured (2 threads, 24 November 2026)" in said[0]
    assert "đo được (2 threads, 24/11/2026)" in said[1]
    with pytest.raises(UsageError, match="measures this machine"):
        CliRunner().invoke(hardware_command, ["--on", "RTX 4090", "--refresh"], catch_exceptions=False)
