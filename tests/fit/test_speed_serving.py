"""Many answers at once: throughput and patience pull in opposite directions."""

from dataclasses import replace

import pytest

from bakeoff.catalog.builds import parse_build
from bakeoff.fit.speed import Load, serving, users_served
from bakeoff.fit.speed.serving import Serving, ServingEngine, matrix_rate
from tests.fit.speed_cases import machine, work_at

BF16 = parse_build("bf16")


def served(n: float, *, engine: ServingEngine = "vllm", model: str = "llama 3.1 8b", parallel: int = 1) -> Serving:
    build = "gguf:Q4_K_M" if engine == "llama.cpp" else "safetensors:BF16"
    found = serving(
        work_at(model, build),
        machine("4x H100 SXM"),
        parse_build(build),
        Load(1000, 300, n),
        engine=engine,
        parallel=parallel,
    )
    assert found is not None
    return found


@pytest.mark.parametrize("engine", ["vllm", "sglang", "llama.cpp"])
def test_more_users_get_more_together_and_each_waits_longer(engine: ServingEngine) -> None:
    found = [served(n, engine=engine) for n in (1, 4, 16, 64, 256)]
    total = [one.tokens_per_second.value for one in found]
    each = [one.inter_token_ms.value for one in found]
    assert total == sorted(total)
    assert each == sorted(each)
    assert total[-1] < 256 * total[0]


def test_a_few_users_are_bound_by_memory_and_many_by_arithmetic() -> None:
    assert served(1).bound == "memory"
    assert served(256).bound == "compute"


def test_devices_together_are_faster_but_not_as_many_times() -> None:
    one, four = served(8, model="qwen3 32b"), served(8, model="qwen3 32b", parallel=4)
    assert one.inter_token_ms.value / 4 < four.inter_token_ms.value < one.inter_token_ms.value


def test_a_slow_link_makes_sharing_layers_dear() -> None:
    box = machine("4x H100 SXM")
    bare = tuple(replace(one, peer_bytes_per_second=None) for one in box.accelerators)
    load = Load(4000, 300, 32)
    fast, slow = (
        serving(work_at("qwen3 32b", "safetensors:BF16"), which, BF16, load, parallel=4)
        for which in (box, replace(box, accelerators=bare))
    )
    assert fast is not None
    assert slow is not None
    assert slow.inter_token_ms.value > 1.2 * fast.inter_token_ms.value


def test_a_batch_of_a_mixture_reads_more_experts_than_one_answer() -> None:
    one, many = served(1, model="qwen3 30b a3b"), served(32, model="qwen3 30b a3b")
    dense_one, dense_many = served(1, model="qwen3 4b"), served(32, model="qwen3 4b")
    moe_growth = many.inter_token_ms.value / one.inter_token_ms.value
    assert moe_growth > dense_many.inter_token_ms.value / dense_one.inter_token_ms.value


def test_the_unit_is_that_of_the_build_where_the_card_has_it() -> None:
    hopper, ampere = machine("H100 SXM").accelerators[0], machine("A100 80 GB").accelerators[0]
    fp8, awq = parse_build("fp8"), parse_build("awq")
    assert matrix_rate(hopper, fp8) == hopper.rates.fp8
    assert matrix_rate(ampere, fp8) == ampere.rates.bf16
    assert matrix_rate(hopper, awq) == hopper.rates.bf16


@pytest.mark.parametrize("engine", ["vllm", "llama.cpp"])
@pytest.mark.parametrize("target", [12.0, 20.0, 40.0])
def test_the_users_served_are_the_last_within_the_target(engine: ServingEngine, target: float) -> None:
    build = parse_build("gguf:Q4_K_M" if engine == "llama.cpp" else "bf16")
    box = machine("H100 SXM")
    model = work_at("llama 3.1 8b", str(build))
    n = users_served(
        model, box, build, prompt_tokens=1000, output_tokens=300, inter_token_ms=target, most=2000, engine=engine
    )
    assert n > 0
    for count, within in ((n, True), (n + 1, False)):
        found = serving(model, box, build, Load(1000, 300, count), engine=engine)
        assert found is not None
        assert (found.inter_token_ms.value <= target) is within


def test_nobody_is_served_where_even_one_waits_too_long() -> None:
    model, box = work_at("llama 3.3 70b", "safetensors:BF16"), machine("2x H100 SXM")
    assert users_served(model, box, BF16, prompt_tokens=1000, output_tokens=300, inter_token_ms=1.0) == 0
    assert users_served(model, box, BF16, prompt_tokens=8e4, output_tokens=300, inter_token_ms=1e9,
                        first_token_ms=5.0) == 0  # fmt: skip


def test_the_cache_limits_the_users() -> None:
    model, box = work_at("llama 3.1 8b", "safetensors:BF16"), machine("H100 SXM")
    assert users_served(model, box, BF16, prompt_tokens=100, output_tokens=100, inter_token_ms=1e6, most=7) == 7
