"""What a machine costs to buy, from dated prices of its GPUs; and for how long it is used.

A price is the user's own, a dated one, or, where there is only the price at launch, that price stretched by what was
seen for other cards: memory has been scarce since 2025, and a launch price of years ago buys nothing today.
"""

from decimal import Decimal
from functools import cache

from bakeoff.cost.data_files import Purchase, purchases
from bakeoff.cost.money import as_given
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate

SINCE_LAUNCH = (0.75, 1.5, 2.0)
"""Price of 2025-2026 over launch price: low, usual, high. The eight GPUs with both in the data: 3090 0.71, A6000 0.92,
3090 Ti 1.23, 5070 Ti 1.47, 5080 1.50, 3080 1.66, PRO 6000 1.87, 5090 2.00; the ends of their 80 % (0.86, 1.91) are
moved outwards, since they are few."""

SERVER_SHARE = (1.4, 1.64, 1.7)
"""A data-centre server over its GPUs: 1.64 on average, A100 1.66 (Epoch AI); 1.4 (randomcalculators.com)."""

PC_DOLLARS = (800.0, 1500.0, 3000.0)
"""A PC without its GPUs: board, processor, memory, drive, case, power supply. Our own assumption."""

LIFE_YEARS = {"datacenter": Estimate(4.0, 3.0, 5.0, "published", "straight line, 3 to 5 years (Epoch AI)"),
              "other": Estimate(3.0, 2.0, 5.0, "estimated", "straight line, as tax offices count PCs")}  # fmt: skip
"""Years over which a purchase is written off."""


def is_datacenter(machine: Machine) -> bool:
    """Its GPUs belong into a server."""
    return any(one.device_class.endswith("datacenter") for one in machine.accelerators)


def life_years(machine: Machine) -> Estimate:
    """Years of use."""
    return LIFE_YEARS["datacenter" if is_datacenter(machine) else "other"]


def machine_price(machine: Machine, given: Decimal | None = None) -> Estimate | None:
    """US dollars for the whole machine, the user's own price if there is one.

    None where a part has no price, or there is no GPU to tell it by.
    """
    if given is not None:
        return as_given(given)
    found = [_dated(one.name) for one in machine.accelerators]
    if not found or any(one is None for one in found):
        return None
    rows = [one for one in found if one is not None]
    low, usual, high = (sum(_price(row)[place] for row in rows) for place in range(3))
    bare = [row for row in rows if row.includes == "card"]
    if bare and is_datacenter(machine):
        cards = [sum(_price(row)[place] for row in bare) for place in range(3)]
        low, usual, high = (
            total + card * (share - 1)
            for total, card, share in zip((low, usual, high), cards, SERVER_SHARE, strict=True)
        )
    elif bare:
        low, usual, high = (total + more for total, more in zip((low, usual, high), PC_DOLLARS, strict=True))
    by_launch = any(row.is_launch for row in rows)
    source = ", ".join(sorted({f"{row.source} {row.as_of}" for row in rows}))
    return Estimate(usual, low, high, "estimated" if by_launch else "published", source, min(row.as_of for row in rows))


def from_launch_price(machine: Machine) -> bool:
    """The machine's price rests on a price at launch."""
    return any(row is not None and row.is_launch for row in map(_dated, (one.name for one in machine.accelerators)))


def _price(row: Purchase) -> tuple[float, float, float]:
    if row.low is None or row.high is None:
        low, usual, high = SINCE_LAUNCH
        return row.usual * low, row.usual * usual, row.usual * high
    return row.low, row.usual, row.high


@cache
def _by_gpu() -> dict[str, Purchase]:
    return {row.gpu: row for row in purchases()}


def _dated(name: str) -> Purchase | None:
    return _by_gpu().get(name)
