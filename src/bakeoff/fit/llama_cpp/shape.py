"""A model as llama.cpp sees it: which layers are alike, in which order. Made once per model and kept.

Two layers are of one kind when they keep the same cache and have the same part of the compute graph.
"""

from dataclasses import dataclass, replace
from functools import lru_cache

from bakeoff.catalog.architecture import Architecture, Layer
from bakeoff.fit.llama_cpp.names import effective_window

INDEXER_PERIOD = 4
"""`GLM_5_2_DEFAULT_INDEXER_TYPES` of src/models/glm-dsa.cpp."""

FOLLOWING = frozenset(("glm-dsa", "hy_v4"))
"""Architectures whose layers without an indexer take over the choice of the last layer that has one."""


@dataclass(frozen=True, slots=True)
class Kind:
    """Layers that are alike."""

    layer: Layer
    window: int | None
    """Tokens that the engine keeps; None for all, or where there is no attention."""

    follows: bool = False
    """Sparse attention over the tokens that an earlier layer's indexer chose."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The model."""

    architecture: Architecture
    kinds: tuple[Kind, ...]
    order: tuple[int, ...]
    """Per layer the number of its kind."""

    widest_values: int
    """Numbers that the layer with most of them caches as values of one token (`n_embd_v_gqa_max`)."""

    streams: int
    """Residuals side by side (hyper-connections, arXiv 2409.19606); 1 elsewhere."""


@lru_cache(maxsize=4096)
def shape(architecture: Architecture) -> Shape:
    """Sort the layers into kinds."""
    kinds: list[Kind] = []
    order: list[int] = []
    shares = _shares_indexers(architecture)
    sparse = architecture.name in FOLLOWING and any(
        run.layer.attention and run.layer.attention.indexer for run in architecture.runs
    )
    for layer in architecture.layers():
        number = len(order)
        if shares and number > 1 and (number - 2) % INDEXER_PERIOD:
            layer = _without_indexer(layer)
        window = effective_window(architecture, layer.attention) if layer.attention else None
        follows = sparse and layer.attention is not None and layer.attention.indexer is None
        kind = Kind(layer, window, follows)
        if kind not in kinds:
            kinds.append(kind)
        order.append(kinds.index(kind))
    attentions = [kind.layer.attention for kind in kinds if kind.layer.attention]
    hyper = [weight.columns for kind in kinds for weight in kind.layer.extra if weight.name.startswith("hc_attn_")]
    return Shape(
        architecture,
        tuple(kinds),
        tuple(order),
        max((a.n_kv_heads * a.head_dim_v for a in attentions), default=0),
        max(1, hyper[0] // architecture.hidden_size) if hyper else 1,
    )


def _shares_indexers(architecture: Architecture) -> bool:
    """GLM-5.2 and later: after the first two layers only every fourth has an indexer, and the others follow it."""
    return architecture.name == "glm-dsa" and architecture.context_tokens >= 1 << 20


def _without_indexer(layer: Layer) -> Layer:
    if layer.attention is None:
        return layer
    return replace(layer, attention=replace(layer.attention, indexer=None))
