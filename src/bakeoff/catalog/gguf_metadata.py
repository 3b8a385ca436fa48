"""An architecture as the metadata of a GGUF file: what llama.cpp reads before it asks for a tensor.

Made for the engine's planner, which needs shapes and no weights. Numbers that change no shape (norm epsilons, rotary
bases, scales) are there only because the engine insists on them. The way back is `gguf_architecture`.

Keys: src/llama-arch.cpp and `load_arch_hparams` in src/models/*.cpp of llama.cpp, build b11549.
"""

from collections.abc import Sequence

from bakeoff.catalog.architecture import Architecture, Attention, Layer, Recurrent

Value = int | float | bool | str | list[int] | list[bool] | list[float]

ONE_KV_HEAD_COUNT = frozenset(("qwen3next", "qwen35", "qwen35moe", "qwen4exp", "minimax-01"))
"""Hybrids that say in `recurrent_layers` which layers have no cache; the others say it with 0 heads."""

WHOLE_LATENT_HEADS = frozenset(("minicpm3", "plm"))
"""Latent attention that the engine runs with whole keys and values."""

DEEPSTACK_LAYERS = {"qwen3vl": 3, "qwen3vlmoe": 3}
"""Layers of Qwen3-VL that image features enter at, beside the first (`deepstack_visual_indexes` of its configs)."""

LATENT_KEYS = {"kimi-k3": "expert_latent_length"}
"""The key of `FeedForward.latent_size`, where it is not `moe_latent_size`."""

SIGMOID, SQRT_SOFTPLUS = 2, 4
"""`llama_expert_gating_func_type`."""


def metadata_of(architecture: Architecture) -> dict[str, Value]:
    """Key to value. Lists are per layer."""
    prefix = architecture.name + "."
    found: dict[str, Value] = {
        "general.architecture": architecture.name,
        "tokenizer.ggml.model": "none",
    }
    parts = (
        _sizes(architecture),
        _attention(architecture),
        _feed_forward(architecture),
        _recurrent(architecture),
        _insisted_on(architecture),
    )
    for part in parts:
        found.update({prefix + key: value for key, value in part.items()})
    if architecture.name in DEEPSTACK_LAYERS:
        found[prefix + "n_deepstack_layers"] = DEEPSTACK_LAYERS[architecture.name]
    if architecture.name == "apertus":
        found.update(dict.fromkeys(("xielu.alpha_n", "xielu.alpha_p", "xielu.beta", "xielu.eps"), 1.0))
    return found


def _sizes(architecture: Architecture) -> dict[str, Value]:
    found: dict[str, Value] = {
        "vocab_size": architecture.vocab_size,
        "context_length": architecture.context_tokens,
        "embedding_length": architecture.hidden_size,
        "block_count": architecture.n_layers,
    }
    if architecture.per_layer_embedding_size or architecture.name == "gemma4":
        found["embedding_length_per_layer_input"] = architecture.per_layer_embedding_size
    return found


def _attention(architecture: Architecture) -> dict[str, Value]:
    layers = list(architecture.layers())
    attentions = [layer.attention for layer in layers if layer.attention]
    if not attentions:
        return {"attention.head_count": 0}
    full = next((a for a in attentions if a.window is None), attentions[0])
    kv_heads = [_kv_heads(layer, architecture.name) for layer in layers]
    found: dict[str, Value] = {
        "attention.head_count": _one_or_list([_heads(layer, full) for layer in layers]),
        "attention.head_count_kv": max(kv_heads) if architecture.name in ONE_KV_HEAD_COUNT else _one_or_list(kv_heads),
        "attention.key_length": full.head_dim_k,
        "attention.value_length": full.head_dim_v,
        "rope.dimension_count": full.head_dim_k,
        **_window(architecture, layers, full),
        **_latent(architecture.name, full),
        **_indexer(architecture),
    }
    shared = sum(a.shares_cache for a in attentions)
    if shared:
        found["attention.shared_kv_layers"] = shared
    return found


def _heads(layer: Layer, usual: Attention) -> int:
    if layer.attention:
        return layer.attention.n_heads
    if layer.recurrent and layer.recurrent.kind == "kda":
        return layer.recurrent.n_groups
    return usual.n_heads if layer.recurrent else 0


