"""What a GGUF file says about itself: metadata, tensors, and the size that the file must have.

Reads the header only, from a file or from any source of byte ranges, in bounded memory and time, and refuses what
llama.cpp refuses (ggml/src/gguf.cpp). Knows nothing about where files come from or what the model needs to run.

Format: https://github.com/ggml-org/ggml/blob/master/docs/gguf.md
"""

import math
import os
import re
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from bakeoff.errors import StorageError, WeightsError
from bakeoff.headers.cursor import Cursor, ReadRange
from bakeoff.headers.ggml import FILE_TYPES, GUESSED_FILE_TYPE, TENSOR_TYPES, TensorType
from bakeoff.units import show_bytes

DAMAGED = "the file is damaged, or not what it claims to be: fetch it again"

VERSIONS = (2, 3)
DEFAULT_ALIGNMENT = 32
"""`GGUF_DEFAULT_ALIGNMENT`."""

MAX_DIMENSIONS = 4
MAX_TENSOR_NAME_BYTES = 63
"""`GGML_MAX_DIMS` and `GGML_MAX_NAME` of ggml.h."""

MAX_KEYS = 1 << 16
MAX_TENSORS = 1 << 17
MAX_KEY_BYTES = 65535
"""The format's own limit. The other two are an order of magnitude above any published file."""

LONG_ARRAY = 1024
"""Longer arrays are not kept, unless asked for by key. Per-layer arrays are shorter, vocabularies longer."""

MAX_KEPT = 1 << 22
"""The most elements that are kept of an array that was asked for: sixteen times today's largest vocabulary."""

_ARRAY, _STRING = 9, 8
_NUMBERS: dict[int, tuple[str, str, int]] = {
    0: ("uint8", "B", 1),
    1: ("int8", "b", 1),
    2: ("uint16", "H", 2),
    3: ("int16", "h", 2),
    4: ("uint32", "I", 4),
    5: ("int32", "i", 4),
    6: ("float32", "f", 4),
    7: ("bool", "?", 1),
    10: ("uint64", "Q", 8),
    11: ("int64", "q", 8),
    12: ("float64", "d", 8),
}
"""`gguf_type` -> name, `struct` code, bytes."""

_SHARD = re.compile(r"(?P<prefix>.+)-(?P<number>[0-9]{5})-of-(?P<count>[0-9]{5})\.gguf")
"""How llama.cpp names the parts of a split model (`llama_split_path`), counted from 1."""


@dataclass(frozen=True, slots=True)
class LongArray:
    """An array that was passed over: only what it holds and how many."""

    element_type: str
    """`string`, `float32`, `int32`, ..."""

    length: int


@dataclass(frozen=True, slots=True)
class Tensor:
    """One tensor, as the header lists it."""

    name: str
    shape: tuple[int, ...]
    """Elements by dimension; the first one is the row, contiguous in memory."""

    type: TensorType
    offset: int
    """Bytes from the start of the tensor data."""

    @property
    def n_elements(self) -> int:
        """Numbers in the tensor."""
        return math.prod(self.shape)

    @property
    def n_bytes(self) -> int:
        """Bytes of its data, without padding."""
        return self.n_elements // self.type.block_elements * self.type.block_bytes


