"""From a month to years: growth, machines that are added, depreciation against what is paid. Exact decimals."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from bakeoff.cost.option import Option, Values


@dataclass(frozen=True, slots=True)
class Horizon:
    """What an option costs up to the end of a year."""

    years: int
    cost: Decimal
    """US dollars: hardware by straight-line depreciation."""

    paid: Decimal
    """US dollars that have left the account: hardware when it is bought, its residual value when it is replaced."""

    machines: int
    """In the last month; 0 where the provider sees to that."""

    requests: Decimal
    """Answered until then."""


def horizons(option: Option, years: int) -> list[Horizon]:
    """The end of each year from the first to `years`."""
    found, cost, paid, requests = [], Decimal(0), Decimal(0), Decimal(0)
    bought: dict[int, int] = {}
    machines = 0
    point = option.point()
    terms = option.terms(point)
    for month in range(12 * years):
        asked = option.load.requests_in_month(month)
        needed = option.machines(asked)
        machines = max(machines, needed) if option.kind == "own" else needed
        spent = option.monthly(asked, machines=machines, terms=terms)
        cost += spent
        requests += asked
        if option.kind == "own":
            bought[month] = machines - sum(bought.values())
        paid += spent + _purchases(option, point, bought, month)
        if month % 12 == 11:
            found.append(Horizon(month // 12 + 1, cost, paid, machines, requests))
    return found


def _purchases(option: Option, values: Values, bought: Mapping[int, int], month: int) -> Decimal:
    """What is bought in a month, less the depreciation that stands in its cost already.

    Args:
        option: the machines.
        values: of its parameters.
        bought: month -> machines that came in it.
        month: which one.
    """
    if option.kind != "own":
        return Decimal(0)
    point: dict[str, Decimal] = {name.partition(":")[0]: value for name, value in values.items()}
    price, life = point["purchase_usd"], max(1, math.ceil(point["life_years"] * 12))
    kept = 1 - point["residual_share"]
    depreciation = price * kept / (point["life_years"] * 12)
    replaced = sum(count for start, count in bought.items() if month > start and (month - start) % life == 0)
    return bought[month] * price + replaced * price * kept - sum(bought.values()) * depreciation
