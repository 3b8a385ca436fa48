"""Whether a run on a cluster has anything to ask: joining a cluster only to hear that all is answered takes seconds."""

from collections.abc import Iterable, Sequence
from itertools import islice

from bakeoff.evaluate.addressing import blocks
from bakeoff.evaluate.run import Route
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Row

FIRST_LOOK, LOOK = 200, 10_000
"""Rows that are looked up together: few at first, since after a change of the prompt the first one says no; then many,
because each look goes through all parts of the ledger."""


def all_answered(routes: Sequence[Route], rows: Iterable[Row], *, count: int, repeats: int, ledger: Ledger) -> bool:
    """Whether every call has its answer in a ledger. Memory does not grow with the rows.

    Looks at rows only where every candidate has as many answers as calls, and stops at the first that is missing. So it
    may say no where all is answered: when rows with equal requests share an answer.

    Args:
        routes: of the columns that are asked.
        rows: in the order of asking; taken one after the other.
        count: of the rows.
        repeats: answers to each row.
        ledger: the project's own.

    Raises:
        ProjectError: a template fails for a row.
        StorageError: the ledger refused.
    """
    if any(ledger.count_answers(route.candidate.name) < count * repeats for route in routes):
        return False
    source, size = iter(rows), FIRST_LOOK
    while some := list(islice(source, size)):
        size = LOOK
        for route in routes:
            for repeat in range(repeats):
                addressing = route.addressing(repeat=repeat)
                for block in blocks(some):
                    addressing.take(block)
                digests = set(addressing.digests())
                if len(ledger.answered(list(digests))) < len(digests):
                    return False
    return True
