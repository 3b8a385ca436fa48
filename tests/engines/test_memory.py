"""What llama.cpp says about its memory is read whole: fails when a new version words it otherwise."""

import pytest

from bakeoff.evaluate.client import Client
from bakeoff.weights import ModelFile
from tests.engines.conftest import Start, complete


async def test_the_memory_of_a_real_model_adds_up(start: Start, smollm2: ModelFile) -> None:
    async with start(smollm2.path, n_slots=2, context_per_slot=1024) as engine, Client(engine.base_url) as client:
        loaded = engine.memory
        await complete(client, "word " * 500, max_tokens=2)
        memory = engine.memory
    assert memory.weights_bytes == pytest.approx(smollm2.path.stat().st_size, rel=0.05)
    # 30 layers, 3 heads of 64 for keys and as many for values, 2 bytes each, 2 slots of 1,024 cells.
    assert memory.kv_cache_bytes == 30 * 2 * 3 * 64 * 2 * 2 * 1024
    assert memory.recurrent_state_bytes == 0
    assert memory.compute_bytes > 1e6
    # One row of logits for each slot: 49,152 floats, rounded by the log to 0.01 MiB.
    assert memory.output_bytes == pytest.approx(2 * 49152 * 4, abs=0.01 * 2**20)
    assert loaded.peak_resident_bytes is not None
    assert memory.peak_resident_bytes is not None
    assert memory.peak_resident_bytes >= loaded.peak_resident_bytes
    assert memory.peak_resident_bytes > memory.weights_bytes + memory.kv_cache_bytes
    assert (engine.facts.architecture, engine.facts.n_ctx_train) == ("llama", 8192)
    assert engine.facts.has_chat_template


async def test_repacked_weights_are_a_second_copy_and_are_counted(start: Start, gemma: ModelFile) -> None:
    size = gemma.path.stat().st_size
    async with start(gemma.path, batch_invariant=False) as engine:
        repacked = engine.memory.weights_bytes
        assert not engine.facts.has_chat_template
    async with start(gemma.path, batch_invariant=True) as engine:
        plain = engine.memory.weights_bytes
    assert plain == pytest.approx(size, rel=0.05)
    assert repacked > plain + 1e6
