"""A machine from what was said of it: picks the rows, fills in what was left open, and notes each assumption."""

import re
from dataclasses import dataclass, field

from bakeoff.hardware import disk, reserve
from bakeoff.hardware.machine import Accelerator, Machine, Processor, Rates
from bakeoff.hardware.processors import INSTRUCTIONS, memory_bandwidth
from bakeoff.hardware.reading import Cpu, Memory
from bakeoff.hardware.table import Entry
from bakeoff.units import GIB
from bakeoff.values import Estimate, Reason, reason

ASSUMED_CORES = {"desktop": 8, "laptop": 8, "server": 32}
ASSUMED_MEMORY_BYTES = {"desktop": 32 * GIB, "laptop": 16 * GIB, "server": 64 * GIB}
"""Common machines of 2022 to 2026, on the small side; a server has at least as much as its cards together."""

ASSUMED_TYPES = {"DDR3": 1600, "DDR4": 3200, "DDR5": 5200, "LPDDR4": 3200, "LPDDR4X": 4267, "LPDDR5": 6400}
"""MT/s where only the generation is said: JEDEC grades that most machines run at."""

FIRST_DDR5_CARDS = "2022-09"
"""Cards from then on are assumed to stand in DDR5 machines: AM5 and the 13th Core generation came out."""

GRACE_BYTES, GRACE_CORES = 480 * GIB, 72
"""The CPU of GH200 and GB200 superchips (NVIDIA GH200 datasheet)."""

NVIDIA_SHARE = 0.93
"""What Jetson systems see of their memory, all of it the GPU's too: 7.44 of 8 GiB (Orin Nano, beszel issue 286)."""

SHARE_HIGH = 0.93
"""What the GPU of a system on a chip can be given at most under Linux (ttm.pages_limit), with the system alive."""


@dataclass(slots=True)
class Group:
    """Equal devices."""

    rows: tuple[Entry, ...]
    text: str
    count: int = 1
    size: float | None = None
    gpu_bytes: float | None = None
    """Of a system on a chip: what was set aside for the GPU."""


@dataclass(slots=True)
class Description:
    """What was said."""

    groups: list[Group] = field(default_factory=list)
    processor: Cpu | None = None
    sockets: int = 1
    memory: Memory | None = None
    megatransfers: int | None = None
    channels: float | None = None
    cores: int | None = None
    memory_bytes: float | None = None
    cpu_only: bool = False
    laptop: bool = False
    system: str | None = None
    unnamed_bytes: float | None = None
    """Memory of a card that has no name."""

    unnamed_count: int = 1
    bandwidth: float | None = None
    notes: list[Reason] = field(default_factory=list)


def machine(name: str, found: Description) -> Machine:
    """The machine, with what was assumed in its notes."""
    chosen = [(group, _choose(group, found)) for group in found.groups]
    chip = next(((group, row) for group, row in chosen if row.kind == "soc"), None)
    cards = [(group, row) for group, row in chosen if row.kind != "soc"]
    system = found.system or ("darwin" if chip and chip[1].vendor == "apple" else "linux")
    kind = _kind(found, [row for _, row in cards])
    processor = _processor(found, chip, cards, system, kind)
    accelerators = [
        _card(group, row, found, system, index=index, first=index == 0 and chip is None)
        for index, (group, row) in enumerate((group, row) for group, row in cards for _ in range(group.count))
    ]
    accelerators += _unnamed(found)
    if chip is not None and not found.cpu_only:
        if accelerators:
            found.notes.append(reason("hardware.integrated_left_out", device=chip[1].name))
        else:
            accelerators.append(_chip_gpu(chip[0], chip[1], processor, found, system))
    for device in {device.name for device in accelerators if device.rates == Rates()}:
        found.notes.append(reason("hardware.compute_unknown", device=device))
    return Machine(
        name=name,
        processor=processor,
        accelerators=tuple(accelerators),
        here=False,
        system=system,
        disk_bytes_per_second=disk.typical("nvme", "assumed: an NVMe drive"),
        notes=tuple(found.notes),
    )


