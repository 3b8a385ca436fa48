"""What the sheet keeps of every call: a few numbers in arrays, found by the call's address.

Built once from the ledger, then brought up to date with what was added to it. About 90 bytes for each call: 45 MB for
100,000 rows and 5 candidates. No text is kept.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bakeoff.evaluate.digests import SIZE, Digests
from bakeoff.evaluate.store import CallSeen

MISSING, FAILED, ANSWERED = 0, 1, 2

Ints = npt.NDArray[np.int64]


@dataclass(slots=True)
class Calls:
    """Every call that the project's cells stand on: for each column, each repetition, each row, in this order."""

    n_rows: int
    columns: Sequence[int]
    """For each column its number of repetitions; 0 where the candidate cannot be had."""

    first: Ints
    """For each column, where its calls begin."""

    digests: npt.NDArray[np.uint8]
    state: npt.NDArray[np.uint8]
    seq: Ints
    """Of the answer, or of the last failure."""

    latency_ms: npt.NDArray[np.float64]
    prompt_tokens: npt.NDArray[np.int32]
    """0 where nobody counted."""

    changed: Ints
    """For each cell (column by column) the `seq` of whatever last changed it."""

    _keys: npt.NDArray[np.uint64]
    _order: npt.NDArray[np.int32]

    @classmethod
    def of(cls, columns: Sequence[Sequence[Digests]], n_rows: int) -> "Calls":
        """Nothing is known of any call yet.

        Args:
            columns: for each column the addresses of each repetition; empty where the candidate cannot be had.
            n_rows: of the data.
        """
        data = b"".join(digests.packed() for column in columns for digests in column)
        digests = np.frombuffer(data, dtype=np.uint8).reshape(-1, SIZE)
        keys = _keys(digests)
        order = np.argsort(keys, kind="stable").astype(np.int32)
        sizes = [len(column) * n_rows for column in columns]
        return cls(
            n_rows=n_rows,
            columns=[len(column) for column in columns],
            first=np.concatenate(([0], np.cumsum(sizes)))[:-1].astype(np.int64),
            digests=digests,
            state=np.zeros(len(digests), dtype=np.uint8),
            seq=np.zeros(len(digests), dtype=np.int64),
            latency_ms=np.full(len(digests), np.nan),
            prompt_tokens=np.zeros(len(digests), dtype=np.int32),
            changed=np.zeros(len(columns) * n_rows, dtype=np.int64),
            _keys=keys[order],
            _order=order,
        )

    def at(self, column: int, row: int, repeat: int = 0) -> int:
        """Where a call stands."""
        return int(self.first[column]) + repeat * self.n_rows + row

    def part(self, column: int, repeat: int = 0) -> slice:
        """Where the calls of a column's repetition stand; empty where it has none."""
        if repeat >= self.columns[column]:
            return slice(0, 0)
        start = self.at(column, 0, repeat)
        return slice(start, start + self.n_rows)

    def cell(self, column: int, row: int) -> int:
        """Where a cell stands in `changed`."""
        return column * self.n_rows + row

    def address(self, column: int, row: int, repeat: int = 0) -> str:
        """The digest of a call, in hexadecimal."""
        digest: bytes = self.digests[self.at(column, row, repeat)].tobytes()
        return digest.hex()

    def find(self, digests: Sequence[str]) -> tuple[Ints, Ints]:
        """(which of these digests, which call) of every call that has one of these addresses."""
        wanted = np.frombuffer(bytes.fromhex("".join(digests)), dtype=np.uint8).reshape(-1, SIZE)
        keys = _keys(wanted)
        order = np.argsort(keys)  # in order, a search finds what it needs in the processor's cache
        left, right = np.empty_like(order), np.empty_like(order)
        left[order] = np.searchsorted(self._keys, keys[order], side="left")
        right[order] = np.searchsorted(self._keys, keys[order], side="right")
        counts = right - left
        which = np.repeat(np.arange(len(wanted)), counts)
        within = np.arange(len(which)) - np.repeat(np.cumsum(counts) - counts, counts)
        found = self._order[np.repeat(left, counts) + within].astype(np.int64)
        same = (self.digests[found] == wanted[which]).all(axis=1)
        return which[same], found[same]

    def cells_of(self, calls: Ints) -> Ints:
        """The cells that these calls stand in."""
        column = np.searchsorted(self.first, calls, side="right") - 1
        # A column without calls begins where the next one does: the last one that begins there has the call.
        row = (calls - self.first[column]) % max(1, self.n_rows)
        return (column * self.n_rows + row).astype(np.int64)

    def take(self, calls: Sequence[CallSeen]) -> Ints:
        """Keep what the ledger says of calls, in its order; the cells that changed."""
        if not calls or not len(self.digests):
            return np.zeros(0, dtype=np.int64)
        every, digests, had_answers, latencies, counts = zip(*calls, strict=True)
        which, found = self.find(digests)
        answered = np.array(had_answers, dtype=bool)[which]
        seqs = np.array(every, dtype=np.int64)[which]
        there, rows = found[answered], which[answered]
        latency = np.array(latencies, dtype=np.float64)  # None becomes NaN
        tokens = np.array(counts, dtype=np.int64)
        self.state[there] = ANSWERED
        self.seq[there] = seqs[answered]
        self.latency_ms[there] = latency[rows]
        self.prompt_tokens[there] = np.clip(tokens[rows], 0, 2**31 - 1)
        lost = ~answered & (self.state[found] != ANSWERED)
        self.state[found[lost]] = FAILED
        self.seq[found[lost]] = seqs[lost]
        touched = answered | lost
        cells = self.cells_of(found[touched])
        np.maximum.at(self.changed, cells, seqs[touched])
        return np.unique(cells)


def _keys(digests: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint64]:
    return np.ascontiguousarray(digests[:, :8]).view(np.uint64).ravel()
