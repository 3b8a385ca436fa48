"""Which rows the sheet shows, and in which order: filters, find, sort. Made when it is asked for and then kept.

A view that is kept does not move while cells arrive: the reader's place in it stays what it was.
"""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from bakeoff.errors import UsageError
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.tables.build import shown as as_text
from bakeoff.evaluate.tables.packed import PackedRows
from bakeoff.project.sheet.folding import folded
from bakeoff.project.sheet.haystack import Haystack
from bakeoff.project.sheet.index import ANSWERED, FAILED, MISSING

if TYPE_CHECKING:
    from bakeoff.project.sheet.sheet import Sheet

State = Literal["failed", "missing", "answered", "wrong", "right", "corrected", "disagree"]
STATES: tuple[State, ...] = ("failed", "missing", "answered", "wrong", "right", "corrected", "disagree")

RIGHT = 0.5
"""A score from here on is right, for filters."""

KEPT = 8
"""Views of a project that are kept: 4 bytes a row each."""

SORT_KEY = 200
"""Characters of a text by which it is sorted."""

MOST_FIND = 500
"""Characters of a text to find."""

Order = npt.NDArray[np.int32]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Query:
    """What is asked for; nothing at all is every row in file order."""

    sort: str | None = None
    """`COLUMN:asc` or `COLUMN:desc`; COLUMN is one of the data, `answer:NAME`, `score:NAME` or `latency:NAME`."""

    find: str | None = None
    state: State | None = None
    candidate: str | None = None
    """Whose state; None means anyone's."""

    where: tuple[str, ...] = ()
    """`COLUMN:VALUE`, the whole cell; all of them must hold."""

    row: tuple[str, ...] = ()
    """Only rows with these ids."""

    @property
    def plain(self) -> bool:
        """All rows, in file order."""
        return not any(astuple(self)[:3]) and not self.where and not self.row

    def token(self) -> str:
        """Names the view among those that are kept."""
        return hashlib.sha256(repr(astuple(self)).encode("utf-8", "replace")).hexdigest()[:16]


