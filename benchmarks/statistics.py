"""Do the statistics keep their promise? Simulations with fixed seeds, through the package's own functions.

    python -m benchmarks.statistics [--repetitions 1000] [spread | winner | worse | meanwhile | rows | intervals ...]

Rows have a difficulty that all models share (a normal copula), so that models are right on the same rows more often
than by chance, as real ones are. `docs/measured/statistics.md` is written from the output.
"""

import argparse
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from itertools import product

import numpy as np
import numpy.typing as npt
from scipy.special import ndtr

from bakeoff.decide import Decision, Rule, decide
from bakeoff.decide.choose import choose
from bakeoff.decide.standings import Standings
from bakeoff.evaluate.compare import compare
from bakeoff.evaluate.results import Column, Comparison, GradedCell
from bakeoff.evaluate.stats.f1 import Labelled, macro_f1_difference, macro_f1_interval
from bakeoff.evaluate.stats.paired import mean_difference_interval, tango
from bakeoff.evaluate.stats.proportions import wilson

Scores = npt.NDArray[np.bool_]

SEED = 20_261_124


def right_or_wrong(generator: np.random.Generator, qualities: Sequence[float], rows: int, shared: float) -> Scores:
    """A row of booleans per model.

    Args:
        generator: source of chance.
        qualities: each model's true share of right answers.
        rows: how many.
        shared: correlation of the latent difficulty between models; 0 is independent.
    """
    common = generator.standard_normal(rows)
    own = generator.standard_normal((len(qualities), rows))
    return np.asarray(ndtr(shared**0.5 * common + (1 - shared) ** 0.5 * own) < np.array(qualities)[:, None])


def columns(scores: Scores, latencies: Sequence[float]) -> list[Column]:
    """Graded columns `m0`, `m1`, ... as the evaluation would make them."""
    return [
        Column(f"m{model}", "", tuple(_cell(row, right, latencies[model]) for row, right in enumerate(line)))
        for model, line in enumerate(scores.tolist())
    ]


@cache
def _cell(row: int, right: bool, latency: float) -> GradedCell:
    return GradedCell(
        row_id=str(row),
        state="answered",
        score=float(right),
        label=None,
        target="",
        text="",
        latency_ms=latency,
        time_to_first_token_ms=None,
        prompt_tokens=None,
        output_tokens=None,
        timings={},
        shown="",
    )


def comparisons(
    qualities: Sequence[float], rows: int, *, shared: float, repetitions: int, latencies: Sequence[float] | None = None
) -> Iterator[Comparison]:
    """Repeat an evaluation of models whose true qualities are known. The first model is the fastest."""
    generator = np.random.default_rng(SEED)
    speeds = latencies or [float(1 + model) for model in range(len(qualities))]
    for _ in range(repetitions):
        yield compare(columns(right_or_wrong(generator, qualities, rows, shared), speeds))


def decisions(made: Iterator[Comparison], rule: Rule, gap: float = 0.03) -> Iterator[Decision]:
    """Decide each."""
    return (decide(comparison, rule=rule, smallest_gap_that_matters=gap) for comparison in made)


def share(flags: Iterable[bool]) -> float:
    """How many are true."""
    return float(np.mean(list(flags)))


def spread(repetitions: int) -> None:
    """How far apart are five equal models, by chance alone?"""
    print("\nFive equal models at 70 %, from first to last: points on average, and how often ten or more")
    print(f"  {'rows':>5}  shared difficulty 0 / 0.5 / 0.9")
    for rows in (20, 50, 100, 200, 500):
        means, wide = [], []
        for shared in (0.0, 0.5, 0.9):
            generator = np.random.default_rng(SEED)
            found = [right_or_wrong(generator, (0.7,) * 5, rows, shared).mean(axis=1) for _ in range(repetitions)]
            gaps = [float(np.ptp(means_of_models)) for means_of_models in found]
            means.append(f"{100 * np.mean(gaps):.1f}")
            wide.append(share(gap >= 0.1 - 1e-9 for gap in gaps))
        print(f"  {rows:5}  {' / '.join(means)};  {_percent(wide)}")


def winner(repetitions: int) -> None:
    """How often is a winner named, or any two called different, where there is nothing to find?"""
    print("\nNamed although none exists (rule `best`; must stay below 5 %): a winner; among equals, any difference")
    print(f"  {'true qualities':34} {'rows':>5}  shared difficulty 0 / 0.5 / 0.9")
    for qualities in ((0.7,) * 5, (0.9,) * 5, (0.7,) * 2, (0.8, 0.8, 0.6, 0.6, 0.6)):
        for rows in (20, 50, 100, 300):
            winners, differences = [], []
            for shared in (0.0, 0.5, 0.9):
                made = comparisons(qualities, rows, shared=shared, repetitions=repetitions)
                found = [(decision.verdict == "better", names_a_difference(decision, qualities))
                         for decision in decisions(made, "best")]  # fmt: skip
                winners.append(share(named for named, _ in found))
                differences.append(share(named for _, named in found))
            print(f"  {qualities!s:34} {rows:5}  {_percent(winners)};  {_percent(differences)}")


