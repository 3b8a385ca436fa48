"""What `find` looks in: the text of the data and of the answers, folded, in pieces of a thousand rows.

Pieces are kept up to `MOST_BYTES`; beyond it they are made again when they are searched. A piece is made again, too,
when one of its answers changed.
"""

import sys
from collections import OrderedDict
from collections.abc import Callable, Sequence
from functools import partial

import numpy as np
import numpy.typing as npt

from bakeoff.project.sheet.folding import folded

PIECE = 1000
"""Rows."""

LONGEST = 100_000
"""Characters of a cell that are searched."""

MOST_BYTES = 256 * 1024 * 1024
"""Of all pieces of a project."""

END = "\0"

Texts = Callable[[int, int], Sequence[str]]
"""(first row, row after the last) to the text of each."""


class Haystack:
    """Searched columns of one project."""

    def __init__(self) -> None:
        """Nothing is read yet."""
        self._pieces: OrderedDict[tuple[int, int], tuple[int, str, npt.NDArray[np.int64]]] = OrderedDict()
        self._bytes = 0

    def search(
        self, column: int, n_rows: int, needle: str, texts: Texts, state: Callable[[int, int], int]
    ) -> npt.NDArray[np.bool_]:
        """Which rows of a column have the needle.

        Args:
            column: any number that stands for it.
            n_rows: of the column.
            needle: folded.
            texts: reads some of it.
            state: of some rows: a number that changes with their texts.
        """
        found = np.zeros(n_rows, dtype=bool)
        for start in range(0, n_rows, PIECE):
            stop = min(start + PIECE, n_rows)
            text, starts = self._piece((column, start), state(start, stop), partial(texts, start, stop))
            at = text.find(needle)
            while at >= 0:
                row = int(np.searchsorted(starts, at, side="right")) - 1
                found[start + row] = True
                if row + 1 >= len(starts):
                    break
                at = text.find(needle, int(starts[row + 1]))
        return found

    def _piece(
        self, key: tuple[int, int], state: int, read: Callable[[], Sequence[str]]
    ) -> tuple[str, npt.NDArray[np.int64]]:
        there = self._pieces.get(key)
        if there is not None and there[0] == state:
            self._pieces.move_to_end(key)
            return there[1], there[2]
        text = folded(END.join([text[:LONGEST].replace(END, " ") for text in read()]))
        # All at once: one text after the other takes three times as long.
        characters = np.frombuffer(text.encode("utf-32-le", "surrogatepass"), dtype=np.uint32)
        starts = np.concatenate(([0], np.flatnonzero(characters == 0) + 1)).astype(np.int64)
        self._keep(key, (state, text, starts))
        return text, starts

    def _keep(self, key: tuple[int, int], piece: tuple[int, str, npt.NDArray[np.int64]]) -> None:
        if key in self._pieces:
            self._bytes -= _size(self._pieces.pop(key))
        self._pieces[key] = piece
        self._bytes += _size(piece)
        while self._bytes > MOST_BYTES:
            self._bytes -= _size(self._pieces.popitem(last=False)[1])


def _size(piece: tuple[int, str, npt.NDArray[np.int64]]) -> int:
    _, text, starts = piece
    return sys.getsizeof(text) + starts.nbytes
