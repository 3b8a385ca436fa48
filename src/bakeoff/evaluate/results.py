"""What an evaluation finds: per model and per pair. Written once by `compare`, read by decide and report."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from bakeoff.values import Reason


@dataclass(frozen=True, slots=True)
class Quality:
    """A metric over the rows, with its 95 % interval."""

    metric: str
    """`accuracy` or `macro_f1`."""

    value: float
    low: float
    high: float
    n: int
    """Rows that were scored."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Median and 95th percentile."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """Sums over all answered rows."""

    prompt: int
    output: int


@dataclass(frozen=True, slots=True)
class Memory:
    """What the embedded engine really took, read from its own log and from the process."""

    weights_bytes: int
    kv_cache_bytes: int
    recurrent_state_bytes: int
    compute_bytes: int
    output_bytes: int
    peak_resident_bytes: int | None
    """Largest resident size of the engine process."""


@dataclass(frozen=True, slots=True)
class ModelResult:
    """One candidate, measured."""

    model: str
    """The candidate's name."""

    build: str
    """Quantization or served id, with the first 12 digits of the file's SHA-256 where there is a file."""

    n: int
    """Rows in the comparison."""

    quality: Quality | None
    """The metric that decides. None where nothing could be scored."""

    qualities: tuple[Quality, ...] = ()
    """Every metric, the deciding one first."""

    latency_ms: Percentiles | None = None
    time_to_first_token_ms: Percentiles | None = None
    decode_tokens_per_second: float | None = None
    prompt_tokens_per_second: float | None = None
    tokens: Tokens = Tokens(0, 0)
    cost_usd: str | None = None
    """Decimal as text; None means unknown, never zero."""

    memory: Memory | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    """Rows by state: answered, failed, blank, cut, missing, unscored."""

    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Target label to answered label to count; only for label sets."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two candidates on the same rows. `difference` is a minus b."""

    a: str
    b: str
    n: int
    """Rows that both were scored on."""

    difference: float
    low: float
    high: float
    """95 % interval of the paired difference."""

    p: float
    """Exact McNemar, two-sided."""

    p_holm: float
    """The same after Holm's correction over all pairs."""

    n_discordant: int
    """Rows where exactly one of the two is right."""

    low_simultaneous: float
    high_simultaneous: float
    """Interval that holds for all pairs together (Bonferroni); what non-inferiority is read from."""


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A row on which the candidates differ."""

    row_id: str
    shown: str
    """The prompt's own text for this row, shortened for reading."""

    target: str
    answers: Mapping[str, str]
    scores: Mapping[str, float | None]


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that `decide` needs to know."""

    models: tuple[ModelResult, ...]
    pairs: tuple[Pair, ...]
    caveats: tuple[Reason, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    n_disagreements: int = 0
    """How many rows there are on which the candidates differ; `disagreements` may hold only some."""
