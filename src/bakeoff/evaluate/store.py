"""The ledger: one SQLite file that keeps every call, answer, engine start and score of a project.

Appended, never overwritten. Each row has a `seq` that rises over the whole file, so that a reader can ask what
is new. WAL and synchronous=FULL: what was acknowledged survives `kill -9` and power loss. Only this file and
`following` know SQL.
"""

import json
import sqlite3
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager
from dataclasses import astuple
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from bakeoff.errors import StorageError
from bakeoff.evaluate.following import Following
from bakeoff.evaluate.people.labels import NewLabel
from bakeoff.evaluate.stored import CHECKS, Call, Drop, Failure, Finding, StoredAnswer, Usage, answer_of, call_row

__all__ = ["Call", "Drop", "Failure", "Finding", "Ledger", "StoredAnswer", "Usage", "now", "storage_errors"]

APPLICATION_ID = 0x62616B65
"""`bake` in ASCII: tells our files from other SQLite files."""

LOOKUP_CHUNK = 500
"""Digests per SELECT; SQLite takes 32,766 parameters, small statements are parsed faster."""

LABEL_COLUMNS = (
    "seq", "at", "author", "kind", "row_id", '"left"', '"right"', "left_answer", "right_answer", "said", "drawn",
    "probability", "seconds",
)  # fmt: skip
"""Of the table of labels; also the fields of `Label`."""


StoredGrade = tuple[str, str, float | None, str | None, str | None]
"""Row id, call digest, score, label, and the reason as JSON."""

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


@migration
def m002_labels(connection: sqlite3.Connection) -> None:
    """What people said of answers. Only ever added to."""
    connection.execute(
        """CREATE TABLE label (
            seq INTEGER PRIMARY KEY, at TEXT NOT NULL, author TEXT NOT NULL, kind TEXT NOT NULL, row_id TEXT NOT NULL,
            "left" TEXT NOT NULL, "right" TEXT, left_answer TEXT NOT NULL, right_answer TEXT, said TEXT NOT NULL,
            drawn TEXT NOT NULL, probability REAL, seconds REAL)"""
    )


@migration
def m003_drop(connection: sqlite3.Connection) -> None:
    """Candidates that a race dropped, and the units that it had seen when it ended."""
    connection.execute(
        """CREATE TABLE "drop" (
            seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, grading TEXT NOT NULL, candidate TEXT NOT NULL,
            "column" TEXT NOT NULL, "by" TEXT NOT NULL, by_column TEXT NOT NULL, n_units INTEGER NOT NULL,
            difference REAL NOT NULL, evidence REAL NOT NULL)"""
    )


@migration
def m004_score_detail(connection: sqlite3.Connection) -> None:
    """Why a grader gave its score, as JSON."""
    connection.execute("ALTER TABLE score ADD COLUMN detail TEXT")


@migration
def m005_preflight(connection: sqlite3.Connection) -> None:
    """What few servers tell of an answer, and what was found by asking a candidate before its rows."""
    connection.execute("ALTER TABLE call ADD COLUMN further TEXT")
    connection.execute(
        """CREATE TABLE probe (
            seq INTEGER PRIMARY KEY, run INTEGER NOT NULL, digest TEXT NOT NULL, candidate TEXT NOT NULL,
            at TEXT NOT NULL, found TEXT NOT NULL)"""
    )
    connection.execute("CREATE INDEX probe_digest ON probe (digest)")


@migration
def m006_finding(connection: sqlite3.Connection) -> None:
    """Decisions as they were made, and how fast servers were. Only ever added to."""
    connection.execute(
        """CREATE TABLE finding (
            seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, at TEXT NOT NULL, about TEXT NOT NULL, value TEXT NOT NULL)"""
    )


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


