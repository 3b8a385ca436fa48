"""Is the power that is quoted before a run the power that the run then has?

Columns are made with a known gap and discordance and compared by the package; the quoted number stands beside it.
"""

from collections.abc import Callable, Iterator
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from bakeoff.evaluate.pairing import pair_all
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.stats.power import Goal, Plan, power, rows_for
from benchmarks.statistics.made import SEED, columns, share

Floats = npt.NDArray[np.float64]
Maker = Callable[[np.random.Generator, int, float, Plan], list[Column]]


def quotes(repetitions: int) -> None:
    """Rows for a gap, then evaluations with that many; and other numbers of rows, where the power is not 80 %."""
    print("\nQuoted power and simulated power (must agree within 5 points)")
    worst = 0.0
    for name, make, plan, goal in _designs():
        for gap in (0.05, 0.1):
            needed = rows_for(gap, plan, goal=goal)
            for n in (needed, 100, 300):
                if n is None or n > 6_000:
                    continue
                quoted = power(n, gap, plan, goal=goal)
                generator = np.random.default_rng(SEED)
                true = gap if goal == "better" else 0.0
                told = share(
                    _told(make(generator, n, true, plan), goal, gap) for _ in range(repetitions if n < 3_000 else 300)
                )
                worst = max(worst, abs(quoted - told))
                mark = "  rows_for" if n == needed else ""
                print(f"  {name:38} gap {gap:4}  {n:5} rows  quoted {100 * quoted:5.1f} %  "
                      f"simulated {100 * told:5.1f} %{mark}")  # fmt: skip
    print(f"  largest distance: {100 * worst:.1f} points")


def _told(made: list[Column], goal: Goal, gap: float) -> bool:
    pair = pair_all(made, "accuracy")[0]
    if goal == "better":
        return pair.p_holm < 0.05 and pair.difference > 0
    return pair.low_simultaneous > -gap


def _designs() -> Iterator[tuple[str, Maker, Plan, Goal]]:
    for discordance in (0.1, 0.2, 0.4):
        plan = Plan(discordance)
        yield f"two, discordance {discordance}", _single, plan, "better"
        yield f"two, discordance {discordance}, not worse", _single, plan, "not worse"
    yield "five, discordance 0.2", _single, Plan(0.2, candidates=5), "better"
    yield "five, discordance 0.2, not worse", _single, Plan(0.2, candidates=5), "not worse"
    yield "two, three answers a row", _repeated, Plan(0.3, repeats=3, noise=0.2), "better"
    yield "two, groups of 5, correlation 0.3", _grouped, Plan(0.3, rows_per_group=5, group_correlation=0.3), "better"


def _signs(draw: Floats, gap: float, discordance: float) -> Floats:
    """Difference of the first two from uniform numbers: 1, -1, or 0."""
    won, lost = (discordance + gap) / 2, (discordance - gap) / 2
    return np.where(draw < won, 1.0, np.where(draw < won + lost, -1.0, 0.0))


def _single(generator: np.random.Generator, n: int, gap: float, plan: Plan) -> list[Column]:
    """The first is ahead of the second by the gap; all others are as good as the second, half the time on its rows."""
    share_of_rows = max(plan.discordance, gap)
    sign = _signs(generator.random(n), gap, share_of_rows)
    both = generator.random(n) < 0.7
    a = np.where(sign == 0, both, sign > 0)
    b = np.where(sign == 0, both, sign < 0)
    rate = 0.7 * (1 - share_of_rows) + (share_of_rows - gap) / 2
    more = [np.where(generator.random(n) < 0.5, b, generator.random(n) < rate) for _ in range(plan.candidates - 2)]
    return columns(np.array([a, b, *more]).astype(bool), [1.0] * plan.candidates)


def _repeated(generator: np.random.Generator, n: int, gap: float, plan: Plan) -> list[Column]:
    """Each row has a chance of a right answer per model; its noise is the mean of p(1-p), summed over the two.

    Rows with chances 0 or 1 differ for good, those of 1/2 by chance alone: a quarter each of variance.
    """
    unsure = plan.noise / 2 / 0.25
    fixed = plan.discordance - plan.noise
    kind = generator.random(n) < unsure
    sign = np.where(kind, 0.0, _signs(generator.random(n), gap / (1 - unsure), fixed / (1 - unsure)))
    both = generator.random(n) < 0.7
    made = []
    for direction in (1, -1):
        right = np.where(kind, 0.5, np.where(sign == 0, both, sign == direction))
        made.append(generator.binomial(plan.repeats, right) / plan.repeats)
    return [_scored(f"m{i}", scores) for i, scores in enumerate(made)]


def _grouped(generator: np.random.Generator, n: int, gap: float, plan: Plan) -> list[Column]:
    """In a share ρ of the rows the difference is that of the group's own draw, else one of the row's."""
    size = int(plan.rows_per_group)
    codes = np.arange(n) // size
    # Two rows share their draw when both take the group's: correlation is the square of that share.
    taken = generator.random(n) < plan.group_correlation**0.5
    draw = np.where(taken, generator.random(n)[codes], generator.random(n))
    sign = _signs(draw, gap, plan.discordance)
    return [
        _scored(f"m{i}", np.where(sign == 0, 1.0, sign == direction) * 1.0, codes)
        for i, direction in enumerate((1, -1))
    ]


def _scored(name: str, scores: Floats, codes: npt.NDArray[np.int64] | None = None) -> Column:
    model = columns(np.ones((1, len(scores)), dtype=bool), [1.0])[0]
    cells = [replace(cell, score=float(score)) for cell, score in zip(model.cells, scores, strict=True)]
    if codes is not None:
        cells = [replace(cell, group=str(code)) for cell, code in zip(cells, codes, strict=True)]
    return Column(name, "", tuple(cells))
