"""How llama.cpp is started, as far as its memory depends on it, and what it makes of that. Knows no model.

Follows `llama_context::llama_context` in src/llama-context.cpp and `ggml_type_traits`, build b11549.
"""

from dataclasses import dataclass
from typing import Literal

from bakeoff.errors import UsageError
from bakeoff.headers.ggml import TENSOR_TYPES

FlashAttention = bool | Literal["auto"]

BLOCKS = {kind.name.lower(): (kind.block_elements, kind.block_bytes) for kind in TENSOR_TYPES.values()}
"""Cache type -> numbers per block, bytes per block."""

CACHE_TYPES = ("f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "q4_1", "iq4_nl", "q4_0")
"""What `--cache-type-k` and `--cache-type-v` accept (`kv_cache_types` in common/arg.cpp), largest first."""

WHOLE_TYPES = frozenset(("f32", "f16", "bf16"))
"""Cache types that are not quantized."""

PAD_CELLS = 256
"""Cells of a cache come in multiples of this (`GGML_PAD(cparams.n_ctx, 256)`)."""

MAX_SLOTS = 256
"""`LLAMA_MAX_SEQ`."""


@dataclass(frozen=True, slots=True)
class Settings:
    """The options that decide memory. Defaults are those of llama-server, with one slot."""

    context_tokens: int = 4096
    """`--ctx-size`: tokens of the whole context. Slots share it, unless the cache is unified."""

    n_slots: int = 1
    """`--parallel`: conversations at the same time."""

    kv_type_k: str = "f16"
    """`--cache-type-k`."""

    kv_type_v: str = "f16"
    """`--cache-type-v`."""

    batch: int = 2048
    """`--batch-size`: tokens handed over at a time."""

    ubatch: int = 512
    """`--ubatch-size`: tokens computed at a time."""

    flash_attention: FlashAttention = "auto"
    """`--flash-attn`. llama.cpp's `auto` turns it on wherever the device has a kernel for the head size, so that is
    what it counts as here."""

    kv_unified: bool = False
    """`--kv-unified`: one cache for all slots, in which each may take the whole context."""

    swa_full: bool = False
    """`--swa-full`: sliding-window layers keep the whole context."""

    n_outputs: int | None = None
    """Logit rows that one step may ask for; None: one per slot, as llama-server does. Perplexity runs ask for all."""

    def __post_init__(self) -> None:
        for name in ("context_tokens", "n_slots", "batch", "ubatch"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}", hint="it must be at least 1")
        if self.n_slots > MAX_SLOTS:
            raise UsageError(f"{self.n_slots} slots", hint=f"llama.cpp has at most {MAX_SLOTS}")
        for kind in (self.kv_type_k, self.kv_type_v):
            if kind not in CACHE_TYPES:
                raise UsageError(f"{kind!r} is not a cache type", hint=f"one of {', '.join(CACHE_TYPES)}")
        if self.kv_type_v not in WHOLE_TYPES and self.flash_attention is False:
            raise UsageError(
                f"a {self.kv_type_v} cache for values needs flash attention",
                hint="add --flash-attn on, or take --kv f16",
            )

    @property
    def flash(self) -> bool:
        """Flash attention is used."""
        return self.flash_attention is not False

    @property
    def n_streams(self) -> int:
        """Caches side by side."""
        return 1 if self.kv_unified else self.n_slots

    @property
    def cells(self) -> int:
        """Tokens that one stream of a full-attention layer has room for."""
        whole = padded(self.context_tokens, PAD_CELLS)
        return whole if self.kv_unified else padded(whole // self.n_slots, PAD_CELLS)

    @property
    def context_cells(self) -> int:
        """Tokens of all streams: what llama.cpp makes of `context_tokens`."""
        return self.cells * self.n_streams

    def layer_cells(self, window: int | None) -> int:
        """Tokens that one stream of a layer has room for: all, or its window (src/llama-kv-cache-iswa.cpp)."""
        if window is None or self.swa_full:
            return self.cells
        seen = window * (self.n_slots if self.kv_unified else 1)
        return padded(min(self.cells, seen + self.tokens), PAD_CELLS)

    def compressed_entries(self, ratio: int) -> int:
        """Entries of so many tokens each that a slot has room for (DeepSeek-V4)."""
        return padded(max(1, -(-self.cells // ratio)), PAD_CELLS)

    @property
    def tokens(self) -> int:
        """`n_ubatch` after llama.cpp's limits: tokens of the largest step."""
        return min(self.ubatch, self.batch, self.context_tokens)

    @property
    def step_tokens(self) -> int:
        """Tokens of the step that buffers are sized for: a multiple of the slots."""
        return padded(self.tokens, self.n_slots)

    @property
    def outputs(self) -> int:
        """Logit rows of that step."""
        return min(self.tokens, self.n_slots if self.n_outputs is None else self.n_outputs)


def padded(number: int, multiple: int) -> int:
    """The next multiple at or above the number."""
    return -(-number // multiple) * multiple


def number_bytes(kind: str) -> float:
    """Bytes of one number of a cache type, scales included: 2 for f16, 34/32 for q8_0."""
    elements, size = BLOCKS[kind]
    return size / elements


def row_bytes(kind: str, width: int) -> int:
    """Bytes of one row of a tensor of the type.

    Raises:
        UsageError: the row is not whole blocks of the type.
    """
    elements, size = BLOCKS[kind]
    if width % elements:
        raise UsageError(
            f"a cache of type {kind} holds blocks of {elements}, and this model's {width} numbers are not whole blocks",
            hint="take --kv f16 for this model",
        )
    return width // elements * size
