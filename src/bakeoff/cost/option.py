"""One way to run a model and what it costs in a month: a fixed part per machine, and a part per request.

    cost(v) = machines(v) x fixed + per request x min(v, machines(v) x most per machine)

`v` is requests per month; machines(v) rises in steps (`queueing`). The parts come out of named parameters, each with a
range, by plain arithmetic that works on `Decimal` (to the cent) and on numpy arrays (ranges) alike.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from bakeoff.cost.capacity import Capacity
from bakeoff.cost.hosted import Rate
from bakeoff.cost.load import HOURS_PER_MONTH, Load
from bakeoff.cost.money import exact
from bakeoff.values import Estimate, Reason

OptionKind = Literal["hosted", "rented", "rented on demand", "own"]

Values = Mapping[str, Any]
"""Parameter -> a number, all of one kind: `Decimal` or arrays of floats."""


@dataclass(frozen=True, slots=True)
class Terms:
    """The parts of a month's cost."""

    per_machine: Any
    """US dollars per month for each machine that is there."""

    per_request: Any
    most_per_machine: Any
    """Requests per month beyond which a machine's part per request grows no further: it is at work all the time. None:
    there is no such limit."""


@dataclass(frozen=True, slots=True)
class Option:
    """One way to run a model."""

    key: str
    """Unique in a comparison."""

    kind: OptionKind
    model: str
    where: str
    """Provider, class of provider, or machine."""

    machine: str | None
    load: Load
    """Requests and their lengths; lengths may differ between models, requests, growth and peak are those of all."""

    parameters: Mapping[str, Estimate]
    """What its cost is made of. A name with a colon belongs to the thing after it and is shared by all options with the
    same thing; `electricity` is shared by all."""

    capacity: Capacity | None = None
    """None where the provider sees to that."""

    fixed_monthly: Decimal = Decimal(0)
    """US dollars per month however many machines there are: staff, where it was given."""

    notes: tuple[Reason, ...] = ()
    as_of: str | None = None
    source: str = ""
    rate: Rate | None = None
    """Prices per million tokens, hosted only."""

    def point(self) -> dict[str, Decimal]:
        """The parameters at their usual values."""
        return {name: exact(estimate.value) for name, estimate in self.with_load().items()}

    def with_load(self) -> dict[str, Estimate]:
        """Everything that its total depends on: its own parameters, and those of load and machine."""
        found = dict(self.parameters) | {self.length_key: self.load.length}
        if self.capacity is not None:
            found |= {"peak": self.load.peak_factor, self.service_key: self.capacity.service_seconds}
        return found

    @property
    def is_interruptible(self) -> bool:
        """The machine may be taken away at any moment."""
        return self.kind in ("rented", "rented on demand") and self.where == "interruptible"

    @property
    def length_key(self) -> str:
        """The parameter of how long requests are: one for all where it was not measured per model."""
        return f"length:{self.model}" if self.load.length.source == "measured" else "length"

    @property
    def service_key(self) -> str:
        """The parameter of how long a request takes on the machine."""
        return f"service_seconds:{self.model} on {self.machine}"

    def terms(self, values: Values) -> Terms:
        """The parts of a month's cost from values of the parameters and of the length."""
        return TERMS[self.kind]({name.partition(":")[0]: value for name, value in values.items()})

    def machines(self, requests: Decimal) -> int:
        """Machines for a month with so many requests, at its peak; 0 where the provider sees to that."""
        if self.capacity is None:
            return 0
        erlangs = self.capacity.erlangs(self.load.peak_per_second(float(requests))) * self.load.length.value
        return self.capacity.steps.machines(erlangs)

    def monthly(self, requests: Decimal, *, machines: int | None = None, terms: Terms | None = None) -> Decimal:
        """US dollars in a month with so many requests.

        Args:
            requests: in the month.
            machines: how many there are; as many as the load needs.
            terms: those of `point`, where many months are counted.
        """
        terms = terms or self.terms(self.point())
        count = self.machines(requests) if machines is None else machines
        billed = requests
        if terms.most_per_machine is not None:
            billed = min(requests, count * terms.most_per_machine)
        amount: Decimal = count * terms.per_machine + terms.per_request * billed + self.fixed_monthly
        return amount


def _hosted(v: Values) -> Terms:
    """Tokens only."""
    return Terms(v["usd_per_request"] * 0, v["usd_per_request"] * v["length"], None)


def _rented(v: Values) -> Terms:
    """Every hour of the month."""
    return Terms(v["usd_per_hour"] * _number(HOURS_PER_MONTH, v), v["usd_per_hour"] * 0, None)


def _on_demand(v: Values) -> Terms:
    """Started by a request, stopped after some time without one.

    A lone request pays for starting, answering and the time until the machine is stopped. Requests that share a start
    pay less than this says: the share of time it is up is min(1, x) here and 1 - exp(-x) for requests that come as they
    like, x being requests per that time; the two are furthest apart, by 37 % of a machine, at x = 1.
    """
    seconds = v["start_seconds"] + v["alone_seconds"] * v["length"] + v["idle_seconds"]
    hour = _number(Decimal(3600), v)
    return Terms(
        v["usd_per_hour"] * 0,
        v["usd_per_hour"] * seconds / hour,
        _number(HOURS_PER_MONTH, v) * hour / seconds,
    )


def _own(v: Values) -> Terms:
    """Straight-line depreciation, electricity idle and at work."""
    kilowatt_hour = v["electricity"] * v["pue"] / _number(Decimal(1000), v)
    depreciation = v["purchase_usd"] * (1 - v["residual_share"]) / (v["life_years"] * 12)
    seconds = v["alone_seconds"] * v["length"]
    hour = _number(Decimal(3600), v)
    more = v["busy_watts"] - v["idle_watts"]
    return Terms(
        depreciation + v["idle_watts"] * _number(HOURS_PER_MONTH, v) * kilowatt_hour,
        more * seconds / hour * kilowatt_hour,
        _number(HOURS_PER_MONTH, v) * hour / seconds,
    )


def _number(constant: Decimal, values: Values) -> Any:
    """A constant in the kind of number that the values are."""
    return constant if isinstance(next(iter(values.values())), Decimal) else float(constant)


TERMS = {"hosted": _hosted, "rented": _rented, "rented on demand": _on_demand, "own": _own}


@dataclass(frozen=True, slots=True)
class Unknown:
    """A way that cannot be counted, and why. Never zero."""

    kind: OptionKind
    model: str
    where: str
    reason: Reason
