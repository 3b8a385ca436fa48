"""Reading numbers and strings one after the other from something that hands out ranges of bytes.

The window that is kept in memory is small whatever the source claims to hold, so that a hostile file cannot exhaust
memory or time. Knows nothing about what the bytes mean.
"""

import struct
from collections.abc import Callable
from typing import Any, Literal

from bakeoff.errors import WeightsError
from bakeoff.units import show_bytes

ReadRange = Callable[[int, int], bytes]
"""(offset, length) -> the bytes there; fewer where the source ends."""

FIRST_CHUNK_BYTES = 64 * 1024
LARGEST_CHUNK_BYTES = 8 * 1024**2
"""A chunk is twice as long as the one before: a source over HTTP is asked few times, a short header costs little."""

MAX_HEADER_BYTES = 64 * 1024**2
"""The largest headers of published models, with a tokenizer of 260,000 tokens, have about 16 MiB."""

MAX_STRING_BYTES = 16 * 1024**2
"""Chat templates, the longest strings that are published, stay under 1 MiB."""


class Cursor:
    """A position in a source that only moves forward."""

    def __init__(self, read: ReadRange, size: int | None, *, name: str) -> None:
        self._read = read
        self._size = size
        self._name = name
        self._chunk = FIRST_CHUNK_BYTES
        self._window = b""
        self._start = 0
        self._next = 0
        self._order: Literal["<", ">"] = "<"

    @property
    def position(self) -> int:
        """Bytes from the start of the source."""
        return self._start + self._next

    def big_endian(self) -> None:
        """Read numbers with their most significant byte first from here on."""
        self._order = ">"

    def fail(self, what: str, hint: str) -> WeightsError:
        """An error about the source, with its name and the position."""
        return WeightsError(f"{self._name}: {what} (at byte {self.position:,})", hint=hint)

    def cut_off(self) -> WeightsError:
        """The error for a source that ends too early."""
        return self.fail("the file ends in the middle of its header", "it was not downloaded whole: fetch it again")

    def numbers(self, code: str, count: int) -> tuple[Any, ...]:
        """Read `count` numbers of one kind, a `struct` code.

        Raises:
            WeightsError: the source ends before.
        """
        layout = f"{self._order}{count}{code}"
        return struct.unpack(layout, self.take(struct.calcsize(layout)))

    def number(self, code: str) -> Any:
        """Read one number."""
        return self.numbers(code, 1)[0]

    def string(self) -> str:
        """Read a string with its length before it. Bytes that are not UTF-8 become U+FFFD.

        Raises:
            WeightsError: the source ends before, or the length is beyond all reason.
        """
        return self.take(self._checked_length(self.number("Q"))).decode("utf-8", "replace")

    def skip_strings(self, count: int) -> None:
        """Pass over `count` strings without keeping any.

        Raises:
            WeightsError: as for `string`.
        """
        length_at = struct.Struct(f"{self._order}Q").unpack_from
        while count:
            self._need(8)
            window, at = self._window, self._next
            last = len(window) - 8
            while count and at <= last:
                length: int = length_at(window, at)[0]
                if length > MAX_STRING_BYTES:
                    self._checked_length(length)
                at += 8 + length
                count -= 1
            self.skip(at - self._next)

    def skip(self, length: int) -> None:
        """Pass over bytes.

        Raises:
            WeightsError: the source ends before.
        """
        self._check_end(self.position + length)
        self._next += length
        if self._next > len(self._window):
            self._start, self._next, self._window = self.position, 0, b""

    def take(self, length: int) -> bytes:
        """Read bytes.

        Raises:
            WeightsError: the source ends before.
        """
        self._need(length)
        taken = self._window[self._next : self._next + length]
        self._next += length
        return taken

    def _checked_length(self, length: int) -> int:
        if length > MAX_STRING_BYTES:
            raise self.fail(
                f"a string of {show_bytes(length)} in the header", "the file is damaged, or not what it claims to be"
            )
        return length

    def _check_end(self, end: int) -> None:
        if self._size is not None and end > self._size:
            raise self.cut_off()
        if end > MAX_HEADER_BYTES:
            raise self.fail(
                f"the header is longer than {show_bytes(MAX_HEADER_BYTES)}",
                "the file is damaged, or not what it claims to be",
            )

    def _need(self, length: int) -> None:
        """See to it that the window holds the next `length` bytes."""
        if self._next + length <= len(self._window):
            return
        self._check_end(self.position + length)
        rest = self._window[self._next :]
        self._start, self._next = self.position, 0
        wanted = max(length - len(rest), self._chunk)
        if self._size is not None:
            wanted = min(wanted, self._size - self._start - len(rest))
        self._window = rest + self._read(self._start + len(rest), wanted)[:wanted]
        self._chunk = min(self._chunk * 2, LARGEST_CHUNK_BYTES)
        if len(self._window) < length:
            raise self.cut_off()
