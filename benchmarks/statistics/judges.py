"""Judges: does a corrected rate hold the truth, are judges caught that look at the place or the length?"""

import math
from collections import defaultdict
from collections.abc import Iterator
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.special import expit, ndtr

from bakeoff.evaluate.stats.bradley_terry import Game, bradley_terry
from bakeoff.evaluate.stats.corrected import (
    Corrected,
    Labels,
    poststratified,
    ppi_mean,
    prediction_powered,
    rogan_gladen,
    rogan_gladen_difference,
)
from bakeoff.evaluate.stats.judge_bias import length, position
from benchmarks.statistics.made import SEED, holds, share

Bools = npt.NDArray[np.bool_]

LABELS = (20, 30, 50, 100)
JUDGED = (200, 1000)
TRUTHS = (0.2, 0.5, 0.8, 0.95)
SKILLS = ((0.7, 0.6), (0.7, 0.9), (0.9, 0.6), (0.9, 0.9), (0.98, 0.9))
"""Sensitivity and specificity."""

Z = 1.959964


def counted(good: Bools, passed: Bools) -> Labels:
    """Labels by people against the judge's verdicts."""
    return Labels(
        int((good & passed).sum()), int((good & ~passed).sum()), int((~good & passed).sum()),
        int((~good & ~passed).sum()),
    )  # fmt: skip


def judged(generator: np.random.Generator, good: Bools, sensitivity: float, specificity: float) -> Bools:
    """Verdicts on answers."""
    chance = generator.random(len(good))
    return np.asarray(np.where(good, chance < sensitivity, chance > specificity))


def corrected(repetitions: int) -> None:
    """Rates and differences: how often a 95 % interval holds the truth, and how wide it is."""
    print("\nCorrected rates: 95 % intervals hold the truth, lowest and mean over situations; mean width in points")
    for name, cover in (("rate", _rates), ("difference of two", _differences)):
        found: dict[tuple[str, int], list[tuple[float, float]]] = defaultdict(list)
        for labels in LABELS:
            for method, held, width in cover(np.random.default_rng(SEED), labels, repetitions):
                found[method, labels].append((held, width))
        for (method, labels), seen in found.items():
            held = [cell for cell, _ in seen]
            width = 100 * float(np.mean([cell for _, cell in seen]))
            print(f"  {name:18} {method:34} {labels:4} labels  {100 * min(held):5.1f} %  {100 * np.mean(held):5.1f} %  "
                  f"{width:5.1f}")  # fmt: skip


def _rates(generator: np.random.Generator, labels: int, repetitions: int) -> Iterator[tuple[str, float, float]]:
    for n, truth, (sensitivity, specificity) in product(JUDGED, TRUTHS, SKILLS):
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for _ in range(repetitions):
            good = generator.random(n) < truth
            passed = judged(generator, good, sensitivity, specificity)
            own = counted(good[:labels], passed[:labels])
            other = generator.random(labels) < truth
            elsewhere = counted(other, judged(generator, other, sensitivity, specificity))
            y, f, g = good[:labels] * 1.0, passed[:labels] * 1.0, passed[labels:] * 1.0
            value, error, _ = ppi_mean(y, f, g)
            found["poststratified"].append(_ends(poststratified(int(passed.sum()), n, own)))
            found["prediction-powered"].append(_ends(prediction_powered(y.tolist(), f.tolist(), g.tolist())))
            found["(prediction-powered, published)"].append((value - Z * error, value + Z * error))
            found["Rogan-Gladen"].append(_ends(rogan_gladen(int(passed.sum()), n, elsewhere)))
            found["(Rogan-Gladen, published)"].append(_delta(float(passed.mean()), n, elsewhere))
        yield from _held(found, truth)


def _ends(made: Corrected) -> tuple[float, float]:
    return made.low, made.high


def _delta(p: float, n: int, labels: Labels) -> tuple[float, float]:
    """The usual interval of Rogan and Gladen's rate: the delta method, normal."""
    good, bad = labels.good_passed + labels.good_rejected, labels.bad_passed + labels.bad_rejected
    if not good or not bad:
        return 0.0, 1.0
    se, sp = labels.good_passed / good, labels.bad_rejected / bad
    if se + sp <= 1:
        return 0.0, 1.0
    value = (p + sp - 1) / (se + sp - 1)
    variance = p * (1 - p) / n + value**2 * se * (1 - se) / good + (1 - value) ** 2 * sp * (1 - sp) / bad
    half = Z * math.sqrt(variance) / (se + sp - 1)
    return value - half, value + half


def _held(found: dict[str, list[tuple[float, float]]], truth: float) -> Iterator[tuple[str, float, float]]:
    for method, ends in found.items():
        width = float(np.mean([min(1.0, high) - max(-1.0, low) for low, high in ends]))
        yield method, share(holds(end, truth) for end in ends), width