def _kind(found: Description, cards: list[Entry]) -> str:
    if any(row.device_class.endswith("datacenter") for row in cards):
        return "server"
    return "laptop" if found.laptop or any(row.kind == "laptop" for row in cards) else "desktop"


def _choose(group: Group, found: Description) -> Entry:
    """The row that is meant; a note where others could be."""
    size = found.memory_bytes if group.rows[0].kind == "soc" else group.size
    fitting = [row for row in group.rows if size is None or not row.sizes_bytes or size in row.sizes_bytes]
    rows = fitting or list(group.rows)
    row = rows[0]
    others = [other for other in rows[1:] if _differs(row, other) and "modified" not in other.note]
    if others:
        names = [other.name for other in others]
        found.notes.append(reason("hardware.variant_assumed", device=row.name, others=names))
    if not fitting and size is not None:
        sizes = sorted({value / GIB for entry in rows for value in entry.sizes_bytes})
        sold = ", ".join(f"{value:g}" for value in sizes)
        if row.kind == "soc":
            found.notes.append(reason("hardware.memory_not_sold", device=row.name, gib=size / GIB, sold=sold))
        else:
            found.notes.append(reason("hardware.card_memory_given", device=row.name, gib=size / GIB, sold=sold))
    return row


def _differs(one: Entry, other: Entry) -> bool:
    return (one.bandwidth_bytes_per_second, one.sizes_bytes, one.rates) != (
        other.bandwidth_bytes_per_second,
        other.sizes_bytes,
        other.rates,
    )


Chosen = tuple[Group, Entry]


def _processor(found: Description, chip: Chosen | None, cards: list[Chosen], system: str, kind: str) -> Processor:
    rule = found.processor.rule if found.processor else None
    grace = any(row.name.startswith(("GH200", "GB200", "GB300")) for _, row in cards)
    if chip is not None:
        name, cores = chip[1].name, chip[1].cpu_cores
    elif found.processor is not None:
        name, cores = _title(found.processor.text), found.processor.rule.cores * found.sockets
    else:
        name, cores = ("Grace", GRACE_CORES) if grace else ("CPU", _cores_of(cards))
    cores = found.cores or cores
    if cores is None:
        cores = ASSUMED_CORES[kind]
        found.notes.append(reason("hardware.cores_assumed", cores=cores))
    if found.sockets > 1:
        found.notes.append(reason("hardware.sockets", n=found.sockets))
    total = _total(found, chip, cards, kind, grace)
    visible = _visible(total, chip)
    return Processor(
        name=name,
        cores=cores,
        memory_total_bytes=Estimate.exact(visible, source="published", detail="as named"),
        memory_usable_bytes=reserve.usable_of_system(visible, system),
        bandwidth_bytes_per_second=_bandwidth(found, chip, cards, kind, grace),
        rates=Rates(fp32=rule.cores * found.sockets * rule.clock_hz * rule.flops_per_cycle) if rule else Rates(),
        instructions=rule.instructions if rule else _instructions(chip, grace),
    )


def _visible(total: float, chip: Chosen | None) -> float:
    """What the system sees of the memory: less what is set aside for the GPU, or for NVIDIA's firmware."""
    if chip is None:
        return total
    if chip[0].gpu_bytes:
        return max(total - chip[0].gpu_bytes, total / 8)
    return total * (chip[1].gpu_share or NVIDIA_SHARE) if chip[1].vendor == "nvidia" else total


def _cores_of(cards: list[Chosen]) -> int | None:
    """CPU cores that come with the cards: an MI300A has 24."""
    return sum(group.count * (row.cpu_cores or 0) for group, row in cards) or None


