"""What llama.cpp keeps per layer between steps: the KV cache, and the state of recurrent layers. Exact, in bytes.

Follows `llama_model::create_memory` in src/llama-model.cpp and the constructors of src/llama-kv-cache*.cpp and
src/llama-memory-*.cpp, build b11549. Checked against the engine's own planner by tests/fit/test_planner.py.
"""

from dataclasses import dataclass

from bakeoff.catalog.architecture import Architecture, Attention, Recurrent
from bakeoff.errors import UsageError
from bakeoff.fit.llama_cpp.names import UNABSORBED, flash_runs
from bakeoff.fit.llama_cpp.settings import PAD_CELLS, WHOLE_TYPES, Settings, padded, row_bytes
from bakeoff.fit.llama_cpp.shape import Kind, Shape, shape

KEPT_NEXT_TOKEN_LAYERS = frozenset(("bailingmoe3",))
"""Hybrids whose filter of attention layers lets the prediction layers through (`!is_recr`)."""

POOLED_ROWS = {"glm5-next": 3, "qwen4exp": 2}
"""Head-size slots in one row of the indexer's cache (`indexer_kpool_row`): key, gate, pooled key."""

INDEXER_WITH_VALUE = frozenset(("minimax-m3",))
"""Indexers whose cache has a value of the model's head size beside the key (src/llama-kv-cache-msa.cpp)."""


EMPTY_LAYERS_CACHED = frozenset(("deci",))
"""Architectures with layers without attention that llama.cpp nevertheless gives a cache, of no width: but without flash
attention values have the width of the widest layer."""


@dataclass(frozen=True, slots=True)
class LayerCache:
    """What one layer keeps."""

    kv_bytes: int = 0
    """Keys and values of all streams, an indexer's keys included."""

    state_bytes: int = 0
    """Recurrent state of all slots; it does not grow with the context."""


def layer_caches(architecture: Architecture, settings: Settings) -> tuple[LayerCache, ...]:
    """One entry per layer, in order; what moves when a layer is moved to another device.

    Raises:
        UsageError: the cache type does not go with the model.
    """
    model = shape(architecture)
    by_kind = [_kind_cache(model, kind, settings) for kind in model.kinds]
    found = [by_kind[kind] for kind in model.order]
    if architecture.name in KEPT_NEXT_TOKEN_LAYERS and architecture.n_next_token_layers:
        full = max(cache.kv_bytes for cache in by_kind)
        extra = architecture.n_next_token_layers * full
        found[-1] = LayerCache(found[-1].kv_bytes + extra, found[-1].state_bytes)
    return tuple(found)


def kv_and_state(architecture: Architecture, settings: Settings) -> tuple[int, int]:
    """Sums of `layer_caches`: bytes of keys and values, bytes of recurrent state."""
    layers = layer_caches(architecture, settings)
    return sum(layer.kv_bytes for layer in layers), sum(layer.state_bytes for layer in layers)


def _kind_cache(model: Shape, kind: Kind, settings: Settings) -> LayerCache:
    kv = state = 0
    attention = kind.layer.attention
    if attention is not None and not attention.shares_cache:
        if attention.compressed is not None:
            kv, state = _compressed(attention, settings)
        else:
            kv = settings.layer_cells(kind.window) * settings.n_streams * _token_bytes(model, attention, settings)
    elif attention is None and model.architecture.name in EMPTY_LAYERS_CACHED and not settings.flash:
        kv = settings.context_cells * row_bytes(settings.kv_type_v, model.widest_values)
    if kind.layer.recurrent is not None:
        state += settings.n_slots * 4 * state_numbers(kind.layer.recurrent, model.architecture.hidden_size)
    return LayerCache(kv, state)


