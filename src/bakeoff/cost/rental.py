"""What a rented machine costs per hour: the sum over its GPUs, as a range for each class of provider."""

from decimal import Decimal

from bakeoff.cost.data_files import PROVIDER_CLASSES, Rental, rentals
from bakeoff.cost.money import as_given
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate

FEW = 3
"""Offers below which the range is widened."""

WIDEN = 1.6
"""Factor by which offers of one class differ from their median: in the 17 ranges with five offers and more the lowest
is 0.64 of it and the highest 1.68, at the median of the ranges."""


def hourly(machine: Machine, given: Decimal | None = None) -> dict[str, Estimate]:
    """US dollars per hour by class of provider; only classes that rent out every GPU of the machine.

    Processor and main memory are in the price of a GPU, as providers sell them. A price that the user gave stands
    alone, under `your price`.
    """
    if given is not None:
        return {"your price": as_given(given)}
    if not machine.accelerators:
        return {}
    by_key = {(row.gpu, row.provider_class): row for row in rentals()}
    found: dict[str, Estimate] = {}
    for kind in PROVIDER_CLASSES:
        rows = [by_key.get((one.name, kind)) for one in machine.accelerators]
        if all(row is not None for row in rows):
            found[kind] = _sum([row for row in rows if row is not None])
    return found


def _sum(rows: list[Rental]) -> Estimate:
    """All GPUs cheap or dear together: they come from one provider."""
    providers = sorted({name for row in rows for name in row.providers})
    return Estimate(
        sum(row.usual for row in rows),
        sum(_low(row) for row in rows),
        sum(_high(row) for row in rows),
        "published",
        f"{rows[0].offers} offers: {', '.join(providers)}",
        min(row.as_of for row in rows),
    )


def _low(row: Rental) -> float:
    return row.low if row.offers >= FEW else min(row.low, row.usual / WIDEN)


def _high(row: Rental) -> float:
    return row.high if row.offers >= FEW else max(row.high, row.usual * WIDEN)
