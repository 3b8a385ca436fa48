"""What one maker's source gave: accelerators, and notes on what was odd."""

from dataclasses import dataclass, field

from bakeoff.hardware.machine import Accelerator
from bakeoff.values import Reason


@dataclass(slots=True)
class Findings:
    """Filled while reading; the notes are for people."""

    accelerators: list[Accelerator] = field(default_factory=list)
    notes: list[Reason] = field(default_factory=list)
