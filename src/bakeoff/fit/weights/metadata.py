"""Bytes of a GGUF file's header: the tokenizer, the chat template and the list of tensors.

The tokenizer's tokens and merges are most of it. Its size per entry of the vocabulary falls in four groups, measured
on headers of published files (2026-11): 1 million entries are 24 to 62 MB.
"""

from bakeoff.catalog.architecture import Architecture

SENTENCEPIECE = 24.0
"""Token with its length, score and type; no merges. Llama 2, Mistral 7B (22.4), Gemma to version 3 (23.5 to 24.8)."""

BYTE_PAIRS = 39.0
"""Token with its length and type, and about one merge each. Qwen 39.1, phi-4 35.3, Granite 35.4, Qwen3.5 44.1."""

MANY_MERGES = 61.5
"""Two merges per token. Llama 3 61.0, Mistral's Tekken 60.0 to 64.0, Nemotron 3 60.0, Gemma 4 60.3."""

TENSOR_ENTRY = 62
"""Name with its length (30), dimensions, type and offset of one tensor."""

OTHER_KEYS = 6000
"""Other keys, most of it the chat template."""


def metadata_bytes(architecture: Architecture, n_tensors: int) -> int:
    """Bytes of the header, within about a third."""
    return round(architecture.vocab_size * per_token(architecture)) + n_tensors * TENSOR_ENTRY + OTHER_KEYS


def per_token(architecture: Architecture) -> float:
    """Bytes per entry of the vocabulary."""
    vocab = architecture.vocab_size
    if architecture.name == "gemma4":
        return MANY_MERGES
    if architecture.name.startswith("gemma") or 32_000 <= vocab <= 32_800:
        return SENTENCEPIECE
    if 128_000 <= vocab <= 131_200:
        return MANY_MERGES
    return BYTE_PAIRS
