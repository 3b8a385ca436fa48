"""Laying out a model with MLX or Transformers: everything on one device, or spread over all GPUs; simple sums."""

from collections.abc import Iterator
from dataclasses import replace
from functools import partial

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.builds import Engine
from bakeoff.catalog.model import Model
from bakeoff.fit.loaded import Loaded
from bakeoff.fit.memory import Memory
from bakeoff.fit.mlx import mlx_memory
from bakeoff.fit.plan import commands
from bakeoff.fit.plan.candidates import device_obstacle
from bakeoff.fit.plan.laid import Laid, largest
from bakeoff.fit.plan.plan import Offload
from bakeoff.fit.plan.pools import by_speed, shortage
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.speed import SYSTEM, by_depth
from bakeoff.fit.transformers import transformers_memory
from bakeoff.fit.weights import BuildWeights, computed_bytes
from bakeoff.hardware.machine import Machine


def lay(model: Model, weights: BuildWeights, machine: Machine, wanted: Wanted, limit: int | None, *, mlx: bool) -> Laid:
    """Load a model: on one GPU, else over all of them, else with the processor.

    Args:
        model: whose architecture is known.
        weights: the build.
        machine: where it is to run.
        wanted: context and users.
        limit: tokens of one request that the model was made for; None where that is not known.
        mlx: with MLX and not Transformers.
    """
    architecture = model.architecture
    assert architecture is not None
    context = wanted.per_conversation(limit)
    loaded = partial(_loaded, architecture, weights, wanted, mlx)
    tried = list(_places(weights, machine, mlx))
    places = next((some for some in tried if shortage(machine, _bytes(loaded, context, some)) is None), tried[-1])
    gpus = tuple(place for place in places if place != SYSTEM)
    layers = architecture.n_layers
    return Laid(
        uses=_uses(loaded(context, bool(gpus)), places),
        offload=Offload(
            mode="cpu" if not gpus else "gpu" if len(gpus) == 1 else "gpus",
            layers=layers,
            gpu_layers=tuple(layers * (n + 1) // len(gpus) - layers * n // len(gpus) for n in range(len(gpus))),
            devices=gpus,
        ),
        lacking=shortage(machine, _bytes(loaded, context, places)),
        conversations=wanted.conversations,
        context_tokens=wanted.counted_context(limit),
        work_at=by_depth(architecture, weights, place=places[0]),
        command=(commands.mlx if mlx else commands.transformers)(model, weights.build, wanted.output_tokens),
        largest_context=partial(
            largest,
            lambda tokens: shortage(machine, _bytes(loaded, tokens, places)) is None,
            wanted,
            context,
            limit,
        ),
    )


def _places(weights: BuildWeights, machine: Machine, mlx: bool) -> Iterator[tuple[int, ...]]:
    engine: Engine = "mlx" if mlx else "transformers"
    gpus = [
        gpu for gpu in by_speed(machine) if device_obstacle(weights.build, engine, machine.accelerators[gpu]) is None
    ]
    for gpu in gpus:
        yield (gpu,)
    if len(gpus) > 1:
        yield tuple(gpus)
    if not mlx:
        yield (SYSTEM,)


def _loaded(
    architecture: Architecture, weights: BuildWeights, wanted: Wanted, mlx: bool, context: int, on_gpu: bool
) -> Loaded:
    if mlx:
        return mlx_memory(architecture, weights.tensor_bytes, context_tokens=context, batch=wanted.conversations)
    return transformers_memory(
        architecture,
        weights.tensor_bytes,
        context_tokens=context,
        batch=wanted.conversations,
        number_bytes=computed_bytes(weights.build),
        on_gpu=on_gpu,
    )


def _bytes(loaded: "partial[Loaded]", context: int, places: tuple[int, ...]) -> dict[int, float]:
    uses = _uses(loaded(context, places[0] != SYSTEM), places)
    return {place: float(use.total_bytes) for place, use in uses.items()}


def _uses(found: Loaded, places: tuple[int, ...]) -> dict[int, Memory]:
    """Spread evenly; every device has its own context and scratch."""
    n = len(places)
    use = replace(
        found.memory,
        weights_bytes=found.weights_bytes // n,
        kv_cache_bytes=found.kv_cache_bytes // n,
        recurrent_state_bytes=found.recurrent_state_bytes // n,
    )
    return dict.fromkeys(places, use)
