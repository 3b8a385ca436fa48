"""Expected loss by build: the order is right, nothing is left out, and what was measured is met."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.catalog import load
from bakeoff.catalog.builds import GGUF, MLX, SAFETENSORS, Build, parse_build
from bakeoff.fit.quality import after_loss, constants, divergence, likelier, quality_loss, top_disagreement
from bakeoff.values import Estimate
from tests.fit.speed_cases import architecture

EVERY = [
    *(Build("gguf", name) for name in GGUF),
    *(Build("safetensors", name) for name in SAFETENSORS),
    *(Build("mlx", name) for name in MLX),
]
SIXTEEN = {"F32", "BF16", "F16", "bf16"}


@pytest.mark.parametrize("build", EVERY, ids=str)
def test_every_build_of_the_catalog_has_a_loss(build: Build) -> None:
    found = quality_loss(8e9, build)
    assert 0 <= found.low <= found.value <= found.high <= constants().headroom
    assert (found.value == 0) == (build.quantization in SIXTEEN)


@pytest.mark.parametrize(
    "order",
    [
        ("q8_0", "q6_k", "q5_k_m", "q4_k_m", "iq4_xs", "q3_k_l", "q3_k_m", "iq3_xxs", "q2_k"),
        ("iq4_xs", "iq3_m", "iq3_xxs", "iq2_m", "iq2_xs", "iq2_xxs", "iq1_m", "iq1_s"),
        ("fp8", "awq", "mxfp4"),
        ("fp8", "nvfp4"),
        ("mlx:8bit", "mlx:6bit", "mlx:5bit", "mlx:4bit", "mlx:3bit", "mlx:2bit"),
    ],
)
def test_fewer_bits_lose_more(order: tuple[str, ...]) -> None:
    losses = [quality_loss(8e9, parse_build(name)).value for name in order]
    assert losses == sorted(losses)
    assert len(set(losses)) == len(losses)


def test_larger_models_lose_less() -> None:
    losses = [quality_loss(size, parse_build("q4_k_m")).value for size in (1e9, 3e9, 8e9, 32e9, 70e9, 600e9)]
    assert losses == sorted(losses, reverse=True)


@pytest.mark.parametrize("size", [1.0, 1e6, 5e12])
def test_the_power_of_size_is_not_drawn_out(size: float) -> None:
    inside = {quality_loss(edge, parse_build("q4_k_m")).value for edge in (0.5e9, 1e12)}
    assert quality_loss(size, parse_build("q4_k_m")).value in inside


# MMLU of Llama-3-8B-Instruct and -70B-Instruct, points lost against 16 bit (matt-c1/llama-3-quant-comparison, CC0).
MEASURED = (
    (8.03e9, "q8_0", 0.0),
    (8.03e9, "q6_k", 0.14),
    (8.03e9, "q4_k_m", 0.56),
    (8.03e9, "iq4_xs", 0.81),
    (8.03e9, "q3_k_m", 2.31),
    (8.03e9, "iq3_xxs", 4.68),
    (8.03e9, "iq2_m", 7.64),
    (70.6e9, "iq4_xs", 0.5),
    (70.6e9, "iq3_m", 0.9),
    (70.6e9, "iq2_m", 4.0),
    (70.6e9, "iq2_xxs", 8.7),
)


@pytest.mark.parametrize(("size", "build", "points"), MEASURED)
def test_what_was_measured_lies_in_the_interval_or_within_the_noise(size: float, build: str, points: float) -> None:
    found = quality_loss(size, parse_build(build))
    assert found.low - 0.3 <= points <= found.high + 0.3


def test_published_in_few_bits_is_not_a_loss() -> None:
    assert quality_loss(architecture("gpt-oss-20b"), parse_build("mxfp4")).value == 0
    assert quality_loss(architecture("gpt-oss-20b"), parse_build("bf16")).value == 0
    assert quality_loss(architecture("deepseek-ai/DeepSeek-V3"), parse_build("fp8")).value == 0
    assert quality_loss(architecture("qwen3 8b"), parse_build("fp8")).value > 0
    assert quality_loss(architecture("qwen3 8b"), parse_build("mxfp4")).value > 1


def test_experts_published_in_four_bits_are_kept() -> None:
    kept = quality_loss(architecture("gpt-oss-20b"), parse_build("q4_k_m"))
    assert 0 < kept.value < quality_loss(20.9e9, parse_build("q4_k_m")).value
    assert quality_loss(architecture("gpt-oss-20b"), parse_build("q2_k")).value == pytest.approx(
        quality_loss(20.9e9, parse_build("q2_k")).value, rel=0.02
    )


def test_an_architecture_counts_by_its_parameters() -> None:
    shape = architecture("llama 3.1 8b")
    assert quality_loss(shape, parse_build("q4_k_m")).value == pytest.approx(
        quality_loss(8.03e9, parse_build("q4_k_m")).value, rel=1e-3
    )


def test_every_model_of_the_catalog_has_a_loss() -> None:
    for model in load().models:
        if model.architecture is not None:
            assert quality_loss(model.architecture, parse_build("q4_k_m")).high < 10


def test_the_scales_agree() -> None:
    for name in ("q8_0", "q4_k_m", "q2_k"):
        build = parse_build(name)
        nats, top = divergence(8e9, build), top_disagreement(8e9, build)
        assert nats.low < nats.value < nats.high
        assert 0 < top.low < top.value < top.high <= 1
    assert top_disagreement(8e9, parse_build("bf16")).value == 0


def score(value: float, half: float) -> Estimate:
    return Estimate(value, value - half, value + half, "published", "MMLU")


def test_a_score_less_its_loss_is_wider_than_either() -> None:
    found = after_loss(score(70, 2), Estimate(3, 1, 7, "estimated"))
    assert found.value == 67
    assert found.value - found.low == pytest.approx((2**2 + 4**2) ** 0.5)
    assert found.high - found.value == pytest.approx((2**2 + 2**2) ** 0.5)


def test_a_larger_model_at_q4_beats_a_smaller_at_q8_and_q2_of_an_old_one_does_not() -> None:
    q4, q8, q2 = (parse_build(name) for name in ("q4_k_m", "q8_0", "iq2_xxs"))
    large = after_loss(score(79, 1.5), quality_loss(32e9, q4))
    small = after_loss(score(73, 1.5), quality_loss(8e9, q8))
    assert likelier(large, small) > 0.95
    old = after_loss(score(79, 1.5), quality_loss(70e9, q2))
    assert likelier(old, after_loss(score(79, 1.5), quality_loss(32e9, q4))) < 0.15


@given(st.floats(0, 100), st.floats(0, 100), st.floats(0.01, 20), st.floats(0.01, 20), st.floats(0.01, 20))
def test_one_is_likelier_as_the_other_is_not(a: float, b: float, low: float, high: float, other: float) -> None:
    first, second = Estimate(a, a - low, a + high, "estimated"), Estimate(b, b - other, b + other, "estimated")
    assert likelier(first, second) + likelier(second, first) == pytest.approx(1, abs=1e-6)
    assert (likelier(first, second) > 0.5) == (a > b) or a == pytest.approx(b)


def test_equal_numbers_are_a_toss_up() -> None:
    one = Estimate.exact(70, source="published")
    assert likelier(one, one) == 0.5
    assert likelier(Estimate.exact(71, source="published"), one) == 1.0
    assert likelier(one, Estimate.exact(71, source="published")) == 0.0
