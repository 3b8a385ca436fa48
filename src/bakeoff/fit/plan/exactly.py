"""A plan with llama.cpp's own numbers: its planner lays the model out on the processor and allocates nothing.

Cache and recurrent state are the same wherever the layers lie; buffers are the engine's own only where the processor
computes alone.
"""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.model import Model
from bakeoff.fit.llama_cpp import EngineMemory
from bakeoff.fit.memory import together
from bakeoff.fit.plan.plan import DeviceUse, Plan
from bakeoff.fit.planner import exact
from bakeoff.headers import gguf
from bakeoff.values import reason


def exactly(plan: Plan, known_limit: int | None) -> Plan:
    """The plan with what the engine says; unchanged for other engines.

    Args:
        plan: a plan that runs.
        known_limit: the model's own context.

    Raises:
        EngineError: this build of the engine does not lay out the model.
        StorageError: the temporary folder cannot be written.
    """
    if plan.engine != "llama.cpp" or plan.memory is None:
        return plan
    wanted = plan.wanted
    settings = wanted.settings(wanted.all_conversations(known_limit))
    found = exact(_source(plan.model), settings)
    note = reason(
        "fit.exact",
        kv=found.kv_cache_bytes,
        state=found.recurrent_state_bytes,
        compute=found.compute_bytes,
        difference=found.kv_cache_bytes + found.recurrent_state_bytes
        - plan.memory.kv_cache_bytes - plan.memory.recurrent_state_bytes,
    )  # fmt: skip
    devices = tuple(_device(one, plan, found) for one in plan.devices)
    memory = together(one.use for one in devices)
    return replace(plan, memory=memory, devices=devices, reasons=(*plan.reasons, note))


def _source(model: Model) -> Architecture | Sequence[gguf.GgufHeader]:
    """The file where there is one, else the shape."""
    if model.file is not None and model.file.lower().endswith(".gguf"):
        return [gguf.read_header(part) for part in gguf.shard_paths(Path(model.file))]
    assert model.architecture is not None
    return model.architecture


def _device(one: DeviceUse, plan: Plan, found: EngineMemory) -> DeviceUse:
    assert plan.memory is not None
    kv = _scaled(one.use.kv_cache_bytes, found.kv_cache_bytes, plan.memory.kv_cache_bytes)
    state = _scaled(one.use.recurrent_state_bytes, found.recurrent_state_bytes, plan.memory.recurrent_state_bytes)
    use = replace(one.use, kv_cache_bytes=kv, recurrent_state_bytes=state)
    if plan.offload is not None and plan.offload.mode == "cpu":
        use = replace(use, compute_bytes=found.compute_bytes, output_bytes=found.output_bytes)
    return replace(one, use=use)


def _scaled(part: int, exact_sum: int, our_sum: int) -> int:
    """A device's part of a sum that turned out otherwise."""
    return round(part * exact_sum / our_sum) if our_sum else 0