@dataclass(frozen=True, slots=True)
class GgufHeader:
    """All that stands before the tensor data of one GGUF file."""

    version: int
    byte_order: Literal["little", "big"]
    metadata: Mapping[str, Any]
    """Key to value: int, float, bool, str, tuple, or `LongArray` for an array that was passed over."""

    tensors: tuple[Tensor, ...]
    alignment: int
    """The data of every tensor start at a multiple of this many bytes."""

    data_offset: int
    """Bytes from the start of the file to the tensor data."""

    def _text(self, key: str) -> str | None:
        value = self.metadata.get(key)
        return value if isinstance(value, str) and value else None

    def _count(self, key: str) -> int | None:
        value = self.metadata.get(key)
        return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None

    @property
    def architecture(self) -> str | None:
        """llama.cpp's name of the architecture; None in all parts of a split model but the first."""
        return self._text("general.architecture")

    @property
    def name(self) -> str | None:
        """The model's name for people."""
        return self._text("general.name")

    @property
    def license(self) -> str | None:
        """SPDX identifier, or the Hub's own (`gemma`, `llama3.1`, `other`)."""
        return self._text("general.license")

    @property
    def license_url(self) -> str | None:
        """Where the licence can be read, where the file says it."""
        return self._text("general.license.link")

    @property
    def size_label(self) -> str | None:
        """Size class, for example `135M` or `8x7B`."""
        return self._text("general.size_label")

    @property
    def file_type(self) -> str | None:
        """Name of the build, for example `Q4_K_M`; None where the file does not say, or it is newer than our table."""
        number = self._count("general.file_type")
        return None if number is None else FILE_TYPES.get(number & ~GUESSED_FILE_TYPE)

    @property
    def chat_template(self) -> str | None:
        """Jinja2 template of the conversation; None for a model that only completes text."""
        return self._text("tokenizer.chat_template")

    @property
    def context_length(self) -> int | None:
        """Tokens that the model was trained on."""
        return self._count(f"{self.architecture}.context_length")

    @property
    def split_count(self) -> int:
        """Number of files that the model is split over."""
        return max(1, self._count("split.count") or 1)

    @property
    def n_parameters(self) -> int:
        """Numbers in all tensors of this file."""
        return sum(tensor.n_elements for tensor in self.tensors)

    @property
    def tensor_bytes(self) -> int:
        """Bytes of all tensors of this file, without padding."""
        return sum(tensor.n_bytes for tensor in self.tensors)

    @property
    def expected_file_bytes(self) -> int:
        """The least size that the file can have; writers may pad it to the alignment."""
        if not self.tensors:
            return self.data_offset
        return self.data_offset + self.tensors[-1].offset + self.tensors[-1].n_bytes


def read_header(path: Path, *, keep: Collection[str] = ()) -> GgufHeader:
    """Read the header of a file, and check that the file is as long as the header says.

    Args:
        path: the file; of a split model, one of its parts.
        keep: keys of long arrays to read whole, for example `tokenizer.ggml.tokens`.

    Raises:
        WeightsError: there is no such file, it is not a GGUF, or it is damaged or cut off.
        StorageError: the file cannot be read.
    """
    try:
        status = os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        raise WeightsError(f"{path}: there is no such file", hint="check the path of the model file") from None
    except OSError as error:
        raise _unreadable(path, error) from None
    if not stat.S_ISREG(status.st_mode):
        raise WeightsError(f"{path} is not a file", hint="name the .gguf file itself")
    try:
        with open(path, "rb", buffering=0) as file:

            def read(offset: int, length: int) -> bytes:
                file.seek(offset)
                return file.read(length)

            return read_header_from(read, status.st_size, name=str(path), keep=keep)
    except OSError as error:
        raise _unreadable(path, error) from None


def _unreadable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be read: {error.strerror or error}", hint="check the file's permissions")


def read_header_from(
    read: ReadRange, size: int | None, *, name: str = "model file", keep: Collection[str] = ()
) -> GgufHeader:
    """Read a header from a source of byte ranges, for example HTTP. It is asked for few and growing ranges.

    Args:
        read: (offset, length) -> the bytes there; fewer where the source ends.
        size: bytes of the whole source; None where it is not known, and then its end cannot be checked.
        name: what errors call the source.
        keep: keys of long arrays to read whole.

    Raises:
        WeightsError: this is not a GGUF, or it is damaged or cut off. What `read` raises passes through.
    """
    cursor = Cursor(read, size, name=name)
    byte_order, version = _opening(cursor, size)
    n_tensors = _sane_count(cursor, "tensors", MAX_TENSORS)
    n_keys = _sane_count(cursor, "keys", MAX_KEYS)
    metadata = _metadata(cursor, n_keys, frozenset(keep))
    alignment = _alignment(cursor, metadata)
    tensors = _tensors(cursor, n_tensors, alignment)
    end = cursor.position
    data_offset = _padded(end, alignment) if tensors else end
    header = GgufHeader(version, byte_order, metadata, tensors, alignment, data_offset)
    if size is not None and size < header.expected_file_bytes:
        raise WeightsError(
            f"{name} is cut off: it has {size:,} of the {header.expected_file_bytes:,} bytes that its header promises "
            f"({show_bytes(header.expected_file_bytes - size)} are missing)",
            hint="it was not downloaded whole: fetch it again",
        )
    return header


