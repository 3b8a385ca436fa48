"""A model laid out on a machine by one engine: what each device holds and where the layers are. Values only."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from bakeoff.fit.memory import Memory, together
from bakeoff.fit.plan.plan import DeviceUse, Offload
from bakeoff.fit.plan.pools import Shortage, device_name, usable
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.speed import SYSTEM, Work
from bakeoff.hardware.machine import Machine

CONTEXT_STEP = 256
"""Largest contexts are multiples of this, as llama.cpp's are."""

LONGEST = 1 << 20
"""Tokens beyond which no context is looked for where the model names no limit."""


@dataclass(frozen=True, slots=True)
class Laid:
    """The same for every engine."""

    uses: Mapping[int, Memory]
    """By place."""

    offload: Offload
    lacking: Shortage | None
    conversations: int
    """Requests at the same time that have room for their context."""

    context_tokens: int
    """As the user counts it: see `Wanted.context_tokens`."""

    work_at: Callable[[float], Work]
    """From the depth in tokens to the work of one token."""

    command: str
    largest_context: Callable[[], int | None]
    """Looked for when it is asked for."""

    @property
    def memory(self) -> Memory:
        """Sums over all devices."""
        return together(self.uses.values())

    def devices(self, machine: Machine) -> tuple[DeviceUse, ...]:
        """What each device holds: GPUs in the machine's order, the processor last."""
        places = sorted(self.uses, key=lambda place: (place == SYSTEM, place))
        return tuple(
            DeviceUse(
                name=device_name(machine, place),
                place=place,
                use=self.uses[place],
                usable_bytes=usable(machine, place),
                unified=place != SYSTEM and machine.accelerators[place].unified,
            )
            for place in places
        )


def largest(fits: Callable[[int], bool], wanted: Wanted, context: int, limit: int | None) -> int | None:
    """The largest context that has room, as the user counts it; None where the present one has none.

    Args:
        fits: whether a context of one conversation has room.
        wanted: how the user counts.
        context: the present one.
        limit: no more than this.
    """
    if not fits(context):
        return None
    low, high = context, limit or LONGEST
    if low >= high or fits(high):
        return wanted.as_counted(max(low, high))
    while (middle := (low + high) // 2 // CONTEXT_STEP * CONTEXT_STEP) > low:
        low, high = (middle, high) if fits(middle) else (low, middle)
    return wanted.as_counted(low)
