"""Which tensors a model has: from its architecture to names and shapes, as a GGUF file holds them.

Names, shapes and what is fused follow llama.cpp (`src/models/*.cpp`, `gguf-py/gguf/constants.py`); a safetensors file
holds the same numbers under other names. Knows nothing about quantization or bytes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Literal

from bakeoff.catalog.architecture import (
    Architecture,
    Attention,
    Compressed,
    FeedForward,
    Indexer,
    Latent,
    Layer,
    Recurrent,
    Weight,
)

Place = Literal["block", "expert", "embedding", "layer embedding", "output"]
"""`block`: read for every token. `expert`: read when routed to. `embedding`, `layer embedding`: one row per token.
`output`: the head and the last norm."""

FUSED_QKV = frozenset(
    (
        *("bailingmoe2", "bloom", "chatglm", "dbrx", "falcon", "gpt2", "gptneox"),
        *("jais", "modern-bert", "mpt", "nomic-bert", "openelm", "phi3", "starcoder"),
    )
)
"""Architectures whose files hold q, k and v in one matrix."""

FUSED_GATE_UP = frozenset(("chatglm", "glm4", "phi3"))
"""Architectures whose files hold the gate and up matrices in one."""

GATE_IN_QUERY = frozenset(("qwen3next", "qwen35", "qwen35moe"))
"""Architectures whose query matrix carries the output gate; the others have a matrix for it."""

SPLIT_BETA_ALPHA = frozenset(("qwen35", "qwen35moe"))
"""Gated delta nets with two matrices for beta and alpha; Qwen3-Next has one."""


NORMS = ("attn_norm", "ffn_norm", "post_attention_norm", "post_ffw_norm")
"""Names of a block's norms, where the architecture has no others."""

AFTER_ATTENTION = ("attn_norm", "post_attention_norm")
AFTER_BOTH = ("post_attention_norm", "post_ffw_norm")

OTHER_NORMS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys(("glm4moe", "gpt-oss", "qwen35", "qwen35moe", "qwen3next", "seed_oss"), AFTER_ATTENTION),
    **dict.fromkeys(("exaone4", "olmo2"), AFTER_BOTH),
    **dict.fromkeys(("minimax-01", "rwkv6", "rwkv7"), ("attn_norm", "attn_norm_2")),
    "arctic": ("attn_norm", "ffn_norm", "ffn_norm_exps"),
    "bitnet": ("attn_norm", "ffn_norm", "attn_sub_norm"),
    "dbrx": ("attn_norm", "attn_output_norm"),
    "gemma3n": (*NORMS, "post_norm"),
    "grok": ("attn_norm", "attn_output_norm", "ffn_norm", "layer_output_norm"),
}
"""Names of a block's norms in these architectures."""

GEMMA4_EXPERT_NORMS = ("pre_ffw_norm_2", "post_ffw_norm_1", "post_ffw_norm_2")

EMBEDDING_NORM_LAST = frozenset(("lfm2", "lfm2moe"))
"""Architectures whose last norm is called after the embedding."""

NORMS_BY_HEAD = frozenset(("command-r", "stablelm"))
"""Architectures whose wide norms of q and k have a row for every head."""

PLAIN_INDEXER = frozenset(("minimax-m3",))
"""Architectures whose indexer has matrices for queries and keys only."""

WHOLE_KEYS_AND_VALUES = frozenset(("minicpm3", "plm"))
"""Latent attention with one matrix from the compressed vector to keys and values."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor of a file."""

    name: str
    """As in a GGUF file, for a block without `blk.N.`: `attn_q.weight`."""

    place: Place
    columns: int
    """Length of a row: the number that quantization blocks must divide."""

    rows: int = 1
    depth: int = 1
    """Equal matrices in one tensor, mostly experts."""

    @property
    def size(self) -> int:
        """Number of weights."""
        return self.columns * self.rows * self.depth

    @property
    def is_vector(self) -> bool:
        """One-dimensional, as ggml counts dimensions."""
        return self.rows == 1 and self.depth == 1


def tensors(architecture: Architecture) -> Iterator[tuple[int | None, Tensor]]:
    """Every tensor with the number of its block, or None outside the blocks.

    Prediction layers (`n_next_token_layers`) are not among them: `next_token_tensors`.
    """
    for tensor in outer_tensors(architecture):
        yield None, tensor
    number = 0
    for run in architecture.runs:
        block = block_tensors(run.layer, architecture.name, architecture.hidden_size, architecture.norm_bias)
        for _ in range(run.count):
            for tensor in block:
                yield number, tensor
            number += 1


