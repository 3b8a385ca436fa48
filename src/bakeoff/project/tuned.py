"""Fine-tunes among the candidates: which was made from which, and whether it answers better."""

from collections.abc import Iterator, Mapping, Sequence

from bakeoff.catalog.finding import find
from bakeoff.catalog.model import Model
from bakeoff.cost.tune.family import TUNED
from bakeoff.errors import UsageError
from bakeoff.evaluate.results import Pair
from bakeoff.evaluate.types import Candidate
from bakeoff.project.contestants import candidate_of
from bakeoff.values import Reason, reason


def verdict(pair: Pair, base: str, uplift: float | None = None) -> Reason:
    """Whether a fine-tune answers better than its base, by as much as it must.

    Args:
        pair: the two of them, on rows that were not trained on.
        base: the one of the two that was tuned.
        uplift: share of answers that must come right in addition (`cost.tune.payback`); None asks for any.
    """
    sign, tuned = (1, pair.a) if pair.b == base else (-1, pair.b)
    low, high = sorted((sign * pair.low, sign * pair.high))
    needed = uplift or 0.0
    word = "pays" if low > needed else "does_not" if high <= needed else "open"
    return reason(
        f"tune.verdict_{word}",
        tuned=tuned,
        base=base,
        n=pair.n,
        difference=sign * pair.difference,
        low=low,
        high=high,
        uplift=uplift,
    )


def verdicts(pairs: Sequence[Pair], candidates: Sequence[Candidate], said: Mapping[str, str]) -> Iterator[Reason]:
    """The verdict on every fine-tune whose base is a candidate too, with the same variant of the prompt.

    Args:
        pairs: of the comparison.
        candidates: of the project file.
        said: name of a fine-tune to name of its base, where the project file says so; else the catalog does.
    """
    names = {one.name for one in candidates}
    yield from (reason("tune.no_base", tuned=tuned, base=base) for tuned, base in said.items() if base not in names)
    if len({(one.model, one.via) for one in candidates}) < 2:
        return
    models = {one.name: _known(one.model) for one in candidates}
    bases = {name: _ancestors(model) for name, model in models.items() if model is not None}
    for pair in pairs:
        for tuned, base in ((pair.a, pair.b), (pair.b, pair.a)):
            of, parent = candidate_of(tuned, candidates), candidate_of(base, candidates)
            if of.name in said:
                made_from = said[of.name] == parent.name
            else:
                known = models[parent.name]
                made_from = (known.id if known is not None else parent.model) in bases.get(of.name, ())
            same_prompt = tuned.removeprefix(of.name) == base.removeprefix(parent.name)
            if pair.n and made_from and same_prompt:
                yield verdict(pair, base)


def _known(name: str) -> Model | None:
    """The model of the catalog; None where the name means none, or several."""
    try:
        return find(name)
    except UsageError:
        return None


def _ancestors(model: Model) -> frozenset[str]:
    """Models that it was made from by training."""
    found: set[str] = set()
    owed = [model]
    while owed:
        one = owed.pop()
        more = {line.model for line in one.lineage if line.relation in TUNED} - found - {model.id}
        found |= more
        owed += [parent for parent in map(_known, more) if parent is not None]
    return frozenset(found)
