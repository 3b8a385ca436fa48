"""The processor, memory and non-NVIDIA GPUs of a Windows system.

A card's memory is `HardwareInformation.qwMemorySize` in the display class of the registry, which drivers write in 64
bits. `Win32_VideoController.AdapterRAM` has 32 and stops at 4 GB; it only tells which adapters are present, for the
registry keeps those that were removed.
"""

import ctypes
import json
import re
from dataclasses import dataclass
from typing import Any

from bakeoff.hardware import reserve, table
from bakeoff.hardware.findings import Findings
from bakeoff.hardware.machine import Accelerator, Processor, Rates, Vendor
from bakeoff.hardware.probe import Probe
from bakeoff.hardware.table import Entry
from bakeoff.units import GIB
from bakeoff.values import Estimate, reason

DISPLAY_CLASS = r"HKLM\SYSTEM\CurrentControlSet\Control\Class\{4d36e968-e325-11ce-bfc1-08002be10318}"

INVENTORY = (
    "$ErrorActionPreference='SilentlyContinue';"
    "@{cpu=@(Get-CimInstance Win32_Processor|Select-Object Name,NumberOfCores);"
    "gpu=@(Get-CimInstance Win32_VideoController|Select-Object Name,PNPDeviceID)}|ConvertTo-Json -Depth 3 -Compress"
)
INVENTORY_SECONDS = 15.0
"""PowerShell takes one to three seconds to start; more on a machine that has just booted."""

VENDORS: dict[str, Vendor] = {"1002": "amd", "8086": "intel", "10DE": "nvidia"}

SMALLEST_CARD_BYTES = 2 * GIB
AVX2, AVX512F = 40, 41
"""PF_AVX2_INSTRUCTIONS_AVAILABLE, PF_AVX512F_INSTRUCTIONS_AVAILABLE (winnt.h)."""


@dataclass(frozen=True, slots=True)
class Inventory:
    """What PowerShell said is present."""

    cpu: str
    cores: int | None
    adapters: tuple[tuple[str, Vendor], ...]


class MemoryStatus(ctypes.Structure):
    """MEMORYSTATUSEX."""

    _fields_ = (
        ("length", ctypes.c_uint32),
        ("load", ctypes.c_uint32),
        *((name, ctypes.c_uint64) for name in ("total", "available", "a", "b", "c", "d", "e")),
    )


def inventory(probe: Probe) -> Inventory:
    """Processor and adapters that are present."""
    command = ["powershell.exe", "-NoProfile", "-NonInteractive", "-Command", INVENTORY]
    answered = probe.run(command, seconds=INVENTORY_SECONDS)
    return parse_inventory(answered[1] if answered else "")


def parse_inventory(text: str) -> Inventory:
    """The JSON of `INVENTORY`; empty where it is none. A list of one may come as the one."""
    try:
        data: Any = json.loads(text[text.index("{") :])
    except ValueError:
        return Inventory("CPU", None, ())
    cpus = [one for one in _list(data.get("cpu")) if isinstance(one, dict)]
    cores = sum(int(one.get("NumberOfCores") or 0) for one in cpus)
    adapters = []
    for one in (one for one in _list(data.get("gpu")) if isinstance(one, dict)):
        vendor = re.search(r"VEN_([0-9A-F]{4})", str(one.get("PNPDeviceID") or ""), re.IGNORECASE)
        if vendor and vendor[1].upper() in VENDORS:
            adapters.append((str(one.get("Name")), VENDORS[vendor[1].upper()]))
    name = str(cpus[0].get("Name") or "CPU").strip() if cpus else "CPU"
    return Inventory(" ".join(name.split()), cores or None, tuple(adapters))


def _list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [] if value is None else [value]


def parse_registry(text: str) -> list[tuple[str, int]]:
    """(driver's description, bytes) of each display adapter that `reg query ... /s` shows, removed ones too."""
    found = []
    for section in re.split(r"\r?\n(?=HKEY_)", text):
        name = re.search(r"^\s+DriverDesc\s+REG_SZ\s+(.+?)\s*$", section, re.MULTILINE)
        size = re.search(r"^\s+HardwareInformation\.qwMemorySize\s+REG_(?:QWORD|BINARY)\s+(\S+)", section, re.MULTILINE)
        if name and size:
            found.append((name[1], _quad(size[1])))
    return found


def _quad(text: str) -> int:
    """`0x5fe800000`, or little-endian bytes `0000E8FF05000000`."""
    try:
        return int(text, 16) if text.startswith("0x") else int.from_bytes(bytes.fromhex(text), "little")
    except ValueError:
        return 0


