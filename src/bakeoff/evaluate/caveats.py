"""What a reader must know before trusting a comparison: cells without a score, labels not read, few rows,
rows that belong together, scores that change from one answer to the next.

Codes and parameters only; `report.words` makes the sentences.
"""

from collections import Counter
from collections.abc import Sequence

from bakeoff.evaluate.left_out import left_out
from bakeoff.evaluate.measures import ANSWERED, scored
from bakeoff.evaluate.pairing import ALPHA
from bakeoff.evaluate.results import Column, ModelResult, Pair
from bakeoff.evaluate.stats.multiple import bonferroni
from bakeoff.evaluate.stats.power import detectable
from bakeoff.evaluate.stats.proportions import modified_wilson
from bakeoff.values import Reason, reason

FEW_ROWS = 100
"""Below this many rows the caveat is written. Five equal models at 70 % are 9 to 11 points apart from first to last,
on average, with 100 rows, and 12 to 15 with 50 (benchmarks/statistics, `spread`)."""


FEWEST_EQUAL = 5
"""Answers that must be there before all of them being equal is told."""

FEW_GROUPS = 10
"""Below this many groups hardly anything can be shown: with five no p is below 6 %, and t has four degrees of freedom
(benchmarks/statistics, `groups`, holds that intervals keep their promise there, for groups of one size)."""

UNSTABLE = 0.1
"""From this share of rows on whose score changes when asked again, it is told. A convention of this package."""


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
    found: list[Reason] = _all_alike(models)
    for column, model in zip(columns, models, strict=True):
        found += _cells(model, column)
        found += _faults(model, column)
        found += column.findings
        if labels:
            found += _labels(column)
        else:
            found += _same_answer(column)
        found += _repeats(model)
    return (*found, *left_out(columns), *_groups(models, pairs), *_few_rows(pairs))


def _all_alike(models: Sequence[ModelResult]) -> list[Reason]:
    """Nobody is right anywhere, which is more often a prompt or a grader than models; or everybody is everywhere."""
    known = [model.quality for model in models if model.quality is not None]
    fewest = min((quality.n for quality in known), default=0)
    if fewest < FEWEST_EQUAL:
        return []
    if all(quality.value == 0.0 for quality in known):
        return [reason("nobody_right", n=fewest)]
    if len(known) > 1 and all(quality.value == 1.0 for quality in known):
        return [reason("everybody_right", n=fewest)]
    return []


def _cells(model: ModelResult, column: Column) -> list[Reason]:
    states = ("blank", "cut", "failed", "missing", "unscored")
    return [
        reason(f"cells.{state}", model=model.model, n=model.counts[state], total=model.n)
        for state in states
        if model.counts.get(state) and state not in column.excluding
    ]


def _faults(model: ModelResult, column: Column) -> list[Reason]:
    """What preflight found in single answers. Blank and cut ones that count are told by their state."""
    return [
        reason(
            f"fault.{fault}",
            model=model.model,
            n=n,
            total=model.n,
            rule="exclude" if fault in column.excluding else "count",
        )
        for fault, n in model.faults.items()
        if fault not in ("blank", "cut") or fault in column.excluding
    ]


def _same_answer(column: Column) -> list[Reason]:
    """The very same text on every row, though the rows differ."""
    cells = [cell for cell in column.cells if cell.state in ANSWERED]
    same = len({cell.text for cell in cells}) == 1 and len({cell.target for cell in cells}) > 1
    if len(cells) < FEWEST_EQUAL or not same:
        return []
    return [reason("preflight.same_answer", model=column.candidate, n=len(cells))]


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
    return found + _baseline(column.candidate, right=sum(cell.score or 0.0 for cell in cells), targets=targets)


def _baseline(model: str, *, right: float, targets: Counter[str]) -> list[Reason]:
    """A model that is not shown to beat "always the most frequent label" has not shown that it reads the rows."""
    total = sum(targets.values())
    label, most = targets.most_common(1)[0]
    value = right / total
    low, _ = modified_wilson(value, total, alpha=ALPHA)
    if low > most / total:
        return []
    return [reason("baseline.not_beaten", model=model, label=label, share=most / total, value=value, low=low)]


def _repeats(model: ModelResult) -> list[Reason]:
    seen = model.repeats
    if seen is None or seen.changed < UNSTABLE:
        return []
    return [reason("repeats.unstable", model=model.model, share=seen.changed, n=seen.n, times=seen.most)]


def _groups(models: Sequence[ModelResult], pairs: Sequence[Pair]) -> list[Reason]:
    """Rows that belong together are counted as groups; of few groups even their number is too small to go by."""
    sizes = [(pair.groups, pair.n) for pair in pairs if pair.groups] or [
        (quality.groups, quality.n) for model in models if (quality := model.quality) and quality.groups
    ]
    if not sizes:
        return []
    groups, n = min(sizes)
    found = [reason("clusters", n=n, groups=groups)]
    if groups < FEW_GROUPS:
        found.append(reason("few_groups", groups=groups, fewest=FEW_GROUPS))
    return found


def _few_rows(pairs: Sequence[Pair]) -> list[Reason]:
    compared = [pair for pair in pairs if pair.n]
    if not compared or min(pair.n for pair in compared) >= FEW_ROWS:
        return []
    widest = max(pair.high_simultaneous - pair.low_simultaneous for pair in compared)
    gap = detectable(widest / 2, alpha=bonferroni(ALPHA, len(pairs)))
    n = min(pair.n for pair in compared)
    return [reason("few_rows", n=n, detectable=gap) if gap < 1.0 else reason("few_rows.none", n=n)]
