"""GGUF files to test with: byte by byte, so that every part of them can be wrong."""

import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

STRING, ARRAY, UINT32, UINT64, FLOAT32, BOOL = 8, 9, 4, 10, 6, 7
F32, Q4_0 = 0, 2
_CODES = {0: "B", 1: "b", 2: "H", 3: "h", UINT32: "I", 5: "i", FLOAT32: "f", BOOL: "?", UINT64: "Q", 11: "q", 12: "d"}

Key = tuple[str, int, Any]
"""(key, type, value); an array's value is (element type, elements)."""

TensorInfo = tuple[str, Sequence[int], int, int]
"""(name, shape, type, offset)."""

USUAL: tuple[Key, ...] = (
    ("general.architecture", STRING, "llama"),
    ("general.license", STRING, "mit"),
    ("general.file_type", UINT32, 15),
    ("llama.context_length", UINT32, 2048),
    ("tokenizer.ggml.tokens", ARRAY, (STRING, [f"token {i}" for i in range(1500)])),
    ("tokenizer.ggml.scores", ARRAY, (FLOAT32, [0.5] * 1500)),
    ("llama.attention.head_count_kv", ARRAY, (UINT32, [1, 2, 3])),
)
TENSORS: tuple[TensorInfo, ...] = (("a.weight", (64, 3), Q4_0, 0), ("b.weight", (5,), F32, 128))
"""3 rows of two blocks of 18 bytes = 108, padded to 128; then 5 floats = 20: 148 bytes of data."""

DATA_BYTES = 148


def text(value: str | bytes, order: str = "<") -> bytes:
    """A string as GGUF has it."""
    raw = value.encode() if isinstance(value, str) else value
    return struct.pack(f"{order}Q", len(raw)) + raw


def value(kind: int, content: Any, order: str = "<") -> bytes:
    """A value without its type."""
    if kind == STRING:
        return text(content, order)
    if kind == ARRAY:
        inner, elements = content
        head = struct.pack(f"{order}IQ", inner, len(elements))
        return head + b"".join(value(inner, element, order) for element in elements)
    return struct.pack(f"{order}{_CODES[kind]}", content)


def header(
    keys: Sequence[Key] = USUAL,
    tensors: Sequence[TensorInfo] = TENSORS,
    *,
    version: int = 3,
    order: str = "<",
    n_keys: int | None = None,
    n_tensors: int | None = None,
) -> bytes:
    """A header, with counts that may lie."""
    counts = (len(tensors) if n_tensors is None else n_tensors, len(keys) if n_keys is None else n_keys)
    parts = [b"GGUF", struct.pack(f"{order}Iqq", version, *counts)]
    for key, kind, content in keys:
        parts += [text(key, order), struct.pack(f"{order}I", kind), value(kind, content, order)]
    for name, shape, kind, offset in tensors:
        parts += [text(name, order), struct.pack(f"{order}I{len(shape)}q", len(shape), *shape)]
        parts.append(struct.pack(f"{order}IQ", kind, offset))
    return b"".join(parts)


def whole(data: int = DATA_BYTES, **settings: Any) -> bytes:
    """A header, padding, and tensor data."""
    head = header(**settings)
    return head + bytes(-len(head) % 32) + bytes(i % 251 for i in range(data))


def write(path: Path, **settings: Any) -> Path:
    """A whole file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(whole(**settings))
    return path


def write_split(folder: Path, name: str, count: int) -> list[Path]:
    """A model in parts, named as llama.cpp names them; each part has one tensor."""
    paths = []
    for number in range(count):
        split: list[Key] = [("split.no", 2, number), ("split.count", 2, count)]
        keys = [*USUAL, *split] if number == 0 else split
        tensors = [(f"blk.{number}.weight", (32,), F32, 0)]
        path = folder / f"{name}-{number + 1:05d}-of-{count:05d}.gguf"
        paths.append(write(path, keys=keys, tensors=tensors, data=128))
    return paths
