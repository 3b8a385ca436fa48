"""What a safetensors file says about itself: tensors with type and shape, and the size that the file must have.

Reads the header only, from a file or from any source of byte ranges, in bounded memory and time, and refuses what the
reference reader refuses. Knows nothing about where files come from or what the tensors are for.

Format: https://github.com/huggingface/safetensors, section "Format"; the checks follow `safetensors/src/tensor.rs`.
"""

import json
import math
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeGuard

from bakeoff.errors import StorageError, WeightsError
from bakeoff.headers.cursor import ReadRange
from bakeoff.units import show_bytes

DAMAGED = "the file is damaged, or not what it claims to be: fetch it again"

MAX_HEADER_BYTES = 32 * 1024**2
"""The reference reader allows 100 MB; headers of published files stay under 10 MB."""

MAX_TENSORS = 1 << 18
MAX_DIMENSIONS = 8

BITS: dict[str, int] = {
    "F4": 4,
    "F6_E2M3": 6,
    "F6_E3M2": 6,
    "BOOL": 8,
    "U8": 8,
    "I8": 8,
    "F8_E5M2": 8,
    "F8_E4M3": 8,
    "F8_E8M0": 8,
    "F8_E4M3FNUZ": 8,
    "F8_E5M2FNUZ": 8,
    "I16": 16,
    "U16": 16,
    "F16": 16,
    "BF16": 16,
    "I32": 32,
    "U32": 32,
    "F32": 32,
    "C64": 64,
    "F64": 64,
    "I64": 64,
    "U64": 64,
}
"""Bits of one element, `Dtype::bitsize` of the reference reader."""


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor, as the header lists it."""

    name: str
    dtype: str
    """`BF16`, `F8_E4M3`, `U8`, ..."""

    shape: tuple[int, ...]
    offset: int
    """Bytes from the start of the tensor data."""

    @property
    def n_elements(self) -> int:
        """Numbers in the tensor; packed formats hold several weights in one."""
        return math.prod(self.shape)

    @property
    def n_bytes(self) -> int:
        """Bytes of its data."""
        return self.n_elements * BITS[self.dtype] // 8


@dataclass(frozen=True, slots=True)
class SafetensorsHeader:
    """All that stands before the tensor data of one file."""

    tensors: tuple[Tensor, ...]
    """In the order of their data."""

    metadata: Mapping[str, str]
    data_offset: int
    """Bytes from the start of the file to the tensor data."""

    @property
    def n_elements(self) -> int:
        """Numbers in all tensors."""
        return sum(tensor.n_elements for tensor in self.tensors)

    @property
    def tensor_bytes(self) -> int:
        """Bytes of all tensors."""
        return sum(tensor.n_bytes for tensor in self.tensors)

    @property
    def expected_file_bytes(self) -> int:
        """The size that the file must have."""
        return self.data_offset + self.tensor_bytes


def read_header(path: Path) -> SafetensorsHeader:
    """Read the header of a file, and check that the file is as long as the header says.

    Raises:
        WeightsError: there is no such file, it is not a safetensors file, or it is damaged or cut off.
        StorageError: the file cannot be read.
    """
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise WeightsError(f"{path}: there is no such file", hint="check the path of the model file") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}") from None
    if not stat.S_ISREG(status.st_mode):
        raise WeightsError(f"{path} is not a file", hint="name the .safetensors file itself, or its folder")
    try:
        with open(path, "rb", buffering=0) as file:

            def read(offset: int, length: int) -> bytes:
                file.seek(offset)
                return file.read(length)

            return read_header_from(read, status.st_size, name=str(path))
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}") from None


def read_header_from(read: ReadRange, size: int | None, *, name: str = "model file") -> SafetensorsHeader:
    """Read a header from a source of byte ranges, for example HTTP. It is asked twice.

    Args:
        read: (offset, length) -> the bytes there; fewer where the source ends.
        size: bytes of the whole source; None where it is not known, and then its end cannot be checked.
        name: what errors call the source.

    Raises:
        WeightsError: this is not a safetensors file, or it is damaged or cut off. What `read` raises passes through.
    """
    opening = read(0, 8)[:8]
    if len(opening) < 8:
        raise WeightsError(f"{name} has {len(opening)} bytes: not a safetensors file", hint=DAMAGED)
    length = int.from_bytes(opening, "little")
    if length > MAX_HEADER_BYTES:
        what = "a GGUF file, not a safetensors file" if opening[:4] == b"GGUF" else "not a safetensors file"
        raise WeightsError(
            f"{name} is {what}: its first 8 bytes would be a header of {show_bytes(length)}",
            hint="name the right file, or fetch it again",
        )
    if size is not None and 8 + length > size:
        raise WeightsError(f"{name} is cut off in its header: {size:,} of {8 + length:,} bytes", hint=DAMAGED)
    text = read(8, length)[:length]
    if len(text) < length:
        raise WeightsError(f"{name} is cut off in its header", hint="it was not downloaded whole: fetch it again")
    metadata, listed = _parse(text, name)
    header = SafetensorsHeader(_in_order(listed, name), metadata, 8 + length)
    if size is not None and size != header.expected_file_bytes:
        raise WeightsError(
            f"{name} has {size:,} bytes and not the {header.expected_file_bytes:,} that its header promises",
            hint="it was not downloaded whole: fetch it again",
        )
    return header


class _Twice(ValueError):
    """A key that is there twice."""


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise _Twice
    return found


def _parse(text: bytes, name: str) -> tuple[dict[str, str], list[tuple[Tensor, int]]]:
    """Metadata, and every tensor with the end of its data."""
    try:
        if not text.startswith(b"{"):
            raise ValueError
        content = json.loads(text.decode("utf-8"), object_pairs_hook=_unique)
    except _Twice:
        raise WeightsError(f"{name}: a name is in the header twice", hint=DAMAGED) from None
    except (ValueError, RecursionError):
        raise WeightsError(f"{name}: the header is not JSON, so this is no safetensors file", hint=DAMAGED) from None
    metadata = content.pop("__metadata__", None) or {}
    if not isinstance(metadata, dict) or not all(isinstance(value, str) for value in metadata.values()):
        raise WeightsError(f"{name}: the metadata are not texts", hint=DAMAGED)
    if len(content) > MAX_TENSORS:
        raise WeightsError(f"{name}: the header lists {len(content):,} tensors", hint=DAMAGED)
    return metadata, [_tensor(key, value, name) for key, value in content.items()]


def _tensor(key: str, value: Any, name: str) -> tuple[Tensor, int]:
    shown = key[:80]
    if not isinstance(value, dict):
        raise WeightsError(f"{name}: tensor {shown!r} is not described", hint=DAMAGED)
    dtype, shape, offsets = value.get("dtype"), value.get("shape"), value.get("data_offsets")
    if not isinstance(dtype, str) or dtype not in BITS:
        raise WeightsError(f"{name}: tensor {shown!r} has the unknown type {str(dtype)[:40]!r}", hint=DAMAGED)
    if not _counts(shape) or len(shape) > MAX_DIMENSIONS or math.prod(shape) >= 1 << 63:
        raise WeightsError(f"{name}: tensor {shown!r} has the shape {str(shape)[:60]}", hint=DAMAGED)
    if not _counts(offsets) or len(offsets) != 2:
        raise WeightsError(f"{name}: tensor {shown!r} has no place in the file", hint=DAMAGED)
    bits = math.prod(shape) * BITS[dtype]
    if bits % 8 or offsets[1] - offsets[0] != bits // 8:
        raise WeightsError(
            f"{name}: tensor {shown!r} takes {offsets[1] - offsets[0]:,} bytes and not {bits // 8:,}", hint=DAMAGED
        )
    return Tensor(key, dtype, tuple(shape), offsets[0]), offsets[1]


def _counts(value: Any) -> TypeGuard[list[int]]:
    return isinstance(value, list) and all(
        isinstance(part, int) and not isinstance(part, bool) and 0 <= part < 1 << 63 for part in value
    )


def _in_order(listed: list[tuple[Tensor, int]], name: str) -> tuple[Tensor, ...]:
    """Tensors by place. There are no holes and no overlaps, as the reference reader demands."""
    listed.sort(key=lambda pair: (pair[0].offset, pair[1]))
    expected = 0
    for tensor, end in listed:
        if tensor.offset != expected:
            raise WeightsError(
                f"{name}: tensor {tensor.name[:80]!r} starts at {tensor.offset:,} and not at {expected:,}", hint=DAMAGED
            )
        expected = end
    return tuple(tensor for tensor, _ in listed)
