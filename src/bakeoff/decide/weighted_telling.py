"""What the rule `weighted` has to say. Only quality is uncertain: the other criteria were measured on all rows."""

from collections.abc import Iterator, Mapping

from bakeoff.decide.standings import Standings
from bakeoff.decide.told import Told
from bakeoff.decide.weighted import Weighing, weigh
from bakeoff.evaluate.results import Comparison
from bakeoff.values import Reason, reason

EQUAL: Mapping[str, float] = {"quality": 0.5, "cost": 0.25, "latency": 0.25}
"""Where the user gives no weights; what is not known of everyone is left out."""


def weighted(
    comparison: Comparison, standings: Standings, weights: Mapping[str, float], beyond: tuple[Reason, ...]
) -> Told:
    """Choose by weights.

    Args:
        comparison: the candidates within the limits.
        standings: theirs; at least two have a quality.
        weights: by criterion.
        beyond: why others are not among them.
    """
    found = weigh(standings, weights)
    choice, *others = found.order
    still_open = [name for name in others if _low(standings, found, choice, name) <= 0]
    quality = standings.models[choice].quality
    assert quality is not None
    common = {"choice": choice, "score": found.scores[choice], "n": quality.n, "share": found.share}
    if not others:
        sentence = reason("decide.weighted_alone", **common)
    elif still_open:
        sentence = reason("decide.weighted_open", **common, others=still_open)
    else:
        sentence = reason("decide.weighted_shown", **common, runner_up=others[0], runner_score=found.scores[others[0]])
    return Told(
        verdict="cannot be told apart" if still_open else "better",
        choice=choice,
        equivalent=(choice, *still_open),
        sentence=sentence,
        reasons=(*beyond, *_fates(comparison, standings, found), *_changes(found)),
    )


def _low(standings: Standings, found: Weighing, a: str, b: str) -> float:
    """Lower end of the weighted difference, from the simultaneous interval of the quality's."""
    share = found.weights.get("quality", 0.0)
    difference = found.scores[a] - found.scores[b]
    if not share:
        return difference
    most = max(standings.quality(name) for name in standings.choosable) or 1.0
    lead = standings.lead(a, b)
    return difference + share * (lead.low - (standings.quality(a) - standings.quality(b))) / most


def _fates(comparison: Comparison, standings: Standings, found: Weighing) -> Iterator[Reason]:
    choice = found.order[0]
    for name in (model.model for model in comparison.models):
        if name == choice:
            continue
        if name not in standings.names:
            yield reason("fate.no_answer", model=name)
        elif name in found.scores:
            yield reason("fate.weighted", model=name, score=found.scores[name], choice_score=found.scores[choice])
        elif standings.incomplete(name):
            most = max(standings.rows(other) for other in standings.names)
            yield reason("fate.incomplete", model=name, n=standings.rows(name), most=most)
        else:
            by = standings.dominators(name)[0]
            yield reason("fate.dominated", model=name, by=by, difference=standings.lead(by, name).difference)


def _changes(found: Weighing) -> Iterator[Reason]:
    for criterion in found.left_out:
        yield reason("change.weight_unknown", criterion=criterion)
    for turn in found.turns:
        now = found.weights[turn.criterion]
        yield reason("change.weight", criterion=turn.criterion, now=now, weight=turn.weight, model=turn.model)
