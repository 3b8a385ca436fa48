"""NVIDIA GPUs of this machine as accelerators, from what NVML or `nvidia-smi` said. Asks nothing itself.

Unified parts (GB10, Jetson) report no memory of their own: there the system's memory is the GPU's.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from bakeoff.hardware import table
from bakeoff.hardware.findings import Findings
from bakeoff.hardware.machine import Accelerator, Rates
from bakeoff.hardware.table import Entry, pci_express
from bakeoff.units import GIB
from bakeoff.values import Estimate, Reason, reason

Fault = Literal["not loaded", "mismatch", "lost", "reset", "silent", "no memory", "other"]
"""Why a driver or a GPU cannot be used: no kernel module; library and module of different versions; off the bus;
stopped until it is reset; no answer in time; a card that does not say how much memory it has; something else."""

INTEGRATED = re.compile(r"GB10|N1X|Orin|Thor|Xavier|Tegra|nvgpu|Jetson", re.IGNORECASE)
"""Names of parts that share the system's memory."""

SMALLEST_OWN_BYTES = GIB // 2
"""Less than that is a carve-out, not a card's memory."""

NVLINK_BYTES_PER_SECOND = {6: 20e9, 7: 25e9, 8: 25e9, 9: 25e9, 10: 50e9}
"""One link, one way, by major compute capability (NVLink 1 to 5; NVIDIA architecture whitepapers)."""

COMPUTE_SLICES, MEMORY_SLICES = 7, 8
"""A MIG-capable GPU is cut into seven compute and eight memory slices (NVIDIA MIG user guide)."""

POWER_LIMITED = 0.9
"""A limit below this share of the default is worth a note."""


@dataclass(frozen=True, slots=True)
class Partition:
    """One MIG instance."""

    name: str
    """`1g.10gb`."""

    uuid: str
    total_bytes: int | None
    free_bytes: int | None


@dataclass(frozen=True, slots=True)
class Reading:
    """What the driver said of one GPU; None for what it does not say."""

    index: int
    name: str
    uuid: str = ""
    total_bytes: int | None = None
    free_bytes: int | None = None
    capability: str | None = None
    memory_mhz: float | None = None
    bus_bits: int | None = None
    link_generation: int | None = None
    link_lanes: int | None = None
    power_watts: float | None = None
    power_default_watts: float | None = None
    nvlinks: int = 0
    partitions: tuple[Partition, ...] = ()
    partitioned: bool = False
    fault: Fault | None = None
    """Why the GPU does not answer."""

    words: str = ""
    """What the driver said instead, where that is not one of the known faults."""

    source: str = "NVML"


def accelerators(
    readings: Sequence[Reading],
    environment: Mapping[str, str],
    *,
    memory_total_bytes: float,
    memory_usable_bytes: Estimate,
    board: str = "",
) -> Findings:
    """The GPUs that a CUDA program would see, in its order.

    Args:
        readings: as the driver counts.
        environment: `CUDA_VISIBLE_DEVICES` and `CUDA_DEVICE_ORDER` are honoured.
        memory_total_bytes: of the system, for unified parts.
        memory_usable_bytes: likewise, of now.
        board: what the board calls itself; a Jetson's driver names the chip only.
    """
    found = Findings()
    working = []
    for reading in readings:
        if reading.fault:
            found.notes.append(
                reason("hardware.gpu_fault", device=reading.name, fault=reading.fault, words=reading.words)
            )
        else:
            working.append(reading)
    seen = _visible(working, environment, found.notes)
    for place, (reading, partition) in enumerate(seen):
        entry = table.find(reading.name, reading.total_bytes) or _jetson(board, memory_total_bytes)
        made = _accelerator(reading, partition, entry, place, memory_total_bytes, memory_usable_bytes, found.notes)
        if made is not None:
            found.accelerators.append(made)
    return found


Seen = tuple[Reading, Partition | None]


def _visible(readings: list[Reading], environment: Mapping[str, str], notes: list[Reason]) -> list[Seen]:
    """What `CUDA_VISIBLE_DEVICES` leaves: indices, UUIDs or their beginnings.

    The list ends at the first item that is not there (CUDA C Programming Guide, environment variables).
    """
    wanted = environment.get("CUDA_VISIBLE_DEVICES")
    if wanted is None:
        return _all(readings, notes)
    ordered = _ordered(readings, environment)
    seen: list[Seen] = []
    for name in (part.strip() for part in wanted.split(",")):
        one = _pick(ordered, name)
        if one is None:
            break
        seen.append(one)
    total = sum(len(reading.partitions) or 1 for reading in readings)
    if len(seen) < total:
        hidden = total - len(seen)
        notes.append(reason("hardware.devices_hidden", variable="CUDA_VISIBLE_DEVICES", value=wanted, n=hidden))
    mixed = len({reading.name for reading in readings}) > 1 and re.search(r"(^|,)\s*\d", wanted)
    if mixed and environment.get("CUDA_DEVICE_ORDER") != "PCI_BUS_ID":
        notes.append(reason("hardware.device_order"))
    return seen


