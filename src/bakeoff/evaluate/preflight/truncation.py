"""Prompts that a server cut short without saying so: read from its own token counts, over all rows of a candidate.

Servers such as Ollama drop what does not fit into the context and answer all the same (docs/guides/preflight.md).
Their count of prompt tokens then stops growing while the text grows. Needs no tokenizer.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

Counts = npt.NDArray[np.int64]

MOST_BYTES_PER_TOKEN = 16
"""Of a whole prompt: more than ordinary text (2 to 5), code and tables (up to 8) have."""

LONG_BYTES = 2000
"""Prompts shorter than this are not looked at by that rule."""

FEWEST_TOKENS = 256
"""No server cuts prompts to less."""

SAME_LIMIT = 3
"""Rows with the very same count, the largest of all, that give a limit away."""

SPREAD = 1.25
"""Their lengths must differ by this factor: equal texts have equal counts."""

DENSER = 1.6
"""A row at a round limit has lost text when it has so many times the bytes per token of other long rows."""

FEWEST_OTHERS = 5
"""Rows to compare with, for that rule."""


def truncated(sizes: Sequence[int], tokens: Sequence[int | None] | Counts, context: int | None = None) -> set[int]:
    """Indices of the rows whose prompt did not arrive whole.

    Args:
        sizes: bytes of each prompt's text.
        tokens: prompt tokens by the server's count; None or 0 where it gave none.
        context: tokens that a request really has, where that is known.
    """
    every = tokens if isinstance(tokens, np.ndarray) else np.array([count or 0 for count in tokens])
    rows = np.flatnonzero(every)
    if not len(rows):
        return set()
    size, count = np.asarray(sizes, dtype=np.int64)[rows], every[rows].astype(np.int64)
    cut = (size > LONG_BYTES) & (size > MOST_BYTES_PER_TOKEN * count)
    if context is not None:
        cut |= count >= context - 1
    most = int(count.max())
    if most >= FEWEST_TOKENS:
        cut |= _at_limit(size, count, most)
    return {int(row) for row in rows[cut]}


Marks = npt.NDArray[np.bool_]


def _at_limit(size: Counts, count: Counts, most: int) -> Marks:
    """Rows with the largest count of all, where that is a limit and not just the longest prompt."""
    top: Marks = count == most
    longest = int(size[top].max())
    none: Marks = np.zeros(len(size), dtype=bool)
    if int(top.sum()) >= SAME_LIMIT and longest > SPREAD * int(size[top].min()):
        return top
    if most % 256 not in (0, 255):
        return none
    others = size[~top]
    if len(others) < FEWEST_OTHERS or longest < int(others.max()):
        return none
    ratios = others / count[~top]
    longer = np.lexsort((ratios, others))[len(others) // 2 :]
    dense = np.sort(ratios[longer])
    usual = dense[int(0.9 * (len(dense) - 1))]
    top &= size / most > DENSER * usual
    return top
