"""SGLang's memory on one of its GPUs: what is left for the cache, and how many requests that holds.

SGLang fixes the share for weights and cache beforehand (`--mem-fraction-static`) and leaves the rest to activations and
CUDA graphs. By default it counts that rest from the GPU's size (`_handle_gpu_memory_settings`,
python/sglang/srt/server_args.py); the pool follows `python/sglang/srt/model_executor/`. Read there, not measured by us.
"""

from dataclasses import dataclass
from typing import Literal

from bakeoff.catalog.architecture import Architecture
from bakeoff.errors import UsageError
from bakeoff.fit.engine_cache import CacheKind, cache_kinds, kept_tokens
from bakeoff.units import GIB, MIB
from bakeoff.values import Estimate

SIZES: tuple[tuple[float, int, int, int], ...] = (
    (20, 2048, 8, 8),
    (35, 2048, 24, 80),
    (60, 4096, 32, 160),
    (160, 8192, 256, 512),
    (float("inf"), 16384, 512, 512),
)
"""GPUs below so many GiB: `chunked_prefill_size`, and `cuda_graph_max_bs` with fewer than four GPUs and with more."""

FIXED_MIB = 512
PREFILL_MIB = 1.5
"""Per token of a chunk."""

GRAPH_MIB = 2
"""Per request in a CUDA graph."""

PARALLEL_MIB = 128
"""Per GPU."""

LARGE_GIB, LARGE_LEAST_MIB = 60, 10 * 1024

CONTEXT_BYTES = round(0.6 * GIB)
"""CUDA context and libraries, gone before SGLang looks how much is free."""

WINDOW_SHARE = 0.8
"""`swa_full_tokens_ratio`: tokens that layers with a window have room for, by those of the others."""

STATE_SHARE = 0.9
"""`mamba_full_memory_ratio`: bytes for recurrent states, by those for keys and values."""


@dataclass(frozen=True, slots=True)
class SglangSettings:
    """The options that decide memory."""

    context_tokens: int
    """`--context-length`: tokens of one request."""

    tensor_parallel: int = 1
    mem_fraction_static: float | None = None
    """None: as SGLang counts it."""

    kv_cache_dtype: Literal["auto", "fp8_e4m3", "fp8_e5m2"] = "auto"
    number_bytes: int = 2

    def __post_init__(self) -> None:
        fraction = self.mem_fraction_static
        if fraction is not None and not 0 < fraction < 1:
            raise UsageError(f"mem_fraction_static is {fraction}", hint="it is a share: above 0, below 1")
        if self.context_tokens < 1 or self.tensor_parallel < 1:
            raise UsageError("context_tokens and tensor_parallel are at least 1")


@dataclass(frozen=True, slots=True)
class SglangMemory:
    """One GPU."""

    weights_bytes: int
    mem_fraction_static: float
    reserved: Estimate
    """Bytes for activations and CUDA graphs."""

    kv_pool: Estimate
    """Bytes; negative where the weights alone are too much."""

    kv_tokens: int
    """`max_total_num_tokens` in SGLang's log: of layers with full attention."""

    concurrency: float
    """Requests of `context_tokens` that have room at the same time."""

    @property
    def fits(self) -> bool:
        """One request has room."""
        return self.concurrency >= 1


def usual_fraction(gpu_bytes: float, tensor_parallel: int = 1) -> float:
    """`mem_fraction_static` where it is not given."""
    gib = gpu_bytes / GIB
    chunk, few, many = next((chunk, few, many) for below, chunk, few, many in SIZES if gib < below)
    requests = few if tensor_parallel < 4 else many
    reserved = FIXED_MIB + PREFILL_MIB * chunk + GRAPH_MIB * requests + PARALLEL_MIB * tensor_parallel
    if gib > LARGE_GIB:
        reserved = max(reserved, LARGE_LEAST_MIB)
    return round(1 - reserved * MIB / gpu_bytes, 3)


def sglang_memory(
    architecture: Architecture, weights_bytes: int, gpu_bytes: float, settings: SglangSettings
) -> SglangMemory:
    """The memory of one GPU.

    Args:
        architecture: the model.
        weights_bytes: on this GPU.
        gpu_bytes: its memory.
        settings: how SGLang is started.
    """
    fraction = settings.mem_fraction_static or max(0.0, usual_fraction(gpu_bytes, settings.tensor_parallel))
    pool = fraction * (gpu_bytes - CONTEXT_BYTES) - weights_bytes
    reserved = (1 - fraction) * gpu_bytes
    tokens, requests = _room(architecture, max(0.0, pool), settings)
    doubt = 0.3 * GIB
    source = "counted as SGLang's server_args.py does; not measured"
    return SglangMemory(
        weights_bytes,
        fraction,
        Estimate(reserved, 0.7 * reserved, reserved, "estimated", source),
        Estimate(pool, pool - doubt, pool + doubt, "estimated", source),
        tokens,
        requests,
    )


def _room(architecture: Architecture, pool: float, settings: SglangSettings) -> tuple[int, float]:
    """Tokens and requests that the pool holds."""
    kinds = cache_kinds(architecture, settings.tensor_parallel)
    number = settings.number_bytes if settings.kv_cache_dtype == "auto" else 1
    state = sum(k.layers * (4 * k.state_numbers + settings.number_bytes * k.convolution_numbers) for k in kinds)
    slots = float("inf")
    if state:
        for_state = pool * STATE_SHARE / (1 + STATE_SHARE)
        slots, pool = for_state / state, pool - for_state
    full = sum(_token_bytes(kind, number) for kind in kinds if kind.window is None)
    window = sum(_token_bytes(kind, number) for kind in kinds if kind.window is not None)
    if not full + window:
        return 0, slots
    share = WINDOW_SHARE if full and window else 1.0
    tokens = int(pool / (full + share * window))
    requests = min(slots, tokens / settings.context_tokens) if full else slots
    kept = [kept_tokens(kind, settings.context_tokens) for kind in kinds if kind.window is not None]
    if kept:
        requests = min(requests, share * tokens / max(kept))
    return tokens, requests


def _token_bytes(kind: CacheKind, number: int) -> float:
    return kind.layers * (kind.token_numbers * number + kind.token_bytes)
