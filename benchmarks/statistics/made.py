"""Made evaluations whose truth is known.

Rows have a difficulty that all models share (a normal copula), so that models are right on the same rows more often
than by chance, as real ones are.
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import cache

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from bakeoff.decide import Decision, Rule, decide
from bakeoff.evaluate.compare import compare
from bakeoff.evaluate.results import Column, Comparison, GradedCell
from bakeoff.evaluate.stats.clusters import Codes
from bakeoff.evaluate.stats.f1 import Labelled

Scores = npt.NDArray[np.bool_]

SEED = 20_261_124


def right_or_wrong(generator: np.random.Generator, qualities: Sequence[float], rows: int, shared: float) -> Scores:
    """A row of booleans per model.

    Args:
        generator: source of chance.
        qualities: each model's true share of right answers.
        rows: how many.
        shared: correlation of the latent difficulty between models; 0 is independent.
    """
    common = generator.standard_normal(rows)
    own = generator.standard_normal((len(qualities), rows))
    return np.asarray(ndtr(shared**0.5 * common + (1 - shared) ** 0.5 * own) < np.array(qualities)[:, None])


def columns(scores: Scores, latencies: Sequence[float]) -> list[Column]:
    """Graded columns `m0`, `m1`, ... as the evaluation would make them."""
    return [
        Column(f"m{model}", "", tuple(_cell(row, right, latencies[model]) for row, right in enumerate(line)))
        for model, line in enumerate(scores.tolist())
    ]


@cache
def _cell(row: int, right: bool, latency: float) -> GradedCell:
    return GradedCell(
        row_id=str(row),
        state="answered",
        score=float(right),
        label=None,
        target="",
        text="",
        latency_ms=latency,
        time_to_first_token_ms=None,
        prompt_tokens=None,
        output_tokens=None,
        timings={},
        shown="",
    )


def labelled(targets: Codes, answers: Codes, classes: int) -> Labelled:
    """Renumbered so that only labels that occur among the targets are classes."""
    present = np.unique(targets)
    number = np.full(classes, len(present))
    number[present] = np.arange(len(present))
    return Labelled(number[targets], number[answers], len(present))


def comparisons(
    qualities: Sequence[float], rows: int, *, shared: float, repetitions: int, latencies: Sequence[float] | None = None
) -> Iterator[Comparison]:
    """Repeat an evaluation of models whose true qualities are known. The first model is the fastest."""
    generator = np.random.default_rng(SEED)
    speeds = latencies or [float(1 + model) for model in range(len(qualities))]
    for _ in range(repetitions):
        yield compare(columns(right_or_wrong(generator, qualities, rows, shared), speeds))


def decisions(made: Iterator[Comparison], rule: Rule, gap: float = 0.03) -> Iterator[Decision]:
    """Decide each."""
    return (decide(comparison, rule=rule, smallest_gap_that_matters=gap) for comparison in made)


def share(flags: Iterable[bool]) -> float:
    """How many are true."""
    return float(np.mean(list(flags)))


def percent(shares: Sequence[float]) -> str:
    """Shares as they are printed."""
    return " / ".join(f"{100 * part:.1f} %" for part in shares)


def holds(interval: tuple[float, float], truth: float) -> bool:
    """The interval holds the truth."""
    return interval[0] <= truth + 1e-12 and interval[1] >= truth - 1e-12
