"""Bytes of the weights: by hand, against real files, and the same sum by two ways."""

import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.catalog.architecture import Architecture, Attention, FeedForward, Layer, LayerRun
from bakeoff.catalog.builds import GGUF, MLX, SAFETENSORS, Build, parse_build
from bakeoff.catalog.parameters import count_parameters
from bakeoff.catalog.tensors import block_tensors
from bakeoff.fit.weights import build_weights, file_bytes, weights_bytes
from bakeoff.fit.weights.gguf import tensor_types
from bakeoff.fit.weights.gguf_mix import BLOCKS, DEFAULT_TYPE
from bakeoff.headers.gguf import read_header
from bakeoff.weights import ModelFile
from tests.fit.models import ALL, GEMMA_270M, GEMMA_E, GLM, GPT_OSS, LLAMA_8B, MIXTRAL, QWEN_NEXT, SMOLLM2

Q4_K, Q6_K, Q8_0 = 144 / 256, 210 / 256, 34 / 32
EVERY = [Build("gguf", name) for name in GGUF]
EVERY += [Build("safetensors", name) for name in SAFETENSORS] + [Build("mlx", name) for name in MLX]


def test_llama_8b_at_q4_k_m_by_hand() -> None:
    # 16 of 32 layers have attn_v and ffn_down in Q6_K (`use_more_bits`), the head is Q6_K, all else Q4_K, norms F32.
    found = build_weights(LLAMA_8B, parse_build("Q4_K_M"))
    value, down = 1024 * 4096, 14336 * 4096
    other = 2 * 4096 * 4096 + 1024 * 4096 + 2 * down
    norms = 2 * 4096 * 4
    few, many = other * Q4_K + norms + (value + down) * Q4_K, other * Q4_K + norms + (value + down) * Q6_K
    assert found.block_bytes == 16 * few + 16 * many
    assert [run.dense_bytes for run in found.blocks for _ in range(run.count)][:8] == [many] * 4 + [few, few, many, few]
    assert found.embedding_bytes == 128256 * 4096 * Q4_K
    assert found.output_bytes == 128256 * 4096 * Q6_K + 4096 * 4


@pytest.mark.parametrize(
    ("fixture", "architecture", "build"), [("smollm2", SMOLLM2, "Q4_1"), ("gemma", GEMMA_270M, "Q4_K_M")]
)
def test_a_real_file_has_exactly_these_tensors_and_this_size_within_half_a_percent(
    fixture: str, architecture: Architecture, build: str, request: pytest.FixtureRequest
) -> None:
    model: ModelFile = request.getfixturevalue(fixture)
    header = read_header(model.path)
    found = build_weights(architecture, parse_build(build))
    assert found.tensor_bytes == sum(tensor.n_bytes for tensor in header.tensors)
    assert found.file_bytes == pytest.approx(model.path.stat().st_size, rel=0.005)


@pytest.mark.parametrize("architecture", ALL, ids=lambda a: a.name)
@pytest.mark.parametrize("file_type", sorted(DEFAULT_TYPE))
def test_the_fast_sum_is_the_sum_over_tensors(architecture: Architecture, file_type: str) -> None:
    total = 0
    for _, tensor, kind in tensor_types(architecture, file_type):
        block, size = BLOCKS[kind]
        assert tensor.columns % block == 0
        total += tensor.size // block * size
    assert build_weights(architecture, Build("gguf", file_type)).tensor_bytes == total


@pytest.mark.parametrize("architecture", ALL, ids=lambda a: a.name)
@pytest.mark.parametrize("build", EVERY, ids=str)
def test_every_build_of_every_model_makes_sense(architecture: Architecture, build: Build) -> None:
    found = build_weights(architecture, build)
    parameters = count_parameters(architecture)
    bits = 8 * found.tensor_bytes / parameters.total
    assert 1.5 < bits < 32.1
    assert sum(run.count for run in found.blocks) == architecture.n_layers
    assert 0 < found.bytes_per_token <= found.tensor_bytes + found.embedding_row_bytes
    assert all(0 <= run.expert_bytes_read <= run.expert_bytes for run in found.blocks)
    assert (found.expert_bytes > 0) == (parameters.experts > 0)
    size, file = weights_bytes(architecture, build), file_bytes(architecture, build)
    assert size.value <= file.value
    assert size.low < size.value < size.high
    assert size.detail


