"""A machine from what a person writes: `RTX 4090, 64 GB RAM`. Offline, from the published facts; asks no device.

How a size without a word is read: it is the card's where the card was sold with that much memory, else the system's;
on a system on a chip there is one memory. What is not said is assumed and noted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from bakeoff.errors import UsageError
from bakeoff.hardware import assemble
from bakeoff.hardware.machine import Machine
from bakeoff.hardware.reading import Cpu, Device, Mark, Memory, Part, Size, Value, read
from bakeoff.hardware.table import Entry, index, key
from bakeoff.units import GIB, show_bytes
from bakeoff.values import reason

MOST_DEVICES = 72
"""The largest machine whose GPUs share one fabric: GB200 NVL72."""

MOST_MEMORY_BYTES = 64 * 1024 * GIB
LEAST_MEMORY_BYTES = GIB / 4
MOST_CARD_BYTES = 1024 * GIB


def parse_machine(text: str) -> Machine:
    """The machine that `text` names.

    Raises:
        UsageError: a name is unknown (the hint has the nearest), a size or number is impossible, or two parts
            contradict each other.
    """
    found = _gather(read(text))
    return assemble.machine(" ".join(text.split()), found)


@dataclass(slots=True)
class _Reader:
    """Where the gathering stands."""

    parts: Sequence[Part]
    found: assemble.Description = field(default_factory=assemble.Description)
    counts: list[float] = field(default_factory=list)
    """A count that waits for what it counts."""

    size: float | None = None
    """A size that stood right before a card that was sold with that much: `24GB RTX 3090`."""

    laptop: bool = False


def _gather(parts: Sequence[Part]) -> assemble.Description:
    """What the parts describe, each size with its owner."""
    reader = _Reader(parts)
    for at, part in enumerate(parts):
        _take(reader, at, part)
    found = reader.found
    if reader.counts:
        _wants_device(reader.counts[0])
    if reader.laptop:
        found.laptop = True
        found.groups = [_laptop(group) for group in found.groups]
    _check(found)
    return found


def _take(reader: _Reader, at: int, part: Part) -> None:
    found = reader.found
    match part:
        case Device():
            found.groups.append(_group(reader, part))
        case Cpu():
            if found.processor is not None and found.processor.rule != part.rule:
                raise UsageError(f"two different processors: {found.processor.text} and {part.text}", hint="name one")
            found.processor, found.sockets = part, _count(reader, most=8)
        case Size():
            _size(reader, at, part)
        case Memory():
            found.memory = part
        case Value():
            _value(reader, at, part)
        case Mark():
            _mark(reader, part)


def _value(reader: _Reader, at: int, part: Value) -> None:
    found = reader.found
    match part.meaning:
        case "count" | "number":
            _attach_count(reader, at, part.number, sure=part.meaning == "count")
        case "channels":
            found.channels = float(_whole(part.number, "memory channels", most=24))
        case "cores":
            found.cores = _whole(part.number, "cores", most=1024)
        case "gpu cores":
            _gpu_cores(found, _whole(part.number, "GPU cores", most=1024))
        case "mega":
            found.megatransfers = _whole(part.number, "MT/s", most=20000)
        case "bandwidth":
            _bandwidth(found, part.number)


def _mark(reader: _Reader, part: Mark) -> None:
    match part.meaning:
        case "cpu only":
            reader.found.cpu_only = True
        case "laptop":
            reader.laptop = True
        case "linux" | "windows" | "darwin":
            reader.found.system = part.meaning
        case "wsl":
            reader.found.system = "linux wsl"


def _group(reader: _Reader, part: Device) -> assemble.Group:
    """A card, with the count that stood before it."""
    group = assemble.Group(rows=part.rows, text=part.text, count=_count(reader, most=MOST_DEVICES))
    group.size, reader.size = reader.size, None
    if part.has_size and part.rows[0].sizes_bytes:
        group.size = float(part.rows[0].sizes_bytes[0])
    return group


def _count(reader: _Reader, *, most: int) -> int:
    number = reader.counts.pop() if reader.counts else 1.0
    return _whole(number, "devices", most=most)


def _whole(number: float, what: str, *, most: int) -> int:
    """A count that can be.

    Raises:
        UsageError: zero, a fraction, or more than `most`.
    """
    if number < 1 or number != int(number):
        raise UsageError(f"{number:g} {what} is no number of {what}", hint=f"write 1 to {most}, or leave it out")
    if number > most:
        raise UsageError(
            f"{number:g} {what} are more than one machine has", hint=f"at most {most}; plan one machine at a time"
        )
    return int(number)


def _attach_count(reader: _Reader, at: int, number: float, *, sure: bool) -> None:
    """`2x` waits for the next device; `x2` and `H100 8` belong to the one before."""
    following = reader.parts[at + 1] if at + 1 < len(reader.parts) else Mark(",")
    if isinstance(following, Device | Cpu | Size | Memory):
        reader.counts = [number]
    elif reader.found.groups and isinstance(reader.parts[at - 1], Device) and sure:
        reader.found.groups[-1].count = _whole(number, "devices", most=MOST_DEVICES)
    elif sure:
        reader.counts = [number]
    else:
        raise UsageError(f"{number:g} alone says nothing", hint=f"write {number:g} GB, or the card's whole name")


def _wants_device(number: float) -> None:
    raise UsageError(f"{number:g}x of what?", hint='write the device after it, as in "2x RTX 3090"')


def _size(reader: _Reader, at: int, part: Size) -> None:
    """Give a size to the card, the chip or the system."""
    if part.count == 0:
        raise UsageError("0 GB of memory", hint="leave the size out if you do not know it")
    following = reader.parts[at + 1] if at + 1 < len(reader.parts) else None
    if isinstance(following, Device) and any(part.count in row.sizes_bytes for row in following.rows):
        reader.size = part.count
        return
    count = reader.counts.pop() if reader.counts else 1.0
    found, meaning = reader.found, _meaning(reader.parts, at)
    cards = [group for group in found.groups if not _is_chip(group.rows[0])]
    if meaning == "vram":
        _card_memory(found, cards, part.count, count)
    elif meaning == "bare" and count == 1 and (card := _owner(reader.parts, at, cards, part.count)) is not None:
        card.size = part.count
        if isinstance(reader.parts[at - 1], Mark):
            named = next(row.name for row in card.rows if part.count in row.sizes_bytes)
            found.notes.append(reason("hardware.size_is_card", gib=part.count / GIB, device=named))
    else:
        _system_memory(found, count * part.count)


def _meaning(parts: Sequence[Part], at: int) -> str:
    """`ram`, `vram` or `bare`, by the word after or before."""
    after = parts[at + 1] if at + 1 < len(parts) else Mark(",")
    if isinstance(after, Memory):
        return "ram"
    if isinstance(after, Mark) and after.meaning in ("ram", "vram"):
        return after.meaning
    before = parts[at - 1] if at else Mark(",")
    taken = at >= 2 and isinstance(parts[at - 2], Size)
    if isinstance(before, Memory):
        return "ram"
    if isinstance(before, Mark) and before.meaning in ("ram", "vram") and not taken:
        return before.meaning
    return "bare"


def _owner(parts: Sequence[Part], at: int, cards: list[assemble.Group], size: float) -> assemble.Group | None:
    """The card that a bare size belongs to: the last one named, if it was sold with that much and has no size yet."""
    if not cards or cards[-1].size is not None:
        return None
    return cards[-1] if any(size in row.sizes_bytes for row in cards[-1].rows) else None


def _card_memory(found: assemble.Description, cards: list[assemble.Group], size: float, count: float) -> None:
    """`24 GB VRAM`: the card's memory, whatever the table says; or a card that has no name."""
    if size > MOST_CARD_BYTES:
        raise UsageError(f"{show_bytes(size)} of memory on one card do not exist", hint="give the size of one card")
    if cards:
        cards[-1].size = size
    elif found.groups:
        found.groups[-1].gpu_bytes = size
    elif found.unnamed_bytes not in (None, size):
        raise UsageError("two sizes of card memory without a card's name", hint="name the cards")
    else:
        found.unnamed_bytes, found.unnamed_count = size, _whole(count, "devices", most=MOST_DEVICES)


