"""What a model takes under llama.cpp beside its weights, and the largest context that fits. Exact, in bytes.

One device that holds everything; `compute.split_compute` and `cache.layer_caches` have the parts for several.
"""

from dataclasses import dataclass, replace

from bakeoff.catalog.architecture import Architecture
from bakeoff.fit.llama_cpp.cache import kv_and_state
from bakeoff.fit.llama_cpp.compute import compute_bytes
from bakeoff.fit.llama_cpp.settings import PAD_CELLS, FlashAttention, Settings

MOST_CONTEXT = 1 << 27
"""Tokens beyond which no context is looked for, where the model names no limit."""


@dataclass(frozen=True, slots=True)
class EngineMemory:
    """Bytes by part."""

    kv_cache_bytes: int
    recurrent_state_bytes: int
    compute_bytes: int
    output_bytes: int
    """Logits of all slots."""

    @property
    def total_bytes(self) -> int:
        """Sum of the parts."""
        return self.kv_cache_bytes + self.recurrent_state_bytes + self.compute_bytes + self.output_bytes


def llama_cpp_memory(
    architecture: Architecture,
    *,
    context_tokens: int,
    n_slots: int = 1,
    kv_type_k: str = "f16",
    kv_type_v: str = "f16",
    batch: int = 2048,
    ubatch: int = 512,
    flash_attention: FlashAttention = "auto",
    kv_unified: bool = False,
    swa_full: bool = False,
    n_outputs: int | None = None,
) -> EngineMemory:
    """The memory of a model, by part. The options are those of `Settings`.

    Raises:
        UsageError: llama.cpp does not take a value, or not with this model.
    """
    return engine_memory(
        architecture,
        Settings(
            context_tokens=context_tokens,
            n_slots=n_slots,
            kv_type_k=kv_type_k,
            kv_type_v=kv_type_v,
            batch=batch,
            ubatch=ubatch,
            flash_attention=flash_attention,
            kv_unified=kv_unified,
            swa_full=swa_full,
            n_outputs=n_outputs,
        ),
    )


def engine_memory(architecture: Architecture, settings: Settings) -> EngineMemory:
    """The same for settings that are already made."""
    kv, state = kv_and_state(architecture, settings)
    return EngineMemory(kv, state, compute_bytes(architecture, settings), output_bytes(architecture, settings))


def output_bytes(architecture: Architecture, settings: Settings) -> int:
    """One row of f32 logits per slot (`llama_context::output_reserve`, src/llama-context.cpp)."""
    return 4 * settings.n_slots * architecture.vocab_size


def max_context(
    architecture: Architecture, settings: Settings, room_bytes: int, *, most_tokens: int | None = None
) -> int:
    """The largest `context_tokens` that fits; 0 if none does.

    Args:
        architecture: the model.
        settings: everything but the context.
        room_bytes: what is left for cache and buffers, weights taken off.
        most_tokens: no more than this; None for what the model was made for, in every slot.
    """
    step = PAD_CELLS * settings.n_streams
    if most_tokens is None:
        slots = 1 if settings.kv_unified else settings.n_slots
        most_tokens = slots * architecture.context_tokens if architecture.context_tokens else MOST_CONTEXT

    def left(tokens: int) -> int:
        return room_bytes - engine_memory(architecture, replace(settings, context_tokens=tokens)).total_bytes

    if left(most_tokens) >= 0:
        return most_tokens
    low, high = 0, -(-most_tokens // step)
    left_low, left_high = room_bytes, left(high * step)
    while high - low > 1:  # memory is almost a straight line: between the ends, then half way if that did not help
        guess = low + max(1, min(high - low - 1, (high - low) * left_low // max(1, left_low - left_high)))
        for middle in (guess, (low + high) // 2):
            if not low < middle < high:
                continue
            found = left(middle * step)
            if found >= 0:
                low, left_low = middle, found
            else:
                high, left_high = middle, found
    return low * step
