"""Rows that belong together: how much less they tell, and tests and intervals that know it.

A group of rows (one customer, one document) counts as a whole. Variances are taken over the sums of the groups, with
the small-sample correction CR2 and its degrees of freedom (R. Bell and D. McCaffrey, Survey Methodology 28 (2002) 169;
G. Imbens and M. Kolesár, Review of Economics and Statistics 98 (2016) 701). With groups of one size that is the usual
cluster-robust variance with G/(G-1) and t with G-1 degrees of freedom; with groups of one row it is Student's t.
"""

import math
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bakeoff.evaluate.stats.normal import normal_quantile
from bakeoff.evaluate.stats.paired import sign_flip, tango
from bakeoff.evaluate.stats.proportions import Floats, effective_rows, modified_wilson, student_quantile, wilson

Codes = npt.NDArray[np.int64]


def group_codes(groups: Sequence[str | None]) -> Codes | None:
    """As `unit_codes`, but None where no group has two rows."""
    codes = unit_codes(groups)
    return codes if len(codes) and codes.max() + 1 < len(codes) else None


def unit_codes(groups: Sequence[str | None]) -> Codes:
    """A number per group, in order of appearance; a row without a group is a group of its own."""
    number: dict[str, int] = {}
    codes = np.empty(len(groups), dtype=np.int64)
    following = 0
    for row, group in enumerate(groups):
        if group is not None and group in number:
            codes[row] = number[group]
            continue
        codes[row] = following
        if group is not None:
            number[group] = following
        following += 1
    return codes


def group_totals(values: Floats, codes: Codes) -> Floats:
    """The sum of each group's distances from the mean of all rows."""
    return np.asarray(np.bincount(codes, values - float(np.mean(values))), dtype=np.float64)


def standard_error(values: Floats, codes: Codes) -> tuple[float, float]:
    """(standard error of the mean, degrees of freedom); infinite and 0 where there is one group only.

    CR2: each group's sum is divided by sqrt(1 - its share of the rows), which makes the variance unbiased where rows
    are in fact independent. The degrees of freedom are Satterthwaite's, the fewer of two cases: rows independent, and
    rows of a group all alike.
    """
    sizes = np.bincount(codes).astype(np.float64)
    if len(sizes) < 2:
        return math.inf, 0.0
    share = sizes / len(values)
    weights = 1 / (1 - share)
    error = math.sqrt(float(np.sum(weights * group_totals(values, codes) ** 2))) / len(values)
    return error, min(_degrees(share, weights, sizes), _degrees(share, weights, sizes**2))


def _degrees(share: Floats, weights: Floats, variance: Floats) -> float:
    """Satterthwaite: (Σλ)²/Σλ² for the eigenvalues λ of the variance as a quadratic form in the groups' sums.

    The form is A = (I - s1')' W (I - s1') on sums with variances v: with q = Σ w s², it has the entries
    A_cd = w_c [c=d] - w_c s_c - w_d s_d + q, and trace(AV) and trace(AVAV) need no matrix.
    """
    ws = weights * share
    q = float(np.sum(ws * share))
    diagonal = weights - 2 * ws + q
    trace = float(np.sum(diagonal * variance))
    off = _square_sum(variance, ws, q) - float(np.sum(variance**2 * (q - 2 * ws) ** 2))
    return trace * trace / (float(np.sum((diagonal * variance) ** 2)) + off)


def _square_sum(v: Floats, ws: Floats, q: float) -> float:
    """Σ over all c, d of v_c v_d (q - ws_c - ws_d)²."""
    total, first, second = (float(np.sum(v * ws**power)) for power in (0, 1, 2))
    return q * q * total**2 - 4 * q * first * total + 2 * second * total + 2 * first**2


def mean_interval_by_group(
    values: Floats, codes: Codes, *, alpha: float = 0.05, lowest: float = 0.0
) -> tuple[float, float]:
    """Interval of a mean from the cluster-robust standard error.

    Of scores in 0..1 Wilson's with the effective number of rows (as `proportions.mean_interval`), of differences in
    -1..1 Student's t. Where no group differs from the mean there is no width to be read off; then each group counts as
    one row that is right or wrong.

    Args:
        values: per row.
        codes: the group of each row.
        alpha: probability that the interval misses.
        lowest: the least value possible: 0 for scores, -1 for differences.
    """
    mean = float(np.mean(values))
    error, degrees = standard_error(values, codes)
    if not degrees:
        return lowest, 1.0
    if lowest == 0:
        mean = min(1.0, max(0.0, mean))
        plain = error < 1e-12
        rows = effective_groups(codes) if plain else effective_rows(mean, error**2, degrees, alpha=alpha)
        return wilson(mean, rows, alpha=alpha)
    if error < 1e-12:
        low, high = tango(0, 0, effective_groups(codes), alpha=alpha)
        return max(lowest, mean + low), min(1.0, mean + high)
    half = student_quantile(alpha, degrees) * error
    return max(lowest, mean - half), min(1.0, mean + half)


