"""The weights of one build of a model, split as planning needs them: by block, by place, by what a token reads."""

from dataclasses import dataclass

from bakeoff.catalog.builds import Build
from bakeoff.values import Estimate


@dataclass(frozen=True, slots=True)
class BlockWeights:
    """Equal blocks in a row."""

    count: int
    dense_bytes: int
    """Of one block: attention, recurrent part, norms, dense network, shared experts, router: read for every token."""

    expert_bytes: int = 0
    """Of one block: all routed experts."""

    expert_bytes_read: int = 0
    """Of one block: the experts that one token is routed to."""


@dataclass(frozen=True, slots=True)
class BuildWeights:
    """Bytes of the tensors of a build."""

    build: Build
    blocks: tuple[BlockWeights, ...]
    """In order; prediction layers are not among them."""

    embedding_bytes: int
    """The token embedding. llama.cpp keeps it in the CPU's memory; where embeddings are tied it serves as the head too,
    and the device that computes the head holds it as well."""

    output_bytes: int
    """Head, last norm and other matrices outside the blocks; no head where embeddings are tied."""

    layer_embedding_bytes: int
    """Embeddings per layer (Gemma 3n, Gemma 4 E): a row per token, kept off the accelerator."""

    next_token_bytes: int
    """Prediction layers that the file holds; not loaded for plain decoding."""

    metadata_bytes: int
    """Header of the file: tokenizer, chat template, names of tensors."""

    embedding_row_bytes: int
    """One row of all embeddings: what one token reads of them."""

    tied: bool
    below: float
    """Share by which the real size may be less: the low end of an 80 % interval."""

    above: float
    detail: str
    """How the sizes were found, in a few words."""

    @property
    def block_bytes(self) -> int:
        """All blocks."""
        return sum(run.count * (run.dense_bytes + run.expert_bytes) for run in self.blocks)

    @property
    def expert_bytes(self) -> int:
        """Routed experts of all blocks."""
        return sum(run.count * run.expert_bytes for run in self.blocks)

    @property
    def expert_bytes_read(self) -> int:
        """Of these, those that one token is routed to."""
        return sum(run.count * run.expert_bytes_read for run in self.blocks)

    @property
    def tensor_bytes(self) -> int:
        """Everything that is loaded for plain decoding."""
        return self.block_bytes + self.embedding_bytes + self.output_bytes + self.layer_embedding_bytes

    @property
    def file_bytes(self) -> int:
        """The file, or the files together."""
        return self.tensor_bytes + self.next_token_bytes + self.metadata_bytes

    @property
    def head_bytes(self) -> int:
        """What the head reads for one token: its own matrix, or the whole embedding where they are tied."""
        return self.output_bytes + (self.embedding_bytes if self.tied else 0)

    @property
    def bytes_per_token(self) -> int:
        """Weights that are read to decode one token: blocks, of the experts those used, head, one row of embeddings."""
        blocks = sum(run.count * (run.dense_bytes + run.expert_bytes_read) for run in self.blocks)
        return blocks + self.head_bytes + self.embedding_row_bytes

    def estimate(self, size: int) -> Estimate:
        """One of the sums above with its interval; without one it is from a file."""
        low, high = size * (1 - self.below), size * (1 + self.above)
        return Estimate(size, low, high, "file header" if self.below == self.above == 0 else "estimated", self.detail)
