"""What other calculators got wrong, and anyone can see (evidence: peers, section 2.3)."""

from functools import cache

import pytest

from bakeoff.fit.plan.answering import answer
from bakeoff.fit.plan.bases import base, root
from bakeoff.fit.plan.candidates import candidates
from bakeoff.fit.plan.plan import Answer
from bakeoff.fit.plan.pools import shortage, usable
from bakeoff.fit.plan.table import ROWS_PER_TASK, TASKS, Row, does, is_offered, table
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.speed import SYSTEM
from bakeoff.units import GIB
from tests.fit.plan_cases import machine, model, shipped

LAPTOP = "RTX 4060 Laptop, 16 GB"
CARD = "RTX 4090, 64 GB RAM"
SERVER = "2x RTX PRO 6000, 256 GB RAM"
RACK = "8x H100 SXM, 1 TB RAM"
MAC = "M3 Max 64 GB"
OLD = "GTX 1080 Ti, 32 GB RAM"
CPU = "CPU only, 32 GB DDR5-5600"
MACHINES = (LAPTOP, CARD, SERVER, RACK, MAC, OLD, CPU)


@cache
def rows(on: str, **wanted: int) -> tuple[Row, ...]:
    return table(machine(on), Wanted(**wanted), shipped()).rows


def planned(name: str, on: str, **wanted: object) -> Answer:
    return answer(model(name), machine(on), Wanted(**wanted))  # type: ignore[arg-type]


@pytest.mark.parametrize("on", MACHINES)
def test_only_models_to_talk_to_that_can_be_had_are_offered(on: str) -> None:
    for row in rows(on):
        one = row.plan.model
        assert (one.kind, one.is_base, one.unverified) == ("chat", False, False)
        assert one.tier != 2
        for word in ("embed", "rerank", "tts", "broken", "guard", "reward"):
            assert word not in one.id.lower()


@pytest.mark.parametrize("on", MACHINES)
def test_there_is_one_row_per_base_model_and_task(on: str) -> None:
    for task in TASKS:
        bases = [base(row.plan.model, shipped().by_id) for row in rows(on) if row.task == task]
        assert len(bases) == len(set(bases))


@pytest.mark.parametrize("on", MACHINES)
def test_every_task_has_rows_in_order_without_ties(on: str) -> None:
    for task in TASKS:
        scores = [row.score for row in rows(on) if row.task == task]
        assert 1 <= len(scores) <= ROWS_PER_TASK
        assert scores == sorted(scores, reverse=True)
        assert max(scores.count(score) for score in scores) <= 2
        assert [row.rank for row in rows(on) if row.task == task] == list(range(1, len(scores) + 1))


@pytest.mark.parametrize("on", MACHINES)
def test_nothing_that_is_offered_takes_minutes_or_lacks_room(on: str) -> None:
    for row in rows(on):
        plan = row.plan
        assert plan.runs
        assert plan.verdict in ("comfortable", "usable")
        assert plan.speed.request_seconds is not None
        assert plan.speed.request_seconds.value <= 120
        used = {one.place: float(one.use.total_bytes) for one in plan.devices}
        assert shortage(machine(on), used) is None


@pytest.mark.parametrize("on", MACHINES)
def test_no_build_is_offered_to_silicon_that_cannot_run_it(on: str) -> None:
    here = machine(on)
    vendors = {one.vendor for one in here.accelerators}
    capabilities = [float(one.compute_capability) for one in here.accelerators if one.compute_capability]
    plans = [row.plan for row in rows(on)]
    plans += [plan for name in ("Qwen/Qwen3-8B", "openai/gpt-oss-20b") for plan in planned(name, on).plans]
    for plan in plans:
        if plan.build.format == "mlx":
            assert "apple" in vendors
        if plan.build.quantization == "NVFP4":
            assert max(capabilities) >= 10.0
        if plan.engine in ("vllm", "sglang"):
            assert vendors & {"nvidia", "amd"}
            assert not capabilities or max(capabilities) >= 7.5


@pytest.mark.parametrize("on", MACHINES)
def test_the_table_and_the_model_by_itself_say_the_same(on: str) -> None:
    for row in rows(on)[:4]:
        alone = planned(row.plan.model.id, on).chosen
        assert alone is not None
        assert (alone.build, alone.engine, alone.memory, alone.speed) == (
            row.plan.build,
            row.plan.engine,
            row.plan.memory,
            row.plan.speed,
        )


def test_a_larger_machine_gets_another_list_and_larger_models() -> None:
    machines = (LAPTOP, CARD, SERVER, RACK)
    first = [tuple(row.plan.model.id for row in rows(on) if row.task == "chat") for on in machines]
    assert len(set(first)) == len(first)
    best = [max(row.ability.value for row in rows(on) if row.task == "chat") for on in machines]
    assert best == sorted(best)
    assert len(set(best)) == len(best)