def _percent(shares: Sequence[float]) -> str:
    return " / ".join(f"{100 * part:.1f} %" for part in shares)


def names_a_difference(decision: Decision, qualities: Sequence[float]) -> bool:
    """Some two models are called different that are equally good."""
    return any(
        pair.p_holm < 0.05 and qualities[int(pair.a[1:])] == qualities[int(pair.b[1:])] for pair in decision.pairs
    )


WORSE = (
    ((0.75, 0.80), (100, 400, 1600)),
    ((0.85, 0.90), (100, 400, 1600)),
    ((0.75, 0.785, 0.80), (100, 400, 1600)),
    ((0.75, 0.80, 0.80, 0.80, 0.80), (100, 400)),
    ((0.75, 0.77, 0.78, 0.79, 0.80), (100, 400)),
    ((0.75, 0.75, 0.75, 0.75, 0.80), (100, 400)),
)
"""True qualities with the gap of 0.05 between the cheap one and the best, and rows."""


def is_wrongly_not_worse(decision: Decision, qualities: Sequence[float], gap: float) -> bool:
    """The choice is said to be not worse, and is worse than the best by the gap or more."""
    if decision.verdict != "not worse" or decision.choice is None:
        return False
    return qualities[int(decision.choice[1:])] <= max(qualities) - gap + 1e-12


def worse(repetitions: int) -> None:
    """How often is a model called not worse that is worse by exactly the gap? And how often one that is equal?"""
    gap = 0.05
    print(
        f"\nA model that is worse than the best by the whole gap of {gap} is chosen as not worse (must stay below 5 %)"
    )
    print(f"  {'true qualities (first is cheapest)':34} {'rows':>5}  shared difficulty 0 / 0.5 / 0.9")
    for qualities, sizes in WORSE:
        for rows in sizes:
            found = [
                share(
                    is_wrongly_not_worse(decision, qualities, gap)
                    for decision in decisions(
                        comparisons(qualities, rows, shared=shared, repetitions=repetitions), "cheapest not worse", gap
                    )
                )
                for shared in (0.0, 0.5, 0.9)
            ]
            print(f"  {qualities!s:34} {rows:5}  {_percent(found)}")
    print(f"\nOf equal models, one is shown to be not worse by more than {gap} (the more the better)")
    for qualities, sizes in (((0.8,) * 2, (100, 400, 1600)), ((0.8,) * 5, (100, 400))):
        for rows in sizes:
            found = [
                share(
                    decision.verdict == "not worse"
                    for decision in decisions(
                        comparisons(qualities, rows, shared=shared, repetitions=repetitions), "cheapest not worse", gap
                    )
                )
                for shared in (0.0, 0.5, 0.9)
            ]
            print(f"  {qualities!s:34} {rows:5}  {_percent(found)}")


def meanwhile(repetitions: int) -> None:
    """Whom to take while the data cannot tell? What each way of choosing loses in true quality."""
    gap = 0.03
    print(
        f"\nFive models, true qualities drawn from 0.65 to 0.85, gap {gap}: loss of the choice while nothing is shown"
    )
    print(f"  {'rows':>5} {'cannot tell':>12}   policy: mean loss in points, share that lose more than the gap")
    for rows in (30, 100, 300):
        generator = np.random.default_rng(SEED)
        losses: dict[str, list[float]] = {"best scorer": [], "cheapest not shown worse": [], "cheapest within": []}
        open_cases = 0
        for _ in range(repetitions):
            qualities = [float(q) for q in generator.uniform(0.65, 0.85, 5)]
            comparison = compare(columns(right_or_wrong(generator, qualities, rows, 0.5), [1.0, 2.0, 3.0, 4.0, 5.0]))
            standings = Standings(comparison)
            choice = choose(standings, "cheapest not worse", gap)
            if choice.verdict != "cannot be told apart" or choice.name is None:
                continue
            open_cases += 1
            for policy, name in (
                ("best scorer", standings.leader),
                ("cheapest not shown worse", standings.by_preference(choice.open)[0]),
                ("cheapest within", choice.name),
            ):
                losses[policy].append(max(qualities) - qualities[int(name[1:])])
        shown = "; ".join(
            f"{policy}: {100 * np.mean(lost):.1f}, {100 * np.mean(np.array(lost) > gap):.0f} %"
            for policy, lost in losses.items()
        )
        print(f"  {rows:5} {100 * open_cases / repetitions:10.0f} %   {shown}")


