"""The memory sums against published measurements, and against sums by hand.

LitGPT, tutorials/resource-tables.md (commit 4839345a, 2023-10-20; Apache-2.0): one A100 40 GB, Alpaca's longest row of
1,304 tokens, no recomputation, loss in pieces, adapters of rank 8 on queries and values only (like rank 2 on all).
Torchtune, README (commit 0031bfb0, 2024; BSD-3): two rows of 2,048 tokens, recomputation but on the A6000, compiled.
Torchtune's rows of full fine-tuning are left out: they page the optimizer to main memory.
"""

import statistics
from dataclasses import dataclass

import pytest

from bakeoff.catalog.finding import find
from bakeoff.cost.tune.memory import METHODS, Method, Training, TrainingMemory, adapter_weights, training_memory
from bakeoff.cost.tune.shape import Shape, shape
from bakeoff.units import GIB

GB = 1e9


@dataclass(frozen=True)
class Measured:
    """One row of a table."""

    model: str
    allocated: float
    """Bytes per GPU."""

    training: Training


def litgpt(model: str, gigabytes: float, method: Method, rows: int) -> Measured:
    """A row of LitGPT's table."""
    return Measured(model, gigabytes * GB, Training(method, 1304, rows, rank=2, recompute=False))


def torchtune(model: str, gibibytes: float, method: Method, gpus: int = 1, rows: int = 2, **more: bool) -> Measured:
    """A row of torchtune's table."""
    return Measured(model, gibibytes * GIB, Training(method, 2048, rows, gpus, rank=8, **more))


SEVEN, THIRTEEN = "meta-llama/Llama-2-7b-hf", "meta-llama/Llama-2-13b-hf"
EIGHT, SEVENTY = "meta-llama/Llama-3.1-8B-Instruct", "meta-llama/Llama-3.1-70B-Instruct"

MEASURED = [
    litgpt(SEVEN, 21.30, "lora", 1),
    litgpt(SEVEN, 29.07, "lora", 2),
    litgpt(SEVEN, 13.84, "qlora", 1),
    litgpt(THIRTEEN, 38.12, "lora", 1),
    litgpt(THIRTEEN, 22.55, "qlora", 1),
    torchtune(EIGHT, 16.2, "lora"),
    torchtune(EIGHT, 30.3, "lora", recompute=False),
    torchtune(EIGHT, 7.4, "qlora"),
    torchtune(SEVENTY, 27.6, "lora", gpus=8),
    torchtune("meta-llama/Llama-3.1-405B-Instruct", 44.8, "qlora", gpus=8, rows=1),
]


def shape_of(name: str) -> Shape:
    """Of a model in the catalog."""
    architecture = find(name).architecture
    assert architecture is not None
    return shape(architecture)


def predicted(one: Measured) -> TrainingMemory:
    """Our sum for a row."""
    return training_memory(shape_of(one.model), one.training)


def test_the_median_error_against_published_measurements_is_below_a_tenth() -> None:
    errors = [abs(predicted(one).allocated_bytes / one.allocated - 1) for one in MEASURED]
    assert statistics.median(errors) < 0.10
    assert max(errors) < 0.25


def test_lora_on_one_gpu_is_within_a_tenth_where_everything_is_kept_uncompiled() -> None:
    lora = [one for one in MEASURED if one.training.method == "lora" and one.training.rank == 2]
    assert all(abs(predicted(one).allocated_bytes / one.allocated - 1) < 0.10 for one in lora)


def test_the_high_end_holds_every_measurement() -> None:
    """Who plans by the high end does not run out of memory."""
    assert [one.model for one in MEASURED if predicted(one).total.high < one.allocated] == []


def tiny() -> Shape:
    """1,000 weights, 800 of them in matrices, 10 layers of 4, 50 words."""
    return Shape(
        weights=1000, matrices=800, active_matrices=1000.0, lora_rows_and_columns=30, largest_layer=90,
        kept_per_token=200.0, largest_kept=25.0, layers=10, hidden=4, vocabulary=50, attention_width=40.0,
        window_width=0.0,
    )  # fmt: skip


def test_full_fine_tuning_takes_sixteen_bytes_per_weight_and_activations() -> None:
    """7 tokens; 2 B weights, 14 B gradient and optimizer; 2 B x (10 x 4 + 25) and 1.5 B x 50 words per token."""
    found = training_memory(tiny(), Training("full", 7))
    assert found.weights_bytes + found.gradients_and_optimizer_bytes == 16_000
    assert found.activations_bytes == 7 * 2 * 65
    assert found.logits_bytes == 7 * 1.5 * 50
    assert found.allocated_bytes == 16_000 + 910 + 525
    whole = training_memory(tiny(), Training("full", 7, recompute=False, chunked_loss=False))
    assert whole.activations_bytes == 7 * 2 * 200
    assert whole.logits_bytes == 7 * 10 * 50


def test_lora_trains_rank_times_rows_and_columns() -> None:
    found = training_memory(tiny(), Training("lora", 7, rank=4))
    assert adapter_weights(tiny(), 4) == found.trained_weights == 120
    assert found.adapters_bytes == 120 * 16
    assert found.weights_bytes == 2000
    assert found.gradients_and_optimizer_bytes == 0


def test_qlora_keeps_matrices_in_four_bits_and_a_bit() -> None:
    found = training_memory(tiny(), Training("qlora", 7, rank=4))
    assert found.weights_bytes == pytest.approx(800 * 4.127 / 8 + 200 * 2)


def test_sharding_divides_everything_but_activations_and_gathers_layers() -> None:
    one, eight = (training_memory(tiny(), Training("full", 7, gpus=n)) for n in (1, 8))
    assert eight.weights_bytes * 8 == one.weights_bytes
    assert eight.gradients_and_optimizer_bytes * 8 == one.gradients_and_optimizer_bytes
    assert eight.activations_bytes == one.activations_bytes
    assert eight.gathered_bytes == 2 * 90 * 2


@pytest.mark.parametrize("model", [EIGHT, "openai/gpt-oss-20b", "google/gemma-3-27b-it", "deepseek-ai/DeepSeek-V3"])
def test_the_order_of_the_methods_is_that_of_their_memory(model: str) -> None:
    found = {method: training_memory(shape_of(model), Training(method)).total.value for method in METHODS}
    assert found["qlora"] < found["lora"] < found["full-8bit"] < found["full"]


def test_the_adapters_of_rank_sixteen_are_those_that_peft_prints() -> None:
    """Llama 3.1 8B, all linear layers, rank 16: 41,943,040 trainable (PEFT's `print_trainable_parameters`).

    Per layer 16 x (q 8,192 + k 5,120 + v 5,120 + o 8,192 + gate, up and down 3 x 18,432) = 1,310,720; 32 layers.
    """
    assert adapter_weights(shape_of(EIGHT), 16) == 41_943_040


@pytest.mark.parametrize(("model", "billions"), [(SEVEN, 6.738), (EIGHT, 8.030), (SEVENTY, 70.554)])
def test_all_weights_are_counted(model: str, billions: float) -> None:
    assert shape_of(model).weights / 1e9 == pytest.approx(billions, abs=0.001)


def test_of_experts_only_those_that_are_used_are_multiplied() -> None:
    """gpt-oss-120b: 5.1 billion active of 117, the embedding's row not multiplied but the head is."""
    found = shape_of("openai/gpt-oss-120b")
    assert found.active_matrices / 1e9 == pytest.approx(5.1, abs=0.5)
    assert found.weights / 1e9 == pytest.approx(116.8, abs=0.5)
