"""In which order rows are asked: shuffled, the same for all candidates, and the same again tomorrow.

A row's place depends on its id and a seed, not on its neighbours: rows that are added later do not change the order of
the others, and no random number generator has to stay as it is.
"""

import hashlib

import numpy as np
import numpy.typing as npt

from bakeoff.evaluate.tables.packed import PackedRows
from bakeoff.evaluate.types import Table

Order = npt.NDArray[np.int64]


def shuffled(table: Table, seed: int, *, whole_groups: bool = False) -> Order:
    """Indexes into the table, in the order of asking.

    Args:
        table: the rows.
        seed: another one gives another order.
        whole_groups: rows of one group come one after the other, as a race needs them; else groups are mixed too.
    """
    key = seed.to_bytes(8, "big", signed=True)
    n = len(table.rows)
    # Equal hashes of different rows (one in 10^13 for a million) keep the order of the file.
    if not whole_groups:
        ids = table.rows.ids() if isinstance(table.rows, PackedRows) else (row.id for row in table.rows)
        return np.argsort(np.fromiter((_place(row_id, key) for row_id in ids), np.uint64, n), kind="stable")
    places = np.empty((2, n), dtype=np.uint64)
    for index, row in enumerate(table.rows):
        places[1, index] = _place(row.id, key)
        places[0, index] = _place(row.group, key) if row.group is not None else places[1, index]
    return np.lexsort((places[1], places[0])).astype(np.int64)


def _place(text: str, key: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(text.encode("utf-8"), digest_size=8, key=key).digest(), "big")
