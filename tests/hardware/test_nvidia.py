"""Which NVIDIA devices a program sees, and what NVML's answers become; NVML is played by a stand-in."""

import ctypes
import time
from collections.abc import Callable
from typing import Any

import pytest

from bakeoff.hardware import detect, nvidia, nvml
from bakeoff.hardware.nvidia import Reading
from bakeoff.hardware.nvidia_smi import failure, parse, partitions
from bakeoff.units import GIB, MIB
from bakeoff.values import Estimate
from tests.hardware.recording import Recording

MEMORY = Estimate.exact(60 * GIB, source="measured")


def names(readings: list[Reading], **environment: str) -> tuple[list[str], list[str]]:
    """(names that are seen, codes of the notes)."""
    found = nvidia.accelerators(readings, environment, memory_total_bytes=64 * GIB, memory_usable_bytes=MEMORY)
    return [one.name for one in found.accelerators], [note.code for note in found.notes]


SMALL = Reading(0, "NVIDIA GeForce RTX 3060", "GPU-aaaa1111", 12288 * MIB, 12000 * MIB)
LARGE = Reading(1, "NVIDIA GeForce RTX 3090", "GPU-bbbb2222", 24576 * MIB, 24000 * MIB)


@pytest.mark.parametrize(
    ("environment", "seen"),
    [
        ({}, ["3060", "3090"]),
        ({"CUDA_VISIBLE_DEVICES": "0,1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, ["3060", "3090"]),
        ({"CUDA_VISIBLE_DEVICES": "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, ["3090"]),
        ({"CUDA_VISIBLE_DEVICES": "1,0", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, ["3090", "3060"]),
        ({"CUDA_VISIBLE_DEVICES": "0"}, ["3090"]),  # by default CUDA counts the fastest first
        ({"CUDA_VISIBLE_DEVICES": "GPU-aaaa"}, ["3060"]),
        ({"CUDA_VISIBLE_DEVICES": "GPU-bbbb2222,GPU-aaaa1111"}, ["3090", "3060"]),
        ({"CUDA_VISIBLE_DEVICES": ""}, []),
        ({"CUDA_VISIBLE_DEVICES": "-1"}, []),
        ({"CUDA_VISIBLE_DEVICES": "0,7,1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"}, ["3060"]),  # ends at what is not there
        ({"CUDA_VISIBLE_DEVICES": "NoDevFiles"}, []),
        ({"CUDA_VISIBLE_DEVICES": "GPU-"}, []),
    ],
)
def test_visible_devices_are_those_that_cuda_would_see(environment: dict[str, str], seen: list[str]) -> None:
    found, codes = names([SMALL, LARGE], **environment)
    assert [name.rpartition(" ")[2] for name in found] == seen
    assert ("hardware.devices_hidden" in codes) == (len(seen) < 2)


def test_an_order_that_is_not_sure_is_said() -> None:
    assert "hardware.device_order" in names([SMALL, LARGE], CUDA_VISIBLE_DEVICES="0")[1]
    assert "hardware.device_order" not in names([LARGE, LARGE], CUDA_VISIBLE_DEVICES="0")[1]


def test_places_are_counted_anew_among_what_is_seen() -> None:
    found = nvidia.accelerators(
        [SMALL, LARGE],
        {"CUDA_VISIBLE_DEVICES": "1", "CUDA_DEVICE_ORDER": "PCI_BUS_ID"},
        memory_total_bytes=64 * GIB,
        memory_usable_bytes=MEMORY,
    )
    assert [one.index for one in found.accelerators] == [0]


def test_an_unknown_card_is_used_with_what_the_driver_says() -> None:
    new = Reading(0, "NVIDIA GeForce RTX 9090", "", 48 * GIB, 47 * GIB, "13.0", 20000.0, 512, 6, 16)
    found = nvidia.accelerators([new], {}, memory_total_bytes=64 * GIB, memory_usable_bytes=MEMORY)
    (card,) = found.accelerators
    assert card.device_class == "nvidia-consumer"
    assert card.bandwidth_bytes_per_second is not None
    assert card.bandwidth_bytes_per_second.value == 20000e6 * 2 * 512 / 8
    assert card.target == "sm_130"
    assert [note.code for note in found.notes] == ["hardware.device_unknown"]


def test_a_known_card_that_does_not_tell_its_memory_gets_it_from_the_table() -> None:
    quiet = Reading(0, "NVIDIA GeForce RTX 4090")
    found = nvidia.accelerators([quiet], {}, memory_total_bytes=64 * GIB, memory_usable_bytes=MEMORY)
    assert found.accelerators[0].memory_total_bytes.value == 24 * GIB
    assert found.accelerators[0].memory_total_bytes.source == "published"
    assert [note.code for note in found.notes] == ["hardware.memory_from_table"]
    assert names([Reading(0, "NVIDIA Something")]) == ([], ["hardware.gpu_fault"])


def test_a_version_with_slower_memory_is_not_given_the_published_bandwidth() -> None:
    """RTX 3050 laptops were sold with 192 and 224 GB/s under one name."""
    slow = Reading(0, "NVIDIA GeForce RTX 4070", "", 12 * GIB, 12 * GIB, "8.9", 10000.0, 192)
    found = nvidia.accelerators([slow], {}, memory_total_bytes=64 * GIB, memory_usable_bytes=MEMORY)
    assert found.accelerators[0].bandwidth_bytes_per_second is not None
    assert found.accelerators[0].bandwidth_bytes_per_second.value == 480e9


class FakeNvml:
    """Answers like libnvidia-ml: functions by name, zero for success, results through pointers."""

    def __init__(self, devices: list[dict[str, Any]], *, start: int = 0) -> None:
        self.devices = devices
        self.start = start
        self.shut = 0

    def nvmlInit_v2(self) -> int:
        return self.start

    def nvmlShutdown(self) -> int:
        self.shut += 1
        return 0

    def nvmlDeviceGetCount_v2(self, count: Any) -> int:
        count._obj.value = len(self.devices)
        return 0

    def nvmlDeviceGetHandleByIndex_v2(self, index: Any, handle: Any) -> int:
        if "lost" in self.devices[index.value]:
            return 15
        handle._obj.value = index.value + 1
        return 0

    def nvmlDeviceGetMigDeviceHandleByIndex(self, handle: Any, index: Any, part: Any) -> int:
        parts = self.devices[handle.value - 1].get("parts", [])
        if index.value >= len(parts):
            return 6
        self.devices.append(parts[index.value])
        part._obj.value = len(self.devices)
        return 0

    def nvmlDeviceGetMemoryInfo(self, handle: Any, memory: Any) -> int:
        found = self.devices[handle.value - 1].get("memory")
        if found is None:
            return 3
        memory._obj.total, memory._obj.free = found
        return 0

    def nvmlDeviceGetCudaComputeCapability(self, handle: Any, major: Any, minor: Any) -> int:
        major._obj.value, minor._obj.value = self.devices[handle.value - 1].get("capability", (8, 0))
        return 0

    def nvmlDeviceGetNvLinkState(self, handle: Any, link: Any, state: Any) -> int:
        state._obj.value = int(link.value < self.devices[handle.value - 1].get("links", 0))
        return 0 if self.devices[handle.value - 1].get("links") else 3

    def nvmlDeviceGetMaxClockInfo(self, handle: Any, kind: Any, clock: Any) -> int:
        assert kind.value == 2
        return self._number(handle, "clock", clock)

    def nvmlDeviceGetMigMode(self, handle: Any, current: Any, pending: Any) -> int:
        return self._number(handle, "mig", current)

    def _number(self, handle: Any, name: str, pointer: Any) -> int:
        found = self.devices[handle.value - 1].get(name)
        if found is None:
            return 3
        pointer._obj.value = found
        return 0

    def __getattr__(self, name: str) -> Callable[..., int]:
        numbers = {
            "nvmlDeviceGetMemoryBusWidth": "bits",
            "nvmlDeviceGetMaxPcieLinkGeneration": "generation",
            "nvmlDeviceGetCurrPcieLinkWidth": "lanes",
            "nvmlDeviceGetMaxPcieLinkWidth": "lanes",
            "nvmlDeviceGetEnforcedPowerLimit": "limit",
            "nvmlDeviceGetPowerManagementDefaultLimit": "default",
            "nvmlDeviceGetMaxMigDeviceCount": "most",
        }
        texts = {"nvmlDeviceGetName": "name", "nvmlDeviceGetUUID": "uuid"}
        if name in numbers:
            return lambda handle, pointer: self._number(handle, numbers[name], pointer)
        if name in texts:
            return lambda handle, buffer, size: self._text(handle, texts[name], buffer)
        raise AttributeError(name)

    def _text(self, handle: Any, name: str, buffer: Any) -> int:
        buffer.value = self.devices[handle.value - 1].get(name, "").encode()
        return 0


HOPPER = {
    "name": "NVIDIA H100 80GB HBM3", "uuid": "GPU-1", "memory": (81559 * MIB, 81000 * MIB), "capability": (9, 0),
    "clock": 2619, "bits": 5120, "generation": 5, "lanes": 16, "limit": 700_000, "default": 700_000, "links": 18,
}  # fmt: skip


def with_library(library: FakeNvml, **environment: str) -> Any:
    probe = Recording(libraries={"libnvidia-ml.so.1": library}, environment=environment)
    probe.files["/proc/meminfo"] = "MemTotal: 1000000000 kB\nMemAvailable: 900000000 kB\n"
    return detect(measure=False, probe=probe)


def test_nvml_says_all_of_a_card() -> None:
    library = FakeNvml([dict(HOPPER), dict(HOPPER)])
    machine = with_library(library)
    one, _ = machine.accelerators
    assert one.name == "H100 80GB HBM3"
    assert one.memory_total_bytes.value == 81559 * MIB
    assert one.memory_usable_bytes.value == 81000 * MIB
    assert one.memory_usable_bytes.detail == "NVML"
    assert one.bandwidth_bytes_per_second.value == pytest.approx(3352e9, rel=0.001)
    assert one.link_bytes_per_second.value == 16 * 3.938e9
    assert one.peer_bytes_per_second.value == 18 * 25e9
    assert one.power_watts == 700
    assert one.compute_capability == "9.0"
    assert machine.notes == ()
    assert library.shut == 1


def test_nvml_without_memory_is_a_unified_part() -> None:
    machine = with_library(FakeNvml([{"name": "NVIDIA GB10", "capability": (12, 1)}]))
    (chip,) = machine.accelerators
    assert chip.unified
    assert chip.memory_total_bytes.value == 1_000_000_000 * 1024


def test_nvml_partitions_are_scaled_from_the_whole() -> None:
    part = {"name": "NVIDIA H100 80GB HBM3 MIG 1g.10gb", "uuid": "MIG-1", "memory": (10 * GIB, 9 * GIB)}
    machine = with_library(FakeNvml([{**HOPPER, "mig": 1, "most": 7, "parts": [part]}]))
    (one,) = machine.accelerators
    assert one.name == "H100 80GB HBM3 MIG 1g.10gb"
    assert one.memory_usable_bytes.value == 9 * GIB
    assert one.bandwidth_bytes_per_second.value == pytest.approx(3352e9 / 8, rel=0.001)
    assert one.rates.bf16 == pytest.approx(989e12 / 7)


def test_mig_mode_without_an_instance_runs_nothing() -> None:
    machine = with_library(FakeNvml([{**HOPPER, "mig": 1, "most": 7}]))
    assert machine.accelerators == ()
    assert [note.code for note in machine.notes] == ["hardware.mig_empty"]


def test_a_lost_card_does_not_cost_the_others() -> None:
    machine = with_library(FakeNvml([{"lost": True}, dict(HOPPER)]))
    assert [one.name for one in machine.accelerators] == ["H100 80GB HBM3"]
    assert [note.parameters["fault"] for note in machine.notes] == ["lost"]


@pytest.mark.parametrize(("code", "fault"), [(9, "not loaded"), (18, "mismatch"), (999, "other"), (12, "other")])
def test_nvml_that_does_not_start_is_a_note(code: int, fault: str) -> None:
    machine = with_library(FakeNvml([], start=code))
    (note,) = machine.notes
    assert (note.code, note.parameters["fault"]) == ("hardware.driver_fault", fault)


def test_a_driver_without_a_device_is_said() -> None:
    assert [note.code for note in with_library(FakeNvml([])).notes] == ["hardware.driver_without_device"]


def test_a_driver_that_hangs_is_left_behind(monkeypatch: pytest.MonkeyPatch) -> None:
    class Hanging(FakeNvml):
        def nvmlInit_v2(self) -> int:
            time.sleep(0.5)
            return 0

    monkeypatch.setattr("bakeoff.hardware.here.NVML_SECONDS", 0.05)
    machine = with_library(Hanging([]))
    assert [note.parameters.get("fault") for note in machine.notes] == ["silent"]


def test_a_power_limit_below_the_default_is_said() -> None:
    notes = with_library(FakeNvml([{**HOPPER, "limit": 350_000}])).notes
    assert [note.code for note in notes] == ["hardware.power_limited"]


def test_an_old_library_lacks_functions_and_is_used_all_the_same() -> None:
    class Old(FakeNvml):
        def __getattr__(self, name: str) -> Callable[..., int]:
            if name in ("nvmlDeviceGetMemoryBusWidth", "nvmlDeviceGetMaxMigDeviceCount"):
                raise AttributeError(name)
            return super().__getattr__(name)

    machine = with_library(Old([dict(HOPPER)]))
    assert machine.accelerators[0].bandwidth_bytes_per_second.detail != ""


def test_the_memory_structure_is_nvmls() -> None:
    assert ctypes.sizeof(nvml.Memory) == 24


@pytest.mark.parametrize(
    "text", ["", "\n\n", "garbage", "index, name\n", "index, name\n0", "index,name\n0,x,y,z\n", "\x00"]
)
def test_text_that_is_no_table_has_no_rows(text: str) -> None:
    assert parse(text) == []


def test_a_table_with_units_and_one_without_say_the_same() -> None:
    rows = (
        parse("name, memory.total [MiB]\nNVIDIA A10G, 23028 MiB\n"),
        parse("name, memory.total\nNVIDIA A10G, 23028\n"),
    )
    assert [row[0].total_bytes for row in rows] == [23028 * MIB] * 2


def test_instances_are_listed_under_their_gpu() -> None:
    text = "GPU 0: A (UUID: GPU-1)\n  MIG 1c.3g.20gb  Device 0: (UUID: MIG-x)\nGPU 1: B (UUID: GPU-2)\n"
    assert {gpu: [part.name for part in parts] for gpu, parts in partitions(text).items()} == {0: ["1c.3g.20gb"]}
    assert failure("No devices were found") is None
