"""The fitted constants: what was measured on many machines, reduced to a few numbers per family of devices.

The files in `fit/data` are written by `benchmarks/speed_fit.py`, which names its rows, their sources and the errors on
devices that were left out. Rows themselves are not shipped.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Literal

from bakeoff.fit.speed.families import PARENTS, Family

Kind = Literal["decode", "prefill", "processor_decode", "processor_prefill", "serving"]


@dataclass(frozen=True, slots=True)
class Spread:
    """Measured speed over predicted speed on devices that were left out: the middle 80 %."""

    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Constants:
    """Of one family."""

    family: Family
    coefficients: tuple[float, ...]
    """One per term, in the order of the terms of the kind."""

    dense: Spread
    experts: Spread
    """For mixtures of experts."""

    devices: int
    """Devices that were measured; 0 where the constants are those of the parent family."""

    rows: int


@dataclass(frozen=True, slots=True)
class Table:
    """One kind of speed."""

    kind: Kind
    terms: tuple[str, ...]
    families: Mapping[Family, Constants]
    extra: Mapping[str, Any]
    """Single numbers that no family has of its own."""

    as_of: str
    rows: int
    devices: int

    def of(self, family: Family) -> Constants:
        """A family's constants; its parent's where it has none."""
        parents = PARENTS["prefill" if self.kind == "prefill" else "decode"]
        while family not in self.families and family in parents:
            family = parents[family]
        return self.families[family if family in self.families else "any"]


@cache
def table(kind: Kind) -> Table:
    """The constants of one kind."""
    whole = _shipped() if _in_use is None else _in_use
    found = whole[kind]
    return Table(
        kind=kind,
        terms=tuple(found["terms"]),
        families={name: _constants(name, row) for name, row in found["families"].items()},
        extra=found["extra"],
        as_of=whole["as_of"],
        rows=found["rows"],
        devices=found["devices"],
    )


_in_use: Mapping[str, Any] | None = None


def use(constants: Mapping[str, Any] | None) -> None:
    """Take other constants than the shipped ones, for fitting and tests; None goes back to them."""
    global _in_use
    _in_use = constants
    table.cache_clear()


def _shipped() -> Any:
    return json.loads(files("bakeoff.fit").joinpath("data", "speed.json").read_text(encoding="utf-8"))


def _constants(name: str, row: Mapping[str, Any]) -> Constants:
    return Constants(
        family=name,
        coefficients=tuple(row["coefficients"]),
        dense=Spread(*row["dense"]),
        experts=Spread(*row["experts"]),
        devices=row["devices"],
        rows=row["rows"],
    )
