"""The shape of a model, layer by layer: all that memory and speed sums need. Values only, no behaviour.

Layers are kept in runs of equal ones, in order, so that every kind of mixture (sliding window, hybrid, leading dense
layers, shared caches) is the same thing to the sums: a list of layers.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Weight:
    """A tensor that the fields below do not describe (a position table, hyper-connections, AltUp, ...)."""

    name: str
    """llama.cpp's name without `blk.N.`, with `.weight` or `.bias`: it decides how the tensor is quantized."""

    columns: int
    """Length of a row."""

    rows: int = 1
    depth: int = 1
    """Number of experts, or of other equal matrices in one tensor."""


@dataclass(frozen=True, slots=True)
class Latent:
    """Multi-head latent attention (DeepSeek-V2, arXiv 2405.04434, section 2.1)."""

    kv_lora_rank: int
    q_lora_rank: int | None
    qk_nope_head_dim: int
    qk_rope_head_dim: int
    v_head_dim: int


@dataclass(frozen=True, slots=True)
class Indexer:
    """The small scorer of sparse attention (DeepSeek-V3.2); it keeps a key cache of its own."""

    n_heads: int
    head_dim: int
    top_k: int


@dataclass(frozen=True, slots=True)
class Compressed:
    """DeepSeek-V4's attention: one key that is also the value, for all heads; low-rank queries and outputs.

    Beside the window (`Attention.window`) the cache holds one entry per `ratio` tokens.
    """

    ratio: int
    """Tokens per entry; 0 for a layer that has only the window."""

    q_lora_rank: int
    output_lora_rank: int
    output_groups: int


@dataclass(frozen=True, slots=True)
class Attention:
    """Softmax attention of one layer."""

    n_heads: int
    n_kv_heads: int
    head_dim_k: int
    head_dim_v: int
    window: int | None = None
    """Tokens that a sliding-window layer sees; None for full attention."""

    chunked: bool = False
    """`window` is a chunk that starts anew (Llama 4), not one that slides."""

    latent: Latent | None = None
    indexer: Indexer | None = None
    compressed: Compressed | None = None
    shares_cache: bool = False
    """It reads the cache of an earlier layer and keeps none of its own (Gemma 3n)."""

    bias: bool = False
    """q, k and v have biases (Qwen2)."""

    output_bias: bool = False
    qk_norm: bool = False
    gated_output: bool = False
    """The query projection carries a gate of the same size (Qwen3-Next)."""

    sinks: bool = False
    """One learnt number per head beside the scores (gpt-oss)."""

    wide_qk_norm: bool = False
    """The norm of q and k has a weight for every head's numbers (OLMo 2), not one head's shared by all."""

    head_gates: bool = False
    """A gate of one number per head on the output (Step 3.5)."""

    keys_are_values: bool = False
    """No value projection: the keys serve as values too (Gemma 4, full-attention layers)."""


RecurrentKind = Literal["mamba1", "mamba2", "gated_delta_net", "kda", "short_conv", "rwkv6", "rwkv7", "lightning"]


@dataclass(frozen=True, slots=True)
class Recurrent:
    """A layer part with a state of constant size. The fields are llama.cpp's `ssm.*` keys, for every kind."""

    kind: RecurrentKind
    conv_kernel: int
    """`ssm.conv_kernel`; for `short_conv` the cache length plus one; for RWKV the token-shift count."""

    inner_size: int
    """`ssm.inner_size`; for gated delta nets value heads x value head size."""

    state_size: int
    """`ssm.state_size`; for gated delta nets the key head size; for RWKV the head size."""

    n_groups: int = 1
    """`ssm.group_count`; for gated delta nets the number of key heads."""

    time_step_rank: int = 0
    """`ssm.time_step_rank`: the number of heads for Mamba-2 and gated delta nets."""

    norm: bool = True
    """Mamba-2 with a norm before the output projection (most Falcon-H1 have none); Mamba-1 with norms on its time
    step and B and C (Jamba), not so in Falcon Mamba."""


@dataclass(frozen=True, slots=True)
class FeedForward:
    """The dense or expert part of one layer."""

    size: int
    """Width of the dense network; 0 where there are only experts."""

    gated: bool = True
    """Three matrices (SwiGLU, GeGLU) and not two."""

    bias: bool = False
    n_experts: int = 0
    n_experts_used: int = 0
    expert_size: int = 0
    """Width of each expert."""

    shared_size: int = 0
    """Width of all shared experts together."""

    shared_gate: bool = False
    """The shared expert has a gate of its own (Qwen)."""

    router_bias: bool = False

    latent_size: int = 0
    """Width to which the hidden state is projected before the routed experts; 0: they see it whole."""

    @property
    def share_used(self) -> float:
        """Of the routed experts, those that one token goes to; 1 where there are none."""
        return self.n_experts_used / self.n_experts if self.n_experts else 1.0


@dataclass(frozen=True, slots=True)
class Layer:
    """One block. Attention and recurrent part stand side by side in Falcon-H1; either may be absent elsewhere."""

    attention: Attention | None = None
    recurrent: Recurrent | None = None
    feed_forward: FeedForward | None = None
    n_norms: int = 2
    """Norm vectors of hidden size in the block (Gemma 2 and later have four)."""

    extra: tuple[Weight, ...] = ()
    """Tensors of the block that no field above describes."""


@dataclass(frozen=True, slots=True)
class LayerRun:
    """Equal layers in a row."""

    count: int
    layer: Layer


@dataclass(frozen=True, slots=True)
class Architecture:
    """A text model's shape."""

    name: str
    """llama.cpp's name of the architecture (`llama`, `qwen3moe`, ...), also where llama.cpp does not run it."""

    hidden_size: int
    vocab_size: int
    tied_embeddings: bool
    """The output head is the embedding matrix."""

    runs: tuple[LayerRun, ...]
    context_tokens: int
    """Longest context that the model was made for, without extension tricks; 0 where it is not known."""

    per_layer_embedding_size: int = 0
    """Gemma 3n and 4 (E models): extra embedding per token and layer, kept off the accelerator."""

    n_next_token_layers: int = 0
    """Multi-token prediction layers after the last one; in the file, not used for plain decoding."""

    norm_bias: bool = False
    """Norms have a bias beside the weight (GPT-2, Falcon, StableLM)."""

    extra: tuple[Weight, ...] = ()
    """Tensors outside the blocks that no field above describes."""

    native_quantization: str | None = None
    """`mxfp4`, `fp8`, ... where the published weights are already quantized; None for 16 bit."""

    def __hash__(self) -> int:
        """Cheap: caches are kept by architecture, and the hash of every layer would cost more than they save."""
        return hash((self.name, self.hidden_size, self.vocab_size, self.context_tokens, len(self.runs)))

    def layers(self) -> Iterator[Layer]:
        """Every layer, in order."""
        for run in self.runs:
            for _ in range(run.count):
                yield run.layer

    @property
    def n_layers(self) -> int:
        """Number of layers, prediction layers not counted."""
        return sum(run.count for run in self.runs)
