"""Writing: within the memory's limit, in the right order, and where measurements have it.

Measured rows are of MIT-licensed sources only: llmfit's community runs and ggml-org's benches.
"""

import math
from dataclasses import replace

import pytest

from bakeoff.catalog import load
from bakeoff.catalog.builds import parse_build
from bakeoff.fit.speed import SYSTEM, decode_seconds, decode_speed, placed, token_terms, whole
from bakeoff.fit.speed.constants import table
from bakeoff.fit.speed.families import PARENTS, accelerator_family, processor_family
from bakeoff.fit.weights import build_weights
from bakeoff.values import Estimate
from tests.fit.speed_cases import architecture, machine, work

MACHINES = (
    *("RTX 4090", "RTX 3060 12 GB", "GTX 1080 Ti", "Tesla T4", "V100", "A100 80 GB", "H100 SXM", "RTX 5090", "B200"),
    *("RX 7900 XTX", "MI300X", "M1", "M3 Max 64 GB", "M5 Max 128 GB", "Ryzen AI Max+ 395 128 GB", "DGX Spark"),
    *("Arc B580", "Jetson AGX Orin 64 GB"),
)


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("GTX 1080 Ti", "nvidia pascal"),
        ("V100", "nvidia volta"),
        ("Tesla T4", "nvidia turing"),
        ("RTX 2080", "nvidia turing"),
        ("A100 80 GB", "nvidia a100"),
        ("RTX 3090", "nvidia ampere"),
        ("L40S", "nvidia ada"),
        ("H100 SXM", "nvidia hopper"),
        ("RTX 5090", "nvidia blackwell"),
        ("B200", "nvidia blackwell"),
        ("DGX Spark", "nvidia integrated"),
        ("RX 7900 XTX", "amd rdna"),
        ("RX 9070 XT", "amd rdna"),
        ("MI300X", "amd cdna"),
        ("Ryzen AI Max+ 395 128 GB", "amd integrated"),
        ("M4 Pro 48 GB", "apple"),
        ("Arc B580", "intel"),
    ],
)
def test_a_device_has_the_family_of_its_generation(name: str, family: str) -> None:
    assert accelerator_family(machine(name).accelerators[0]) == family


def test_a_processor_goes_by_its_best_instructions() -> None:
    assert processor_family(machine("Ryzen 7950X, 64 GB RAM, CPU only").processor) == "avx512 bf16"
    assert processor_family(machine("CPU only, 32 GB DDR5-5600").processor) == "avx2"


def test_every_family_has_constants_and_no_stream_beats_the_memory() -> None:
    found = table("decode")
    assert set(found.families) >= {*PARENTS["decode"], *PARENTS["decode"].values()}
    for constants in found.families.values():
        assert len(constants.coefficients) == len(found.terms)
        assert constants.coefficients[found.terms.index("stream")] >= 1.05
        assert min(constants.coefficients) >= 0
        assert constants.dense.low < 1 < constants.dense.high
        assert constants.experts.low < 1 < constants.experts.high


@pytest.mark.parametrize("name", MACHINES)
def test_no_prediction_is_above_the_roofline(name: str) -> None:
    box = machine(name)
    accelerator = box.accelerators[0]
    assert accelerator.bandwidth_bytes_per_second is not None
    bandwidth = accelerator.bandwidth_bytes_per_second.value
    for model in load().models:
        if model.architecture is None:
            continue
        for build in ("q2_k", "q8_0"):
            one = whole(model.architecture, build_weights(model.architecture, parse_build(build)), depth_tokens=2000)
            speed = decode_speed(one, box)
            assert speed is not None
            assert speed.high * one.read_bytes <= bandwidth * (1 + 1e-9), (model.id, build)


# Device, model, build, tokens generated, tokens per second: llmfit 1.1 community runs (July and August 2026, MIT) and
# llama.cpp's own benches of the DGX Spark (November 2025, MIT).
MEASURED = (
    ("RTX 5070", "Meta-Llama-3.1-8B-Instruct", "q4_k_m", 182, 105.3),
    ("RTX 5070", "phi-4", "q4_k_m", 222, 58.4),
    ("RTX 5070", "Mistral-Nemo-Instruct-2407", "q4_k_m", 193, 72.4),
    ("RX 7900 XT", "Qwen/Qwen3-14B", "q4_k_m", 300, 67.3),
    ("RX 7900 XT", "gemma-3-27b-it", "q4_k_m", 221, 32.6),
    ("RX 7900 XT", "Qwen/Qwen3-30B-A3B-Instruct-2507", "q4_k_m", 150, 151.8),
    ("M4 Pro 48 GB", "Meta-Llama-3.1-8B-Instruct", "q4_k_m", 182, 47.2),
    ("M4 Pro 48 GB", "gpt-oss-20b", "mxfp4", 243, 66.5),
    ("DGX Spark", "granite-4.1-8b", "q4_k_m", 300, 36.1),
    ("DGX Spark", "gpt-oss-120b", "mxfp4", 32, 57.3),
)


@pytest.mark.parametrize(("name", "model", "build", "generated", "speed"), MEASURED)
def test_measured_machines_lie_in_the_interval(name: str, model: str, build: str, generated: int, speed: float) -> None:
    found = decode_speed(work(model, f"gguf:{build}", generated / 2), machine(name))
    assert found is not None
    assert found.low <= speed <= found.high


