"""What Hugging Face Transformers takes for one `generate()`: a simple sum, with a wide interval. Not measured by us.

Weights, the cache of a dynamic length, and the widest layer over the whole prompt, which is computed at once.
"""

from bakeoff.catalog.architecture import Architecture
from bakeoff.fit.engine_cache import cache_bytes, state_bytes
from bakeoff.fit.loaded import Loaded
from bakeoff.fit.widest import widest_layer_numbers
from bakeoff.units import GIB
from bakeoff.values import Estimate

CUDA_CONTEXT = Estimate(0.5 * GIB, 0.3 * GIB, 0.9 * GIB, "estimated", "CUDA context, cuBLAS workspace")

FRAGMENTATION = 1.1
"""Of PyTorch's allocator, on what grows: blocks that are free but do not fit."""


def transformers_memory(
    architecture: Architecture,
    weights_bytes: int,
    *,
    context_tokens: int,
    prompt_tokens: int | None = None,
    batch: int = 1,
    number_bytes: int = 2,
    on_gpu: bool = True,
) -> Loaded:
    """The parts, at their largest.

    Args:
        architecture: the model.
        weights_bytes: as loaded.
        context_tokens: prompt and answer of one request.
        prompt_tokens: of one request; None: all of the context.
        batch: requests at the same time.
        number_bytes: of the type that is computed in.
        on_gpu: CUDA is used.
    """
    prompt = context_tokens if prompt_tokens is None else prompt_tokens
    rows = prompt * batch
    step = number_bytes * rows * (widest_layer_numbers(architecture) + 4 * architecture.hidden_size)
    logits = 4 * batch * architecture.vocab_size
    compute = FRAGMENTATION * (step + logits)
    return Loaded(
        weights_bytes=weights_bytes,
        kv_cache_bytes=batch * cache_bytes(architecture, context_tokens, number_bytes=number_bytes),
        recurrent_state_bytes=batch * state_bytes(architecture, number_bytes=number_bytes),
        compute=Estimate(compute, 0.6 * compute, 2 * compute, "estimated", "widest layer over the whole prompt"),
        overhead=CUDA_CONTEXT if on_gpu else Estimate.exact(0, source="estimated"),
    )
