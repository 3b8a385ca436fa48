"""A config.json becomes the shape of the model: to the last parameter for published models, an error for nonsense."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.architecture_facts import architecture_from_facts, architecture_to_facts
from bakeoff.catalog.config import MAX_BYTES, parse_config
from bakeoff.catalog.config_architecture import architecture_from_config
from bakeoff.catalog.config_families import FAMILIES, UNSUPPORTED
from bakeoff.catalog.parameters import count_parameters
from bakeoff.errors import BakeoffError, DataError
from tests.catalog import configs


@pytest.mark.parametrize("name", configs.PUBLISHED)
def test_published_models_have_their_parameters(name: str) -> None:
    config, architecture, parameters = configs.PUBLISHED[name]
    shape = architecture_from_config(config)
    counted = count_parameters(shape)
    assert shape.name == architecture
    assert counted.total - counted.router_bias in (parameters, parameters - counted.router_bias)


@pytest.mark.parametrize("name", configs.PUBLISHED)
def test_a_shape_survives_the_catalog(name: str) -> None:
    shape = architecture_from_config(configs.PUBLISHED[name][0])
    assert architecture_from_facts(architecture_to_facts(shape)) == shape


def kinds(shape: Architecture) -> str:
    """In the order of the layers: s with a window, f full, l recurrent, - neither."""
    found = ""
    for layer in shape.layers():
        mixer = layer.attention
        found += "l" if mixer is None and layer.recurrent else "-" if mixer is None else "s" if mixer.window else "f"
    return found


@pytest.mark.parametrize(
    ("config", "expected"),
    [
        (configs.GEMMA3_12B, "sssssf" * 8),
        (configs.GPT_OSS_20B, "sf" * 12),
        (configs.QWEN25_7B, "f" * 28),
        (configs.QWEN3_NEXT, "lllf" * 12),
        (configs.LLAMA4_MAVERICK, "sssf" * 12),
        (configs.KIMI_LINEAR, "lllf" * 6 + "llf"),
        (configs.LFM2_350M, "llfllfllflflflfl"),
        (configs.JAMBA_3B, "lllllllfllllll" * 2),
        (configs.NEMOTRON_H_9B, "l-l-l-ll-l-l-lf-l-l-lf-l-l-l-lf-l-l-l-lf-l-ll-l-l-l-l-l-"),
    ],
)
def test_full_layers_are_where_the_config_has_them(config: dict[str, Any], expected: str) -> None:
    assert kinds(architecture_from_config(config)) == expected


def test_experts_are_where_the_config_has_them() -> None:
    def sparse(config: dict[str, Any]) -> str:
        layers = architecture_from_config(config).layers()
        return "".join("x" if layer.feed_forward and layer.feed_forward.n_experts else "." for layer in layers)

    assert sparse(configs.DEEPSEEK_V3) == "..." + "x" * 58
    assert sparse(configs.LLAMA4_MAVERICK) == ".x" * 24
    assert sparse(configs.KIMI_LINEAR) == "." + "x" * 26
    assert sparse({**configs.QWEN3_30B, "mlp_only_layers": [0, 2]}) == ".x." + "x" * 45
    assert sparse({**configs.QWEN3_30B, "decoder_sparse_step": 2}) == ".x" * 24


def test_gemma_3n_shares_the_cache_of_its_last_layers() -> None:
    shape = architecture_from_config(configs.GEMMA3N_E2B)
    shared = [layer.attention.shares_cache for layer in shape.layers() if layer.attention]
    assert shared == [False] * 20 + [True] * 10
    assert shape.per_layer_embedding_size == 256


def test_deepseek_v4_keeps_a_window_and_compressed_entries() -> None:
    shape = architecture_from_config(configs.DEEPSEEK_V4_FLASH)
    mixers = [layer.attention for layer in shape.layers()]
    ratios = [mixer.compressed.ratio for mixer in mixers if mixer and mixer.compressed]
    assert ratios == [0, 0] + [4, 128] * 20 + [4]
    assert {mixer.window for mixer in mixers if mixer} == {128}
    assert shape.native_quantization == "fp4"
    # 284,332,230,231 in the published checkpoint, without the prediction layer
    assert count_parameters(shape).total == pytest.approx(284_332_230_231, rel=1e-4)


def test_indexers_that_share_their_choice_have_no_weights() -> None:
    shape = architecture_from_config(configs.GLM_52)
    own = [layer.attention.indexer is not None for layer in shape.layers() if layer.attention]
    assert own == [True, True] + [True, False, False, False] * 19
    by_rule = {key: value for key, value in configs.GLM_52.items() if key != "indexer_types"}
    same = architecture_from_config({**by_rule, "index_topk_freq": 4, "index_skip_topk_offset": 3})
    assert same.runs == shape.runs


def test_windows_that_are_switched_off_are_none() -> None:
    assert kinds(architecture_from_config({**configs.QWEN25_7B, "use_sliding_window": True})) == "f" * 28
    assert kinds(
        architecture_from_config({**configs.LLAMA_31_8B, "model_type": "mistral", "sliding_window": 4096})
    ) == ("f" * 32)


def test_mla_keeps_latent_sizes_and_not_those_of_hidden_by_heads() -> None:
    mixer = next(architecture_from_config(configs.DEEPSEEK_V3).layers()).attention
    assert mixer is not None
    assert mixer.latent is not None
    assert (mixer.latent.kv_lora_rank, mixer.latent.qk_rope_head_dim) == (512, 64)
    assert (mixer.head_dim_k, mixer.head_dim_v) == (192, 128)


@pytest.mark.parametrize(
    ("quantization", "expected"),
    [
        ({"quant_method": "fp8", "fmt": "e4m3"}, "fp8"),
        ({"quant_method": "mxfp4"}, "mxfp4"),
        ({"quant_method": "modelopt", "quant_algo": "NVFP4"}, "nvfp4"),
        ({"quant_method": "compressed-tensors", "format": "mxfp4-pack-quantized"}, "mxfp4"),
        ({"quant_method": "compressed-tensors", "format": "pack-quantized"}, "int4"),
        ({"quant_method": "awq", "bits": 4}, "awq"),
        (None, None),
        ("fp8", None),
    ],
)
def test_native_quantization_is_what_the_config_says(quantization: Any, expected: str | None) -> None:
    shape = architecture_from_config({**configs.LLAMA_31_8B, "quantization_config": quantization})
    assert shape.native_quantization == expected


def test_a_context_that_is_not_stated_is_not_invented() -> None:
    config = {key: value for key, value in configs.LLAMA_31_8B.items() if key != "max_position_embeddings"}
    assert architecture_from_config(config).context_tokens == 0


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"model_type": "no_such_family"}, "'no_such_family' is not known"),
        ({"model_type": "t5"}, "encoder-decoder"),
        ({"model_type": None}, "model_type is None"),
        ({"num_hidden_layers": 10**9}, "num_hidden_layers is 1000000000"),
        ({"num_hidden_layers": True}, "num_hidden_layers is True"),
        ({"num_hidden_layers": "32"}, "num_hidden_layers is '32'"),
        ({"num_attention_heads": 0}, "num_attention_heads is 0"),
        ({"hidden_size": -5}, "hidden_size is -5"),
        ({"hidden_size": None}, "hidden_size"),
        ({"vocab_size": 1.5}, "vocab_size is 1.5"),
        ({"layer_types": ["full_attention"] * 31}, "layer_types has 31 entries for 32 layers"),
        ({"layer_types": ["spiral_attention"] * 32}, "'spiral_attention'"),
        ({"layer_types": "full"}, "expected a list"),
        ({"num_key_value_heads": 64}, "32 attention heads cannot share 64"),
        ({"tie_word_embeddings": "yes"}, "tie_word_embeddings is 'yes'"),
        ({"intermediate_size": None}, "intermediate_size"),
        ({"num_experts": 8}, "num_experts_per_tok"),
    ],
)
def test_nonsense_is_refused_with_its_key(change: dict[str, Any], message: str) -> None:
    with pytest.raises(DataError, match=message):
        architecture_from_config({**configs.LLAMA_31_8B, **change})


@pytest.mark.parametrize("data", [b"", b"[]", b"{", b"\xff\xfe", b"nul", b'{"a":' * 5000, b"1" * (MAX_BYTES + 1)])
def test_what_is_no_config_is_refused(data: bytes) -> None:
    with pytest.raises(DataError, match=r"config\.json"):
        parse_config(data)


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-3, 200),
    st.sampled_from([2**31, 2**63, -(2**70), 4096, 1.0, 0.5, float("nan"), float("inf")]),
    st.text(max_size=8),
    st.lists(st.one_of(st.integers(-2, 300), st.text(max_size=4), st.none()), max_size=40),
    st.dictionaries(
        st.sampled_from(["num_heads", "head_dim", "full_attn_layers", "ffn"]), st.integers(-2, 99), max_size=3
    ),
)
FURTHER_KEYS = [
    "text_config",
    "block_configs",
    "linear_attn_config",
    "sparse_attention_config",
    "kv_source_layers",
    "moe_layers",
    "moe_layers_enum",
    "num_attention_heads_per_layer",
    "indexer_types",
    "cross_attention_layers",
    "sliding_window_pattern",
    "ffn_multipliers",
    "num_query_heads",
    "attention_other_setting",
    "ple_layer_ids",
    "hybrid_layer_pattern",
]
KEYS = sorted({key for config, _, _ in configs.PUBLISHED.values() for key in config} | set(FURTHER_KEYS))


@settings(max_examples=300, deadline=None)
@given(
    family=st.sampled_from(sorted({*FAMILIES, *UNSUPPORTED})),
    base=st.sampled_from(sorted(configs.PUBLISHED)),
    changes=st.dictionaries(st.sampled_from(KEYS), VALUES, max_size=6),
)
def test_any_config_gives_a_shape_or_our_own_error(family: str, base: str, changes: dict[str, Any]) -> None:
    config = {**configs.PUBLISHED[base][0], **changes, "model_type": family}
    try:
        shape = architecture_from_config(config)
    except BakeoffError:
        return
    assert 0 < shape.n_layers <= 2 * 4096
    assert architecture_from_facts(architecture_to_facts(shape)) == shape
