"""What machine there is, detected here or named by a person. Knows nothing about models.

`detect` and `parse_machine` are imported when they are first used: most of the package needs only the small types.
"""

from typing import TYPE_CHECKING

from bakeoff.hardware.machine import Accelerator, Backend, Machine, Processor, Rates
from bakeoff.rooms import lazily

if TYPE_CHECKING:
    from bakeoff.hardware.here import detect
    from bakeoff.hardware.names import parse_machine

_HOMES = {"detect": "bakeoff.hardware.here", "parse_machine": "bakeoff.hardware.names"}

__all__ = ["Accelerator", "Backend", "Machine", "Processor", "Rates", "detect", "machine", "parse_machine"]

HERE = frozenset({"", "here", "this machine", "this", "local", "máy này"})
"""Ways to say the machine that this runs on."""


def machine(text: str | None, *, measure: bool = True, refresh: bool = False) -> Machine:
    """The machine that `text` names; this one when it is None or says so.

    Args:
        text: as people name machines.
        measure: as of `detect`; of this machine only.
        refresh: measure now, whatever was measured today.

    Raises:
        UsageError: the text names something unknown or impossible.
    """
    if text is None or text.strip().casefold() in HERE:
        from bakeoff.hardware.here import detect

        return detect(measure=measure, refresh=refresh)
    from bakeoff.hardware.names import parse_machine

    return parse_machine(text)


__getattr__ = lazily(__name__, _HOMES)
