"""A ledger in a SQLite file: the project's own `bakeoff.db`. WAL and synchronous=FULL."""

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Literal

from bakeoff.errors import StorageError

APPLICATION_ID = 0x62616B65
"""`bake` in ASCII: tells our files from other SQLite files."""

WAIT_SECONDS = 30
"""For another process that writes."""


class SqliteDatabase:
    """One connection to a SQLite file; what was acknowledged survives `kill -9` and power loss."""

    kind: Literal["sqlite"] = "sqlite"

    def __init__(self, path: Path) -> None:
        """Open or create the file.

        Raises:
            StorageError: it cannot be opened, or is no SQLite file.
        """
        self.path = path
        try:
            self._connection = sqlite3.connect(
                path, timeout=WAIT_SECONDS, check_same_thread=False, isolation_level=None
            )
        except sqlite3.DatabaseError as error:
            raise self._storage_error(error) from error
        try:
            self.run("PRAGMA journal_mode = WAL")
            self.run("PRAGMA synchronous = FULL")
        except BaseException:
            self._connection.close()
            raise

    @property
    def name(self) -> str:
        """The file."""
        return str(self.path)

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """As `Database.rows`."""
        try:
            with closing(self._connection.cursor()) as cursor:
                return cursor.execute(sql, values).fetchall()
        except sqlite3.DatabaseError as error:
            raise self._storage_error(error) from error

    def each(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """As `Database.each`."""
        try:
            with closing(self._connection.cursor()) as cursor:
                yield from cursor.execute(sql, values)
        except sqlite3.DatabaseError as error:
            raise self._storage_error(error) from error

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        """As `Database.run`."""
        try:
            self._connection.execute(sql, values)
        except sqlite3.DatabaseError as error:
            raise self._storage_error(error) from error

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """As `Database.run_many`."""
        try:
            self._connection.executemany(sql, rows)
        except sqlite3.DatabaseError as error:
            raise self._storage_error(error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As `Database.transaction`."""
        if self._connection.in_transaction:
            raise RuntimeError("a transaction within a transaction")
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        except BaseException:
            # A full disk may have ended the transaction already.
            if self._connection.in_transaction:
                self.run("ROLLBACK")
            raise

    def clock(self) -> float:
        """As `Database.clock`: this machine's."""
        return time.time()

    def create(self, sql: str) -> None:
        """As `Database.create`."""
        self.run(sql)

    def is_ours(self) -> bool:
        """As `Database.is_ours`."""
        ((found,),) = self.rows("PRAGMA application_id")
        ((tables,),) = self.rows("SELECT count(*) FROM sqlite_master")
        if tables and found != APPLICATION_ID:
            raise StorageError(f"{self.path} is a SQLite file of another program", hint="choose another project folder")
        return bool(found == APPLICATION_ID)

    def claim(self) -> None:
        """As `Database.claim`."""
        self.run(f"PRAGMA application_id = {APPLICATION_ID}")

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        self._connection.close()

    def _storage_error(self, error: sqlite3.DatabaseError) -> StorageError:
        text = str(error)
        hint = "the project folder must be on a local, writable disk"
        if "full" in text:
            hint = "make room on the disk, then run the same command again: every answer so far is kept"
        elif "not a database" in text or "malformed" in text:
            hint = f"move {self.path.name} away to start with an empty ledger, or restore it from a backup"
        elif "locked" in text:
            hint = "another program writes to the ledger for a long time; try again when it is done"
        return StorageError(f"{self.path}: {text}", hint=hint)