def effective_groups(codes: Codes) -> float:
    """As many groups of one size: (Σm)²/Σm² (L. Kish 1965)."""
    sizes = np.bincount(codes).astype(np.float64)
    return float(np.sum(sizes)) ** 2 / float(np.sum(sizes**2))


def mean_squares(values: Floats, codes: Codes) -> tuple[float, float, float]:
    """(mean square between groups, that within, m): the one-way analysis of variance, for more rows than groups.

    m is the mean size of a group, corrected for unequal ones (S. Searle, G. Casella and C. McCulloch, Variance
    Components, 1992, section 3.6): the variance between groups is (between - within)/m. With one group, `between` is 0.
    """
    sizes = np.bincount(codes).astype(np.float64)
    n, k = len(values), len(sizes)
    means = np.bincount(codes, values) / sizes
    within = float(np.sum((values - means[codes]) ** 2)) / (n - k)
    if k == 1:
        return 0.0, within, float(n)
    between = float(np.sum(sizes * (means - float(np.mean(values))) ** 2)) / (k - 1)
    return between, within, (n - float(np.sum(sizes**2)) / n) / (k - 1)


def inflation(influence: Floats, codes: Codes, *, alpha: float = 0.05, most_degrees: float = math.inf) -> float:
    """By how much groups multiply the square of an interval's width: divide the number of rows by it.

    The variance of the mean influence over groups by that over rows (the design effect, never below 1), times (t/z)²
    for the degrees of freedom that few groups leave (E. Korn and B. Graubard, Survey Methodology 24 (1998) 193, use
    such an effective number of rows for intervals of proportions). Where no row differs, each group is one row.

    Args:
        influence: of each row on the estimate.
        codes: the group of each row.
        alpha: of the interval.
        most_degrees: where the variance is known to rest on fewer groups than there are.
    """
    n = len(influence)
    alike = float(np.var(influence)) / n
    error, degrees = standard_error(influence, codes)
    if not degrees:
        return math.inf
    effect = max(1.0, error**2 / alike) if alike > 1e-18 else n / effective_groups(codes)
    return effect * (student_quantile(alpha, min(degrees, most_degrees)) / normal_quantile(alpha)) ** 2


def share_interval(
    right: Floats, codes: Codes | None = None, *, repeats: int = 1, alpha: float = 0.05
) -> tuple[float, float]:
    """Interval of a share of right answers: the modified Wilson interval with the effective number of rows.

    Args:
        right: 1 or 0 per row; with repeats the row's mean.
        codes: the group of each row, where rows belong together.
        repeats: answers per row. Rows of means vary less than rows of single answers; they count as
            p(1-p)/variance rows, but never as more than were asked.
        alpha: probability that the interval misses.
    """
    n, share = len(right), float(np.mean(right))
    rows = float(n)
    if repeats > 1 and n > 1 and (variance := float(np.var(right, ddof=1))) > 1e-24:
        rows = min(n * float(repeats), effective_rows(share, variance / n, n - 1, alpha=alpha))
    by = 1.0
    if codes is not None:
        # All that is known of the variance comes from the groups that have the rarer outcome.
        rarer = len(np.unique(codes[right != (share >= 0.5)]))
        by = inflation(right, codes, alpha=alpha, most_degrees=max(2, rarer - 1) if rarer else math.inf)
    return modified_wilson(share, rows / by, alpha=alpha) if math.isfinite(by) else (0.0, 1.0)


def tango_by_group(differences: Floats, codes: Codes, *, alpha: float = 0.05) -> tuple[float, float]:
    """Interval of the difference of two shares: Tango's, with the counts divided by the inflation.

    A simple form of what Z. Yang, X. Sun and J. Hardin propose (Pharmaceutical Statistics 11 (2012) 386): Tango's
    score with a variance between groups.
    """
    by = inflation(differences, codes, alpha=alpha)
    if not math.isfinite(by):
        return -1.0, 1.0
    won, lost = int(np.sum(differences > 0)), int(np.sum(differences < 0))
    return tango(won / by, lost / by, len(differences) / by, alpha=alpha)


def sign_flip_by_group(differences: Floats, codes: Codes) -> float:
    """Two-sided p: in each group as a whole the two models could have changed sides."""
    return sign_flip(np.asarray(np.bincount(codes, differences), dtype=np.float64))