@pytest.mark.parametrize("name", MACHINES)
def test_longer_larger_and_coarser_behave(name: str) -> None:
    box = machine(name)

    def speed(model: str, build: str = "gguf:Q4_K_M", depth: float = 0) -> float:
        found = decode_speed(work(model, build, depth), box)
        assert found is not None
        return found.value

    assert speed("llama 3.1 8b", depth=0) > speed("llama 3.1 8b", depth=8_000) > speed("llama 3.1 8b", depth=64_000)
    assert speed("llama 3.1 8b", "gguf:Q4_K_M") > speed("llama 3.1 8b", "gguf:Q8_0")
    assert speed("qwen3 4b") > speed("qwen3 8b") > speed("qwen3 14b") > speed("qwen3 32b")
    assert speed("qwen3 30b a3b") > speed("qwen3 32b")


def test_each_layer_that_leaves_the_card_costs_speed() -> None:
    box = machine("RTX 4090, 64 GB DDR5-5600")
    shape = architecture("llama 3.3 70b")
    weights = build_weights(shape, parse_build("q4_k_m"))
    speeds = []
    for away in (0, 10, 40, 80):
        found = decode_speed(placed(shape, weights, layers=[SYSTEM] * away + [0] * (80 - away)), box)
        assert found is not None
        speeds.append(found.value)
    assert speeds == sorted(speeds, reverse=True)
    assert speeds[0] > 8 * speeds[-1]


def test_experts_in_system_memory_cost_less_than_whole_layers() -> None:
    box = machine("RTX 4090, 64 GB DDR5-5600")
    shape = architecture("gpt-oss-120b")
    weights = build_weights(shape, parse_build("mxfp4"))
    n = shape.n_layers
    experts = decode_speed(placed(shape, weights, layers=[0] * n, experts=[SYSTEM] * n), box)
    layers = decode_speed(placed(shape, weights, layers=[SYSTEM] * n), box)
    assert experts is not None
    assert layers is not None
    assert experts.value > layers.value


def test_a_second_card_holds_more_but_is_no_faster() -> None:
    box = machine("2x RTX 3090")
    shape = architecture("qwen3 32b")
    weights = build_weights(shape, parse_build("q4_k_m"))
    split = decode_seconds(placed(shape, weights, layers=[0] * 32 + [1] * 32, head=1), box)
    alone = decode_seconds(whole(shape, weights), box)
    assert alone < split < 1.2 * alone


def test_nothing_is_said_where_the_bandwidth_is_not_known() -> None:
    box = machine("RTX 4090")
    blind = replace(box, accelerators=(replace(box.accelerators[0], bandwidth_bytes_per_second=None),))
    assert decode_speed(work("llama 3.1 8b"), blind) is None


def test_a_card_without_a_known_rate_is_still_estimated() -> None:
    box = machine("RTX 4090")
    rates = replace(box.accelerators[0].rates, fp32=None)
    other = replace(box, accelerators=(replace(box.accelerators[0], rates=rates),))
    found, usual = decode_speed(work("llama 3.1 8b"), other), decode_speed(work("llama 3.1 8b"), box)
    assert found is not None
    assert usual is not None
    assert found.value == pytest.approx(usual.value, rel=0.25)


def width(found: Estimate | None) -> float:
    assert found is not None
    return math.log(found.high / found.low)


def test_makers_that_were_hardly_measured_get_wide_intervals() -> None:
    one = work("llama 3.1 8b")
    assert width(decode_speed(one, machine("Arc B580"))) > 2 * width(decode_speed(one, machine("RTX 4090")))


def test_an_assumed_bandwidth_widens_the_interval() -> None:
    one = work("llama 3.1 8b", place=SYSTEM)
    assumed, stated = machine("Ryzen 9 7950X, 64 GB RAM, CPU only"), machine("Ryzen 9 7950X, 64 GB DDR5-5200, CPU only")
    bandwidth = stated.processor.bandwidth_bytes_per_second
    assert bandwidth is not None
    spread = replace(bandwidth, low=bandwidth.value / 2, high=bandwidth.value * 1.5)
    vague = replace(assumed, processor=replace(stated.processor, bandwidth_bytes_per_second=spread))
    assert width(decode_speed(one, vague)) > width(decode_speed(one, stated)) + 0.2


def test_the_terms_are_the_whole_time() -> None:
    box, one = machine("RTX 4090"), work("llama 3.1 8b", depth=4096)
    terms = token_terms(one, box)
    assert sum(term.seconds for term in terms) == pytest.approx(decode_seconds(one, box))
    assert [term.name for term in terms] == list(table("decode").terms)
    assert {term.name for term in terms if term.streams} == {"stream", "instructions"}


def test_mlx_is_a_little_faster_on_the_same_mac() -> None:
    box, one = machine("M4 Pro 48 GB"), work("llama 3.1 8b")
    assert decode_seconds(one, box, engine="mlx") * table("decode").extra["mlx"] == pytest.approx(
        decode_seconds(one, box)
    )


def test_a_measured_memory_counts_in_full_and_a_rated_one_in_part() -> None:
    box = machine("CPU only, 32 GB DDR5-5600")
    rated = box.processor.bandwidth_bytes_per_second
    assert rated is not None
    assert rated.source != "measured"
    measured = replace(rated, source="measured", low=rated.value, high=rated.value)
    other = replace(box, processor=replace(box.processor, bandwidth_bytes_per_second=measured))
    one = work("llama 3.1 8b", place=SYSTEM)
    streams = [
        next(term.seconds for term in token_terms(one, either) if term.name == "stream") for either in (box, other)
    ]
    assert streams[0] == pytest.approx(streams[1] / 0.8)
