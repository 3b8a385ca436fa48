"""Rows that were asked and have no score: could they change who is better?

A comparison leaves such rows out. That is fair as long as they are missing by accident; a model that fails on the hard
rows looks better than it is. Rows that were not asked (yet) are another matter and not looked at here.
"""

from collections.abc import Iterator, Sequence
from itertools import combinations

from bakeoff.evaluate.results import Column, GradedCell
from bakeoff.values import Reason, reason

MUCH = 0.05
"""From this difference between two candidates' shares on it is told: as much as the largest gap that people usually
say matters to them."""


def left_out(columns: Sequence[Column]) -> tuple[Reason, ...]:
    """One caveat for each two candidates whose shares of rows without a score differ by `MUCH` or more."""
    holes = {c.candidate for c in columns if any(cell.score is None and cell.state != "missing" for cell in c.cells)}
    pairs = [pair for pair in combinations(columns, 2) if holes & {pair[0].candidate, pair[1].candidate}]
    return tuple(found for a, b in pairs for found in _pair(a, b))


def _pair(a: Column, b: Column) -> Iterator[Reason]:
    asked = [(x, y) for x, y in zip(a.cells, b.cells, strict=True) if "missing" not in (x.state, y.state)]
    if not any(x.score is not None for x, _ in asked) or not any(y.score is not None for _, y in asked):
        return
    share_a, share_b = (sum(cells[side].score is None for cells in asked) / len(asked) for side in (0, 1))
    if abs(share_a - share_b) < MUCH - 1e-9:
        return
    if share_a < share_b:
        asked, share_a, share_b = [(y, x) for x, y in asked], share_b, share_a
        a, b = b, a
    low, high = bounds(asked)
    yield reason(
        "left_out.unequal",
        model=a.candidate,
        other=b.candidate,
        share=share_a,
        other_share=share_b,
        low=low,
        high=high,
        turns=low < 0 < high,
    )


def bounds(asked: Sequence[tuple[GradedCell, GradedCell]]) -> tuple[float, float]:
    """The difference in the mean score of all rows asked, if every missing score were the worst or the best for a.

    C. Manski, American Economic Review Papers and Proceedings 80 (1990) 319: what can be said without supposing why
    scores are missing.
    """
    n = len(asked)
    low = sum((x.score if x.score is not None else 0.0) - (y.score if y.score is not None else 1.0) for x, y in asked)
    high = sum((x.score if x.score is not None else 1.0) - (y.score if y.score is not None else 0.0) for x, y in asked)
    return low / n, high / n