def test_a_token_reads_the_experts_that_it_is_routed_to() -> None:
    found = build_weights(MIXTRAL, parse_build("Q8_0"))
    experts = 32 * 8 * 3 * 4096 * 14336 * Q8_0
    assert found.expert_bytes == experts
    dense = sum(run.count * run.dense_bytes for run in found.blocks)
    row = 4096 * Q8_0
    assert found.bytes_per_token == dense + experts / 4 + found.output_bytes + row


def test_a_tied_embedding_is_read_whole_by_the_head() -> None:
    found = build_weights(SMOLLM2, parse_build("Q8_0"))
    assert found.embedding_bytes == 49152 * 576 * Q8_0
    assert found.output_bytes == 576 * 4  # the last norm
    assert found.head_bytes == found.embedding_bytes + found.output_bytes


def test_experts_published_in_mxfp4_stay_so_whatever_the_file_is_called() -> None:
    sizes = {name: build_weights(GPT_OSS, parse_build(f"gguf:{name}")) for name in ("MXFP4", "Q8_0", "BF16", "Q2_K")}
    # up, gate and down in MXFP4 (17 bytes per 32), and their biases in 32 bits
    per_layer = 32 * (3 * 2880 * 2880 * 17 / 32 + 3 * 2880 * 4)
    assert {found.expert_bytes for found in sizes.values()} == {24 * per_layer}
    assert sizes["BF16"].tensor_bytes > sizes["Q8_0"].tensor_bytes


def test_lower_builds_of_models_with_mxfp4_experts_are_smaller_still() -> None:
    even = replace(GLM, name="deepseek4")
    assert (
        build_weights(even, parse_build("IQ2_XXS")).expert_bytes < build_weights(even, parse_build("Q8_0")).expert_bytes
    )


def test_prediction_layers_are_in_the_file_but_not_loaded() -> None:
    found = build_weights(GLM, parse_build("Q8_0"))
    assert found.next_token_bytes > 0
    assert found.file_bytes - found.metadata_bytes == found.tensor_bytes + found.next_token_bytes
    assert build_weights(GLM, parse_build("mlx:8bit")).next_token_bytes == 0  # mlx-lm leaves them out
    assert build_weights(QWEN_NEXT, parse_build("Q8_0")).next_token_bytes == 0


def test_embeddings_per_layer_are_apart_and_their_type_is_less_certain() -> None:
    found = build_weights(GEMMA_E, parse_build("Q4_K_M"))
    assert found.layer_embedding_bytes == 262400 * 256 * 20 * Q4_K
    assert found.above > 0.1
    kept = 2048 * 256 * 20 * 2 + 3 * 2048 * 2048 * 2  # per_layer_model_proj and altup_proj stay in 16 bits
    assert found.output_bytes == kept + 256 * 4 + 2048 * 4


def test_16_bits_are_two_bytes_per_parameter() -> None:
    for architecture in ALL:
        parameters = count_parameters(architecture)
        found = build_weights(architecture, parse_build("bf16"))
        assert found.tensor_bytes == 2 * parameters.total
        assert build_weights(architecture, parse_build("safetensors:F32")).tensor_bytes == 4 * parameters.total


def matrices(architecture: Architecture) -> int:
    """Weights of matrices in the blocks."""
    total = 0
    for run in architecture.runs:
        block = block_tensors(run.layer, architecture.name, architecture.hidden_size)
        total += run.count * sum(tensor.size for tensor in block if not tensor.is_vector)
    return total


