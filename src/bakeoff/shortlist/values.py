"""What a shortlist is made of. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass

from bakeoff.catalog.model import Model
from bakeoff.fit.plan.plan import Plan
from bakeoff.hardware.machine import Machine
from bakeoff.needs import Needs
from bakeoff.shortlist.quality import Standing
from bakeoff.values import Reason


@dataclass(frozen=True, slots=True)
class Offer:
    """A model at a provider. Whoever knows prices fills it; this room knows none."""

    model: str
    """Id in the catalog."""

    provider: str
    served_as: str
    """The model's id there."""

    via: str
    """For `via` of a candidate."""

    usd_per_month: float | None
    """At the load in needs; None where the load or the price is not known."""

    usd_per_million_input: float | None = None
    usd_per_million_output: float | None = None
    as_of: str = ""


@dataclass(frozen=True, slots=True)
class Entry:
    """A model that meets the needs, in the way it would run."""

    model: Model
    standing: Standing
    quality: float
    """Expected ability less what the build may lose, in doublings of size."""

    plan: Plan | None
    """On the machine of the needs; None where it is hosted."""

    offer: Offer | None = None

    @property
    def seconds(self) -> float | None:
        """For the usual request; None where it is not known."""
        found = self.plan.speed.request_seconds if self.plan is not None else None
        return found.value if found is not None else None

    @property
    def memory_bytes(self) -> float | None:
        """On all devices; None where it is hosted."""
        return float(self.plan.memory.total_bytes) if self.plan is not None and self.plan.memory is not None else None

    @property
    def usd_per_month(self) -> float | None:
        """What is paid to others; 0 for hardware that is there, None where it is not known."""
        return self.offer.usd_per_month if self.offer is not None else 0.0


@dataclass(frozen=True, slots=True)
class Pick:
    """One candidate of the shortlist."""

    entry: Entry
    role: str
    """Why it is among them: `best`, `preferred`, `fast`, `light`, `specialised`, `hosted`, `other family`,
    `sibling`."""

    chance_best: float
    """Probability that it is the best of the picks for these needs, given what is known."""

    reasons_for: tuple[Reason, ...]
    reasons_against: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class Relaxed:
    """One need less, and what that brings."""

    key: str
    """The need."""

    models: int
    """That would meet the others."""


@dataclass(frozen=True, slots=True)
class Shortlist:
    """The candidates, and what became of all others."""

    needs: Needs
    machine: Machine | None
    picks: tuple[Pick, ...]
    front: tuple[Entry, ...]
    """No other is better in quality, speed, memory and cost at once; best quality first."""

    entries: tuple[Entry, ...]
    """All that meet the needs and were looked at; best first for the preference in the needs."""

    out: Mapping[str, Reason]
    """Id of every model of the catalog that is not a pick to the reason."""

    funnel: tuple[tuple[str, int], ...]
    """Code of a reason to how many it stopped, in the order in which they are asked; what is left is `picks`."""

    looked_at: int
    snapshot: str
    """ISO date of the catalog."""

    relaxed: tuple[Relaxed, ...] = ()
    """Where nothing meets the needs: what to relax, most helpful first."""

    notes: tuple[Reason, ...] = ()