def more_rows(repetitions: int) -> None:
    """Does "n more rows would tell" tell in four of five cases, as it says?"""
    gap = 0.05
    print(f"\nWith the rows that were asked for (gap {gap}, promised 80 %), it is told ...")
    for qualities, what in (
        ((0.8, 0.8), "that equal models are within the gap"),
        ((0.8, 0.85), "that the better of two a gap apart is better"),
    ):
        for shared in (0.0, 0.5, 0.9):
            asked = []
            for decision in decisions(comparisons(qualities, 200, shared=shared, repetitions=50), "best", gap):
                if decision.verdict == "cannot be told apart":
                    asked.append(200 + decision.sentence.parameters["more_rows"])
            rows = int(np.median(asked))
            made = comparisons(qualities, rows, shared=shared, repetitions=repetitions)
            if qualities[0] == qualities[1]:
                # Pairs are (m0, m1): m0 is within the gap of m1.
                told = share(comparison.pairs[0].low_simultaneous > -gap for comparison in made)
            else:
                told = share(decision.verdict == "better" for decision in decisions(made, "best", gap))
            print(f"  {what:46} shared {shared}: {rows:5} rows, {100 * told:.0f} %")


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
        ("accuracy, Wilson", _cover_wilson),
        ("macro-F1", _cover_f1),
        ("difference in accuracy, Tango", _cover_tango),
        ("difference in accuracy, Tango at 99.5 %", _cover_tango_wide),
        ("difference in macro-F1", _cover_f1_difference),
        ("mean difference of three-step scores, t", _cover_mean),
    ):
        print(f"\nCoverage of the interval for {name}: lowest and mean over the situations")
        for rows in SIZES:
            covered = list(cover(np.random.default_rng(SEED), rows, repetitions))
            print(f"  {rows:5} rows  {100 * min(covered):5.1f} %  {100 * np.mean(covered):5.1f} %")


def _cover_wilson(generator: np.random.Generator, rows: int, repetitions: int) -> Iterator[float]:
    for truth in (0.4, 0.6, 0.8, 0.9, 0.95, 0.99):
        right = generator.binomial(rows, truth, repetitions)
        yield share(_holds(wilson(r / rows, rows), truth) for r in right)


def _holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth + 1e-12 and interval[1] >= truth - 1e-12


def _cover_f1(generator: np.random.Generator, rows: int, repetitions: int) -> Iterator[float]:
    for prior, right in product(PRIORS.values(), (0.4, 0.6, 0.8, 0.9, 0.95, 0.99)):
        table = _table(len(prior), prior, right)
        truth = _true_f1(table)
        draws = generator.choice(table.size, size=(repetitions, rows), p=table.ravel())
        yield share(_holds(macro_f1_interval(_labelled(draw, len(prior))), truth) for draw in draws)


def _labelled(draw: npt.NDArray[np.int64], classes: int) -> Labelled:
    """Rows as (target, answer), renumbered so that only classes among the targets are classes."""
    targets, answers = draw // classes, draw % classes
    present = np.unique(targets)
    number = np.full(classes, len(present))
    number[present] = np.arange(len(present))
    return Labelled(number[targets], number[answers], len(present))


def _cover_tango(generator: np.random.Generator, rows: int, repetitions: int, alpha: float = 0.05) -> Iterator[float]:
    for discordant, difference in product((0.05, 0.1, 0.2, 0.4), (0.0, 0.03, 0.1)):
        if difference > discordant:
            continue
        shares = [(discordant + difference) / 2, (discordant - difference) / 2, 1 - discordant]
        drawn = generator.multinomial(rows, shares, repetitions)
        yield share(_holds(tango(int(a), int(b), rows, alpha=alpha), difference) for a, b, _ in drawn)


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
        yield share(_holds(_f1_interval(draw, k), truth) for draw in draws)


def _f1_interval(draw: npt.NDArray[np.int64], k: int) -> tuple[float, float]:
    target, answer_a, answer_b = draw // (k * k), draw // k % k, draw % k
    a, b = _labelled(target * k + answer_a, k), _labelled(target * k + answer_b, k)
    return macro_f1_difference(a, b)[1:]


def _cover_mean(generator: np.random.Generator, rows: int, repetitions: int) -> Iterator[float]:
    for right_a, right_b, shared in product((0.6, 0.9), (0.5, 0.85), (0.2, 0.8)):
        common = generator.standard_normal((2, repetitions, rows, 2))
        own = generator.standard_normal((2, repetitions, rows, 2))
        latent = ndtr(shared**0.5 * common[0] + (1 - shared) ** 0.5 * own[0])
        other = ndtr(shared**0.5 * common[0] + (1 - shared) ** 0.5 * own[1])
        scores = (latent < right_a).mean(-1) - (other < right_b).mean(-1)  # each score is 0, 1/2 or 1
        yield share(_holds(mean_difference_interval(line), right_a - right_b) for line in scores)


def main() -> None:
    """Print the tables that were asked for, or all."""
    parts: dict[str, Callable[[int], None]] = {
        "spread": spread,
        "winner": winner,
        "worse": worse,
        "meanwhile": meanwhile,
        "rows": more_rows,
        "intervals": intervals,
    }
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("parts", nargs="*", choices=[*parts, []], help="which tables; all without a name")
    options = parser.parse_args()
    for name in options.parts or parts:
        parts[name](options.repetitions)


if __name__ == "__main__":
    main()
