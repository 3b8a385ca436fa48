"""How wide the intermediate results of a model's widest layer are, per token. Knows no engine."""

from functools import lru_cache

from bakeoff.catalog.architecture import Architecture, Layer


@lru_cache(maxsize=4096)
def widest_layer_numbers(architecture: Architecture) -> int:
    """Numbers per token that live at the worst moment of the widest layer, residual left out."""
    return max((_width(run.layer, architecture.hidden_size) for run in architecture.runs), default=0)


def _width(layer: Layer, hidden: int) -> int:
    """Gate, up and their product; of experts those chosen, side by side; or all that attention projects to."""
    dense = routed = mixing = 0
    part = layer.feed_forward
    if part is not None:
        dense = 3 * (part.size + part.shared_size)
        routed = part.n_experts_used * (3 * part.expert_size + (part.latent_size or hidden))
    if layer.attention is not None:
        a = layer.attention
        mixing = a.n_heads * (a.head_dim_k + a.head_dim_v) + a.n_kv_heads * (a.head_dim_k + a.head_dim_v)
    if layer.recurrent is not None:
        mixing += 4 * layer.recurrent.inner_size
    return max(dense + routed, mixing)
