"""Moving the oldest calls of a very large ledger out of the database, into parts beside it.

A part is written whole and brought to the disk under another name. Then, in one short transaction, it gets its name and
is noted in the table `part`: a crash before that leaves a file that nobody knows and that the next fold removes, and
every call where it was. From then on nobody looks into the database for calls up to the part's last `seq`; they are
deleted some at a time, so that no writer waits long, by the next fold where this one is killed. An answer that a part
has is not taken in again.
"""

import os
import re
import threading
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from bakeoff.errors import StorageError
from bakeoff.evaluate.store.database import Database, chunks, marks
from bakeoff.evaluate.store.parts import CALL, COLUMNS, MOST_SEQ, UNWRITABLE, Part, Parts, parts_folder, write_part
from bakeoff.evaluate.store.sqlite import SqliteDatabase
from bakeoff.processes import is_alive
from bakeoff.whole_file import put_in_place

T = TypeVar("T")

FOLD_ABOVE = 500_000
"""Calls in the database; with more, the oldest are moved."""

PART_CALLS = 250_000
"""Calls of a part."""

DELETED_AT_ONCE = 2_000
"""Calls in one transaction, for which other writers wait."""

_ONE_IN_THIS_PROCESS = threading.Lock()

_DRAFT = re.compile(r"draft-(\d+)\.(?:parquet|duckdb|duckdb\.wal)")
_PART = re.compile(r"part-\d+-\d+\.parquet")