def _instructions(chip: Chosen | None, grace: bool) -> tuple[str, ...]:
    if grace:
        return INSTRUCTIONS["sve"]
    if chip is None:
        return INSTRUCTIONS["avx2"]
    if chip[1].vendor == "apple":
        return INSTRUCTIONS["dotprod" if chip[1].target == "apple7" else "i8mm"]
    if chip[1].vendor == "nvidia":
        return INSTRUCTIONS["i8mm" if chip[1].target in ("sm_121", "sm_110") else "dotprod"]
    return INSTRUCTIONS["zen4" if chip[1].target.startswith("gfx11") else "avx2"]


def _title(text: str) -> str:
    """`ryzen 9 5950x` -> `Ryzen 9 5950X`, `i9 14900k` -> `i9-14900K`."""
    words = [word.upper() if re.search(r"\d|^epyc$|^pro$", word) else word.title() for word in text.split()]
    return re.sub(r"\bI([3579]) (?=\d)", r"i\1-", " ".join(words))


def _total(found: Description, chip: Chosen | None, cards: list[Chosen], kind: str, grace: bool) -> float:
    """Main memory; assumed and noted where it was not said."""
    if found.memory_bytes is not None:
        return found.memory_bytes
    if chip is not None and chip[1].sizes_bytes:
        total = float(min(chip[1].sizes_bytes))
        if len(chip[1].sizes_bytes) == 1:
            return total
    elif any(row.unified for _, row in cards):
        return sum(group.count * float(row.sizes_bytes[0]) for group, row in cards if row.unified)
    else:
        together = sum(group.count * (group.size or row.sizes_bytes[0]) for group, row in cards)
        total = ASSUMED_MEMORY_BYTES[kind]
        if grace:
            total = float(GRACE_BYTES)
        elif kind == "server":
            total = max(total, float(together))
    found.notes.append(reason("hardware.memory_assumed", gib=total / GIB))
    return total


def _bandwidth(found: Description, chip: Chosen | None, cards: list[Chosen], kind: str, grace: bool) -> Estimate | None:
    """Of main memory: as said, else the chip's, else the processor's, else what the time of the cards suggests."""
    rule = found.processor.rule if found.processor else None
    if found.bandwidth is not None and not cards and not found.unnamed_bytes:
        return Estimate.exact(found.bandwidth, source="published", detail="as named")
    if chip is not None and not (found.memory and not chip[1].sizes_bytes):
        return chip[1].bandwidth()
    unified = next((row for _, row in cards if row.unified), None)
    if unified is not None:
        return unified.bandwidth()
    channels = (found.channels or (rule.channels if rule else 2)) * found.sockets
    if found.memory is not None:
        kind_said = found.memory.kind
        speed = found.memory.megatransfers or found.megatransfers
        if speed is None:
            same = rule is not None and rule.memory_type.partition("-")[0] == kind_said
            speed = rule.megatransfers if rule and same else ASSUMED_TYPES.get(kind_said, 6400)
            found.notes.append(_type_assumed(f"{kind_said}-{speed}", channels))
        return _peak(f"{kind_said}-{speed}", channels)
    if rule is not None:
        return _peak(f"{rule.memory_type.partition('-')[0]}-{found.megatransfers or rule.megatransfers}", channels)
    if grace:
        return Estimate.exact(512e9, source="published", detail="Grace, LPDDR5X")
    return _assumed(found, [row for _, row in cards], kind)


def _type_assumed(memory_type: str, channels: float) -> Reason:
    return reason("hardware.memory_type_assumed", memory=memory_type, channels=max(1, round(channels)))


def _peak(memory_type: str, channels: float) -> Estimate:
    return memory_bandwidth(memory_type, channels, detail=f"{memory_type}, {channels:g} channels")


def _assumed(found: Description, cards: list[Entry], kind: str) -> Estimate:
    modern = any(row.released >= FIRST_DDR5_CARDS for row in cards)
    channels = found.channels or (8 if kind == "server" else 2)
    memory_type = ("DDR5-4800" if kind == "server" else "DDR5-5200") if modern else "DDR4-3200"
    if found.megatransfers:
        memory_type = f"{memory_type.partition('-')[0]}-{found.megatransfers}"
    found.notes.append(_type_assumed(memory_type, channels))
    peak = _peak(memory_type, channels)
    return Estimate(peak.value, peak.value / 2, peak.value * 1.5, "estimated", f"assumed: {peak.detail}")


