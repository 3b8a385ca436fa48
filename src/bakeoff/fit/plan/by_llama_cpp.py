"""Laying out a GGUF build with llama.cpp."""

from functools import cache, partial

from bakeoff.catalog.model import Model
from bakeoff.fit.llama_cpp.settings import Settings, number_bytes
from bakeoff.fit.plan import commands
from bakeoff.fit.plan.laid import Laid, largest
from bakeoff.fit.plan.layers import Layers
from bakeoff.fit.plan.offload import Placed, best_placement, check, on_gpus_only
from bakeoff.fit.plan.placement import Placement
from bakeoff.fit.plan.plan import Offload
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.speed import Work, placed, whole
from bakeoff.fit.weights import BuildWeights
from bakeoff.hardware.machine import Machine


def lay(model: Model, weights: BuildWeights, machine: Machine, wanted: Wanted, limit: int | None) -> Laid:
    """Place a build.

    Args:
        model: whose architecture is known.
        weights: the build.
        machine: where it is to run.
        wanted: context, slots, cache types, ...
        limit: tokens of one conversation that the model was made for; None where that is not known.

    Raises:
        UsageError: llama.cpp does not take the settings for this model.
    """
    architecture = model.architecture
    assert architecture is not None
    context = wanted.all_conversations(limit)
    layers = Layers(architecture, weights, wanted.settings(context))
    found = best_placement(layers, machine)
    placement, settings = found.placement, layers.settings
    offload = Offload(
        mode=placement.mode,
        layers=placement.n_layers,
        gpu_layers=placement.gpu_layers,
        devices=placement.gpus,
        expert_layers_on_cpu=placement.experts_on_cpu,
    )
    return Laid(
        uses=found.uses,
        offload=offload,
        lacking=found.lacking,
        conversations=settings.n_slots,
        context_tokens=wanted.counted_context(limit),
        work_at=cache(partial(_work, layers, placement)),
        command=commands.llama_server(
            model,
            weights.build,
            machine,
            offload,
            context_tokens=context,
            n_slots=settings.n_slots,
            kv_types=(settings.kv_type_k, settings.kv_type_v),
            flash_attention=settings.flash_attention,
            batch=settings.batch,
            ubatch=settings.ubatch,
        ),
        largest_context=partial(
            largest,
            partial(_fits, layers, machine, wanted, found),
            wanted,
            context // settings.n_slots,
            limit,
        ),
    )


def _work(layers: Layers, placement: Placement, depth: float) -> Work:
    """One token at a depth."""
    number_bytes = cached_number_bytes(layers.settings)
    places = set(placement.layer_places()) | {placement.head_place}
    if len(places) == 1 and not placement.experts_on_cpu:
        return whole(
            layers.architecture,
            layers.weights,
            place=places.pop(),
            depth_tokens=depth,
            number_bytes=number_bytes,
        )
    return placed(
        layers.architecture,
        layers.weights,
        layers=placement.layer_places(),
        experts=placement.expert_places(),
        head=placement.head_place,
        depth_tokens=depth,
        number_bytes=number_bytes,
    )


def cached_number_bytes(settings: Settings) -> float:
    """Bytes per number of the cache, keys and values together."""
    return (number_bytes(settings.kv_type_k) + number_bytes(settings.kv_type_v)) / 2


def _fits(layers: Layers, machine: Machine, wanted: Wanted, found: Placed, per_conversation: int) -> bool:
    """A longer context has room as the model lies now; where it is all on GPUs, on any set of them."""
    larger = Layers(layers.architecture, layers.weights, wanted.settings(per_conversation * layers.settings.n_slots))
    if check(larger, machine, found.placement).lacking is None:
        return True
    return found.placement.mode in ("gpu", "gpus") and on_gpus_only(larger, machine)
