"""ggml's allocator for intermediate results, rehearsed: blocks are taken and given back in the graph's order, and what
counts is how far the buffer had to grow. Knows nothing about models.

A port of `ggml_dyn_tallocr` (ggml/src/ggml-alloc.c, build b11549): best fit among the free blocks, the last one grows,
neighbours merge. Adding up what lives at the worst moment would be up to a third too low, for the holes between.
"""

from typing import NamedTuple

ALIGNMENT = 64
"""`TENSOR_ALIGNMENT` of the CPU backend; CUDA has 128, which makes no difference at these sizes."""

_ENDLESS = 1 << 62


class Block(NamedTuple):
    """Where a result lies."""

    offset: int
    size: int


class Scratch:
    """A compute buffer."""

    __slots__ = ("_offsets", "_sizes", "peak", "rows")

    def __init__(self, rows: int) -> None:
        self._offsets = [0]
        self._sizes = [_ENDLESS]
        self.peak = 0
        """Bytes that the buffer grew to."""

        self.rows = rows
        """Rows of the results to come: the tokens of the step, later those with logits."""

    def take(self, size: int) -> Block:
        """A block of so many bytes."""
        size = (size + ALIGNMENT - 1) & -ALIGNMENT
        sizes = self._sizes
        last = best = len(sizes) - 1
        fit = _ENDLESS
        for i in range(last):
            if size <= sizes[i] <= fit:
                best, fit = i, sizes[i]
        offset = self._offsets[best]
        if sizes[best] == size:
            del self._offsets[best], sizes[best]
        else:
            self._offsets[best] = offset + size
            sizes[best] -= size
        if offset + size > self.peak:
            self.peak = offset + size
        return Block(offset, size)

    def give(self, *blocks: Block) -> None:
        """Give blocks back."""
        offsets, sizes = self._offsets, self._sizes
        for offset, size in blocks:
            if not size:
                continue
            at = 0
            while offsets[at] < offset:  # the endless block is always behind
                at += 1
            joins_next = offset + size == offsets[at]
            if at and offsets[at - 1] + sizes[at - 1] == offset:
                sizes[at - 1] += size
                if joins_next:
                    sizes[at - 1] += sizes[at]
                    del offsets[at], sizes[at]
            elif joins_next:
                offsets[at] = offset
                sizes[at] += size
            else:
                offsets.insert(at, offset)
                sizes.insert(at, size)

    def new(self, width: int, *dead: Block) -> Block:
        """The result of an operation, `rows` x `width` f32, after which the `dead` ones are not needed any more."""
        block = self.take(4 * width * self.rows)
        if dead:
            self.give(*dead)
        return block