def name_in_file(number: int | None, tensor: Tensor) -> str:
    """As a GGUF file calls one of `tensors`."""
    return tensor.name if number is None else f"blk.{number}.{tensor.name}"


def outer_tensors(architecture: Architecture) -> tuple[Tensor, ...]:
    """Tensors outside the blocks: embedding, last norm, head."""
    hidden, vocab = architecture.hidden_size, architecture.vocab_size
    found = [Tensor("token_embd.weight", "embedding", hidden, vocab)]
    if any(run.layer.n_norms for run in architecture.runs):
        last = "token_embd_norm" if architecture.name in EMBEDDING_NORM_LAST else "output_norm"
        found += _norm(last, hidden, architecture.norm_bias, "output")
    if not architecture.tied_embeddings:
        found.append(Tensor("output.weight", "output", hidden, vocab))
    if architecture.per_layer_embedding_size:
        width = architecture.per_layer_embedding_size * architecture.n_layers
        found += [
            Tensor("per_layer_token_embd.weight", "layer embedding", width, vocab),
            Tensor("per_layer_model_proj.weight", "block", hidden, width),
            Tensor("per_layer_proj_norm.weight", "block", architecture.per_layer_embedding_size),
        ]
    return (*found, *map(_extra, architecture.extra))


@lru_cache(maxsize=4096)
def block_tensors(layer: Layer, name: str, hidden: int, norm_bias: bool = False) -> tuple[Tensor, ...]:
    """Tensors of one block of the architecture `name`.

    Args:
        layer: the block.
        name: llama.cpp's name of the architecture; decides what is fused.
        hidden: width of the model.
        norm_bias: norms have a bias.
    """
    found: list[Tensor] = []
    names = _norm_names(layer, name)
    for number in range(layer.n_norms):
        found += _norm(names[number] if number < len(names) else f"norm_{number}", hidden, norm_bias)
    if name == "falcon-h1":  # llama.cpp asks for this one without an ending
        found = [replace(one, name="ffn_norm") if one.name == "ffn_norm.weight" else one for one in found]
    if layer.attention is not None:
        found += _attention(layer.attention, name, hidden)
    if layer.recurrent is not None:
        found += _recurrent(layer.recurrent, name, hidden)
    if layer.feed_forward is not None:
        found += _feed_forward(layer.feed_forward, name, hidden)
    return (*found, *map(_extra, layer.extra))


def _norm_names(layer: Layer, name: str) -> tuple[str, ...]:
    """As llama.cpp calls them."""
    if name == "gemma4":
        experts = layer.feed_forward is not None and layer.feed_forward.n_experts
        return (*NORMS, *GEMMA4_EXPERT_NORMS) if experts else (*NORMS, "post_norm")
    if name == "deci" and layer.attention is None:
        return ("ffn_norm",)
    return OTHER_NORMS.get(name, NORMS)


def next_token_tensors(architecture: Architecture) -> tuple[Tensor, ...]:
    """Tensors of one prediction layer: a block like the last one, with two norms and a matrix that join its inputs.

    The layout of DeepSeek-V3 (arXiv 2412.19437, section 2.2), which GLM, Qwen, MiMo and others took over.
    """
    hidden = architecture.hidden_size
    last = architecture.runs[-1].layer
    with_attention = next((run.layer for run in reversed(architecture.runs) if run.layer.attention), last)
    return (
        *block_tensors(with_attention, architecture.name, hidden, architecture.norm_bias),
        Tensor("nextn.eh_proj.weight", "block", 2 * hidden, hidden),
        Tensor("nextn.enorm.weight", "block", hidden),
        Tensor("nextn.hnorm.weight", "block", hidden),
        Tensor("nextn.shared_head_norm.weight", "block", hidden),
    )


def _extra(weight: Weight) -> Tensor:
    place: Place = "expert" if "_exps" in weight.name else "output" if weight.name.startswith("output") else "block"
    if "_embd." in weight.name:  # a table of which a token reads a row or a few
        place = "layer embedding"
    return Tensor(weight.name, place, weight.columns, weight.rows, weight.depth)


def _norm(name: str, width: int, bias: bool, place: Place = "block") -> list[Tensor]:
    weight = Tensor(f"{name}.weight", place, width)
    return [weight, Tensor(f"{name}.bias", place, width)] if bias else [weight]


def _matrix(name: str, columns: int, rows: int, bias: bool = False) -> list[Tensor]:
    weight = Tensor(f"{name}.weight", "block", columns, rows)
    return [weight, Tensor(f"{name}.bias", "block", rows)] if bias else [weight]


