"""The parts of one layer, from the tensors that a GGUF file has for it. Helper of `gguf_architecture`.

Sliding windows are in no tensor: where a file has no list of them, the pattern is the architecture's own
(`load_swa_pattern` in src/models/*.cpp of llama.cpp, build b11549).
"""

from collections.abc import Mapping
from typing import Literal

from bakeoff.catalog.architecture import (
    Attention,
    Compressed,
    FeedForward,
    Indexer,
    Latent,
    Recurrent,
)
from bakeoff.catalog.gguf_keys import Keys
from bakeoff.catalog.tensors import FUSED_GATE_UP, GATE_IN_QUERY

Shape = tuple[int, ...]
Block = Mapping[str, Shape]

NORM_ENDINGS = ("_norm.weight", "_norm_1.weight", "_norm_2.weight", "_norm_exps.weight")

NOT_NORMS_OF_THE_LAYER = ("attn_q_norm", "attn_k_norm", "attn_q_a_norm", "attn_kv_a_norm")
"""Norms within attention, which may have the width of the model by chance."""

WINDOW_PATTERNS: dict[str, tuple[int, Literal["last", "first"]]] = {
    "afmoe": (4, "last"),
    "cohere2": (4, "last"),
    "cohere2moe": (4, "first"),
    "exaone-moe": (4, "last"),
    "exaone4": (4, "last"),
    "gemma2": (2, "last"),
    "gemma3": (6, "last"),
    "gemma3n": (5, "last"),
    "gpt-oss": (2, "last"),
    "laguna": (4, "first"),
    "llama4": (4, "last"),
    "mellum": (4, "last"),
    "muse-glimmer": (4, "last"),
    "olmo2": (4, "last"),
    "plamo3": (8, "last"),
    "smallthinker": (4, "first"),
}
"""Every how many layers one has full attention, and whether it is the first or the last of them."""

ALL_WINDOWS = frozenset(("deepseek4", "lfm2"))
"""Every layer with attention has the window, if the file has one."""

DEFAULT_WINDOWS = {"gemma2": 4096, "llama4": 8192, "smallthinker": 4096}
"""Where the file does not say; Llama 4's is fixed."""

SHARED_FROM = {"gemma3n": 20}
"""Layers that keep a cache, where the file does not count those that share one."""


def is_norm(name: str, shape: Shape, hidden: int) -> bool:
    """A norm of the layer's input or output, as wide as the model."""
    return (
        shape == (hidden,)
        and (name.endswith(NORM_ENDINGS) or name == "ffn_norm")
        and not name.startswith(NOT_NORMS_OF_THE_LAYER)
    )


def _rows(block: Block, *names: str) -> int:
    """Rows of the first of the matrices that is there; 0 where none is."""
    for name in names:
        shape = block.get(f"{name}.weight", ())
        if len(shape) > 1:
            return shape[1]
    return 0


