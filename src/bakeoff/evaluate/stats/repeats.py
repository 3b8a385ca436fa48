"""The same row asked several times: how much of the spread of scores is the row's, how much the answer's."""

from collections.abc import Sequence

import numpy as np

from bakeoff.evaluate.results import Repeats


def repeats(scores: Sequence[Sequence[float | None]]) -> Repeats | None:
    """Analysis of variance with rows as groups; None where no row has two scores.

    The variance within is pooled over the rows. That between is (MSB - MSW)/m, with m the mean number of scores of a
    row corrected for unequal ones (S. Searle, G. Casella and C. McCulloch, Variance Components, 1992, section 3.6),
    never below none.

    Args:
        scores: of each row, one per repetition; None where it was not scored.
    """
    rows = [known for row in scores if len(known := [score for score in row if score is not None]) > 1]
    if not rows:
        return None
    sizes = np.array([len(row) for row in rows], dtype=np.float64)
    means = np.array([np.mean(row) for row in rows])
    squares = float(sum(np.sum((np.array(row) - mean) ** 2) for row, mean in zip(rows, means, strict=True)))
    total, k = float(np.sum(sizes)), len(rows)
    within = squares / (total - k)
    between = 0.0
    if k > 1:
        grand = float(np.sum(sizes * means)) / total
        m = (total - float(np.sum(sizes**2)) / total) / (k - 1)
        between = max(0.0, (float(np.sum(sizes * (means - grand) ** 2)) / (k - 1) - within) / m)
    changed = sum(max(row) - min(row) > 1e-12 for row in rows)
    return Repeats(
        n=k, most=int(sizes.max()), changed=changed / k, within_sd=float(within**0.5), between_sd=float(between**0.5)
    )
