"""How many independent votes a jury of judges is worth."""

from collections.abc import Sequence

import numpy as np

from bakeoff.evaluate.stats.agreement import Interval, from_draws
from bakeoff.evaluate.stats.paired import SEED

BOOTSTRAP = 2_000
"""Resamples of an interval by the bootstrap."""


def effective_judges(errors: Sequence[Sequence[float]], *, alpha: float = 0.05) -> Interval | None:
    """Kish's effective number: k/(1 + (k-1)·r), with r the mean correlation of two judges.

    What G. Kohli, "Nine Judges, Two Effective Votes" (arXiv 2605.29800), measures juries of models with. Correlations
    of *errors* (verdict minus what people say) are what counts. Where there are no labels, verdicts may be put in;
    judges that are all right then look dependent too, so that the number is a lower bound.

    Args:
        errors: of each row, one number per judge.
        alpha: probability that the interval (percentile bootstrap over rows) misses.

    Returns:
        1 to k (a mean correlation below none counts as none); None with fewer than two judges or three rows, or where
        no judge's number varies.
    """
    table = np.asarray(errors, dtype=np.float64)
    if table.ndim != 2 or table.shape[1] < 2 or table.shape[0] < 3:
        return None
    value = _kish(table)
    if value is None:
        return None
    generator = np.random.default_rng(SEED)
    n = len(table)
    draws = [_kish(table[generator.integers(0, n, n)]) for _ in range(BOOTSTRAP)]
    return from_draws(value, np.array([draw for draw in draws if draw is not None]), n, alpha=alpha)


def _kish(table: np.ndarray) -> float | None:
    """Judges that never vary have no correlation and are left out of the mean."""
    k = table.shape[1]
    centred = table - table.mean(axis=0)
    spread = np.sqrt(np.sum(centred**2, axis=0))
    varying = spread > 1e-12
    if varying.sum() < 2:
        return None
    unit = centred[:, varying] / spread[varying]
    correlations = (unit.T @ unit)[np.triu_indices(int(varying.sum()), 1)]
    return float(k / (1 + (k - 1) * min(1.0, max(0.0, float(np.mean(correlations))))))