def _differences(generator: np.random.Generator, labels: int, repetitions: int) -> Iterator[tuple[str, float, float]]:
    """Two candidates on the same rows; the labels are half of the one's answers and half of the other's, or (for
    prediction-powered inference) both answers of as many rows.
    """
    pairs = ((0.8, 0.8), (0.9, 0.8), (0.7, 0.5), (0.95, 0.93))
    for n, (a, b), (sensitivity, specificity), shared in product(JUDGED, pairs, SKILLS[1:], (0.2, 0.8)):
        found: dict[str, list[tuple[float, float]]] = defaultdict(list)
        for _ in range(repetitions):
            common = generator.standard_normal(n)
            good = [
                ndtr(shared**0.5 * common + (1 - shared) ** 0.5 * generator.standard_normal(n)) < rate
                for rate in (a, b)
            ]
            passed = [judged(generator, one, sensitivity, specificity) for one in good]
            y, f = good[0] * 1.0 - good[1], passed[0] * 1.0 - passed[1]
            half = labels // 2
            known = counted(
                np.concatenate([one[:half] for one in good]), np.concatenate([one[:half] for one in passed])
            )
            made = rogan_gladen_difference(int((f > 0).sum()), int((f < 0).sum()), n, known)
            powered = prediction_powered(y[:labels].tolist(), f[:labels].tolist(), f[labels:].tolist(), lowest=-1.0)
            found["Rogan-Gladen"].append(_ends(made))
            found["prediction-powered"].append(_ends(powered))
        yield from _held(found, a - b)


def planted(repetitions: int) -> None:
    """Judges that look at the wrong thing, and one that does not: how often each is called biased."""
    print("\nCalled biased (p < 5 %): a judge with a pull to the first place, a judge that likes length, a fair one")
    print("  and: win rate of B (58 % to a fair one, which throws a coin in one of five) by the first order; by both")
    for rows in (50, 100, 200):
        generator = np.random.default_rng(SEED)
        for pull in (0.0, 0.1, 0.25, 0.5):
            caught, first, both = [], [], []
            for _ in range(repetitions):
                one, two = pulled(generator, rows, pull)
                caught.append(position(one.tolist(), two.tolist()).biased)
                first.append(1 - one.mean())
                both.append(1 - (one.mean() + two.mean()) / 2)
            print(f"  {rows:4} rows, first-place pull {pull:4}: {100 * share(caught):5.1f} %;  "
                  f"B {100 * np.mean(first):.1f} %, {100 * np.mean(both):.1f} %")  # fmt: skip
        few = max(1, repetitions // 4)
        for liking in (0.0, 1.0, 2.0):
            caught, held, raw, controlled = [], [], [], []
            for _ in range(few):
                wins, lengths = lengthy(generator, rows, liking)
                seen = length(wins.tolist(), lengths.tolist())
                caught.append(seen.biased)
                held.append(holds((seen.controlled.low, seen.controlled.high), 0.5))
                raw.append(seen.win_rate.value)
                controlled.append(seen.controlled.value)
            print(f"  {rows:4} rows, liking for length {liking:3}: {100 * share(caught):5.1f} %;  equal models, one "
                  f"longer: {100 * np.mean(raw):.1f} % as judged, {100 * np.mean(controlled):.1f} % at equal length, "
                  f"interval holds 50 % in {100 * share(held):.1f} %")  # fmt: skip


def pulled(generator: np.random.Generator, rows: int, pull: float) -> tuple[npt.NDArray[np.float64], ...]:
    """Verdicts for A in the first place and in the second: B is truly better on 60 % of rows. One verdict in five is
    a throw of a coin; with a chance of `pull` the judge just takes the first.
    """
    a_better = generator.random(rows) < 0.4
    first, second = (np.where(generator.random(rows) < 0.2, generator.random(rows) < 0.5, a_better) for _ in range(2))
    first = np.where(generator.random(rows) < pull, 1.0, first)
    second = np.where(generator.random(rows) < pull, 0.0, second)
    return first, second


def lengthy(generator: np.random.Generator, rows: int, liking: float) -> tuple[npt.NDArray[np.float64], ...]:
    """Verdicts between two equally good models of which the first writes longer, by a judge that likes length."""
    difference = generator.normal(40, 100, rows)
    wins = generator.random(rows) < expit(liking * np.tanh(difference / np.std(difference)))
    return wins * 1.0, difference


def ratings(repetitions: int) -> None:
    """Bradley-Terry: do 95 % intervals of the difference of two strengths hold the truth?"""
    print("\nBradley-Terry, four players, 20 % ties: intervals of all differences hold the truth, lowest and mean")
    truth = dict(zip("abcd", (0.8, 0.4, 0.0, -1.2), strict=True))
    for rows in (30, 50, 100, 300):
        generator = np.random.default_rng(SEED)
        held: dict[tuple[str, str], list[bool]] = defaultdict(list)
        for _ in range(repetitions):
            made = bradley_terry(_games(generator, truth, rows))
            for pair in made.matchups:
                held[min(pair.a, pair.b), max(pair.a, pair.b)].append(
                    holds((pair.low, pair.high), truth[pair.a] - truth[pair.b])
                )
        shares = [share(flags) for flags in held.values()]
        print(f"  {rows:4} rows of six contests  {100 * min(shares):5.1f} %  {100 * np.mean(shares):5.1f} %")


def _games(generator: np.random.Generator, truth: dict[str, float], rows: int) -> list[Game]:
    """All pairs on each row; a tie takes as much from a win as from a loss."""
    names = list(truth)
    games = []
    for row in range(rows):
        for i, a in enumerate(names):
            for b in names[i + 1 :]:
                draw, chance = generator.random(), expit(truth[a] - truth[b])
                tie = 0.4 * min(chance, 1 - chance)
                score = 0.5 if draw < tie else float(draw < tie / 2 + chance)
                games.append(Game(a, b, score, str(row)))
    return games
