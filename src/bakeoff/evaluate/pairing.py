"""Every two candidates on the rows that both have: difference, intervals, tests."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from bakeoff.evaluate.results import Column, GradedCell, Pair
from bakeoff.evaluate.stats.f1 import encode, macro_f1_difference, macro_f1_test
from bakeoff.evaluate.stats.multiple import bonferroni, holm
from bakeoff.evaluate.stats.paired import mcnemar, mean_difference_interval, sign_flip, tango

ALPHA = 0.05
"""Error of each interval, and of all simultaneous ones together."""


def pair_all(columns: Sequence[Column], metric: str) -> tuple[Pair, ...]:
    """All pairs in table order, with Holm's correction and simultaneous intervals over all of them.

    Args:
        columns: candidates with at least one scored row; cells in the same row order.
        metric: `accuracy`, `score` or `macro_f1`.
    """
    couples = list(combinations(columns, 2))
    level = bonferroni(ALPHA, len(couples))
    pairs = [_pair(a, b, metric, level) for a, b in couples]
    return tuple(replace(pair, p_holm=p) for pair, p in zip(pairs, holm([pair.p for pair in pairs]), strict=True))


def _pair(a: Column, b: Column, metric: str, level: float) -> Pair:
    both = [(x, y) for x, y in zip(a.cells, b.cells, strict=True) if x.score is not None and y.score is not None]
    compared = _COMPARE[metric](both, level) if both else (0.0, (-1.0, 1.0), (-1.0, 1.0), 1.0, 0)
    difference, (low, high), (low_all, high_all), p, discordant = compared
    return Pair(
        a=a.candidate,
        b=b.candidate,
        n=len(both),
        difference=difference,
        low=low,
        high=high,
        p=p,
        p_holm=p,
        n_discordant=discordant,
        low_simultaneous=low_all,
        high_simultaneous=high_all,
    )


Both = Sequence[tuple[GradedCell, GradedCell]]
Compared = tuple[float, tuple[float, float], tuple[float, float], float, int]
"""Difference, its interval, its simultaneous interval, p, discordant rows."""


def _scores(both: Both, level: float) -> Compared:
    differences = np.array([(x.score or 0.0) - (y.score or 0.0) for x, y in both], dtype=np.float64)
    return (
        float(np.mean(differences)),
        mean_difference_interval(differences, alpha=ALPHA),
        mean_difference_interval(differences, alpha=level),
        sign_flip(differences),
        int(np.count_nonzero(differences)),
    )


def _right_and_wrong(both: Both, level: float) -> Compared:
    n = len(both)
    a_only = sum(x.score == 1 and y.score == 0 for x, y in both)
    b_only = sum(x.score == 0 and y.score == 1 for x, y in both)
    return (
        (a_only - b_only) / n,
        tango(a_only, b_only, n, alpha=ALPHA),
        tango(a_only, b_only, n, alpha=level),
        mcnemar(a_only, b_only),
        a_only + b_only,
    )


def _macro_f1(both: Both, level: float) -> Compared:
    targets = [x.target for x, _ in both]
    a, b = encode(targets, [x.label for x, _ in both]), encode(targets, [y.label for _, y in both])
    difference, low, high = macro_f1_difference(a, b, alpha=ALPHA)
    _, low_all, high_all = macro_f1_difference(a, b, alpha=level)
    discordant = sum(x.score != y.score for x, y in both)
    return difference, (low, high), (low_all, high_all), macro_f1_test(a, b), discordant


_COMPARE = {"accuracy": _right_and_wrong, "score": _scores, "macro_f1": _macro_f1}