class Folded:
    """Of `Ledger`: what is asked of calls is asked of the database and of the parts."""

    database: Database

    @cached_property
    def parts(self) -> Parts:
        """What reads them; they are beside the database."""
        return Parts(parts_folder(Path(self.database.name)))

    def noted_parts(self) -> tuple[Part, ...]:
        """The parts that count now."""
        return noted_parts(self.database)

    def settled(self, ask: Callable[[tuple[Part, ...]], T]) -> T:
        """What `ask` finds in the database and these parts, asked again where calls were moved meanwhile."""
        parts = self.noted_parts()
        while True:
            found, before = ask(parts), parts
            parts = self.noted_parts()
            if parts == before:
                return found

    def of_calls(self, select: str, state: str, digests: Sequence[str]) -> list[list[Any]]:
        """The rows that `SELECT select FROM call` gives of these calls in this state, in lists.

        Each list comes from a few hundred calls, or from one part: an aggregate is over one list.
        """

        def ask(parts: tuple[Part, ...]) -> list[list[Any]]:
            found = [
                self.database.rows(
                    f"SELECT {select} FROM call WHERE state = '{state}' AND digest IN ({marks(chunk)}) AND seq > ?",
                    (*chunk, last_of(parts)),
                )
                for chunk in chunks(digests)
            ]
            found += self.parts.of_calls(parts, select, state, digests)
            return found

        return self.settled(ask)

    def not_folded(self, rows: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Those rows of the table `call` whose answers no part has; within the transaction that adds them."""
        parts = self.noted_parts()
        if not parts:
            return list(rows)
        there = self.parts.answered(parts, [row[1] for row in rows if row[9] == "answered"])
        return [row for row in rows if row[9] != "answered" or row[1] not in there]

    def answers_of(self, endpoints: Sequence[str], after: int, limit: int) -> list[Any]:
        """Rows of the table `call`: answers of these endpoints after a `seq`, in order, `limit` of them."""
        where = f"state = 'answered' AND endpoint IN ({marks(endpoints)})"

        def ask(parts: tuple[Part, ...]) -> list[Any]:
            found = self.parts.of_range(parts, ", ".join(CALL), after + 1, MOST_SEQ, limit, where, endpoints)
            found += self.database.rows(
                f"SELECT * FROM call WHERE seq > ? AND {where} ORDER BY seq LIMIT ?",
                (max(after, last_of(parts)), *endpoints, limit),
            )
            return found[:limit]

        return self.settled(ask)

    def fold(self, *, above: int | None = None, part_calls: int | None = None) -> int:
        """Move the oldest calls of a very large ledger into files beside it; as `folding.fold`."""
        return fold(self.database, above=above, part_calls=part_calls)


def noted_parts(database: Database) -> tuple[Part, ...]:
    """The parts that count, in order of `seq`."""
    if database.kind != "sqlite":
        return ()
    return tuple(Part(*row) for row in database.rows("SELECT first, last, calls FROM part ORDER BY first"))


def last_of(parts: Sequence[Part]) -> int:
    """The `seq` up to which calls are in parts, and not looked for in the database; 0 without any."""
    return parts[-1].last if parts else 0


def fold(database: Database, *, above: int | None = None, part_calls: int | None = None) -> int:
    """Move the oldest calls into parts until no more than `above` are left in the database.

    Nothing is done in PostgreSQL, nor where an address is no SHA-256. Others may read and write meanwhile, and fold as
    well.

    Args:
        database: the ledger's.
        above: how many calls stay; None: `FOLD_ABOVE`.
        part_calls: how many calls a part takes; None: `PART_CALLS`.

    Returns:
        How many calls were moved.

    Raises:
        StorageError: the disk has no room, or refuses; nothing is lost then.
    """
    above, part_calls = FOLD_ABOVE if above is None else above, PART_CALLS if part_calls is None else part_calls
    if not isinstance(database, SqliteDatabase) or not _may_have(database, above):
        return 0
    folder = parts_folder(database.path)
    moved = 0
    with _ONE_IN_THIS_PROCESS:
        _delete_moved(database)
        while (found := _next_range(database, above, part_calls)) is not None:
            if not moved:
                _make(folder)
                _remove_leftovers(database, folder)
            calls = _move(database, folder, *found)
            if calls is None:
                break
            moved += calls
            _delete_moved(database)
    return moved


def _may_have(database: Database, above: int) -> bool:
    """Whether there can be more than so many calls: by their first and last `seq`, without counting."""
    ((first, last),) = database.rows("SELECT (SELECT min(seq) FROM call), (SELECT max(seq) FROM call)")
    return first is not None and last - first >= above


def _next_range(database: Database, above: int, part_calls: int) -> tuple[int, int] | None:
    """(`seq` after which, `seq` up to which) calls are to be moved; None where there are none."""
    ((after,),) = database.rows("SELECT coalesce(max(last), 0) FROM part")
    ((there,),) = database.rows("SELECT count(*) FROM call WHERE seq > ?", (after,))
    if there <= above:
        return None
    ((last,),) = database.rows(
        "SELECT max(seq) FROM (SELECT seq FROM call WHERE seq > ? ORDER BY seq LIMIT ?)", (after, part_calls)
    )
    ((others,),) = database.rows(
        "SELECT count(*) FROM call WHERE seq > ? AND seq <= ? AND (length(digest) <> 64 OR digest GLOB '*[^0-9a-f]*')",
        (after, last),
    )
    return None if others else (after, last)


def _move(database: Database, folder: Path, after: int, last: int) -> int | None:
    """How many calls were moved; None where another process is at it."""
    draft = folder / f"draft-{os.getpid()}.parquet"
    try:
        calls = write_part(folder, draft, _rows(database, after, last))
        return _note(database, folder, draft, Part(after + 1, last, calls))
    finally:
        draft.unlink(missing_ok=True)


def _rows(database: Database, after: int, last: int) -> Iterator[Sequence[Any]]:
    """The calls of a range with their requests, by candidate."""
    columns = ", ".join(f"call.{name}" for name in COLUMNS if name not in ("path", "body"))
    there = database.rows("SELECT DISTINCT candidate FROM call WHERE seq > ? AND seq <= ?", (after, last))
    for (candidate,) in sorted(there):
        yield from database.each(
            f"SELECT call.digest, {columns}, request.path, request.body"
            " FROM call LEFT JOIN request ON request.digest = call.digest"
            " WHERE call.seq > ? AND call.seq <= ? AND candidate = ? ORDER BY call.seq",
            (after, last, candidate),
        )


def _note(database: Database, folder: Path, draft: Path, part: Part) -> int | None:
    """Put the file into its place and note it; None where another process was first."""
    span = (part.first, part.last)
    with database.transaction():
        ((others,),) = database.rows("SELECT count(*) FROM part WHERE last >= ? AND first <= ?", span)
        ((calls,),) = database.rows("SELECT count(*) FROM call WHERE seq BETWEEN ? AND ?", span)
        if others or calls != part.calls:
            return None
        _put(draft, folder / part.file_name)
        database.run("INSERT INTO part VALUES (?, ?, ?)", (part.first, part.last, part.calls))
    return part.calls


def _delete_moved(database: Database) -> None:
    """Delete what the parts hold, with its requests."""
    last = last_of(noted_parts(database))
    while True:
        with database.transaction():
            rows = database.rows(
                "SELECT seq, digest FROM call WHERE seq <= ? ORDER BY seq LIMIT ?", (last, DELETED_AT_ONCE)
            )
            for some in chunks([digest for _, digest in rows]):
                database.run(f"DELETE FROM request WHERE digest IN ({marks(some)})", some)
            if rows:
                database.run("DELETE FROM call WHERE seq <= ?", (rows[-1][0],))
        if len(rows) < DELETED_AT_ONCE:
            return


def _put(draft: Path, target: Path) -> None:
    """Rename durably; a file of this name that nobody noted is replaced."""
    try:
        put_in_place(draft, target)
    except OSError as error:
        raise _refused(target, error) from None


def _make(folder: Path) -> None:
    try:
        folder.mkdir(exist_ok=True)
    except OSError as error:
        raise _refused(folder, error) from None


def _remove_leftovers(database: Database, folder: Path) -> None:
    """Files of folds that were killed. In a transaction: no other fold is between its file and its note."""
    with database.transaction():
        known = {part.file_name for part in noted_parts(database)}
        try:
            for path in list(folder.iterdir()):
                draft = _DRAFT.fullmatch(path.name)
                if draft is not None and (int(draft[1]) == os.getpid() or not is_alive(int(draft[1]))):
                    path.unlink(missing_ok=True)
                if _PART.fullmatch(path.name) and path.name not in known:
                    path.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(folder, error) from None


def _refused(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path}: {error.strerror or error}", hint=UNWRITABLE)
