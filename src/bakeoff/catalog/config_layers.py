"""The parts of one layer from a config.json: attention, recurrence, feed-forward. One layer at a time, by its kind.

The kinds are letters: f full attention, s sliding window, c chunked, l linear attention, m Mamba, v short convolution,
h attention beside Mamba, n nothing but a feed-forward part.
"""

from dataclasses import replace

from bakeoff.catalog.architecture import Attention, FeedForward, Indexer, Latent, Recurrent
from bakeoff.catalog.config import Config
from bakeoff.catalog.config_families import Family
from bakeoff.errors import DataError


def attention(c: Config, family: Family, kind: str, n_heads: int | None = None) -> Attention:
    """Attention of a layer of kind f, s, c or h.

    Args:
        c: the config.
        family: what it leaves unsaid.
        kind: the letter.
        n_heads: heads of this layer, where they differ from layer to layer.
    """
    sliding = kind == "s"
    heads = n_heads or _own(c, sliding, "num_attention_heads", "n_head", "n_heads")
    kv_heads = _kv_heads(c, sliding, heads)
    head_dim = _head_dim(c, sliding, heads)
    bias = c.flag(family.bias_key, default=family.bias)
    found = Attention(
        n_heads=heads,
        n_kv_heads=kv_heads,
        head_dim_k=head_dim,
        head_dim_v=_own_or(c, sliding, head_dim, "v_head_dim"),
        window=window(c) if sliding else c.number("attention_chunk_size", default=8192) if kind == "c" else None,
        chunked=kind == "c",
        bias=bias,
        output_bias=bias if family.output_bias is None else family.output_bias,
        qk_norm=c.flag("use_qk_norm", "qk_layernorm", default=family.qk_norm),
        wide_qk_norm=family.wide_qk_norm,
        gated_output=family.gated_output,
        head_gates=family.head_gates and not family.gated_output,
        sinks=family.sinks,
    )
    if c.has("kv_lora_rank"):
        found = _latent(c, found)
    elif not sliding and c.has("global_head_dim"):
        found = _gemma4_global(c, found)
    return found


def _own(c: Config, sliding: bool, *keys: str) -> int:
    """A number that sliding-window layers may have of their own (`swa_...`: MiMo-V2, Inkling)."""
    swa = tuple(f"swa_{key}" for key in keys) if sliding else ()
    return c.number(*swa, *keys, high=1 << 20)


def _own_or(c: Config, sliding: bool, default: int, key: str) -> int:
    return c.number(*((f"swa_{key}",) if sliding else ()), key, default=default, high=1 << 20)


def _kv_heads(c: Config, sliding: bool, heads: int) -> int:
    if c.flag("multi_query") and not c.flag("new_decoder_architecture"):
        return 1
    keys = ("num_key_value_heads", "num_kv_heads", "multi_query_group_num", "num_attention_groups", "n_kv_heads")
    found = c.number(*(("swa_num_key_value_heads",) if sliding else ()), *keys, default=heads, high=1 << 20)
    if heads % found and heads < found:
        raise DataError(f"config.json: {heads} attention heads cannot share {found} key-value heads")
    return found


def _head_dim(c: Config, sliding: bool, heads: int) -> int:
    keys = (("swa_head_dim",) if sliding else ()) + ("head_dim", "kv_channels", "attention_head_dim")
    if any(c.has(key) and c.values[key] != 0 for key in keys):
        return c.number(*(key for key in keys if c.values.get(key) != 0), high=1 << 20)
    hidden = c.number("hidden_size", "d_model", "n_embd")
    if hidden < heads:
        raise DataError(f"config.json: hidden_size {hidden} is less than {heads} attention heads")
    return hidden // heads


def window(c: Config) -> int:
    """Tokens that a sliding-window layer sees."""
    if c.has("sliding_window_size"):
        return c.number("sliding_window_size")
    return c.number("sliding_window", "window_size", "local_window_size", default=4096)


