"""Hyper-connections in llama.cpp's compute graph, rehearsed: several residuals side by side, mixed before each block.

Follows src/models/hy-v4.cpp and the fused operations of deepseek4.cpp, build b11549 (arXiv 2409.19606).
"""

from bakeoff.fit.llama_cpp.graph import Step
from bakeoff.fit.llama_cpp.scratch import Block

FUSED = frozenset(("deepseek4",))
"""Architectures that mix in one operation."""


def enter(step: Step, x: Block, streams: int) -> Block:
    """One vector per token from all residuals; `x` stays alive."""
    scratch, hidden = step.scratch, step.hidden
    if step.name in FUSED:
        scratch.give(scratch.new(streams * hidden))
        return scratch.new(hidden)
    copy = scratch.new(streams * hidden)
    scratch.give(scratch.new(streams * hidden))
    mixed = scratch.new(hidden)
    for _ in range(streams - 1):
        scratch.give(scratch.new(hidden))
    return scratch.new(hidden, mixed, copy)


def leave(step: Step, x: Block, found: Block, streams: int) -> Block:
    """A block's result, put onto the residuals; `x` and `found` die."""
    scratch, hidden = step.scratch, step.hidden
    if step.name in FUSED:
        return scratch.new(streams * hidden, found, x)
    copy = scratch.new(streams * hidden, x)
    joined = scratch.new(hidden)
    for count in range(2, streams + 1):
        joined = scratch.new(count * hidden, joined, scratch.new(hidden))
    scratch.give(copy)
    return scratch.new(streams * hidden, joined, found)
