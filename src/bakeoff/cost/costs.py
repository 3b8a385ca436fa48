"""What a comparison of costs holds: a line per option, break-evens, what matters, what is left out. Values only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from bakeoff.cost.breakeven import BreakEven
from bakeoff.cost.making import Subject
from bakeoff.cost.money import Currency
from bakeoff.cost.option import Option, Unknown
from bakeoff.cost.ranges import Bar
from bakeoff.cost.years import Horizon
from bakeoff.values import Estimate, Reason


@dataclass(frozen=True, slots=True)
class Line:
    """One option at the load."""

    option: Option
    machines: int
    """In the first month; 0 where the provider sees to that."""

    monthly: Decimal
    """US dollars in the first month."""

    horizons: tuple[Horizon, ...]
    """One per year."""

    total: Estimate
    """US dollars up to the last horizon, with its 80 % interval."""

    busy_share: float | None
    """Of the places, taken on average in the first month; None where the provider sees to that."""


@dataclass(frozen=True, slots=True)
class Costs:
    """Every way side by side."""

    lines: tuple[Line, ...]
    """The cheapest over the whole time first."""

    unknown: tuple[Unknown, ...]
    """What could not be counted, and why."""

    break_evens: tuple[BreakEven, ...]
    tornado: Mapping[str, tuple[Bar, ...]]
    """By key of the option."""

    years: int
    currency: Currency
    left_out: tuple[Reason, ...]
    """What no number here holds."""

    notes: tuple[Reason, ...] = ()
    tariff: Estimate | None = None
    """US dollars per kWh that own hardware was counted with."""

    subjects: tuple[Subject, ...] = ()

    def best(self, model: str) -> Line | None:
        """The cheapest way of one model over all years that may not be taken away; None where none is known."""
        return next((one for one in self.lines if one.option.model == model and not one.option.is_interruptible), None)


def leaders(lines: Sequence[Line]) -> list[Line]:
    """The cheapest way of each model, kind and machine, without machines that may be taken away; the cheapest first."""
    found: dict[tuple[str, str, str | None], Line] = {}
    for line in lines:
        if not line.option.is_interruptible:
            found.setdefault((line.option.model, line.option.kind, line.option.machine), line)
    return list(found.values())


def left_out(found: Sequence[Option], *, with_staff: bool) -> tuple[Reason, ...]:
    """What is in no number, as far as it concerns the options there are."""
    kinds = {one.kind for one in found}
    run_by_user = bool(kinds - {"hosted"})
    codes = ["cost.left_out.quality", "cost.left_out.future_prices", "cost.left_out.tax"]
    if "hosted" in kinds:
        codes += ["cost.left_out.served_build", "cost.left_out.rate_limits"]
    if run_by_user:
        codes += ["cost.left_out.spare", "cost.left_out.network"]
        codes += ["cost.left_out.staff"] if not with_staff else []
    if kinds & {"rented", "rented on demand"}:
        codes.append("cost.left_out.commitment")
    if "own" in kinds:
        codes += ["cost.left_out.capital", "cost.left_out.room"]
    return tuple(Reason(code) for code in codes)
