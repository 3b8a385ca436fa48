"""What is peculiar to Gemma 3n and Gemma 4 in llama.cpp's compute graph, rehearsed.

Follows src/models/gemma3n.cpp and gemma4.cpp, build b11549. Both add an embedding per layer; Gemma 3n also carries four
versions of the residual (AltUp, arXiv 2301.13310) and a low-rank path beside attention (LAuReL, arXiv 2411.07501).
"""

from collections.abc import Callable

from bakeoff.catalog.architecture import Architecture, FeedForward
from bakeoff.fit.llama_cpp.graph import Step
from bakeoff.fit.llama_cpp.scratch import Block

VERSIONS = 4
"""`n_altup`."""

LAUREL_RANK = 64
"""`laurel_rank`."""

NOTHING = Block(0, 0)


class LayerEmbeddings:
    """The embeddings of all layers: looked up first, projected from the token's own behind the first layer."""

    def __init__(self, step: Step, architecture: Architecture) -> None:
        self.step = step
        self.size = architecture.per_layer_embedding_size
        self.width = self.size * architecture.n_layers
        self.selected = step.scratch.new(self.width) if self.width else NOTHING
        self.projected = False

    def add(self, token: Block) -> None:
        """Add the layer's part to the residual. The first time, the token's embedding is still needed; it dies."""
        scratch, hidden = self.step.scratch, self.step.hidden
        if not self.width:
            return
        gate = scratch.new(self.size)
        if not self.projected:
            self.projected = True
            raw = scratch.new(self.width, token)
            normed = scratch.new(self.width, raw)
            scratch.give(self.selected)
            scratch.new(self.width, normed)  # kept to the last layer
        scratch.give(scratch.new(hidden, gate))


class Versions:
    """Gemma 3n's residual in four versions."""

    def __init__(self, step: Step, embeddings: LayerEmbeddings, x: Block) -> None:
        scratch, hidden = step.scratch, step.hidden
        self.step = step
        self.embeddings = embeddings
        self.token = x
        embeddings.selected = scratch.new(embeddings.width, embeddings.selected)
        others = scratch.new(3 * hidden, scratch.new(3 * hidden))
        scratch.give(scratch.new(hidden))
        self.stacked = scratch.new(VERSIONS * hidden, scratch.new(3 * hidden, others))
        self.across = scratch.new(VERSIONS * hidden)

    def layer(self, attention: Callable[[Block], Block], feed_forward: FeedForward) -> None:
        """One layer: predict all versions, run the block on one, correct the others.

        Args:
            attention: from a norm, which it ends, to the projected result.
            feed_forward: the layer's.
        """
        scratch, hidden = self.step.scratch, self.step.hidden
        scratch.give(scratch.new(hidden))
        predicted = scratch.new(VERSIONS * hidden, self.across)
        predictions = scratch.new(VERSIONS * hidden, predicted)
        scratch.give(self.stacked)
        norm = scratch.new(hidden)
        attended = attention(norm)
        scratch.give(scratch.new(hidden, scratch.new(LAUREL_RANK)), norm)
        norm = scratch.new(hidden)
        gate = scratch.new(feed_forward.size)
        up = scratch.new(feed_forward.size, norm)
        scratch.give(scratch.new(feed_forward.size), up)
        found = scratch.new(hidden, gate)
        scratch.give(attended)
        corrected = scratch.new(VERSIONS * hidden, scratch.new(hidden))
        scratch.give(found, predictions)
        scratch.give(scratch.new(hidden))
        self.embeddings.add(self.token)
        self.token = NOTHING
        rest = scratch.new(3 * hidden)
        self.stacked = scratch.new(VERSIONS * hidden, rest, corrected)
        self.across = scratch.new(VERSIONS * hidden)

    def merge(self) -> Block:
        """One residual for the output matrix."""
        scratch, hidden = self.step.scratch, self.step.hidden
        scratch.give(self.across)
        others = scratch.new(3 * hidden)
        scratch.give(scratch.new(hidden))
        scaled = scratch.new(3 * hidden, others)
        return scratch.new(hidden, self.stacked, scaled)
