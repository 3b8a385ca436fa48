"""Rows that belong together: do intervals hold the truth, and are differences found where there is none?

A row's score is made from a part that its group shares and a part of its own; `shared` is the share of the first in
the variance of the latent difficulty.
"""

from collections.abc import Iterator

import numpy as np
from scipy.special import ndtr

from bakeoff.evaluate.stats.clusters import (
    Codes,
    mean_interval_by_group,
    share_interval,
    sign_flip_by_group,
    tango_by_group,
)
from bakeoff.evaluate.stats.f1 import Labelled, macro_f1_difference, macro_f1_interval, macro_f1_test
from bakeoff.evaluate.stats.paired import mcnemar, tango
from bakeoff.evaluate.stats.proportions import Floats, wilson
from benchmarks.statistics.made import SEED, holds, labelled, share

DESIGNS = {
    "5 of 10": (10,) * 5,
    "8 of 10": (10,) * 8,
    "10 of 10": (10,) * 10,
    "20 of 5": (5,) * 20,
    "50 of 4": (4,) * 50,
    "200 of 5": (5,) * 200,
    "10, 1 to 50": (1, 2, 3, 4, 5, 10, 15, 20, 30, 50),
    "40, 1 to 40": tuple(range(1, 41)),
    "50 of 1, 10 of 5": (1,) * 50 + (5,) * 10,
}
"""Groups and their sizes."""

SHARED = (0.0, 0.2, 0.6)


def _latent(generator: np.random.Generator, codes: Codes, shared: float, models: int) -> Floats:
    """Difficulty per model and row, uniform: half of it common to the models; both halves have a part of the group."""
    groups = int(codes.max()) + 1

    def one() -> Floats:
        return shared**0.5 * generator.standard_normal(groups)[codes] + (1 - shared) ** 0.5 * generator.standard_normal(
            len(codes)
        )

    common = one()
    return np.array([ndtr((common + one()) / 2**0.5) for _ in range(models)])


def groups(repetitions: int) -> None:
    """Coverage with groups, and without looking at them."""
    print("\nRows in groups: 95 % intervals hold the truth, lowest and mean over accuracies and shared 0 / 0.2 / 0.6;")
    print("in brackets the lowest if groups are ignored. Then: equal models called different (5 %), highest; ignored")
    for design, sizes in DESIGNS.items():
        codes = np.repeat(np.arange(len(sizes)), sizes)
        for name, cover in (
            ("accuracy", _accuracy),
            ("score", _score),
            ("difference in accuracy", _difference),
            ("mean difference", _mean_difference),
            ("macro-F1", _f1),
            ("difference in macro-F1", _f1_difference),
        ):
            found = list(cover(np.random.default_rng(SEED), codes, repetitions))
            kept, ignored = [f[0] for f in found], [f[1] for f in found]
            print(
                f"  {design:17} {name:24} {100 * min(kept):5.1f} % {100 * np.mean(kept):5.1f} %  "
                f"[{100 * min(ignored):5.1f} %]"
            )
        false = list(_false(np.random.default_rng(SEED), codes, repetitions))
        print(f"  {design:17} {'called different':24} {100 * max(f[0] for f in false):5.1f} %; "
              f"{100 * max(f[1] for f in false):5.1f} %; macro-F1 {100 * max(f[2] for f in false):5.1f} %")  # fmt: skip


def _accuracy(generator: np.random.Generator, codes: Codes, repetitions: int) -> Iterator[tuple[float, float]]:
    for shared in SHARED:
        for truth in (0.5, 0.8, 0.95):
            lines = [(_latent(generator, codes, shared, 1)[0] < truth) * 1.0 for _ in range(repetitions)]
            yield (
                share(holds(share_interval(line, codes), truth) for line in lines),
                share(holds(wilson(float(line.mean()), len(line)), truth) for line in lines),
            )


