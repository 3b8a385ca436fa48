"""Macro-F1: the mean over the classes of 2·hits/(targets + answers), its interval, and the difference of two.

Classes are the labels that occur among the targets, so that all models are measured on the same ones. An answer
without a readable label is a miss of its target's class and a false alarm for none.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from bakeoff.evaluate.stats.clusters import Codes, inflation
from bakeoff.evaluate.stats.normal import normal_quantile
from bakeoff.evaluate.stats.paired import RESAMPLES, SEED
from bakeoff.evaluate.stats.proportions import Floats, modified_wilson

KINDS_AT_ONCE = 500
"""Different groups whose swaps are drawn together: 40 MB."""


@dataclass(frozen=True, slots=True)
class Labelled:
    """Targets and answers as numbers. `classes` itself stands for an answer that is none of the classes."""

    targets: Codes
    answers: Codes
    classes: int


def encode(targets: Sequence[str], answers: Sequence[str | None]) -> Labelled:
    """Number the classes in the order in which they appear among the targets."""
    number = {label: i for i, label in enumerate(dict.fromkeys(targets))}
    return Labelled(
        targets=np.array([number[target] for target in targets], dtype=np.int64),
        answers=np.array([number.get(answer, len(number)) for answer in answers], dtype=np.int64),  # type: ignore[arg-type]
        classes=len(number),
    )


def macro_f1(data: Labelled) -> float:
    """Mean F1 over the classes. A class that is never answered has F1 0."""
    return _f1(data, np.ones(len(data.targets)))[0]


def macro_f1_interval(data: Labelled, codes: Codes | None = None, *, alpha: float = 0.05) -> tuple[float, float]:
    """The modified Wilson interval with an effective number of rows.

    The number is the smaller of F(1-F)/Var, with the variance by the delta method for a multinomial table
    (K. Takahashi et al., Applied Intelligence 52 (2022) 4961), and k²/Σ(1/n_c), the number of balanced rows that
    would know k class means as well as n_c rows of each do; times (n-k)/n for the k quotients that were estimated.
    The plain delta interval misses far too often when classes are rare or mistakes few (`benchmarks/statistics`).

    Args:
        data: targets and answers.
        codes: the group of each row, where rows belong together: the number of rows is divided by the inflation of
            the influences (`clusters.inflation`).
        alpha: probability that the interval misses.
    """
    n = len(data.targets)
    value, influence = _f1(data, np.ones(n))
    variance = float(np.var(influence)) / n
    sizes = np.bincount(data.targets, minlength=data.classes)
    rows = data.classes**2 / float(np.sum(1 / sizes))
    if variance > 0:
        rows = min(rows, value * (1 - value) / variance)
    by = inflation(influence, codes, alpha=alpha) if codes is not None else 1.0
    if by == math.inf:
        return 0.0, 1.0
    rows = max(1.0, rows * (n - data.classes) / n) / by
    return modified_wilson(value, rows, alpha=alpha)


def macro_f1_difference(
    a: Labelled, b: Labelled, codes: Codes | None = None, *, alpha: float = 0.05
) -> tuple[float, float, float]:
    """(difference, low, high) of two models on the same rows, a minus b.

    Delta method on the paired rows, with half a row of each class added that only a gets right, and half a row that
    only b gets right. For two classes that is the one row on each side that D. Bonett and R. Price (Journal of
    Educational and Behavioral Statistics 37 (2012) 479) add for proportions; without it the interval has no width
    where the answers are equal, and too little where classes are rare (`benchmarks/statistics`). Where rows belong
    together (`codes`), the width is multiplied by the root of the inflation.
    """
    n, k = len(a.targets), a.classes
    every, none = np.arange(k), np.full(k, k)
    weights = np.concatenate([np.ones(n), np.full(2 * k, 0.5)])
    targets = np.concatenate([a.targets, every, every])
    f_a, influence_a = _f1(Labelled(targets, np.concatenate([a.answers, every, none]), k), weights)
    f_b, influence_b = _f1(Labelled(targets, np.concatenate([b.answers, none, every]), k), weights)
    variance = float(np.average((influence_a - influence_b) ** 2, weights=weights)) / (n + k)
    by = inflation((influence_a - influence_b)[:n], codes, alpha=alpha) if codes is not None else 1.0
    half = normal_quantile(alpha) * (by * variance) ** 0.5
    seen, middle = macro_f1(a) - macro_f1(b), f_a - f_b
    return seen, max(-1.0, min(seen, middle - half)), min(1.0, max(seen, middle + half))


def macro_f1_test(a: Labelled, b: Labelled, codes: Codes | None = None) -> float:
    """Two-sided p of "the two models are exchangeable row by row": approximate randomization.

    A. Yeh, "More accurate tests for the statistical significance of result differences", COLING 2000: in every row
    the two answers change sides with probability one half; 9,999 times, from a fixed seed. Where rows belong together
    (`codes`), all rows of a group change sides together.
    """
    differ = a.answers != b.answers
    if not differ.any():
        return 1.0
    every = np.arange(a.classes)
    target, answer_a, answer_b = (x[differ, None] for x in (a.targets, a.answers, b.answers))
    # What a swap of the row does to the hits and to the answers of each class, on a's side; on b's the opposite.
    change = np.concatenate(
        [
            (target == every) * ((answer_b == target) * 1.0 - (answer_a == target)),
            (answer_b == every) * 1.0 - (answer_a == every),
        ],
        axis=1,
    )
    moved = _swapped(change, codes[differ] if codes is not None else None)
    size = np.bincount(a.targets, minlength=a.classes)
    f = np.zeros(RESAMPLES)
    for sign, data in ((1, a), (-1, b)):
        hits, answers = _counts(data)
        more_hits, more_answers = moved[:, : a.classes], moved[:, a.classes :]
        f += sign * np.mean(2 * (hits + sign * more_hits) / (size + answers + sign * more_answers), axis=1)
    seen = abs(macro_f1(a) - macro_f1(b)) - 1e-9
    return float((1 + np.count_nonzero(np.abs(f) >= seen)) / (1 + RESAMPLES))


def _swapped(change: Floats, codes: Codes | None) -> Floats:
    """The sum of changes in each resample, every group (or row) swapped with probability one half.

    Groups that change the same are interchangeable: how many of them swap is binomial.
    """
    if codes is not None:
        _, index = np.unique(codes, return_inverse=True)
        change = np.stack([np.bincount(index, column) for column in change.T], axis=1)
    kinds, counts = np.unique(change, axis=0, return_counts=True)
    generator = np.random.default_rng(SEED)
    moved = np.zeros((RESAMPLES, change.shape[1]))
    for start in range(0, len(kinds), KINDS_AT_ONCE):
        part = slice(start, start + KINDS_AT_ONCE)
        moved += generator.binomial(counts[part], 0.5, (RESAMPLES, len(counts[part]))) @ kinds[part]
    return moved


def _counts(data: Labelled) -> tuple[Codes, Codes]:
    """Per class: hits, and answers that name it."""
    hits = np.bincount(data.targets[data.answers == data.targets], minlength=data.classes)
    return hits, np.bincount(data.answers, minlength=data.classes + 1)[: data.classes]


def _f1(data: Labelled, weights: Floats) -> tuple[float, Floats]:
    """Macro-F1 of weighted rows, and the influence of each row: its derivative by the row's weight, mean zero."""
    k, total = data.classes, float(np.sum(weights))
    right = data.answers == data.targets
    hits = np.bincount(data.targets[right], weights[right], minlength=k)
    size = np.bincount(data.targets, weights, minlength=k)
    size = size + np.bincount(data.answers, weights, minlength=k + 1)[:k]
    f = 2 * hits / size
    loss = np.append(f * total / size, 0.0)
    influence = 2 * right * (total / size)[data.targets] - loss[data.targets] - loss[data.answers]
    return float(np.mean(f)), influence / k
