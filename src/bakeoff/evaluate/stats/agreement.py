"""Do raters agree? Raw agreement, and three coefficients that take chance away, each in its own way.

No single coefficient is safe. On 100 answers of which 95 pass, with 92 % agreement, Cohen's kappa is 0.16 and Gwet's
AC1 0.91, while the judge caught one of five bad answers (A. Feinstein and D. Cicchetti, Journal of Clinical
Epidemiology 43 (1990) 543, on why). So they are told together, with sensitivity and specificity.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from bakeoff.evaluate.stats.proportions import Floats, student_quantile, wilson

Level = Literal["nominal", "ordinal", "interval"]
"""How far two ratings are apart. nominal: equal or not. ordinal: by the ratings between them. interval: their
difference squared, for numbers."""


@dataclass(frozen=True, slots=True)
class Interval:
    """A coefficient with its 95 % interval."""

    value: float
    low: float
    high: float
    n: int
    """Items that it rests on."""


def share_of(hits: int, n: int, *, alpha: float = 0.05) -> Interval:
    """A share with Wilson's interval."""
    share = hits / n
    return Interval(share, *wilson(share, n, alpha=alpha), n)


def from_draws(value: float, draws: Floats, n: int, *, alpha: float = 0.05) -> Interval:
    """A value with the percentiles of its bootstrap resamples, which may all lie to one side of it."""
    low, high = np.quantile(draws, [alpha / 2, 1 - alpha / 2])
    return Interval(value, min(value, float(low)), max(value, float(high)), n)


@dataclass(frozen=True, slots=True)
class Agreement:
    """Two raters on the same items."""

    raw: Interval
    """Share of items with the same rating; Wilson."""

    kappa: Interval | None
    """Cohen's; None where both gave one and the same rating to everything, so that chance explains all."""

    ac1: Interval | None
    """Gwet's; None with a single category."""

    alpha: Interval | None
    """Krippendorff's; None where kappa is."""


@dataclass(frozen=True, slots=True)
class Detection:
    """What a judge finds of what people find."""

    sensitivity: Interval | None
    """Share of good answers (by people) that the judge passes; None where there is none."""

    specificity: Interval | None
    """Share of bad answers that the judge rejects."""


def agreement(a: Sequence[Hashable], b: Sequence[Hashable], *, alpha: float = 0.05) -> Agreement:
    """All coefficients of two raters, with intervals: Wilson for raw agreement, the jackknife over items otherwise.

    Raises:
        ValueError: not the same number of ratings, or none.
    """
    if len(a) != len(b) or not a:
        raise ValueError(f"{len(a)} and {len(b)} ratings cannot be compared")
    pairs = list(zip(a, b, strict=True))
    return Agreement(
        raw=share_of(sum(x == y for x, y in pairs), len(pairs), alpha=alpha),
        kappa=_jackknife(lambda kept: cohen_kappa([x for x, _ in kept], [y for _, y in kept]), pairs, alpha),
        ac1=_jackknife(gwet_ac1, pairs, alpha),
        alpha=_jackknife(krippendorff_alpha, pairs, alpha),
    )


Pairs = Sequence[tuple[Hashable, Hashable]]


def _jackknife(coefficient: Callable[[Pairs], float | None], pairs: Pairs, alpha: float) -> Interval | None:
    """A coefficient with t of its pseudo-values (J. Tukey 1958); equal items are left out only once."""
    value, n = coefficient(pairs), len(pairs)
    if value is None:
        return None
    if n < 3:
        return Interval(value, -1.0, 1.0, n)
    without = {pair: coefficient(_without(pairs, pair)) for pair in dict.fromkeys(pairs)}
    pseudo = np.array([n * value - (n - 1) * (value if (left := without[p]) is None else left) for p in pairs])
    half = student_quantile(alpha, n - 1) * float(np.std(pseudo, ddof=1)) / n**0.5
    if half < 1e-12:
        if value < 1 - 1e-12:
            return Interval(value, -1.0, 1.0, n)  # one rater always says the same: no item tells anything
        # Everything agrees: as far below as the raw agreement can be, on the scale of the coefficient.
        return Interval(value, max(-1.0, 1 - 2 * (1 - wilson(1.0, n, alpha=alpha)[0])), 1.0, n)
    return Interval(value, max(-1.0, value - half), min(1.0, value + half), n)


def _without(pairs: Pairs, pair: tuple[Hashable, Hashable]) -> Pairs:
    kept = list(pairs)
    kept.remove(pair)
    return kept


