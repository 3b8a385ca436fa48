"""Results by the value of a column: does the winner win everywhere?

Every slice is a comparison of its own, on fewer rows. With many slices something always looks remarkable, so tests and
intervals are corrected over all slices and pairs together, and slices of few rows are not looked at.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from bakeoff.evaluate.compare import Metric, metrics_of
from bakeoff.evaluate.measures import quality_of, scored
from bakeoff.evaluate.pairing import ALPHA, pair_all
from bakeoff.evaluate.results import Column, Pair, Quality
from bakeoff.evaluate.stats.multiple import holm
from bakeoff.values import Reason, reason

FEWEST_ROWS = 20
"""Slices with fewer rows are left out: with 19 rows even a perfect score has a 95 % interval of 17 points."""

MOST_SLICES = 20
"""Only the largest ones are shown; each further slice takes power from all the others."""

BINS = 4
"""Numbers are cut at their quartiles."""

MOST_VALUES = 8
"""Numbers with no more different values than this are taken as categories."""


@dataclass(frozen=True, slots=True)
class Slice:
    """Rows that have one value, or whose number lies in one range."""

    label: str
    """The value; of a range its ends."""

    low: float | None
    """Smallest number of a range; None for a category."""

    high: float | None
    n: int
    """Rows."""

    qualities: tuple[tuple[str, Quality | None], ...]
    """(candidate, quality); None where nothing could be scored."""

    pairs: tuple[Pair, ...]
    """`p_holm` and the simultaneous intervals hold over all slices together."""


@dataclass(frozen=True, slots=True)
class Slices:
    """A column's slices, and what they show."""

    name: str
    """The column."""

    slices: tuple[Slice, ...]
    """The largest first; ranges from low to high."""

    n_small: int
    """Rows in slices that are not shown: too few rows, or too many slices."""

    n_blank: int
    """Rows without a value."""

    findings: tuple[Reason, ...]
    """Where another candidate is shown to be better than over all rows."""


def slices(
    columns: Sequence[Column], values: Sequence[str | float | None], name: str, *, metric: Metric = "accuracy"
) -> Slices:
    """Compare all candidates within each slice.

    Args:
        columns: one per candidate, with the same rows in the same order.
        values: of each row: categories as text; numbers are cut at their quartiles, or are categories where they are
            few. Equal numbers stay together. None and blank text are no value.
        name: what the values are, for reading.
        metric: as in `compare`.

    Raises:
        ValueError: not one value per row.
    """
    if any(len(column.cells) != len(values) for column in columns):
        raise ValueError(f"{len(values)} values for {len(columns[0].cells)} rows")
    metrics = metrics_of(columns, metric)
    known = [None if value is None or value == "" or value != value else value for value in values]
    groups = _groups(known)
    kept = [group for group in groups if len(group.rows) >= FEWEST_ROWS]
    kept = sorted(kept, key=lambda group: -len(group.rows))[:MOST_SLICES]
    if kept and kept[0].low is not None:
        kept.sort(key=lambda group: group.low or 0.0)
    made = [_slice(columns, group, metrics[0], len(kept)) for group in kept]
    made = _corrected(made)
    blank = sum(value is None for value in known)
    return Slices(
        name=name,
        slices=tuple(made),
        n_small=len(values) - blank - sum(part.n for part in made),
        n_blank=blank,
        findings=tuple(_findings(name, made, pair_all([c for c in columns if scored(c)], metrics[0]))),
    )


@dataclass(frozen=True, slots=True)
class _Group:
    label: str
    low: float | None
    high: float | None
    rows: tuple[int, ...]


def _groups(values: Sequence[str | float | None]) -> list[_Group]:
    present = [value for value in values if value is not None]
    numbers = [float(value) for value in present if not isinstance(value, str)]
    if len(numbers) == len(present) and len(set(numbers)) > MOST_VALUES:
        return _ranges(values, np.array(numbers))
    labels = [None if value is None else value if isinstance(value, str) else f"{value:g}" for value in values]
    counts = Counter(label for label in labels if label is not None)
    rows: dict[str, list[int]] = {label: [] for label in counts}
    for row, label in enumerate(labels):
        if label is not None:
            rows[label].append(row)
    return [_Group(label, None, None, tuple(found)) for label, found in rows.items()]


def _ranges(values: Sequence[str | float | None], numbers: np.ndarray) -> list[_Group]:
    edges = np.unique(np.quantile(numbers, np.arange(1, BINS) / BINS, method="lower"))
    found = []
    for i in range(len(edges) + 1):
        above = edges[i - 1] if i else -np.inf
        upto = edges[i] if i < len(edges) else np.inf
        rows = [row for row, value in enumerate(values) if value is not None and above < float(value) <= upto]
        if rows:
            inside = [float(value) for row in rows if (value := values[row]) is not None]
            low, high = min(inside), max(inside)
            label = f"{low:g}" if low == high else f"{low:g} – {high:g}"
            found.append(_Group(label, low, high, tuple(rows)))
    return found


def _slice(columns: Sequence[Column], group: _Group, metric: str, parts: int) -> Slice:
    inside = [replace(column, cells=tuple(column.cells[row] for row in group.rows)) for column in columns]
    answering = [column for column in inside if scored(column)]
    comparisons = parts * max(1, len(columns) * (len(columns) - 1) // 2)
    return Slice(
        label=group.label,
        low=group.low,
        high=group.high,
        n=len(group.rows),
        qualities=tuple(
            (column.candidate, quality_of(metric, cells) if (cells := scored(column)) else None) for column in inside
        ),
        pairs=pair_all(answering, metric, comparisons=comparisons),
    )


def _corrected(made: Sequence[Slice]) -> list[Slice]:
    """Holm over all pairs of all slices."""
    adjusted = iter(holm([pair.p for part in made for pair in part.pairs]))
    return [replace(part, pairs=tuple(replace(pair, p_holm=next(adjusted)) for pair in part.pairs)) for part in made]


def _findings(name: str, made: Sequence[Slice], overall: Sequence[Pair]) -> list[Reason]:
    everywhere = {(pair.a, pair.b): pair for pair in overall}
    found = []
    for part in made:
        for pair in part.pairs:
            whole = everywhere[pair.a, pair.b].difference
            if pair.p_holm >= ALPHA or pair.difference * whole >= 0:
                continue
            better, worse = (pair.a, pair.b) if pair.difference > 0 else (pair.b, pair.a)
            found.append(
                reason(
                    "slice.reversed", column=name, slice=part.label, n=part.n, better=better, worse=worse,
                    difference=abs(pair.difference), overall=abs(whole), p_holm=pair.p_holm,
                )
            )  # fmt: skip
    return found
