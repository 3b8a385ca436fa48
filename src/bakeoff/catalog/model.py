"""What the catalog says of a model: facts, each group with its source and date. Values only.

A fact whose only source is `curator` was recalled and not read; it counts for less (`Provenance.recalled`).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

from bakeoff.catalog.architecture import Architecture
from bakeoff.values import Reason

Kind = Literal["chat", "base", "embedding", "reranker", "translation", "safety", "speech"]
"""What the model is for. Only `chat` models answer people; the others never stand among them."""

Extent = Literal["full", "partial", "none", "unknown"]
"""How much of a part is published."""

RECALLED = ("curator", "name rule", "assumed")
"""A source that begins so is memory or a rule of thumb, not a document."""


@dataclass(frozen=True, slots=True)
class Provenance:
    """Where a group of facts comes from."""

    as_of: str
    """ISO date on which it was written down."""

    sources: tuple[str, ...]
    """Keys of `data/sources.jsonl`, some with a path after a colon."""

    yours: bool = False
    """It is from the user's own catalog and beats what is shipped."""

    @property
    def recalled(self) -> bool:
        """No document was read for it."""
        return all(source.startswith(RECALLED) for source in self.sources)


@dataclass(frozen=True, slots=True)
class Release:
    """When the weights were published."""

    date: str
    """ISO date; where only the month is known, its first day."""

    precision: Literal["day", "month", "year"] = "day"
    approximate: bool = False
    """The date of the repository, or another stand-in."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """Numbers of weights."""

    total: int | None
    """Everything in the checkpoint: vision towers and prediction layers too."""

    active: int | None
    """Used for one token, embeddings and head included; the total for dense models."""

    text: int | None = None
    """The text model alone, counted anew from its architecture by the curators' own program."""

    active_stated: int | None = None
    """What the vendor says, mostly rounded."""

    basis: str = ""
    """How `total` was learnt."""

    mismatch: str = ""
    """Why the architecture does not add up to the total, where that is known."""


@dataclass(frozen=True, slots=True)
class Licence:
    """Terms of use."""

    key: str
    name: str
    spdx: str | None
    osi_approved: bool
    commercial_use: Literal["yes", "conditional", "no", "unknown"]
    clauses: tuple[str, ...]
    """Terms that can matter, in short; no legal advice."""

    url: str


@dataclass(frozen=True, slots=True)
class Openness:
    """The five things that a fully open model publishes, and two more."""

    training_data: Extent
    weights: Extent
    evaluation_code: Extent
    fine_tuning_code: Extent
    training_metrics: Extent
    pretraining_code: Extent = "unknown"
    paper: str | None = None
    note: str = ""

    @property
    def level(self) -> Literal["weights", "weights+data", "fully-open"]:
        """The word that needs are written in."""
        five = (self.training_data, self.weights, self.evaluation_code, self.fine_tuning_code, self.training_metrics)
        if all(extent == "full" for extent in five):
            return "fully-open"
        return "weights+data" if self.training_data == "full" else "weights"


@dataclass(frozen=True, slots=True)
class Lineage:
    """Where a model comes from."""

    relation: str
    """instruction-tuned from, finetune, continued-pretrain, distill, merge, prune-distill, ..."""

    model: str
    """Id of the parent, which need not be in the catalog."""

    source: str = ""


@dataclass(frozen=True, slots=True)
class HubFacts:
    """What the Hub said on the day in the provenance of `hub`."""

    exists: bool
    gated: bool | None = None
    licence_tag: str | None = None
    downloads: int | None = None
    likes: int | None = None
    last_modified: str | None = None


@dataclass(frozen=True, slots=True)
class Evidence:
    """One benchmark result. Comparable only within benchmark, settings and source."""

    model: str
    benchmark: str
    metric: str
    score: float
    unit: str
    """`%`, `0-1`, `rating`, `negated error`, ..."""

    category: str
    """coding, reasoning, knowledge, math, translation, ..."""

    settings: str
    date: str
    self_reported: bool
    """The vendor's own number."""

    source: str
    """Key of `data/sources.jsonl`, or what the user's file says."""

    language: str = ""
    yours: bool = False


@dataclass(frozen=True, slots=True)
class Model:
    """Everything that is known of one model."""

    id: str
    """On the Hub: `Qwen/Qwen3-8B`. Models of the user's own: `local/NAME` or `ollama/NAME`."""

    family: str
    organisation: str
    kind: Kind
    tier: int
    """1: checked and current. 2: older, incomplete or unverified; stays out of recommendations. 3: the user's own."""

    is_base: bool
    """Not trained to follow instructions."""

    parameters: Parameters
    architecture: Architecture | None
    no_architecture: Reason | None
    """Why there is none."""

    context_tokens: int | None
    """Longest context without extension."""

    context_tokens_extended: int | None
    """With YaRN or similar, where the vendor names it."""

    release: Release | None
    licence: Licence | None
    gated: bool | None
    """One must agree to terms on the Hub before downloading."""

    openness: Openness | None
    languages: tuple[str, ...]
    """ISO codes; empty where not known."""

    languages_note: str
    vietnamese: Literal["stated", "claimed", "pre-training"] | None
    """stated by name; claimed among very many; in the training data only; None: not known."""

    inputs: tuple[str, ...]
    outputs: tuple[str, ...]
    """Modalities: text, image, audio, video."""

    tasks: tuple[str, ...]
    domain: str | None
    """What it was specialised for."""

    lineage: tuple[Lineage, ...]
    gguf_repositories: tuple[str, ...]
    """On the Hub, the vendor's or a well-known converter's."""

    native_dtype: str
    tools: tuple[str, ...]
    """What runs it: `llama.cpp`, `transformers`."""

    unverified: bool
    """Nobody has confirmed yet that it can be downloaded."""

    flags: tuple[str, ...]
    """Conflicts between sources, in words."""

    hub: HubFacts | None = None
    aliases: tuple[str, ...] = ()
    file: str | None = None
    """Path of the user's own file, for a model that was added from one."""

    provenance: Mapping[str, Provenance] = field(default_factory=dict)
    """By group of facts: architecture, parameters, context, release, licence, ..."""

    @property
    def name(self) -> str:
        """Without the organisation."""
        return self.id.rpartition("/")[2]
