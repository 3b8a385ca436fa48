"""Models and machines to plan with."""

from dataclasses import replace
from functools import cache

from bakeoff.catalog import Catalog, Model, find
from bakeoff.catalog.loading import shipped_licences, shipped_records, shipped_snapshot
from bakeoff.hardware import Machine, parse_machine
from bakeoff.units import GIB
from bakeoff.values import Estimate


@cache
def shipped() -> Catalog:
    """The catalog without the user's own facts."""
    return Catalog(shipped_records(), {}, shipped_licences(), shipped_snapshot())


@cache
def model(name: str) -> Model:
    """A model of the shipped catalog."""
    return find(name, shipped())


machine = cache(parse_machine)


def with_memory(one: Machine, *gib: float, ram: float | None = None) -> Machine:
    """The machine with other free memory on its accelerators, and in its main memory."""
    accelerators = tuple(
        replace(device, memory_usable_bytes=Estimate.exact(size * GIB, source="measured"))
        for device, size in zip(one.accelerators, gib, strict=True)
    )
    processor = one.processor
    if ram is not None:
        processor = replace(processor, memory_usable_bytes=Estimate.exact(ram * GIB, source="measured"))
    return replace(one, accelerators=accelerators, processor=processor)
