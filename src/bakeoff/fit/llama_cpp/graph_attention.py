"""Multi-head and grouped-query attention in llama.cpp's compute graph, rehearsed.

Follows `llm_graph_context::build_attn` in src/llama-graph.cpp and the graphs in src/models/, build b11549. The normed
input stays alive until the caller ends it.
"""

from bakeoff.catalog.architecture import Attention, Indexer
from bakeoff.fit.llama_cpp.graph import Step
from bakeoff.fit.llama_cpp.scratch import Block

HALF = 16.0


def grouped_heads(step: Step, a: Attention, cells: int, norm: Block, *, window: bool, last_use: bool) -> Block:
    """Multi-head and grouped-query attention, one vector per head.

    A reshaped matrix product cannot be worked on in place, so rotary positions and head norms make new blocks.

    Args:
        step: where the results go.
        a: the layer's.
        cells: tokens in the cache, of one slot.
        norm: the input.
        window: it is a sliding-window layer.
        last_use: nothing reads `norm` afterwards: it dies here.
    """
    scratch, style = step.scratch, step.style
    width_q, width_k, width_v = a.n_heads * a.head_dim_k, a.n_kv_heads * a.head_dim_k, a.n_kv_heads * a.head_dim_v
    turned = a.qk_norm or style.rope == "all" or (style.rope == "window" and window)
    gated = (a.gated_output or a.head_gates) and not step.gate_in_query
    dying = (norm,) if last_use and not gated else ()
    hidden = step.hidden
    if step.fused_qkv:
        width = width_q + width_k + width_v
        joint = step.product(width, width * hidden, *dying)
        if not turned:
            return _heads(step, a, cells, joint)
        query = scratch.new(width_q)
        scratch.give(scratch.new(width_k), joint)
        return _heads(step, a, cells, query)
    if step.gate_in_query:
        return _gated_heads(step, a, cells, dying)
    query = step.product(width_q, width_q * hidden)
    if turned:
        query = scratch.new(width_q, query)
    if step.rotated_keys:
        query = scratch.new(width_q, query)
    if a.shares_cache:
        scratch.give(*dying)
    else:
        _keys_and_values(step, width_k, width_v, turned, dying)
    masks = (_choose_blocks(step, a.indexer, cells),) if a.indexer is not None else ()
    found = _heads(step, a, cells, query)
    scratch.give(*masks)
    if not gated:
        return found
    gate = scratch.new(a.n_heads if a.head_gates else a.n_heads * a.head_dim_v)
    if last_use:
        scratch.give(norm)
    if a.head_gates:  # one number per head: spread over the head's numbers in a new block
        return scratch.new(a.n_heads * a.head_dim_v, found, gate)
    scratch.give(gate)
    return found


def _choose_blocks(step: Step, indexer: Indexer, cells: int) -> Block:
    """The mask of one layer that attends to whole blocks of its cache (MiniMax-M3): every head of the indexer scores
    every cached token, and the scores are laid out anew to find the best block.
    """
    scratch = step.scratch
    whole = scratch.new(cells) if step.flash else None  # the half-size mask in full
    query = scratch.new(indexer.n_heads * indexer.head_dim)
    scores = scratch.new(cells * indexer.n_heads, query)
    turned = scratch.new(cells * indexer.n_heads)
    scratch.give(scores)
    mask = scratch.take(step.mask_bytes * cells * scratch.rows)
    scratch.give(turned, *([whole] if whole is not None else []))
    return mask


def _gated_heads(step: Step, a: Attention, cells: int, dying: tuple[Block, ...]) -> Block:
    """Queries that carry the output's gate beside them (Qwen3-Next)."""
    scratch, width = step.scratch, a.n_heads * a.head_dim_k
    both = step.product(2 * width, 2 * width * step.hidden)
    query = scratch.new(width)
    if step.rotated_keys:
        query = scratch.new(width, query)
    _keys_and_values(step, a.n_kv_heads * a.head_dim_k, a.n_kv_heads * a.head_dim_v, True, dying)
    found = _heads(step, a, cells, query)
    opened = scratch.new(a.n_heads * a.head_dim_v)
    scratch.give(both, found)
    return opened


def _keys_and_values(step: Step, width_k: int, width_v: int, turned: bool, dying: tuple[Block, ...]) -> None:
    """Made, written to the cache, and gone; the second projection is the last to read the norm."""
    scratch = step.scratch
    if step.style.keys_before_values:
        key = _key(step, width_k, turned, ())
        value = _value(step, width_v, dying)
    else:
        value = _value(step, width_v, ())
        key = _key(step, width_k, turned, dying)
    scratch.give(key, value)


def _key(step: Step, width: int, turned: bool, dying: tuple[Block, ...]) -> Block:
    key = step.product(width, width * step.hidden, *dying)
    if turned:
        key = step.scratch.new(width, key)
    return step.scratch.new(width, key) if step.rotated_keys else key


def _value(step: Step, width: int, dying: tuple[Block, ...]) -> Block:
    value = step.product(width, width * step.hidden, *dying)
    if step.style.values_normed:
        value = step.scratch.new(width, value)
    return step.scratch.new(width, value) if step.rotated_values else value


def _heads(step: Step, a: Attention, cells: int, query: Block) -> Block:
    """Scores, softmax in place, weighted values."""
    scratch, width = step.scratch, a.n_heads * a.head_dim_v
    numbers = cells * step.streams * a.n_kv_heads
    keys, values = numbers * a.head_dim_k, numbers * a.head_dim_v
    cache = borrowed_cache(step, keys, values)
    if step.flash:
        found = flash_attention(step, width, keys, values, query, *cache)
        return scratch.new(width, found) if step.rotated_values else found
    scores = scratch.new(cells * a.n_heads, query)
    return scratch.new(width, scratch.new(width, scores, *cache))


def borrowed_cache(step: Step, keys: int, values: int) -> tuple[Block, ...]:
    """Copies of a cache that lies elsewhere.

    Args:
        step: where they go.
        keys: numbers of all cached keys.
        values: numbers of all cached values.
    """
    if not step.borrowed_cache:
        return ()
    bits_k, bits_v = step.cache_bits
    copies = (step.scratch.take(int(keys * bits_k / 8)), step.scratch.take(int(values * bits_v / 8)))
    if step.late_masks is not None:
        step.late_masks()
    return copies


def flash_attention(step: Step, width: int, keys: int, values: int, *dead: Block) -> Block:
    """The fused operation. On CUDA its result has room for f16 copies of keys and values behind it
    (`ggml_cuda_flash_attn_ext_get_alloc_size`, ggml/src/ggml-cuda/fattn.cu).

    Args:
        step: where the result goes.
        width: numbers per row of the result.
        keys: numbers of all cached keys.
        values: numbers of all cached values, 0 where they are part of the keys.
        dead: blocks that end here.
    """
    size = 4 * width * step.scratch.rows
    if step.half_copies:
        size += sum(2 * numbers for numbers, bits in zip((keys, values), step.cache_bits, strict=True) if bits != HALF)
    found = step.scratch.take(size)
    step.scratch.give(*dead)
    return found
