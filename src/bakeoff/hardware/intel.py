"""Intel GPUs of this machine, from the kernel's files (i915 and xe in sysfs).

Discrete cards say how much memory they have, not how much is free. Integrated ones use main memory.
"""

import re
from dataclasses import dataclass

from bakeoff.hardware import pci, reserve, table
from bakeoff.hardware.findings import Findings
from bakeoff.hardware.machine import Accelerator, Rates
from bakeoff.hardware.probe import Probe
from bakeoff.hardware.table import Entry
from bakeoff.values import Estimate, Reason, reason

DEFAULT_SHARE = 0.5
"""Of main memory, where the table says nothing: the smallest default of Intel's drivers."""


@dataclass(frozen=True, slots=True)
class Reading:
    """What the kernel said of one GPU."""

    index: int
    name: str | None
    device: str
    memory_bytes: int | None
    """Own memory; None where it has none or does not say."""

    on_board: bool
    """It sits on bus 0, as all integrated graphics do."""


def read(probe: Probe) -> list[Reading]:
    """Every Intel GPU with a driver, in the kernel's order."""
    found: list[Reading] = []
    for slot in pci.slots(probe):
        if slot.vendor != pci.INTEL or slot.driver not in ("i915", "xe"):
            continue
        found.append(
            Reading(
                index=len(found),
                name=pci.name(probe, slot),
                device=slot.device,
                memory_bytes=_memory(probe, slot),
                on_board=re.match(r"0+:00:", slot.address) is not None,
            )
        )
    return found


def _memory(probe: Probe, slot: pci.Slot) -> int | None:
    """xe: `tileN/physical_vram_size_bytes`, hexadecimal; i915: `lmem_total_bytes`."""
    tiles = [name for name in probe.children(slot.folder) if re.fullmatch(r"tile\d+", name)]
    sizes = [probe.read(f"{slot.folder}/{tile}/physical_vram_size_bytes") for tile in tiles]
    sizes.append(probe.read(f"/sys/class/drm/{slot.card}/lmem_total_bytes"))
    total = 0
    for text in sizes:
        try:
            total += int((text or "0").strip(), 0)
        except ValueError:
            continue
    return total or None


def accelerators(readings: list[Reading], *, memory_total_bytes: float, memory_usable_bytes: float) -> Findings:
    """Discrete cards, and integrated graphics that the table knows; others are noted and left out."""
    found = Findings()
    for reading in readings:
        entry = table.find(reading.name, reading.memory_bytes) if reading.name else None
        own = reading.memory_bytes or (entry.sizes_bytes[0] if entry and entry.kind != "soc" else None)
        if own and not reading.on_board:
            found.accelerators.append(_card(reading, entry, float(own), found.notes))
        elif entry is not None and entry.kind == "soc":
            found.accelerators.append(_integrated(reading, entry, memory_total_bytes, memory_usable_bytes))
        else:
            name = reading.name or f"Intel graphics {reading.device}"
            found.notes.append(reason("hardware.integrated_unused", device=name))
    return found


def _card(reading: Reading, entry: Entry | None, size: float, notes: list[Reason]) -> Accelerator:
    if entry is None:
        notes.append(reason("hardware.device_unknown", device=reading.name or reading.device))
    driver = reserve.driver_bytes(size)
    source: Estimate = (
        Estimate.exact(size, source="measured", detail="sysfs")
        if reading.memory_bytes
        else Estimate.exact(size, source="published", detail=entry.sources if entry else "")
    )
    return Accelerator(
        name=entry.name if entry else reading.name or f"Intel GPU {reading.device}",
        vendor="intel",
        backend="sycl",
        memory_total_bytes=source,
        memory_usable_bytes=Estimate(
            size - driver, size / 2, size - driver / 2, "estimated", "memory less driver; what is free is not said"
        ),
        bandwidth_bytes_per_second=entry.bandwidth() if entry else None,
        rates=entry.rates if entry else Rates(),
        device_class="intel",
        link_bytes_per_second=entry.link() if entry else None,
        index=reading.index,
        power_watts=entry.power_watts if entry else None,
        target=entry.target if entry else None,
    )


def _integrated(reading: Reading, entry: Entry, total: float, usable: float) -> Accelerator:
    share = (entry.gpu_share or DEFAULT_SHARE) * total
    detail = f"{entry.gpu_share or DEFAULT_SHARE:.0%} of main memory"
    return Accelerator(
        name=entry.name,
        vendor="intel",
        backend=entry.backend,
        memory_total_bytes=Estimate(share, share, max(share, 0.9 * total), "estimated", detail),
        memory_usable_bytes=Estimate(min(share, usable), min(share, usable), usable, "estimated", detail),
        bandwidth_bytes_per_second=entry.bandwidth(),
        rates=entry.rates,
        unified=True,
        device_class="integrated",
        index=reading.index,
        power_watts=entry.power_watts,
        target=entry.target,
    )
