"""What a sequence's memory adds to a token: keys, values and states that are read, and operations of attention.

A cache that is read differs from one that is allocated: a window reads no more than itself, empty cells are not read.
Knows nothing about engines or machines.
"""

from dataclasses import dataclass
from functools import lru_cache

from bakeoff.catalog.architecture import Architecture, Attention, Recurrent


@dataclass(frozen=True, slots=True)
class Reader:
    """Equal attention layers."""

    count: int
    numbers: int
    """Numbers that the cache holds per token and layer."""

    score_width: int
    """Numbers that the query heads together multiply per cached token: heads x (key size + value size)."""

    window: int | None
    latent: bool
    """One compressed key for all heads: few bytes, much arithmetic."""


@lru_cache(maxsize=4096)
def readers(architecture: Architecture) -> tuple[Reader, ...]:
    """The attention layers of a model, in order, runs of equal ones together."""
    return tuple(reader(run.layer.attention, run.count) for run in architecture.runs if run.layer.attention is not None)


def reader(attention: Attention, count: int = 1) -> Reader:
    """What one kind of attention layer reads.

    MLA caches the latent and the rotary part of the key (DeepSeek-V2, arXiv 2405.04434, 2.1); every head multiplies
    both, once for scores and the latent once more for values. A layer that shares another's cache reads it all the
    same.
    """
    if attention.latent is not None:
        latent, rotary = attention.latent.kv_lora_rank, attention.latent.qk_rope_head_dim
        width = attention.n_heads * (2 * latent + rotary)
        return Reader(count, latent + rotary, width, attention.window, True)
    both = attention.head_dim_k + attention.head_dim_v
    return Reader(count, attention.n_kv_heads * both, attention.n_heads * both, attention.window, False)


def cache_numbers(one: Reader, depth: float) -> float:
    """Numbers of one layer's cache that a token at `depth` reads."""
    return one.numbers * (depth if one.window is None else min(depth, one.window))


STATE_BYTES = 4.0
"""llama.cpp keeps recurrent states in 32 bit."""


def state_traffic(recurrent: Recurrent) -> float:
    """Bytes of one layer's state that a token reads and writes back; a short convolution's few rows do not count."""
    if recurrent.kind == "short_conv":
        return 0.0
    return 2.0 * STATE_BYTES * recurrent.inner_size * recurrent.state_size


def attention_operations(architecture: Architecture, start: float, count: float) -> float:
    """Operations of scores and values for `count` tokens that follow `start` cached ones; causal.

    Two per multiply-add; the mean token sees `start + count / 2` others, or its window.
    """
    total = 0.0
    for one in readers(architecture):
        seen = start + count / 2
        if one.window is not None:
            seen = min(seen, one.window)
        total += 2.0 * one.count * one.score_width * count * seen
    return total
