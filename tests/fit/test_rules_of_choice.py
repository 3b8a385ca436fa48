"""Rules by which a build is taken and a repository named, on machines where each of them decides."""

import pytest

from bakeoff.catalog import load
from bakeoff.catalog.builds import parse_build
from bakeoff.fit.plan.answering import answer
from bakeoff.fit.plan.commands import gguf_repository, lacks
from bakeoff.fit.plan.plan import Answer
from bakeoff.fit.plan.table import is_offered
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.hardware import parse_machine


def planned(model: str, machine: str, **wishes: object) -> Answer:
    return answer(load()[model], parse_machine(machine), Wanted(**wishes))  # type: ignore[arg-type]


def codes(found: Answer) -> set[str]:
    return {change.code for change in found.changes}


def test_a_build_on_the_gpu_as_a_whole_beats_one_that_loses_a_tenth_less_beside_the_processor() -> None:
    found = planned("Qwen/Qwen3-8B", "RTX 4060 Laptop, 16 GB").chosen
    assert found is not None
    assert found.offload is not None
    assert (found.offload.mode, found.build.quantization) == ("gpu", "Q5_K_M")


def test_missing_comfort_by_a_hair_does_not_cost_two_bits_a_weight() -> None:
    found = planned("XiaomiMiMo/MiMo-V2.6-Pro-MOPD", "8x H200").chosen
    assert found is not None
    assert found.build.quantization not in ("IQ2_M", "IQ2_XXS", "IQ1_M", "Q2_K")


def test_larger_steps_are_named_where_experts_lie_in_main_memory() -> None:
    found = planned("openai/gpt-oss-120b", "RTX 4090, 64 GB RAM")
    change = next(one for one in found.changes if one.code == "change.larger_steps")
    before = found.chosen.speed.prefill_tokens_per_second if found.chosen else None
    assert before is not None
    assert change.parameters["rate"] > 1.25 * before.value
    assert "change.larger_steps" not in codes(planned("openai/gpt-oss-20b", "RTX 4090, 64 GB RAM"))


def test_machines_in_use_are_spoken_of_where_the_claim_was_checked() -> None:
    """On one card. The interval is wider than that of clean runs, and ends where the memory does."""
    found = planned("Qwen/Qwen3-8B", "RTX 4090, 64 GB RAM")
    change = next(one for one in found.changes if one.code == "change.in_use")
    speed = found.chosen.speed.decode_tokens_per_second if found.chosen else None
    assert speed is not None
    low, high = float(change.parameters["low"]), float(change.parameters["high"])
    assert low < speed.low < speed.value < speed.high <= high < 1008e9 / 5e9
    assert "change.in_use" not in codes(planned("openai/gpt-oss-120b", "RTX 4090, 64 GB RAM"))


def test_that_nothing_was_measured_is_not_blamed_on_the_machine() -> None:
    found = planned("Qwen/Qwen3-8B", "RTX 4090, 64 GB RAM", engine="transformers").chosen
    assert found is not None
    assert "speed.engine_not_measured" in {one.code for one in found.reasons}
    assert "speed.not_known" not in {one.code for one in found.reasons}


@pytest.mark.parametrize(
    ("repository", "quantization", "expected"),
    [
        ("unsloth/Qwen3-8B-GGUF", "IQ3_XXS", True),
        ("unsloth/Qwen3-8B-GGUF", "UD-IQ3_XXS", False),
        ("unsloth/Qwen3-8B-GGUF", "Q4_K_M", False),
        ("bartowski/Qwen_Qwen3-8B-GGUF", "IQ3_XXS", False),
        ("mradermacher/KAT-Dev-GGUF", "IQ2_M", True),
        ("mradermacher/K2-Think-i1-GGUF", "IQ2_M", False),
        ("mradermacher/K2-Think-i1-GGUF", "Q8_0", True),
        ("somebody/else", "IQ2_M", False),
    ],
)
def test_no_repository_is_named_for_what_its_maker_never_offers(
    repository: str, quantization: str, expected: bool
) -> None:
    assert lacks(repository, quantization) is expected


def test_another_converter_is_named_or_none() -> None:
    model = load()["Qwen/Qwen3-8B"]
    for quantization in ("IQ3_XXS", "IQ2_M", "Q4_K_M"):
        named = gguf_repository(model, parse_build(f"gguf:{quantization}"))
        assert named is None or not lacks(named, quantization)


def test_models_that_do_not_write_word_by_word_are_not_offered() -> None:
    for model in ("google/diffusiongemma-26B-A4B-it", "inclusionAI/LLaDA2.0-mini"):
        assert not is_offered(load()[model])
