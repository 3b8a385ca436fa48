"""Attention over compressed caches in llama.cpp's compute graph, rehearsed: DeepSeek-V2 to V4, MiniCPM3.

Follows src/models/deepseek2.cpp, deepseek32.cpp, deepseek4.cpp, glm-dsa.cpp and minicpm3.cpp, build b11549.
"""

from bakeoff.catalog.architecture import Attention, Compressed, Indexer, Latent
from bakeoff.fit.llama_cpp.graph import Step
from bakeoff.fit.llama_cpp.graph_attention import borrowed_cache, flash_attention
from bakeoff.fit.llama_cpp.names import UNABSORBED
from bakeoff.fit.llama_cpp.scratch import Block


def latent_heads(step: Step, a: Attention, latent: Latent, cells: int, *, follows: bool) -> Block:
    """Multi-head latent attention, one vector per head.

    Args:
        step: where the results go.
        a: the layer's.
        latent: its compression.
        cells: tokens in the cache, of one slot.
        follows: sparse attention over the tokens that an earlier layer chose.
    """
    if step.name in UNABSORBED:
        return _unabsorbed(step, a, latent, cells)
    scratch, heads, rank, rope = step.scratch, a.n_heads, latent.kv_lora_rank, latent.qk_rope_head_dim
    if a.indexer is not None:
        _index_key(step, a.indexer)
    width_q = heads * (latent.qk_nope_head_dim + rope)
    low = step.product(latent.q_lora_rank, latent.q_lora_rank * step.hidden) if latent.q_lora_rank else None
    whole = step.product(width_q, width_q * (latent.q_lora_rank or step.hidden))
    if low is not None and a.indexer is None:
        scratch.give(low)
    absorbed = step.product(heads * rank, heads * rank * latent.qk_nope_head_dim)
    turned = scratch.new(heads * rope, whole)
    query = scratch.new(heads * (rank + rope), absorbed, turned)
    joint = step.product(rank + rope, (rank + rope) * step.hidden)
    compressed, key_rope = scratch.new(rank), scratch.new(rope, joint)
    scratch.give(scratch.new(rank + rope, compressed, key_rope))
    mask = None
    if a.indexer is not None and low is not None:
        mask = _masked(step, cells, _chosen(step, a.indexer, cells, low))
    elif follows:
        mask = _masked(step, cells)
    found = _weighted(step, heads, latent, cells, query)
    if mask is not None:
        scratch.give(mask)
    values = step.product(heads * latent.v_head_dim, heads * latent.v_head_dim * rank, found)
    return scratch.new(heads * latent.v_head_dim, values)


def _weighted(step: Step, heads: int, latent: Latent, cells: int, query: Block) -> Block:
    """Without flash attention the cache is copied across first."""
    scratch, rank = step.scratch, latent.kv_lora_rank
    keys = cells * step.streams * (rank + latent.qk_rope_head_dim)
    cache = borrowed_cache(step, keys, 0)
    if step.flash:
        return flash_attention(step, heads * rank, keys, 0, query, *cache)
    across = scratch.take(2 * rank * cells * step.streams)
    scores = scratch.new(cells * heads, query)
    return scratch.new(heads * rank, across, scores, *cache)


def _unabsorbed(step: Step, a: Attention, latent: Latent, cells: int) -> Block:
    """Keys and values are unfolded for every head and cached whole."""
    scratch, heads = step.scratch, a.n_heads
    nope, rope, value = latent.qk_nope_head_dim, latent.qk_rope_head_dim, latent.v_head_dim
    raw = scratch.new(heads * (nope + rope), scratch.new(latent.q_lora_rank or 1))
    query = scratch.new(heads * (nope + rope), raw)
    joint = scratch.new(latent.kv_lora_rank + rope)
    unfolded = scratch.new(heads * (nope + value), scratch.new(latent.kv_lora_rank))
    values = scratch.new(heads * value)
    repeated = scratch.new(heads * rope, scratch.new(rope, joint))
    keys = scratch.new(heads * (nope + rope), unfolded, repeated)
    scratch.give(keys, values)
    if step.flash:
        return scratch.new(heads * value, query)
    weighted = scratch.new(heads * value, scratch.new(cells * heads, query))
    return scratch.new(heads * value, weighted)


