"""Families whose blocks are not all a mixer and a feed-forward part: each a function from config to layers.

Sources: the modelling code of transformers 5.23 named in each docstring, and llama.cpp's `src/models/`.
"""

from collections.abc import Callable
from dataclasses import replace

from bakeoff.catalog.architecture import Attention, Compressed, FeedForward, Layer, Weight
from bakeoff.catalog.config import Config
from bakeoff.catalog.config_blocks import ordinary
from bakeoff.catalog.config_families import Family
from bakeoff.catalog.config_layers import attention, dense_size, feed_forward, indexer, n_experts, recurrent
from bakeoff.catalog.config_pattern import layer_kinds
from bakeoff.errors import DataError


def falcon(c: Config, family: Family) -> list[Layer]:
    """`FalconDecoderLayer`: one norm where attention and feed-forward run side by side, two in the 40B design."""
    parallel = c.flag("parallel_attn", default=True)
    new = c.flag("new_decoder_architecture")
    norms = c.number("num_ln_in_parallel_attn", default=2 if new else 1) if parallel or new else 2
    return [replace(layer, n_norms=norms) for layer in ordinary(c, family)]


def nemotron_h(c: Config, family: Family) -> list[Layer]:
    """`NemotronHBlock`: a block is one thing only: Mamba-2, attention, a dense network or experts."""
    kinds = layer_kinds(c, family)
    pattern = c.values.get("hybrid_override_pattern")
    names = c.strings("layer_types") or c.strings("layers_block_type")
    experts = [mark == "E" for mark in pattern] if isinstance(pattern, str) else [n == "moe" for n in names or kinds]
    parts = {
        "f": lambda: Layer(attention=attention(c, family, "f"), n_norms=1),
        "l": lambda: Layer(recurrent=recurrent(c, family), n_norms=1),
    }
    built: dict[tuple[str, bool], Layer] = {}
    found = []
    for number, kind in enumerate(kinds):
        key = (kind, kind == "n" and experts[number])
        if key not in built:
            plain = Layer(feed_forward=None, n_norms=1)
            make = parts.get(kind)
            built[key] = make() if make else replace(plain, feed_forward=feed_forward(c, family, key[1]))
        found.append(built[key])
    return found


def deci(c: Config, family: Family) -> list[Layer]:
    """`DeciLMDecoderLayer` of Nemotron-NAS: `block_configs` says per block how much of it is left."""
    blocks = c.values.get("block_configs")
    count = c.n_layers
    if not isinstance(blocks, list) or len(blocks) < count:
        raise DataError(f"config.json: block_configs has no entry for each of {count} layers")
    return [_deci_block(c, family, part) for part in blocks[:count]]


def _deci_block(c: Config, family: Family, part: object) -> Layer:
    inside = Config({"block": part}).part("block")
    mixer_part, network_part = (inside.part("attention"), inside.part("ffn")) if inside else (None, None)
    if mixer_part is None or network_part is None:
        raise DataError("config.json: a block of block_configs lacks attention or ffn")
    heads, hidden = c.number("num_attention_heads"), c.number("hidden_size")
    mixer = None
    if not mixer_part.flag("no_op") and not mixer_part.flag("replace_with_linear"):
        kv_heads = heads // mixer_part.number("n_heads_in_group", high=heads)
        c.values["num_key_value_heads"] = kv_heads
        mixer = attention(c, family, "f")
    network = None
    if not network_part.flag("no_op"):
        network = FeedForward(size=_deci_width(network_part, hidden))
    return Layer(attention=mixer, feed_forward=network, n_norms=(mixer is not None) + (network is not None))