def _latent(c: Config, plain: Attention) -> Attention:
    """MLA: the cache holds one latent and one rotated part per token. DeepSeek-V2, arXiv 2405.04434."""
    rope = c.number("qk_rope_head_dim", default=64, low=0, high=1 << 20)
    nope = c.number("qk_nope_head_dim", default=128, high=1 << 20)
    value = c.number("v_head_dim", default=128, high=1 << 20)
    found = Latent(
        kv_lora_rank=c.number("kv_lora_rank", high=1 << 20),
        q_lora_rank=c.optional("q_lora_rank"),
        qk_nope_head_dim=nope,
        qk_rope_head_dim=rope,
        v_head_dim=value,
    )
    gate = c.flag("mla_use_output_gate", default=plain.gated_output)
    return replace(
        plain,
        n_kv_heads=plain.n_heads,
        head_dim_k=nope + rope,
        head_dim_v=value,
        latent=found,
        qk_norm=False,
        gated_output=gate,
    )


def _gemma4_global(c: Config, plain: Attention) -> Attention:
    """Gemma 4's full-attention layers: wider heads, fewer of them, and keys that serve as values.

    transformers 5.23 `Gemma4TextConfig.__post_init__`; `attention_k_eq_v` is true for the models without shared caches.
    """
    same = c.flag("attention_k_eq_v", default=c.has("num_global_key_value_heads"))
    wide = c.number("global_head_dim", high=1 << 20)
    kv_heads = c.number("num_global_key_value_heads", default=plain.n_kv_heads) if same else plain.n_kv_heads
    return replace(plain, head_dim_k=wide, head_dim_v=wide, n_kv_heads=kv_heads, keys_are_values=same)


def indexer(c: Config) -> Indexer | None:
    """The scorer of sparse attention, where the config has one."""
    if c.has("index_n_heads", "index_topk"):
        return Indexer(
            n_heads=c.number("index_n_heads", default=64),
            head_dim=c.number("index_head_dim", default=128),
            top_k=c.number("index_topk", default=2048),
        )
    sparse = c.part("sparse_attention_config")
    if sparse is not None and sparse.has("sparse_num_index_heads"):  # MiniMax-M3: blocks of tokens
        blocks, size = sparse.number("sparse_topk_blocks", default=16), sparse.number("sparse_block_size", default=128)
        return Indexer(
            n_heads=sparse.number("sparse_num_index_heads"),
            head_dim=sparse.number("sparse_index_dim", default=128),
            top_k=blocks * size,
        )
    return None


def recurrent(c: Config, family: Family) -> Recurrent:
    """The recurrent part of a layer of kind l, m, v or h, in llama.cpp's `ssm.*` terms."""
    hidden = c.number("hidden_size", "d_model")
    match family.recurrent:
        case "mamba1":
            inner = c.number("mamba_expand", "expand", default=2) * hidden
            return Recurrent(
                kind="mamba1",
                conv_kernel=c.number("mamba_d_conv", "conv_kernel", default=4),
                inner_size=inner,
                state_size=c.number("mamba_d_state", "state_size", default=16),
                n_groups=0,
                time_step_rank=_time_step_rank(c, hidden),
            )
        case "mamba2":
            return _mamba2(c, hidden)
        case "gated_delta_net":
            key_heads = c.number("linear_num_key_heads")
            value_heads = c.number("linear_num_value_heads")
            return Recurrent(
                kind="gated_delta_net",
                conv_kernel=c.number("linear_conv_kernel_dim", default=4),
                inner_size=value_heads * c.number("linear_value_head_dim", default=128),
                state_size=c.number("linear_key_head_dim", default=128),
                n_groups=key_heads,
                time_step_rank=value_heads,
            )
        case "kda" | "lightning":
            return _delta(c, family)
        case "short_conv":
            kernel = c.number("conv_L_cache", "conv_kernel", default=3)
            return Recurrent(kind="short_conv", conv_kernel=kernel, inner_size=hidden, state_size=0)
        case "rwkv7" | "rwkv6":
            head = c.number("head_dim", "head_size", default=64)
            return Recurrent(
                kind=family.recurrent, conv_kernel=2, inner_size=hidden, state_size=head, time_step_rank=hidden // head
            )
        case _:
            raise DataError(f"config.json: {family.name} has linear layers of a kind that is not known")


