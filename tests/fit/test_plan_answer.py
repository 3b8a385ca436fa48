"""One model on one machine: numbers that agree with the parts they come from, changes that hold when they are tried."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.gguf_metadata import metadata_of
from bakeoff.errors import UsageError, WeightsError
from bakeoff.fit.header_file import Outline, write_header_file
from bakeoff.fit.llama_cpp import llama_cpp_memory
from bakeoff.fit.plan.answering import answer, take
from bakeoff.fit.plan.as_json import answer_json
from bakeoff.fit.plan.asking import fit
from bakeoff.fit.plan.changes import _with_more
from bakeoff.fit.plan.plan import Answer
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.planner import TYPES, _shape
from bakeoff.fit.vllm import usual_settings, vllm_memory, weights_on_gpu
from bakeoff.fit.weights import build_weights
from bakeoff.fit.weights.gguf import tensor_types
from bakeoff.units import GIB
from tests.fit.models import LLAMA_8B, MIXTRAL
from tests.fit.plan_cases import machine, model, with_memory

CPU = "CPU only, 64 GB DDR5-5600"
CARD = "RTX 4090, 64 GB RAM"


@pytest.fixture(scope="module", autouse=True)
def nothing_of_the_users(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """The same for all tests here, so that the catalog is read once."""
    folder = tmp_path_factory.mktemp("own")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BAKEOFF_CATALOG", str(folder / "catalog.jsonl"))
        patch.setenv("BAKEOFF_MEASURED", str(folder / "measured.json"))
        yield


def planned(name: str, on: str = CARD, **wanted: object) -> Answer:
    return answer(model(name), machine(on), Wanted(**wanted))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"context_tokens": 32768},
        {"context_tokens": 32768, "n_slots": 4},
        {"context_tokens": 16384, "kv_type_k": "q8_0", "kv_type_v": "q8_0"},
        {"context_tokens": 16384, "flash_attention": False, "ubatch": 128},
    ],
)
@pytest.mark.parametrize(
    "name", ["Qwen/Qwen3-8B", "google/gemma-3-12b-it", "openai/gpt-oss-20b", "tiiuae/Falcon-H1-7B-Instruct"]
)
def test_on_the_processor_memory_is_what_the_engine_takes(name: str, options: dict[str, object]) -> None:
    found = planned(name, CPU, engine="llama.cpp", **options).plans[-1].memory
    assert found is not None
    architecture = model(name).architecture
    assert architecture is not None
    context = options.get("context_tokens", 8192)
    renamed = {key: value for key, value in options.items() if key != "context_tokens"}
    engine = llama_cpp_memory(architecture, context_tokens=context, **renamed)  # type: ignore[arg-type]
    assert (found.kv_cache_bytes, found.recurrent_state_bytes) == (engine.kv_cache_bytes, engine.recurrent_state_bytes)
    assert (found.compute_bytes, found.output_bytes) == (engine.compute_bytes, engine.output_bytes)


@pytest.mark.parametrize("name", ["Qwen/Qwen3-8B", "openai/gpt-oss-120b", "google/gemma-3-12b-it"])
@pytest.mark.parametrize("on", [CARD, "2x H100 SXM", "8 GB RAM"])
@pytest.mark.parametrize("wanted", [{}, {"users": 16}, {"engine": "llama.cpp", "users": 4}, {"context_tokens": 16_384}])
def test_what_is_taken_is_what_is_chosen(name: str, on: str, wanted: dict[str, object]) -> None:
    chosen = planned(name, on, **wanted).chosen
    taken = take(model(name), machine(on), Wanted(**wanted))  # type: ignore[arg-type]
    assert taken == (chosen and replace(chosen, max_context_tokens=None))


def test_users_each_have_the_context_and_slots_share_it() -> None:
    users = planned("Qwen/Qwen3-8B", engine="llama.cpp", context_tokens=8192, users=4).chosen
    slots = planned("Qwen/Qwen3-8B", engine="llama.cpp", context_tokens=32768, n_slots=4).chosen
    assert users is not None
    assert slots is not None
    assert users.memory == slots.memory
    assert (users.context_tokens, slots.context_tokens) == (8192, 32768)
    assert "-c 32768 -np 4" in (users.command or "")
    assert users.command == slots.command


def test_vllm_takes_what_its_own_sum_says() -> None:
    found = planned("meta-llama/Llama-3.1-8B-Instruct", "H100", engine="vllm", utilization=0.95).plans[0]
    architecture = model("meta-llama/Llama-3.1-8B-Instruct").architecture
    assert architecture is not None
    assert found.memory is not None
    total = machine("H100").accelerators[0].memory_usable_bytes.value
    settings = usual_settings(8192, total, gpu_memory_utilization=0.95)
    sum_of_vllm = vllm_memory(
        architecture, weights_on_gpu(build_weights(architecture, found.build), settings), total, settings
    )
    assert found.memory.kv_cache_bytes == pytest.approx(sum_of_vllm.kv_pool.value, rel=1e-6)
    assert found.memory.weights_bytes == sum_of_vllm.weights_bytes
    # Measured by llm-d-planner: 14.99 GiB of weights, a pool of 58.11 GiB.
    assert found.memory.weights_bytes / GIB == pytest.approx(14.99, rel=0.01)
    assert found.memory.kv_cache_bytes / GIB == pytest.approx(58.11, rel=0.03)


def test_tensor_parallel_takes_the_fewest_gpus_that_hold_all_users() -> None:
    one = planned("meta-llama/Llama-3.1-8B-Instruct", "4x H100 SXM", engine="vllm", users=8).chosen
    many = planned("meta-llama/Llama-3.3-70B-Instruct", "4x H100 SXM", engine="vllm", build=None, users=8).plans[0]
    assert one is not None
    assert (one.offload.tensor_parallel if one.offload else 0, many.offload.tensor_parallel if many.offload else 0) == (
        1,
        4,
    )
    assert "--tensor-parallel-size 4" in (many.command or "")


def test_heads_that_cannot_be_shared_out_are_not() -> None:
    # 14 heads and 2 of keys: two GPUs can share them, four cannot.
    found = planned("Qwen/Qwen2.5-0.5B-Instruct", "8x H100 SXM", engine="vllm", users=1024, context_tokens=32768)
    assert {plan.offload.tensor_parallel for plan in found.plans if plan.offload is not None} <= {1, 2}


def test_the_largest_context_fits_and_a_little_more_does_not() -> None:
    found = planned("Qwen/Qwen3-32B", CARD, engine="llama.cpp", context_tokens=4096).chosen
    assert found is not None
    most = found.max_context_tokens
    assert most is not None
    assert 4096 < most < 40960

    def runs(tokens: int) -> bool:
        again = planned("Qwen/Qwen3-32B", CARD, build=found.build, context_tokens=tokens).chosen
        return again is not None and again.offload is not None and again.offload.mode == "gpu"

    assert runs(most)
    assert not runs(most + 512)


def test_what_is_said_to_change_the_answer_does() -> None:
    found = planned("openai/gpt-oss-120b")
    assert found.chosen is not None
    said = {change.code: change.parameters for change in found.changes}
    more = said["change.more_gpu_memory"]
    larger = _with_more(machine(CARD), 0, more["gib"] * GIB - machine(CARD).accelerators[0].memory_total_bytes.value)
    again = answer(model("openai/gpt-oss-120b"), larger, Wanted(build=found.chosen.build)).chosen
    assert again is not None
    assert again.offload is not None
    assert again.offload.mode == "gpu"
    assert again.speed.decode_tokens_per_second is not None
    assert again.speed.decode_tokens_per_second.value == pytest.approx(more["rate"])


def test_where_nothing_runs_the_changes_say_what_would() -> None:
    small = with_memory(machine(CPU), ram=4)
    found = answer(model("Qwen/Qwen3-8B"), small, Wanted(context_tokens=32768))
    assert found.chosen is None
    assert all(plan.verdict == "does not run" and plan.command is None for plan in found.plans)
    shorter = next(change.parameters for change in found.changes if change.code == "change.shorter_context")
    assert answer(model("Qwen/Qwen3-8B"), small, Wanted(context_tokens=shorter["tokens"])).chosen is not None
    more = next(change.parameters for change in found.changes if change.code == "change.more_memory")
    enough = with_memory(machine(CPU), ram=4 + more["lacking"] / GIB + 0.01)
    assert answer(model("Qwen/Qwen3-8B"), enough, Wanted(context_tokens=32768)).chosen is not None


def test_where_no_speed_is_known_what_lies_on_the_card_is_taken_and_no_speed_is_said() -> None:
    found = planned("Qwen/Qwen3-14B", "24 GB VRAM, 64 GB RAM").chosen
    assert found is not None
    assert found.speed.decode_tokens_per_second is None
    assert "speed.not_known" in {reason.code for reason in found.reasons}
    assert found.offload is not None
    assert found.offload.mode == "gpu"
    assert found.build.quantization == "Q8_0"


def test_closing_programs_is_only_said_of_this_machine() -> None:
    busy = with_memory(machine(CARD), 4, ram=60)
    codes = [change.code for change in answer(model("Qwen/Qwen3-14B"), busy, Wanted()).changes]
    assert "change.close_programs" not in codes
    here = [change.code for change in answer(model("Qwen/Qwen3-14B"), replace(busy, here=True), Wanted()).changes]
    assert "change.close_programs" in here


def test_no_free_memory_is_an_answer_not_a_crash() -> None:
    full = with_memory(machine(CARD), 0, ram=0)
    found = answer(model("HuggingFaceTB/SmolLM2-135M-Instruct"), full, Wanted())
    assert found.chosen is None
    assert {plan.runs for plan in found.plans} == {False}


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("Qwen/Qwen3-8B", {"context_tokens": 1 << 20}, "has a context of"),
        ("Qwen/Qwen3-8B", {"context_tokens": 1024, "prompt_tokens": 2000}, "does not fit into a context"),
        (
            "Qwen/Qwen3-8B",
            {"context_tokens": 512, "n_slots": 64, "prompt_tokens": 1, "output_tokens": 1},
            "leave 8 for",
        ),
        ("BAAI/bge-m3", {}, "architecture is not known"),
        ("Qwen/Qwen3-8B", {"kv_type_k": "q9"}, "not a cache type"),
        (
            "Qwen/Qwen3-8B",
            {"kv_type_k": "q8_0", "kv_type_v": "q8_0", "flash_attention": False},
            "needs flash attention",
        ),
    ],
)
def test_what_cannot_be_is_refused_with_a_hint(name: str, options: dict[str, object], message: str) -> None:
    with pytest.raises(UsageError, match=message) as caught:
        planned(name, **options)
    assert caught.value.hint


def test_a_longer_context_than_trained_is_planned_up_to_the_vendors_extension_and_said() -> None:
    assert model("Qwen/Qwen3-8B").context_tokens == 40960
    found = planned("Qwen/Qwen3-8B", context_tokens=131072)
    assert "fit.context_extended" in {note.code for note in found.notes}


@pytest.mark.parametrize(
    ("build", "on", "why"),
    [
        ("nvfp4", CARD, "compute capability 10"),
        ("mlx:4bit", CARD, "apple devices only"),
        ("awq", "M3 Max 64 GB", "Linux"),
        ("fp8", "Tesla V100 32GB", "compute capability 7.5"),
    ],
)
def test_a_build_that_the_silicon_cannot_run_is_refused_with_the_reason(build: str, on: str, why: str) -> None:
    with pytest.raises(UsageError, match=why):
        fit("Qwen/Qwen3-8B", on=on, build=build)


def test_python_and_json_have_the_same_numbers_and_every_key_that_was_promised() -> None:
    found = fit("qwen3 8b", on=CARD, context_tokens=32768)
    document = json.loads(json.dumps(answer_json(found), allow_nan=False))
    assert (document["schema"], document["version"]) == ("bakeoff.fit", 1)
    chosen = [one for one in document["plans"] if one["chosen"]]
    assert len(chosen) == 1
    assert found.chosen is not None
    assert found.chosen.memory is not None
    first = chosen[0]
    assert {"model", "build", "engine", "runs", "chosen", "context_tokens", "max_context_tokens", "memory", "offload",
            "speed", "quality_loss", "command", "reasons"} <= set(first)  # fmt: skip
    assert {"weights_bytes", "kv_cache_bytes", "recurrent_state_bytes", "compute_bytes", "output_bytes",
            "overhead_bytes", "total_bytes", "devices"} == set(first["memory"])  # fmt: skip
    assert {"decode_tokens_per_second", "prefill_tokens_per_second", "time_to_first_token_ms"} <= set(first["speed"])
    assert first["memory"]["total_bytes"] == found.chosen.memory.total_bytes
    assert sum(one["used_bytes"] for one in first["memory"]["devices"]) == first["memory"]["total_bytes"]
    assert first["context_tokens"] == 32768
    assert all(set(value) >= {"value", "low", "high", "source"} for value in first["speed"].values() if value)


@pytest.mark.parametrize("architecture", [LLAMA_8B, MIXTRAL])
def test_with_a_file_its_header_decides(tmp_path: Path, architecture: Architecture) -> None:
    path = tmp_path / "own-model-Q4_K_M.gguf"
    outlines = [
        Outline(name, _shape(tensor), TYPES[kind.lower()])
        for name, tensor, kind in tensor_types(architecture, "Q4_K_M")
    ]
    write_header_file(path, metadata_of(architecture) | {"general.file_type": 15}, outlines)
    found = fit(str(path), on=CARD).chosen
    assert found is not None
    assert str(found.build) == "gguf:Q4_K_M"
    assert f"-m {path}" in (found.command or "")
    by_name = build_weights(architecture, found.build)
    assert found.memory is not None
    assert found.memory.weights_bytes == by_name.tensor_bytes
    assert found.file_bytes is not None
    assert (found.file_bytes.source, found.file_bytes.low) == ("file header", found.file_bytes.high)


def test_a_file_that_is_none_is_refused(tmp_path: Path) -> None:
    broken = tmp_path / "x.gguf"
    broken.write_bytes(b"GGUF\x03\x00\x00\x00" + b"\xff" * 64)
    with pytest.raises(WeightsError):
        fit(str(broken), on=CARD)
    with pytest.raises(UsageError, match="no such file"):
        fit(str(tmp_path / "not-there.gguf"), on=CARD)


def test_the_module_can_be_called() -> None:
    import bakeoff.fit

    found = bakeoff.fit("qwen3 8b", on=CARD)  # type: ignore[operator]
    assert isinstance(found, Answer)
