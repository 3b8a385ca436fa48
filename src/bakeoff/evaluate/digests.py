"""Content addresses kept small: 32 bytes each instead of a string of 64 characters."""

from collections.abc import Iterable, Iterator, Sequence
from typing import overload

import numpy as np

SIZE = 32
"""Bytes of a SHA-256."""


class Digests(Sequence[str]):
    """Digests in hexadecimal, in table order."""

    __slots__ = ("_data",)

    def __init__(self, digests: Iterable[str]) -> None:
        """Pack.

        Args:
            digests: SHA-256 in hexadecimal; taken one after the other.
        """
        data = bytearray()
        for digest in digests:
            data += bytes.fromhex(digest)
        self._data = bytes(data)

    def __len__(self) -> int:
        return len(self._data) // SIZE

    @overload
    def __getitem__(self, index: int) -> str: ...
    @overload
    def __getitem__(self, index: slice) -> list[str]: ...
    def __getitem__(self, index: int | slice) -> str | list[str]:
        """One digest, or a list of some."""
        if isinstance(index, slice):
            data = self._data
            return [data[SIZE * i : SIZE * (i + 1)].hex() for i in range(*index.indices(len(self)))]
        if not -len(self) <= index < len(self):
            raise IndexError(index)
        start = index % len(self) * SIZE
        return self._data[start : start + SIZE].hex()

    def __iter__(self) -> Iterator[str]:
        for start in range(0, len(self._data), SIZE):
            yield self._data[start : start + SIZE].hex()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Digests) and self._data == other._data

    def __hash__(self) -> int:
        return hash(self._data)

    @classmethod
    def of_bytes(cls, data: bytes) -> "Digests":
        """From what `packed` gave."""
        found = cls(())
        found._data = data
        return found

    @classmethod
    def joined(cls, several: Sequence["Digests"]) -> "Digests":
        """One list after the other."""
        return cls.of_bytes(b"".join(digests._data for digests in several))

    def taken(self, indices: "np.ndarray[tuple[int], np.dtype[np.int64]]") -> "Digests":
        """Those at some places, in that order."""
        whole = np.frombuffer(self._data, dtype=np.uint8).reshape(-1, SIZE)
        return self.of_bytes(whole[indices].tobytes())

    def packed(self) -> bytes:
        """All of them, one after the other."""
        return self._data


def first_of_each(repetitions: Sequence[Digests]) -> "np.ndarray[tuple[int], np.dtype[np.int64]]":
    """Where each different digest occurs first, in order, counted through all repetitions."""
    data = b"".join(digests.packed() for digests in repetitions)
    if not data:
        return np.zeros(0, dtype=np.int64)
    # Fixed length: numpy's stripping of zero bytes at the end makes no two digests equal.
    _, first = np.unique(np.frombuffer(data, dtype=f"S{SIZE}"), return_index=True)
    return np.sort(first).astype(np.int64)