def _kv_heads(layer: Layer, name: str) -> int:
    if layer.attention is None:
        return 0
    absorbed = layer.attention.latent is not None and name not in WHOLE_LATENT_HEADS
    return 1 if absorbed else layer.attention.n_kv_heads


def _window(architecture: Architecture, layers: Sequence[Layer], full: Attention) -> dict[str, Value]:
    sliding = next((layer.attention for layer in layers if layer.attention and layer.attention.window), None)
    if sliding is None or sliding.window is None:
        return {}
    found: dict[str, Value] = {
        "attention.sliding_window": sliding.window,
        "attention.sliding_window_pattern": [bool(layer.attention and layer.attention.window) for layer in layers],
    }
    if (sliding.head_dim_k, sliding.head_dim_v) != (full.head_dim_k, full.head_dim_v) or architecture.name == "gemma4":
        found["attention.key_length_swa"] = sliding.head_dim_k
        found["attention.value_length_swa"] = sliding.head_dim_v
        found["rope.dimension_count_swa"] = sliding.head_dim_k
    return found


def _latent(name: str, attention: Attention) -> dict[str, Value]:
    latent = attention.latent
    if latent is None:
        return {}
    rope = latent.qk_rope_head_dim
    found: dict[str, Value] = {"attention.kv_lora_rank": latent.kv_lora_rank, "rope.dimension_count": rope}
    if latent.q_lora_rank:
        found["attention.q_lora_rank"] = latent.q_lora_rank
    if name in WHOLE_LATENT_HEADS:
        return found
    return found | {
        "attention.key_length": latent.kv_lora_rank + rope,
        "attention.value_length": latent.kv_lora_rank,
        "attention.key_length_mla": latent.qk_nope_head_dim + rope,
        "attention.value_length_mla": latent.v_head_dim,
    }


def _indexer(architecture: Architecture) -> dict[str, Value]:
    layers = [layer.attention for layer in architecture.layers()]
    indexer = next((a.indexer for a in layers if a and a.indexer), None)
    found: dict[str, Value] = {}
    if indexer is not None:
        found = {
            "attention.indexer.head_count": indexer.n_heads,
            "attention.indexer.key_length": indexer.head_dim,
            "attention.indexer.top_k": indexer.top_k,
        }
        if architecture.name != "glm-dsa" and not all(a and a.indexer for a in layers):
            found["attention.indexer.types"] = [int(bool(a and a.indexer)) for a in layers]
    compressed = next((a.compressed for a in layers if a and a.compressed), None)
    if compressed is not None:
        found |= {
            "attention.q_lora_rank": compressed.q_lora_rank,
            "attention.output_lora_rank": compressed.output_lora_rank,
            "attention.output_group_count": compressed.output_groups,
            "attention.compress_ratios": [a.compressed.ratio if a and a.compressed else 0 for a in layers],
            "attention.compress_rope_freq_base": 10000.0,
            "rope.dimension_count": 64,
        }
    return found


