"""Measuring: bandwidth, compute, the drive; and the seam that never raises and never waits."""

import sys
import time
from pathlib import Path

import pytest

from bakeoff.hardware import apple, bandwidth, disk, windows
from bakeoff.hardware.probe import HUNG, Probe, within
from bakeoff.units import GIB, MIB
from tests.hardware.recording import Recording


def test_bandwidth_is_the_best_round_and_the_interval_starts_at_the_median(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bandwidth, "rounds", lambda work, amount: [1e9, 3e9, 2e9])
    measured = bandwidth.measure(2, 8 * GIB, 0)
    assert measured is not None
    assert (measured.value, measured.low, measured.high) == (3e9, 2e9, 3e9)
    assert measured.detail == "2 threads read 128 MiB, best of 3"


def test_more_is_read_than_the_caches_hold_and_less_than_an_eighth_of_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    amounts = []
    monkeypatch.setattr(bandwidth, "rounds", lambda work, amount: amounts.append(amount) or [1.0])
    bandwidth.measure(1, 64 * GIB, 64 * MIB)
    bandwidth.measure(1, 160 * MIB, 64 * MIB)
    assert amounts == [3 * 64 * MIB, 20 * MIB]
    assert bandwidth.measure(1, 1 * MIB, 0) is None


def test_rounds_stop_at_their_number_and_at_their_time(monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []
    assert len(bandwidth.rounds(lambda: calls.append(1), 1.0)) == bandwidth.MOST_ROUNDS
    assert len(calls) == bandwidth.MOST_ROUNDS + 1
    monkeypatch.setattr(bandwidth, "MOST_SECONDS", 0.0)
    assert len(bandwidth.rounds(lambda: None, 1.0)) == bandwidth.LEAST_ROUNDS


def test_caches_that_cores_share_count_once() -> None:
    recorded = Recording()
    for cpu, shared in ((0, "0-1"), (1, "0-1"), (2, "2-3")):
        place = f"/sys/devices/system/cpu/cpu{cpu}/cache/index3"
        recorded.files[f"{place}/size"] = "32768K\n"
        recorded.files[f"{place}/shared_cpu_list"] = f"{shared}\n"
    assert bandwidth.last_level_cache(recorded) == 64 * MIB
    assert bandwidth.last_level_cache(Recording()) == 32 * MIB


def test_the_drives_kind_is_the_devices_or_its_parents(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(disk.os, "major", lambda number: 8, raising=False)
    monkeypatch.setattr(disk.os, "minor", lambda number: 1, raising=False)
    for device, rotational, kind in (
        ("nvme0n1p2", "0", "nvme"),
        ("sda1", "1", "rotating"),
        ("sdb1", "0", "ssd"),
        ("vda1", "1", "unknown"),
    ):
        parent = device.rstrip("0123456789").removesuffix("p") or device
        recorded = Recording(f"-> /sys/dev/block/8:1 /sys/block/{parent}/{device}\n")
        recorded.files[f"/sys/block/{parent}/queue/rotational"] = rotational
        assert disk.drive(recorded, tmp_path) == (kind, device)
        speed = disk.speed(recorded, tmp_path, measure=False)
        assert speed.source == "estimated"
        assert speed.low < speed.value < speed.high
    assert disk.drive(Recording(), tmp_path) == ("unknown", "")
    assert disk.drive(Recording(), tmp_path / "nowhere") == ("unknown", "")


def test_a_file_that_cannot_be_read_past_the_cache_gives_the_typical_speed(tmp_path: Path) -> None:
    assert disk._measured(tmp_path / "nowhere") is None
    (tmp_path / "small").write_bytes(b"x" * 100)
    assert disk._measured(tmp_path / "small") is None


def test_work_that_takes_too_long_is_left_behind_and_errors_come_out() -> None:
    started = time.monotonic()
    assert within(0.05, lambda: time.sleep(0.5)) is None
    assert time.monotonic() - started < 0.45
    assert within(5, lambda: 42) == 42
    with pytest.raises(ZeroDivisionError):
        within(5, lambda: 1 // 0)


def test_the_seam_answers_none_for_what_is_not_there(tmp_path: Path) -> None:
    probe = Probe()
    assert probe.read(str(tmp_path / "no")) is None
    assert probe.read("\0") is None
    assert probe.children(str(tmp_path / "no")) == []
    assert probe.resolve(str(tmp_path / "no")) is None
    assert probe.run([str(tmp_path / "no")]) is None
    assert probe.library("libbakeoff-does-not-exist.so") is None
    assert probe.logical_cpus() >= 1


def test_a_command_that_hangs_is_ended_and_odd_bytes_are_read() -> None:
    probe = Probe()
    assert probe.run([sys.executable, "-c", "import time; time.sleep(20)"], seconds=0.2) == (HUNG, "")
    done = probe.run([sys.executable, "-c", "import sys; sys.stdout.buffer.write(b'a\\xff'); sys.exit(3)"], seconds=20)
    assert done == (3, "a\ufffd")


def test_a_mac_believes_metal_then_the_setting_then_the_rule() -> None:
    values = {"hw.memsize": str(64 * GIB), "machdep.cpu.brand_string": "Apple M1 Max", "hw.physicalcpu": "10"}

    def limit(**more: object) -> tuple[float, str]:
        asked = {"available": 60.0 * GIB, "cores": 32, "limit": None, **more}
        _, (gpu,), _ = apple.build({**values, **asked.pop("values", {})}, **asked)  # type: ignore[arg-type]
        return gpu.memory_total_bytes.value / GIB, gpu.memory_total_bytes.source

    assert limit() == (pytest.approx(51.84), "estimated")
    assert limit(values={"iogpu.wired_limit_mb": "58000"}) == (pytest.approx(58000 / 1024), "measured")
    assert limit(limit=48.0 * GIB) == (48.0, "measured")


def test_a_mac_of_a_chip_that_is_new_is_used_without_numbers() -> None:
    values = {"hw.memsize": str(32 * GIB), "machdep.cpu.brand_string": "Apple M99", "hw.physicalcpu": "10"}
    _, (gpu,), notes = apple.build(values, available=20.0 * GIB, cores=None, limit=None)
    assert gpu.bandwidth_bytes_per_second is None
    assert [note.code for note in notes] == ["hardware.device_unknown"]


def test_an_intel_mac_has_no_gpu_for_us() -> None:
    values = {
        "hw.memsize": str(16 * GIB),
        "machdep.cpu.brand_string": "Intel(R) Core(TM) i7-9750H CPU",
        "hw.optional.avx2_0": "1",
    }
    processor, gpus, _ = apple.build(values, available=None, cores=None, limit=None)
    assert gpus == []
    assert "avx2" in processor.instructions


def test_a_mac_without_metal_is_no_error() -> None:
    assert apple.metal_limit(Recording()) is None
    assert (
        apple.metal_limit(Recording(libraries={apple.METAL: object(), apple.CORE_GRAPHICS: 1, apple.OBJECTIVE_C: 1}))
        is None
    )


@pytest.mark.parametrize("text", ["", "{", "error", '{"cpu": null, "gpu": null}', '{"cpu": [3], "gpu": "x"}'])
def test_an_inventory_that_is_none_is_empty(text: str) -> None:
    assert windows.parse_inventory(text).adapters == ()


def test_registry_sizes_are_read_as_numbers_and_as_bytes() -> None:
    section = "HKEY_X\\000{0}\r\n    DriverDesc    REG_SZ    {1}\r\n    HardwareInformation.qwMemorySize    {2}\r\n\r\n"
    text = "".join(
        section.format(at, name, size)
        for at, (name, size) in enumerate(
            [("A", "REG_QWORD    0x5ff800000"), ("B", "REG_BINARY    0000000003000000"), ("C", "REG_QWORD    zz")]
        )
    )
    assert windows.parse_registry(text) == [("A", 0x5FF800000), ("B", 12 * GIB), ("C", 0)]
    assert windows.parse_registry("") == []
