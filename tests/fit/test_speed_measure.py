"""A measurement on a machine corrects what is said of the other models on it."""

import statistics
from datetime import date

import pytest

from bakeoff.errors import UsageError
from bakeoff.fit.measure import Measured, calibrate
from bakeoff.fit.speed import SYSTEM, decode_seconds, decode_speed, prefill_seconds, token_terms
from bakeoff.fit.speed.scale import Scale
from tests.fit.speed_cases import machine, work

BOX = machine("RTX 3060 12 GB")
MODELS = ("qwen3 0.6b", "llama 3.2 3b", "llama 3.1 8b", "qwen3 14b")


def truth(model: str, stream: float, fixed: float) -> float:
    """Tokens per second of a machine whose two factors are known."""
    return 1 / decode_seconds(work(model), BOX, scale=Scale(stream, fixed))


def test_a_measurement_as_predicted_changes_nothing() -> None:
    one = work("llama 3.1 8b")
    found = calibrate(BOX, [Measured(one, 1 / decode_seconds(one, BOX), 2048 / prefill_seconds(one, BOX, 2048), 2048)])
    assert (found.stream, found.fixed, found.prefill) == pytest.approx((1, 1, 1))


@pytest.mark.parametrize(("stream", "fixed"), [(1.3, 0.8), (0.85, 1.6), (1.0, 1.0)])
def test_two_sizes_tell_slow_memory_from_slow_starts(stream: float, fixed: float) -> None:
    rows = [Measured(work(model), truth(model, stream, fixed)) for model in MODELS[::2]]
    found = calibrate(BOX, rows)
    for model in MODELS:
        assert 1 / decode_seconds(work(model), BOX, scale=found) == pytest.approx(truth(model, stream, fixed), rel=0.05)


def test_one_measurement_moves_what_its_time_mostly_is() -> None:
    large = calibrate(BOX, [Measured(work("qwen3 14b"), truth("qwen3 14b", 1.2, 1.0))])
    tiny = "SmolLM2-135M-Instruct"
    small = calibrate(BOX, [Measured(work(tiny), truth(tiny, 1.0, 1.2))])
    assert large.stream - 1 > 5 * abs(large.fixed - 1)
    assert small.fixed - 1 > 2 * abs(small.stream - 1)


# llmfit 1.1 community runs on a Radeon RX 7900 XT and an M4 Pro (July 2026, MIT): tokens per second.
MEASURED = {
    "RX 7900 XT": (
        ("Meta-Llama-3.1-8B-Instruct", 114.3),
        ("Qwen/Qwen3-14B", 67.3),
        ("phi-4", 66.0),
        ("Mistral-Small-24B-Instruct-2501", 43.7),
        ("gemma-3-27b-it", 32.6),
        ("OLMo-2-0325-32B-Instruct", 30.8),
    ),
    "M4 Pro 48 GB": (
        ("Llama-3.2-3B-Instruct", 95.3),
        ("Meta-Llama-3.1-8B-Instruct", 47.2),
        ("Qwen/Qwen3-14B", 26.6),
        ("Codestral-22B-v0.1", 16.5),
        ("gemma-3-27b-it", 13.2),
    ),
}


def errors_after(name: str, taken: set[str]) -> list[float]:
    """Errors on the models that were not measured."""
    box, rows = machine(name), MEASURED[name]
    scale = calibrate(box, [Measured(work(model, depth=120), speed) for model, speed in rows if model in taken])
    return [
        abs(1 / decode_seconds(work(model, depth=120), box, scale=scale) / speed - 1)
        for model, speed in rows
        if model not in taken
    ]


@pytest.mark.parametrize("name", MEASURED)
def test_a_small_and_a_large_model_are_enough_for_those_between(name: str) -> None:
    rows = MEASURED[name]
    assert statistics.median(errors_after(name, {rows[0][0], rows[-1][0]})) < 0.05


def test_one_measurement_is_enough_for_its_neighbours() -> None:
    errors = []
    for name, rows in MEASURED.items():
        for model, _ in rows:
            errors += errors_after(name, {model})
    assert statistics.median(errors) < 0.06  # 0.05 over all machines: docs/measured/speed.md


def test_the_estimate_says_that_it_was_measured_here() -> None:
    one = work("llama 3.1 8b")
    scale = calibrate(BOX, [Measured(one, 60.0, name="Llama 3.1 8B Q4_K_M")], as_of=date(2026, 11, 24).isoformat())
    found, before = decode_speed(work("qwen3 14b"), BOX, scale=scale), decode_speed(work("qwen3 14b"), BOX)
    assert found is not None
    assert before is not None
    assert "Llama 3.1 8B Q4_K_M" in found.detail
    assert found.as_of == "2026-11-24"
    assert found.high / found.low < before.high / before.low


def test_terms_scale_by_what_they_are() -> None:
    one = work("llama 3.1 8b")
    plain, scaled = (token_terms(one, BOX, scale=scale) for scale in (None, Scale(2.0, 3.0)))
    for before, after in zip(plain, scaled, strict=True):
        assert after.seconds == pytest.approx(before.seconds * (2.0 if before.streams else 3.0))


def test_a_processor_is_calibrated_like_a_card() -> None:
    box = machine("CPU only, 32 GB DDR5-5600")
    one, other = work("qwen3 4b", place=SYSTEM), work("llama 3.1 8b", place=SYSTEM)
    scale = calibrate(box, [Measured(one, 0.8 / decode_seconds(one, box))])
    assert decode_seconds(other, box, scale=scale) == pytest.approx(decode_seconds(other, box) / 0.8, rel=0.03)


@pytest.mark.parametrize(
    ("speed", "message"),
    [
        (0.0, "is no speed"),
        (-3.0, "is no speed"),
        (float("nan"), "is no speed"),
        (float("inf"), "is no speed"),
        (1e6, "times off"),
        (0.01, "times off"),
    ],
)
def test_junk_is_not_learnt_from(speed: float, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        calibrate(BOX, [Measured(work("llama 3.1 8b"), speed)])


def test_junk_of_a_prompt_is_not_learnt_from() -> None:
    with pytest.raises(UsageError, match="times off"):
        calibrate(BOX, [Measured(work("llama 3.1 8b"), None, 1e6)])


def test_nothing_measured_is_an_error() -> None:
    with pytest.raises(UsageError, match="no measurement"):
        calibrate(BOX, [])
