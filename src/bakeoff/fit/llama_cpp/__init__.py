"""llama.cpp's memory beside the weights: caches, state, compute and output buffers, as its build b11549 makes them.

`llama_cpp_memory` for one device, `layer_caches` and `split_compute` for layers spread over several, `max_context` for
the question the other way round. `fit.planner` asks the engine itself.
"""

from bakeoff.fit.llama_cpp.cache import LayerCache, kv_and_state, layer_caches
from bakeoff.fit.llama_cpp.compute import Compute, compute_bytes, split_compute
from bakeoff.fit.llama_cpp.memory import EngineMemory, engine_memory, llama_cpp_memory, max_context, output_bytes
from bakeoff.fit.llama_cpp.names import supported
from bakeoff.fit.llama_cpp.overhead import DEVICE_OVERHEAD
from bakeoff.fit.llama_cpp.parts import Split
from bakeoff.fit.llama_cpp.settings import CACHE_TYPES, Settings

__all__ = [
    "CACHE_TYPES",
    "DEVICE_OVERHEAD",
    "Compute",
    "EngineMemory",
    "LayerCache",
    "Settings",
    "Split",
    "compute_bytes",
    "engine_memory",
    "kv_and_state",
    "layer_caches",
    "llama_cpp_memory",
    "max_context",
    "output_bytes",
    "split_compute",
    "supported",
]