class Ledger(Following):
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
        if found == APPLICATION_ID and self._applied() == {step.__name__ for step in MIGRATIONS}:
            return  # nothing to write: who only reads waits for no writer
        with self._transaction():
            connection.execute(f"PRAGMA application_id = {APPLICATION_ID}")
            connection.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, applied_at TEXT NOT NULL)")
            done = self._applied()
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

    def _applied(self) -> set[str]:
        return {name for (name,) in self._connection.execute("SELECT name FROM migration")}

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
            self._connection.executemany(
                "INSERT OR IGNORE INTO request VALUES (?, ?, ?)",
                [(call.digest, call.path, call.body) for call in calls],
            )
            self._connection.executemany(
                f"INSERT OR IGNORE INTO call VALUES ({','.join('?' * 23)})",
                [call_row(first + offset, call) for offset, call in enumerate(calls)],
            )

    def record_probe(self, run: int, digest: str, candidate: str, found: Mapping[str, Any]) -> None:
        """Store what a candidate's server said of itself and how it answered the probe."""
        with storage_errors(self.path), self._transaction():
            self._connection.execute(
                "INSERT INTO probe VALUES (?, ?, ?, ?, ?, ?)",
                (self._next_seq(), run, digest, candidate, now(), _dump(found)),
            )

    def probe(self, digest: str) -> dict[str, Any] | None:
        """What the latest probe of this candidate, as it is set up now, found; None where there was none."""
        return self._json("SELECT found FROM probe WHERE digest = ? ORDER BY seq DESC LIMIT 1", digest)

    def record_drops(self, drops: Sequence[Drop]) -> None:
        """Store who was dropped from a race, in one transaction."""
        with storage_errors(self.path), self._transaction():
            first = self._next_seq(len(drops))
            self._connection.executemany(
                'INSERT INTO "drop" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
                [(first + offset, *astuple(drop)) for offset, drop in enumerate(drops)],
            )

    def record_scores(self, grading: str, scores: Iterable[tuple[str, str, float | None, str | None]]) -> None:
        """Store the scores (row id, call digest, value, label) that one way of grading gave."""
        self.record_grades(grading, ((*score, None) for score in scores))

    def record_grades(self, grading: str, grades: Iterable[StoredGrade]) -> None:
        """Store what one grader said, with its reasons."""
        rows = list(grades)
        if not rows:
            return
        with storage_errors(self.path), self._transaction():
            first = self._next_seq(len(rows))
            at = now()
            self._connection.executemany(
                "INSERT INTO score VALUES (?, ?, ?, ?, ?, ?, 'grader', ?, ?)",
                [(first + i, grading, *grade[:4], at, grade[4]) for i, grade in enumerate(rows)],
            )

    def record_labels(self, labels: Sequence[NewLabel]) -> list[int]:
        """Store labels in one transaction and return their numbers. When this returns they are on the disk."""
        with storage_errors(self.path), self._transaction():
            first = self._next_seq(len(labels))
            at = now()
            self._connection.executemany(
                f"INSERT INTO label ({', '.join(LABEL_COLUMNS)}) VALUES ({','.join('?' * len(LABEL_COLUMNS))})",
                [
                    (first + i, at, *(getattr(label, name.strip('"')) for name in LABEL_COLUMNS[2:]))
                    for i, label in enumerate(labels)
                ],
            )
        return list(range(first, first + len(labels)))

    def record_finding(self, kind: str, about: str, value: Mapping[str, Any]) -> None:
        """Keep a decision (`decision`) or a measurement of a server (`probe`), with the time."""
        with storage_errors(self.path), self._transaction():
            self._connection.execute(
                "INSERT INTO finding VALUES (?, ?, ?, ?, ?)", (self._next_seq(), kind, now(), about, _dump(value))
            )

    def record_after(self, kind: str, about: str, value: Mapping[str, Any], after: int) -> int | None:
        """Keep a finding and return its `seq`; None where another one of its kind about the same came after `after`."""
        with storage_errors(self.path), self._transaction():
            (last,) = self._connection.execute(
                "SELECT max(seq) FROM finding WHERE kind = ? AND about = ?", (kind, about)
            ).fetchone()
            if last is not None and last > after:
                return None
            seq = self._next_seq()
            self._connection.execute(
                "INSERT INTO finding VALUES (?, ?, ?, ?, ?)", (seq, kind, now(), about, _dump(value))
            )
        return seq

    # reading

    def answered(self, digests: Sequence[str]) -> set[str]:
        """Which of these calls have an answer."""
        found: set[str] = set()
        for chunk in _chunks(digests):
            rows = self._select("SELECT digest FROM call WHERE state = 'answered' AND digest IN (%s)", chunk)
            found.update(row[0] for row in rows)
        return found

    def has_answers(self, digests: Sequence[str]) -> bytearray:
        """For each of these calls 1 where it has an answer, else 0. For many: keeps one byte for each."""
        found = bytearray()
        for chunk in _chunks(digests):
            there = self.answered(chunk)
            found.extend(digest in there for digest in chunk)
        return found

    def usage(self, digests: Sequence[str]) -> Usage:
        """Sums over those of these calls that were answered."""
        totals = [0, 0, 0, 0, 0.0]
        for chunk in _chunks(digests):
            ((*sums,),) = self._select(
                "SELECT count(*), total(prompt_tokens), total(output_tokens),"
                " count(*) - count(prompt_tokens + output_tokens), total(latency_ms) / 1000"
                " FROM call WHERE state = 'answered' AND digest IN (%s)",
                chunk,
            )
            totals = [total + value for total, value in zip(totals, sums, strict=True)]
        calls, prompt, output, uncounted, seconds = totals
        return Usage(int(calls), int(prompt), int(output), int(uncounted), seconds)

    def lengths(self, digests: Sequence[str], *, most: int = 2000) -> list[tuple[int, int, float]]:
        """(prompt tokens, output tokens, milliseconds) of these calls, where all three are known; the first `most`."""
        found: list[tuple[int, int, float]] = []
        for chunk in _chunks(digests):
            found += self._select(
                "SELECT prompt_tokens, output_tokens, latency_ms FROM call WHERE state = 'answered'"
                " AND prompt_tokens + output_tokens + latency_ms IS NOT NULL AND digest IN (%s)",
                chunk,
            )
            if len(found) >= most:
                break
        return found[:most]

    def runs_of(self, digests: Sequence[str]) -> set[int]:
        """The runs in which these calls were answered."""
        found: set[int] = set()
        for chunk in _chunks(digests):
            rows = self._select("SELECT DISTINCT run FROM call WHERE state = 'answered' AND digest IN (%s)", chunk)
            found.update(row[0] for row in rows)
        return found

    def count_answers(self, candidate: str) -> int:
        """Answers that there are under a candidate's name, also those to other prompts and settings."""
        ((found,),) = self._rows(
            f"SELECT count(*) FROM call WHERE state = 'answered' AND repeat < {CHECKS} AND candidate = ?", (candidate,)
        )
        return int(found)

    def drops(self, grading: str) -> list[Drop]:
        """Who was dropped by races under this way of grading, in the order of leaving."""
        rows = self._rows('SELECT * FROM "drop" WHERE grading = ? ORDER BY seq', (grading,))
        return [Drop(*row[1:]) for row in rows]

    def manifest(self, run: int) -> dict[str, Any] | None:
        """What a run was going to do; None where there is no such run."""
        return self._json("SELECT manifest FROM run WHERE seq = ?", run)

    def answers(self, digests: Sequence[str]) -> dict[str, StoredAnswer]:
        """The stored answers of these calls, by digest; the original latency, not that of a re-run."""
        found: dict[str, StoredAnswer] = {}
        for chunk in _chunks(digests):
            for row in self._select(
                "SELECT digest, seq, text, finish_reason, time_to_first_token_ms, latency_ms, prompt_tokens,"
                " output_tokens, thinking, timings, served_model, headers, further"
                " FROM call WHERE state = 'answered' AND digest IN (%s)",
                chunk,
            ):
                found[row[0]] = StoredAnswer(row[1], answer_of(row[2:]))
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

    def grades(self, grading: str) -> list[StoredGrade]:
        """Everything that `record_grades` stored of one grader."""
        return self._rows(
            "SELECT row_id, call_digest, value, label, detail FROM score WHERE grading = ? ORDER BY seq", (grading,)
        )

    def scored(self, grading: str) -> set[tuple[str, str]]:
        """(row id, call digest) of everything that this way of grading has already scored."""
        with storage_errors(self.path), closing(self._connection.cursor()) as cursor:
            found = cursor.execute("SELECT row_id, call_digest FROM score WHERE grading = ?", (grading,))
            return {(row[0], row[1]) for row in found}

    def request(self, digest: str) -> tuple[str, bytes] | None:
        """Path and exact bytes of a call."""
        rows = self._rows("SELECT path, body FROM request WHERE digest = ?", (digest,))
        return rows[0] if rows else None

    def engine(self, endpoint: str) -> dict[str, Any] | None:
        """Facts of the latest start of this engine and build."""
        return self._json("SELECT facts FROM engine WHERE endpoint = ? ORDER BY seq DESC LIMIT 1", endpoint)

    def runs(self) -> list[dict[str, Any]]:
        """Every run: number, start, end (None when it was killed or still goes on), state."""
        rows = self._rows(
            "SELECT run.seq, run.started_at, run_end.ended_at, run_end.state FROM run"
            " LEFT JOIN run_end ON run_end.run = run.seq ORDER BY run.seq"
        )
        return [dict(zip(("run", "started_at", "ended_at", "state"), row, strict=True)) for row in rows]

    def seq(self) -> int:
        """The highest `seq` so far."""
        return int(self._rows("SELECT seq FROM counter")[0][0])

    def calls_seq(self) -> int:
        """The `seq` of the last call: what rests on answers alone stays as it is while this does; 0 without any."""
        return int(self._rows("SELECT COALESCE(MAX(seq), 0) FROM call")[0][0])

    def _rows(self, statement: str, values: Sequence[Any] = ()) -> list[Any]:
        with storage_errors(self.path), closing(self._connection.cursor()) as cursor:
            return cursor.execute(statement, values).fetchall()

    def _json(self, statement: str, value: Any) -> dict[str, Any] | None:
        """The JSON in the first row; None where there is no row."""
        rows = self._rows(statement, (value,))
        return json.loads(rows[0][0]) if rows else None

    def _select(self, statement: str, values: Sequence[str]) -> list[Any]:
        """With the marks of so many values in the place of %s."""
        return self._rows(statement % ",".join("?" * len(values)), values)


def _chunks(values: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(values), LOOKUP_CHUNK):
        yield values[start : start + LOOKUP_CHUNK]


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
