"""Prompts that a server cut short without saying so: read from its own token counts, over all rows of a candidate.

Servers such as Ollama drop what does not fit into the context and answer all the same (docs/guides/preflight.md).
Their count of prompt tokens then stops growing while the text grows. Needs no tokenizer.
"""

from collections.abc import Sequence

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


def truncated(sizes: Sequence[int], tokens: Sequence[int | None], context: int | None = None) -> set[int]:
    """Indices of the rows whose prompt did not arrive whole.

    Args:
        sizes: bytes of each prompt's text.
        tokens: prompt tokens by the server's count; None where it gave none.
        context: tokens that a request really has, where that is known.
    """
    known = [(index, size, count) for index, (size, count) in enumerate(zip(sizes, tokens, strict=True)) if count]
    if not known:
        return set()
    found = {index for index, size, count in known if size > LONG_BYTES and size > MOST_BYTES_PER_TOKEN * count}
    if context is not None:
        found |= {index for index, _, count in known if count >= context - 1}
    most = max(count for *_, count in known)
    if most >= FEWEST_TOKENS:
        found |= _at_limit(known, most)
    return found


def _at_limit(known: Sequence[tuple[int, int, int]], most: int) -> set[int]:
    """Rows with the largest count of all, where that is a limit and not just the longest prompt."""
    top = [(index, size) for index, size, count in known if count == most]
    sizes = [size for _, size in top]
    if len(top) >= SAME_LIMIT and max(sizes) > SPREAD * min(sizes):
        return {index for index, _ in top}
    if most % 256 not in (0, 255):
        return set()
    others = sorted((size, size / count) for _, size, count in known if count < most)
    dense = sorted(ratio for _, ratio in others[len(others) // 2 :])
    if len(others) < FEWEST_OTHERS or max(sizes) < others[-1][0]:
        return set()
    usual = dense[int(0.9 * (len(dense) - 1))]
    return {index for index, size in top if size / most > DENSER * usual}
