"""A GGUF file that has everything but weights: metadata, and tensors with shapes and types, over a hole.

llama.cpp's planner reads no more than that. On file systems with holes it takes a few kilobytes of disk, whatever the
model; on others (NTFS) the whole size, which is why the planner has another way there.

Format: docs/gguf.md of ggml-org/ggml.
"""

import math
import struct
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from bakeoff.errors import StorageError
from bakeoff.headers.ggml import TENSOR_TYPES

ALIGNMENT = 32
_UINT32, _INT32, _FLOAT32, _BOOL, _STRING, _ARRAY, _INT64 = 4, 5, 6, 7, 8, 9, 11


class Outline(NamedTuple):
    """One tensor."""

    name: str
    shape: tuple[int, ...]
    """The row's length first."""

    type: int
    """Number of its type (`TENSOR_TYPES`)."""


def write_header_file(path: Path, metadata: Mapping[str, Any], tensors: Iterable[Outline]) -> None:
    """Write the file, of the size that a whole one would have.

    Raises:
        StorageError: the disk refused.
    """
    offset, outlines = 0, []
    for name, shape, number in tensors:
        kind = TENSOR_TYPES[number]
        sizes = struct.pack(f"<{len(shape)}Q", *shape)
        outlines.append(_text(name) + struct.pack("<I", len(shape)) + sizes + struct.pack("<IQ", number, offset))
        size = math.prod(shape) // kind.block_elements * kind.block_bytes
        offset += size + -size % ALIGNMENT
    head = struct.pack("<4sIQQ", b"GGUF", 3, len(outlines), len(metadata))
    head += b"".join(_text(key) + _typed(value) for key, value in metadata.items()) + b"".join(outlines)
    head += bytes(-len(head) % ALIGNMENT)
    try:
        with path.open("wb") as file:
            file.write(head)
            file.truncate(len(head) + offset)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}") from None


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _kind(value: object) -> int:
    """The format's type of a value. Whole numbers are what llama.cpp expects of most: 32 bits without a sign."""
    if isinstance(value, bool):
        return _BOOL
    if isinstance(value, int):
        return _UINT32 if 0 <= value < 1 << 32 else _INT32 if -(1 << 31) <= value < 0 else _INT64
    return _FLOAT32 if isinstance(value, float) else _STRING


_CODES = {_UINT32: "I", _INT32: "i", _FLOAT32: "f", _BOOL: "?", _INT64: "q"}


def _plain(value: Any, kind: int) -> bytes:
    return _text(value) if kind == _STRING else struct.pack(f"<{_CODES[kind]}", value)


def _typed(value: Any) -> bytes:
    if isinstance(value, list | tuple):
        kind = max((_kind(item) for item in value), default=_UINT32)
        return struct.pack("<IIQ", _ARRAY, kind, len(value)) + b"".join(_plain(item, kind) for item in value)
    kind = _kind(value)
    return struct.pack("<I", kind) + _plain(value, kind)
