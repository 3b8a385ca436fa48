"""llama.cpp's memory beside the weights: against its own planner, by hand, and for every model of the catalog."""

import csv
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import settings as tuned
from hypothesis import strategies as st

from bakeoff.catalog.architecture import Architecture, Attention, FeedForward, Indexer, Layer, LayerRun
from bakeoff.catalog.loading import load
from bakeoff.errors import UsageError
from bakeoff.fit.llama_cpp import (
    DEVICE_OVERHEAD,
    Settings,
    Split,
    compute_bytes,
    engine_memory,
    kv_and_state,
    layer_caches,
    llama_cpp_memory,
    max_context,
    split_compute,
)
from bakeoff.fit.llama_cpp.scratch import Block, Scratch
from bakeoff.units import MIB
from tests.fit.models import ALL, GEMMA_270M, GPT_OSS, LLAMA_8B, NEMOTRON, QWEN_NEXT
from tests.fit.shapes import CATALOG, MAMBA2, MLA

GOLDEN = Path(__file__).parent / "data" / "llama_cpp_memory.csv"
"""A fifth of our own measurement of the engine (build b11549): laid out, the small models really allocated."""

ROUNDING = 0.0051 * MIB
MANY = (
    Settings(8192),
    Settings(100_000, n_slots=5, kv_type_k="q8_0", kv_type_v="q8_0"),
    Settings(4000, flash_attention=False, ubatch=64),
    Settings(32768, n_slots=4, kv_unified=True, swa_full=True),
    Settings(2048, n_outputs=2048),
)


def _architecture(name: str) -> Architecture:
    own = {"gemma3": GEMMA_270M, "mamba2-2.7b": MAMBA2}
    found = own.get(name) or load()[CATALOG[name]].architecture
    assert found is not None
    return found


def _settings(row: dict[str, str]) -> Settings:
    return Settings(
        context_tokens=int(row["n_ctx"]),
        n_slots=int(row["n_seq_max"]),
        kv_type_k=row["type_k"],
        kv_type_v=row["type_v"],
        batch=int(row["n_batch"]),
        ubatch=int(row["n_ubatch"]),
        flash_attention="auto" if row["flash_attn"] == "auto" else False,
        kv_unified=row["kv_unified"] == "1",
        swa_full=row["swa_full"] == "1",
        n_outputs=int(row["n_outputs_max"]) or int(row["n_batch"]),
    )


def _golden() -> dict[str, list[dict[str, str]]]:
    found: dict[str, list[dict[str, str]]] = {}
    with GOLDEN.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["model"], []).append(row)
    return found


@pytest.mark.parametrize(("name", "rows"), _golden().items(), ids=_golden())
def test_agrees_with_the_engine(name: str, rows: list[dict[str, str]]) -> None:
    architecture = _architecture(name)
    for row in rows:
        ours = engine_memory(architecture, _settings(row))
        assert abs(ours.kv_cache_bytes - float(row["kv_mib"]) * MIB) <= 2 * ROUNDING, row
        assert abs(ours.recurrent_state_bytes - float(row["rs_mib"]) * MIB) <= ROUNDING, row
        buffers = (float(row["compute_mib"]) + float(row["output_mib"])) * MIB
        assert abs(ours.compute_bytes + ours.output_bytes - buffers) <= min(0.1 * buffers, 64 * MIB), row


