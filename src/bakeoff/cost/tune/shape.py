"""A model as training sees it: matrices that are trained or frozen, multiplications per token, activations kept for the
backward pass. Counts only; bytes of optimizers are in `memory`.
"""

from dataclasses import dataclass
from functools import lru_cache

from bakeoff.catalog.architecture import Architecture, Layer
from bakeoff.catalog.tensors import Tensor, tensors

KEPT_BYTES = 2.0
"""Of one activation in 16 bit."""


@dataclass(frozen=True, slots=True)
class Shape:
    """What the sums need of an architecture."""

    weights: int
    """All numbers, embeddings included."""

    matrices: int
    """Of them in matrices inside the blocks, experts included: what QLoRA quantizes."""

    active_matrices: float
    """Multiplied for one token: blocks with the experts that are used, and the head."""

    lora_rows_and_columns: int
    """Sum of rows and columns over the matrices that get an adapter: all of the blocks but experts and routers."""

    largest_layer: int
    """Numbers in the largest block: gathered whole where weights are sharded."""

    kept_per_token: float
    """Activations per token over all layers, where everything is kept."""

    largest_kept: float
    """Of the layer with most."""

    layers: int
    hidden: int
    vocabulary: int
    attention_width: float
    """Heads x head size, summed over the layers with full attention: its cost grows with the sequence."""

    window_width: float
    """Likewise over sliding-window layers, times the window."""


@lru_cache(maxsize=64)
def shape(architecture: Architecture) -> Shape:
    """Count an architecture."""
    every = list(tensors(architecture))
    blocks: dict[int, int] = {}
    for block, tensor in every:
        if block is not None:
            blocks[block] = blocks.get(block, 0) + tensor.size
    inside = [tensor for block, tensor in every if block is not None and not tensor.is_vector]
    layers = list(architecture.layers())
    kept = [kept_activations(layer, architecture.hidden_size) for layer in layers]
    used = _share_used(layers)
    head = architecture.vocab_size * architecture.hidden_size
    return Shape(
        weights=sum(tensor.size for _, tensor in every),
        matrices=sum(tensor.size for tensor in inside),
        active_matrices=sum(tensor.size * (used if tensor.place == "expert" else 1.0) for tensor in inside) + head,
        lora_rows_and_columns=sum((t.rows + t.columns) * t.depth for t in inside if _adapted(t)),
        largest_layer=max(blocks.values(), default=0),
        kept_per_token=sum(kept),
        largest_kept=max(kept, default=0.0),
        layers=len(layers),
        hidden=architecture.hidden_size,
        vocabulary=architecture.vocab_size,
        attention_width=sum(_width(layer) for layer in layers if _window(layer) is None),
        window_width=sum(_width(layer) * (_window(layer) or 0) for layer in layers),
    )


def _adapted(tensor: Tensor) -> bool:
    return (
        tensor.place != "expert" and tensor.depth == 1 and "gate_inp" not in tensor.name and "conv" not in tensor.name
    )


def _share_used(layers: list[Layer]) -> float:
    """Of the routed experts, per token."""
    parts = [layer.feed_forward for layer in layers if layer.feed_forward is not None and layer.feed_forward.n_experts]
    total = sum(part.n_experts for part in parts)
    return sum(part.n_experts_used for part in parts) / total if total else 1.0


def _width(layer: Layer) -> float:
    found = layer.attention
    return 0.0 if found is None else found.n_heads * (found.head_dim_k + found.head_dim_v) / 2


def _window(layer: Layer) -> int | None:
    return None if layer.attention is None else layer.attention.window


def kept_activations(layer: Layer, hidden: int) -> float:
    """Numbers per token that one layer keeps for its backward pass, with fused attention (no scores are kept).

    Residual and norm before each part (4 h); q, k, v and the output of attention; of the feed-forward network the gate,
    its activation, the up projection and their product. For the original transformer with its scores kept this is
    Korthikanti et al. 2022 (arXiv 2205.05198, section 4.1): 34 h bytes + 5 a s.
    """
    found = 4.0 * hidden
    attention, recurrent, network = layer.attention, layer.recurrent, layer.feed_forward
    if attention is not None:
        queries = attention.n_heads * attention.head_dim_k
        keys = attention.n_kv_heads * (attention.head_dim_k + attention.head_dim_v)
        found += queries + keys + attention.n_heads * attention.head_dim_v
    if recurrent is not None:
        found += 4.0 * recurrent.inner_size + 2.0 * recurrent.n_groups * recurrent.state_size
    if network is not None:
        width = network.size + network.shared_size + network.n_experts_used * network.expert_size
        found += (4.0 if network.gated else 2.0) * width
    return found