def _card(group: Group, row: Entry, found: Description, system: str, *, index: int, first: bool) -> Accelerator:
    chips = group.size or float(row.sizes_bytes[0])
    visible = reserve.visible_bytes(row, chips)
    usable = reserve.usable_of_card(row, visible, desktop=first, system=system)
    bandwidth = row.bandwidth()
    if found.bandwidth is not None and group is found.groups[-1]:
        bandwidth = Estimate.exact(found.bandwidth, source="published", detail="as named")
    return Accelerator(
        name=row.name,
        vendor=row.vendor,
        backend=row.backend,
        memory_total_bytes=Estimate.exact(visible, source="published", detail=_origin(row), as_of=row.as_of),
        memory_usable_bytes=usable,
        bandwidth_bytes_per_second=bandwidth,
        rates=row.rates,
        unified=row.unified,
        compute_capability=row.compute_capability,
        device_class=row.device_class,
        link_bytes_per_second=None if row.unified else row.link(),
        peer_bytes_per_second=row.peer() if group.count > 1 else None,
        index=index,
        power_watts=row.power_watts,
        target=row.target or None,
    )


def _origin(row: Entry) -> str:
    return row.sources.replace(" ", ", ")


def _unnamed(found: Description) -> list[Accelerator]:
    """Cards of which only numbers are known."""
    if found.unnamed_bytes is None:
        return []
    total = found.unnamed_bytes
    driver = reserve.driver_bytes(total)
    given = None if found.bandwidth is None else Estimate.exact(found.bandwidth, source="published", detail="as named")
    return [
        Accelerator(
            name=f"GPU with {total / GIB:g} GB",
            vendor="other",
            backend="vulkan",
            memory_total_bytes=Estimate.exact(total, source="published", detail="as named"),
            memory_usable_bytes=Estimate(
                total - driver, total - 4 * driver, total - driver / 2, "estimated", "memory less driver"
            ),
            bandwidth_bytes_per_second=given,
            rates=Rates(),
            index=index,
        )
        for index in range(found.unnamed_count)
    ]


def _chip_gpu(group: Group, row: Entry, processor: Processor, found: Description, system: str) -> Accelerator:
    """The GPU of a system on a chip: it takes from the one memory, up to its share."""
    aside = group.gpu_bytes or 0.0
    visible = processor.memory_total_bytes.value
    if aside:
        total = usable = Estimate.exact(aside, source="published", detail="as named")
    else:
        total = _share(row, visible, system, found)
        most = processor.memory_usable_bytes.value
        usable = Estimate(
            min(total.value, most), min(total.low, most), min(total.high, most), "estimated", total.detail
        )
    return Accelerator(
        name=row.name,
        vendor=row.vendor,
        backend=row.backend,
        memory_total_bytes=total,
        memory_usable_bytes=usable,
        bandwidth_bytes_per_second=processor.bandwidth_bytes_per_second,
        rates=row.rates,
        unified=True,
        compute_capability=row.compute_capability,
        device_class=row.device_class,
        index=0,
        dedicated_bytes=aside,
        power_watts=row.power_watts,
        target=row.target or None,
    )


def _share(row: Entry, visible: float, system: str, found: Description) -> Estimate:
    """What the GPU of a system on a chip may address of the memory that the system sees."""
    if row.vendor == "apple":
        return reserve.apple_limit(visible)
    if row.vendor == "nvidia":
        return Estimate.exact(visible, source="estimated", detail="all that the system sees")
    share = row.gpu_share or SHARE_HIGH
    value = share * visible
    high = max(share, SHARE_HIGH if system == "linux" else share) * visible
    if share < SHARE_HIGH:
        found.notes.append(reason("hardware.share_can_grow", device=row.name, gib=round(value / GIB, 1)))
    return Estimate(value, value, high, "estimated", f"{share:.0%} of the memory")
