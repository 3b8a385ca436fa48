"""How llama.cpp's compute graph differs from architecture to architecture, and what a part of it needs to know.

Read from src/models/*.cpp and src/llama-graph.cpp, build b11549. What is not in the tables is built as for Llama.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bakeoff.catalog.tensors import FUSED_GATE_UP, FUSED_QKV, GATE_IN_QUERY
from bakeoff.fit.llama_cpp.scratch import Block, Scratch


@dataclass(frozen=True, slots=True)
class Style:
    """How an architecture's layers are built."""

    norm_before: bool = True
    """Attention and feed-forward part each read a norm of the residual; OLMo 2 norms their results instead."""

    parallel: Literal["no", "same norm", "own norm"] = "no"
    """The feed-forward part reads what attention reads, not its result (Command-R, Falcon)."""

    rope: Literal["all", "window", "none"] = "all"
    """Layers that turn queries and keys by position."""

    keys_before_values: bool = False
    """Order of the projections."""

    values_normed: bool = False
    """Values pass a norm, as keys do."""

    gate_up_fused: bool = False
    """Routed experts compute gate and up in one go."""

    bounded_gate: bool = False
    """The gate goes through a function of several steps; the product with up then takes its place (Kimi K3)."""


GEMMA = Style(keys_before_values=True)
QWEN_NEXT = Style(gate_up_fused=True)
PARALLEL = Style(parallel="same norm")
ROPELESS = Style(rope="none")

STYLES: dict[str, Style] = {
    "afmoe": GEMMA,
    "bloom": ROPELESS,
    "cohere2": Style(parallel="same norm", rope="window", keys_before_values=True),
    "cohere2moe": Style(parallel="same norm", rope="window", keys_before_values=True),
    "command-r": PARALLEL,
    "exaone-moe": GEMMA,
    "exaone4": Style(norm_before=False),
    "falcon": PARALLEL,
    "gemma2": GEMMA,
    "gemma3": GEMMA,
    "gemma3n": Style(keys_before_values=True, values_normed=True),
    "gemma4": Style(keys_before_values=True, values_normed=True, gate_up_fused=True),
    "gpt-oss": GEMMA,
    "gpt2": ROPELESS,
    "gptneox": Style(parallel="own norm"),
    "jais": ROPELESS,
    "jamba": ROPELESS,
    "kimi-k3": Style(bounded_gate=True),
    "llama4": Style(keys_before_values=True),
    "mimo2": GEMMA,
    "mpt": ROPELESS,
    "nemotron_h": ROPELESS,
    "nemotron_h_moe": ROPELESS,
    "olmo2": Style(norm_before=False),
    "phi2": PARALLEL,
    "qwen35moe": QWEN_NEXT,
    "qwen3next": QWEN_NEXT,
    "refact": ROPELESS,
    "stablelm": PARALLEL,
    "starcoder": ROPELESS,
}

USUAL = Style()

WITHOUT_MIXED_INPUT = frozenset(("cogvlm", "deepseek4", "graniteswitch"))
"""Architectures whose steps take tokens or embeddings, never both (`llm_arch_supports_mixed_batch`)."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of the model, as far as every part of a layer has to know it."""

    scratch: Scratch
    name: str
    """The architecture."""

    style: Style
    hidden: int
    slots: int
    streams: int
    """Caches side by side."""

    flash: bool
    rotated_keys: bool
    """Quantized keys are turned by a Hadamard matrix first, and so are the queries."""

    rotated_values: bool
    borrowed_bits: float = 0.0
    """Bits per weight of matrices that lie in the processor's memory and are copied for their product; 0: they lie
    with the device."""

    borrowed_expert_bits: float = 0.0
    """The same for routed experts."""

    borrowed_cache: bool = False
    """The layer's cache lies in the processor's memory and is copied for attention."""

    cache_bits: tuple[float, float] = (16.0, 16.0)
    """Bits per number of cached keys and values."""

    half_copies: bool = False
    """Flash attention works on f16 copies of a cache of any other type (CUDA)."""

    experts_elsewhere: bool = False
    """Another device computes the routed experts."""

    late_masks: Callable[[], None] | None = None
    """Takes the masks that are copied together with the layer's cache."""

    def product(self, width: int, weights: int, *dead: Block, routed: bool = False, bits: float | None = None) -> Block:
        """A product with a matrix, after which the `dead` blocks are not needed any more.

        Args:
            width: numbers per row of the result.
            weights: numbers in the matrix, of all experts.
            dead: blocks that end here.
            routed: the matrix is one of routed experts.
            bits: per weight of this matrix, if it is stored in another type than most.
        """
        borrowed = self.borrowed_expert_bits if routed else self.borrowed_bits
        if not borrowed:
            return self.scratch.new(width, *dead)
        bits = bits or borrowed
        matrix = self.scratch.take(int(weights * bits / 8))
        result = self.scratch.new(width, *dead)
        self.scratch.give(matrix)
        return result

    def gated(self, width: int, gate: Block, up: Block) -> Block:
        """The product of gate and up."""
        if self.style.bounded_gate:
            self.scratch.give(up)
            return gate
        return self.scratch.new(width, gate, up)

    @property
    def mask_bytes(self) -> int:
        """Of one number of a mask: flash attention takes it in half size."""
        return 2 if self.flash else 4

    @property
    def fused_qkv(self) -> bool:
        """One matrix makes queries, keys and values."""
        return self.name in FUSED_QKV

    @property
    def fused_gate_up(self) -> bool:
        """One matrix makes gate and up of the dense network."""
        return self.name in FUSED_GATE_UP

    @property
    def gate_in_query(self) -> bool:
        """The query matrix makes the output's gate too."""
        return self.name in GATE_IN_QUERY
