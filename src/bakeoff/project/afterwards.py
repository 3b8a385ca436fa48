"""What the ledger tells of how answers came about: their cost, who was dropped by a race, who ran beside another."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.digests import Digests, first_of_each
from bakeoff.evaluate.results import Comparison
from bakeoff.evaluate.store import Ledger
from bakeoff.project.contestants import Contestant
from bakeoff.project.filling import present_drops
from bakeoff.project.pricing import price_of
from bakeoff.project.racing import drop_reason
from bakeoff.values import Reason, reason


def cost_of(contestant: Contestant, ledger: Ledger, prices: Mapping[str, PricePerToken]) -> str | None:
    """US dollars for all answers of a candidate at today's price, as decimal text; None where that is not known.

    Rows with equal requests were paid once. Failed attempts are not in it: whether they are billed is not known.
    """
    if contestant.resolved is None or contestant.resolved.answers is not None or not contestant.digests:
        return None
    price = price_of(contestant.candidate, contestant.resolved, prices)
    if price is None:
        return None
    usage = ledger.usage(different(contestant.digests))
    if usage.uncounted or not usage.calls:
        return None
    return format(price.cost(usage.prompt_tokens, usage.output_tokens, calls=usage.calls).normalize(), "f")


def different(repetitions: Sequence[Digests]) -> Digests:
    """The address of each different call."""
    return Digests.joined(repetitions).taken(first_of_each(repetitions))


def as_run(comparison: Comparison, found: Sequence[Contestant], grading: str, ledger: Ledger) -> Comparison:
    """The comparison with what a race did, in place of what would look like rows left out, and with slow company.

    Args:
        comparison: of all candidates.
        found: the candidates.
        grading: `Task.identity`.
        ledger: of the project.
    """
    drops = {drop.candidate: drop for drop in present_drops(found, grading, ledger)}
    left = [model.model for model in comparison.models if model.model not in drops]
    ended = set(drops) if len(left) > 1 else set(drops) | set(left)
    caveats: list[Reason] = [
        caveat
        for caveat in comparison.caveats
        if not (drops and caveat.code == "cells.missing" and caveat.parameters["model"] in ended)
    ]
    caveats += [drop_reason(drop.candidate, drop) for drop in drops.values()]
    if drops and len(left) == 1:
        caveats.append(reason("race.won", model=left[0]))
    return replace(comparison, caveats=(*caveats, *_beside_others(found, ledger)))


def _beside_others(found: Sequence[Contestant], ledger: Ledger) -> list[Reason]:
    """Candidates on this machine whose answers were timed while another one worked there."""
    crowded: dict[int, bool] = {}
    slow = []
    for contestant in found:
        if contestant.resolved is None or not contestant.resolved.local or not contestant.digests:
            continue
        for run in ledger.runs_of(contestant.digests[0]):
            if run not in crowded:
                manifest = ledger.manifest(run) or {}
                local = [one for one in manifest.get("candidates", {}).values() if one.get("local") and one["owed"]]
                crowded[run] = bool(manifest.get("together")) and len(local) > 1
            if crowded[run]:
                slow.append(contestant.candidate.name)
                break
    return [reason("run.together", models=slow)] if slow else []
