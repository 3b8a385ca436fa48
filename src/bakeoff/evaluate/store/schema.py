"""The tables, made step by step. The same steps make them in SQLite and in PostgreSQL."""

from collections.abc import Callable
from uuid import uuid4

from bakeoff.errors import StorageError
from bakeoff.evaluate.store.database import Database
from bakeoff.evaluate.stored import now

Migration = Callable[[Database], None]
MIGRATIONS: list[Migration] = []


def migration(step: Migration) -> Migration:
    """Register a named step; steps run once, in the order of this file, and are never edited afterwards."""
    MIGRATIONS.append(step)
    return step


@migration
def m001_calls(database: Database) -> None:
    """Runs, requests by digest, calls, engine starts, scores, and the counter behind `seq`."""
    postgres = database.kind == "postgresql"
    for statement in (
        "CREATE TABLE counter (seq INTEGER NOT NULL)",
        "INSERT INTO counter VALUES (0)",
        """CREATE TABLE run (
            seq INTEGER PRIMARY KEY, started_at TEXT NOT NULL, manifest TEXT NOT NULL)""",
        """CREATE TABLE run_end (
            seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, ended_at TEXT NOT NULL, state TEXT NOT NULL)""",
        """CREATE TABLE request (digest TEXT PRIMARY KEY, path TEXT NOT NULL, body BLOB NOT NULL) WITHOUT ROWID""",
        """CREATE TABLE call (
            seq INTEGER PRIMARY KEY, digest TEXT NOT NULL, run INTEGER NOT NULL, candidate TEXT NOT NULL,
            row_id TEXT NOT NULL, repeat INTEGER NOT NULL, endpoint TEXT NOT NULL, attempt INTEGER NOT NULL,
            started_at TEXT NOT NULL, state TEXT NOT NULL CHECK (state IN ('answered', 'failed')),
            text TEXT, thinking TEXT, finish_reason TEXT, time_to_first_token_ms REAL, latency_ms REAL,
            prompt_tokens INTEGER, output_tokens INTEGER, timings TEXT, served_model TEXT, headers TEXT,
            error_code TEXT, error TEXT)""",
        "CREATE UNIQUE INDEX call_answered ON call (digest) WHERE state = 'answered'",
        "CREATE INDEX call_failed ON call (digest) WHERE state = 'failed'",
        """CREATE TABLE engine (
            seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, candidate TEXT NOT NULL, endpoint TEXT NOT NULL,
            started_at TEXT NOT NULL, facts TEXT NOT NULL)""",
        "CREATE INDEX engine_endpoint ON engine (endpoint)",
        """CREATE TABLE score (
            seq INTEGER PRIMARY KEY, grading TEXT NOT NULL, row_id TEXT NOT NULL, call_digest TEXT NOT NULL,
            value REAL, label TEXT, author TEXT NOT NULL, scored_at TEXT NOT NULL)""",
        # PostgreSQL has no index entry of more than 2,704 bytes, and nobody limits an id.
        f"CREATE INDEX score_grading ON score (grading, call_digest{'' if postgres else ', row_id'})",
    ):
        database.create(statement)


@migration
def m002_labels(database: Database) -> None:
    """What people said of answers. Only ever added to."""
    database.create(
        """CREATE TABLE label (
            seq INTEGER PRIMARY KEY, at TEXT NOT NULL, author TEXT NOT NULL, kind TEXT NOT NULL, row_id TEXT NOT NULL,
            "left" TEXT NOT NULL, "right" TEXT, left_answer TEXT NOT NULL, right_answer TEXT, said TEXT NOT NULL,
            drawn TEXT NOT NULL, probability REAL, seconds REAL)"""
    )


@migration
def m003_drop(database: Database) -> None:
    """Candidates that a race dropped, and the units that it had seen when it ended."""
    database.create(
        """CREATE TABLE "drop" (
            seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, grading TEXT NOT NULL, candidate TEXT NOT NULL,
            "column" TEXT NOT NULL, "by" TEXT NOT NULL, by_column TEXT NOT NULL, n_units INTEGER NOT NULL,
            difference REAL NOT NULL, evidence REAL NOT NULL)"""
    )


@migration
def m004_score_detail(database: Database) -> None:
    """Why a grader gave its score, as JSON."""
    database.create("ALTER TABLE score ADD COLUMN detail TEXT")


@migration
def m005_preflight(database: Database) -> None:
    """What few servers tell of an answer, and what was found by asking a candidate before its rows."""
    database.create("ALTER TABLE call ADD COLUMN further TEXT")
    database.create(
        """CREATE TABLE probe (
            seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, digest TEXT NOT NULL, candidate TEXT NOT NULL,
            at TEXT NOT NULL, found TEXT NOT NULL)"""
    )
    database.create("CREATE INDEX probe_digest ON probe (digest)")


