"""What an evaluation finds: per model and per pair. Written once by `compare`, read by decide and report."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Literal

from bakeoff.values import Reason

CellState = Literal["answered", "blank", "cut", "failed", "missing"]
"""blank: an answer without text. cut: it ended at the token limit. failed: asked, no answer. missing: not asked."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A metric over the rows, with its 95 % interval."""

    metric: str
    """`accuracy`; `macro_f1`; `score`, the mean of scores that are not just right and wrong; `judge` or `people`, the
    mean of the scores that they give."""

    value: float
    low: float
    high: float
    n: int
    """Rows that were scored."""

    groups: int | None = None
    """Groups that these rows make, where rows belong together: the interval takes groups, not rows, as independent."""


@dataclass(frozen=True, slots=True)
class Repeats:
    """How much a candidate's score of one and the same row changes when it is asked again."""

    n: int
    """Rows with two scores or more."""

    most: int
    """The largest number of scores of one row."""

    changed: float
    """Share of these rows whose scores are not all equal."""

    within_sd: float
    """Standard deviation of one answer's score around its row's mean (pooled over the rows)."""

    between_sd: float
    """Standard deviation of the rows' true means: what is left of their spread without `within_sd`."""


@dataclass(frozen=True, slots=True)
class Percentiles:
    """Median and 95th percentile, straight lines between neighbouring values (`stats.proportions.percentile`)."""

    p50: float
    p95: float


@dataclass(frozen=True, slots=True)
class Tokens:
    """Sums over all answered rows."""

    prompt: int
    output: int
    thinking: int | None = None
    """Part of `output` that was spent on thinking; None where no answer has any, or nobody counted."""

    thinking_estimated: bool = False
    """Some of it is an estimate, by the share of characters."""


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
class GradedCell:
    """One candidate's answer to one row, with its score."""

    row_id: str
    state: CellState
    score: float | None
    """1.0 right, 0.0 wrong, None where there is no answer to score."""

    label: str | None
    """The label that was read out of the answer; None where there was none, or the grader knows no labels."""

    target: str
    text: str
    """The answer as it came; empty where there is none."""

    latency_ms: float | None
    time_to_first_token_ms: float | None
    prompt_tokens: int | None
    output_tokens: int | None
    timings: Mapping[str, float]
    """The engine's own clock: prompt_n, prompt_ms, predicted_n, predicted_ms, where it tells."""

    shown: str
    """The user's part of the prompt."""

    group: str | None = None
    """Rows that belong together, from the group column."""

    grades: tuple[float | None, ...] = ()
    """What each grader said, in the order of the project file; `score` joins them."""

    details: tuple[Reason | None, ...] = ()
    """Why each of them said so, where that is not plain from the answer."""

    repeat_scores: tuple[float | None, ...] = ()
    """The score of each repetition, where there is more than one; `score` is their mean."""

    faults: tuple[str, ...] = ()
    """Codes of what preflight found wrong with this answer (`evaluate.preflight`)."""

    excluded: bool = False
    """By the rules of preflight it has no score, because of its faults."""

    thinking: str | None = None
    """Reasoning text, split off from the answer."""

    thinking_tokens: int | None = None
    """Part of `output_tokens` that was spent on it, where it is known or could be estimated."""

    thinking_estimated: bool = False
    """`thinking_tokens` is an estimate, by the share of characters."""


@dataclass(frozen=True, slots=True)
class Column:
    """One candidate over all rows: what `compare` compares."""

    candidate: str
    build: str
    """As in `ModelResult.build`."""

    cells: tuple[GradedCell, ...]
    """In table order; every column of a comparison has the same rows."""

    memory: Memory | None = None
    cost_usd: str | None = None
    """Decimal as text; None means unknown, never zero."""

    findings: tuple[Reason, ...] = ()
    """What preflight found about the candidate as a whole: by its probe, and over all its answers."""

    excluding: tuple[str, ...] = ()
    """Faults for which the project's rules leave an answer out."""


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
    """Tokens after the first one, over the time from the first to the last; all rows together."""

    prompt_tokens_per_second: float | None = None
    """By the engine's own clock; None where it does not tell."""

    speed_clock: Literal["engine", "client"] | None = None
    """Whose clock `decode_tokens_per_second` was read from: the engine's own, or ours at this end of the line."""

    tokens: Tokens = Tokens(0, 0)
    cost_usd: str | None = None
    """Decimal as text; None means unknown, never zero."""

    memory: Memory | None = None
    counts: Mapping[str, int] = field(default_factory=dict)
    """Rows by state: answered, failed, blank, cut, missing, unscored; and `excluded`, by the rules of preflight."""

    faults: Mapping[str, int] = field(default_factory=dict)
    """Code of what preflight looks for to answers in which it was found; only those that occur."""

    confusion: Mapping[str, Mapping[str, int]] = field(default_factory=dict)
    """Target label to answered label to count; only for label sets. No readable label is the empty text."""

    repeats: Repeats | None = None
    """How stable the scores are; None where no row was asked twice."""


@dataclass(frozen=True, slots=True)
class Pair:
    """Two candidates on the same rows. `difference` is a minus b."""

    a: str
    b: str
    n: int
    """Rows that both were scored on. With none, nothing is known: difference 0, interval -1 to 1, p 1."""

    difference: float
    low: float
    high: float
    """95 % interval of the paired difference."""

    p: float
    """Exact McNemar, two-sided. For macro-F1, for scores between right and wrong (means of repetitions among them), and
    where rows belong together, a paired permutation test; it moves groups as a whole."""

    p_holm: float
    """The same after Holm's correction over all pairs."""

    n_discordant: int
    """Rows where exactly one of the two is right; for other scores, where they differ."""

    low_simultaneous: float
    high_simultaneous: float
    """Interval that holds for all pairs together (Bonferroni); what non-inferiority is read from."""

    groups: int | None = None
    """Groups that the n rows make, where rows belong together."""

    def turned(self) -> "Pair":
        """The same pair seen from the other side: b minus a."""
        return replace(
            self,
            a=self.b,
            b=self.a,
            difference=-self.difference,
            low=-self.high,
            high=-self.low,
            low_simultaneous=-self.high_simultaneous,
            high_simultaneous=-self.low_simultaneous,
        )


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A row on which the candidates differ."""

    row_id: str
    shown: str
    """The prompt's own text for this row, shortened for reading."""

    target: str
    answers: Mapping[str, str]
    """Of those that were asked this row."""

    scores: Mapping[str, float | None]
    details: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    """Why the graders said so, for candidates where they gave a reason."""


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that `decide` needs to know."""

    models: tuple[ModelResult, ...]
    pairs: tuple[Pair, ...]
    caveats: tuple[Reason, ...] = ()
    disagreements: tuple[Disagreement, ...] = ()
    n_disagreements: int = 0
    """How many rows there are on which the candidates differ; `disagreements` may hold only some."""

    barred: Reason | None = None
    """Why nothing may be decided from these scores; None where it may."""
