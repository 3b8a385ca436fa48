"""What `nvidia-smi` prints, as readings: for systems where NVML cannot be loaded. Parses text, however odd.

Values may be `[N/A]`, `N/A`, `[Not Supported]`, `[Unknown Error]`, `[GPU is lost]`, `[Insufficient Permissions]`; old
drivers refuse a field that they do not know, by name.
"""

import csv
import io
import re

from bakeoff.hardware.nvidia import Fault, Partition, Reading
from bakeoff.hardware.probe import Probe
from bakeoff.units import GIB, MIB

FIELDS = (
    "index", "uuid", "name", "memory.total", "memory.free", "compute_cap", "clocks.max.memory",
    "pcie.link.gen.max", "pcie.link.width.current", "power.limit", "power.default_limit", "mig.mode.current",
)  # fmt: skip

COMMANDS = (
    "nvidia-smi",
    "/usr/lib/wsl/lib/nvidia-smi",
    r"C:\Windows\System32\nvidia-smi.exe",
    r"C:\Program Files\NVIDIA Corporation\NVSMI\nvidia-smi.exe",
)
"""In WSL root and SSH sessions have no path to it (WSL issue 8794)."""

FAILURES: dict[str, Fault | None] = {
    "version mismatch": "mismatch",
    "couldn't communicate with the NVIDIA driver": "not loaded",
    "Driver Not Loaded": "not loaded",
    "No devices were found": None,
    "GPU is lost": "lost",
    "Unable to determine the device handle": "lost",
}
"""What it prints when it fails -> what that means; None where there is simply no GPU."""


def ask(probe: Probe) -> tuple[list[Reading], Fault | None, str]:
    """(readings, fault, words) of the command; no fault where there is no driver, or nothing wrong."""
    for command in COMMANDS:
        answered = _query(probe, command)
        if answered is None:
            continue
        code, text = answered
        readings = parse(text)
        if readings:
            return _with_partitions(readings, probe, command), None, ""
        return [], failure(text) if code != 0 or text.strip() else None, " ".join(text.split())[:120]
    return [], None, ""


def _query(probe: Probe, command: str) -> tuple[int, str] | None:
    """The table; fields that the driver does not know are left out and asked no more."""
    fields = list(FIELDS)
    answered = None
    for _ in range(len(FIELDS)):
        answered = probe.run([command, f"--query-gpu={','.join(fields)}", "--format=csv,nounits"])
        refused = re.search(r'Field "([\w.]+)" is not a valid field', answered[1]) if answered else None
        if refused is None or refused[1] not in fields:
            break
        fields.remove(refused[1])
    return answered


def failure(text: str) -> Fault | None:
    """What a failed call means."""
    return next(
        (meaning for words, meaning in FAILURES.items() if words in text), "other" if text.strip() else "silent"
    )


def parse(text: str) -> list[Reading]:
    """The rows of `--query-gpu=... --format=csv`, with or without units; lines that are none are skipped."""
    lines = [line for line in text.splitlines() if line.strip()]
    start = next((at for at, line in enumerate(lines) if re.match(r"\s*(index|name|uuid)\s*,", line)), None)
    if start is None:
        return []
    header = [re.sub(r"\s*\[.*", "", name).strip() for name in lines[start].split(",")]
    readings: list[Reading] = []
    for row in csv.reader(io.StringIO("\n".join(lines[start + 1 :])), skipinitialspace=True):
        if len(row) == len(header):
            readings.append(_reading(dict(zip(header, row, strict=True)), len(readings)))
    return readings


def _reading(row: dict[str, str], place: int) -> Reading:
    name = row.get("name", "").strip()
    words = " ".join(row.values()).lower()
    total, free = _number(row.get("memory.total")), _number(row.get("memory.free"))
    generation, lanes = _number(row.get("pcie.link.gen.max")), _number(row.get("pcie.link.width.current"))
    index = _number(row.get("index"))
    return Reading(
        index=place if index is None else int(index),
        name=name or f"NVIDIA GPU {place}",
        uuid=row.get("uuid", "").strip(),
        total_bytes=int(total * MIB) if total else None,
        free_bytes=int(free * MIB) if free is not None and total else None,
        capability=found[0] if (found := re.search(r"\d+\.\d", row.get("compute_cap", ""))) else None,
        memory_mhz=_number(row.get("clocks.max.memory")),
        link_generation=int(generation) if generation else None,
        link_lanes=int(lanes) if lanes else None,
        power_watts=_number(row.get("power.limit")),
        power_default_watts=_number(row.get("power.default_limit")),
        partitioned=row.get("mig.mode.current", "").strip() == "Enabled",
        fault="lost" if "is lost" in words else "reset" if "reset" in words else None,
        source="nvidia-smi",
    )


def _number(text: str | None) -> float | None:
    """`24564`, `24564 MiB`, `450.00 W` -> the number; whatever is in brackets or letters -> None."""
    found = re.match(r"\s*(\d+(?:\.\d+)?)", text or "")
    return float(found[1]) if found else None


def _with_partitions(readings: list[Reading], probe: Probe, command: str) -> list[Reading]:
    """MIG instances are only in the list of devices, `nvidia-smi -L`."""
    if not any(reading.partitioned for reading in readings):
        return readings
    from dataclasses import replace

    answered = probe.run([command, "-L"])
    found = partitions(answered[1]) if answered else {}
    return [replace(reading, partitions=tuple(found.get(reading.index, ()))) for reading in readings]


def partitions(text: str) -> dict[int, list[Partition]]:
    """GPU index -> instances, from `nvidia-smi -L`."""
    found: dict[int, list[Partition]] = {}
    current = -1
    for line in text.splitlines():
        if gpu := re.match(r"GPU (\d+):", line):
            current = int(gpu[1])
        elif instance := re.match(r"\s+MIG (\S*?(\d+)gb\S*)\s.*\(UUID: (MIG-[^)]+)\)", line):
            size = int(instance[2]) * GIB
            found.setdefault(current, []).append(Partition(instance[1], instance[3], size, None))
    return found