def _attention(a: Attention, name: str, hidden: int) -> list[Tensor]:
    if a.latent is not None:
        return _latent(a, a.latent, name, hidden)
    if a.compressed is not None:
        return _compressed(a, a.compressed, hidden)
    queries, keys, values = a.n_heads * a.head_dim_k, a.n_kv_heads * a.head_dim_k, a.n_kv_heads * a.head_dim_v
    gate = a.n_heads * a.head_dim_v if a.gated_output else a.n_heads if a.head_gates else 0
    own_keys = 0 if a.shares_cache and name != "gemma3n" else keys
    own_values = 0 if a.keys_are_values else values if own_keys else 0
    found: list[Tensor] = []
    if name in FUSED_QKV:
        found += _matrix("attn_qkv", hidden, queries + keys + values, a.bias)
    else:
        in_query = gate if name in GATE_IN_QUERY else 0
        found += _matrix("attn_q", hidden, queries + in_query, a.bias)
        if own_keys:
            found += _matrix("attn_k", hidden, own_keys, a.bias)
        if own_values:
            found += _matrix("attn_v", hidden, own_values, a.bias)
    if gate and name not in GATE_IN_QUERY:
        found += _matrix("attn_gate", hidden, gate)
    found += _matrix("attn_output", a.n_heads * a.head_dim_v, hidden, a.output_bias)
    if a.qk_norm:
        found.append(_head_norm("attn_q_norm", a, a.n_heads, name))
        if own_keys:
            found.append(_head_norm("attn_k_norm", a, a.n_kv_heads, name))
    if a.sinks:
        found.append(Tensor("attn_sinks.weight", "block", a.n_heads))
    if a.indexer is not None:
        found += _plain_indexer(a.indexer, hidden) if name in PLAIN_INDEXER else _indexer(a.indexer, hidden, hidden)
    return found


def _head_norm(tensor: str, a: Attention, heads: int, name: str) -> Tensor:
    """The norm of the queries or keys: of one head's width, or of all heads'."""
    if not a.wide_qk_norm:
        return Tensor(f"{tensor}.weight", "block", a.head_dim_k)
    if name in NORMS_BY_HEAD:
        return Tensor(f"{tensor}.weight", "block", a.head_dim_k, heads)
    return Tensor(f"{tensor}.weight", "block", heads * a.head_dim_k)


def _latent(a: Attention, latent: Latent, name: str, hidden: int) -> list[Tensor]:
    heads, rank = a.n_heads, latent.kv_lora_rank
    queries = heads * (latent.qk_nope_head_dim + latent.qk_rope_head_dim)
    found: list[Tensor] = []
    if latent.q_lora_rank:
        found += _matrix("attn_q_a", hidden, latent.q_lora_rank, a.bias)
        found += _norm("attn_q_a_norm", latent.q_lora_rank, False)
        found += _matrix("attn_q_b", latent.q_lora_rank, queries)
    else:
        found += _matrix("attn_q", hidden, queries)
    found += _matrix("attn_kv_a_mqa", hidden, rank + latent.qk_rope_head_dim, a.bias)
    found += _norm("attn_kv_a_norm", rank, False)
    if name in WHOLE_KEYS_AND_VALUES:
        found += _matrix("attn_kv_b", rank, heads * (latent.qk_nope_head_dim + latent.v_head_dim))
    else:
        found += [
            Tensor("attn_k_b.weight", "block", latent.qk_nope_head_dim, rank, heads),
            Tensor("attn_v_b.weight", "block", rank, latent.v_head_dim, heads),
        ]
    found += _matrix("attn_output", heads * latent.v_head_dim, hidden, a.output_bias)
    if a.gated_output:
        found += _matrix("attn_gate", hidden, heads * latent.v_head_dim)
    if a.indexer is not None:
        found += _indexer(a.indexer, hidden, latent.q_lora_rank or hidden)
    return found