def _all(readings: list[Reading], notes: list[Reason]) -> list[Seen]:
    """Every GPU; of a partitioned one the first instance, which is all that a CUDA program gets unasked."""
    seen: list[Seen] = []
    for reading in readings:
        if reading.partitions:
            seen.append((reading, reading.partitions[0]))
            if len(reading.partitions) > 1:
                notes.append(reason("hardware.mig_first", device=reading.name, n=len(reading.partitions)))
        elif reading.partitioned:
            notes.append(reason("hardware.mig_empty", device=reading.name))
        else:
            seen.append((reading, None))
    return seen


def _ordered(readings: list[Reading], environment: Mapping[str, str]) -> list[Reading]:
    """As CUDA counts: by bus, or by default the fastest first."""
    if environment.get("CUDA_DEVICE_ORDER") == "PCI_BUS_ID":
        return readings

    def speed(reading: Reading) -> float:
        entry = table.find(reading.name, reading.total_bytes)
        return -(entry.rates.fp32 or 0.0) if entry else 0.0

    return sorted(readings, key=speed)


def _pick(readings: list[Reading], name: str) -> Seen | None:
    """The device that one item of the list names."""
    if name.isdigit():
        if int(name) >= len(readings):
            return None
        reading = readings[int(name)]
        return reading, reading.partitions[0] if reading.partitions else None
    if len(name) < 5:
        return None
    for reading in readings:
        if reading.uuid.startswith(name):
            return reading, reading.partitions[0] if reading.partitions else None
        for partition in reading.partitions:
            if partition.uuid.startswith(name):
                return reading, partition
    return None


def _accelerator(
    reading: Reading,
    partition: Partition | None,
    entry: Entry | None,
    place: int,
    memory_total: float,
    memory_usable: Estimate,
    notes: list[Reason],
) -> Accelerator | None:
    if _is_unified(reading, entry):
        return _unified(reading, entry, place, memory_total, memory_usable)
    total, free = reading.total_bytes, reading.free_bytes
    if total is None and entry is None:
        notes.append(reason("hardware.gpu_fault", device=reading.name, fault="no memory", words=""))
        return None
    if total is None and entry is not None:
        notes.append(reason("hardware.memory_from_table", device=reading.name))
    size = float(total) if total is not None else float(entry.sizes_bytes[0]) if entry else 0.0
    usable = size if free is None else float(free)
    made = Accelerator(
        name=_shown(reading, entry),
        vendor="nvidia",
        backend="cuda",
        memory_total_bytes=_asked(size, reading) if total is not None else _published(size, entry),
        memory_usable_bytes=_asked(usable, reading) if free is not None else _guessed(usable),
        bandwidth_bytes_per_second=_bandwidth(reading, entry),
        rates=entry.rates if entry else Rates(),
        compute_capability=reading.capability or (entry.compute_capability if entry else None),
        device_class=entry.device_class if entry else _class(reading.name),
        link_bytes_per_second=_link(reading, entry),
        peer_bytes_per_second=_peer(reading, entry),
        index=place,
        power_watts=reading.power_watts or (entry.power_watts if entry else None),
        target=_target(reading, entry),
    )
    if entry is None:
        notes.append(reason("hardware.device_unknown", device=reading.name))
    limit, default = reading.power_watts, reading.power_default_watts
    if limit and default and limit < POWER_LIMITED * default:
        notes.append(reason("hardware.power_limited", device=made.name, watts=round(limit), default=round(default)))
    return made if partition is None else _part(made, partition)


def _jetson(board: str, memory: float) -> Entry | None:
    """The module on a Jetson board: by the words of its name, then by the memory that the system sees."""
    words = set(board.replace("-", " ").split())
    fitting = [
        entry
        for entry in table.entries()
        if entry.kind == "soc" and set(re.sub(r" \d+ GB| \(.*", "", entry.name).split()) <= words
    ]
    if "Jetson" not in words or not fitting:
        return None
    return min(fitting, key=lambda entry: (abs(entry.sizes_bytes[0] - memory), "Super" not in entry.name))


def _is_unified(reading: Reading, entry: Entry | None) -> bool:
    if entry is not None:
        return entry.kind == "soc"
    own = reading.total_bytes is not None and reading.total_bytes >= SMALLEST_OWN_BYTES
    return INTEGRATED.search(reading.name) is not None and not own