def accelerators(
    present: Inventory, registry: list[tuple[str, int]], *, memory_total_bytes: float, memory_usable_bytes: float
) -> Findings:
    """AMD and Intel GPUs; NVIDIA's come from its own library."""
    found = Findings()
    sizes = list(registry)
    for name, vendor in present.adapters:
        if vendor == "nvidia":
            continue
        at = next((at for at, (description, _) in enumerate(sizes) if description == name), None)
        size = sizes.pop(at)[1] if at is not None else 0
        entry = table.find(name.removesuffix(" Graphics").replace("(TM)", ""), size or None)
        if (entry.kind == "soc") if entry else size < SMALLEST_CARD_BYTES:
            _add_integrated(found, name, entry, size, memory_total_bytes, memory_usable_bytes)
        else:
            _add_card(found, name, vendor, entry, size)
    return found


def _add_card(found: Findings, name: str, vendor: Vendor, entry: Entry | None, size: int) -> None:
    if entry is None:
        found.notes.append(reason("hardware.device_unknown", device=name))
    total = float(size or (entry.sizes_bytes[0] if entry and entry.sizes_bytes else 0))
    if total == 0:
        found.notes.append(reason("hardware.gpu_fault", device=name, fault="no memory", words=""))
        return
    driver = reserve.driver_bytes(total)
    screen = 2 * reserve.DESKTOP_BYTES
    found.accelerators.append(
        Accelerator(
            name=entry.name if entry else name,
            vendor=vendor,
            backend=entry.backend if entry else "vulkan",
            memory_total_bytes=Estimate.exact(total, source="measured", detail="registry, qwMemorySize"),
            memory_usable_bytes=Estimate(
                max(total - driver - screen, total / 2), total / 2, total - driver / 2, "estimated",
                "memory less driver and desktop; what is free is not said",
            ),
            bandwidth_bytes_per_second=entry.bandwidth() if entry else None,
            rates=entry.rates if entry else Rates(),
            device_class=entry.device_class if entry else "other",
            link_bytes_per_second=entry.link() if entry else None,
            index=len(found.accelerators),
            power_watts=entry.power_watts if entry else None,
            target=entry.target if entry else None,
        )
    )  # fmt: skip


def _add_integrated(found: Findings, name: str, entry: Entry | None, aside: int, total: float, usable: float) -> None:
    """Windows lets a GPU use half of what the system sees, beside what the firmware set aside for it."""
    if entry is None:
        found.notes.append(reason("hardware.integrated_unused", device=name))
        return
    shared = total / 2
    dedicated = float(aside) if aside > shared else 0.0
    value = max(dedicated, shared)
    now = dedicated or min(shared, usable)
    found.accelerators.append(
        Accelerator(
            name=entry.name,
            vendor=entry.vendor,
            backend=entry.backend,
            memory_total_bytes=Estimate(value, value, shared + aside, "measured", "registry and half of main memory"),
            memory_usable_bytes=Estimate(now, now, now + (shared if dedicated else aside), "estimated", "half of main"),
            bandwidth_bytes_per_second=entry.bandwidth(),
            rates=entry.rates,
            unified=True,
            device_class="integrated",
            index=len(found.accelerators),
            dedicated_bytes=dedicated,
            power_watts=entry.power_watts,
            target=entry.target,
        )
    )


def processor(probe: Probe, present: Inventory) -> Processor:
    """The processor with the memory of now."""
    kernel = probe.library("kernel32.dll")
    status = MemoryStatus()
    status.length = ctypes.sizeof(MemoryStatus)
    ok = kernel is not None and kernel.GlobalMemoryStatusEx(ctypes.byref(status))
    total, available = (float(status.total), float(status.available)) if ok else (0.0, 0.0)
    flags: tuple[str, ...] = ()
    if kernel is not None and kernel.IsProcessorFeaturePresent(AVX2):
        flags = ("avx", "avx2", "fma", "f16c", *(("avx512f",) if kernel.IsProcessorFeaturePresent(AVX512F) else ()))
    return Processor(
        name=present.cpu,
        cores=present.cores or max(1, probe.logical_cpus() // 2),
        memory_total_bytes=Estimate.exact(total, source="measured", detail="GlobalMemoryStatusEx"),
        memory_usable_bytes=Estimate.exact(available, source="measured", detail="GlobalMemoryStatusEx"),
        bandwidth_bytes_per_second=None,
        instructions=flags,
    )


def registry(probe: Probe) -> list[tuple[str, int]]:
    """What drivers wrote of their adapters' memory."""
    answered = probe.run(["reg.exe", "query", DISPLAY_CLASS, "/s"])
    return parse_registry(answered[1]) if answered else []
