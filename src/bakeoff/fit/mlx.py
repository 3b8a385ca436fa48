"""What mlx-lm takes for one request on Apple silicon: a simple sum, with a wide interval. Not measured by us.

Weights, a cache that grows in steps, and the widest layer over a part of the prompt (`prefill_step_size` and
`KVCache.step` in mlx_lm/generate.py and mlx_lm/models/cache.py).
"""

from bakeoff.catalog.architecture import Architecture
from bakeoff.fit.engine_cache import cache_bytes, state_bytes
from bakeoff.fit.loaded import Loaded
from bakeoff.fit.widest import widest_layer_numbers
from bakeoff.units import MIB
from bakeoff.values import Estimate

PREFILL_TOKENS = 2048
CACHE_STEP = 256
OVERHEAD = Estimate(300 * MIB, 150 * MIB, 700 * MIB, "estimated", "Python, Metal pipelines, buffers kept for reuse")


def mlx_memory(
    architecture: Architecture,
    weights_bytes: int,
    *,
    context_tokens: int,
    batch: int = 1,
    cache_bits: float = 16.0,
) -> Loaded:
    """The parts, at their largest.

    Args:
        architecture: the model.
        weights_bytes: as loaded.
        context_tokens: prompt and answer of one request.
        batch: requests at the same time.
        cache_bits: 16, or `--kv-bits` and half a bit for scales.
    """
    kept = -(-context_tokens // CACHE_STEP) * CACHE_STEP
    rows = min(PREFILL_TOKENS, context_tokens) * batch
    step = 2 * rows * (widest_layer_numbers(architecture) + 4 * architecture.hidden_size)
    compute = step + 4 * batch * architecture.vocab_size
    return Loaded(
        weights_bytes=weights_bytes,
        kv_cache_bytes=batch * cache_bytes(architecture, kept, number_bytes=cache_bits / 8),
        recurrent_state_bytes=batch * state_bytes(architecture),
        compute=Estimate(compute, 0.5 * compute, 2.5 * compute, "estimated", "widest layer over one part of a prompt"),
        overhead=OVERHEAD,
    )
