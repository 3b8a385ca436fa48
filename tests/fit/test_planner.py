"""The engine's own planner: what it says now, about many architectures, and what happens when it cannot."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.catalog.architecture import Attention, FeedForward, Layer, LayerRun
from bakeoff.catalog.gguf_architecture import architecture_from_gguf
from bakeoff.catalog.loading import load
from bakeoff.errors import EngineError, StorageError, UsageError
from bakeoff.fit import planner, planner_process
from bakeoff.fit.header_file import Outline, write_header_file
from bakeoff.fit.llama_cpp import EngineMemory, Settings, engine_memory
from bakeoff.fit.planner import exact, exact_all, read_sizes
from bakeoff.headers.ggml import TENSOR_TYPES
from bakeoff.headers.gguf import read_header
from bakeoff.units import MIB
from bakeoff.weights import ModelFile
from tests.fit.models import LLAMA_8B

LIVE = [
    "google/gemma-2-9b-it",
    "google/gemma-3n-E4B-it",
    "openai/gpt-oss-120b",
    "deepseek-ai/DeepSeek-V3",
    "zai-org/GLM-4.5-Air",
    "Qwen/Qwen3-Next-80B-A3B-Instruct",
    "ibm-granite/granite-4.0-h-tiny",
    "nvidia/NVIDIA-Nemotron-Nano-9B-v2",
    "LiquidAI/LFM2-1.2B",
    "meta-llama/Llama-4-Scout-17B-16E-Instruct",
    "CohereLabs/c4ai-command-r7b-12-2024",
    "microsoft/Phi-4-mini-instruct",
    "moonshotai/Kimi-K2-Instruct",
    "baidu/ERNIE-4.5-21B-A3B-PT",
]
"""None of them is among the measured rows that the formulas were checked with (`data/llama_cpp_memory.csv`)."""

SETTINGS = (
    Settings(8192),
    Settings(131072, kv_type_k="q8_0", kv_type_v="q8_0"),
    Settings(16384, flash_attention=False),
    Settings(16384, n_slots=4),
    Settings(8192, n_slots=3, kv_unified=True, ubatch=1024),
)


def _close(ours: EngineMemory, engine: EngineMemory) -> None:
    # The engine prints hundredths of a MiB, for every cache that it makes.
    assert abs(ours.kv_cache_bytes - engine.kv_cache_bytes) <= 0.02 * MIB
    assert abs(ours.recurrent_state_bytes - engine.recurrent_state_bytes) <= 0.02 * MIB
    assert abs(ours.output_bytes - engine.output_bytes) <= 0.02 * MIB
    assert abs(ours.compute_bytes - engine.compute_bytes) <= max(0.1 * engine.compute_bytes, 1 * MIB)


@pytest.mark.parametrize("model_id", LIVE)
def test_formulas_agree_with_the_engine(model_id: str) -> None:
    architecture = load()[model_id].architecture
    assert architecture is not None
    for one, found in zip(SETTINGS, exact_all(architecture, SETTINGS), strict=True):
        assert isinstance(found, EngineMemory), found
        _close(engine_memory(architecture, one), found)


def test_a_real_file_by_its_header(smollm2: ModelFile) -> None:
    header = read_header(smollm2.path)
    architecture = architecture_from_gguf(header)
    found = exact((header,), SETTINGS[0])
    assert abs(found.kv_cache_bytes - 8192 * 30 * 2 * 3 * 64 * 2) <= 0.01 * MIB
    _close(engine_memory(architecture, SETTINGS[0]), found)
    _close(exact(architecture, SETTINGS[0]), found)


def test_the_engine_says_what_it_does_not_know() -> None:
    with pytest.raises(EngineError, match="from-tomorrow") as error:
        exact(replace(LLAMA_8B, name="from-tomorrow"), SETTINGS[0])
    assert error.value.hint is not None
    assert "--exact" in error.value.hint


def test_one_context_that_fails_leaves_the_others() -> None:
    # Heads of 80 numbers are not whole blocks of 32.
    odd = replace(LLAMA_8B, runs=(LayerRun(2, Layer(Attention(32, 8, 80, 80), None, FeedForward(1024))),))
    found = exact_all(odd, (SETTINGS[0], SETTINGS[1], SETTINGS[2]))
    assert [isinstance(one, EngineMemory) for one in found] == [True, False, True]
    assert "80" in str(found[1])


def test_a_context_beyond_reason_is_refused_before_the_engine_is_asked() -> None:
    with pytest.raises(UsageError, match="268,435,456"):
        exact(LLAMA_8B, Settings(1 << 28))


def test_a_shifted_layout_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = Path(planner_process.__file__).read_text(encoding="utf-8")
    shifted = tmp_path / "shifted.py"
    shifted.write_text(source.replace('("yarn_orig_ctx", UINT),\n', ""), encoding="utf-8")
    assert shifted.read_text(encoding="utf-8") != source
    monkeypatch.setattr(planner_process, "__file__", str(shifted))
    with pytest.raises(EngineError, match="of llama_context_params is"):
        exact(LLAMA_8B, SETTINGS[0])


@pytest.mark.parametrize("code", ["import os; os.abort()", "raise SystemExit(3)", ""])
def test_a_process_that_dies_is_an_engine_error(code: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    dying = tmp_path / "dying.py"
    dying.write_text(code, encoding="utf-8")
    monkeypatch.setattr(planner_process, "__file__", str(dying))
    with pytest.raises(EngineError, match="does not lay out"):
        exact(LLAMA_8B, SETTINGS[0])


def test_a_process_that_hangs_is_ended(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hanging = tmp_path / "hanging.py"
    hanging.write_text("import time; time.sleep(100)", encoding="utf-8")
    monkeypatch.setattr(planner_process, "__file__", str(hanging))
    monkeypatch.setattr(planner, "SECONDS", 0.3)
    with pytest.raises(EngineError, match="did not answer within"):
        exact(LLAMA_8B, SETTINGS[0])


def test_without_the_engine_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(planner, "find_spec", lambda name: None)
    with pytest.raises(EngineError, match="not installed"):
        exact(LLAMA_8B, SETTINGS[0])


def test_sizes_are_read_from_the_log() -> None:
    log = """
