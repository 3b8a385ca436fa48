"""Bytes on each GPU while training: weights, gradients, optimizer, activations, logits. Formulas and their sources.

Full fine-tuning in mixed precision takes 16 bytes per weight: 2 for the weight, 2 for its gradient, 4 for the copy in
32 bit, 8 for Adam's two moments (Rajbhandari et al. 2020, ZeRO, arXiv 1910.02054, section 3.1). An 8-bit Adam on 16-bit
weights takes 6 (Dettmers et al. 2022, arXiv 2110.02861). ZeRO-3 and FSDP divide all of it by the number of GPUs and
gather one layer at a time. LoRA trains only its adapters (Hu et al. 2021, arXiv 2106.09685); QLoRA keeps the frozen
matrices in 4-bit NF4 with constants quantized again, 4.127 bits per weight (Dettmers et al. 2023, arXiv 2305.14314,
section 3). Recomputation keeps only each layer's input (Chen et al. 2016, arXiv 1604.06174).

What published measurements say against this: docs/concepts/cost.md and tests/cost/test_tune_memory.py.
"""

from dataclasses import dataclass
from typing import Literal

from bakeoff.cost.tune.shape import KEPT_BYTES, Shape
from bakeoff.units import GIB
from bakeoff.values import Estimate

Method = Literal["lora", "qlora", "full", "full-8bit"]
METHODS: tuple[Method, ...] = ("lora", "qlora", "full", "full-8bit")
"""full-8bit: all weights in 16 bit with an 8-bit Adam, no copy in 32 bit."""

WEIGHT_BYTES = 2.0
NF4_BYTES = 4.127 / 8
TRAINED_BYTES = {"full": 16.0, "full-8bit": 6.0, "lora": 16.0, "qlora": 16.0}
"""Per trained weight: itself, gradient, optimizer. Adapters are trained in 32 bit: 4 + 4 + 8 = 16 as well."""

LOGIT_BYTES, CHUNKED_LOGIT_BYTES = 10.0, 1.5
"""Per token and word: logits in 16 bit, in 32 bit, and their gradient (2 + 4 + 4); an eighth of it and a little where
the loss is computed in pieces (torchtune, Liger, Unsloth, LitGPT)."""

ACTIVATION_SPREAD = (0.85, 1.45)
"""Norms in 32 bit and dropout keep more, fused kernels less."""

RUNTIME_BYTES = 0.8 * GIB
"""CUDA context, cuBLAS workspaces, NCCL buffers."""

FRAGMENTS = (0.0, 0.05, 0.12)
"""Of what PyTorch allocates, lost between blocks: low, usual, high; our own, from PyTorch's reserved over allocated."""


@dataclass(frozen=True, slots=True)
class Training:
    """How it is trained."""

    method: Method
    sequence_tokens: int = 2048
    micro_batch: int = 1
    """Sequences per GPU and step."""

    gpus: int = 1
    """More than one: weights, gradients and optimizer are sharded over them (ZeRO-3, FSDP)."""

    rank: int = 16
    """Of the adapters."""

    recompute: bool = True
    """Activation checkpointing: less memory, a third more work."""

    chunked_loss: bool = True


@dataclass(frozen=True, slots=True)
class TrainingMemory:
    """Bytes on each GPU."""

    weights_bytes: float
    gradients_and_optimizer_bytes: float
    adapters_bytes: float
    """Adapters with their gradients and optimizer; 0 in full fine-tuning."""

    gathered_bytes: float
    """Layers that are gathered whole where weights are sharded, or unpacked where they are quantized."""

    activations_bytes: float
    logits_bytes: float
    allocated_bytes: float
    """Sum of the above: PyTorch's `max_memory_allocated`."""

    total: Estimate
    """With runtime and fragments: what must be free."""

    trained_weights: int


def adapter_weights(shape: Shape, rank: int) -> int:
    """Numbers in adapters of a rank on every matrix of the blocks: rank x (rows + columns)."""
    return rank * shape.lora_rows_and_columns


def training_memory(shape: Shape, training: Training) -> TrainingMemory:
    """What training takes on each GPU."""
    full = training.method in ("full", "full-8bit")
    frozen = _frozen_bytes(shape, training.method)
    adapters = 0 if full else adapter_weights(shape, training.rank)
    trained = shape.weights if full else adapters
    state = TRAINED_BYTES[training.method]
    weights = (shape.weights * WEIGHT_BYTES if full else frozen) / training.gpus
    optimizer = (shape.weights * (state - WEIGHT_BYTES) if full else 0.0) / training.gpus
    tuned = adapters * state / training.gpus
    gathered = 0.0
    if training.gpus > 1:
        gathered = 2 * shape.largest_layer * WEIGHT_BYTES  # this layer, and the next one on its way
    elif training.method == "qlora":
        gathered = shape.largest_layer / 3 * WEIGHT_BYTES  # one matrix at a time is unpacked to 16 bit
    activations = _activations(shape, training)
    tokens = training.sequence_tokens * training.micro_batch
    per_word = CHUNKED_LOGIT_BYTES if training.chunked_loss else LOGIT_BYTES
    logits = tokens * shape.vocabulary * per_word
    static = weights + optimizer + tuned + gathered
    low, usual, high = (
        (static + activations * spread + logits) * (1 + lost) + RUNTIME_BYTES
        for spread, lost in zip((ACTIVATION_SPREAD[0], 1.0, ACTIVATION_SPREAD[1]), FRAGMENTS, strict=True)
    )
    return TrainingMemory(
        weights_bytes=weights,
        gradients_and_optimizer_bytes=optimizer,
        adapters_bytes=tuned,
        gathered_bytes=gathered,
        activations_bytes=activations,
        logits_bytes=logits,
        allocated_bytes=static + activations + logits,
        total=Estimate(usual, low, high, "estimated", f"{training.method}, {training.sequence_tokens} tokens"),
        trained_weights=trained,
    )


def _frozen_bytes(shape: Shape, method: Method) -> float:
    """Weights that are only read: embeddings, head and vectors stay in 16 bit."""
    if method == "qlora":
        return shape.matrices * NF4_BYTES + (shape.weights - shape.matrices) * WEIGHT_BYTES
    return shape.weights * WEIGHT_BYTES


def _activations(shape: Shape, training: Training) -> float:
    tokens = training.sequence_tokens * training.micro_batch
    if training.recompute:
        return tokens * KEPT_BYTES * (shape.layers * shape.hidden + shape.largest_kept)
    return tokens * KEPT_BYTES * shape.kept_per_token