def test_keys_and_values_of_llama_by_hand() -> None:
    # 32 layers, keys and values of 8 heads of 128 numbers each.
    per_token = 32 * 2 * 8 * 128
    assert llama_cpp_memory(LLAMA_8B, context_tokens=8192).kv_cache_bytes == 8192 * per_token * 2
    eight_bits = llama_cpp_memory(LLAMA_8B, context_tokens=8192, kv_type_k="q8_0", kv_type_v="q8_0")
    assert eight_bits.kv_cache_bytes == 8192 * per_token * 34 // 32  # blocks of 32 have 34 bytes
    mixed = llama_cpp_memory(LLAMA_8B, context_tokens=8192, kv_type_k="q8_0", kv_type_v="q4_0")
    assert mixed.kv_cache_bytes == 8192 * (per_token // 2) * (34 + 18) // 32


@pytest.mark.parametrize(
    ("context", "slots", "unified", "cells"),
    [
        (1, 1, False, 256),
        (256, 1, False, 256),
        (257, 1, False, 512),
        (5000, 3, False, 3 * 1792),  # 5120 / 3 = 1706, padded
        (5000, 3, True, 5120),
        (100, 8, False, 8 * 256),
    ],
)
def test_cells_come_in_multiples_of_256(context: int, slots: int, unified: bool, cells: int) -> None:
    settings = Settings(context, n_slots=slots, kv_unified=unified)
    assert settings.context_cells == cells
    assert kv_and_state(LLAMA_8B, settings)[0] == cells * 32 * 2 * 8 * 128 * 2


def test_a_sliding_window_keeps_itself_and_one_step() -> None:
    # Window 512 and a step of 512 tokens: 1024 cells in 15 layers, the whole context in 3; one head of 256 numbers.
    per_cell = 2 * 256 * 2
    assert kv_and_state(GEMMA_270M, Settings(32768))[0] == (15 * 1024 + 3 * 32768) * per_cell
    # A step of 2048 tokens needs 2560 cells; four slots in one cache need four windows.
    assert kv_and_state(GEMMA_270M, Settings(32768, ubatch=2048))[0] == (15 * 2560 + 3 * 32768) * per_cell
    shared = Settings(32768, n_slots=4, kv_unified=True)
    assert kv_and_state(GEMMA_270M, shared)[0] == (15 * 2560 + 3 * 32768) * per_cell
    whole = kv_and_state(GEMMA_270M, Settings(32768, swa_full=True))[0]
    assert whole == 18 * 32768 * per_cell


def test_latent_attention_keeps_one_vector_per_token() -> None:
    # 512 compressed numbers and 64 of the rotary key, whatever the number of heads.
    assert kv_and_state(MLA, Settings(4096))[0] == 4096 * 3 * (512 + 64) * 2


def test_an_indexer_keeps_a_key_beside_it() -> None:
    layer = replace(MLA.runs[0].layer, attention=replace(_attention(MLA), indexer=Indexer(64, 128, 2048)))
    sparse = replace(MLA, name="deepseek32", runs=(LayerRun(3, layer),))
    assert kv_and_state(sparse, Settings(4096))[0] == 4096 * 3 * (512 + 64 + 128) * 2


def _attention(architecture: Architecture) -> Attention:
    found = architecture.runs[0].layer.attention
    assert found is not None
    return found


def test_state_is_per_slot_and_does_not_grow() -> None:
    # Mamba-2 2.7B: 64 layers of 3 convolution inputs of 5120 + 2 * 128, and 128 x 5120 of state, in 32 bits.
    one = 64 * (3 * (5120 + 256) + 128 * 5120) * 4
    assert kv_and_state(MAMBA2, Settings(512)) == (0, one)
    assert kv_and_state(MAMBA2, Settings(131072, n_slots=4)) == (0, 4 * one)


def test_shared_caches_are_kept_once() -> None:
    sharing = replace(LLAMA_8B.runs[0].layer, attention=replace(_attention(LLAMA_8B), shares_cache=True))
    half = replace(LLAMA_8B, runs=(LayerRun(16, LLAMA_8B.runs[0].layer), LayerRun(16, sharing)))
    assert 2 * kv_and_state(half, Settings(4096))[0] == kv_and_state(LLAMA_8B, Settings(4096))[0]
    assert [cache.kv_bytes for cache in layer_caches(half, Settings(4096))[16:]] == [0] * 16


@pytest.mark.parametrize("architecture", ALL, ids=lambda one: one.name)
@pytest.mark.parametrize("settings", MANY, ids=str)
def test_layers_add_up(architecture: Architecture, settings: Settings) -> None:
    layers = layer_caches(architecture, settings)
    assert len(layers) == architecture.n_layers
    sums = sum(layer.kv_bytes for layer in layers), sum(layer.state_bytes for layer in layers)
    assert sums == kv_and_state(architecture, settings)


def test_logits_are_one_row_per_slot() -> None:
    assert llama_cpp_memory(LLAMA_8B, context_tokens=4096, n_slots=3).output_bytes == 3 * 128256 * 4


def test_a_model_of_the_engine_writers_choice_is_refused_like_the_engine_refuses_it() -> None:
    with pytest.raises(UsageError, match="needs flash attention"):
        llama_cpp_memory(LLAMA_8B, context_tokens=4096, kv_type_v="q8_0", flash_attention=False)
    odd = replace(LLAMA_8B, runs=(LayerRun(2, Layer(Attention(32, 32, 80, 80), None, FeedForward(100))),))
    with pytest.raises(UsageError, match="blocks of 32") as error:
        llama_cpp_memory(odd, context_tokens=4096, kv_type_k="q8_0")
    assert error.value.hint == "take --kv f16 for this model"
    with pytest.raises(UsageError, match="differ"):
        llama_cpp_memory(MLA, context_tokens=4096, kv_type_k="q8_0", kv_type_v="f16")
    with pytest.raises(UsageError, match="grok"):
        llama_cpp_memory(replace(LLAMA_8B, name="grok"), context_tokens=4096, kv_type_v="q8_0")


@pytest.mark.parametrize(
    "wrong",
    [
        {"context_tokens": 0},
        {"context_tokens": -5},
        {"context_tokens": 4096, "n_slots": 0},
        {"context_tokens": 4096, "n_slots": 257},
        {"context_tokens": 4096, "ubatch": 0},
        {"context_tokens": 4096, "kv_type_k": "q6_k"},
        {"context_tokens": 4096, "kv_type_v": ""},
    ],
)
def test_senseless_options_are_refused(wrong: dict[str, int | str]) -> None:
    with pytest.raises(UsageError):
        llama_cpp_memory(LLAMA_8B, **wrong)  # type: ignore[arg-type]


def test_every_model_of_the_catalog_can_be_planned() -> None:
    refused = 0
    for model in load().models:
        if model.architecture is None:
            continue
        for settings in MANY:
            try:
                found = engine_memory(model.architecture, settings)
            except UsageError:
                refused += 1
                continue
            assert found.compute_bytes > 0
            assert found.kv_cache_bytes + found.recurrent_state_bytes > 0
    assert refused < 100  # heads that are not whole blocks of 32


def test_an_architecture_nobody_knows_is_built_like_llama() -> None:
    assert engine_memory(replace(LLAMA_8B, name="from-tomorrow"), MANY[0]) == engine_memory(LLAMA_8B, MANY[0])


@pytest.mark.parametrize("architecture", [LLAMA_8B, GEMMA_270M, GPT_OSS, QWEN_NEXT, NEMOTRON, MLA])
def test_more_context_never_takes_less(architecture: Architecture) -> None:
    for settings in MANY:
        found = [
            engine_memory(architecture, replace(settings, context_tokens=tokens))
            for tokens in (512, 4096, 40_000, 131_072)
        ]
        assert all(a.kv_cache_bytes <= b.kv_cache_bytes for a, b in pairwise(found))
        assert all(a.recurrent_state_bytes == b.recurrent_state_bytes for a, b in pairwise(found))


@tuned(deadline=None)
@given(st.integers(0, 40 * 1024), st.sampled_from((1, 4)), st.booleans(), st.sampled_from((LLAMA_8B, GEMMA_270M)))
def test_the_largest_context_fits_and_the_next_does_not(
    room: int, slots: int, unified: bool, architecture: Architecture
) -> None:
    asked = Settings(n_slots=slots, kv_unified=unified)
    found = max_context(architecture, asked, room * MIB)
    streams = 1 if unified else slots
    limit = architecture.context_tokens * (1 if unified else slots)
    assert found % (256 * streams) == 0
    assert 0 <= found <= limit

    def total(tokens: int) -> int:
        return engine_memory(architecture, replace(asked, context_tokens=tokens)).total_bytes

    if found:
        assert total(found) <= room * MIB
    if found < limit:
        assert total(found + 256 * streams) > room * MIB


def test_the_largest_context_may_be_capped() -> None:
    assert max_context(LLAMA_8B, Settings(), 1 << 40) == 131072
    assert max_context(LLAMA_8B, Settings(n_slots=2), 1 << 40) == 2 * 131072
    assert max_context(LLAMA_8B, Settings(), 1 << 40, most_tokens=10_000) == 10_000
    assert max_context(replace(LLAMA_8B, context_tokens=0), Settings(), 1 << 50) == 1 << 27


ON_GPUS = [
    # model, layers on GPUs, experts on the processor, settings, MiB on each GPU and in host memory
    (LLAMA_8B, (32,), 0, Settings(8192), (124.01,), 40.02),
    (LLAMA_8B, (32,), 0, Settings(131072), (244.01,), 160.02),
    (LLAMA_8B, (32,), 0, Settings(32768, kv_type_k="q8_0", kv_type_v="q8_0"), (200.09,), 64.10),
    (LLAMA_8B, (32,), 0, Settings(8192, ubatch=2048), (496.05,), 160.07),
    (LLAMA_8B, (16,), 0, Settings(131072), (680.00,), 160.02),
    (LLAMA_8B, (16,), 0, Settings(8192, ubatch=2048), (527.50,), 160.07),
    (LLAMA_8B, (17, 15), 0, Settings(8192), (244.05, 204.04), 112.07),
    (LLAMA_8B, (17, 15), 0, Settings(131072), (724.05, 684.04), 592.07),
    ("Qwen/Qwen3-30B-A3B", (48,), 0, Settings(8192), (92.01,), 24.02),
    ("Qwen/Qwen3-30B-A3B", (24,), 0, Settings(131072), (420.50,), 144.02),
    ("Qwen/Qwen3-30B-A3B", (48,), 48, Settings(8192), (176.01,), 24.02),
    ("Qwen/Qwen3-30B-A3B", (48,), 48, Settings(8192, ubatch=2048), (380.05,), 96.07),
    ("Qwen/Qwen3-30B-A3B", (25, 23), 0, Settings(131072), (648.05, 628.04), 552.07),
    ("Qwen/Qwen3-30B-A3B", (25, 23), 48, Settings(8192), (176.01, 32.01), 24.02),
    ("google/gemma-3-27b-it", (62,), 0, Settings(8192), (177.52,), 51.53),
    ("google/gemma-3-27b-it", (32, 30), 0, Settings(8192), (329.59, 277.07), 143.11),
]
"""Made by llama.cpp's own scheduler over paper devices: backends that answer as CUDA's does and allocate nothing."""


@pytest.mark.parametrize(("model", "layers", "experts", "settings", "gpus", "host"), ON_GPUS)
def test_buffers_of_a_split_model(
    model: Architecture | str,
    layers: tuple[int, ...],
    experts: int,
    settings: Settings,
    gpus: tuple[float, ...],
    host: float,
) -> None:
    architecture = load()[model].architecture if isinstance(model, str) else model
    assert architecture is not None
    split = Split(gpu_layers=layers, expert_layers_on_cpu=experts, bits_per_weight=4.5)
    found = split_compute(architecture, settings, split)
    assert found.host / MIB == pytest.approx(host, abs=0.1)
    assert [size / MIB for size in found.gpus] == pytest.approx(list(gpus), abs=0.15)


def test_without_gpus_all_of_it_is_on_the_host() -> None:
    found = split_compute(LLAMA_8B, MANY[0], Split())
    assert found.gpus == ()
    assert found.host == compute_bytes(LLAMA_8B, MANY[0])


def test_overheads_say_where_they_are_from() -> None:
    assert all(one.low <= one.value <= one.high and one.detail for one in DEVICE_OVERHEAD.values())
    assert DEVICE_OVERHEAD["cuda"].source == "published"


@given(st.lists(st.tuples(st.integers(1, 5000), st.integers(0, 30)), max_size=60))
def test_blocks_never_overlap_and_all_of_them_come_back(orders: list[tuple[int, int]]) -> None:
    """Each order takes a block, and gives back the block at that place of those that are out, if there is one."""
    scratch = Scratch(1)
    out: list[Block] = []
    for size, back in orders:
        block = scratch.take(size)
        assert block.size >= size
        assert block.offset % 64 == 0
        assert all(block.offset + block.size <= b.offset or b.offset + b.size <= block.offset for b in out)
        assert block.offset + block.size <= scratch.peak
        out.append(block)
        if back < len(out):
            scratch.give(out.pop(back))
    scratch.give(*out)
    again = Scratch(1)
    assert scratch.take(1 << 40).offset == again.take(1 << 40).offset == 0
