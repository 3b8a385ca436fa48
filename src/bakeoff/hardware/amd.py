"""AMD GPUs of this machine, from the kernel's files (amdgpu in sysfs, KFD's topology), as accelerators.

Integrated parts have a carve-out (`mem_info_vram_*`) and what they may map of main memory (`mem_info_gtt_*`). ROCm
allocates from the larger of the two (amdgpu's `apu_prefer_gtt`), Vulkan from both.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bakeoff.hardware import pci, table
from bakeoff.hardware.findings import Findings
from bakeoff.hardware.machine import Accelerator, Backend, Rates
from bakeoff.hardware.probe import Probe
from bakeoff.hardware.table import Entry, pci_express
from bakeoff.values import Estimate, Reason, reason

INTEGRATED_TARGETS = re.compile(r"gfx(902|909|90c|1013|1033|1035|1036|1037|1103|115\d)")
"""Graphics of APUs (LLVM AMDGPU user guide, processors of kind APU)."""

RATE_GENERATION = {"2.5": "1.0", "5.0": "2.0", "8.0": "3.0", "16.0": "4.0", "32.0": "5.0", "64.0": "6.0"}
"""GT/s of a PCI Express lane -> generation."""

VISIBLE = ("ROCR_VISIBLE_DEVICES", "HIP_VISIBLE_DEVICES")


@dataclass(frozen=True, slots=True)
class Reading:
    """What the kernel, `amd-smi` or `rocm-smi` said of one GPU."""

    index: int
    name: str | None
    vram_total: int
    vram_used: int
    gtt_total: int = 0
    gtt_used: int = 0
    target: str | None = None
    unique_id: str = ""
    link: float | None = None
    source: str = "amdgpu"


def read(probe: Probe) -> list[Reading]:
    """Every GPU that amdgpu drives, in the kernel's order; none on other systems."""
    nodes = _topology(probe)
    found: list[Reading] = []
    for slot in pci.slots(probe):
        total = integer(probe.read(f"{slot.folder}/mem_info_vram_total"))
        if slot.vendor != pci.AMD or total is None:
            continue
        node = nodes.get(slot.location, {})
        product = (probe.read(f"{slot.folder}/product_name") or "").strip()
        found.append(
            Reading(
                index=len(found),
                name=pci.name(probe, slot) or product or None,
                vram_total=total,
                vram_used=integer(probe.read(f"{slot.folder}/mem_info_vram_used")) or 0,
                gtt_total=integer(probe.read(f"{slot.folder}/mem_info_gtt_total")) or 0,
                gtt_used=integer(probe.read(f"{slot.folder}/mem_info_gtt_used")) or 0,
                target=_target(node.get("gfx_target_version")),
                unique_id=(probe.read(f"{slot.folder}/unique_id") or "").strip(),
                link=_link(probe, slot.folder),
            )
        )
    return found


def accelerators(
    readings: Sequence[Reading], environment: Mapping[str, str], *, memory_usable_bytes: float, rocm: bool
) -> Findings:
    """The GPUs that a ROCm or Vulkan program would see.

    Args:
        readings: in the kernel's order.
        environment: `ROCR_VISIBLE_DEVICES` and `HIP_VISIBLE_DEVICES` are honoured.
        memory_usable_bytes: of the system, now: what integrated parts map comes out of it.
        rocm: the compute driver is there (`/dev/kfd`); without it only Vulkan is.
    """
    found = Findings()
    for reading in _visible(list(readings), environment, found.notes):
        entry = table.find(reading.name, reading.vram_total) if reading.name else None
        target = reading.target or (entry.target if entry else "")
        integrated = entry.kind == "soc" if entry else INTEGRATED_TARGETS.fullmatch(target) is not None
        if entry is None:
            found.notes.append(reason("hardware.device_unknown", device=_name(reading, entry)))
        if integrated:
            found.accelerators.append(_integrated(reading, entry, target, memory_usable_bytes, rocm))
        else:
            found.accelerators.append(_card(reading, entry, target, rocm))
    return found


def _visible(readings: list[Reading], environment: Mapping[str, str], notes: list[Reason]) -> list[Reading]:
    """Indices or `GPU-<unique id>`; the second variable counts within what the first left (ROCm documentation)."""
    for variable in VISIBLE:
        wanted = environment.get(variable)
        if wanted is None:
            continue
        kept = []
        for name in (part.strip() for part in wanted.split(",")):
            chosen = [
                reading
                for place, reading in enumerate(readings)
                if name == str(place) or (len(name) > 4 and name.lower() == f"gpu-{reading.unique_id.lower()}")
            ]
            if not chosen:
                break
            kept += chosen
        if len(kept) < len(readings):
            hidden = len(readings) - len(kept)
            notes.append(reason("hardware.devices_hidden", variable=variable, value=wanted, n=hidden))
        readings = kept
    return readings


