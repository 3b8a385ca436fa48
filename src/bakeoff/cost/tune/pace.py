"""How long training takes: multiplications per token over what the GPUs really do.

A multiply-add is two operations. Forward takes 2 N per token, backward 2 N for the inputs and 2 N for the weights, so
full fine-tuning takes 6 N (Kaplan et al. 2020, arXiv 2001.08361, section 2.1); frozen weights need no gradient of their
own, so LoRA takes 4 N and the little of its adapters. Recomputation adds a forward pass, 2 N. Causal attention adds
2 x width x sequence per layer and token, three times with the backward pass (half of PaLM's count, arXiv 2204.02311,
appendix B, where it is not causal).
"""

from dataclasses import dataclass

from bakeoff.cost.tune.memory import Training, adapter_weights
from bakeoff.cost.tune.shape import Shape
from bakeoff.hardware.machine import Accelerator
from bakeoff.values import Estimate

UTILISATION = (0.25, 0.45, 0.70)
"""Of the GPU's dense 16-bit rate, recomputation counted as work: low, usual, high. Torchtune's table (its README, 2024)
gives 0.60-0.89 by this count for 8B and 70B on RTX 4090 and A100, compiled and packed; 37.5 % without recomputation is
Epoch AI's median of large pre-trainings; plain Transformers scripts with padded rows reach half of torchtune's."""

UNPACKING = (0.55, 0.70, 0.80)
"""QLoRA's speed over LoRA's: 0.78 in torchtune's table (8B, RTX 4090), 0.64 in LitGPT's (7B, A100, short rows)."""

LINKED, UNLINKED = 0.9, 0.65
"""Speed that is left with several GPUs, with NVLink or the like and over PCI Express; our own, from FSDP reports."""


@dataclass(frozen=True, slots=True)
class Pace:
    """Work and time."""

    operations: float
    """Over all tokens."""

    tokens: float
    tokens_per_second: Estimate
    """Of all GPUs together."""

    hours: Estimate


def operations_per_token(shape: Shape, training: Training) -> float:
    """Multiplications and additions for one token, recomputation included."""
    full = training.method in ("full", "full-8bit")
    passes = (3 if full else 2) + (1 if training.recompute else 0)
    attention_passes = 3 + (1 if training.recompute else 0)
    attention = 2 * (shape.attention_width * training.sequence_tokens + 2 * shape.window_width)
    adapters = 0 if full else 6 * adapter_weights(shape, training.rank)
    return 2 * passes * shape.active_matrices + attention_passes * attention + adapters


def matrix_rate(one: Accelerator) -> float | None:
    """Dense 16-bit operations per second, accumulated in 32 bit; None where it is not known."""
    return one.rates.bf16 or one.rates.fp16 or one.rates.fp32


def pace(shape: Shape, training: Training, cards: tuple[Accelerator, ...], tokens: float) -> Pace | None:
    """Time for so many tokens on equal GPUs; None where their rate is not known."""
    rate = matrix_rate(cards[0])
    if rate is None:
        return None
    operations = operations_per_token(shape, training) * tokens
    shared = 1.0 if len(cards) == 1 else LINKED if cards[0].peer_bytes_per_second else UNLINKED
    low, usual, high = (
        rate * len(cards) * shared * share * (unpacking if training.method == "qlora" else 1.0)
        for share, unpacking in zip(UTILISATION, UNPACKING, strict=True)
    )
    per_token = operations / tokens
    return Pace(
        operations=operations,
        tokens=tokens,
        tokens_per_second=Estimate(usual / per_token, low / per_token, high / per_token, "estimated", cards[0].name),
        hours=Estimate(operations / usual / 3600, operations / high / 3600, operations / low / 3600, "estimated"),
    )
