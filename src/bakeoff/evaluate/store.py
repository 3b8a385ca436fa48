"""The ledger: one SQLite file that keeps every call, answer, engine start and score of a project.

Appended, never overwritten. Each row has a `seq` that rises over the whole file, so that a reader can ask what
is new. WAL and synchronous=FULL: what was acknowledged survives `kill -9` and power loss. This is the only file
that knows SQL.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bakeoff.errors import StorageError
from bakeoff.evaluate.types import Answer

APPLICATION_ID = 0x62616B65
"""`bake` in ASCII: tells our files from other SQLite files."""

LOOKUP_CHUNK = 500
"""Digests per SELECT; SQLite takes 32,766 parameters, small statements are parsed faster."""


@dataclass(frozen=True, slots=True)
class Call:
    """One request that was sent, and what came of it."""

    digest: str
    """Content address: endpoint and build, exact bytes, repetition (`request.call_digest`)."""

    run: int
    candidate: str
    row_id: str
    repeat: int
    endpoint: str
    path: str
    body: bytes
    attempt: int
    """1 for the first try."""

    started_at: str
    """UTC, ISO 8601."""

    answer: Answer | None
    """None where the call failed."""

    error_code: str | None = None
    error: str | None = None


@dataclass(frozen=True, slots=True)
class StoredAnswer:
    """An answer as the ledger keeps it."""

    seq: int
    answer: Answer


@dataclass(frozen=True, slots=True)
class Failure:
    """The last failure of a call that never succeeded."""

    code: str
    message: str
    attempt: int


Migration = Callable[[sqlite3.Connection], None]
MIGRATIONS: list[Migration] = []


def migration(step: Migration) -> Migration:
    """Register a named step; steps run once, in the order of this file, and are never edited afterwards."""
    MIGRATIONS.append(step)
    return step


@migration
def m001_calls(connection: sqlite3.Connection) -> None:
    """Runs, requests by digest, calls, engine starts, scores, and the counter behind `seq`."""
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
        "CREATE INDEX score_grading ON score (grading, call_digest, row_id)",
    ):
        connection.execute(statement)


def now() -> str:
    """UTC in ISO 8601 with milliseconds."""
    return datetime.now(UTC).isoformat(timespec="milliseconds")


@contextmanager
def storage_errors(path: Path) -> Iterator[None]:
    """Map every SQLite failure to StorageError, with the file and the fix."""
    try:
        yield
    except sqlite3.DatabaseError as error:
        text = str(error)
        hint = "the project folder must be on a local, writable disk"
        if "full" in text:
            hint = "make room on the disk, then run the same command again: every answer so far is kept"
        elif "not a database" in text or "malformed" in text:
            hint = f"move {path.name} away to start with an empty ledger, or restore it from a backup"
        elif "locked" in text:
            hint = "another program writes to the ledger for a long time; try again when it is done"
        raise StorageError(f"{path}: {text}", hint=hint) from error


class Ledger:
    """The project's database. One writer at a time; readers never wait for it."""

    def __init__(self, path: Path) -> None:
        """Open or create the ledger and bring its tables up to date.

        Raises:
            StorageError: the file is not ours, is damaged, comes from a newer version, or cannot be written.
        """
        self.path = path
        with storage_errors(path):
            self._connection = sqlite3.connect(path, timeout=30, check_same_thread=False, isolation_level=None)
            try:
                self._prepare()
            except BaseException:
                self._connection.close()
                raise

    def _prepare(self) -> None:
        connection = self._connection
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        found = connection.execute("PRAGMA application_id").fetchone()[0]
        tables = connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]
        if tables and found != APPLICATION_ID:
            raise StorageError(f"{self.path} is a SQLite file of another program", hint="choose another project folder")
        with self._transaction():
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)")
            done = {name for (name,) in connection.execute("SELECT name FROM migration")}
            unknown = done - {step.__name__ for step in MIGRATIONS}
            if unknown:
                raise StorageError(
                    f"{self.path} was written by a newer Bakeoff ({', '.join(sorted(unknown))})",
                    hint="pip install --upgrade bakeoff",
                )
            for step in MIGRATIONS:
                if step.__name__ not in done:
                    step(connection)
                    connection.execute("INSERT INTO migration VALUES (?, ?)", (step.__name__, now()))

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            # A full disk may have ended the transaction already.
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def close(self) -> None:
        """Close the file; the write-ahead log is folded in."""
        self._connection.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # writing

    def _next_seq(self, count: int = 1) -> int:
        """Reserve `count` numbers inside the open transaction and return the first."""
        row = self._connection.execute("UPDATE counter SET seq = seq + ? RETURNING seq", (count,)).fetchone()
        return int(row[0]) - count + 1

    def begin_run(self, manifest: Mapping[str, Any]) -> int:
        """Record that a run starts, with what it is going to do; the number is the run's name from here on."""
        with storage_errors(self.path), self._transaction():
            seq = self._next_seq()
            self._connection.execute("INSERT INTO run VALUES (?, ?, ?)", (seq, now(), _dump(manifest)))
        return seq

    def end_run(self, run: int, state: str) -> None:
        """Record how a run ended: `done`, `stopped` or `failed`. A killed run has no such row."""
        with storage_errors(self.path), self._transaction():
            self._connection.execute("INSERT INTO run_end VALUES (?, ?, ?, ?)", (self._next_seq(), run, now(), state))

    def record_engine(self, run: int, candidate: str, endpoint: str, facts: Mapping[str, Any]) -> None:
        """Record that a local engine was started, with its real memory, version and parameters."""
        with storage_errors(self.path), self._transaction():
            self._connection.execute(
                "INSERT INTO engine VALUES (?, ?, ?, ?, ?, ?)",
                (self._next_seq(), run, candidate, endpoint, now(), _dump(facts)),
            )

    def record(self, calls: Sequence[Call]) -> None:
        """Store calls in one transaction. When this returns they are on the disk."""
        with storage_errors(self.path), self._transaction():
            first = self._next_seq(len(calls))
            for offset, call in enumerate(calls):
                self._connection.execute(
                    "INSERT OR IGNORE INTO request VALUES (?, ?, ?)", (call.digest, call.path, call.body)
                )
                self._connection.execute(
                    f"INSERT OR IGNORE INTO call VALUES ({','.join('?' * 22)})", _call_row(first + offset, call)
                )

    def record_scores(self, grading: str, scores: Iterable[tuple[str, str, float | None, str | None]]) -> None:
        """Store the scores (row id, call digest, value, label) that one way of grading gave."""
        rows = list(scores)
        if not rows:
            return
        with storage_errors(self.path), self._transaction():
            first = self._next_seq(len(rows))
            at = now()
            self._connection.executemany(
                "INSERT INTO score VALUES (?, ?, ?, ?, ?, ?, 'grader', ?)",
                [(first + i, grading, *score, at) for i, score in enumerate(rows)],
            )

    # reading

    def answered(self, digests: Sequence[str]) -> set[str]:
        """Which of these calls have an answer."""
        found: set[str] = set()
        for chunk in _chunks(digests):
            rows = self._select("SELECT digest FROM call WHERE state = 'answered' AND digest IN (%s)", chunk)
            found.update(row[0] for row in rows)
        return found

    def answers(self, digests: Sequence[str]) -> dict[str, StoredAnswer]:
        """The stored answers of these calls, by digest; the original latency, not that of a re-run."""
        found: dict[str, StoredAnswer] = {}
        for chunk in _chunks(digests):
            for row in self._select(
                "SELECT digest, seq, text, finish_reason, time_to_first_token_ms, latency_ms, prompt_tokens,"
                " output_tokens, thinking, timings, served_model, headers"
                " FROM call WHERE state = 'answered' AND digest IN (%s)",
                chunk,
            ):
                found[row[0]] = StoredAnswer(row[1], _answer(row[2:]))
        return found

    def answered_until(self, digests: Sequence[str]) -> str | None:
        """When the last of these calls that has an answer was made: UTC, ISO 8601; None where none has one."""
        latest = ""
        for chunk in _chunks(digests):
            ((found,),) = self._select(
                "SELECT max(started_at) FROM call WHERE state = 'answered' AND digest IN (%s)", chunk
            )
            latest = max(latest, found or "")
        return latest or None

    def failures(self, digests: Sequence[str]) -> dict[str, Failure]:
        """The last failure of each of these calls that has no answer."""
        failed: dict[str, Failure] = {}
        for chunk in _chunks(digests):
            for row in self._select(
                "SELECT digest, error_code, error, attempt FROM call WHERE state = 'failed' AND digest IN (%s)"
                " ORDER BY seq",
                chunk,
            ):
                failed[row[0]] = Failure(row[1], row[2], row[3])
        return {digest: failed[digest] for digest in failed.keys() - self.answered(list(failed))}

    def scored(self, grading: str) -> set[tuple[str, str]]:
        """(row id, call digest) of everything that this way of grading has already scored."""
        with storage_errors(self.path), closing(self._connection.cursor()) as cursor:
            found = cursor.execute("SELECT row_id, call_digest FROM score WHERE grading = ?", (grading,))
            return {(row[0], row[1]) for row in found}

    def request(self, digest: str) -> tuple[str, bytes] | None:
        """Path and exact bytes of a call."""
        with storage_errors(self.path), closing(self._connection.cursor()) as cursor:
            row = cursor.execute("SELECT path, body FROM request WHERE digest = ?", (digest,)).fetchone()
        return (row[0], row[1]) if row else None

    def engine(self, endpoint: str) -> dict[str, Any] | None:
        """Facts of the latest start of this engine and build."""
        with storage_errors(self.path), closing(self._connection.cursor()) as cursor:
            row = cursor.execute(
                "SELECT facts FROM engine WHERE endpoint = ? ORDER BY seq DESC LIMIT 1", (endpoint,)
            ).fetchone()
        return json.loads(row[0]) if row else None

    def runs(self) -> list[dict[str, Any]]:
        """Every run: number, start, end (None when it was killed or still goes on), state."""
        with storage_errors(self.path), closing(self._connection.cursor()) as cursor:
            rows = cursor.execute(
                "SELECT run.seq, run.started_at, run_end.ended_at, run_end.state FROM run"
                " LEFT JOIN run_end ON run_end.run = run.seq ORDER BY run.seq"
            ).fetchall()
        return [dict(zip(("run", "started_at", "ended_at", "state"), row, strict=True)) for row in rows]

    def seq(self) -> int:
        """The highest `seq` so far."""
        with storage_errors(self.path), closing(self._connection.cursor()) as cursor:
            return int(cursor.execute("SELECT seq FROM counter").fetchone()[0])

    def _select(self, statement: str, values: Sequence[str]) -> list[tuple[Any, ...]]:
        with storage_errors(self.path), closing(self._connection.cursor()) as cursor:
            return cursor.execute(statement % ",".join("?" * len(values)), values).fetchall()


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), LOOKUP_CHUNK):
        yield values[start : start + LOOKUP_CHUNK]


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)


def _call_row(seq: int, call: Call) -> tuple[Any, ...]:
    head = (seq, call.digest, call.run, call.candidate, call.row_id, call.repeat, call.endpoint, call.attempt)
    answer = call.answer
    if answer is None:
        return (*head, call.started_at, "failed", *[None] * 10, call.error_code, call.error)
    return (
        *head,
        call.started_at,
        "answered",
        answer.text,
        answer.thinking,
        answer.finish_reason,
        answer.time_to_first_token_ms,
        answer.latency_ms,
        answer.prompt_tokens,
        answer.output_tokens,
        json.dumps(dict(answer.timings)),
        answer.served_model,
        json.dumps(dict(answer.headers)),
        None,
        None,
    )


def _answer(row: Sequence[Any]) -> Answer:
    text, finish_reason, first, latency, prompt_tokens, output_tokens, thinking, timings, served, headers = row
    return Answer(
        text=text,
        finish_reason=finish_reason,
        time_to_first_token_ms=first,
        latency_ms=latency,
        prompt_tokens=prompt_tokens,
        output_tokens=output_tokens,
        thinking=thinking,
        timings=json.loads(timings),
        served_model=served,
        headers=json.loads(headers),
    )
