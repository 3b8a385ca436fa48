"""Every two candidates on the rows that both have: difference, intervals, tests."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np

from bakeoff.evaluate.results import Column, GradedCell, Pair
from bakeoff.evaluate.stats.clusters import (
    Codes,
    group_codes,
    mean_interval_by_group,
    sign_flip_by_group,
    tango_by_group,
)
from bakeoff.evaluate.stats.f1 import encode, macro_f1_difference, macro_f1_test
from bakeoff.evaluate.stats.multiple import bonferroni, holm
from bakeoff.evaluate.stats.paired import mcnemar, mean_difference_interval, sign_flip, tango
from bakeoff.evaluate.stats.proportions import Floats

ALPHA = 0.05
"""Error of each interval, and of all simultaneous ones together."""


def pair_all(columns: Sequence[Column], metric: str, *, comparisons: int | None = None) -> tuple[Pair, ...]:
    """All pairs in table order, with Holm's correction and simultaneous intervals over all of them.

    Args:
        columns: candidates with at least one scored row; cells in the same row order.
        metric: `accuracy`, `score`, `macro_f1`, `judge` or `people`.
        comparisons: how many intervals hold together, where these pairs are only some of them.
    """
    couples = list(combinations(columns, 2))
    level = bonferroni(ALPHA, comparisons or len(couples))
    pairs = [_pair(a, b, metric, level) for a, b in couples]
    return tuple(replace(pair, p_holm=p) for pair, p in zip(pairs, holm([pair.p for pair in pairs]), strict=True))


def _pair(a: Column, b: Column, metric: str, level: float) -> Pair:
    both = [(x, y) for x, y in zip(a.cells, b.cells, strict=True) if x.score is not None and y.score is not None]
    codes = group_codes([x.group for x, _ in both])
    compared = _COMPARE[metric](both, codes, level) if both else (0.0, (-1.0, 1.0), (-1.0, 1.0), 1.0, 0)
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
        groups=int(codes.max()) + 1 if codes is not None else None,
    )


Both = Sequence[tuple[GradedCell, GradedCell]]
Compared = tuple[float, tuple[float, float], tuple[float, float], float, int]
"""Difference, its interval, its simultaneous interval, p, discordant rows."""


def _scores(both: Both, codes: Codes | None, level: float) -> Compared:
    differences = np.array([(x.score or 0.0) - (y.score or 0.0) for x, y in both], dtype=np.float64)
    whole = bool(np.isin(differences, (-1.0, 0.0, 1.0)).all())
    compare = _right_and_wrong if whole else _means
    return compare(differences, codes, level)


def _means(differences: Floats, codes: Codes | None, level: float) -> Compared:
    if codes is None:
        near, wide = (mean_difference_interval(differences, alpha=alpha) for alpha in (ALPHA, level))
        p = sign_flip(differences)
    else:
        near, wide = (mean_interval_by_group(differences, codes, alpha=alpha, lowest=-1.0) for alpha in (ALPHA, level))
        p = sign_flip_by_group(differences, codes)
    return float(np.mean(differences)), near, wide, p, int(np.count_nonzero(np.abs(differences) > 1e-12))


def _right_and_wrong(differences: Floats, codes: Codes | None, level: float) -> Compared:
    n = len(differences)
    a_only, b_only = int(np.sum(differences > 0)), int(np.sum(differences < 0))
    if codes is None:
        near, wide = (tango(a_only, b_only, n, alpha=alpha) for alpha in (ALPHA, level))
        p = mcnemar(a_only, b_only)
    else:
        near, wide = (tango_by_group(differences, codes, alpha=alpha) for alpha in (ALPHA, level))
        p = sign_flip_by_group(differences, codes)
    return (a_only - b_only) / n, near, wide, p, a_only + b_only


def _macro_f1(both: Both, codes: Codes | None, level: float) -> Compared:
    targets = [x.target for x, _ in both]
    a, b = encode(targets, [x.label for x, _ in both]), encode(targets, [y.label for _, y in both])
    difference, low, high = macro_f1_difference(a, b, codes, alpha=ALPHA)
    _, low_all, high_all = macro_f1_difference(a, b, codes, alpha=level)
    discordant = sum(x.score != y.score for x, y in both)
    return difference, (low, high), (low_all, high_all), macro_f1_test(a, b, codes), discordant


_COMPARE = {"accuracy": _scores, "score": _scores, "judge": _scores, "people": _scores, "macro_f1": _macro_f1}
