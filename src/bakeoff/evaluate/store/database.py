"""What the ledger asks of a database. SQL is written once, for SQLite and PostgreSQL alike.

Values stand for `?` marks; names that are words of SQL are quoted (`"column"`); where two rows would be the same, it is
`ON CONFLICT DO NOTHING`. Foreign errors come out as StorageError, with the file or host and the fix.
"""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any, Literal, Protocol

from bakeoff.errors import StorageError

Kind = Literal["sqlite", "postgresql"]

IN_ONE = 500
"""Values in one statement. SQLite takes 32,766, PostgreSQL 65,535; small statements are parsed faster."""


class ConnectionLost(StorageError):
    """The server of a database went away; the next use connects anew.

    The transaction that was open is undone; where it was just being committed, nobody knows.
    """


class Database(Protocol):
    """One connection to a database. One thread at a time uses it, but for reads beside a writer."""

    @property
    def kind(self) -> Kind:
        """Which one, for the few places where they differ."""

    @property
    def name(self) -> str:
        """The file or the address without password, for messages."""

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """All rows of a statement, as tuples.

        Raises:
            StorageError: the database refused or is gone.
        """

    def each(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """As `rows`, one after the other, for more rows than memory should hold."""

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        """One statement without rows; outside of a transaction it is durable when this returns."""

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """The same statement for many rows of values; within a transaction."""

    def transaction(self) -> AbstractContextManager[None]:
        """All or nothing; durable when it is left, undone where an exception leaves it.

        SQLite admits one writer at a time from its start on, PostgreSQL from the first `next_seq` on.

        Raises:
            RuntimeError: there is one already.
        """

    def clock(self) -> float:
        """Seconds since 1970 by the clock that all who use this database share."""

    def create(self, sql: str) -> None:
        """A statement that makes or changes a table, with SQLite's names of types."""

    def is_ours(self) -> bool:
        """Whether it holds a ledger; False where it holds nothing yet.

        Raises:
            StorageError: it holds something else.
        """

    def claim(self) -> None:
        """Mark it as ours, within the transaction that makes the tables; others who would do the same wait."""

    def close(self) -> None:
        """Give the connection back."""


def marks(values: Sequence[Any]) -> str:
    """As many `?` as there are values."""
    return ",".join("?" * len(values))


def chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    """So many values as one statement takes."""
    for start in range(0, len(values), IN_ONE):
        yield values[start : start + IN_ONE]
