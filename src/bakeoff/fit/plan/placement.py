"""Where llama.cpp puts the layers of a model, and what each device then holds. Sums; the search is in `offload`.

llama.cpp fills the GPUs with the last layers, the head behind them on the last GPU (`llama_model::load_tensors`, build
b11549); the embedding and whatever is left stays with the processor, and so do the routed experts of the first
`--n-cpu-moe` layers.
"""

from dataclasses import dataclass
from typing import Literal

from bakeoff.fit.llama_cpp import DEVICE_OVERHEAD, Split, output_bytes, split_compute
from bakeoff.fit.memory import Memory
from bakeoff.fit.plan.layers import Layers
from bakeoff.fit.speed import SYSTEM
from bakeoff.hardware.machine import Machine
from bakeoff.units import MIB

Mode = Literal["gpu", "gpus", "experts on cpu", "layers on cpu", "cpu"]

HOST_OVERHEAD = 200 * MIB
"""The server process itself: code, vocabulary, HTTP."""


@dataclass(frozen=True, slots=True)
class Placement:
    """Where the layers are."""

    gpus: tuple[int, ...] = ()
    """Accelerators in the order in which they are given to llama.cpp."""

    gpu_layers: tuple[int, ...] = ()
    """Layers on each; the head comes on top on the last one."""

    experts_on_cpu: int = 0
    """Layers from the first whose routed experts stay with the processor."""

    n_layers: int = 0

    @property
    def on_gpu(self) -> int:
        """Layers on GPUs."""
        return sum(self.gpu_layers)

    @property
    def on_cpu(self) -> int:
        """Layers with the processor."""
        return self.n_layers - self.on_gpu

    @property
    def mode(self) -> Mode:
        """In one word."""
        if not self.gpus:
            return "cpu"
        if self.on_cpu:
            return "layers on cpu"
        if self.experts_on_cpu:
            return "experts on cpu"
        return "gpus" if len(self.gpus) > 1 else "gpu"

    def layer_places(self) -> list[int]:
        """The place of every layer."""
        places = [SYSTEM] * self.on_cpu
        for gpu, count in zip(self.gpus, self.gpu_layers, strict=True):
            places += [gpu] * count
        return places

    def expert_places(self) -> list[int]:
        """The place of every layer's routed experts."""
        return [SYSTEM if number < self.experts_on_cpu else at for number, at in enumerate(self.layer_places())]

    @property
    def head_place(self) -> int:
        """The place of the head."""
        return self.gpus[-1] if self.gpus else SYSTEM


def uses(model: Layers, machine: Machine, placement: Placement) -> dict[int, Memory]:
    """What each device holds: the processor under `SYSTEM`, GPUs by their position."""
    compute = split_compute(model.architecture, model.settings, _split(model, machine, placement))
    found: dict[int, Memory] = {}
    first = placement.on_cpu
    last_gpu = len(placement.gpus) - 1
    for number, (gpu, count) in enumerate(zip(placement.gpus, placement.gpu_layers, strict=True)):
        end = first + count
        weights = model.dense_between(first, end)
        weights += model.experts_between(max(first, placement.experts_on_cpu), end)
        found[gpu] = Memory(
            weights_bytes=weights + (model.output_bytes if number == last_gpu else 0),
            kv_cache_bytes=model.kv_between(first, end),
            recurrent_state_bytes=model.state_between(first, end),
            compute_bytes=compute.gpus[number],
            overhead_bytes=overhead(machine, gpu),
        )
        first = end
    found[SYSTEM] = _host(model, placement, compute.host)
    return found


def _host(model: Layers, placement: Placement, compute: int) -> Memory:
    on_cpu = placement.on_cpu
    weights = model.host_bytes + model.dense_between(0, on_cpu)
    weights += model.experts_between(0, max(on_cpu, placement.experts_on_cpu))
    if not placement.gpus:
        weights += model.weights.output_bytes
    return Memory(
        weights_bytes=weights,
        kv_cache_bytes=model.kv_between(0, on_cpu),
        recurrent_state_bytes=model.state_between(0, on_cpu),
        compute_bytes=compute,
        output_bytes=output_bytes(model.architecture, model.settings),
        overhead_bytes=HOST_OVERHEAD,
    )


def overhead(machine: Machine, gpu: int) -> int:
    """What the backend takes on a device beside llama.cpp's buffers."""
    return round(DEVICE_OVERHEAD[machine.accelerators[gpu].backend].value)


def _split(model: Layers, machine: Machine, placement: Placement) -> Split:
    if not placement.gpus:
        return Split()
    lent = placement.on_cpu or placement.experts_on_cpu  # else all builds have the same buffers
    backends = {machine.accelerators[gpu].backend for gpu in placement.gpus}
    return Split(
        gpu_layers=placement.gpu_layers,
        expert_layers_on_cpu=placement.experts_on_cpu,
        bits_per_weight=round(model.bits_per_weight, 2) if lent else 0.0,
        half_copies=bool(backends & {"cuda", "rocm"}),
    )
