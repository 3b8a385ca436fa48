"""Which models are the same base under different names: for one row per base model in a table.

Fine-tunes stand behind what they were made from, versions of one size of one maker behind the newest.
"""

from collections.abc import Mapping

from bakeoff.catalog.model import Model

MADE_FROM = frozenset(("finetune", "instruction-tuned from", "continued-pretrain", "merge"))
"""Relations that keep size and shape. A pruned or distilled model is another base."""

LONGEST = 10
"""Steps of lineage that are followed."""


def root(model: Model, models: Mapping[str, Model]) -> str:
    """Id of the model that this one goes back to; its own where it goes back to none."""
    seen = [model.id]
    while len(seen) < LONGEST:
        parents = [one.model for one in model.lineage if one.relation in MADE_FROM]
        if not parents or parents[0] in seen:
            break
        seen.append(parents[0])
        if parents[0] not in models:
            break
        model = models[parents[0]]
    return seen[-1]


def base(model: Model, models: Mapping[str, Model]) -> tuple[object, ...]:
    """What all models of one base have in common: maker and shape of the root, or the root's name.

    The number of parameters is not part of it: versions differ in their prediction layers and vision towers.
    """
    first = models.get(root(model, models))
    if first is None or first.architecture is None:
        return (root(model, models),)
    shape = first.architecture
    experts = max((run.layer.feed_forward.n_experts for run in shape.runs if run.layer.feed_forward), default=0)
    return (first.organisation, shape.name, shape.n_layers, shape.hidden_size, experts)


def is_derived(model: Model, models: Mapping[str, Model]) -> bool:
    """Made by someone else from another maker's model."""
    first = models.get(root(model, models))
    if first is None:
        return root(model, models).partition("/")[0] != model.id.partition("/")[0]
    return first.organisation != model.organisation


def counted_date(model: Model, models: Mapping[str, Model]) -> str | None:
    """The date that says how far the field was: the root's for what others made from it; None for its own."""
    if not is_derived(model, models):
        return None
    first = models.get(root(model, models))
    return first.release.date if first is not None and first.release is not None else None
