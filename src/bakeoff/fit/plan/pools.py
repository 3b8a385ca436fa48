"""How much memory each device of a machine has for a model, and whether a plan stays within it. Knows no engine.

Unified memory is counted once: what a GPU takes of it, beyond what firmware set aside for it, the processor loses.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from bakeoff.fit.speed import SYSTEM
from bakeoff.hardware.machine import Accelerator, Machine


@dataclass(frozen=True, slots=True)
class Shortage:
    """What a plan lacks."""

    place: int
    """Where most is lacking."""

    bytes: float
    """How much."""


def usable(machine: Machine, place: int) -> float:
    """Bytes that a model may take there."""
    if place == SYSTEM:
        return machine.processor.memory_usable_bytes.value
    one = machine.accelerators[place]
    return min(one.memory_usable_bytes.value, _reachable(machine, one))


def _reachable(machine: Machine, one: Accelerator) -> float:
    if not one.unified:
        return one.memory_usable_bytes.value
    return machine.processor.memory_usable_bytes.value + one.dedicated_bytes


def device_name(machine: Machine, place: int) -> str:
    """As people call it."""
    return machine.processor.name if place == SYSTEM else machine.accelerators[place].name


def shortage(machine: Machine, used: Mapping[int, float]) -> Shortage | None:
    """What is lacking, or None where everything has room.

    Args:
        machine: the machine.
        used: bytes by place.
    """
    found = [Shortage(place, size - usable(machine, place)) for place, size in used.items() if place != SYSTEM]
    shared = sum(
        max(0.0, size - machine.accelerators[place].dedicated_bytes)
        for place, size in used.items()
        if place != SYSTEM and machine.accelerators[place].unified
    )
    found.append(Shortage(SYSTEM, used.get(SYSTEM, 0.0) + shared - usable(machine, SYSTEM)))
    worst = max(found, key=lambda one: one.bytes)
    return worst if worst.bytes > 0 else None


def capacity(machine: Machine) -> float:
    """All bytes together, unified memory once."""
    total = usable(machine, SYSTEM)
    for place, one in enumerate(machine.accelerators):
        total += one.dedicated_bytes if one.unified else usable(machine, place)
    return total


def by_speed(machine: Machine) -> tuple[int, ...]:
    """Accelerators that have memory for a model, fastest memory first; in the driver's order where they are equal."""
    there = [place for place in range(len(machine.accelerators)) if usable(machine, place) > 0]

    def speed(place: int) -> float:
        bandwidth = machine.accelerators[place].bandwidth_bytes_per_second
        return bandwidth.value if bandwidth is not None else 0.0

    return tuple(sorted(there, key=lambda place: (-speed(place), place)))
