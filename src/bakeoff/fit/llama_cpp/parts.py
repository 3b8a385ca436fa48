"""How llama.cpp spreads one step over devices: which layers each computes, with what handed over from where.

Follows the loader's choice of devices (src/llama-model.cpp), the scheduler's splits (ggml/src/ggml-backend.cpp) and the
CUDA backend's wish to compute large steps also for layers whose weights stay with the processor (`offload_op`), build
b11549. Knows nothing about sizes.
"""

from dataclasses import dataclass
from typing import Literal

OFFLOADED_STEP = 32
"""Tokens of a step from which a GPU takes over products with weights in the processor's memory
(`GGML_OP_OFFLOAD_MIN_BATCH`)."""

PIPELINE_COPIES = 4
"""Copies of every input when several GPUs hold the whole model and work on steps in turn (`GGML_SCHED_MAX_COPIES`)."""


@dataclass(frozen=True, slots=True)
class Part:
    """The share of one step that one device computes."""

    first: int
    """Number of its first layer."""

    last: int
    """Number behind its last layer."""

    start: Literal["inputs", "embedding", "residual"] = "inputs"
    """What it begins with: everything; the embedding's rows, made on the processor; another device's residual."""

    output: bool = True
    """It ends with the logits."""

    copies: int = 1
    """Of every input."""

    borrowed: int = 0
    """Layers from the first whose weights and cache lie in the processor's memory."""

    borrowed_experts: int = 0
    """Layers from the first whose routed experts lie in the processor's memory."""

    borrowed_bits: float = 0.0
    """Bits per weight of what is borrowed."""

    experts_elsewhere: int = 0
    """Layers of the model from the first whose routed experts the first GPU computes for this one."""

    half_copies: bool = False
    """Flash attention works on f16 copies of a cache of any other type (CUDA, ROCm)."""


@dataclass(frozen=True, slots=True)
class Split:
    """Where the layers are: llama.cpp fills the GPUs with the last ones, and leaves the first to the processor."""

    gpu_layers: tuple[int, ...] = ()
    """Layers per GPU, in the order of the devices; empty for the processor alone."""

    expert_layers_on_cpu: int = 0
    """`--n-cpu-moe`: layers from the first whose routed experts stay in the processor's memory."""

    output_on_gpu: bool = True
    """The output matrix is on the last GPU. It is as soon as `--gpu-layers` is above the number of layers."""

    bits_per_weight: float = 8.0
    """Of the widest matrices of the build: what a GPU copies for layers that it does not hold."""

    half_copies: bool = True
    """The GPUs run CUDA or ROCm."""


def gpu_parts(n_layers: int, split: Split, step_tokens: int) -> tuple[Part, ...]:
    """What each GPU computes.

    Args:
        n_layers: of the model.
        split: where they are.
        step_tokens: tokens of the largest step.
    """
    devices = split.gpu_layers
    on_cpu = n_layers - sum(devices)
    experts = split.expert_layers_on_cpu
    whole = on_cpu == 0 and split.output_on_gpu and not experts
    copies = PIPELINE_COPIES if len(devices) > 1 and whole else 1
    lends = step_tokens >= OFFLOADED_STEP
    found = []
    start = on_cpu
    for number, count in enumerate(devices):
        takes_over = number == 0 and lends
        found.append(
            Part(
                first=0 if takes_over else start,
                last=start + count,
                start="embedding" if number == 0 and (takes_over or not on_cpu) else "residual",
                output=split.output_on_gpu and number == len(devices) - 1,
                copies=copies,
                borrowed=on_cpu if takes_over else 0,
                borrowed_experts=experts if takes_over else 0,
                borrowed_bits=split.bits_per_weight,
                experts_elsewhere=0 if takes_over else experts,
                half_copies=split.half_copies,
            )
        )
        start += count
    return tuple(found)