@migration
def m006_finding(database: Database) -> None:
    """Decisions as they were made, and how fast servers were. Only ever added to."""
    database.create(
        """CREATE TABLE finding (
            seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, at TEXT NOT NULL, about TEXT NOT NULL, value TEXT NOT NULL)"""
    )


@migration
def m007_shared(database: Database) -> None:
    """Who this ledger is, what was copied into it from others, and the state of work that many workers share.

    What the workers share has no `seq`: it is the state of work that goes on, nobody follows or copies it.
    """
    for statement in (
        "CREATE TABLE identity (id TEXT NOT NULL)",
        "CREATE TABLE pulled (source TEXT PRIMARY KEY, seq INTEGER NOT NULL)",
        """CREATE TABLE other_run (
            source TEXT NOT NULL, theirs INTEGER NOT NULL, started_at TEXT NOT NULL, ours INTEGER NOT NULL,
            PRIMARY KEY (source, theirs, started_at))""",
        # Ranges of rows of a column, and who has them.
        """CREATE TABLE lease (
            work TEXT NOT NULL, "column" INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL,
            state TEXT NOT NULL CHECK (state IN ('free', 'held', 'done')),
            worker TEXT, until REAL, tries INTEGER NOT NULL, in_hand TEXT, failed INTEGER NOT NULL,
            PRIMARY KEY (work, "column", first))""",
        'CREATE INDEX lease_open ON lease (work, "column", state, first)',
        """CREATE TABLE row_range (
            work TEXT NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, rows BLOB NOT NULL,
            PRIMARY KEY (work, first))""",
        # Who makes the call of a digest (its first 63 bits). It counts while that worker holds that lease, or `failed`.
        """CREATE TABLE claim (
            digest INTEGER PRIMARY KEY, work TEXT NOT NULL, "column" INTEGER NOT NULL, first INTEGER NOT NULL,
            worker TEXT NOT NULL, failed INTEGER NOT NULL)""",
        """CREATE TABLE skipped (
            work TEXT NOT NULL, "column" INTEGER NOT NULL, row_id TEXT NOT NULL, tries INTEGER NOT NULL,
            because TEXT NOT NULL, PRIMARY KEY (work, "column", row_id))""",
        """CREATE TABLE given_up (
            run INTEGER NOT NULL, "column" INTEGER NOT NULL, kind TEXT NOT NULL, detail TEXT NOT NULL,
            worker TEXT NOT NULL, PRIMARY KEY (run, "column"))""",
        # Whole nano-dollars.
        """CREATE TABLE budget (
            run INTEGER PRIMARY KEY, most INTEGER NOT NULL, spent INTEGER NOT NULL, aside INTEGER NOT NULL)""",
        """CREATE TABLE allowance (
            run INTEGER NOT NULL, worker TEXT NOT NULL, amount INTEGER NOT NULL, until REAL NOT NULL,
            PRIMARY KEY (run, worker))""",
        """CREATE TABLE server_pace (
            server TEXT PRIMARY KEY, paused_until REAL NOT NULL, cut_at REAL NOT NULL, cut_by TEXT NOT NULL)""",
        """CREATE TABLE server_share (
            server TEXT NOT NULL, worker TEXT NOT NULL, places INTEGER NOT NULL, per_minute REAL NOT NULL,
            until REAL NOT NULL, PRIMARY KEY (server, worker))""",
    ):
        database.create(statement)
    database.run("INSERT INTO identity VALUES (?)", (uuid4().hex,))


@migration
def m008_parts(database: Database) -> None:
    """The files beside a SQLite ledger that hold its oldest calls (`parts`), by the first and last `seq` of each."""
    if database.kind == "sqlite":
        database.create("CREATE TABLE part (first INTEGER PRIMARY KEY, last INTEGER NOT NULL, calls INTEGER NOT NULL)")


def bring_up_to_date(database: Database) -> None:
    """Take the steps that a database has not taken; in one transaction.

    Raises:
        StorageError: it holds something else, or comes from a newer version.
    """
    steps = {step.__name__ for step in MIGRATIONS}
    if database.is_ours() and _applied(database) == steps:
        return  # nothing to write: who only reads waits for no writer
    with database.transaction():
        database.claim()
        database.create("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)")
        done = _applied(database)
        unknown = done - steps
        if unknown:
            raise StorageError(
                f"{database.name} was written by a newer Bakeoff ({', '.join(sorted(unknown))})",
                hint="pip install --upgrade bakeoff",
            )
        for step in MIGRATIONS:
            if step.__name__ not in done:
                step(database)
                database.run("INSERT INTO migration VALUES (?, ?)", (step.__name__, now()))


def _applied(database: Database) -> set[str]:
    return {name for (name,) in database.rows("SELECT name FROM migration")}
