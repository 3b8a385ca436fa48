"""What every reader hands on: a header, then rows with their place in the file."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bakeoff.errors import DataError
from bakeoff.values import Reason

LARGEST_BYTES = 2 * 1024 * 1024 * 1024
"""Of a data file, after decompression. Its rows are packed, and lie on the disk where they are many; but a test of
models that needs more text than this is a mistake, and a small compressed file can unpack to any size."""

MOST_CELLS = 10_000_000
"""Of a table, for the same reason. What is kept in memory for each row is small, not nothing."""

LONGEST_CELL = 64 * 1024 * 1024
"""Characters: four times what a whole prompt may have (`template_bounds.MAX_CHARACTERS`). More is a quote that was
never closed."""

MOST_COLUMNS = 16_384
"""Excel's own limit. More means that the delimiter is wrong."""

FEWER_ROWS = "take a random sample of the rows: a decision needs hundreds or thousands of them, not millions"
"""The hint where a file is too large."""


@dataclass(slots=True)
class Source:
    """A file that has been opened, ready to be read once."""

    header: Sequence[Any]
    """Names of the columns as they are in the file."""

    rows: Iterator[tuple[int, Sequence[Any]]]
    """(position, cells). No cells at all means an empty line. Cells are str, int, float, bool or None."""

    unit: Literal["line", "row"]
    """What a position counts, from 1: lines of a text file, rows of a sheet or of a Parquet file."""

    notes: list[Reason] = field(default_factory=list)
    """What the reader found; complete when the rows have been read."""


def wrong_width(name: str, unit: str, position: int, cells: Sequence[Any], width: int) -> DataError:
    """Of a row that has not one cell for each column."""
    has = f"{len(cells)} {'cell' if len(cells) == 1 else 'cells'}"
    return DataError(
        f"{name}: {unit} {position:,} has {has}, the header has {width}",
        hint="a cell that contains the delimiter or a line end is put in quotes",
    )
