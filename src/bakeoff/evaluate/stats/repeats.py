"""The same row asked several times: how much of the spread of scores is the row's, how much the answer's."""

from collections.abc import Sequence

import numpy as np

from bakeoff.evaluate.results import Repeats
from bakeoff.evaluate.stats.clusters import mean_squares


def repeats(scores: Sequence[Sequence[float | None]]) -> Repeats | None:
    """Analysis of variance with rows as groups; None where no row has two scores.

    The variance within is pooled over the rows. That between is (MSB - MSW)/m (`clusters.mean_squares`), never below
    none.

    Args:
        scores: of each row, one per repetition; None where it was not scored.
    """
    rows = [known for row in scores if len(known := [score for score in row if score is not None]) > 1]
    if not rows:
        return None
    sizes = [len(row) for row in rows]
    between, within, m = mean_squares(np.concatenate(rows), np.repeat(np.arange(len(rows)), sizes))
    changed = sum(max(row) - min(row) > 1e-12 for row in rows)
    return Repeats(
        n=len(rows),
        most=max(sizes),
        changed=changed / len(rows),
        within_sd=within**0.5,
        between_sd=max(0.0, (between - within) / m) ** 0.5,
    )
