"""Which database an address means."""

from pathlib import Path

from bakeoff.errors import UsageError
from bakeoff.evaluate.store.database import Database
from bakeoff.evaluate.store.sqlite import SqliteDatabase

SCHEMES = ("postgresql://", "postgres://")


def is_address(where: Path | str) -> bool:
    """Whether this names a database in PostgreSQL, and not a file."""
    return isinstance(where, str) and where.startswith(SCHEMES)


def open_database(where: Path | str) -> Database:
    """A connection to the SQLite file, or to the PostgreSQL database, of this name.

    Raises:
        UsageError: psycopg is missing, or the address is wrong or holds a password.
        StorageError: it cannot be opened.
    """
    if not is_address(where):
        return SqliteDatabase(Path(where))
    try:
        from bakeoff.evaluate.store.postgres import PostgresDatabase
    except ImportError as error:
        raise UsageError(
            f"a ledger in PostgreSQL needs psycopg, which cannot be imported: {error}",
            hint='pip install "bakeoff[ray]"',
        ) from error
    return PostgresDatabase(str(where))
