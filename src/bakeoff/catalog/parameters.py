"""How many parameters a model has, all and per token, counted from its tensors."""

from dataclasses import dataclass
from functools import lru_cache

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.tensors import Tensor, block_tensors, next_token_tensors, outer_tensors


@dataclass(frozen=True, slots=True)
class Parameters:
    """Numbers of weights of the text model. Tied embeddings count once."""

    total: int
    """All but prediction layers."""

    active: int
    """Those that take part in one token: all but the experts that it is not routed to. Embedding and head included."""

    embedding: int
    """Token embedding, and embeddings per layer."""

    output: int
    """The head; 0 where it is the embedding."""

    experts: int
    """Routed experts."""

    next_token: int
    """Prediction layers, not in `total`."""

    router_bias: int
    """Of `total`, the router's score corrections: in checkpoints, but a buffer and no parameter to transformers."""

    @property
    def without_tables(self) -> int:
        """All but embeddings and head: what vendors often state."""
        return self.total - self.embedding - self.output


@lru_cache(maxsize=4096)
def count_parameters(architecture: Architecture) -> Parameters:
    """Count the parameters of a model."""
    outside = outer_tensors(architecture)
    total = sum(tensor.size for tensor in outside)
    experts = used = router_bias = 0
    for run in architecture.runs:
        block = block_tensors(run.layer, architecture.name, architecture.hidden_size, architecture.norm_bias)
        total += run.count * sum(tensor.size for tensor in block)
        routed = run.count * sum(tensor.size for tensor in block if tensor.place == "expert")
        experts += routed
        part = run.layer.feed_forward
        if part is not None and part.n_experts:
            used += routed * part.n_experts_used // part.n_experts
        router_bias += run.count * sum(tensor.size for tensor in block if tensor.name == "exp_probs_b.bias")
    return Parameters(
        total=total,
        active=total - experts + used,
        embedding=sum(tensor.size for tensor in outside if tensor.place in ("embedding", "layer embedding")),
        output=sum(tensor.size for tensor in outside if tensor.name == "output.weight"),
        experts=experts,
        next_token=_next_token(architecture, next_token_tensors(architecture)),
        router_bias=router_bias,
    )


def _next_token(architecture: Architecture, tensors: tuple[Tensor, ...]) -> int:
    return architecture.n_next_token_layers * sum(tensor.size for tensor in tensors)