def _compressed(a: Attention, c: Compressed, hidden: int) -> list[Tensor]:
    """DeepSeek-V4 (llama.cpp `src/models/deepseek4.cpp`); two compressors' width where four tokens make one entry."""
    heads, dim = a.n_heads, a.head_dim_k
    found = [
        *_matrix("attn_q_a", hidden, c.q_lora_rank),
        *_norm("attn_q_a_norm", c.q_lora_rank, False),
        *_matrix("attn_q_b", c.q_lora_rank, heads * dim),
        *_matrix("attn_kv", hidden, dim),
        *_norm("attn_kv_a_norm", dim, False),
        *_matrix("attn_output_a", heads * dim // c.output_groups, c.output_groups * c.output_lora_rank),
        *_matrix("attn_output_b", c.output_groups * c.output_lora_rank, hidden),
        Tensor("attn_sinks.weight", "block", heads),
    ]
    if c.ratio:
        width = dim * (2 if c.ratio == 4 else 1)
        found += _compressor("attn_compressor", hidden, dim, width, c.ratio)
    if a.indexer is not None:
        i = a.indexer
        found += _matrix("indexer.proj", hidden, i.n_heads)
        found += _matrix("indexer.attn_q_b", c.q_lora_rank, i.n_heads * i.head_dim)
        found += _compressor("indexer_compressor", hidden, i.head_dim, 2 * i.head_dim, c.ratio)
    return found


def _compressor(name: str, hidden: int, dim: int, width: int, ratio: int) -> list[Tensor]:
    return [
        *_matrix(f"{name}_kv", hidden, width),
        *_matrix(f"{name}_gate", hidden, width),
        Tensor(f"{name}_ape.weight", "block", width, ratio),
        *_norm(f"{name}_norm", dim, False),
    ]


def _indexer(indexer: Indexer, hidden: int, query_width: int) -> list[Tensor]:
    return [
        *_norm("indexer.k_norm", indexer.head_dim, True),
        *_matrix("indexer.proj", hidden, indexer.n_heads),
        *_matrix("indexer.attn_k", hidden, indexer.head_dim),
        *_matrix("indexer.attn_q_b", query_width, indexer.n_heads * indexer.head_dim),
    ]


def _plain_indexer(indexer: Indexer, hidden: int) -> list[Tensor]:
    """Queries and keys of its own, each with a norm, and no weights of heads (MiniMax-M3)."""
    return [
        *_matrix("indexer.q_proj", hidden, indexer.n_heads * indexer.head_dim),
        *_matrix("indexer.k_proj", hidden, indexer.head_dim),
        *_norm("indexer.q_norm", indexer.head_dim, False),
        *_norm("indexer.k_norm", indexer.head_dim, False),
    ]


def _recurrent(r: Recurrent, name: str, hidden: int) -> list[Tensor]:
    if r.kind == "mamba1":
        return _mamba1(r, hidden)
    if r.kind == "mamba2":
        return _mamba2(r, hidden)
    if r.kind == "gated_delta_net":
        return _gated_delta_net(r, name, hidden)
    if r.kind == "kda":
        return _kimi_delta_attention(r, hidden)
    if r.kind == "short_conv":
        return [
            Tensor("shortconv.conv.weight", "block", r.conv_kernel, hidden),
            *_matrix("shortconv.in_proj", hidden, 3 * hidden),
            *_matrix("shortconv.out_proj", hidden, hidden),
        ]
    if r.kind == "lightning":
        return [
            *_matrix("attn_q", hidden, r.inner_size),
            *_matrix("attn_k", hidden, r.inner_size),
            *_matrix("attn_v", hidden, r.inner_size),
            *_matrix("attn_gate", hidden, r.inner_size),
            *_matrix("attn_output", r.inner_size, hidden),
            *_norm("attn_out_norm", r.inner_size, False),
        ]
    return []  # RWKV: its matrices are in `Layer.extra`


def _mamba1(r: Recurrent, hidden: int) -> list[Tensor]:
    widths = (("dt", r.time_step_rank), ("b", r.state_size), ("c", r.state_size)) if r.norm else ()
    norms = [Tensor(f"ssm_{part}_norm.weight", "block", width) for part, width in widths]
    return [
        *_matrix("ssm_in", hidden, 2 * r.inner_size),
        Tensor("ssm_conv1d.weight", "block", r.conv_kernel, r.inner_size),
        Tensor("ssm_conv1d.bias", "block", r.inner_size),
        *_matrix("ssm_x", r.inner_size, r.time_step_rank + 2 * r.state_size),
        *_matrix("ssm_dt", r.time_step_rank, r.inner_size, bias=True),
        *norms,
        Tensor("ssm_a", "block", r.state_size, r.inner_size),
        Tensor("ssm_d", "block", r.inner_size),
        *_matrix("ssm_out", r.inner_size, hidden),
    ]


def _mamba2(r: Recurrent, hidden: int) -> list[Tensor]:
    convolved = r.inner_size + 2 * r.n_groups * r.state_size
    return [
        *_matrix("ssm_in", hidden, r.inner_size + convolved + r.time_step_rank),
        Tensor("ssm_conv1d.weight", "block", r.conv_kernel, convolved),
        Tensor("ssm_conv1d.bias", "block", convolved),
        Tensor("ssm_dt.bias", "block", r.time_step_rank),
        Tensor("ssm_a", "block", 1, r.time_step_rank),
        Tensor("ssm_d", "block", 1, r.time_step_rank),
        *([Tensor("ssm_norm.weight", "block", r.inner_size // r.n_groups, r.n_groups)] if r.norm else []),
        *_matrix("ssm_out", r.inner_size, hidden),
    ]


def _gated_delta_net(r: Recurrent, name: str, hidden: int) -> list[Tensor]:
    heads = r.time_step_rank
    convolved = r.inner_size + 2 * r.n_groups * r.state_size
    found = _matrix("attn_qkv", hidden, convolved) + _matrix("attn_gate", hidden, r.inner_size)
    if name in SPLIT_BETA_ALPHA:
        found += _matrix("ssm_beta", hidden, heads) + _matrix("ssm_alpha", hidden, heads)
    else:
        found += _matrix("ssm_ba", hidden, 2 * heads)
    return [
        *found,
        Tensor("ssm_conv1d.weight", "block", r.conv_kernel, convolved),
        Tensor("ssm_dt.bias", "block", heads),
        Tensor("ssm_a", "block", heads),
        Tensor("ssm_norm.weight", "block", r.inner_size // heads),
        *_matrix("ssm_out", r.inner_size, hidden),
    ]


def _kimi_delta_attention(r: Recurrent, hidden: int) -> list[Tensor]:
    inner, heads, head_dim = r.inner_size, r.n_groups, r.state_size
    convolutions = [Tensor(f"ssm_conv1d_{part}.weight", "block", r.conv_kernel, 1, inner) for part in "qkv"]
    return [
        *_matrix("attn_q", hidden, inner),
        *_matrix("attn_k", hidden, inner),
        *_matrix("attn_v", hidden, inner),
        *convolutions,
        *_matrix("ssm_f_a", hidden, head_dim),
        *_matrix("ssm_f_b", head_dim, inner),
        *_matrix("ssm_beta", hidden, heads),
        Tensor("ssm_a", "block", 1, heads),
        Tensor("ssm_dt.bias", "block", inner),
        *_matrix("ssm_g_a", hidden, head_dim),
        *_matrix("ssm_g_b", head_dim, inner),
        Tensor("ssm_norm.weight", "block", head_dim),
        *_matrix("attn_output", inner, hidden),
    ]


def _feed_forward(f: FeedForward, name: str, hidden: int) -> list[Tensor]:
    found: list[Tensor] = []
    if f.size:
        found += _dense(f, name, hidden)
    if f.n_experts:
        found += _experts(f, f.latent_size or hidden, hidden)
    if f.shared_size:
        found += _matrix("ffn_gate_shexp", hidden, f.shared_size) if f.gated else []
        found += _matrix("ffn_up_shexp", hidden, f.shared_size) + _matrix("ffn_down_shexp", f.shared_size, hidden)
    if f.shared_gate:
        found.append(Tensor("ffn_gate_inp_shexp.weight", "block", hidden))
    return found


def _dense(f: FeedForward, name: str, hidden: int) -> list[Tensor]:
    if f.gated and name in FUSED_GATE_UP:
        up = _matrix("ffn_up", hidden, 2 * f.size, f.bias)
    elif f.gated:
        up = _matrix("ffn_gate", hidden, f.size, f.bias) + _matrix("ffn_up", hidden, f.size, f.bias)
    else:
        up = _matrix("ffn_up", hidden, f.size, f.bias)
    return up + _matrix("ffn_down", f.size, hidden, f.bias)


def _experts(f: FeedForward, width: int, hidden: int) -> list[Tensor]:
    found = _matrix("ffn_gate_inp", hidden, f.n_experts, f.bias)
    if f.router_bias:
        found.append(Tensor("exp_probs_b.bias", "block", f.n_experts))
    if f.latent_size:
        found += _matrix("ffn_latent_down", hidden, width) + _matrix("ffn_latent_up", width, hidden)
    parts = ("gate", "up") if f.gated else ("up",)
    found += [Tensor(f"ffn_{part}_exps.weight", "expert", width, f.expert_size, f.n_experts) for part in parts]
    found.append(Tensor("ffn_down_exps.weight", "expert", f.expert_size, width, f.n_experts))
    if f.bias:
        found += [Tensor(f"ffn_{part}_exps.bias", "expert", f.expert_size, f.n_experts) for part in parts]
        found.append(Tensor("ffn_down_exps.bias", "expert", width, f.n_experts))
    return found
