"""This machine: asks each maker's source in turn and puts the answers together. Never fails, never hangs: what does not
answer becomes a note.
"""

import os
from dataclasses import dataclass, field, replace
from pathlib import Path

from bakeoff.hardware import (
    amd,
    amd_smi,
    apple,
    bandwidth,
    disk,
    intel,
    kept,
    linux,
    nvidia,
    nvidia_smi,
    nvml,
    processors,
    windows,
)
from bakeoff.hardware.findings import Findings
from bakeoff.hardware.machine import Accelerator, Machine, Processor, Rates
from bakeoff.hardware.probe import Probe, within
from bakeoff.values import Estimate, Reason, reason

NVML_SECONDS = 8.0
"""The first call wakes a driver that is not kept loaded, up to a second for each GPU; a lost GPU hangs for ever."""


@dataclass(slots=True)
class _Found:
    """What was learnt so far."""

    processor: Processor
    system: str
    accelerators: list[Accelerator] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)

    def add(self, more: Findings) -> None:
        """Take in what one maker's source gave."""
        self.accelerators += more.accelerators
        self.notes += more.notes


def detect(
    *, measure: bool = True, refresh: bool = False, folder: Path | None = None, probe: Probe | None = None
) -> Machine:
    """The machine that this runs on, with the memory that is free now.

    Args:
        measure: time main memory, the cores and the drive, half a second in all; without it their speeds are typical
            values or unknown. Memory and cores are timed once a day, and the best of a week counts.
        refresh: time them now.
        folder: where model files will be; its drive is looked at [default: the home folder].
        probe: the system to ask; tests give a recording.
    """
    probe = probe or Probe()
    found = {"darwin": _darwin, "windows": _windows}.get(probe.system, _linux)(probe)
    _prefer_discrete(found)
    measured = _measured(probe, found, refresh=refresh) if measure else None
    found.processor = _with_speeds(found.processor, found.accelerators, measured)
    return Machine(
        name="this machine",
        processor=found.processor,
        accelerators=tuple(_with_bandwidth(one, found.processor) for one in found.accelerators),
        here=True,
        system=found.system,
        disk_bytes_per_second=disk.speed(probe, folder or Path(os.path.expanduser("~")), measure=measure),
        notes=tuple(found.notes),
    )


def _linux(probe: Probe) -> _Found:
    processor, notes = linux.processor(probe)
    found = _Found(processor, linux.kind(probe), notes=notes)
    _add_nvidia(probe, found)
    usable = processor.memory_usable_bytes.value
    readings = amd.read(probe) or amd_smi.ask(probe)
    rocm = probe.exists("/dev/kfd") or found.system == "linux wsl"
    found.add(amd.accelerators(readings, probe.environment, memory_usable_bytes=usable, rocm=rocm))
    total = processor.memory_total_bytes.value
    found.add(intel.accelerators(intel.read(probe), memory_total_bytes=total, memory_usable_bytes=usable))
    return found


def _darwin(probe: Probe) -> _Found:
    processor, accelerators, notes = apple.machine(probe)
    return _Found(processor, "darwin", accelerators, notes)


def _windows(probe: Probe) -> _Found:
    present = windows.inventory(probe)
    processor = windows.processor(probe, present)
    found = _Found(processor, "windows")
    _add_nvidia(probe, found)
    registry = windows.registry(probe) if any(vendor != "nvidia" for _, vendor in present.adapters) else []
    found.add(
        windows.accelerators(
            present,
            registry,
            memory_total_bytes=processor.memory_total_bytes.value,
            memory_usable_bytes=processor.memory_usable_bytes.value,
        )
    )
    return found


def _add_nvidia(probe: Probe, found: _Found) -> None:
    """NVML, else `nvidia-smi`."""
    library = probe.library(*nvml.LIBRARIES)
    fault: nvidia.Fault | None = None
    words = ""
    readings: list[nvidia.Reading] | None = []
    if library is None:
        readings, fault, words = nvidia_smi.ask(probe)
    else:
        try:
            readings = within(NVML_SECONDS, lambda: nvml.read(library))
            fault = "silent" if readings is None else None
        except nvml.NvmlError as error:
            fault, words = error.fault, str(error)
        if not readings and fault is None:
            found.notes.append(reason("hardware.driver_without_device", vendor="NVIDIA"))
    if fault is not None:
        found.notes.append(reason("hardware.driver_fault", vendor="NVIDIA", fault=fault, words=words))
    found.add(
        nvidia.accelerators(
            readings or [],
            probe.environment,
            memory_total_bytes=found.processor.memory_total_bytes.value,
            memory_usable_bytes=found.processor.memory_usable_bytes,
            board=(probe.read("/proc/device-tree/model") or "").strip("\0 \n"),
        )
    )


def _prefer_discrete(found: _Found) -> None:
    """Leave out integrated graphics beside a card, as llama.cpp does, and where nobody published its rates.

    The latter are the small ones, which are no faster than the CPU.
    """
    cards = [one for one in found.accelerators if not one.unified]
    kept = []
    for one in found.accelerators:
        if one.device_class != "integrated":
            kept.append(one)
        elif cards:
            found.notes.append(reason("hardware.integrated_left_out", device=one.name))
        elif one.rates == Rates() and one.vendor != "nvidia":
            found.notes.append(reason("hardware.integrated_unused", device=one.name))
        else:
            kept.append(one)
    found.accelerators = kept


def _measured(probe: Probe, found: _Found, *, refresh: bool) -> kept.Speeds:
    """Bandwidth and compute of main memory and cores, of today or timed now."""
    processor, cache_bytes = found.processor, bandwidth.last_level_cache(probe)

    def measure() -> kept.Speeds:
        memory = bandwidth.measure(processor.cores, processor.memory_usable_bytes.value, cache_bytes)
        return kept.Speeds(memory, Estimate.exact(bandwidth.measure_fp32(), source="measured"))

    return kept.speeds(processor, system=found.system, cache_bytes=cache_bytes, measure=measure, refresh=refresh)


def _with_speeds(processor: Processor, accelerators: list[Accelerator], measured: kept.Speeds | None) -> Processor:
    """Bandwidth and compute: measured, else published for the chip or the processor's name."""
    shared = next((one.bandwidth_bytes_per_second for one in accelerators if one.unified), None)
    rule = processors.find(processor.name)
    if measured is not None:
        return replace(
            processor,
            bandwidth_bytes_per_second=measured.bandwidth_bytes_per_second or shared or _named(rule),
            rates=Rates(fp32=measured.fp32.value),
        )
    return replace(
        processor,
        bandwidth_bytes_per_second=shared or _named(rule),
        rates=rule.rates if rule else Rates(),
    )


def _named(rule: processors.Rule | None) -> Estimate | None:
    """What the processor's memory can do at most; how many channels are in use is not known."""
    if rule is None:
        return None
    peak = processors.memory_bandwidth(rule.memory_type, rule.channels, detail=rule.memory_type)
    return Estimate(peak.value, peak.value / 2, peak.value, "estimated", f"at most: {rule.memory_type}")


def _with_bandwidth(one: Accelerator, processor: Processor) -> Accelerator:
    """Integrated graphics without a published bandwidth reads memory as fast as the processor."""
    if one.unified and one.bandwidth_bytes_per_second is None:
        return replace(one, bandwidth_bytes_per_second=processor.bandwidth_bytes_per_second)
    return one
