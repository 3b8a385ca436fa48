"""Reading prompts: right order, right growth, and where ggml-org's own benches (MIT) have it."""

from dataclasses import replace

import pytest

from bakeoff.catalog.builds import parse_build
from bakeoff.fit.speed import SYSTEM, placed, prefill_seconds, prefill_speed
from bakeoff.fit.speed.constants import table
from bakeoff.fit.speed.families import PARENTS
from bakeoff.fit.weights import build_weights
from tests.fit.speed_cases import architecture, machine, work

MACHINES = ("RTX 4090", "Tesla T4", "H100 SXM", "RX 7900 XTX", "M3 Max 64 GB", "DGX Spark", "Arc B580")


def test_every_family_has_constants() -> None:
    found = table("prefill")
    assert set(found.families) >= set(PARENTS["prefill"])
    for constants in found.families.values():
        assert len(constants.coefficients) == len(found.terms)
        assert constants.coefficients[found.terms.index("stream")] >= 1.05


@pytest.mark.parametrize("name", MACHINES)
def test_longer_prompts_take_longer_and_fill_the_units_better(name: str) -> None:
    box, one = machine(name), work("llama 3.1 8b")
    seconds = [prefill_seconds(one, box, tokens) for tokens in (16, 128, 512, 2048, 32_768)]
    assert seconds == sorted(seconds)
    assert 512 / seconds[2] > 128 / seconds[1] > 16 / seconds[0]


@pytest.mark.parametrize("name", MACHINES)
def test_a_prompt_in_two_parts_takes_as_long(name: str) -> None:
    box, one = machine(name), work("llama 3.1 8b")
    parts = prefill_seconds(one, box, 4096) + prefill_seconds(one, box, 4096, start=4096)
    assert parts == pytest.approx(prefill_seconds(one, box, 8192), rel=1e-4)  # the head is computed twice
    assert prefill_seconds(one, box, 4096, start=60_000) > prefill_seconds(one, box, 4096)


def test_writing_never_outruns_reading() -> None:
    for name in MACHINES:
        box, one = machine(name), work("qwen3 8b")
        found = prefill_speed(one, box, 512)
        assert found is not None
        assert found.value > 512 / prefill_seconds(one, box, 1) / 512


# llama.cpp's own benches of the DGX Spark (November 2025, MIT): prompts of 2,048 tokens in one step, flash attention.
MEASURED = (("gpt-oss-20b", "mxfp4", 3782.8), ("Qwen3-Coder-30B-A3B-Instruct", "q8_0", 3175.6))


@pytest.mark.parametrize(("model", "build", "speed"), MEASURED)
def test_measured_machines_lie_in_the_interval(model: str, build: str, speed: float) -> None:
    found = prefill_speed(work(model, f"gguf:{build}"), machine("DGX Spark"), 2048, ubatch=2048)
    assert found is not None
    assert found.low <= speed <= found.high


def test_layers_away_from_the_card_are_lent_to_it_for_a_prompt() -> None:
    box = machine("RTX 4090, 64 GB DDR5-5600")
    shape = architecture("llama 3.3 70b")
    weights = build_weights(shape, parse_build("q4_k_m"))
    half = placed(shape, weights, layers=[SYSTEM] * 40 + [0] * 40)
    cpu = placed(shape, weights, layers=[SYSTEM] * 80, head=SYSTEM)
    assert prefill_seconds(half, box, 2048) < prefill_seconds(cpu, box, 2048) / 2
    # The link is the price: the same card on a slower one reads slower.
    link = box.accelerators[0].link_bytes_per_second
    assert link is not None
    slow = replace(link, value=link.value / 8, low=link.value / 8, high=link.value / 8)
    narrow = replace(box, accelerators=(replace(box.accelerators[0], link_bytes_per_second=slow),))
    assert prefill_seconds(half, narrow, 2048) > prefill_seconds(half, box, 2048)


def test_a_processor_reads_experts_that_a_token_does_not_use() -> None:
    box = machine("CPU only, 64 GB DDR5-5600")
    moe, dense = work("qwen3 30b a3b", place=SYSTEM), work("qwen3 4b", place=SYSTEM)
    assert prefill_seconds(moe, box, 512) > prefill_seconds(dense, box, 512) * 0.6
    assert prefill_seconds(moe, box, 512) < prefill_seconds(work("qwen3 32b", place=SYSTEM), box, 512)


@pytest.mark.parametrize(("tokens", "ubatch"), [(0, 512), (-5, 512), (10, 0)])
def test_impossible_prompts_are_refused(tokens: int, ubatch: int) -> None:
    with pytest.raises(ValueError, match="a prompt of"):
        prefill_seconds(work("qwen3 8b"), machine("RTX 4090"), tokens, ubatch=ubatch)