def _card(reading: Reading, entry: Entry | None, target: str, rocm: bool) -> Accelerator:
    free = max(reading.vram_total - reading.vram_used, 0)
    return Accelerator(
        name=_name(reading, entry),
        vendor="amd",
        backend=_backend(entry, rocm),
        memory_total_bytes=Estimate.exact(float(reading.vram_total), source="measured", detail=reading.source),
        memory_usable_bytes=Estimate.exact(float(free), source="measured", detail=reading.source),
        bandwidth_bytes_per_second=entry.bandwidth() if entry else None,
        rates=entry.rates if entry else Rates(),
        device_class=entry.device_class if entry else "amd-consumer",
        link_bytes_per_second=_measured_link(reading) or (entry.link() if entry else None),
        peer_bytes_per_second=entry.peer() if entry else None,
        index=reading.index,
        power_watts=entry.power_watts if entry else None,
        target=target or None,
    )


def _integrated(reading: Reading, entry: Entry | None, target: str, memory_usable: float, rocm: bool) -> Accelerator:
    """Carve-out or mapped memory, whichever is larger; both together as the upper end."""
    mapped = reading.gtt_total > reading.vram_total
    free_mapped = min(max(reading.gtt_total - reading.gtt_used, 0), memory_usable)
    free_own = max(reading.vram_total - reading.vram_used, 0)
    total = float(max(reading.gtt_total, reading.vram_total))
    usable = float(free_mapped if mapped else free_own)
    both = float(free_mapped + free_own)
    detail = f"{reading.source}: {'gtt' if mapped else 'vram'}"
    return Accelerator(
        name=_name(reading, entry),
        vendor="amd",
        backend=_backend(entry, rocm),
        memory_total_bytes=Estimate(total, total, float(reading.gtt_total + reading.vram_total), "measured", detail),
        memory_usable_bytes=Estimate(usable, usable, max(both, usable), "measured", detail),
        bandwidth_bytes_per_second=entry.bandwidth() if entry else None,
        rates=entry.rates if entry else Rates(),
        unified=True,
        device_class="integrated",
        index=reading.index,
        dedicated_bytes=0.0 if mapped else float(reading.vram_total),
        power_watts=entry.power_watts if entry else None,
        target=target or None,
    )


def _name(reading: Reading, entry: Entry | None) -> str:
    plain = (reading.name or "").removeprefix("AMD ")
    if entry is not None:
        return entry.name
    return plain or f"AMD GPU {reading.target or reading.index}"


def _backend(entry: Entry | None, rocm: bool) -> Backend:
    return "rocm" if rocm and (entry is None or entry.backend == "rocm") else "vulkan"


def _measured_link(reading: Reading) -> Estimate | None:
    if reading.link is None:
        return None
    return Estimate.exact(reading.link, source="measured", detail="PCI Express link in sysfs")


def _link(probe: Probe, folder: str) -> float | None:
    """Highest speed of the slot and width in use: the speed of now falls when the card idles."""
    speed = re.match(r"([\d.]+) GT/s", probe.read(f"{folder}/max_link_speed") or "")
    lanes = integer(probe.read(f"{folder}/current_link_width"))
    generation = RATE_GENERATION.get(speed[1]) if speed else None
    return pci_express(generation, lanes) if generation and lanes and lanes <= 16 else None


def _topology(probe: Probe) -> dict[int, dict[str, str]]:
    """PCI location -> properties, of the compute nodes that are GPUs."""
    found = {}
    root = "/sys/class/kfd/kfd/topology/nodes"
    for node in probe.children(root):
        text = probe.read(f"{root}/{node}/properties") or ""
        values = dict(line.partition(" ")[::2] for line in text.splitlines())
        if values.get("simd_count", "0") != "0" and values.get("location_id", "").isdigit():
            found[int(values["location_id"])] = values
    return found


def _target(version: str | None) -> str | None:
    """`110501` -> `gfx1151`: major, two digits minor, two digits stepping; in names the last two are hexadecimal."""
    if not version or not version.isdigit() or version == "0":
        return None
    number = int(version)
    return f"gfx{number // 10000}{number // 100 % 100:x}{number % 100:x}"


def integer(text: str | None) -> int | None:
    """The number that a file or a field holds; None for anything else."""
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None
