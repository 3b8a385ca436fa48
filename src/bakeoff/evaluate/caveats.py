"""What a reader must know before trusting a comparison: cells without a score, labels not read, few rows.

Codes and parameters only; `report.words` makes the sentences.
"""

from collections import Counter
from collections.abc import Sequence

from bakeoff.evaluate.measures import ANSWERED, scored
from bakeoff.evaluate.pairing import ALPHA
from bakeoff.evaluate.results import Column, ModelResult, Pair
from bakeoff.evaluate.stats.multiple import bonferroni
from bakeoff.evaluate.stats.power import detectable
from bakeoff.evaluate.stats.proportions import wilson
from bakeoff.values import Reason, reason

FEW_ROWS = 100
"""Below this many rows the caveat is written. Five equal models at 70 % are 9 to 11 points apart from first to last,
on average, with 100 rows, and 12 to 15 with 50 (benchmarks/statistics.py, `spread`)."""


def caveats(
    columns: Sequence[Column], models: Sequence[ModelResult], pairs: Sequence[Pair], *, labels: bool
) -> tuple[Reason, ...]:
    """All caveats of a comparison.

    Args:
        columns: the graded cells, in the order of `models`.
        models: what was measured on them.
        pairs: the candidates two by two.
        labels: the answers are labels of a known set.
    """
    found: list[Reason] = []
    for column, model in zip(columns, models, strict=True):
        found += _cells(model)
        if labels:
            found += _labels(column)
    return (*found, *_few_rows(pairs))


def _cells(model: ModelResult) -> list[Reason]:
    states = ("blank", "cut", "failed", "missing", "unscored")
    return [
        reason(f"cells.{state}", model=model.model, n=model.counts[state], total=model.n)
        for state in states
        if model.counts.get(state)
    ]


def _labels(column: Column) -> list[Reason]:
    cells = [cell for cell in scored(column) if cell.state in ANSWERED]
    read = [cell.label for cell in cells if cell.label is not None]
    found = []
    if len(read) < len(cells):
        found.append(reason("label.none_read", model=column.candidate, n=len(cells) - len(read), total=len(cells)))
    targets = Counter(cell.target for cell in cells)
    if len(targets) < 2:
        return found
    if len(read) > 1 and len(set(read)) == 1:
        found.append(reason("label.always_same", model=column.candidate, label=read[0], n=len(read)))
    return found + _baseline(column.candidate, cells_right=sum(c.score == 1 for c in cells), targets=targets)


def _baseline(model: str, *, cells_right: int, targets: Counter[str]) -> list[Reason]:
    """A model that is not shown to beat "always the most frequent label" has not shown that it reads the rows."""
    total = sum(targets.values())
    label, most = targets.most_common(1)[0]
    value = cells_right / total
    low, _ = wilson(value, total, alpha=ALPHA)
    if low > most / total:
        return []
    return [reason("baseline.not_beaten", model=model, label=label, share=most / total, value=value, low=low)]


def _few_rows(pairs: Sequence[Pair]) -> list[Reason]:
    compared = [pair for pair in pairs if pair.n]
    if not compared or min(pair.n for pair in compared) >= FEW_ROWS:
        return []
    widest = max(pair.high_simultaneous - pair.low_simultaneous for pair in compared)
    gap = detectable(widest / 2, alpha=bonferroni(ALPHA, len(pairs)))
    return [reason("few_rows", n=min(pair.n for pair in compared), detectable=min(1.0, gap))]