def _deci_width(part: Config, hidden: int) -> int:
    """`_ffn_mult_to_intermediate_size`: two thirds of twice the multiple, up to the next 256."""
    multiple = part.values.get("ffn_mult")
    if not isinstance(multiple, int | float) or isinstance(multiple, bool) or not 0 < multiple < 1000:
        raise DataError(f"config.json: ffn_mult is {multiple!r}, expected a number")
    width = int(2 * multiple * hidden / 3)
    return -(-width // 256) * 256


def openelm(c: Config, family: Family) -> list[Layer]:
    """Apple's OpenELM: heads and widths grow from layer to layer."""
    count, hidden = c.n_layers, c.number("model_dim", "hidden_size")
    queries = c.numbers("num_query_heads", count, low=1) or [c.number("num_attention_heads")] * count
    keys = c.numbers("num_kv_heads", count, low=1) or [c.number("num_key_value_heads")] * count
    multipliers = c.values.get("ffn_multipliers")
    if not isinstance(multipliers, list) or len(multipliers) < count:
        raise DataError(f"config.json: ffn_multipliers has no entry for each of {count} layers")
    head = c.number("head_dim", default=64)
    found = []
    for number in range(count):
        width = multipliers[number]
        if not isinstance(width, int | float) or not 0 < width < 1000:
            raise DataError(f"config.json: ffn_multipliers holds {width!r}, expected a number")
        mixer = Attention(queries[number], keys[number], head, head, qk_norm=True)
        size = round(width * hidden / 256) * 256
        found.append(Layer(attention=mixer, feed_forward=FeedForward(size=size)))
    return found


def longcat(c: Config, family: Family) -> list[Layer]:
    """`LongcatFlashDecoderLayer`: two attentions and two dense networks per layer, experts beside the first."""
    mixer = attention(c, family, "f")
    dense = FeedForward(size=dense_size(c, family))
    experts = replace(feed_forward(c, family, True), size=dense.size)
    pair = [Layer(attention=mixer, feed_forward=experts), Layer(attention=mixer, feed_forward=dense)]
    return pair * c.number("num_layers", "num_hidden_layers", high=4096)


def llama4(c: Config, family: Family) -> list[Layer]:
    """`Llama4TextMoe`: beside the routed experts always one shared expert of the same width.

    Its norm of q and k has no weights, so `use_qk_norm` says nothing about tensors.
    """
    c.values["num_shared_experts"] = 1
    c.values["use_qk_norm"] = False
    if not c.has("moe_intermediate_size"):
        c.values["moe_intermediate_size"] = c.number("intermediate_size")
    return ordinary(c, family)


def mllama(c: Config, family: Family) -> list[Layer]:
    """`MllamaCrossAttentionDecoderLayer`: eight layers read the picture, whose cache has a fixed length.

    Four tiles of 1601 patches (`MllamaVisionConfig`: 560 x 560 in patches of 14, one class token each).
    """
    layers, cross = ordinary(c, family), set(c.numbers("cross_attention_layers") or ())
    return [
        replace(layer, attention=replace(layer.attention, window=4 * 1601, qk_norm=True))
        if number in cross and layer.attention is not None
        else layer
        for number, layer in enumerate(layers)
    ]


def gemma3n(c: Config, family: Family) -> list[Layer]:
    """`Gemma3nTextDecoderLayer`: AltUp, LAuReL and the gate of the per-layer embedding in every block."""
    hidden, low = c.number("hidden_size"), c.number("laurel_rank", default=64)
    inputs = c.number("altup_num_inputs", default=4, high=64)
    own = c.number("hidden_size_per_layer_input", default=256)
    extra = (
        Weight("inp_gate.weight", hidden, own),
        Weight("proj.weight", own, hidden),
        Weight("laurel_l.weight", hidden, low),
        Weight("laurel_r.weight", low, hidden),
        Weight("laurel_post_norm.weight", hidden),
        Weight("altup_router.weight", hidden, inputs),
        Weight("altup_router_norm.weight", hidden),
        Weight("altup_correct_coef.weight", inputs, inputs),
        Weight("altup_predict_coef.weight", inputs, inputs * inputs),
        Weight("altup_correct_scale.weight", hidden),
    )
    sizes = c.numbers("intermediate_size", c.n_layers, low=1)
    if sizes:
        c.values["intermediate_size"] = sizes[0]
    layers = ordinary(c, family)
    if sizes:
        layers = [
            replace(layer, feed_forward=replace(layer.feed_forward, size=sizes[number]))
            for number, layer in enumerate(layers)
            if layer.feed_forward is not None
        ]
    return [replace(layer, extra=extra) for layer in layers]


def gemma4(c: Config, family: Family) -> list[Layer]:
    """`Gemma4TextDecoderLayer`: a dense network beside the experts; double width where the cache is shared."""
    count, experts = c.n_layers, n_experts(c)
    layers = ordinary(c, family)
    if experts:  # the dense network is not the shared expert of other families: it has norms of its own
        dense = c.number("intermediate_size")
        hidden = c.number("hidden_size")
        extra = (Weight("ffn_gate_inp.scale", hidden), Weight("ffn_down_exps.scale", experts))
        return [
            replace(layer, feed_forward=replace(layer.feed_forward, size=dense, shared_size=0), n_norms=7, extra=extra)
            for layer in layers
            if layer.feed_forward is not None
        ]
    shared = c.number("num_kv_shared_layers", default=0, low=0)
    own = c.number("hidden_size_per_layer_input", default=256, low=0) if shared else 0
    if own:
        hidden = c.number("hidden_size")
        extra = (Weight("inp_gate.weight", hidden, own), Weight("proj.weight", own, hidden))
        layers = [replace(layer, n_norms=5, extra=extra) for layer in layers]
    if c.flag("use_double_wide_mlp"):
        wide = 2 * c.number("intermediate_size")
        layers = [
            replace(layer, feed_forward=replace(layer.feed_forward, size=wide))
            if number >= count - shared and layer.feed_forward is not None
            else layer
            for number, layer in enumerate(layers)
        ]
    return layers


def deepseek4(c: Config, family: Family) -> list[Layer]:
    """`DeepseekV4Attention`: a window beside compressed entries (one per 4 or 128 tokens), and hyper-connections."""
    kinds, hidden, streams = layer_kinds(c, family), c.number("hidden_size"), c.number("hc_mult", default=4, high=64)
    heads, head_dim = c.number("num_attention_heads"), c.number("head_dim", default=512)
    small = hidden == 4096  # the ranks of the two published sizes, where a config is cut short
    groups = c.number("o_groups", default=8 if small else 16)
    mix = streams * (streams + 2)
    extra = tuple(
        Weight(f"hc_{part}_{name}.weight", columns, rows)
        for part in ("attn", "ffn")
        for name, columns, rows in (("fn", streams * hidden, mix), ("base", mix, 1), ("scale", 3, 1))
    )
    built = {}
    for kind in set(kinds):
        ratio = {"a": 4, "b": 128}.get(kind, 0)
        mixer = Attention(
            n_heads=heads,
            n_kv_heads=1,
            head_dim_k=head_dim,
            head_dim_v=head_dim,
            window=c.number("sliding_window", default=128),
            indexer=indexer(c) if ratio == 4 else None,
            compressed=Compressed(
                ratio=ratio,
                q_lora_rank=c.number("q_lora_rank", default=1024 if small else 1536),
                output_lora_rank=c.number("o_lora_rank", default=1024),
                output_groups=groups,
            ),
            sinks=True,
            keys_are_values=True,
        )
        built[kind] = Layer(attention=mixer, feed_forward=feed_forward(c, family, True), extra=extra)
    return [built[kind] for kind in kinds]


def jamba(c: Config, family: Family) -> list[Layer]:
    """`JambaConfig`: experts in every second block where the config does not say otherwise."""
    if n_experts(c):
        c.values.setdefault("expert_layer_period", 2)
        c.values.setdefault("expert_layer_offset", 1)
    return ordinary(c, family)


def lfm2(c: Config, family: Family) -> list[Layer]:
    """`Lfm2MLP`: the width is two thirds of what the config says, up to the next multiple of 256."""
    if c.flag("block_auto_adjust_ff_dim", default=True):
        step, width = c.number("block_multiple_of", default=256), 2 * dense_size(c, family) // 3
        c.values["intermediate_size"] = -(-width // step) * step
        c.values["block_ff_dim"] = None
    return ordinary(c, family)


def falcon_h1(c: Config, family: Family) -> list[Layer]:
    """`FalconH1Mixer`: most sizes have no norm before Mamba's output projection (`mamba_rms_norm`)."""
    norm = c.flag("mamba_rms_norm")
    return [
        replace(layer, recurrent=replace(layer.recurrent, norm=norm)) if layer.recurrent is not None else layer
        for layer in ordinary(c, family)
    ]


def falcon_mamba(c: Config, family: Family) -> list[Layer]:
    """`FalconMambaMixer`: its norms on time step, B and C have no weights; Mamba has none either."""
    return [
        replace(layer, recurrent=replace(layer.recurrent, norm=False)) if layer.recurrent is not None else layer
        for layer in ordinary(c, family)
    ]


def bailing_hybrid(c: Config, family: Family) -> list[Layer]:
    """`BailingHybridDeltaAttention`: Kimi delta attention whose two gates have full rank."""
    hidden, found = c.number("hidden_size"), []
    for layer in ordinary(c, family):
        state = layer.recurrent
        if state is not None:
            low = state.state_size * (hidden + state.inner_size)
            full = hidden * state.inner_size
            layer = replace(layer, extra=(Weight("ssm_gates.weight", hidden, 2 * (full - low) // hidden),))
        found.append(layer)
    return found


def glm5_next(c: Config, family: Family) -> list[Layer]:
    """`Glm5NextTextDecoderLayer`: hyper-connections around both halves of every block."""
    hidden, streams = c.number("hidden_size"), c.number("hc_mult", default=4, high=64)
    mix = streams * (streams + 2)
    extra = tuple(Weight(f"hc_{part}_fn.weight", streams * hidden, mix) for part in ("attn", "ffn"))
    return [replace(layer, extra=extra) for layer in ordinary(c, family)]


def kimi_linear(c: Config, family: Family) -> list[Layer]:
    """Kimi K3's delta attention has a gate of full rank (`use_full_rank_gate`)."""
    inside = c.part("linear_attn_config")
    layers = ordinary(c, family)
    if inside is None or not inside.flag("use_full_rank_gate"):
        return layers
    hidden, found = c.number("hidden_size"), []
    for layer in layers:
        state = layer.recurrent
        if state is not None:
            more = hidden * state.inner_size - state.state_size * (hidden + state.inner_size)
            layer = replace(layer, extra=(Weight("ssm_gates.weight", hidden, more // hidden),))
        found.append(layer)
    return found


def qwen4_exp(c: Config, family: Family) -> list[Layer]:
    """`Qwen4ExpTextDecoderLayer`: gated residual streams around both halves of every block."""
    wide, low = c.number("hidden_size") * c.number("hc_count", default=4, high=64), c.number("hc_lowrank", default=320)
    extra = tuple(
        weight
        for part in ("attn", "ffn")
        for weight in (Weight(f"hc_{part}_down.weight", wide, low), Weight(f"hc_{part}_up.weight", low, wide))
    )
    return [replace(layer, extra=extra) for layer in ordinary(c, family)]


def granite_hybrid(c: Config, family: Family) -> list[Layer]:
    """`GraniteMoeHybridDecoderLayer`: `shared_intermediate_size` is the dense network where there are no experts."""
    if not n_experts(c) and c.has("shared_intermediate_size"):
        c.values["intermediate_size"] = c.values["shared_intermediate_size"]
    return ordinary(c, family)


def arctic(c: Config, family: Family) -> list[Layer]:
    """Snowflake Arctic: a dense network of the model's width beside the experts of every block."""
    hidden = c.number("hidden_size")
    return [
        replace(layer, feed_forward=replace(layer.feed_forward, size=hidden))
        for layer in ordinary(c, family)
        if layer.feed_forward is not None
    ]


def step(c: Config, family: Family) -> list[Layer]:
    """`Step3p7Attention`: sliding-window layers have more heads than the others."""
    other = c.part("attention_other_setting")
    if other is not None:
        c.values["swa_num_attention_heads"] = other.values.get("num_attention_heads")
    elif c.has("num_sliding_attention_heads"):
        c.values["swa_num_attention_heads"] = c.values["num_sliding_attention_heads"]
    return ordinary(c, family)


def mistral_large4(c: Config, family: Family) -> list[Layer]:
    """`MistralLarge4TextAttention`: `kv_source_layers` names the layer whose cache a layer reads."""
    layers = ordinary(c, family)
    sources = c.numbers("kv_source_layers", len(layers))
    if not sources:
        return layers
    return [
        replace(layer, attention=replace(layer.attention, shares_cache=True))
        if sources[number] != number and layer.attention is not None
        else layer
        for number, layer in enumerate(layers)
    ]


def rwkv7(c: Config, family: Family) -> list[Layer]:
    """RWKV-7 (arXiv 2503.14456, table of ranks): time mixing with low-rank gates, channel mixing of two matrices."""
    hidden = c.number("hidden_size")
    decay = c.number("decay_low_rank_dim", default=_rank(2.5 * hidden**0.5))
    rate = c.number("a_low_rank_dim", default=_rank(2.5 * hidden**0.5))
    value = c.number("v_low_rank_dim", default=_rank(1.7 * hidden**0.5))
    gate = c.number("gate_low_rank_dim", default=_rank(5 * hidden**0.5))
    extra = [Weight(f"time_mix_{name}.weight", hidden, hidden) for name in ("key", "value", "receptance", "output")]
    for name, rank in (("w", decay), ("a", rate), ("v", value), ("g", gate)):
        extra += [
            Weight(f"time_mix_{name}1.weight", hidden, rank),
            Weight(f"time_mix_{name}2.weight", rank, hidden),
        ]
    extra += [Weight(f"time_mix_{name}.weight", hidden) for name in ("w0", "a0", "v0", "k_k", "k_a", "r_k", "ln")]
    extra += [Weight("time_mix_ln.bias", hidden), Weight("time_mix_lerp_fused.weight", hidden, 1, 6)]
    extra += [Weight("channel_mix_lerp_k.weight", hidden)]
    size = c.number("intermediate_size", default=4 * hidden)
    extra += [Weight("channel_mix_key.weight", hidden, size), Weight("channel_mix_value.weight", size, hidden)]
    state = recurrent(c, family)
    return [Layer(recurrent=state, n_norms=2, extra=tuple(extra))] * c.n_layers


def _rank(value: float) -> int:
    return max(32, round(value / 32) * 32)


def inkling(c: Config, family: Family) -> list[Layer]:
    """`InklingAttention`: relative positions by a small matrix, and four short convolutions in every block."""
    hidden, kernel = c.number("hidden_size"), c.number("conv_kernel_size", "sconv_kernel_size", default=4)
    rank = c.number("d_rel", default=16)
    found = []
    for layer in ordinary(c, family):
        mixer = layer.attention
        assert mixer is not None
        keys, values = mixer.n_kv_heads * mixer.head_dim_k, mixer.n_kv_heads * mixer.head_dim_v
        extra = (
            Weight("attn_rel.weight", hidden, mixer.n_heads * rank),
            Weight("sconv.weight", kernel, keys + values + 2 * hidden),
        )
        found.append(replace(layer, extra=extra))
    return found


SPECIAL: dict[str, Callable[[Config, Family], list[Layer]]] = {
    "falcon": falcon,
    "nemotron_h": nemotron_h,
    "deci": deci,
    "openelm": openelm,
    "longcat-flash": longcat,
    "llama4": llama4,
    "mllama": mllama,
    "gemma3n": gemma3n,
    "gemma4": gemma4,
    "deepseek4": deepseek4,
    "jamba": jamba,
    "lfm2": lfm2,
    "falcon-h1": falcon_h1,
    "mamba": falcon_mamba,
    "bailingmoe3": bailing_hybrid,
    "glm5-next": glm5_next,
    "kimi-linear": kimi_linear,
    "qwen4exp": qwen4_exp,
    "granitehybrid": granite_hybrid,
    "arctic": arctic,
    "step35": step,
    "mistral-large4": mistral_large4,
    "rwkv7": rwkv7,
    "inkling": inkling,
}
"""By llama.cpp's name."""


def outer_extra(c: Config, family: Family) -> tuple[Weight, ...]:
    """Tensors outside the blocks beside embedding, last norm and head."""
    hidden = c.number("hidden_size", "d_model", "n_embd")
    vocab = c.number("vocab_size", "padded_vocab_size")
    if family.name == "gemma3n":
        inputs = c.number("altup_num_inputs", default=4, high=64) - 1
        return (
            Weight("altup_proj.weight", hidden, hidden, inputs),
            Weight("altup_unembd_proj.weight", hidden, hidden, inputs),
        )
    if family.name in ("gpt2", "starcoder"):
        positions = c.number("n_positions", "max_position_embeddings", default=8192 if "star" in family.name else 1024)
        return (Weight("position_embd.weight", hidden, positions),)
    if family.name == "qwen4exp":
        tables = len(c.numbers("ple_layer_ids") or ())
        return tuple(_ngram_table(c, hidden) for _ in range(tables))
    if family.name in ("bloom", "rwkv7"):
        return (Weight("token_embd_norm.weight", hidden), Weight("token_embd_norm.bias", hidden))
    if family.name in ("gptj", "phi2", "phimoe"):
        return (Weight("output.bias", vocab),)
    return ()


def _ngram_table(c: Config, hidden: int) -> Weight:
    """`Qwen4ExpTextNGramEmbedding`: hashed two- and three-grams; a token reads one row per head."""
    heads = (c.number("ngram_size", default=3, low=2, high=64) - 1) * c.number("heads_per_ngram", default=8, high=1024)
    rows = heads * c.number("ngram_vocab_size_base", default=20_000_000)
    return Weight("ngram_embd.weight", c.number("ple_embed_dim", default=hidden) // heads, rows)