def _system_memory(found: assemble.Description, size: float) -> None:
    if not LEAST_MEMORY_BYTES <= size <= MOST_MEMORY_BYTES:
        raise UsageError(
            f"{show_bytes(size)} of memory is not a machine's", hint=f"write 0.25 GB to {MOST_MEMORY_BYTES / GIB:g} GB"
        )
    if found.memory_bytes is not None and found.memory_bytes != size:
        raise UsageError(
            f"two sizes of memory: {show_bytes(found.memory_bytes)} and {show_bytes(size)}",
            hint='say which is the card\'s, as in "24 GB VRAM, 64 GB RAM"',
        )
    found.memory_bytes = size


def _bandwidth(found: assemble.Description, number: float) -> None:
    if not 1e9 <= number <= 100e12:
        raise UsageError(f"{number / 1e9:g} GB/s is no memory's bandwidth", hint="write 1 to 100000 GB/s")
    found.bandwidth = number


def _gpu_cores(found: assemble.Description, cores: int) -> None:
    """`40-core GPU` chooses between the versions of an Apple chip."""
    if not found.groups:
        raise UsageError(f"{cores} GPU cores of what?", hint='write the chip first, as in "M3 Max 40-core GPU"')
    group = found.groups[-1]
    fitting = [row for row in group.rows if f"({cores}-core" in row.name]
    if not fitting:
        names = ", ".join(row.name for row in group.rows)
        raise UsageError(f"no {group.text} with {cores} GPU cores", hint=f"there is {names}")
    group.rows = tuple(fitting)


def _laptop(group: assemble.Group) -> assemble.Group:
    """The laptop version of a card, where the machine is a laptop and there is one."""
    rows = index().get(key(group.text) + "laptop")
    return replace(group, rows=rows) if rows and group.rows[0].kind == "gpu" else group


def _check(found: assemble.Description) -> None:
    """What contradicts itself.

    Raises:
        UsageError: it does.
    """
    chips = {group.rows[0].families[:1] or (group.rows[0].name,) for group in found.groups if _is_chip(group.rows[0])}
    if len(chips) > 1:
        raise UsageError("two systems on a chip are two machines", hint="name one of them")
    for group in found.groups:
        if _is_chip(group.rows[0]) and group.count > 1:
            raise UsageError(
                f"{group.count} x {group.rows[0].name} are {group.count} machines", hint="plan one of them at a time"
            )
    cards = [group for group in found.groups if not _is_chip(group.rows[0])]
    if found.cpu_only and (cards or found.unnamed_bytes):
        name = cards[0].rows[0].name if cards else "a card"
        raise UsageError(f"CPU only, and {name}", hint="leave one of the two out")
    if sum(group.count for group in found.groups) > MOST_DEVICES:
        raise UsageError("more devices than one machine has", hint=f"at most {MOST_DEVICES}")
    said = (found.groups, found.processor, found.memory_bytes, found.memory, found.cpu_only, found.unnamed_bytes)
    if not any(said):
        raise UsageError("no device is named", hint='write for example "RTX 4090, 64 GB RAM"')


def _is_chip(entry: Entry) -> bool:
    return entry.kind == "soc"
