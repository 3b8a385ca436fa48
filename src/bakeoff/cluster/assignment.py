"""What every worker of a run is told. Values only, so that they can be sent to another machine; no key is in them."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.graders import Grader
from bakeoff.evaluate.request import json_digest
from bakeoff.evaluate.run import Route
from bakeoff.evaluate.types import Prompt
from bakeoff.project.routes import Resolved
from bakeoff.values import to_json

LEASE_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Grading:
    """How workers grade what they have asked."""

    graders: tuple[Grader, ...]
    """Settled: a label grader has its labels (`Grader.with_labels`), which take all rows to know."""

    prompt: Prompt
    """The project's, by which rows are shown."""

    data: str
    """Digest of the table, under which grades of slow graders are kept."""

    identity: str
    """Under which scores are kept, as `evaluate.columns.task` makes it."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """One run, as its workers see it. Can be pickled."""

    work: str
    """Digest of what is to be done (`work_of`): the same work after an interruption goes on where it was."""

    run: int
    """Number of the run in the shared ledger."""

    ledger: Path | str
    """Where the shared ledger is, as `open_ledger` takes it: a path, or `postgresql://...` without a password."""

    columns: tuple[Resolved, ...]
    """Who is asked; a column is named by its place here. A model file's path is that of the machine at hand: whoever
    makes a `Worker` on another one hands in an assignment with the paths there (`dataclasses.replace`)."""

    repeats: int
    folder: Path
    """Of the project on the worker's machine: pictures are read from it, logs of engines go to its `.bakeoff`."""

    grading: Grading | None = None
    """None grades nothing."""

    max_usd: Decimal | None = None
    """Most money of the run, over all workers."""

    deadline: float | None = None
    """After which no request is sent, in seconds since 1970 by the clock of the ledger's database
    (`Database.clock()`)."""

    n_workers: int = 1
    """About how many workers there will be; decides only how large a piece of the budget each takes at once."""

    prices: tuple[PricePerToken | None, ...] = ()
    """Of each column; empty where none is known."""

    retry_failed: bool = False
    """Only calls that were made and failed are asked, and rows that workers died of."""

    lease_seconds: float = LEASE_SECONDS
    """How long a worker that says nothing keeps what it holds."""

    def name(self, column: int) -> str:
        """Of a column's candidate."""
        return self.columns[column].route.candidate.name

    def price(self, column: int) -> PricePerToken | None:
        """Of a column, where it is known."""
        return self.prices[column] if self.prices else None


def work_of(data: str, columns: Sequence[Resolved], *, repeats: int, chosen: str) -> str:
    """What makes a work the same: data, what is asked of whom, how often, and which rows in which order.

    Args:
        data: digest of the table.
        columns: who is asked.
        repeats: answers to each row.
        chosen: says which rows are taken and in which order; the same text for the same rows.
    """
    return json_digest([data, [_identity(resolved.route) for resolved in columns], repeats, chosen])[:32]


def _identity(route: Route) -> list[object]:
    return [route.candidate.name, route.endpoint, route.api, route.model, to_json(route.prompt), dict(route.parameters)]