def _score(generator: np.random.Generator, codes: Codes, repetitions: int) -> Iterator[tuple[float, float]]:
    """Scores with the distribution of a square: mean 1/3."""
    one = np.arange(len(codes))
    for shared in SHARED:
        lines = [_latent(generator, codes, shared, 1)[0] ** 2 for _ in range(repetitions)]
        yield (
            share(holds(mean_interval_by_group(line, codes), 1 / 3) for line in lines),
            share(holds(mean_interval_by_group(line, one), 1 / 3) for line in lines),
        )


def _difference(generator: np.random.Generator, codes: Codes, repetitions: int) -> Iterator[tuple[float, float]]:
    for shared in SHARED:
        for a, b in ((0.7, 0.7), (0.9, 0.8), (0.95, 0.95)):
            lines = []
            for _ in range(repetitions):
                latent = _latent(generator, codes, shared, 2)
                lines.append((latent[0] < a) * 1.0 - (latent[1] < b))
            yield (
                share(holds(tango_by_group(d, codes), a - b) for d in lines),
                share(holds(tango(int((d > 0).sum()), int((d < 0).sum()), len(d)), a - b) for d in lines),
            )


def _mean_difference(generator: np.random.Generator, codes: Codes, repetitions: int) -> Iterator[tuple[float, float]]:
    one = np.arange(len(codes))
    for shared in SHARED:
        lines = []
        for _ in range(repetitions):
            latent = _latent(generator, codes, shared, 2)
            lines.append(latent[0] - latent[1] ** 2)
        yield (
            share(holds(mean_interval_by_group(d, codes, lowest=-1.0), 1 / 6) for d in lines),
            share(holds(mean_interval_by_group(d, one, lowest=-1.0), 1 / 6) for d in lines),
        )


def _labels(generator: np.random.Generator, codes: Codes, shared: float, models: int, right: float) -> list[Labelled]:
    """Three labels, 60, 25 and 15 %, which a group tends to share; wrong answers name the next label."""
    targets = np.searchsorted([0.6, 0.85], _latent(generator, codes, shared, 1)[0])
    hits = _latent(generator, codes, shared, models) < right
    return [labelled(targets, np.where(hit, targets, (targets + 1) % 3), 3) for hit in hits]


def _f1_truth(right: float) -> float:
    """Of label c: hits p_c r, targets p_c, answers p_c r + p_(c-1) (1-r)."""
    p = np.array([0.6, 0.25, 0.15])
    return float(np.mean(2 * p * right / (p + p * right + np.roll(p, 1) * (1 - right))))


def _f1(generator: np.random.Generator, codes: Codes, repetitions: int) -> Iterator[tuple[float, float]]:
    for shared in SHARED:
        for right in (0.6, 0.9):
            lines = [_labels(generator, codes, shared, 1, right)[0] for _ in range(repetitions)]
            truth = _f1_truth(right)
            yield (
                share(holds(macro_f1_interval(line, codes), truth) for line in lines),
                share(holds(macro_f1_interval(line), truth) for line in lines),
            )


def _f1_difference(generator: np.random.Generator, codes: Codes, repetitions: int) -> Iterator[tuple[float, float]]:
    for shared in SHARED:
        for right in (0.6, 0.9):
            lines = [_labels(generator, codes, shared, 2, right) for _ in range(repetitions)]
            yield (
                share(holds(macro_f1_difference(a, b, codes)[1:], 0.0) for a, b in lines),
                share(holds(macro_f1_difference(a, b)[1:], 0.0) for a, b in lines),
            )


def _false(generator: np.random.Generator, codes: Codes, repetitions: int) -> Iterator[tuple[float, float, float]]:
    for shared in SHARED:
        pairs = []
        for _ in range(repetitions):
            latent = _latent(generator, codes, shared, 2)
            pairs.append((latent[0] < 0.7) * 1.0 - (latent[1] < 0.7))
        few = max(1, repetitions // 4)
        lines = [_labels(generator, codes, shared, 2, 0.7) for _ in range(few)]
        yield (
            share(sign_flip_by_group(d, codes) < 0.05 for d in pairs),
            share(mcnemar(int((d > 0).sum()), int((d < 0).sum())) < 0.05 for d in pairs),
            share(macro_f1_test(a, b, codes) < 0.05 for a, b in lines),
        )
