"""The memory of engines with a pool, and of those without: vLLM against measurements, the others by hand."""

from dataclasses import replace
from typing import Any

import pytest

from bakeoff.catalog.architecture import Architecture, Attention, FeedForward, Layer, LayerRun, Recurrent
from bakeoff.catalog.builds import parse_build
from bakeoff.catalog.loading import load
from bakeoff.errors import UsageError
from bakeoff.fit.engine_cache import cache_bytes, cache_kinds, state_bytes
from bakeoff.fit.mlx import mlx_memory
from bakeoff.fit.sglang import SglangSettings, sglang_memory, usual_fraction
from bakeoff.fit.transformers import transformers_memory
from bakeoff.fit.vllm import (
    VllmSettings,
    activation_bytes,
    concurrency,
    usual_settings,
    vllm_memory,
    weights_on_gpu,
)
from bakeoff.fit.weights import build_weights
from bakeoff.units import GIB
from tests.fit.models import ALL, GEMMA_270M, LLAMA_8B
from tests.fit.shapes import MAMBA2, MLA

H100 = 79.19 * GIB
LLAMA, QWEN25, QWEN3 = "meta-llama/Llama-3.1-8B-Instruct", "Qwen/Qwen2.5-7B-Instruct", "Qwen/Qwen3-8B"

MEASURED: list[tuple[str, dict[str, Any], float, float | None, float | None, int | None]] = [
    # model, options, GiB of weights, activations and pool, tokens
    (LLAMA, {}, 14.99, 1.89, 58.11, 476_000),
    (LLAMA, {"tensor_parallel": 2}, 7.51, 1.89, None, None),
    (LLAMA, {"tensor_parallel": 4}, 3.77, 1.89, None, None),
    (LLAMA, {"pipeline_parallel": 2}, 7.51, None, None, None),
    (LLAMA, {"pipeline_parallel": 4}, 4.26, None, None, None),
    (LLAMA, {"kv_cache_dtype": "fp8"}, 14.99, None, 58.11, 952_032),
    (LLAMA, {"number_bytes": 4}, 29.98, None, 42.80, None),
    (QWEN25, {}, 14.25, 2.21, 58.53, 1_096_000),
    (QWEN25, {"tensor_parallel": 2}, 7.12, 2.21, None, None),
    (QWEN25, {"tensor_parallel": 4}, 3.55, 2.21, None, None),
    (QWEN25, {"kv_cache_dtype": "fp8"}, 14.25, None, 58.53, 2_192_000),
    (QWEN3, {}, 15.27, 2.21, None, None),
    (QWEN3, {"pipeline_parallel": 3}, 5.48, None, None, None),
]
"""vLLM 0.19 on an H100 with `--gpu-memory-utilization 0.95`, measured by llm-d-planner
(docs/accuracy/vllm-v0.19.0-accuracy-report.md)."""


def _architecture(model_id: str) -> Architecture:
    found = load()[model_id].architecture
    assert found is not None
    return found


@pytest.mark.parametrize(("model_id", "options", "weights", "activation", "pool", "tokens"), MEASURED)
def test_agrees_with_measurements(
    model_id: str,
    options: dict[str, Any],
    weights: float,
    activation: float | None,
    pool: float | None,
    tokens: int | None,
) -> None:
    architecture = _architecture(model_id)
    settings = usual_settings(8192, H100, "H100", gpu_memory_utilization=0.95, **options)
    build = parse_build("F32" if settings.number_bytes == 4 else "BF16")
    own = weights_on_gpu(build_weights(architecture, build), settings)
    assert own == pytest.approx(weights * GIB, rel=0.01)
    found = vllm_memory(architecture, own, H100, settings)
    if activation is not None:
        assert found.activation.value == pytest.approx(activation * GIB, rel=0.02)
        assert found.activation.low <= activation * GIB <= found.activation.high
    if pool is not None:
        assert found.kv_pool.value == pytest.approx(pool * GIB, rel=0.01)
        assert found.kv_pool.low <= pool * GIB <= found.kv_pool.high
    if tokens is not None:
        assert found.kv_tokens == pytest.approx(tokens, rel=0.01)
        assert found.concurrency == pytest.approx(tokens / 8192, rel=0.01)


@pytest.mark.parametrize(
    ("model_id", "gib", "gpus"),
    [
        ("Qwen/Qwen3-30B-A3B", 2.68, 1),
        ("deepseek-ai/DeepSeek-V2-Lite-Chat", 1.93, 1),
        ("ibm-granite/granite-3.1-2b-instruct", 0.75, 1),
        ("microsoft/phi-4", 1.52, 1),
        ("mistralai/Mixtral-8x7B-Instruct-v0.1", 1.21, 2),
        ("meta-llama/Llama-4-Scout-17B-16E-Instruct", 3.19, 4),
        ("openai/gpt-oss-20b", 2.87, 1),
    ],
)
def test_activations_lie_in_the_interval(model_id: str, gib: float, gpus: int) -> None:
    settings = usual_settings(8192, H100, "H100", tensor_parallel=gpus)
    found = activation_bytes(_architecture(model_id), settings)
    assert found.low <= gib * GIB <= found.high