def _unified(
    reading: Reading, entry: Entry | None, place: int, memory_total: float, memory_usable: Estimate
) -> Accelerator:
    """All of the memory that the system sees is the GPU's too."""
    return Accelerator(
        name=_shown(reading, entry),
        vendor="nvidia",
        backend="cuda",
        memory_total_bytes=Estimate.exact(memory_total, source="measured", detail="the system's memory"),
        memory_usable_bytes=memory_usable,
        bandwidth_bytes_per_second=entry.bandwidth() if entry else None,
        rates=entry.rates if entry else Rates(),
        unified=True,
        compute_capability=reading.capability or (entry.compute_capability if entry else None),
        device_class="integrated",
        index=place,
        power_watts=reading.power_watts or (entry.power_watts if entry else None),
        target=_target(reading, entry),
    )


def _part(whole: Accelerator, partition: Partition) -> Accelerator:
    """The share of a MIG instance: `1g.10gb` is one of seven compute slices; memory by its size, in eighths."""
    found = re.search(r"(\d+)g\.(\d+)gb", partition.name)
    compute = int(found[1]) / COMPUTE_SLICES if found else 1.0
    total = float(partition.total_bytes or (int(found[2]) * GIB if found else whole.memory_total_bytes.value))
    free = float(partition.free_bytes if partition.free_bytes is not None else total)
    eighths = min(MEMORY_SLICES, max(1, round(total / whole.memory_total_bytes.value * MEMORY_SLICES)))
    bandwidth = whole.bandwidth_bytes_per_second
    return replace(
        whole,
        name=f"{whole.name} MIG {partition.name}",
        memory_total_bytes=Estimate.exact(total, source="measured", detail="MIG instance"),
        memory_usable_bytes=Estimate.exact(free, source="measured", detail="MIG instance"),
        bandwidth_bytes_per_second=_scaled(bandwidth, eighths / MEMORY_SLICES) if bandwidth else None,
        rates=Rates(
            **{
                name: None if (rate := getattr(whole.rates, name)) is None else rate * compute
                for name in Rates.__dataclass_fields__
            }
        ),
        peer_bytes_per_second=None,
    )


def _scaled(one: Estimate, share: float) -> Estimate:
    return Estimate(one.value * share, one.low * share, one.high * share, "estimated", f"{share:.3g} of {one.detail}")


def _shown(reading: Reading, entry: Entry | None) -> str:
    """The driver's own name says more than ours, except on Jetson."""
    return entry.name if entry and "nvgpu" in reading.name else reading.name.removeprefix("NVIDIA ").strip()


def _asked(value: float, reading: Reading) -> Estimate:
    return Estimate.exact(value, source="measured", detail=reading.source)


def _published(value: float, entry: Entry | None) -> Estimate:
    return Estimate.exact(value, source="published", detail=entry.sources if entry else "")


def _guessed(value: float) -> Estimate:
    return Estimate(0.9 * value, 0.5 * value, value, "estimated", "nine tenths: the driver does not say what is free")


def _bandwidth(reading: Reading, entry: Entry | None) -> Estimate | None:
    """Peak: memory clock x bus width x 2 where the driver says both, for cards are sold in versions; else published."""
    published = entry.bandwidth() if entry else None
    if not reading.memory_mhz or not reading.bus_bits:
        return published
    told = reading.memory_mhz * 1e6 * 2 * reading.bus_bits / 8
    if published is not None and not 0.5 <= told / published.value <= 1.5:
        return published
    detail = f"{reading.source}: {reading.memory_mhz:.0f} MHz x 2 x {reading.bus_bits} bit"
    return Estimate.exact(told, source="published", detail=detail)


def _link(reading: Reading, entry: Entry | None) -> Estimate | None:
    if reading.link_generation and reading.link_lanes and f"{reading.link_generation}.0" in table.LANE_BYTES_PER_SECOND:
        value = pci_express(f"{reading.link_generation}.0", reading.link_lanes)
        detail = f"{reading.source}: PCI Express {reading.link_generation}.0 x{reading.link_lanes}"
        return Estimate.exact(value, source="measured", detail=detail)
    return entry.link() if entry else None


def _peer(reading: Reading, entry: Entry | None) -> Estimate | None:
    if not reading.nvlinks:
        return None
    major = int((reading.capability or "0").partition(".")[0])
    value = reading.nvlinks * NVLINK_BYTES_PER_SECOND.get(major, 25e9)
    return Estimate.exact(value, source="measured", detail=f"{reading.nvlinks} active NVLinks")


def _class(name: str) -> str:
    return "nvidia-consumer" if re.search(r"GeForce|RTX|GTX|Quadro|TITAN|MX\d", name) else "nvidia-datacenter"


def _target(reading: Reading, entry: Entry | None) -> str | None:
    if reading.capability:
        return f"sm_{reading.capability.replace('.', '')}"
    return entry.target if entry else None
