"""What a machine draws from the wall, idle and at work, and what a kilowatt hour costs.

Rated power is not drawn power. Measured at the wall while llama.cpp writes (geerlingguy, ai-benchmarks, 2025-2026; 19
cards), the rest of the PC included: 1.05 of the card's rating at the median, 0.78 to 1.41 in four of five runs.
"""

from dataclasses import dataclass

from bakeoff.cost.data_files import Tariff, electricity
from bakeoff.cost.money import amount, as_given
from bakeoff.cost.purchase import is_datacenter
from bakeoff.errors import UsageError
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate

SERVER_SHARE = 1.8
"""A data-centre server over its GPUs: H100 10.2 kW for 8 x 700 W (1.82), A100 2.03 (Epoch AI)."""

SERVER_BUSY = (0.5, 0.75, 0.9)
"""Of that, at work: 0.75 on average in training (Epoch AI); the spread is our own."""

SERVER_IDLE = (0.15, 0.25, 0.4)
"""Of that, idle. Our own assumption: fans, processors, and 60-100 W for each GPU with a model loaded."""

PC_BUSY = (0.7, 1.05, 1.4)
"""A PC over its GPUs' ratings, at work; measured (above)."""

PC_IDLE_WATTS, CARD_IDLE_WATTS = (40.0, 70.0, 120.0), (10.0, 20.0, 40.0)
"""A PC, and each of its cards with a model loaded, idle. Our own assumption."""

CHIP_BUSY, CHIP_IDLE_WATTS = (0.85, 1.0, 1.2), (5.0, 15.0, 40.0)
"""A system on a chip over its rating (DGX Spark 123-156 W of 140, Ryzen AI Max 133-140 W of 120; measured as above)."""

UNRATED_CHIP_WATTS = (30.0, 100.0, 260.0)
"""A chip whose maker gives no rating: Mac mini M4 30 W, M3 Ultra 223-262 W (measured as above)."""

CPU_WATTS, CPU_IDLE_WATTS = (100.0, 250.0, 480.0), (40.0, 80.0, 200.0)
"""A machine without GPU: Optiplex 146 W, AmpereOne A192 477 W (measured as above); idle: our own assumption."""

PUE = {"datacenter": Estimate(1.4, 1.2, 1.6, "published", "server room 1.4, colocation 1.25-1.6"),
       "other": Estimate.exact(1.0, source="estimated", detail="a room without cooling of its own")}  # fmt: skip
"""Power usage effectiveness: what the building draws over what the machine draws."""


@dataclass(frozen=True, slots=True)
class Draw:
    """Watts at the wall."""

    idle_watts: Estimate
    """With the model loaded, answering nothing."""

    busy_watts: Estimate


def pue(machine: Machine) -> Estimate:
    """Of the place where such a machine usually stands."""
    return PUE["datacenter" if is_datacenter(machine) else "other"]


def draw(machine: Machine) -> Draw:
    """What a machine draws."""
    cards = machine.accelerators
    if not cards:
        return Draw(_watts(CPU_IDLE_WATTS, "a machine without GPU"), _watts(CPU_WATTS, "a machine without GPU"))
    rated = sum(one.power_watts or 0.0 for one in cards)
    if all(one.unified for one in cards):
        known = all(one.power_watts for one in cards)
        busy = tuple(rated * share for share in CHIP_BUSY) if known else UNRATED_CHIP_WATTS
        return Draw(_watts(CHIP_IDLE_WATTS, "a system on a chip"), _watts(busy, "a system on a chip"))
    if is_datacenter(machine):
        whole = rated * SERVER_SHARE
        idle, busy = (tuple(whole * share for share in shares) for shares in (SERVER_IDLE, SERVER_BUSY))
        return Draw(
            _watts(idle, f"a server with {rated:g} W of GPUs"), _watts(busy, f"a server with {rated:g} W of GPUs")
        )
    idle = tuple(pc + card * len(cards) for pc, card in zip(PC_IDLE_WATTS, CARD_IDLE_WATTS, strict=True))
    busy = tuple(max(rated * share, least) for share, least in zip(PC_BUSY, idle, strict=True))
    return Draw(_watts(idle, "a PC"), _watts(busy, f"a PC with {rated:g} W of GPUs"))


def _watts(three: tuple[float, ...], detail: str) -> Estimate:
    low, usual, high = three
    return Estimate(usual, low, high, "estimated", detail, "2026-11")


def tariff(text: str | None) -> Tariff:
    """A country by its two letters or its name, or a price in US dollars per kWh.

    Raises:
        UsageError: neither.
    """
    known = electricity()
    if text is None or not text.strip():
        return known[0]
    asked = text.strip().casefold()
    for one in known[1:]:
        if asked in (one.code, one.name.casefold()):
            return one
    if asked[0].isdigit() or asked[0] in ".-+":
        price = float(amount(text, what="electricity price"))
        if price > 10:
            raise UsageError(f"{price:g} US dollars per kWh is no price of electricity", hint="write for example 0.15")
        return Tariff("", "", as_given(price), "")
    countries = ", ".join(f"{one.code} ({one.name})" for one in known[1:])
    raise UsageError(
        f"no electricity price for {text[:40]!r} is known", hint=f"give US dollars per kWh, or one of {countries}"
    )
