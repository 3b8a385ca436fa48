"""Sizes of llama.cpp's compute buffers: on one device, or on each of several that share a model."""

from dataclasses import dataclass
from functools import lru_cache

from bakeoff.catalog.architecture import Architecture
from bakeoff.fit.llama_cpp.parts import Part, Split, gpu_parts
from bakeoff.fit.llama_cpp.rehearsal import Rehearsal
from bakeoff.fit.llama_cpp.settings import Settings
from bakeoff.fit.llama_cpp.shape import shape


@dataclass(frozen=True, slots=True)
class Compute:
    """Bytes of compute buffers."""

    gpus: tuple[int, ...]
    """Per GPU, in the order of the devices."""

    host: int
    """In the processor's memory; pinned where a GPU is there."""


@lru_cache(maxsize=16384)
def compute_bytes(architecture: Architecture, settings: Settings) -> int:
    """Bytes of the compute buffer on one device that holds the whole model, embedding included."""
    model = shape(architecture)
    return Rehearsal(model, settings, Part(0, len(model.order))).run()


@lru_cache(maxsize=16384)
def split_compute(architecture: Architecture, settings: Settings, split: Split) -> Compute:
    """Bytes of the compute buffers when layers are spread over GPUs and the processor."""
    model = shape(architecture)
    if not split.gpu_layers:
        return Compute((), compute_bytes(architecture, settings))
    parts = gpu_parts(len(model.order), split, settings.step_tokens)
    gpus = tuple(Rehearsal(model, settings, part).run() for part in parts)
    host = Part(0, parts[0].first, output=not split.output_on_gpu, copies=parts[0].copies)
    return Compute(gpus, Rehearsal(model, settings, host).run())