def _time_step_rank(c: Config, hidden: int) -> int:
    for key in ("mamba_dt_rank", "time_step_rank"):
        if isinstance(c.values.get(key), int):
            return c.number(key)
    return -(-hidden // 16)  # "auto" in transformers: hidden / 16, rounded up


def _mamba2(c: Config, hidden: int) -> Recurrent:
    heads = c.optional("mamba_n_heads", "mamba_num_heads", "num_heads")
    keys = tuple(key for key in ("mamba_d_head", "mamba_head_dim") if c.values.get(key) != "auto")
    inner = c.optional("mamba_d_ssm")
    if inner is None and heads is not None and c.has(*keys):
        inner = heads * c.number(*keys)
    if inner is None:
        inner = c.number("mamba_expand", "expand", default=2) * hidden
    return Recurrent(
        kind="mamba2",
        conv_kernel=c.number("mamba_d_conv", "conv_kernel", default=4),
        inner_size=inner,
        state_size=c.number("mamba_d_state", "ssm_state_size", "state_size", default=128),
        n_groups=c.number("mamba_n_groups", "n_groups", default=1),
        time_step_rank=heads or inner // c.number(*keys, "head_dim", default=64),
    )


def _delta(c: Config, family: Family) -> Recurrent:
    """Kimi delta attention and lightning attention: every head keeps a square of its own size."""
    inside = c.part("linear_attn_config") or c
    heads = inside.number("num_heads", "linear_num_heads", "num_attention_heads")
    head_dim = inside.number("linear_head_dim", "head_dim", default=128, low=1)
    kernel = inside.number("short_conv_kernel_size", "linear_conv_kernel_dim", default=4)
    kda = family.recurrent == "kda"
    return Recurrent(
        kind="kda" if kda else "lightning",
        conv_kernel=kernel if kda else 1,
        inner_size=heads * head_dim,
        state_size=head_dim,
        n_groups=heads,
        time_step_rank=heads,
    )


def feed_forward(c: Config, family: Family, sparse: bool) -> FeedForward:
    """The feed-forward part: of experts where `sparse`, else dense."""
    bias = c.flag(family.ff_bias_key, default=family.ff_bias)
    if not sparse:
        return FeedForward(size=dense_size(c, family), gated=family.gated, bias=bias)
    expert = c.number(
        "moe_intermediate_size", "expert_ffn_hidden_size", "moe_ffn_hidden_size", "intermediate_size",
        "intermediate_size_mlp", "ffn_hidden_size",
    )  # fmt: skip
    return FeedForward(
        size=0,
        gated=family.gated,
        bias=bias,
        n_experts=n_experts(c),
        n_experts_used=c.number(
            "num_experts_per_tok", "num_experts_per_token", "moe_topk", "moe_k", "top_k_experts", "moe_top_k"
        ),
        expert_size=expert,
        shared_size=_shared_size(c, expert),
        shared_gate=family.shared_gate,
        router_bias=family.router_bias,
        latent_size=c.number("moe_latent_size", "routed_expert_hidden_size", "moe_hidden_size", default=0, low=0),
    )


def n_experts(c: Config) -> int:
    """Routed experts in a layer that has them; 0 for a dense model."""
    keys = ("num_experts", "num_local_experts", "n_routed_experts", "moe_num_experts")
    listed = next((found for key in keys if (found := c.numbers(key))), None)
    count = listed[0] if listed else c.number(*keys, default=0, low=0, high=1 << 20)  # ERNIE 4.5 VL lists text first
    return count if count > 1 else 0


def _shared_size(c: Config, expert: int) -> int:
    sizes = ("shared_expert_intermediate_size", "moe_shared_expert_intermediate_size", "shared_intermediate_size",
             "share_expert_dim", "moe_shared_expert_size")  # fmt: skip
    if c.has(*sizes):
        return c.number(*sizes, low=0)
    count = c.number("n_shared_experts", "num_shared_experts", "num_shared_expert", "moe_num_shared_experts",
                     default=0, low=0, high=1 << 16)  # fmt: skip
    return count * expert


def dense_size(c: Config, family: Family) -> int:
    """Width of the dense feed-forward part."""
    keys = ("prefix_dense_intermediate_size", "dense_intermediate_size", "intermediate_size_mlp", "intermediate_size",
            "ffn_hidden_size", "block_ff_dim", "n_inner", "d_ff", "ffn_dim", "intermediate_dim")  # fmt: skip
    if any(c.has(key) for key in keys):
        return c.number(*keys)
    if family.gated and not c.has("expansion_ratio"):
        raise DataError("config.json: intermediate_size is missing")
    return c.number("expansion_ratio", default=4) * c.number("hidden_size", "d_model", "n_embd")