def recurrent(keys: Keys, number: int, block: Block, hidden: int) -> Recurrent | None:
    """The recurrent part of a layer, if it has one."""
    if any(name.startswith("time_mix_") for name in block):
        kind: Literal["rwkv6", "rwkv7"] = "rwkv6" if keys.name.startswith("rwkv6") else "rwkv7"
        size = keys.number("wkv.head_size", least=1)
        return Recurrent(kind, keys.number("token_shift_count", 2), hidden, size, time_step_rank=hidden // size)
    if "shortconv.conv.weight" in block:
        return Recurrent("short_conv", keys.number("shortconv.l_cache", least=1), hidden, 0)
    if "ssm_conv1d_q.weight" in block:
        inner, size = _rows(block, "attn_q"), keys.number("kda.head_dim", least=1)
        heads = inner // size
        return Recurrent("kda", keys.number("ssm.conv_kernel", least=1), inner, size, heads, heads)
    if "attn_out_norm.weight" in block and "attn_gate.weight" in block:
        inner = _rows(block, "attn_q") or _rows(block, "attn_gate")
        heads = keys.per_layer("attention.head_count")[number]
        return Recurrent("lightning", 1, inner, inner // max(1, heads), heads, heads)
    if "ssm_out.weight" not in block:
        return None
    delta = "attn_qkv.weight" in block
    return Recurrent(
        "gated_delta_net" if delta else "mamba1" if "ssm_x.weight" in block else "mamba2",
        conv_kernel=keys.number("ssm.conv_kernel", least=1),
        inner_size=keys.number("ssm.inner_size", least=1),
        state_size=keys.number("ssm.state_size", least=1),
        n_groups=keys.number("ssm.group_count", 0 if "ssm_x.weight" in block else 1),
        time_step_rank=keys.number("ssm.time_step_rank", 0),
        norm="ssm_norm.weight" in block or "ssm_dt_norm.weight" in block,
    )


def attention(keys: Keys, number: int, block: Block, hidden: int) -> Attention | None:
    """Softmax attention of a layer, if it has any."""
    mixes = ("attn_q.weight", "attn_qkv.weight", "attn_q_a.weight", "attn_q_b.weight")
    recurs = ("ssm_conv1d_q.weight", "ssm_beta.weight", "ssm_ba.weight", "attn_out_norm.weight")
    if not any(name in block for name in mixes) or any(name in block for name in recurs):
        return None
    heads = keys.per_layer("attention.head_count")[number]
    if not heads:
        return None
    window = _window(keys, number)
    size_k, size_v = _head_sizes(keys, number, hidden, windowed=window is not None)
    found = Attention(
        n_heads=heads,
        n_kv_heads=keys.per_layer("attention.head_count_kv", 0)[number] or heads,
        head_dim_k=size_k,
        head_dim_v=size_v,
        window=window,
        chunked=keys.name == "llama4" and window is not None,
        latent=_latent(keys, block),
        indexer=_indexer(keys, block),
        compressed=_compressed(keys, number, block),
        shares_cache=_shares_cache(keys, number),
        bias=any(f"{name}.bias" in block for name in ("attn_q", "attn_qkv", "attn_q_a", "attn_k")),
        output_bias="attn_output.bias" in block,
        qk_norm="attn_q_norm.weight" in block,
        gated_output=keys.name in GATE_IN_QUERY or _rows(block, "attn_gate") > heads,
        sinks="attn_sinks.weight" in block,
        wide_qk_norm=heads > 1 and block.get("attn_q_norm.weight") in ((heads * size_k,), (size_k, heads)),
        head_gates=0 < _rows(block, "attn_gate") == heads,
        keys_are_values="attn_kv.weight" in block or ("attn_k.weight" in block and "attn_v.weight" not in block),
    )
    return _whole_heads(found) if found.latent else found


def _whole_heads(a: Attention) -> Attention:
    """Latent attention by its own head sizes: files have those of the compressed vector, and one head of it."""
    assert a.latent is not None
    size = a.latent.qk_nope_head_dim + a.latent.qk_rope_head_dim
    return Attention(
        n_heads=a.n_heads,
        n_kv_heads=a.n_heads,
        head_dim_k=size,
        head_dim_v=a.latent.v_head_dim,
        window=a.window,
        latent=a.latent,
        indexer=a.indexer,
        bias=a.bias,
        output_bias=a.output_bias,
        gated_output=a.gated_output,
        head_gates=a.head_gates,
        sinks=a.sinks,
    )


def _head_sizes(keys: Keys, number: int, hidden: int, *, windowed: bool) -> tuple[int, int]:
    usual = hidden // max(1, keys.per_layer("attention.head_count")[number])
    size_k = keys.number("attention.key_length", usual)
    size_v = keys.number("attention.value_length", usual)
    if windowed:
        size_k = keys.number("attention.key_length_swa", size_k)
        size_v = keys.number("attention.value_length_swa", size_v)
    return size_k, size_v


def _window(keys: Keys, number: int) -> int | None:
    name = keys.name
    size = keys.number("attention.sliding_window", DEFAULT_WINDOWS.get(name, 0))
    if not size:
        return None
    flags = keys.flags("attention.sliding_window_pattern")
    if flags is not None:
        return size if flags[number] else None
    if name in ALL_WINDOWS:
        return size
    if name not in WINDOW_PATTERNS:
        return None
    every, full = WINDOW_PATTERNS[name]
    if keys.has("attention.sliding_window_pattern"):
        every = keys.number("attention.sliding_window_pattern") or keys.n_layers + 1
    is_full = number % every == (0 if full == "first" else every - 1)
    return None if is_full else size


def _shares_cache(keys: Keys, number: int) -> bool:
    keeping = SHARED_FROM.get(keys.name, keys.n_layers)
    return number >= min(keeping, keys.n_layers - keys.number("attention.shared_kv_layers", 0))


def _latent(keys: Keys, block: Block) -> Latent | None:
    """Multi-head latent attention; files from before `key_length_mla` have whole keys and values in their cache."""
    if "attn_kv_a_mqa.weight" not in block:
        return None
    rope = keys.number("rope.dimension_count")
    if keys.has("attention.key_length_mla"):
        key, value = keys.number("attention.key_length_mla"), keys.number("attention.value_length_mla")
    elif keys.name in ("minicpm3", "plm"):
        key, value = keys.number("attention.key_length"), keys.number("attention.value_length")
    else:
        return None
    return Latent(
        kv_lora_rank=keys.number("attention.kv_lora_rank", least=1),
        q_lora_rank=keys.number("attention.q_lora_rank", 0) if "attn_q_a.weight" in block else None,
        qk_nope_head_dim=max(0, key - rope),
        qk_rope_head_dim=rope,
        v_head_dim=value,
    )


def _indexer(keys: Keys, block: Block) -> Indexer | None:
    if not any(name.startswith("indexer") for name in block):
        return None
    return Indexer(
        n_heads=keys.number("attention.indexer.head_count", least=1),
        head_dim=keys.number("attention.indexer.key_length", least=1),
        top_k=keys.number("attention.indexer.top_k", 0),
    )


def _compressed(keys: Keys, number: int, block: Block) -> Compressed | None:
    if "attn_output_a.weight" not in block or not keys.has("attention.compress_ratios"):
        return None
    return Compressed(
        ratio=keys.per_layer("attention.compress_ratios")[number],
        q_lora_rank=keys.number("attention.q_lora_rank"),
        output_lora_rank=keys.number("attention.output_lora_rank"),
        output_groups=keys.number("attention.output_group_count", least=1),
    )


def feed_forward(keys: Keys, number: int, block: Block) -> FeedForward | None:
    """The dense and expert part of a layer, if it has any."""
    dense, shared = _rows(block, "ffn_up"), _rows(block, "ffn_up_shexp")
    if keys.name in FUSED_GATE_UP:
        dense //= 2
    experts = block.get("ffn_down_exps.weight", (0, 0, 0))
    if not dense and not shared and not any(experts):
        return None
    gates = ("ffn_gate.weight", "ffn_gate_exps.weight", "ffn_gate_up_exps.weight", "ffn_gate_shexp.weight")
    return FeedForward(
        size=dense,
        gated=keys.name in FUSED_GATE_UP or any(name in block for name in gates),
        bias="ffn_up.bias" in block or "ffn_down_exps.bias" in block,
        n_experts=experts[2] if len(experts) > 2 else 0,
        n_experts_used=_used(keys, number) if any(experts) else 0,
        expert_size=experts[0],
        shared_size=shared,
        shared_gate="ffn_gate_inp_shexp.weight" in block,
        router_bias="exp_probs_b.bias" in block,
        latent_size=_rows(block, "ffn_latent_down", "ffn_routed_down"),
    )


def _used(keys: Keys, number: int) -> int:
    return keys.per_layer("expert_used_count", 1)[number]
