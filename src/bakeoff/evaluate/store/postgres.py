"""A ledger in PostgreSQL, for workers on several machines. The door of psycopg, which comes with `bakeoff[ray]`."""

import logging
import re
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from itertools import count
from typing import Any, Literal, TypeVar

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.types.numeric import FloatDumper, Int8Dumper
from psycopg.types.string import StrDumperUnknown, TextLoader

from bakeoff.errors import StorageError, UsageError
from bakeoff.evaluate.store.database import ConnectionLost

Found = TypeVar("Found")

# It warns on the terminal of what it cannot tell a connection that is lost; that is told once, as an error.
logging.getLogger("psycopg").setLevel(logging.ERROR)

CONNECT_SECONDS = 10
"""For a connection, where the address does not say otherwise."""

PATIENCE_SECONDS = 30.0
"""A server that was there and is gone is asked again for so long: a restart, or another one that takes its place."""

IDLE_SECONDS = 60
"""A transaction in which nothing happens for so long is undone by the server. Its process was stopped or lost its
machine, and all others wait for the counter that it holds."""

LOCK_SECONDS = 90
"""For what another transaction holds; more than `IDLE_SECONDS`."""

FIRST_LOCK = 0x62616B65
"""`bake`: whoever makes the tables holds this advisory lock."""

AT_ONCE = 5000
"""Rows that are fetched at once where the server keeps them."""

BEGIN = "BEGIN ISOLATION LEVEL READ COMMITTED"

TYPES = {"INTEGER": "BIGINT", "REAL": "DOUBLE PRECISION", "BLOB": "BYTEA", " WITHOUT ROWID": ""}
"""SQLite's names of types to those of PostgreSQL."""

TYPE = re.compile(r"\b(?:INTEGER|REAL|BLOB)\b| WITHOUT ROWID")

ESCAPE = "\ufdd0"
"""A character that no text has (Unicode keeps it for such uses). PostgreSQL takes every character but NUL, and models
write NUL: it is stored as this and a 0, and this itself as this and a 1. Who reads gets what was written."""

ESCAPED = re.compile(f"{ESCAPE}([01]?)")

CONNECTION = {
    "application_name": "bakeoff",
    "connect_timeout": str(CONNECT_SECONDS),
    # A machine that vanished is noticed in a minute, not in two hours.
    "keepalives_idle": "30",
    "keepalives_interval": "10",
    "keepalives_count": "3",
    "tcp_user_timeout": "60000",
}
"""What the address may say otherwise."""

SESSION = f"""SELECT current_setting('server_encoding'),
    set_config('idle_in_transaction_session_timeout', '{IDLE_SECONDS}s', false),
    set_config('lock_timeout', '{LOCK_SECONDS}s', false),
    set_config('synchronous_commit', CASE setting WHEN 'off' THEN 'on' ELSE setting END, false)
    FROM (SELECT current_setting('synchronous_commit') AS setting) AS found"""
"""What the server is asked for whatever its own settings say: an answer that was acknowledged is on its disk."""

PASSWORD = "set PGPASSWORD, or write the password to ~/.pgpass, on every machine that takes part"
ASK = "look whether the server runs and the address is right: pg_isready -d '%s' asks it"

UNCONNECTED = (
    ("password authentication failed", PASSWORD),
    ("no password supplied", PASSWORD),
    ("too many", "raise max_connections of the server, or take fewer workers"),
    ('database "', "make it once: createdb, with the same host and user"),
    ('role "', "correct the user in the address, or make it: createuser, by the server's administrator"),
    ("pg_hba.conf", "let this machine in: a line in the server's pg_hba.conf, then reload it"),
    ("starting up", "wait until the server is up, then run the same command again"),
)
"""What to do, by words of the server where it does not let us in."""

REFUSED = {
    "25006": "the server is a copy that can only be read; name the one that takes writes",
    "42501": "let the user of the address make and change tables in this database, or give it one of its own",
    "53100": "make room on the disk of the server, then run the same command again: every answer so far is kept",
    "55P03": "another program holds the ledger for a long time; try again when it is done",
}
"""What to do, by the SQLSTATE of what the server refused."""


