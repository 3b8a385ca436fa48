"""What a run has to do: which calls are owed, in which order, of whom. Asks no model."""

from array import array
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, overload

from bakeoff.errors import UsageError
from bakeoff.evaluate.caps import PricePerToken
from bakeoff.evaluate.digests import Digests, first_of_each
from bakeoff.evaluate.order import Order
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Table
from bakeoff.project.routes import Resolved

AT_ONCE = 5000
"""Addresses that are looked up in one go."""

Place = tuple[int, int]
"""(repetition, index into the table)."""


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How one run is to go. None leaves it to the project file."""

    only: tuple[str, ...] = ()
    """Names of candidates; empty takes all."""

    rows: str | tuple[str, ...] | None = None
    """How many rows, the first of the shuffled order; or ids, with commas between and a comma at the end of one. A
    tuple is ids as they are."""

    retry_failed: bool = False
    """Only calls that were made and failed."""

    repeats: int | None = None
    seed: int | None = None
    max_minutes: float | None = None
    max_cost_usd: Decimal | None = None
    together: bool | None = None
    race: bool = False
    """Drop candidates that are shown to be worse than another, while the run goes on."""

    def told(self) -> dict[str, Any]:
        """As plain JSON, for whoever watches the run and may go on with it: what is not as usual."""
        rows: Any = self.rows
        if isinstance(rows, str):
            rows = int(rows) if rows.strip().isdigit() else [part.strip() for part in rows.split(",") if part.strip()]
        found = {
            "only": list(self.only) or None,
            "rows": list(rows) if isinstance(rows, tuple) else rows,
            "retry_failed": self.retry_failed or None,
            "repeats": self.repeats,
            "max_minutes": self.max_minutes,
            "max_cost_usd": None if self.max_cost_usd is None else str(self.max_cost_usd),
            "race": self.race or None,
        }
        return {name: value for name, value in found.items() if value is not None}


class Places(Sequence[Place]):
    """Calls as one whole number each: a million of them take eight megabytes."""

    __slots__ = ("_codes", "_n_rows")

    def __init__(self, codes: Order, n_rows: int) -> None:
        """Pack.

        Args:
            codes: repetition x n_rows + index of the row.
            n_rows: of the table.
        """
        self._codes = array("q", codes.astype("int64").tobytes())
        self._n_rows = n_rows

    def __len__(self) -> int:
        return len(self._codes)

    @overload
    def __getitem__(self, index: int) -> Place: ...
    @overload
    def __getitem__(self, index: slice) -> list[Place]: ...
    def __getitem__(self, index: int | slice) -> Place | list[Place]:
        """One place, or a list of some."""
        if isinstance(index, slice):
            return [divmod(code, self._n_rows) for code in self._codes[index]]
        return divmod(self._codes[index], self._n_rows)

    def __iter__(self) -> Iterator[Place]:
        return (divmod(code, self._n_rows) for code in self._codes)


@dataclass(frozen=True, slots=True)
class Job:
    """One candidate and the calls that it still owes."""

    resolved: Resolved
    calls: Sequence[Place]
    """Of each, each different call once."""

    tried: Mapping[Place, int] = field(default_factory=dict)
    """Attempts of earlier runs, where there were any; all failed."""

    kept: int = 0
    """Calls that have an answer already."""

    price: PricePerToken | None = None

    @property
    def name(self) -> str:
        """Of the candidate."""
        return self.resolved.route.candidate.name


def missing(
    resolved: Resolved,
    digests: Sequence[Digests],
    ledger: Ledger,
    *,
    order: Order | None = None,
    retry_failed: bool = False,
    price: PricePerToken | None = None,
) -> Job:
    """What a candidate still owes. Rows with equal requests owe one call together.

    Args:
        resolved: the candidate.
        digests: for each repetition, the address of each row's call.
        ledger: what is there already.
        order: the rows that are asked, in order; None takes all, in table order.
        retry_failed: only calls that were made and failed.
        price: of the candidate.
    """
    n_rows = len(digests[0])
    calls, addresses = _calls(digests, order)
    there = ledger.has_answers(addresses)
    owed = [i for i, answered in enumerate(there) if not answered]
    tried: dict[Place, int] = {}
    for start in range(0, len(owed), AT_ONCE):
        part = {addresses[i]: i for i in owed[start : start + AT_ONCE]}
        for address, failure in ledger.failures(list(part)).items():
            tried[divmod(int(calls[part[address]]), n_rows)] = failure.attempt
    if retry_failed:
        owed = [i for i in owed if divmod(int(calls[i]), n_rows) in tried]
    kept = len(there) - there.count(0)
    return Job(resolved, Places(calls[owed], n_rows), tried, kept=kept, price=price)


def _calls(digests: Sequence[Digests], order: Order | None) -> tuple[Order, Digests]:
    """Every different call and its address: row after row in order, the repetitions of a row one after the other."""
    import numpy as np

    n_rows = len(digests[0])
    rows = np.arange(n_rows, dtype=np.int64) if order is None else order
    codes = (rows[:, None] + n_rows * np.arange(len(digests), dtype=np.int64)[None, :]).reshape(-1)
    listed = Digests.joined(digests).taken(codes)
    first = first_of_each([listed])
    return codes[first], listed.taken(first)


def chosen_rows(text: str | tuple[str, ...] | None, order: Order, table: Table) -> Order:
    """The part of the order that `--rows` asks for.

    Raises:
        UsageError: no such rows.
    """
    import numpy as np

    wanted = wanted_rows(text)
    if wanted is None:
        return order
    if isinstance(wanted, int):
        return order[:wanted]
    index = {row.id: i for i, row in enumerate(table.rows) if row.id in wanted}
    check_ids(wanted, index)
    return order[np.isin(order, sorted(index.values()))]


def wanted_rows(text: str | tuple[str, ...] | None) -> int | frozenset[str] | None:
    """What `--rows` asks for: so many rows, those with these ids, or all (None).

    Raises:
        UsageError: it asks for nothing.
    """
    if text is None:
        return None
    if isinstance(text, str) and text.strip().isdigit():
        count = int(text)
        if count == 0:
            raise UsageError("--rows 0 asks nothing", hint="write how many rows, or ids with commas: --rows 50")
        return count
    named = (part.strip() for part in text.split(",") if part.strip()) if isinstance(text, str) else text
    wanted = frozenset(named)
    if not wanted:
        raise _no_row(text)
    return wanted


def check_ids(wanted: Collection[str], found: Collection[str]) -> None:
    """See whether all rows that were named are there.

    Raises:
        UsageError: one is not.
    """
    unknown = sorted(set(wanted).difference(found))
    if unknown:
        raise _no_row(unknown[0])


def _no_row(text: object) -> UsageError:
    return UsageError(
        f"there is no row {text!r}",
        hint="write how many rows (--rows 50), or ids with commas (--rows a17,b3); `bakeoff show --rows` lists ids",
    )


def chosen_names(only: Collection[str], names: Sequence[str], columns: Sequence[str]) -> frozenset[str]:
    """The columns that `--only` asks for: by the name of the column, or of the candidate behind several.

    Args:
        only: what was asked for; empty asks for all.
        names: of each column's candidate.
        columns: of each column.

    Raises:
        UsageError: there is no such candidate.
    """
    from difflib import get_close_matches

    found = {column for name, column in zip(names, columns, strict=True) if not only or name in only or column in only}
    for wanted in only:
        if wanted not in names and wanted not in columns:
            near = get_close_matches(wanted, [*names, *columns], n=1, cutoff=0.4)
            listed = ", ".join(dict.fromkeys(columns))
            raise UsageError(
                f"there is no candidate {wanted!r}",
                hint=f"did you mean {near[0]!r}? There are: {listed}" if near else f"there are: {listed}",
            )
    return frozenset(found)
