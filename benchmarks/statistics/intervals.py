"""How often 95 % intervals hold the truth, rows being independent."""

from collections.abc import Iterator, Sequence
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from bakeoff.evaluate.stats.f1 import macro_f1_difference, macro_f1_interval
from bakeoff.evaluate.stats.paired import mean_difference_interval, tango
from bakeoff.evaluate.stats.proportions import mean_interval, modified_wilson
from benchmarks.statistics.made import SEED, holds, labelled, share


def _table(classes: int, prior: Sequence[float], right: float) -> npt.NDArray[np.float64]:
    """True shares of (target, answer): mistakes go three times as often to the first class."""
    table = np.zeros((classes, classes))
    for target in range(classes):
        wrong = np.array([3.0 if answer == 0 else 1.0 for answer in range(classes)])
        wrong[target] = 0
        table[target] = prior[target] * (1 - right) * wrong / wrong.sum()
        table[target, target] = prior[target] * right
    return table


def _true_f1(table: npt.NDArray[np.float64]) -> float:
    return float(np.mean(2 * np.diag(table) / (table.sum(0) + table.sum(1))))


PRIORS = {
    "2 even": (0.5, 0.5),
    "2 rare": (0.85, 0.15),
    "3 even": (1 / 3, 1 / 3, 1 / 3),
    "3 rare": (0.7, 0.2, 0.1),
    "6 rare": (0.4, 0.25, 0.15, 0.1, 0.06, 0.04),
    "10 even": (0.1,) * 10,
}
"""Classes and how frequent they are."""

SIZES = (20, 30, 50, 100, 300, 1000)


def intervals(repetitions: int) -> None:
    """How often do the 95 % intervals hold the truth?"""
    for name, cover in (
        ("accuracy, modified Wilson", _cover_wilson),
        ("macro-F1", _cover_f1),
        ("difference in accuracy, Tango", _cover_tango),
        ("difference in accuracy, Tango at 99.5 %", _cover_tango_wide),
        ("difference in macro-F1", _cover_f1_difference),
        ("mean difference of three-step scores, t", _cover_mean),
        ("mean of graded scores, Wilson with an effective number of rows", _cover_score),
    ):
        print(f"\nCoverage of the interval for {name}: lowest and mean over the situations")
        for rows in SIZES:
            covered = list(cover(np.random.default_rng(SEED), rows, repetitions))
            print(f"  {rows:5} rows  {100 * min(covered):5.1f} %  {100 * np.mean(covered):5.1f} %")


def _cover_wilson(generator: np.random.Generator, rows: int, repetitions: int) -> Iterator[float]:
    for truth in (0.4, 0.6, 0.8, 0.9, 0.95, 0.99):
        right = generator.binomial(rows, truth, repetitions)
        yield share(holds(modified_wilson(r / rows, rows), truth) for r in right)


def _cover_f1(generator: np.random.Generator, rows: int, repetitions: int) -> Iterator[float]:
    for prior, right in product(PRIORS.values(), (0.4, 0.6, 0.8, 0.9, 0.95, 0.99)):
        table = _table(len(prior), prior, right)
        truth = _true_f1(table)
        draws = generator.choice(table.size, size=(repetitions, rows), p=table.ravel())
        yield share(
            holds(macro_f1_interval(labelled(*np.divmod(draw, len(prior)), len(prior))), truth) for draw in draws
        )


def _cover_tango(generator: np.random.Generator, rows: int, repetitions: int, alpha: float = 0.05) -> Iterator[float]:
    for discordant, difference in product((0.05, 0.1, 0.2, 0.4), (0.0, 0.03, 0.1)):
        if difference > discordant:
            continue
        shares = [(discordant + difference) / 2, (discordant - difference) / 2, 1 - discordant]
        drawn = generator.multinomial(rows, shares, repetitions)
        yield share(holds(tango(int(a), int(b), rows, alpha=alpha), difference) for a, b, _ in drawn)


def _cover_tango_wide(generator: np.random.Generator, rows: int, repetitions: int) -> Iterator[float]:
    return _cover_tango(generator, rows, repetitions, alpha=0.005)


def _cover_f1_difference(generator: np.random.Generator, rows: int, repetitions: int) -> Iterator[float]:
    for prior, (right_a, right_b), shared in product(
        PRIORS.values(), ((0.7, 0.7), (0.9, 0.9), (0.97, 0.97), (0.85, 0.75), (0.95, 0.85)), (0.2, 0.8)
    ):
        k = len(prior)
        a, b = (_table(k, prior, right) / np.array(prior)[:, None] for right in (right_a, right_b))
        truth = _true_f1(a * np.array(prior)[:, None]) - _true_f1(b * np.array(prior)[:, None])
        both = np.minimum(a, b)
        left_a, left_b = a - both, b - both
        rest = np.maximum(left_a.sum(1), 1e-300)[:, None, None]
        joint = shared * (np.eye(k) * both[:, None, :] + left_a[:, :, None] * left_b[:, None, :] / rest)
        joint += (1 - shared) * a[:, :, None] * b[:, None, :]
        joint *= np.array(prior)[:, None, None]
        draws = generator.choice(joint.size, size=(repetitions, rows), p=joint.ravel() / joint.sum())
        yield share(holds(_f1_interval(draw, k), truth) for draw in draws)


def _f1_interval(draw: npt.NDArray[np.int64], k: int) -> tuple[float, float]:
    target, answer_a, answer_b = draw // (k * k), draw // k % k, draw % k
    return macro_f1_difference(labelled(target, answer_a, k), labelled(target, answer_b, k))[1:]


def _cover_mean(generator: np.random.Generator, rows: int, repetitions: int) -> Iterator[float]:
    for right_a, right_b, shared in product((0.6, 0.9), (0.5, 0.85), (0.2, 0.8)):
        common = generator.standard_normal((2, repetitions, rows, 2))
        own = generator.standard_normal((2, repetitions, rows, 2))
        latent = ndtr(shared**0.5 * common[0] + (1 - shared) ** 0.5 * own[0])
        other = ndtr(shared**0.5 * common[0] + (1 - shared) ** 0.5 * own[1])
        scores = (latent < right_a).mean(-1) - (other < right_b).mean(-1)  # each score is 0, 1/2 or 1
        yield share(holds(mean_difference_interval(line), right_a - right_b) for line in scores)


def _cover_score(generator: np.random.Generator, rows: int, repetitions: int) -> Iterator[float]:
    """Scores of a beta distribution: evenly spread, high, mostly at both ends; and five steps, mostly the top."""
    for a, b in ((1.0, 1.0), (4.0, 1.0), (8.0, 1.0), (0.5, 0.3)):
        lines = generator.beta(a, b, (repetitions, rows))
        yield share(holds(mean_interval(line), a / (a + b)) for line in lines)
    steps, chances = np.linspace(0, 1, 5), np.array([0.04, 0.02, 0.04, 0.2, 0.7])
    lines = generator.choice(steps, p=chances, size=(repetitions, rows))
    yield share(holds(mean_interval(line), float(steps @ chances)) for line in lines)
