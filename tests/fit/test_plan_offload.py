"""Where llama.cpp's layers go: as much as can be on few, fast devices, and every byte counted once."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.builds import Build
from bakeoff.fit.llama_cpp import Settings, kv_and_state, llama_cpp_memory
from bakeoff.fit.plan.layers import Layers
from bakeoff.fit.plan.offload import best_placement, check
from bakeoff.fit.plan.placement import Placement, uses
from bakeoff.fit.plan.pools import by_speed, capacity, shortage, usable
from bakeoff.fit.speed import SYSTEM
from bakeoff.fit.weights import build_weights
from bakeoff.hardware import parse_machine
from bakeoff.units import GIB
from tests.fit.models import GEMMA_270M, GPT_OSS, LLAMA_8B, MIXTRAL, QWEN_NEXT, SMOLLM2
from tests.fit.plan_cases import with_memory

Q4 = Build("gguf", "Q4_K_M")


def layers(architecture: Architecture, build: Build = Q4, context: int = 8192, **more: object) -> Layers:
    weights = build_weights(architecture, build)
    return Layers(architecture, weights, Settings(context_tokens=context, **more))  # type: ignore[arg-type]


ONE = parse_machine("RTX 4090, 64 GB RAM")
TWO = parse_machine("2x RTX 3090, 64 GB RAM")
MIXED = parse_machine("RTX 3060 12GB + RTX 3090, 64 GB RAM")
MAC = parse_machine("M3 Max 64 GB")
CPU = parse_machine("CPU only, 64 GB DDR5-5600")


def test_what_fits_one_gpu_lies_there_wholly() -> None:
    found = best_placement(layers(LLAMA_8B), TWO)
    assert (found.placement.mode, found.placement.gpu_layers, found.lacking) == ("gpu", (32,), None)


def test_the_faster_of_two_gpus_is_taken_when_both_have_room() -> None:
    names = [MIXED.accelerators[place].name for place in by_speed(MIXED)]
    assert names == ["GeForce RTX 3090", "GeForce RTX 3060 12 GB"]
    assert best_placement(layers(LLAMA_8B), MIXED).placement.gpus == (1,)


def test_equal_gpus_share_evenly() -> None:
    found = best_placement(layers(LLAMA_8B), with_memory(TWO, 5, 5))
    first, second = found.placement.gpu_layers
    assert (found.placement.mode, found.lacking) == ("gpus", None)
    shares = [found.uses[place].total_bytes for place in (0, 1)]
    largest_layer = max(found.uses[0].weights_bytes / first, found.uses[1].weights_bytes / second)
    assert abs(shares[0] - shares[1]) <= 2 * largest_layer


def test_of_unlike_gpus_the_faster_is_filled_first() -> None:
    found = best_placement(layers(LLAMA_8B), with_memory(MIXED, 5, 5))
    assert (found.placement.gpus, found.lacking) == ((1, 0), None)
    assert found.placement.gpu_layers[0] > 2 * found.placement.gpu_layers[1]


def test_one_layer_more_would_not_fit() -> None:
    model, machine = layers(LLAMA_8B), with_memory(ONE, 4)
    placement = best_placement(model, machine).placement
    assert placement.mode == "layers on cpu"
    more = replace(placement, gpu_layers=(placement.gpu_layers[0] + 1,))
    assert check(model, machine, placement).lacking is None
    assert check(model, machine, more).lacking is not None


@pytest.mark.parametrize("architecture", [MIXTRAL, GPT_OSS, QWEN_NEXT])
def test_experts_go_to_the_processor_before_layers_do_and_no_more_of_them_than_needed(
    architecture: Architecture,
) -> None:
    model = layers(architecture)
    half = build_weights(architecture, Q4).tensor_bytes / 2 / GIB
    machine = with_memory(ONE, half)
    placement = best_placement(model, machine).placement
    assert placement.mode == "experts on cpu"
    assert 0 < placement.experts_on_cpu < model.count
    fewer = replace(placement, experts_on_cpu=placement.experts_on_cpu - 1)
    assert check(model, machine, placement).lacking is None
    assert check(model, machine, fewer).lacking is not None


def test_a_small_gpu_beside_a_large_mixture_holds_some_layers_without_experts() -> None:
    placement = best_placement(layers(MIXTRAL), with_memory(ONE, 2)).placement
    assert placement.mode == "layers on cpu"
    assert placement.experts_on_cpu == placement.n_layers
    assert 0 < placement.on_gpu < placement.n_layers


def test_the_processor_alone_takes_what_llama_cpp_takes() -> None:
    found = best_placement(layers(SMOLLM2), CPU)
    engine = llama_cpp_memory(SMOLLM2, context_tokens=8192)
    use = found.uses[SYSTEM]
    assert (use.kv_cache_bytes, use.compute_bytes, use.output_bytes) == (
        engine.kv_cache_bytes,
        engine.compute_bytes,
        engine.output_bytes,
    )
    assert use.weights_bytes == build_weights(SMOLLM2, Q4).tensor_bytes


def test_a_gpu_without_free_memory_is_passed_over() -> None:
    assert best_placement(layers(SMOLLM2), with_memory(ONE, 0)).placement.mode == "cpu"


def test_what_fits_nowhere_says_what_is_lacking() -> None:
    found = best_placement(layers(LLAMA_8B), with_memory(ONE, 0, ram=1))
    assert found.lacking is not None
    assert found.lacking.place == SYSTEM
    assert found.lacking.bytes == pytest.approx(found.uses[SYSTEM].total_bytes - GIB, rel=0.02)


def test_unified_memory_is_counted_once() -> None:
    everything = MAC.processor.memory_total_bytes.value
    assert capacity(MAC) < everything
    assert capacity(MAC) == usable(MAC, SYSTEM)
    half = usable(MAC, SYSTEM) * 0.6
    assert shortage(MAC, {0: half}) is None
    assert shortage(MAC, {0: half, SYSTEM: half}) is not None
    assert shortage(ONE, {0: usable(ONE, 0), SYSTEM: usable(ONE, SYSTEM)}) is None


def test_what_firmware_set_aside_for_the_gpu_is_not_the_processors() -> None:
    strix = parse_machine("Ryzen AI Max+ 395 128GB, 96 GB VRAM")
    own = strix.accelerators[0].dedicated_bytes
    assert own > 0
    assert shortage(strix, {0: min(own, usable(strix, 0)), SYSTEM: usable(strix, SYSTEM)}) is None


SHAPES = (LLAMA_8B, MIXTRAL, GPT_OSS, QWEN_NEXT, GEMMA_270M, SMOLLM2)


@settings(max_examples=60, deadline=None)
@given(st.sampled_from(SHAPES), st.data())
def test_no_byte_is_lost_or_counted_twice_wherever_the_layers_are(
    architecture: Architecture, data: st.DataObject
) -> None:
    model = layers(architecture, context=data.draw(st.sampled_from([512, 4096, 32768])))
    first = data.draw(st.integers(0, model.count))
    second = data.draw(st.integers(0, model.count - first))
    counts = tuple(count for count in (first, second) if count)
    experts = data.draw(st.integers(0, model.count)) if model.has_experts and counts else 0
    placement = Placement(tuple(range(len(counts))), counts, experts, model.count)
    found = uses(model, TWO, placement).values()
    weights = model.weights.tensor_bytes
    if counts and model.weights.tied:
        weights += model.weights.embedding_bytes  # the head on the GPU is a copy
    assert sum(use.weights_bytes for use in found) == weights
    assert (sum(use.kv_cache_bytes for use in found), sum(use.recurrent_state_bytes for use in found)) == kv_and_state(
        architecture, model.settings
    )
    assert len(placement.layer_places()) == len(placement.expert_places()) == model.count