def _feed_forward(architecture: Architecture) -> dict[str, Value]:
    parts = [layer.feed_forward for layer in architecture.layers()]
    widths = [
        part.size if part else _channel_mix(layer) for part, layer in zip(parts, architecture.layers(), strict=True)
    ]
    sparse = [part for part in parts if part and part.n_experts]
    if not sparse:
        return {"feed_forward_length": _one_or_list(widths)}
    first = sparse[0]
    is_sparse = [bool(part and part.n_experts) for part in parts]
    leading = is_sparse.index(True)
    separate = architecture.name.startswith("nemotron_h")
    found: dict[str, Value] = {
        "feed_forward_length": _one_or_list(_expert_widths(parts) if separate else widths),
        "expert_count": first.n_experts,
        "expert_used_count": first.n_experts_used,
        "expert_feed_forward_length": first.expert_size,
        "expert_shared_feed_forward_length": first.shared_size,
        "expert_shared_count": max(1, first.shared_size // first.expert_size) if first.shared_size else 0,
        "expert_weights_scale": 1.0,
        "expert_weights_norm": True,
        "expert_gating_func": SQRT_SOFTPLUS if architecture.name == "deepseek4" else SIGMOID,
        "leading_dense_block_count": leading,
        "interleave_moe_layer_step": 1 if all(is_sparse[leading:]) else 2,
    }
    if found["feed_forward_length"] == 0 or architecture.name == "arctic":
        found["feed_forward_length"] = first.expert_size
    if first.latent_size:
        found[LATENT_KEYS.get(architecture.name, "moe_latent_size")] = first.latent_size
    return found


def _channel_mix(layer: Layer) -> int:
    """RWKV's feed-forward width; its matrices are no feed-forward part of ours."""
    return next((weight.rows for weight in layer.extra if weight.name == "channel_mix_key.weight"), 0)


def _expert_widths(parts: Sequence[object]) -> list[int]:
    """Nemotron-H tells its kinds of layers apart by this key: 0 where there is no feed-forward part."""
    return [(getattr(part, "size", 0) or getattr(part, "expert_size", 0)) if part else 0 for part in parts]


def _recurrent(architecture: Architecture) -> dict[str, Value]:
    layers = list(architecture.layers())
    part = next((layer.recurrent for layer in layers if layer.recurrent), None)
    if part is None:
        return {}
    found = _state(part)
    if architecture.name in ONE_KV_HEAD_COUNT:
        found["attention.recurrent_layers"] = [layer.recurrent is not None for layer in layers]
    return found


def _state(part: Recurrent) -> dict[str, Value]:
    if part.kind == "short_conv":
        return {"shortconv.l_cache": part.conv_kernel}
    if part.kind == "kda":
        return {"ssm.conv_kernel": part.conv_kernel, "kda.head_dim": part.state_size, "kda.gate_lower_bound": -5.0}
    if part.kind in ("rwkv6", "rwkv7"):
        return {
            "wkv.head_size": part.state_size,
            "token_shift_count": part.conv_kernel,
            "attention.decay_lora_rank": 64,
            "attention.iclr_lora_rank": 64,
            "attention.value_residual_mix_lora_rank": 32,
            "attention.gate_lora_rank": 128,
            "time_mix_extra_dim": 32,
            "time_decay_extra_dim": 64,
        }
    if part.kind == "lightning":
        return {}
    return {
        "ssm.conv_kernel": part.conv_kernel,
        "ssm.inner_size": part.inner_size,
        "ssm.state_size": part.state_size,
        "ssm.time_step_rank": part.time_step_rank,
        "ssm.group_count": part.n_groups,
        "ssm.dt_b_c_rms": False,
    }


def _insisted_on(architecture: Architecture) -> dict[str, Value]:
    """What some architectures demand and no shape depends on, but for the number of hyper-connections."""
    hyper = next(
        (weight for layer in architecture.layers() for weight in layer.extra if weight.name.startswith("hc_attn_")),
        None,
    )
    return {
        "attention.layer_norm_epsilon": 1e-5,
        "attention.layer_norm_rms_epsilon": 1e-5,
        "attention.group_norm_epsilon": 1e-5,
        "attention.group_norm_groups": 1,
        "attention.clamp_kqv": 1.0,
        "attention.scale": 1.0,
        "attention.max_alibi_bias": 0.0,
        "rope.freq_base_swa": 10000.0,
        "rope.dimension_sections": [11, 11, 10, 0],
        "logit_scale": 1.0,
        "residual_scale": 1.0,
        "embedding_scale": 1.0,
        "use_parallel_residual": True,
        "hyper_connection.count": hyper.columns // architecture.hidden_size if hyper else 4,
        "hyper_connection.low_rank": hyper.rows if hyper else 1,
        "hyper_connection.epsilon": 1e-6,
        "hyper_connection.magnitude": 2.0,
        "hyper_connection.sinkhorn_iterations": 20,
        "hash_layer_count": 0,
        "attention.indexer.block_size": 128,
        "attention.indexer.local_blocks": 1,
        "swiglu_clamp_exp": [0.0] * architecture.n_layers,
        "attn_res.block_size": 12,
        "activation.situ_beta": 1.0,
        "activation.situ_linear_beta": 1.0,
    }


def _one_or_list(values: list[int]) -> int | list[int]:
    return values[0] if len(set(values)) == 1 else values
