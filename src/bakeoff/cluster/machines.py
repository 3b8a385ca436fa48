"""The machines of a cluster before there is one: `4x 8x H100`, as people name them. Asks no device."""

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bakeoff.errors import UsageError
from bakeoff.hardware import machine as machine_named
from bakeoff.hardware.machine import Machine
from bakeoff.units import show_bytes

MOST_MACHINES = 100_000

_COUNTED = re.compile(r"\s*(\d{1,9})\s*(?:\*|[x×](?=\s*\d+\s*[x×]))\s*(.+)", re.IGNORECASE | re.DOTALL)
"""`4x 8x H100`, `4x8xH100`, `4 * RTX 4090`. One count alone belongs to the devices of one machine, as everywhere."""


@dataclass(frozen=True, slots=True)
class Group:
    """Equal machines of a cluster."""

    count: int
    machine: Machine

    @property
    def name(self) -> str:
        """As it is shown: `4 x (8x H100)`."""
        return f"{self.count} x ({self.machine.name})"


def parse_group(text: str) -> Group:
    """So many machines of a kind.

    Args:
        text: `N * MACHINE`, or `N x M x DEVICE`; the machine as `bakeoff fit --on` takes it; without N it is one.

    Raises:
        UsageError: the machine's name means nothing, or there cannot be so many.
    """
    found = _COUNTED.fullmatch(text)
    count = int(found[1]) if found is not None else 1
    if not 1 <= count <= MOST_MACHINES:
        raise UsageError(
            f"{count} machines in {text.strip()[:60]!r} are no cluster", hint=f"write 1 to {MOST_MACHINES:,} * MACHINE"
        )
    name = found[2] if found is not None else text
    if not name.strip():
        raise UsageError("no machine is named", hint='write for example "4 * RTX 4090, 64 GB RAM"')
    return Group(count, machine_named(name))


def as_found(machine: Machine, *, here: bool) -> Machine:
    """A machine that told of itself, as others see it: by what it has.

    Args:
        machine: as `hardware.detect` gave it there.
        here: there is this machine.
    """
    if here:
        return machine
    cards = Counter(card.name for card in machine.accelerators)
    devices = [name if count == 1 else f"{count}x {name}" for name, count in cards.items()]
    memory = show_bytes(machine.processor.memory_total_bytes.value)
    name = ", ".join([*devices, f"{machine.processor.cores} cores", f"{memory} RAM"])
    return replace(machine, name=name, here=False)


def grouped(machines: Sequence[Machine]) -> tuple[Group, ...]:
    """Machines that were found one by one, equal ones together, in the order of their first."""
    found: dict[object, list[Machine]] = {}
    for one in machines:
        cards = tuple(card.name for card in one.accelerators)
        memory = round(one.processor.memory_total_bytes.value / 2**30)
        found.setdefault((cards, one.processor.name, one.processor.cores, memory), []).append(one)
    return tuple(Group(len(alike), alike[0]) for alike in found.values())
