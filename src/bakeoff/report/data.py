"""What a report is made of: values only. Whoever knows the project fills them; nothing here looks anything up.

The same `ReportData` gives the same bytes in every format: there is no clock and no chance in this room.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bakeoff.decide import Decision
from bakeoff.evaluate.graders import GraderFacts
from bakeoff.evaluate.judge.result import Judged
from bakeoff.evaluate.people.standing import PeopleResult
from bakeoff.evaluate.results import Comparison
from bakeoff.evaluate.types import Prompt
from bakeoff.report.stages import Stages
from bakeoff.values import Reason


@dataclass(frozen=True, slots=True)
class DataFacts:
    """The rows that the models were asked about."""

    file: str
    """Name of the data file, without its folder."""

    n_rows: int
    digest: str
    """`Table.digest`: SHA-256 over columns and cells."""


@dataclass(frozen=True, slots=True)
class CandidateFacts:
    """How one candidate was asked."""

    name: str
    """As in `ModelResult.model`."""

    model: str
    """`ORG/NAME`, the name of a .gguf, or the id that the endpoint knows."""

    build: str
    """As in `ModelResult.build`."""

    via: str
    """`embedded`, or the server's base URL without user name and password."""

    api: str
    """`chat` or `completions`."""

    parameters: Mapping[str, Any] = field(default_factory=dict)
    """Sampling parameters as sent."""

    sha256: str | None = None
    """Of the model file; None where a server holds it."""

    engine: str | None = None
    """Name and version of what computed the answers, where it is known."""

    context_tokens: int | None = None
    """Context per request of the embedded engine."""

    concurrency: int | None = None
    """Requests in flight."""

    license: str | None = None
    """Name of the model's licence; None means unknown."""

    license_terms: str | None = None
    """Address or file of the terms, or what they ask for in a few words."""


@dataclass(frozen=True, slots=True)
class MachineFacts:
    """The machine that the embedded engine ran on."""

    processor: str
    cores: int
    memory_bytes: int
    devices: tuple[str, ...]
    """GPUs by name; empty where there are none."""

    system: str
    """`linux`, `darwin`, `windows`, ..."""


@dataclass(frozen=True, slots=True)
class Since:
    """What changed since an earlier decision."""

    earlier: str
    """Its number and date, or the name of its file."""

    changes: tuple[Reason, ...]
    """Empty where nothing did."""


@dataclass(frozen=True, slots=True)
class ReportData:
    """Everything that a report shows."""

    project: str
    """Name of the project folder."""

    date: str
    """ISO date of the last answer in it; empty where there is none. Passed in: the report has no clock."""

    decision: Decision
    comparison: Comparison
    """The one that the decision was made from; the report takes the disagreements from it."""

    data: DataFacts
    prompt: Prompt
    prompt_digest: str
    graders: tuple[GraderFacts, ...]
    candidates: tuple[CandidateFacts, ...]
    """Also those that could not be had."""

    machine: MachineFacts | None
    """None where everything ran elsewhere, or the machine is not known."""

    bakeoff: str
    """Version of Bakeoff."""

    variants: tuple[Prompt, ...] = ()
    """Every variant of the prompt, where there are several; `prompt` is the first of them."""

    judged: Judged | None = None
    """What judges found, where the project has some."""

    people: PeopleResult | None = None
    """What people found, where somebody labelled."""

    since: Since | None = None
    """What changed since an earlier decision, where someone asked."""

    stages: Stages = field(default_factory=Stages)
    """Needs, shortlist, costs, deployment: what the stages before and after the test found."""
