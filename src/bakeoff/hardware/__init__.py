"""What machine there is, detected here or named by a person. Knows nothing about models."""

from bakeoff.hardware.here import detect
from bakeoff.hardware.machine import Accelerator, Backend, Machine, Processor, Rates
from bakeoff.hardware.names import parse_machine

__all__ = ["Accelerator", "Backend", "Machine", "Processor", "Rates", "detect", "machine", "parse_machine"]

HERE = frozenset({"", "here", "this machine", "this", "local", "máy này"})
"""Ways to say the machine that this runs on."""


def machine(text: str | None, *, measure: bool = True) -> Machine:
    """The machine that `text` names; this one when it is None or says so.

    Raises:
        UsageError: the text names something unknown or impossible.
    """
    if text is None or text.strip().casefold() in HERE:
        return detect(measure=measure)
    return parse_machine(text)