def test_the_pool_is_what_is_left() -> None:
    settings = VllmSettings(4096)
    found = vllm_memory(LLAMA_8B, 10 * GIB, 24 * GIB, settings)
    rest = 0.9 * 24 * GIB - 10 * GIB - found.activation.value - found.non_torch.value
    assert found.kv_pool.value == pytest.approx(rest, abs=2)
    assert found.kv_pool.low < found.kv_pool.value < found.kv_pool.high


def test_what_does_not_fit_is_said_and_not_raised() -> None:
    found = vllm_memory(LLAMA_8B, 30 * GIB, 24 * GIB, VllmSettings(4096))
    assert found.kv_pool.value < 0
    assert (found.concurrency, found.kv_tokens, found.fits) == (0, 0, False)


def test_large_gpus_start_with_larger_steps() -> None:
    small, a100, large = (
        usual_settings(1, 24 * GIB),
        usual_settings(1, 79 * GIB, "NVIDIA A100"),
        usual_settings(1, H100),
    )
    assert (small.max_num_seqs, small.max_num_batched_tokens) == (256, 2048)
    assert (a100.max_num_seqs, a100.max_num_batched_tokens) == (256, 2048)
    assert (large.max_num_seqs, large.max_num_batched_tokens) == (1024, 8192)


def test_heads_are_shared_out_until_each_is_there_twice() -> None:
    per_gpu = {n: cache_kinds(LLAMA_8B, n)[0].token_numbers for n in (1, 2, 8, 16, 64)}
    assert per_gpu == {1: 2048, 2: 1024, 8: 256, 16: 256, 64: 256}


def test_the_compressed_vector_is_on_every_gpu() -> None:
    assert cache_kinds(MLA, 8) == cache_kinds(MLA, 1)
    assert cache_kinds(MLA)[0].token_numbers == 512 + 64


def test_pages_hold_sixteen_tokens() -> None:
    # 32 layers of 2048 numbers of 2 bytes: a block of all layers has 2 MiB; 17 tokens need two.
    block = 16 * 32 * 2048 * 2
    settings = VllmSettings(17)
    assert concurrency(LLAMA_8B, 3 * block - 1, settings) == 1.0
    assert concurrency(LLAMA_8B, 4 * block, settings) == 2.0
    assert concurrency(LLAMA_8B, block, settings) == 0.5


def test_a_window_needs_no_more_than_itself_and_a_step() -> None:
    # Gemma 3 270M: 3 full layers make a group; 15 layers with a window of 512 make five.
    settings = VllmSettings(32768, max_num_batched_tokens=2048)
    per_request = 32768 // 16 + 5 * (-(-(512 - 1 + 2048) // 16) + 1)
    pool = 1000 * per_request * 3 * 16 * 2 * 256 * 2
    assert concurrency(GEMMA_270M, pool, settings) == 1000.0
    full = replace(GEMMA_270M, runs=(LayerRun(18, GEMMA_270M.runs[1].layer),))
    assert concurrency(full, pool, settings) < 500


def test_state_takes_one_page_per_request() -> None:
    # State alone: whatever the context, a request has one state.
    one = 64 * (128 * 5120 * 4 + 3 * (5120 + 256) * 2)
    assert state_bytes(MAMBA2) == one
    assert concurrency(MAMBA2, 7 * one, VllmSettings(1_000_000)) == 7.0
    hybrid = Architecture(
        "granitehybrid",
        1024,
        50000,
        True,
        (
            LayerRun(4, Layer(recurrent=Recurrent("mamba2", 4, 2048, 128, 1, 32), feed_forward=FeedForward(100))),
            LayerRun(4, Layer(Attention(8, 8, 64, 64), None, FeedForward(100))),
        ),
        131072,
    )
    # State of a layer: 128 * 2048 * 4 + 3 * (2048 + 256) * 2 = 1062400; 16 tokens of attention: 16 * 1024 * 2 = 32768.
    page = 33 * 32768
    assert concurrency(hybrid, 10 * 4 * page * (1 + 2), VllmSettings(2 * 33 * 16)) == 10.0


def test_eight_bits_hold_twice_as_much() -> None:
    pool = 10 * GIB
    auto, fp8 = (concurrency(LLAMA_8B, pool, VllmSettings(4096, kv_cache_dtype=kind)) for kind in ("auto", "fp8"))
    assert fp8 == pytest.approx(2 * auto, rel=0.001)