def cohen_kappa(
    a: Sequence[Hashable], b: Sequence[Hashable], *, weights: Literal["linear", "quadratic"] | None = None
) -> float | None:
    """Cohen's kappa: 1 - (disagreement seen)/(disagreement by chance), each rater's own shares making chance.

    J. Cohen, Educational and Psychological Measurement 20 (1960) 37; with weights Psychological Bulletin 70 (1968)
    213. Weights take the categories as steps in sorted order.

    Returns:
        None where chance explains all: both gave one and the same rating throughout.
    """
    categories = sorted(set(a) | set(b), key=_key)
    number = {category: i for i, category in enumerate(categories)}
    k = len(categories)
    table = np.zeros((k, k))
    for x, y in zip(a, b, strict=True):
        table[number[x], number[y]] += 1
    table /= table.sum()
    apart = np.abs(np.subtract.outer(np.arange(k), np.arange(k))).astype(np.float64)
    cost = {"linear": apart, "quadratic": apart**2}[weights] if weights else (apart > 0).astype(np.float64)
    chance = float(np.sum(cost * np.outer(table.sum(axis=1), table.sum(axis=0))))
    return 1 - float(np.sum(cost * table)) / chance if chance > 0 else None


def _key(category: Hashable) -> tuple[int, float, str]:
    """Numbers by size, before everything else by name."""
    if isinstance(category, int | float):
        return 0, float(category), ""
    return 1, 0.0, str(category)


def gwet_ac1(items: Sequence[Sequence[Hashable | None]]) -> float | None:
    """Gwet's AC1 for two raters or more, ratings missing or not.

    K. Gwet, British Journal of Mathematical and Statistical Psychology 61 (2008) 29: chance agreement is
    Σ π(1-π)/(q-1) over the q categories, π being the share of a category among all ratings, each item alike.

    Args:
        items: the ratings of each item; None is missing.

    Returns:
        None where there are fewer than two categories, or no item with two ratings.
    """
    rated = [[rating for rating in item if rating is not None] for item in items]
    rated = [ratings for ratings in rated if ratings]
    categories = sorted({rating for ratings in rated for rating in ratings}, key=_key)
    counts = np.array([[ratings.count(category) for category in categories] for ratings in rated], dtype=np.float64)
    q = len(categories)
    if q < 2:
        return None
    sizes = counts.sum(axis=1)
    several = sizes > 1
    if not several.any():
        return None
    m, r = counts[several], sizes[several]
    seen = float(np.mean(np.sum(m * (m - 1), axis=1) / (r * (r - 1))))
    share = np.mean(counts / sizes[:, None], axis=0)
    chance = float(np.sum(share * (1 - share))) / (q - 1)
    return (seen - chance) / (1 - chance)


def krippendorff_alpha(items: Sequence[Sequence[Hashable | None]], *, level: Level = "nominal") -> float | None:
    """Krippendorff's alpha: 1 - (disagreement seen)/(disagreement by chance), any number of raters, ratings missing.

    K. Krippendorff, Content Analysis, 2004, chapter 11. Items with one rating say nothing and are left out.

    Args:
        items: the ratings of each item; None is missing.
        level: how disagreement is measured; `ordinal` and `interval` need numbers.

    Returns:
        None where all ratings are equal, or no item has two.
    """
    rated = [[rating for rating in item if rating is not None] for item in items]
    rated = [ratings for ratings in rated if len(ratings) > 1]
    categories = sorted({rating for ratings in rated for rating in ratings}, key=_key)
    if len(categories) < 2:
        return None
    counts = np.array([[ratings.count(category) for category in categories] for ratings in rated], dtype=np.float64)
    sizes = counts.sum(axis=1)
    seen = np.einsum("ic,ik,i->ck", counts, counts, 1 / (sizes - 1)) - np.diag(
        np.sum(counts / (sizes - 1)[:, None], axis=0)
    )
    total = counts.sum(axis=0)
    n = float(total.sum())
    cost = _cost(categories, total, level)
    by_chance = float(np.sum(cost * np.outer(total, total))) / (n - 1)
    return 1 - float(np.sum(cost * seen)) / by_chance


def _cost(categories: Sequence[Hashable], total: Floats, level: Level) -> Floats:
    """How much two ratings disagree."""
    k = len(categories)
    if level == "nominal":
        return 1 - np.eye(k)
    if level == "interval":
        values = np.array(categories, dtype=np.float64)
        return np.asarray(np.subtract.outer(values, values) ** 2, dtype=np.float64)
    # Ratings of all categories from one to the other, the two ends half.
    middle = np.cumsum(total) - total / 2
    return np.asarray(np.subtract.outer(middle, middle) ** 2, dtype=np.float64)


def detection(judge: Sequence[bool], people: Sequence[bool], *, alpha: float = 0.05) -> Detection:
    """Sensitivity and specificity of a judge, people being right; Wilson intervals."""
    good = [said for said, truth in zip(judge, people, strict=True) if truth]
    bad = [not said for said, truth in zip(judge, people, strict=True) if not truth]
    return Detection(_share(good, alpha), _share(bad, alpha))


def _share(hits: Sequence[bool], alpha: float) -> Interval | None:
    return share_of(sum(hits), len(hits), alpha=alpha) if hits else None