def _token_bytes(model: Shape, attention: Attention, settings: Settings) -> int:
    """Bytes of one token in one layer.

    The cache of latent attention holds the compressed vector and the shared rotary key, and no values. Without flash
    attention values are stored across, and then every layer's row is as wide as the widest.
    """
    name, latent, indexer = model.architecture.name, attention.latent, attention.indexer
    if latent is not None and name not in UNABSORBED:
        same_types(settings)
        size = row_bytes(settings.kv_type_k, latent.kv_lora_rank + latent.qk_rope_head_dim)
    else:
        whole_heads(attention, settings)
        if settings.kv_type_v not in WHOLE_TYPES and not flash_runs(name):
            raise UsageError(
                f"a {settings.kv_type_v} cache for values needs flash attention, which {name} has not",
                hint=f"take --kv {settings.kv_type_k},f16",
            )
        values = attention.n_kv_heads * attention.head_dim_v if settings.flash else model.widest_values
        size = row_bytes(settings.kv_type_k, attention.n_kv_heads * attention.head_dim_k)
        size += row_bytes(settings.kv_type_v, values)
    if indexer is not None:
        size += row_bytes(settings.kv_type_k, indexer.head_dim * POOLED_ROWS.get(name, 1))
        if name in INDEXER_WITH_VALUE:
            size += row_bytes(settings.kv_type_v, attention.head_dim_v)
    return size


def whole_heads(attention: Attention, settings: Settings) -> None:
    """Refuse what llama.cpp refuses with flash attention: heads that are not whole blocks of the cache type.

    Raises:
        UsageError: such a head.
    """
    if settings.flash:
        for kind, size in ((settings.kv_type_k, attention.head_dim_k), (settings.kv_type_v, attention.head_dim_v)):
            row_bytes(kind, size)


def same_types(settings: Settings) -> None:
    """Refuse what llama.cpp refuses for a cache without values.

    Raises:
        UsageError: two cache types.
    """
    if settings.kv_type_k != settings.kv_type_v:
        raise UsageError(
            f"this model's cache holds keys only; the types {settings.kv_type_k} and {settings.kv_type_v} differ",
            hint=f"take {settings.kv_type_k} for both",
        )


def _compressed(attention: Attention, settings: Settings) -> tuple[int, int]:
    """DeepSeek-V4 (src/llama-kv-cache-dsv4.cpp): window, compressed entries, the indexer's, and the compressors' state.

    Every slot has its own streams, also in a unified cache. A compressor keeps values and scores in f32 for two blocks
    of 4 tokens, or one of 128.
    """
    same_types(settings)
    detail = attention.compressed
    assert detail is not None
    assert attention.window is not None
    own_streams = settings.n_slots
    window_cells = settings.cells
    if not settings.swa_full:
        window_cells = padded(min(settings.cells, attention.window + settings.tokens), PAD_CELLS)
    key = row_bytes(settings.kv_type_k, attention.head_dim_k)
    kv = window_cells * key
    state = 0
    if detail.ratio:
        entries = settings.compressed_entries(detail.ratio)
        overlap = 2 if attention.indexer is not None else 1
        kv += entries * key
        state += 2 * 4 * (overlap * attention.head_dim_k) * (overlap * detail.ratio)
        if attention.indexer is not None:
            kv += entries * row_bytes(settings.kv_type_k, attention.indexer.head_dim)
            state += 2 * 4 * (2 * attention.indexer.head_dim) * (2 * detail.ratio)
    return kv * own_streams, state * own_streams


def state_numbers(recurrent: Recurrent, hidden: int) -> int:
    """f32 numbers that one slot keeps in one layer: `n_embd_r` + `n_embd_s` of src/llama-hparams.cpp."""
    kernel, inner, size = recurrent.conv_kernel, recurrent.inner_size, recurrent.state_size
    match recurrent.kind:
        case "mamba1":
            return (kernel - 1) * inner + size * inner
        case "mamba2" | "gated_delta_net":
            return (kernel - 1) * (inner + 2 * recurrent.n_groups * size) + size * inner
        case "kda":
            return 3 * (kernel - 1) * inner + size * inner
        case "short_conv":
            return (kernel - 1) * hidden
        case "rwkv6" | "rwkv7":
            return kernel * hidden + size * hidden
        case "lightning":
            return size * inner
