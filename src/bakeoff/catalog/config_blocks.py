"""The blocks of an ordinary family: every one a mixer and a feed-forward part, equal where their kinds are equal."""

from dataclasses import replace

from bakeoff.catalog.architecture import Indexer, Layer
from bakeoff.catalog.config import Config
from bakeoff.catalog.config_families import Family
from bakeoff.catalog.config_layers import attention, feed_forward, indexer, recurrent
from bakeoff.catalog.config_pattern import layer_kinds, sparse_layers


def ordinary(c: Config, family: Family) -> list[Layer]:
    """Layers of a family in which every block is a mixer and a feed-forward part."""
    kinds, sparse = layer_kinds(c, family), sparse_layers(c)
    heads = c.numbers("num_attention_heads_per_layer", len(kinds), low=1)
    scorer, scored = indexer(c), scored_layers(c, len(kinds))
    built: dict[tuple[str, bool, int | None, bool], Layer] = {}
    found = []
    for number, (kind, experts) in enumerate(zip(kinds, sparse, strict=True)):
        key = (kind, experts, heads[number] if heads else None, scored[number])
        if key not in built:
            built[key] = block(c, family, kind, experts, heads=key[2], scorer=scorer if scored[number] else None)
        found.append(built[key])
    return found


def block(
    c: Config, family: Family, kind: str, experts: bool, *, heads: int | None = None, scorer: Indexer | None = None
) -> Layer:
    """One block of a kind, with or without experts."""
    mixer = attention(c, family, kind, heads) if kind in "fsch" else None
    if mixer is not None and kind == "f":
        mixer = replace(mixer, indexer=scorer)
    with_feed_forward = family.name not in ("mamba", "mamba2")
    return Layer(
        attention=mixer,
        recurrent=recurrent(c, family) if kind in "lh" else None,
        feed_forward=feed_forward(c, family, experts) if with_feed_forward else None,
        n_norms=family.n_norms,
    )


def scored_layers(c: Config, count: int) -> list[bool]:
    """Which layers have an indexer of their own; the others take the choice of an earlier one."""
    types = c.strings("indexer_types", count)
    if types:
        return [kind != "shared" for kind in types]
    if c.has("index_topk_freq"):  # GLM-5.2: one in so many layers, the first few always
        every = c.number("index_topk_freq")
        offset = c.number("index_skip_topk_offset", default=2, low=0)
        return [max(number - offset + 1, 0) % every == 0 for number in range(count)]
    sparse = c.part("sparse_attention_config")
    marks = sparse.numbers("sparse_attention_freq", count) if sparse is not None else None
    return [mark > 0 for mark in marks] if marks else [True] * count
