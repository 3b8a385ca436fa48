"""Decisions: false winners, models wrongly called not worse, whom to take meanwhile, how many rows would tell."""

from collections.abc import Sequence

import numpy as np

from bakeoff.decide import Decision
from bakeoff.decide.choose import choose
from bakeoff.decide.standings import Standings
from bakeoff.evaluate.compare import compare
from benchmarks.statistics.made import SEED, columns, comparisons, decisions, percent, right_or_wrong, share


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
        print(f"  {rows:5}  {' / '.join(means)};  {percent(wide)}")


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
            print(f"  {qualities!s:34} {rows:5}  {percent(winners)};  {percent(differences)}")


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
            print(f"  {qualities!s:34} {rows:5}  {percent(found)}")
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
            print(f"  {qualities!s:34} {rows:5}  {percent(found)}")


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