@pytest.mark.parametrize(
    "options",
    [{"context_tokens": 0}, {"context_tokens": 1, "tensor_parallel": 0}, {"context_tokens": 1, "max_num_seqs": -1}]
    + [{"context_tokens": 1, "gpu_memory_utilization": share} for share in (0, -0.5, 1.01, float("nan"))],
)
def test_senseless_options_of_vllm_are_refused(options: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        VllmSettings(**options)


@pytest.mark.parametrize(
    ("gib", "gpus", "reserved_mib"),
    [
        (79.19, 1, 512 + 8192 * 1.5 + 256 * 2 + 128),
        (24, 1, 512 + 2048 * 1.5 + 24 * 2 + 128),
        (24, 4, 512 + 2048 * 1.5 + 80 * 2 + 512),
        (44, 1, 512 + 4096 * 1.5 + 32 * 2 + 128),
        (61, 1, 512 + 8192 * 1.5 + 256 * 2 + 128),
        (288, 8, 512 + 16384 * 1.5 + 512 * 2 + 1024),
    ],
)
def test_sglang_counts_its_share(gib: float, gpus: int, reserved_mib: float) -> None:
    assert usual_fraction(gib * GIB, gpus) == pytest.approx(1 - reserved_mib / 1024 / gib, abs=0.0006)


def test_sglangs_pool_is_its_share_less_the_weights() -> None:
    settings = SglangSettings(8192, mem_fraction_static=0.8)
    found = sglang_memory(LLAMA_8B, 15 * GIB, 80 * GIB, settings)
    pool = 0.8 * (80 - 0.6) * GIB - 15 * GIB
    assert found.kv_pool.value == pytest.approx(pool, rel=1e-6)
    assert found.kv_tokens == int(pool / (32 * 2048 * 2))
    assert found.concurrency == pytest.approx(found.kv_tokens / 8192)
    assert not sglang_memory(LLAMA_8B, 79 * GIB, 80 * GIB, settings).fits


def test_sglang_gives_windows_four_fifths_of_the_tokens() -> None:
    found = sglang_memory(GEMMA_270M, 1 * GIB, 24 * GIB, SglangSettings(32768, mem_fraction_static=0.5))
    pool = 0.5 * (24 - 0.6) * GIB - 1 * GIB
    assert found.kv_tokens == int(pool / (3 * 1024 + 0.8 * 15 * 1024))


def test_sglang_keeps_a_part_for_states() -> None:
    found = sglang_memory(MAMBA2, 1 * GIB, 24 * GIB, SglangSettings(1000, mem_fraction_static=0.5))
    pool = (0.5 * (24 - 0.6) - 1) * GIB * 0.9 / 1.9
    assert found.concurrency == pytest.approx(pool / state_bytes(MAMBA2))


@pytest.mark.parametrize("fraction", [0.0, 1.0, -1.0])
def test_a_senseless_share_is_refused(fraction: float) -> None:
    with pytest.raises(UsageError):
        SglangSettings(1000, mem_fraction_static=fraction)


def test_transformers_and_mlx_add_up() -> None:
    here = transformers_memory(LLAMA_8B, 16 * GIB, context_tokens=4096)
    assert here.kv_cache_bytes == 4096 * 32 * 2048 * 2 == cache_bytes(LLAMA_8B, 4096)
    assert here.memory.total_bytes == pytest.approx(here.total.value, abs=2)
    assert here.total.low < here.total.value < here.total.high
    on_cpu = transformers_memory(LLAMA_8B, 16 * GIB, context_tokens=4096, on_gpu=False)
    assert on_cpu.total.value < here.total.value
    apple = mlx_memory(LLAMA_8B, 16 * GIB, context_tokens=4000)
    assert apple.kv_cache_bytes == 4096 * 32 * 2048 * 2  # steps of 256
    assert apple.total.low < apple.total.value < apple.total.high
    four_bits = mlx_memory(LLAMA_8B, 16 * GIB, context_tokens=4000, cache_bits=4.5)
    assert four_bits.kv_cache_bytes == apple.kv_cache_bytes * 4.5 / 16


def test_windows_bound_the_cache_of_a_request() -> None:
    assert cache_bytes(GEMMA_270M, 10_000) == (3 * 10_000 + 15 * 512) * 512 * 2


@pytest.mark.parametrize("architecture", ALL, ids=lambda one: one.name)
@pytest.mark.parametrize("gpus", [1, 3, 8])
def test_every_engine_takes_every_shape(architecture: Architecture, gpus: int) -> None:
    served = vllm_memory(architecture, GIB, 80 * GIB, usual_settings(8192, 80 * GIB, tensor_parallel=gpus))
    assert served.fits
    assert sglang_memory(architecture, GIB, 80 * GIB, SglangSettings(8192, tensor_parallel=gpus)).fits
    assert transformers_memory(architecture, GIB, context_tokens=100).total.value > GIB
    assert mlx_memory(architecture, GIB, context_tokens=100).total.value > GIB
