"""The machine that a report plans for: the one that the needs name, or the one that the ledger has, by its facts.

Never the present state of the machine that the report is written on, so that a project says the same everywhere.
"""

from collections import Counter
from collections.abc import Iterator

from bakeoff.errors import UsageError
from bakeoff.hardware.names import parse_machine
from bakeoff.needs import Needs
from bakeoff.needs.needs import THIS_MACHINE
from bakeoff.report import MachineFacts
from bakeoff.units import GIB


def planned_machine(needs: Needs | None, ledger: MachineFacts | None) -> str | None:
    """A machine as `bakeoff fit --on` takes it; None where it is not known, or there is none.

    Args:
        needs: of the project.
        ledger: the machine that the embedded engine ran on.
    """
    if needs is not None and not needs.local_allowed:
        return None
    if needs is not None and needs.hardware != THIS_MACHINE:
        return needs.hardware
    return None if ledger is None else next(filter(_is_known, _descriptions(ledger)), None)


def _descriptions(machine: MachineFacts) -> Iterator[str]:
    """The fullest first: a processor that is not in the tables still has cores and memory. A GPU cannot be left out."""
    counts = Counter(machine.devices)
    devices = [name if count == 1 else f"{count}x {name}" for name, count in counts.items()]
    memory = f"{machine.memory_bytes / GIB:.1f}".removesuffix(".0")
    rest = [f"{machine.cores} cores", f"{memory} GiB RAM"]
    yield ", ".join([*devices, machine.processor, *rest])
    yield ", ".join([*devices, *rest])


def _is_known(text: str) -> bool:
    try:
        parse_machine(text)
    except UsageError:
        return False
    return True