llama_kv_cache: size =  168.00 MiB (  8192 cells,   7 layers,  1/1 seqs), K (f16):   84.00 MiB, V (f16):   84.00 MiB
llama_kv_cache: size =  140.25 MiB (  1024 cells,  35 layers,  1/1 seqs), K (f16):   70.12 MiB, V (f16):   70.12 MiB
llama_memory_recurrent: size =    72.98 MiB (     1 cells,  24 layers,  1 seqs 0 rs_seq), R (f32):  1.48 MiB
sched_reserve:        CPU compute buffer size =   116.03 MiB
llama_context:        CPU  output buffer size =     1.00 MiB
"""
    assert read_sizes(log) == EngineMemory(
        round(308.25 * MIB), round(72.98 * MIB), round(116.03 * MIB), round(1.0 * MIB)
    )


VALUES = st.one_of(
    st.booleans(),
    st.integers(-(1 << 62), 1 << 62),
    st.floats(width=32, allow_nan=False),
    st.text(max_size=20),
    st.lists(st.integers(0, 1000), min_size=1, max_size=5),
    st.lists(st.booleans(), min_size=1, max_size=5),
    st.lists(st.floats(width=32, allow_nan=False), min_size=1, max_size=5),
)
NAMES = st.text("abcdefghij._0123456789", min_size=1, max_size=30)
TENSORS = st.dictionaries(
    NAMES,
    st.tuples(
        st.lists(st.integers(1, 4), min_size=0, max_size=3),
        st.sampled_from([number for number, kind in TENSOR_TYPES.items() if kind.block_elements <= 256]),
    ),
    max_size=5,
)


@settings(deadline=None)
@given(st.dictionaries(NAMES.map("own.{}".format), VALUES, max_size=8), TENSORS)
def test_a_header_file_reads_back_as_it_was_meant(
    tmp_path_factory: pytest.TempPathFactory, metadata: dict[str, Any], tensors: dict[str, tuple[list[int], int]]
) -> None:
    path = tmp_path_factory.getbasetemp() / "header.gguf"
    outlines = [Outline(name, (256, *shape), kind) for name, (shape, kind) in tensors.items()]
    write_header_file(path, metadata, outlines)
    found = read_header(path)
    assert dict(found.metadata) == {k: tuple(v) if isinstance(v, list) else v for k, v in metadata.items()}
    assert [(t.name, t.shape, t.type) for t in found.tensors] == [
        (name, shape, TENSOR_TYPES[kind]) for name, shape, kind in outlines
    ]
    assert path.stat().st_size >= found.expected_file_bytes


@pytest.mark.skipif(sys.platform == "win32", reason="NTFS makes no holes by itself")
def test_a_header_file_takes_no_room(tmp_path: Path) -> None:
    path = tmp_path / "large.gguf"
    write_header_file(path, {"general.architecture": "llama"}, [Outline("a.weight", (1 << 20, 1 << 17), 1)])
    assert path.stat().st_size > 1 << 38
    assert path.stat().st_blocks * 512 < 1 << 20


def test_without_room_for_the_file_the_engine_is_asked_by_metadata(
    smollm2: ModelFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_file = exact(LLAMA_8B, SETTINGS[0]), exact((read_header(smollm2.path),), SETTINGS[0])

    def full(*_: object) -> None:
        raise StorageError("the disk is full")

    monkeypatch.setattr(planner, "write_header_file", full)
    assert (exact(LLAMA_8B, SETTINGS[0]), exact((read_header(smollm2.path),), SETTINGS[0])) == with_file


def test_a_folder_that_is_not_there_is_a_storage_error(tmp_path: Path) -> None:
    with pytest.raises(StorageError, match="cannot be written"):
        write_header_file(tmp_path / "none" / "a.gguf", {}, [])