class _Escaping(StrDumperUnknown):
    """Text to PostgreSQL."""

    def dump(self, obj: str) -> Any:
        if "\0" in obj or ESCAPE in obj:
            obj = obj.replace(ESCAPE, ESCAPE + "1").replace("\0", ESCAPE + "0")
        return obj.encode()


class _Unescaping(TextLoader):
    """Text from PostgreSQL. `substr` may have cut between the two characters: then both go."""

    def load(self, data: Any) -> Any:
        text = str(data, "utf-8")
        if ESCAPE in text:
            text = ESCAPED.sub(lambda found: {"0": "\0", "1": ESCAPE, "": ""}[found[1]], text)
        return text


class _Number(FloatDumper):
    """A number to PostgreSQL; one that is not a number is NULL, as in SQLite."""

    def dump(self, obj: Any) -> Any:
        return None if obj != obj else super().dump(obj)


class PostgresDatabase:
    """One connection to a PostgreSQL database.

    Threads that use it at once take turns; a reader waits for the end of a transaction of another thread. A connection
    that is lost is made anew by the next use, which waits for a server that starts again. What was under way is not
    repeated here, but for plain reading.
    """

    kind: Literal["postgresql"] = "postgresql"

    def __init__(self, address: str) -> None:
        """Connect.

        Args:
            address: `postgresql://user@host:port/database`, as libpq reads it, without a password.

        Raises:
            UsageError: it is no such address, or holds a password.
            StorageError: nobody answers there, or does not let us in.
        """
        self.name = address
        self._settings = _settings(address)
        self._lock = threading.RLock()
        self._inside = False
        self._cursors = count(1)
        self._connection: psycopg.Connection[tuple[Any, ...]] | None = self._connect()

    def rows(self, sql: str, values: Sequence[Any] = ()) -> list[Any]:
        """As `Database.rows`."""
        with self._lock:
            try:
                return self._do(lambda connection: connection.execute(_marked(sql), values).fetchall())
            except ConnectionLost:
                if self._inside or not sql.startswith("SELECT"):
                    raise
                return self._do(lambda connection: connection.execute(_marked(sql), values).fetchall())

    def each(self, sql: str, values: Sequence[Any] = ()) -> Iterator[Any]:
        """As `Database.each`; the server keeps the rows until they are asked for."""
        name = f"each_{next(self._cursors)}"

        def declare(connection: psycopg.Connection[Any]) -> psycopg.ServerCursor[Any]:
            return connection.cursor(name, withhold=not self._inside).execute(_marked(sql), values)

        with self._lock:
            cursor = self._do(declare)
        try:
            while rows := self._do(lambda _: cursor.fetchmany(AT_ONCE)):
                yield from rows
        finally:
            with suppress(psycopg.Error), self._lock:
                cursor.close()

    def run(self, sql: str, values: Sequence[Any] = ()) -> None:
        """As `Database.run`."""
        self._do(lambda connection: connection.execute(_marked(sql), values))

    def run_many(self, sql: str, rows: Iterable[Sequence[Any]]) -> None:
        """As `Database.run_many`; the server is not waited for between the rows."""

        def send(connection: psycopg.Connection[Any]) -> None:
            with connection.cursor() as cursor:
                cursor.executemany(_marked(sql), rows)

        self._do(send)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """As `Database.transaction`."""
        with self._lock:
            if self._inside:
                raise RuntimeError("a transaction within a transaction")
            self._begin()
            self._inside = True
            try:
                yield
                # A statement that failed has undone all, also where the error was caught: COMMIT then only says so.
                status = self._do(lambda connection: connection.execute("COMMIT").statusmessage)
                if status != "COMMIT":
                    raise StorageError(f"{self.name}: the transaction was undone ({status})")
            except BaseException:
                if self._connection is not None:
                    with suppress(StorageError):
                        self.run("ROLLBACK")
                raise
            finally:
                self._inside = False

    def clock(self) -> float:
        """As `Database.clock`: the server's."""
        ((found,),) = self.rows("SELECT CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)")
        return float(found)

    def create(self, sql: str) -> None:
        """As `Database.create`."""
        self.run(TYPE.sub(lambda found: TYPES[found[0]], sql))

    def is_ours(self) -> bool:
        """As `Database.is_ours`: by its tables."""
        found = {name for (name,) in self.rows("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")}
        if found and not {"migration", "counter", "call"} <= found:
            raise StorageError(
                f"{self.name} holds tables of another program ({', '.join(sorted(found)[:3])})",
                hint="make a database of its own for the ledger (createdb), and name that one",
            )
        return bool(found)

    def claim(self) -> None:
        """As `Database.claim`."""
        self.rows("SELECT pg_advisory_xact_lock(?)", (FIRST_LOCK,))

    def close(self) -> None:
        """Give the connection back."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()

    def _do(self, work: Callable[[psycopg.Connection[tuple[Any, ...]]], Found]) -> Found:
        """Something on the connection, with its errors as ours."""
        with self._lock:
            if self._connection is None:
                if self._inside:
                    raise ConnectionLost(f"{self.name}: the connection is lost", hint=ASK % self.name)
                self._connection = self._again()
            connection = self._connection
            try:
                return work(connection)
            except psycopg.Error as error:
                said = " ".join(str(error).split())
                if connection.closed:
                    connection.close()
                    self._connection = None
                    raise ConnectionLost(f"{self.name}: {said}", hint=ASK % self.name) from error
                hint = REFUSED.get(error.sqlstate or "", "the log of the server says more")
                raise StorageError(f"{self.name}: {said}", hint=hint) from error

    def _begin(self) -> None:
        """Begin a transaction; on a new connection where the old one was lost meanwhile."""
        try:
            self.run(BEGIN)
        except ConnectionLost:
            self.run(BEGIN)

    def _connect(self) -> psycopg.Connection[tuple[Any, ...]]:
        connection = None
        try:
            connection = psycopg.connect(self._settings, autocommit=True)
            connection.adapters.register_dumper(str, _Escaping)
            connection.adapters.register_dumper(int, Int8Dumper)
            connection.adapters.register_dumper(float, _Number)
            connection.adapters.register_loader("text", _Unescaping)
            [(encoding, *_)] = connection.execute(SESSION).fetchall()
            if encoding != "UTF8":
                raise StorageError(
                    f"{self.name} keeps text as {encoding}, which cannot hold every answer",
                    hint="make the database anew: createdb --encoding=UTF8 --template=template0",
                )
            return connection
        except BaseException as error:
            if connection is not None:
                connection.close()
            if not isinstance(error, psycopg.Error):
                raise
            said = " ".join(str(error).split())
            hint = next((hint for words, hint in UNCONNECTED if words in said), ASK % self.name)
            raise StorageError(f"{self.name}: {said}", hint=hint) from error

    def _again(self) -> psycopg.Connection[tuple[Any, ...]]:
        """A new connection in the place of one that was lost; waits for a server that starts again."""
        until = time.monotonic() + PATIENCE_SECONDS
        for attempt in count():
            try:
                return self._connect()
            except StorageError:
                pause = min(0.05 * 2**attempt, 2.0)
                if time.monotonic() + pause > until:
                    raise
                time.sleep(pause)
        raise AssertionError("not reached")


def _settings(address: str) -> str:
    """The address as libpq takes it, with what we add."""
    try:
        said = conninfo_to_dict(address)
    except psycopg.Error as error:
        # libpq repeats the address, which may hold a password.
        shown = address.partition("?")[0].rpartition("@")[2].removeprefix("postgresql://")
        said_of_it = " ".join(str(error).replace(address, shown).split())
        raise UsageError(
            f"{shown} is not the address of a PostgreSQL database: {said_of_it}",
            hint="it looks like postgresql://user@host:5432/database",
        ) from error
    if "password" in said:
        raise UsageError(
            "the address of the ledger holds a password, which others would see",
            hint=f"take it out of the address and {PASSWORD}",
        )
    known = {name: str(value) for name, value in said.items() if value is not None}
    return make_conninfo(**CONNECTION | known | {"client_encoding": "UTF8"})


@lru_cache(maxsize=1024)
def _marked(sql: str) -> str:
    """With psycopg's marks. No statement of ours has a question mark in a text."""
    return sql.replace("%", "%%").replace("?", "%s")
