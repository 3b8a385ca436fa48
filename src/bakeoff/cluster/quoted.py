"""What a quote for a cluster is made of, and what it says. Values only."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bakeoff.catalog.model import Model
from bakeoff.cluster.limits import LedgerKind, Part
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.values import Estimate, Reason

Place = Literal["engine", "replicas", "local", "server"]
"""The embedded engine on each machine's processor; vLLM on its GPUs; a server on the driver's machine, which only
workers there can ask; a server or provider elsewhere."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One column, with what is known of its calls."""

    name: str
    place: Place
    calls: Estimate
    """That it owes."""

    kept: Estimate
    """Calls that have an answer already."""

    prompt_tokens: Estimate
    """Of one call."""

    output_tokens: Estimate | None
    """Of one call; None where nothing limits them and nothing was measured."""

    request_bytes: float
    """Of one call."""

    price: PricePerToken | None = None
    latency_seconds: Estimate | None = None
    """Of one call, measured here or at the server."""

    concurrency: int | None = None
    """Requests in flight over all workers, where the project file says so."""

    requests_per_minute: float | None = None
    model: Model | None = None
    """What `fit` plans with; for engines and replicas."""

    build: str | None = None


@dataclass(frozen=True, slots=True)
class OnMachine:
    """What one machine does of a column."""

    calls_per_second: Estimate
    start_seconds: Estimate
    """From starting the model to its first call."""

    part: Part
    """What it spends its time on."""

    how: str
    """Engine, build and copies, as people know them."""

    places: int = 1
    """Requests that must be in flight for that."""


@dataclass(frozen=True, slots=True)
class ColumnQuote:
    """What one column takes."""

    candidate: str
    place: Place
    calls: Estimate
    kept: Estimate
    prompt_tokens: Estimate
    """Of all its calls."""

    output_tokens: Estimate | None
    cost_usd: Estimate | None
    """Of tokens; None where no price is known. What runs on the machines has none."""

    price_source: str | None
    calls_per_second: Estimate | None
    """On the whole cluster; None where nothing was measured and no speed is known."""

    minutes: Estimate | None
    part: Part | None
    """What limits it."""

    how: tuple[str, ...]
    """On each kind of machine; empty for servers."""


@dataclass(frozen=True, slots=True)
class Rented:
    """The machines for as long as the run takes, from one class of provider."""

    kind: str
    usd_per_hour: Estimate
    usd: Estimate


@dataclass(frozen=True, slots=True)
class MachineCount:
    """Equal machines."""

    count: int
    name: str


@dataclass(frozen=True, slots=True)
class ClusterQuote:
    """The run on a cluster that would be made."""

    rows: int
    looked_at: int
    """Rows that lengths were taken from; all where they are few."""

    repeats: int
    machines: tuple[MachineCount, ...]
    workers: int
    ledger: LedgerKind
    candidates: tuple[ColumnQuote, ...]
    calls: Estimate
    minutes: Estimate | None
    """From the command to the last answer in the project; None where a column's time is not known."""

    parts: Mapping[Part, Estimate]
    """Minutes of each part; `start` and `prepare` come first, the others go on at the same time."""

    limit: Part | None
    """The part that takes longest."""

    deadline_minutes: float | None
    in_time: bool | None
    """None: it may be, as far as is known."""

    machines_needed: Estimate | None
    """In whole machines of the same mix, for the deadline; None without one, or where more machines do not help."""

    cost_usd: Estimate | None
    """Tokens of providers; None where a price is not known, or there is none."""

    rented: tuple[Rented, ...]
    """What the machines cost if they are rented; empty where a GPU has no known rent."""

    energy_kwh: Estimate | None
    """What the machines draw meanwhile, with what the building adds; None without a time."""

    energy_usd: Estimate | None
    ledger_bytes: Estimate
    notes: tuple[Reason, ...]
