"""Text files: decompressed, decoded, or refused with the byte that is wrong. An encoding is never guessed silently."""

import codecs
import gzip
import io
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import IO, BinaryIO, cast

from bakeoff.errors import DataError
from bakeoff.evaluate.tables.source import FEWER_ROWS, LARGEST_BYTES
from bakeoff.units import show_bytes

BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

OTHER_FORMATS = (
    (b"PAR1", "a Parquet file", ".parquet"),
    (b"PK\x03\x04", "a zip archive or an Excel file", ".xlsx"),
    (b"\xd0\xcf\x11\xe0", "an old or encrypted Excel file", None),
    (b"\x1f\x8b", "compressed with gzip", ".gz"),
    (b"%PDF", "a PDF", None),
    (b"SQLite format 3", "an SQLite database", None),
)
"""First bytes of what people rename to .csv."""

ENCODING_HINT = (
    'save the file as UTF-8, or name its encoding under [data] in bakeoff.toml: encoding = "cp1258" (Vietnamese, '
    'older Windows programs) or "cp1252" (Western European)'
)


@contextmanager
def open_text(path: Path, encoding: str | None) -> Iterator[tuple[IO[str], str]]:
    """(stream, encoding) of a text file or of a gzip of one; line ends come as they are.

    Raises:
        DataError: the file is binary, or too large, or no such encoding exists.
    """
    with _open_bytes(path) as raw:
        head = raw.read(4096)
        raw.seek(0)
        found = _encoding(path, head, encoding)
        yield io.TextIOWrapper(raw, encoding=found, newline=""), found


@contextmanager
def _open_bytes(path: Path) -> Iterator[BinaryIO]:
    if path.suffix.lower() != ".gz":
        with path.open("rb") as plain:
            yield plain
        return
    try:
        with gzip.open(path, "rb") as packed:
            yield cast(BinaryIO, io.BufferedReader(_Limited(cast(BinaryIO, packed), path.name), 1 << 20))
    except (gzip.BadGzipFile, EOFError, OSError) as error:
        if isinstance(error, OSError) and error.errno is not None:
            raise
        raise DataError(f"{path.name}: {error}", hint="the gzip file is damaged or incomplete; make it again") from None


class _Limited(io.RawIOBase):
    """Bytes of a gzip that stop with an error at the limit: a small file can unpack to any size."""

    def __init__(self, packed: BinaryIO, name: str) -> None:
        super().__init__()
        self._packed = packed
        self._name = name
        self._read = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = 0) -> int:
        self._read = self._packed.seek(offset, whence)
        return self._read

    def tell(self) -> int:
        return self._read

    def readinto(self, buffer: "memoryview") -> int:  # type: ignore[override]
        data = self._packed.read(len(buffer))
        self._read += len(data)
        if self._read > LARGEST_BYTES:
            raise DataError(
                f"{self._name} unpacks to more than {show_bytes(LARGEST_BYTES)}, the most that is read",
                hint=FEWER_ROWS,
            )
        buffer[: len(data)] = data
        return len(data)


def _encoding(path: Path, head: bytes, wanted: str | None) -> str:
    """The encoding to read with: the one asked for, the one that a byte order mark tells, else UTF-8."""
    for magic, what, suffix in OTHER_FORMATS:
        if head.startswith(magic):
            hint = f"give it the ending {suffix}" if suffix else "export it as CSV in UTF-8"
            raise DataError(f"{path.name} is not text: it is {what}", hint=hint)
    if wanted is not None:
        return _known_encoding(wanted, head)
    for mark, name in BOMS:
        if head.startswith(mark):
            return name
    if b"\0" in head:
        halves = {"utf-16-le": head[1::2], "utf-16-be": head[0::2]}
        likely = next((name for name, half in halves.items() if half.count(b"\0") > len(half) / 3), None)
        if likely or not _is_utf8(head):
            raise DataError(
                f"{path.name} is not text: byte {head.index(0):,} is zero",
                hint=f'if it is UTF-16, write encoding = "{likely}" under [data]' if likely else "give a text file",
            )
    return "utf-8"


def _is_utf8(head: bytes) -> bool:
    """The bytes are UTF-8, apart from a character that is cut at their end."""
    try:
        codecs.getincrementaldecoder("utf-8")().decode(head)
    except UnicodeDecodeError:
        return False
    return True


def _known_encoding(wanted: str, head: bytes) -> str:
    try:
        name = codecs.lookup(wanted).name
        "".encode(name)  # "hex" and "zip" are codecs as well, but not of text
    except LookupError:
        raise DataError(
            f"{wanted!r} is not an encoding", hint='for example "utf-8", "utf-16", "cp1258", "cp1252"'
        ) from None
    return "utf-8-sig" if name == "utf-8" and head.startswith(codecs.BOM_UTF8) else name


def decoding_error(path: Path, encoding: str) -> DataError:
    """Find the first byte that cannot be decoded; the stream's own error counts from somewhere in the middle."""
    decoder = codecs.getincrementaldecoder(encoding)("strict")
    fed, lines = 0, 0
    with _open_bytes(path) as raw:
        for chunk in chain(iter(lambda: raw.read(1 << 20), b""), [b""]):
            fed += len(chunk)
            try:
                lines += decoder.decode(chunk, final=not chunk).count("\n")
            except UnicodeDecodeError as error:
                left = error.object  # what the decoder had kept, and this chunk
                lines += left[: error.start].decode(encoding, "ignore").count("\n")
                return DataError(
                    f"{path.name}: byte {fed - len(left) + error.start:,} (0x{left[error.start]:02x}, "
                    f"line {lines + 1:,}) is not {_shown(encoding)}",
                    hint=ENCODING_HINT,
                )
    return DataError(f"{path.name} is not {_shown(encoding)}", hint=ENCODING_HINT)


def _shown(encoding: str) -> str:
    return encoding.upper().removesuffix("-SIG")
