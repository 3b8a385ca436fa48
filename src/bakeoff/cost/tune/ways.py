"""One method of fine-tuning on one machine: does it fit, how long, how much money. `asking` asks for all of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from bakeoff.catalog.model import Model
from bakeoff.cost import power, purchase, rental
from bakeoff.cost.data_files import Tariff
from bakeoff.cost.tune.memory import Method, Training, TrainingMemory, training_memory
from bakeoff.cost.tune.pace import Pace, pace
from bakeoff.cost.tune.shape import shape
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate

SETUP_HOURS = Estimate(0.5, 0.2, 1.0, "estimated", "our own")
"""Per run, beside training: starting the machine, fetching the model, evaluating, saving."""

HOURS_PER_YEAR = 8760


@dataclass(frozen=True, slots=True)
class Way:
    """One method on one machine."""

    method: Method
    machine: str
    training: Training
    memory: TrainingMemory
    fits: bool
    """The usual value of the memory is free on each GPU."""

    tight: bool
    """It fits, but the high end of its range does not."""

    pace: Pace | None
    """None where it does not fit, or the GPU's rate is not known. Of one run."""

    rented: Mapping[str, Estimate]
    """Class of provider -> US dollars for all runs."""

    own: Estimate | None
    """US dollars for all runs on a machine that the user named: its hours of life and electricity; None where no price
    is known."""


@dataclass(frozen=True, slots=True)
class Asker:
    """Makes ways."""

    model: Model
    machines: Mapping[str, Machine]
    tariff: Tariff
    prices: Mapping[str, Decimal]
    rents: Mapping[str, Decimal]
    tokens: float
    runs: int
    named: bool
    """The user named the machines."""

    def way(self, name: str, machine: Machine, training: Training) -> Way:
        """One method on one machine: on as few of its GPUs as hold it, all of them working."""
        assert self.model.architecture is not None
        found = shape(self.model.architecture)
        cards = machine.accelerators
        counted = replace(training, gpus=max(1, len(cards)))
        memory = training_memory(found, counted)
        room = min(
            (one.memory_usable_bytes.value for one in cards), default=machine.processor.memory_usable_bytes.value
        )
        fits = bool(cards) and memory.total.value <= room
        speed = pace(found, counted, cards, self.tokens) if fits else None
        return Way(
            method=training.method,
            machine=name,
            training=counted,
            memory=memory,
            fits=fits,
            tight=fits and memory.total.high > room,
            pace=speed,
            rented={} if speed is None else self._rented(name, machine, _with_setup(speed.hours)),
            own=self._owned(name, machine, _with_setup(speed.hours)) if speed is not None and self.named else None,
        )

    def _rented(self, name: str, machine: Machine, hours: Estimate) -> dict[str, Estimate]:
        prices = rental.hourly(machine, self.rents.get(name))
        return {kind: _times(hours, price, self.runs) for kind, price in prices.items()}

    def _owned(self, name: str, machine: Machine, hours: Estimate) -> Estimate | None:
        price = purchase.machine_price(machine, self.prices.get(name))
        if price is None:
            return None
        life, watts = purchase.life_years(machine), power.draw(machine).busy_watts
        energy, building = self.tariff.usd_per_kwh, power.pue(machine)
        per_hour = Estimate(
            price.value / (life.value * HOURS_PER_YEAR) + watts.value / 1000 * energy.value * building.value,
            price.low / (life.high * HOURS_PER_YEAR) + watts.low / 1000 * energy.low * building.low,
            price.high / (life.low * HOURS_PER_YEAR) + watts.high / 1000 * energy.high * building.high,
            "estimated",
            price.detail,
            price.as_of,
        )
        return _times(hours, per_hour, self.runs)


def _with_setup(hours: Estimate) -> Estimate:
    return replace(
        hours,
        value=hours.value + SETUP_HOURS.value,
        low=hours.low + SETUP_HOURS.low,
        high=hours.high + SETUP_HOURS.high,
    )


def _times(hours: Estimate, per_hour: Estimate, runs: int) -> Estimate:
    """Both ends together: wide, since nothing is known of how time and price go together."""
    return Estimate(
        hours.value * per_hour.value * runs,
        hours.low * per_hour.low * runs,
        hours.high * per_hour.high * runs,
        "estimated",
        per_hour.detail,
        per_hour.as_of,
    )


def cheapest_of(ways: Sequence[Way]) -> tuple[Way | None, Estimate | None]:
    """The way that costs least, with what it costs; machines that may be taken away apart."""
    best: tuple[Way, Estimate] | None = None
    for way in ways:
        kept = [price for kind, price in way.rented.items() if kind != "interruptible"]
        for price in [*kept, *([way.own] if way.own is not None else [])]:
            if best is None or price.value < best[1].value:
                best = (way, price)
    return best or (None, None)