class Views:
    """The views of one sheet."""

    def __init__(self, sheet: "Sheet") -> None:
        """Nothing is made yet."""
        self._sheet = sheet
        self._haystack = Haystack()
        self._kept: OrderedDict[str, Order] = OrderedDict()

    def order(self, query: Query, ledger: Ledger, *, fresh: bool) -> Order | None:
        """The rows of a view, in its order; None for all rows in file order.

        Args:
            query: the view.
            ledger: of the project.
            fresh: look at the cells as they are now, even where the view is kept.

        Raises:
            UsageError: there is no such column, candidate or state.
        """
        if query.plain:
            return None
        token = query.token()
        there = self._kept.get(token)
        if there is None or fresh:
            there = self._make(query, ledger)
            self._kept[token] = there
        self._kept.move_to_end(token)
        while len(self._kept) > KEPT:
            self._kept.popitem(last=False)
        return there

    def _make(self, query: Query, ledger: Ledger) -> Order:
        mask = np.ones(len(self._sheet.row_ids), dtype=bool)
        if query.row:
            wanted = [self._sheet.places[one] for one in query.row if one in self._sheet.places]
            mask[:] = False
            mask[wanted] = True
        for condition in query.where:
            mask &= self._where(condition)
        if query.state is not None:
            mask &= self._state(query.state, self._columns(query.candidate), ledger)
        if query.find is not None and (needle := folded(query.find.replace("\0", "").strip()[:MOST_FIND])):
            mask &= self._find(needle, ledger)
        rows = np.flatnonzero(mask).astype(np.int32)
        return rows if query.sort is None else rows[self._sorted(query.sort, rows, ledger)]

    def _columns(self, candidate: str | None) -> Sequence[int]:
        return range(len(self._sheet.names)) if candidate is None else [self._column(candidate)]

    def _column(self, candidate: str) -> int:
        if candidate not in self._sheet.names:
            raise UsageError(f"no candidate {candidate!r}", hint=f"there are: {', '.join(self._sheet.names)}")
        return self._sheet.names.index(candidate)

    # filters

    def _where(self, condition: str) -> Mask:
        names = [name for name in self._sheet.table.columns if condition.startswith(f"{name}:")]
        if not names:
            raise UsageError(
                f"no column of the data stands before the colon in {condition[:100]!r}", hint="where=COLUMN:VALUE"
            )
        name = max(names, key=len)
        value = condition[len(name) + 1 :].strip()
        values = column_values(self._sheet.table.rows, name)
        return np.fromiter(
            (as_text(one).strip() == value for one in values), dtype=bool, count=len(self._sheet.row_ids)
        )

    def _state(self, state: State, columns: Sequence[int], ledger: Ledger) -> Mask:
        n = len(self._sheet.row_ids)
        found = np.zeros(n, dtype=bool)
        if state == "disagree":
            return self._disagree(columns, ledger)
        wanted = {"missing": MISSING, "failed": FAILED, "answered": ANSWERED}.get(state)
        for column in columns:
            if state == "corrected":
                found[self._sheet.corrected_rows(column)] = True
            elif wanted is not None:
                states = self._sheet.calls.state[self._sheet.calls.part(column)]
                found |= states == wanted if len(states) else np.full(n, wanted == MISSING)
            else:
                scores = self._sheet.scores.column(column, ledger)
                found |= scores >= RIGHT if state == "right" else scores < RIGHT
        return found

    def _disagree(self, columns: Sequence[int], ledger: Ledger) -> Mask:
        """Rows that some candidate has right and another wrong; of one candidate: right or wrong against another."""
        right = np.zeros(len(self._sheet.row_ids), dtype=bool)
        wrong = right.copy()
        for column in range(len(self._sheet.names)):
            scores = self._sheet.scores.column(column, ledger)
            right |= scores >= RIGHT
            wrong |= scores < RIGHT
        both = right & wrong
        if len(columns) == 1:
            both &= ~np.isnan(self._sheet.scores.column(columns[0], ledger))
        return both

    def _find(self, needle: str, ledger: Ledger) -> Mask:
        n = len(self._sheet.row_ids)
        rows = self._sheet.table.rows
        found = self._haystack.search(-1, n, needle, lambda start, stop: row_texts(rows, start, stop), lambda *_: 0)
        calls = self._sheet.calls
        for column in range(len(self._sheet.names)):
            seqs, states = calls.seq[calls.part(column)], calls.state[calls.part(column)]
            if len(seqs):
                there = np.where(states == ANSWERED, seqs, 0)
                found |= self._haystack.search(
                    column,
                    n,
                    needle,
                    lambda start, stop, there=there: answer_texts(there[start:stop], ledger),  # type: ignore[misc]
                    lambda start, stop, there=there: int(there[start:stop].sum()),  # type: ignore[misc]
                )
        return found

    # order

    def _sorted(self, sort: str, rows: Order, ledger: Ledger) -> Order:
        """Places in `rows`, sorted; what has no value comes last, equals stay in file order."""
        name, _, way = sort.rpartition(":")
        if way not in ("asc", "desc"):
            raise UsageError(f"{sort[:100]!r} has no direction", hint="sort=COLUMN:asc or sort=COLUMN:desc")
        keys: Any = self._keys(name, rows, ledger)
        if isinstance(keys, np.ndarray):
            without = np.isnan(keys)
            values = np.where(without, np.inf, keys if way == "asc" else -keys)
            return np.lexsort((np.arange(len(rows)), values, without)).astype(np.int32)
        there = [place for place, key in enumerate(keys) if key]
        order = sorted(there, key=keys.__getitem__, reverse=way == "desc")
        return np.array(order + [place for place, key in enumerate(keys) if not key], dtype=np.int32)

    def _keys(self, name: str, rows: Order, ledger: Ledger) -> "npt.NDArray[np.float64] | list[tuple[str, str] | None]":
        sheet = self._sheet
        if name in sheet.table.columns:
            values = list(column_values(sheet.table.rows, name))
            kind = sheet.kinds[name]
            if kind in ("number", "boolean"):
                return np.array([number(values[row]) for row in rows], dtype=np.float64)
            return [text_key(as_text(values[row])) for row in rows]
        what, _, candidate = name.partition(":")
        if what not in ("answer", "score", "latency") or not candidate:
            raise UsageError(
                f"nothing to sort by is called {name[:100]!r}",
                hint="a column of the data, or answer:NAME, score:NAME, latency:NAME",
            )
        column = self._column(candidate)
        part = sheet.calls.part(column)
        if what == "score":
            return sheet.scores.column(column, ledger)[rows].astype(np.float64)
        if part.start == part.stop:
            return np.full(len(rows), np.nan)
        if what == "latency":
            return sheet.calls.latency_ms[part][rows]
        there = np.where(sheet.calls.state[part] == ANSWERED, sheet.calls.seq[part], 0)[rows]
        return [text_key(text) for text in answer_texts(there, ledger, SORT_KEY)]


def text_key(text: str) -> tuple[str, str] | None:
    """By which a text is sorted: without its marks, then with them; None for an empty one."""
    head = text.strip()[:SORT_KEY]
    return (folded(head), head) if head else None


def number(value: Any) -> float:
    """A cell as a number; NaN where it is none."""
    if isinstance(value, int | float):
        try:
            return float(value)
        except OverflowError:
            return float("inf") if value > 0 else float("-inf")
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")


def column_values(rows: Sequence[Any], name: str) -> Iterator[Any]:
    """The cells of one column, in file order."""
    return rows.column(name) if isinstance(rows, PackedRows) else (row.values[name] for row in rows)


def row_texts(rows: Sequence[Any], start: int, stop: int) -> list[str]:
    """All cells of each row, with a line end between two."""
    if isinstance(rows, PackedRows):
        return [rows.text(index).replace("\0", "\n") for index in range(start, stop)]
    return ["\n".join(map(as_text, row.values.values())) for row in rows[start:stop]]


def answer_texts(seqs: "npt.NDArray[np.int64]", ledger: Ledger, longest: int = 100_000) -> list[str]:
    """The answers that stand at these places of the ledger; empty for 0."""
    wanted = np.unique(seqs[seqs > 0]).tolist()
    texts = ledger.texts(wanted, longest)
    return [texts.get(int(seq)) or "" for seq in seqs]