@pytest.mark.parametrize(
    ("build", "bits"),
    [
        ("awq", 4 + (16 + 4) / 128),
        ("int4", 4 + 16 / 128),
        ("fp8", 8 + 32 / 16384),
        ("nvfp4", 4 + 8 / 16),
    ],
)
def test_checkpoints_pack_the_blocks_and_keep_embedding_and_head_in_16_bits(build: str, bits: float) -> None:
    found = build_weights(LLAMA_8B, parse_build(build))
    packed = matrices(LLAMA_8B)
    rest = count_parameters(LLAMA_8B).total - packed
    assert found.tensor_bytes == pytest.approx(packed * bits / 8 + 2 * rest, abs=64)


def test_llama_8b_in_fp8_is_what_vllm_loads() -> None:
    # vLLM 0.19 on an H100 reports 8.49 GiB with --quantization fp8, 14.99 GiB in bfloat16 (llm-d-planner, 2026).
    assert build_weights(LLAMA_8B, parse_build("fp8")).tensor_bytes / 2**30 == pytest.approx(8.49, rel=0.01)
    assert build_weights(LLAMA_8B, parse_build("bf16")).tensor_bytes / 2**30 == pytest.approx(14.99, rel=0.01)


def test_mlx_packs_everything_with_half_a_bit_of_scales() -> None:
    found = build_weights(LLAMA_8B, parse_build("mlx:4bit"))
    packed = matrices(LLAMA_8B) + 2 * 128256 * 4096
    assert found.tensor_bytes == packed * 4.5 / 8 + 2 * (65 * 4096)


def test_better_builds_are_larger() -> None:
    ladder = ("BF16", "Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q4_K_M", "Q4_K_S", "IQ4_XS", "Q3_K_M", "Q3_K_S")
    low = ("Q3_K_S", "IQ3_XXS", "IQ2_M", "IQ2_XXS", "IQ1_M", "IQ1_S")
    dynamic = [f"UD-{bits}_K_XL" for bits in ("Q8", "Q6", "Q5", "Q4", "Q3", "Q2")]
    dynamic += ["UD-IQ2_M", "UD-IQ2_XXS", "UD-IQ1_M"]
    for architecture in (LLAMA_8B, QWEN_NEXT, MIXTRAL):
        for names in (ladder, low, dynamic):
            sizes = [build_weights(architecture, parse_build(f"gguf:{name}")).tensor_bytes for name in names]
            assert sizes == sorted(sizes, reverse=True)


def test_a_publishers_recipe_is_less_certain_than_a_mixture() -> None:
    mixture, recipe = (build_weights(QWEN_NEXT, parse_build(name)) for name in ("Q4_K_M", "UD-Q4_K_XL"))
    assert recipe.below + recipe.above > mixture.below + mixture.above
    assert "average of published files" in recipe.detail


def test_large_variants_hold_embedding_and_head_in_8_bits() -> None:
    base, large = (build_weights(LLAMA_8B, parse_build(name)) for name in ("Q4_K_M", "Q4_K_L"))
    assert large.block_bytes == base.block_bytes
    assert large.embedding_bytes == 128256 * 4096 * Q8_0
    assert large.output_bytes - 4096 * 4 == large.embedding_bytes


@given(
    hidden=st.integers(1, 128).map(lambda n: 64 * n),
    layers=st.integers(1, 160),
    vocab=st.integers(1, 300_000),
    size=st.integers(1, 512).map(lambda n: 32 * n),
    experts=st.sampled_from([0, 4, 8, 128]),
    build=st.sampled_from(EVERY),
)
def test_any_shape_gives_a_finite_size(
    hidden: int, layers: int, vocab: int, size: int, experts: int, build: Build
) -> None:
    part = FeedForward(0, n_experts=experts, n_experts_used=2, expert_size=size) if experts else FeedForward(size)
    layer = Layer(Attention(max(1, hidden // 64), 1, 64, 64), None, part)
    architecture = Architecture("llama", hidden, vocab, False, (LayerRun(layers, layer),), 4096)
    found = build_weights(architecture, build)
    assert math.isfinite(found.file_bytes)
    assert 0 < found.tensor_bytes <= 4.01 * count_parameters(architecture).total
