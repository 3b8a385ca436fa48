"""Inputs that say which tokens attention may see, and those that come with them. They live through most of a step.

Follows `build_attn_inp_*` in src/llama-graph.cpp and the inputs of src/models/deepseek*.cpp, build b11549.
"""

from bakeoff.fit.llama_cpp.graph import Step
from bakeoff.fit.llama_cpp.graph_gemma import NOTHING
from bakeoff.fit.llama_cpp.graph_recurrent import lightning_pairs
from bakeoff.fit.llama_cpp.names import UNABSORBED
from bakeoff.fit.llama_cpp.parts import Part
from bakeoff.fit.llama_cpp.scratch import Block
from bakeoff.fit.llama_cpp.settings import Settings
from bakeoff.fit.llama_cpp.shape import Kind, Shape

ROTATED_HEAD_SIZE = 64
"""Quantized caches are rotated when head sizes are multiples of this (src/llama-kv-cache.cpp)."""


class Masks:
    """The masks of one device's part of a step."""

    def __init__(self, step: Step, model: Shape, settings: Settings, part: Part) -> None:
        self.step = step
        self.model = model
        self.settings = settings
        self.part = part
        self.here: Kind | None = None
        """The layer that is being rehearsed."""

        self._own: dict[int | None, Block] = {}
        """Of full attention under None, of sliding windows under their width."""

        self._chosen: list[Block] = []
        """For every sparse layer still to come, zeros for the mask of its chosen tokens."""

    def take(self, order: tuple[int, ...]) -> None:
        """At the beginning of the step, for all of its layers."""
        scratch, tokens = self.step.scratch, self.settings.step_tokens
        kinds = [self.model.kinds[kind] for kind in dict.fromkeys(order or self.model.order)]
        lightning = [k.layer.recurrent for k in kinds if k.layer.recurrent and k.layer.recurrent.kind == "lightning"]
        if lightning:
            scratch.take(lightning_pairs(self.step, lightning[0]))  # how much each pair's distance weakens it
        for kind in kinds:
            attention = kind.layer.attention
            if attention is None:
                continue
            if not self.part.borrowed:
                self.need(kind)
            if attention.compressed is not None and attention.compressed.ratio:
                for _ in range(2 if attention.indexer else 1):
                    scratch.take(self.step.mask_bytes * self.entries(kind) * tokens)
        if self.part.copies > 1:
            self._own = dict.fromkeys(self._own, NOTHING)  # kept for the steps to come
        self._choices([self.model.kinds[kind] for kind in order])

    def _choices(self, kinds: list[Kind]) -> None:
        scratch, tokens = self.step.scratch, self.settings.step_tokens
        sparse = [kind for kind in kinds if self._top_k(kind)]
        if sparse and sparse[0].layer.attention and sparse[0].layer.attention.compressed is None:
            scratch.take(self.step.mask_bytes * self.settings.cells * tokens)  # the indexer's own mask
        zeros = 2 if any(kind.layer.attention and kind.layer.attention.compressed for kind in sparse) else 4
        self._chosen = [scratch.take(zeros * self._top_k(kind) * tokens) for kind in reversed(sparse)]

    def need(self, kind: Kind) -> None:
        """Which tokens a token may attend to, for all layers of the kind; taken once."""
        attention, scratch, tokens = kind.layer.attention, self.step.scratch, self.settings.step_tokens
        if attention is None or kind.window in self._own:
            return
        for _ in range(self.part.copies):
            self._own[kind.window] = scratch.take(self.step.mask_bytes * self.cells(kind) * tokens)
        if not self.step.flash and (attention.latent is None or self.step.name in UNABSORBED):
            for _ in range(self.part.copies):  # where each value goes, stored across
                scratch.take(8 * self.model.widest_values * tokens)
        for _ in range(self.part.copies):
            if self.step.rotated_keys:
                scratch.take(4 * _rotation(attention.head_dim_k) ** 2)
            if self.step.rotated_values:
                scratch.take(4 * ROTATED_HEAD_SIZE**2)

    def come_with_cache(self) -> None:
        """Of the layer whose cache was just copied: the first layer of a kind has the mask copied with it."""
        if self.here is not None:
            self.need(self.here)

    def choose(self, kind: Kind) -> None:
        """A layer has chosen its tokens: that input goes."""
        if self._chosen and self._top_k(kind):
            self.step.scratch.give(self._chosen.pop())

    def release(self) -> None:
        """Behind the last attention."""
        self.step.scratch.give(*self._own.values())
        self._own.clear()

    def cells(self, kind: Kind) -> int:
        """Tokens in the cache of one slot."""
        return self.settings.layer_cells(kind.window)

    def entries(self, kind: Kind) -> int:
        """Compressed entries that a slot's cache has room for (DeepSeek-V4)."""
        detail = kind.layer.attention.compressed if kind.layer.attention else None
        if detail is None or not detail.ratio:
            return 0
        return self.settings.compressed_entries(detail.ratio)

    def _top_k(self, kind: Kind) -> int:
        attention = kind.layer.attention
        if attention is None or not (attention.indexer or kind.follows):
            return 0
        if attention.indexer and not (attention.latent or attention.compressed):
            return 0  # whole blocks are chosen, layer by layer: `graph_attention`
        indexer = attention.indexer or next(
            k.layer.attention.indexer for k in self.model.kinds if k.layer.attention and k.layer.attention.indexer
        )
        return min(indexer.top_k, self.entries(kind) if attention.compressed else self.settings.cells)


def _rotation(head_size: int) -> int:
    """Width of the matrix that keys are turned by: the largest 64 * 2^n of which heads are whole multiples."""
    width = ROTATED_HEAD_SIZE
    while head_size % (2 * width) == 0:
        width *= 2
    return width
