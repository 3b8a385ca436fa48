"""What is known of a table that is too long to be looked at row by row: a count, and a sample drawn in one pass."""

import math
import random
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean, pvariance

from bakeoff.evaluate.stats.proportions import wilson
from bakeoff.evaluate.types import Row
from bakeoff.values import Z80, Estimate, Source

SAMPLE_ROWS = 2000
"""Rows that are looked at: the mean of lengths that vary as much as their mean is then known to 3 %."""


@dataclass(frozen=True, slots=True)
class Sample:
    """Some rows of a table, each equally likely to be among them; all rows of a short table."""

    rows: int
    """Of the whole table."""

    taken: tuple[Row, ...]
    known: Mapping[str, Row]
    """Rows that were asked for by id, of those that there are."""

    @property
    def is_whole(self) -> bool:
        """Every row was looked at, so that sums over it are exact."""
        return len(self.taken) == self.rows


def sample(
    rows: Iterable[Row], *, ids: Collection[str] = frozenset(), size: int = SAMPLE_ROWS, seed: int = 0
) -> Sample:
    """Go through the rows once and keep some (reservoir sampling, Vitter's algorithm R). Memory is that of the sample.

    Args:
        rows: in any order.
        ids: of rows that are kept beside the sample.
        size: of the sample, at least 1.
        seed: the same table and seed give the same sample.
    """
    kept: list[Row] = []
    known: dict[str, Row] = {}
    draw = random.Random(seed).random
    count = 0
    for row in rows:
        if count < size:
            kept.append(row)
        elif (place := int(draw() * (count + 1))) < size:
            kept[place] = row
        if row.id in ids:
            known[row.id] = row
        count += 1
    return Sample(count, tuple(kept), known)


def mean_of(values: Sequence[float], total: int, *, source: Source, detail: str) -> Estimate:
    """The mean over `total` values of which these are a random part, with its 80 % interval; exact where they are all.

    The error of a mean without replacement: s / sqrt(m) x sqrt(1 - m / N) (Cochran 1977, Sampling Techniques, 2.6).
    """
    mean, m = fmean(values), len(values)
    if m >= total:
        return Estimate.exact(mean, source=source, detail=detail)
    if m < 2:
        return Estimate(mean, 0.0, 2 * mean, source, detail)
    error = Z80 * math.sqrt(pvariance(values) * m / (m - 1) / m * (1 - m / total))
    return Estimate(mean, max(0.0, mean - error), mean + error, source, detail)


def count_of(hits: int, looked_at: int, total: int, *, detail: str) -> Estimate:
    """How many of `total` are so, where `hits` of `looked_at` random ones are: 80 % interval of Wilson's."""
    if looked_at >= total:
        return Estimate.exact(float(hits), source="measured", detail=detail)
    low, high = wilson(hits / looked_at, looked_at, alpha=0.2)
    value = hits / looked_at * total
    return Estimate(value, min(low * total, value), max(high * total, value), "estimated", detail)