def test_two_bits_of_a_huge_old_model_do_not_beat_five_bits_of_a_current_one() -> None:
    names = {row.plan.model.id: row for row in rows(MAC)}
    assert not any("8x22B" in name or "Llama-2" in name or "CodeLlama" in name for name in names)
    for on in MACHINES:
        for row in rows(on):
            released = row.plan.model.release
            assert released is not None
            if row.plan.quality_loss is not None and row.plan.quality_loss.value > 3:
                assert released.date > "2025"


def test_a_newer_version_stands_for_its_base() -> None:
    shown = {row.plan.model.id for on in MACHINES for row in rows(on)}
    assert "Qwen/Qwen3.8-27B" in shown
    assert "Qwen/Qwen3.6-27B" not in shown
    assert root(model("ornith-ai/Ornith-1.5-35B-A3B"), shipped().by_id) == "Qwen/Qwen3.5-35B-A3B"


def test_gpt_oss_120b_runs_on_a_card_of_24_gb_with_its_experts_in_memory() -> None:
    found = planned("openai/gpt-oss-120b", CARD).chosen
    assert found is not None
    assert (found.verdict, found.offload.mode if found.offload else "") in (
        ("comfortable", "experts on cpu"),
        ("usable", "experts on cpu"),  # the first word comes after about three seconds
    )
    assert found.offload is not None
    assert f"--n-cpu-moe {found.offload.expert_layers_on_cpu}" in (found.command or "")
    assert found.devices[0].use.total_bytes <= found.devices[0].usable_bytes
    assert found.memory is not None
    assert found.memory.weights_bytes / GIB == pytest.approx(59.0, abs=0.6)  # llama.cpp's planner: 59.4 with the cache


def test_a_window_is_not_charged_for_the_whole_context() -> None:
    found = planned("google/gemma-3-27b-it", "H100", context_tokens=131072, engine="llama.cpp").chosen
    assert found is not None
    assert found.memory is not None
    assert found.memory.kv_cache_bytes / GIB == pytest.approx(10.61, rel=0.01)  # not 62


def test_a_compressed_cache_is_not_charged_as_full_heads() -> None:
    found = planned("deepseek-ai/DeepSeek-V3", RACK, context_tokens=131072, engine="llama.cpp").chosen
    assert found is not None
    assert found.memory is not None
    assert found.memory.kv_cache_bytes / GIB == pytest.approx(8.58, rel=0.01)  # not 213


def test_context_is_not_what_a_scraper_multiplied() -> None:
    assert model("llama 3.1 8b").context_tokens == 131072
    assert model("google/gemma-3-27b-it").context_tokens == 131072


@pytest.mark.parametrize("on", [MAC, "Ryzen AI Max+ 395 128 GB", "DGX Spark"])
def test_unified_memory_is_counted_once(on: str) -> None:
    here = machine(on)
    total = here.processor.memory_total_bytes.value
    for row in rows(on):
        assert row.plan.memory is not None
        assert row.plan.memory.total_bytes < total
        assert (
            sum(one.use.total_bytes for one in row.plan.devices) <= max(usable(here, SYSTEM), usable(here, 0)) * 1.001
        )


def test_a_model_of_a_few_bits_is_not_offered_at_more() -> None:
    builds = {str(build) for build, _ in candidates(model("openai/gpt-oss-20b"), machine(CARD), Wanted())}
    assert builds == {"gguf:MXFP4", "safetensors:MXFP4"}
    deepseek = {str(build) for build, _ in candidates(model("deepseek-ai/DeepSeek-V3"), machine(RACK), Wanted())}
    assert "safetensors:BF16" not in deepseek


def test_a_tight_card_runs_what_fits_fast_and_says_so_of_the_rest() -> None:
    found = planned("deepseek-ai/DeepSeek-R1-0528-Qwen3-8B", "RTX 3080 10GB, 16 GB RAM", build=None)
    speeds = {
        plan.offload.mode: plan.speed.decode_tokens_per_second.value
        for plan in found.plans
        if plan.runs and plan.offload is not None and plan.speed.decode_tokens_per_second is not None
    }
    assert speeds["gpu"] > 2 * speeds["layers on cpu"]


@pytest.mark.parametrize("language", ["vi", "fr"])
def test_a_language_is_a_filter(language: str) -> None:
    found = table(machine(CARD), Wanted(), shipped(), task="chat", language=language)
    assert found.rows
    for row in found.rows:
        one = row.plan.model
        assert language in one.languages or (language == "vi" and one.vietnamese == "stated")


def test_a_model_of_one_subject_stands_only_under_its_own() -> None:
    medical = [one for one in shipped().models if one.domain == "medicine" and is_offered(one)]
    assert medical
    assert not any(does(one, task, None) for one in medical for task in TASKS)
    coder = model("Qwen/Qwen2.5-Coder-7B-Instruct")
    assert (does(coder, "code", None), does(coder, "chat", None)) == (True, False)
