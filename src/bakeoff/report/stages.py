"""What the stages around the test found: needs, from the catalog to the candidates, costs, how to run the choice.

Values only, filled by whoever knows the project. They hold what the needs, the facts about models and the price list
say, and nothing of the machine that writes the report: the same project gives the same values everywhere.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bakeoff.evaluate.probe import Level, Limits
from bakeoff.needs import Needs
from bakeoff.values import Reason


@dataclass(frozen=True, slots=True)
class Step:
    """One reason to be out, in the order in which they are asked."""

    code: str
    models: int
    """That it stopped."""


@dataclass(frozen=True, slots=True)
class PickFacts:
    """One model of the shortlist, in the way it would run."""

    model: str
    """Id in the catalog."""

    build: str | None
    """None where it is hosted."""

    provider: str | None
    """None where it runs on the machine of the needs."""

    role: str
    """As in `shortlist.Pick`."""

    quality: float
    """Expected ability less what the build may lose, in doublings of size."""

    spread: float
    """Standard deviation of the quality."""

    chance_best: float
    """Probability to be the best of the picks."""

    seconds: float | None
    """For a usual request; None where it is not known, likewise below."""

    memory_bytes: float | None
    usd_per_month: float | None
    """What is paid to others at the load in needs; 0 on hardware that is there."""

    reasons_for: tuple[Reason, ...]
    reasons_against: tuple[Reason, ...]
    candidates: tuple[str, ...]
    """Of the project, that are this model."""


@dataclass(frozen=True, slots=True)
class Beside:
    """A candidate that was tested without being on the shortlist."""

    candidate: str
    because: Reason
    """Why it is not."""


@dataclass(frozen=True, slots=True)
class ShortlistFacts:
    """From the catalog to what is worth testing."""

    catalog: str
    """ISO date of the facts about models."""

    looked_at: int
    """Models in the catalog."""

    machine: str | None
    """What was planned for; None where the needs name no hardware."""

    funnel: tuple[Step, ...]
    picks: tuple[PickFacts, ...]
    relaxed: tuple[Reason, ...]
    """Where nothing meets the needs: what to relax."""

    beside: tuple[Beside, ...]

    notes: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class CostLine:
    """One way to run a candidate; money in US dollars, as decimal text."""

    key: str
    candidate: str
    kind: str
    """`hosted`, `rented`, `rented on demand` or `own`."""

    where: str
    """Provider, class of provider, or machine."""

    machine: str | None
    machines: int
    """In the first month; 0 where the provider sees to that."""

    month_usd: str
    """In the first month."""

    year_usd: str
    """In the first year."""

    total_usd: str
    """Over all years, and its 80 % interval."""

    low_usd: str
    high_usd: str
    as_of: str | None
    """ISO date of its price."""

    source: str


@dataclass(frozen=True, slots=True)
class Crossing:
    """Two ways to run a candidate, by keys of lines: from which volume on another one is cheaper."""

    cheaper: str
    other: str
    requests_per_day: int
    """From here on; or up to which was looked, where the same is cheaper at every volume."""

    changes: int
    """How often the two change places until then; 0 where they never do."""

    first: int
    """Requests a day at which they change places for the first time."""


@dataclass(frozen=True, slots=True)
class CostFacts:
    """What the candidates cost at the load in needs."""

    requests_per_day: float
    growth_per_year: float
    years: int
    lines: tuple[CostLine, ...]
    """The cheapest way of each kind for each candidate, the cheapest over all years first."""

    crossings: tuple[Crossing, ...]
    unknown: tuple[Reason, ...]
    """What could not be counted, and why. Never zero."""

    left_out: tuple[Reason, ...]
    """What no number here holds."""

    notes: tuple[Reason, ...]

    def cheapest(self, candidate: str) -> CostLine | None:
        """The cheapest way to run one candidate; None where none is known."""
        return next((line for line in self.lines if line.candidate == candidate), None)


@dataclass(frozen=True, slots=True)
class ProbeFacts:
    """How fast a candidate is when several ask at once, as it was measured and held against the present needs."""

    candidate: str
    date: str
    """ISO date of the measurement."""

    prompt_tokens: int
    """Asked for, like the next; what the server counted is in the levels."""

    output_tokens: int
    limits: Limits
    """Of the present needs."""

    levels: tuple[Level, ...]


@dataclass(frozen=True, slots=True)
class DeployFacts:
    """How to run the choice for real."""

    candidate: str
    model: str
    """Id in the catalog, or what the provider calls it."""

    build: str | None
    engine: str | None
    machine: str | None
    """None, like the two above and the command, where a provider hosts it."""

    command: str | None
    steps: tuple[Reason, ...]


@dataclass(frozen=True, slots=True)
class SourceFacts:
    """Which facts the report rests on, beside the project's own."""

    catalog: str
    """ISO date of the facts about models."""

    prices: str
    """Name and version of the price list."""

    prices_as_of: str
    """ISO date of its newest price."""


@dataclass(frozen=True, slots=True)
class Stages:
    """Each part only where the project has it."""

    needs: Needs | None = None
    weights: Mapping[str, float] = field(default_factory=dict)
    """Of the rule `weighted`, adding up to 1; empty with other rules."""

    shortlist: ShortlistFacts | None = None
    costs: CostFacts | None = None
    probes: tuple[ProbeFacts, ...] = ()
    """The last measurement of each candidate that has one."""

    deployment: DeployFacts | None = None
    sources: SourceFacts | None = None
    left_out: tuple[Reason, ...] = ()
    """Parts that could not be made, and why."""