def _index_key(step: Step, indexer: Indexer) -> None:
    """The indexer's key: normed, turned, rotated, cached."""
    key = step.scratch.new(indexer.head_dim)
    for _ in range(3):
        key = step.scratch.new(indexer.head_dim, key)
    step.scratch.give(key)


def _chosen(step: Step, indexer: Indexer, cells: int, low: Block) -> Block:
    """Numbers of the tokens that scored best."""
    scratch, width = step.scratch, indexer.n_heads * indexer.head_dim
    query = scratch.new(width, low)
    query = scratch.new(width, query)
    query = scratch.new(width, query)
    weights = scratch.new(indexer.n_heads, scratch.new(indexer.n_heads))
    scores = scratch.new(cells, query, weights)
    kept = min(indexer.top_k, cells)
    return scratch.new(kept, scratch.new(kept, scores))


def _masked(step: Step, cells: int, *dead: Block) -> Block:
    """The mask that leaves only the chosen tokens in."""
    size = step.mask_bytes * cells * step.scratch.rows
    empty = step.scratch.take(size)
    step.scratch.give(*dead)
    mask = step.scratch.take(size)
    step.scratch.give(empty)
    return mask


def compressed_heads(step: Step, a: Attention, detail: Compressed, cells: int, entries: int, norm: Block) -> Block:
    """DeepSeek-V4's attention, up to the low-rank half of its output projection; `norm` dies.

    Args:
        step: where the results go.
        a: the layer's.
        detail: its compression.
        cells: tokens of the window in the cache, of one slot.
        entries: compressed entries in the cache, of one slot; 0 for a layer that has only the window.
        norm: the input.
    """
    scratch, width = step.scratch, a.n_heads * a.head_dim_k
    if detail.ratio:
        _compressor(step, detail.ratio, a.head_dim_k * (2 if a.indexer else 1))
        if a.indexer is not None:
            _compressor(step, detail.ratio, 2 * a.indexer.head_dim)
    low = scratch.new(detail.q_lora_rank)
    raw = scratch.new(width)
    if a.indexer is None:
        scratch.give(low)
    query = scratch.new(width, raw)
    key = scratch.new(a.head_dim_k, scratch.new(a.head_dim_k))
    scratch.give(key)
    dead = [query]
    visible = cells + entries
    if entries:
        dead.append(scratch.take(2 * a.head_dim_k * visible * step.slots))
        if a.indexer is not None:
            chosen = _chosen(step, a.indexer, entries, low)
            narrow = _masked(step, entries, chosen)
            dead.append(scratch.take(step.mask_bytes * visible * scratch.rows))
            scratch.give(narrow)
    scratch.give(norm)
    if step.flash:
        found = scratch.new(width, *dead)
    else:
        found = scratch.new(width, scratch.new(width, scratch.new(visible * a.n_heads), *dead))
    turned = scratch.new(width, found)
    halved = scratch.new(detail.output_groups * detail.output_lora_rank, turned)
    return scratch.new(detail.output_groups * detail.output_lora_rank, halved)


def _compressor(step: Step, ratio: int, width: int) -> None:
    """Tokens gathered into entries: values and scores, each with the state before them, and copies of both."""
    scratch = step.scratch
    values, scores = scratch.new(width), scratch.new(width)
    gathered = scratch.new(2 * width)
    across = scratch.new(2 * width, gathered)
    second = scratch.new(2 * width, scratch.new(2 * width))
    entry = scratch.take(4 * width * max(1, scratch.rows // ratio))
    scratch.give(across, second, values, scores, entry)
