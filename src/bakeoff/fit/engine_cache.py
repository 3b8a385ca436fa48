"""What one token leaves in the cache of an engine that keeps whole tensors per layer (vLLM, SGLang, Transformers, MLX).

Numbers, not bytes, by kind of layer; how an engine pages, pads or shares them out is in its own file. llama.cpp's cache
is in `llama_cpp.cache`.
"""

from collections import Counter
from dataclasses import dataclass, replace
from functools import lru_cache

from bakeoff.catalog.architecture import Architecture, Attention, Recurrent

INDEXER_BYTES = 4
"""Per token beside the indexer's key in 8 bits: its scale (DeepSeek-V3.2's cache in vLLM and SGLang)."""


@dataclass(frozen=True, slots=True)
class CacheKind:
    """Layers whose cache is alike."""

    layers: int
    token_numbers: float = 0.0
    """Keys and values of one token in one layer."""

    token_bytes: int = 0
    """The same of parts whose type does not follow the cache's."""

    window: int | None = None
    """Tokens that are kept; None for all."""

    chunked: bool = False
    state_numbers: int = 0
    """State of one request in one layer, whatever its length."""

    convolution_numbers: int = 0
    """Inputs of the last tokens that a convolution keeps of one request, in one layer."""


@lru_cache(maxsize=4096)
def cache_kinds(architecture: Architecture, n_devices: int = 1) -> tuple[CacheKind, ...]:
    """The kinds of a model's layers, for one device of several that share every layer (tensor parallelism).

    Heads of keys are shared out; with more devices than heads each is there several times. The compressed vector of
    latent attention is there on every device.
    """
    counts: Counter[CacheKind] = Counter()
    for run in architecture.runs:
        if run.layer.attention is not None and not run.layer.attention.shares_cache:
            for kind in _of_attention(run.layer.attention, n_devices):
                counts[kind] += run.count
        if run.layer.recurrent is not None:
            counts[_of_recurrent(run.layer.recurrent, architecture.hidden_size, n_devices)] += run.count
    return tuple(replace(kind, layers=count) for kind, count in counts.items())


def _of_attention(a: Attention, n_devices: int) -> tuple[CacheKind, ...]:
    indexer = a.indexer.head_dim + INDEXER_BYTES if a.indexer is not None else 0
    if a.compressed is not None:
        window = CacheKind(1, token_numbers=a.head_dim_k, window=a.window)
        if not a.compressed.ratio:
            return (window,)
        ratio = a.compressed.ratio
        return window, CacheKind(1, token_numbers=a.head_dim_k / ratio, token_bytes=-(-indexer // ratio))
    if a.latent is not None:
        numbers = a.latent.kv_lora_rank + a.latent.qk_rope_head_dim
    else:
        numbers = max(1, a.n_kv_heads // n_devices) * (a.head_dim_k + a.head_dim_v)
    return (CacheKind(1, numbers, indexer, a.window, a.chunked),)


def _of_recurrent(r: Recurrent, hidden: int, n_devices: int) -> CacheKind:
    inner, groups = r.inner_size // n_devices, max(1, r.n_groups // n_devices)
    kept = r.conv_kernel - 1
    state = r.state_size * inner
    match r.kind:
        case "mamba1":
            return CacheKind(1, state_numbers=state, convolution_numbers=kept * inner)
        case "mamba2" | "gated_delta_net":
            width = inner + 2 * groups * r.state_size
            return CacheKind(1, state_numbers=state, convolution_numbers=kept * width)
        case "kda":
            return CacheKind(1, state_numbers=state, convolution_numbers=3 * kept * inner)
        case "short_conv":
            return CacheKind(1, convolution_numbers=kept * hidden // n_devices)
        case "lightning":
            return CacheKind(1, state_numbers=state)
        case "rwkv6" | "rwkv7":
            return CacheKind(1, state_numbers=r.state_size * hidden // n_devices, convolution_numbers=2 * hidden)


def kept_tokens(kind: CacheKind, tokens: int) -> int:
    """Tokens of a request that a kind of layer keeps."""
    return tokens if kind.window is None else min(tokens, kind.window)


def cache_bytes(architecture: Architecture, tokens: int, *, number_bytes: float = 2.0) -> int:
    """Keys and values of one request, without paging or padding.

    Args:
        architecture: the model.
        tokens: of the request.
        number_bytes: of one number.
    """
    return round(
        sum(
            kind.layers * kept_tokens(kind, tokens) * (kind.token_numbers * number_bytes + kind.token_bytes)
            for kind in cache_kinds(architecture)
        )
    )


def state_bytes(architecture: Architecture, *, state_number_bytes: int = 4, number_bytes: int = 2) -> int:
    """Recurrent state of one request: the state itself in 32 bits, convolutions in the model's own type."""
    return sum(
        kind.layers * (kind.state_numbers * state_number_bytes + kind.convolution_numbers * number_bytes)
        for kind in cache_kinds(architecture)
    )
