"""The dated price facts of Bakeoff: rented GPUs, bought ones, electricity; `data/sources.csv` says whence."""

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Literal, cast

from bakeoff.values import Estimate

DATA = Path(str(files("bakeoff.cost").joinpath("data")))

ProviderClass = Literal["hyperscaler", "specialised", "marketplace", "interruptible"]
PROVIDER_CLASSES: tuple[ProviderClass, ...] = ("hyperscaler", "specialised", "marketplace", "interruptible")
"""Interruptible: a machine that may be taken away at any moment (spot)."""


@dataclass(frozen=True, slots=True)
class Rental:
    """What one GPU costs per hour from one class of provider."""

    gpu: str
    """Name in `hardware/data`."""

    provider_class: ProviderClass
    low: float
    usual: float
    high: float
    offers: int
    providers: tuple[str, ...]
    as_of: str
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Purchase:
    """What one GPU, or the machine around it, was sold for."""

    gpu: str
    usual: float
    low: float | None
    """None with a launch price, whose spread is `purchase.SINCE_LAUNCH`."""

    high: float | None
    includes: Literal["card", "machine"]
    """machine: what stands around the GPU is in the price."""

    as_of: str
    source: str
    note: str

    @property
    def is_launch(self) -> bool:
        """The maker's price at launch, not today's."""
        return self.source == "launch"


@dataclass(frozen=True, slots=True)
class Tariff:
    """Electricity in one country, US dollars per kWh."""

    code: str
    """Two letters; empty where no country is named."""

    name: str
    usd_per_kwh: Estimate
    note: str


def _rows(name: str) -> Iterator[dict[str, str]]:
    with (DATA / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


@cache
def rentals() -> tuple[Rental, ...]:
    """Every range of rental prices."""
    return tuple(
        Rental(
            gpu=row["gpu"],
            provider_class=cast(ProviderClass, row["class"]),
            low=float(row["low"]),
            usual=float(row["usual"]),
            high=float(row["high"]),
            offers=int(row["offers"]),
            providers=tuple(row["providers"].split()),
            as_of=row["as_of"],
            sources=tuple(row["sources"].split()),
        )
        for row in _rows("rental.csv")
    )


@cache
def purchases() -> tuple[Purchase, ...]:
    """Every purchase price; at most one per GPU."""
    return tuple(
        Purchase(
            gpu=row["gpu"],
            usual=float(row["usual"]),
            low=float(row["low"]) if row["low"] else None,
            high=float(row["high"]) if row["high"] else None,
            includes=cast(Literal["card", "machine"], row["includes"]),
            as_of=row["as_of"],
            source=row["source"],
            note=row["note"],
        )
        for row in _rows("purchase.csv")
    )


@cache
def electricity() -> tuple[Tariff, ...]:
    """Every tariff, the one without a country first."""
    return tuple(
        Tariff(
            code=row["code"],
            name=row["name"],
            usd_per_kwh=Estimate(
                float(row["usual_usd"]), float(row["low_usd"]), float(row["high_usd"]), "published",
                f"{row['name']} ({row['source']})", row["as_of"],
            ),
            note=row["note"],
        )
        for row in _rows("electricity.csv")
    )  # fmt: skip