def shard_paths(path: Path) -> tuple[Path, ...]:
    """All files of a model that may be split, in order; only `path` itself where its name is not a part's.

    Raises:
        WeightsError: a part is missing.
    """
    match = _SHARD.fullmatch(path.name)
    if match is None:
        return (path,)
    count = int(match["count"])
    paths = tuple(path.with_name(f"{match['prefix']}-{i:05d}-of-{count:05d}.gguf") for i in range(1, count + 1))
    for part in paths:
        if not part.is_file():
            raise WeightsError(
                f"{part}: this part of a model in {count} parts is missing",
                hint=f"put all {count} parts into one folder",
            )
    return paths


def _padded(length: int, alignment: int) -> int:
    return -(-length // alignment) * alignment


def _opening(cursor: Cursor, size: int | None) -> tuple[Literal["little", "big"], int]:
    """Magic and version. The version tells the byte order, as there is no other sign."""
    if size == 0:
        raise cursor.fail("the file is empty", "it was not downloaded: fetch it again")
    magic = cursor.take(4) if size is None or size >= 4 else cursor.take(size)
    if magic != b"GGUF":
        raise cursor.fail(*_stranger(magic))
    raw = cursor.take(4)
    order: Literal["little", "big"] = "little"
    version = int.from_bytes(raw, "little")
    if version and version & 0xFFFF == 0:
        order = "big"
        version = int.from_bytes(raw, "big")
        cursor.big_endian()
    if version not in VERSIONS:
        raise cursor.fail(
            f"GGUF version {version} is not known", "versions 2 and 3 are: convert the model again, or update Bakeoff"
        )
    return order, version


def _stranger(magic: bytes) -> tuple[str, str]:
    """What a file that is not a GGUF looks like from its first bytes, and what to do."""
    if magic in (b"lmgg", b"ggml", b"fmgg", b"tjgg", b"algg"):
        return "a model file in a format older than GGUF", "convert it with llama.cpp, or take a newer file"
    if magic == b"PK\x03\x04":
        return "a zip archive or PyTorch checkpoint, not a GGUF", "take a build of the model in the GGUF format"
    if magic == b"vers":
        return "a Git LFS pointer, not the model itself", "fetch the file with `git lfs pull`"
    if magic.lower() in (b"<!do", b"<htm"):
        return "a web page, not a GGUF", "the download answered with a page: fetch the file again, signed in if needed"
    if magic and all(byte in b"\t\n\r" or 32 <= byte < 127 for byte in magic):
        return f"a text file, not a GGUF: it starts with {magic.decode('ascii')!r}", "name the .gguf file itself"
    return f"not a GGUF: it starts with the bytes {magic.hex(' ')}", "take a build of the model in the GGUF format"


def _sane_count(cursor: Cursor, what: str, limit: int) -> int:
    count: int = cursor.number("q")
    if not 0 <= count <= limit:
        raise cursor.fail(f"the header says that it has {count:,} {what}", DAMAGED)
    return count


def _metadata(cursor: Cursor, n_keys: int, keep: Collection[str]) -> dict[str, Any]:
    metadata: dict[str, Any] = {}
    for _ in range(n_keys):
        key = cursor.string()
        if not key or len(key) > MAX_KEY_BYTES:
            raise cursor.fail(f"a key of {len(key):,} characters", DAMAGED)
        if key in metadata:
            raise cursor.fail(f"the key {key[:80]!r} is there twice", DAMAGED)
        kind = cursor.number("I")
        if kind == _ARRAY:
            metadata[key] = _array(cursor, key, whole=key in keep)
        else:
            metadata[key] = _value(cursor, key, kind)
    return metadata


def _value(cursor: Cursor, key: str, kind: int) -> Any:
    if kind == _STRING:
        return cursor.string()
    if kind not in _NUMBERS:
        raise cursor.fail(f"the key {key[:80]!r} has a value of the unknown type {kind}", DAMAGED)
    return cursor.number(_NUMBERS[kind][1])


def _array(cursor: Cursor, key: str, *, whole: bool) -> tuple[Any, ...] | LongArray:
    """Arrays of arrays are refused, as llama.cpp refuses them."""
    kind = cursor.number("I")
    length: int = cursor.number("Q")
    kept = length <= (MAX_KEPT if whole else LONG_ARRAY)
    if kind == _STRING:
        if kept:
            return tuple(cursor.string() for _ in range(length))
        cursor.skip_strings(length)
        return LongArray("string", length)
    if kind not in _NUMBERS:
        raise cursor.fail(f"the key {key[:80]!r} has an array of the type {kind}, which does not exist", DAMAGED)
    name, code, width = _NUMBERS[kind]
    if kept:
        return cursor.numbers(code, length)
    cursor.skip(length * width)
    return LongArray(name, length)


def _alignment(cursor: Cursor, metadata: Mapping[str, Any]) -> int:
    alignment = metadata.get("general.alignment", DEFAULT_ALIGNMENT)
    if not isinstance(alignment, int) or isinstance(alignment, bool) or alignment < 1 or alignment & (alignment - 1):
        raise cursor.fail(f"an alignment of {str(alignment)[:40]!r}, which is not a power of two", DAMAGED)
    return alignment


def _tensors(cursor: Cursor, n_tensors: int, alignment: int) -> tuple[Tensor, ...]:
    """Tensors lie one after the other, each at the next multiple of the alignment, as llama.cpp demands."""
    tensors = []
    names: set[str] = set()
    expected = 0
    for _ in range(n_tensors):
        tensor = _tensor(cursor)
        if tensor.name in names:
            raise cursor.fail(f"the tensor {tensor.name!r} is there twice", DAMAGED)
        if tensor.offset != expected:
            raise cursor.fail(f"tensor {tensor.name!r} starts at {tensor.offset:,} and not at {expected:,}", DAMAGED)
        names.add(tensor.name)
        expected = _padded(expected + tensor.n_bytes, alignment)
        tensors.append(tensor)
    return tuple(tensors)


def _tensor(cursor: Cursor) -> Tensor:
    name = cursor.string()
    if len(name.encode()) > MAX_TENSOR_NAME_BYTES:
        raise cursor.fail(f"a tensor name of {len(name):,} characters", DAMAGED)
    n_dimensions: int = cursor.number("I")
    if n_dimensions > MAX_DIMENSIONS:
        raise cursor.fail(f"tensor {name!r} has {n_dimensions:,} dimensions", DAMAGED)
    shape = cursor.numbers("q", n_dimensions)
    if any(extent < 0 for extent in shape) or math.prod(shape) >= 1 << 63:
        raise cursor.fail(f"tensor {name!r} has the shape {shape}", DAMAGED)
    number: int = cursor.number("I")
    kind = TENSOR_TYPES.get(number)
    if kind is None:
        raise cursor.fail(
            f"tensor {name!r} has the type {number}, which is not known",
            "the file is newer than this version of Bakeoff, or damaged",
        )
    row = shape[0] if shape else 1
    if row % kind.block_elements:
        raise cursor.fail(f"tensor {name!r}: rows of {row:,} are no whole blocks of {kind.name}", DAMAGED)
    return Tensor(name, shape, kind, cursor.number("Q"))
