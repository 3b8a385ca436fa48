"""The ledger: one database that keeps every call, answer, engine start and score of a project.

Appended, never overwritten. Each row has a `seq` that rises over the whole ledger, so that a reader can
ask what is new.
"""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import astuple
from pathlib import Path
from typing import Any

from bakeoff.evaluate.people.labels import NewLabel
from bakeoff.evaluate.store.database import ConnectionLost, Database, marks
from bakeoff.evaluate.store.opening import open_database
from bakeoff.evaluate.store.schema import bring_up_to_date
from bakeoff.evaluate.store.sharing import Sharing
from bakeoff.evaluate.stored import Call, Drop, StoredGrade, call_row, now, whole

TRIES = 3
"""Of a transaction whose connection is lost, each after waiting for the server. It may go away again meanwhile."""

LABEL_COLUMNS = (
    "seq", "at", "author", "kind", "row_id", '"left"', '"right"', "left_answer", "right_answer", "said", "drawn",
    "probability", "seconds",
)  # fmt: skip
"""Of the table of labels; also the fields of `Label`."""


class Ledger(Sharing):
    """The project's database. One writer at a time; readers never wait for it."""

    def __init__(self, where: Path | str) -> None:
        """Open or create the ledger and bring its tables up to date.

        Args:
            where: a SQLite file, or `postgresql://user@host:port/database`.

        Raises:
            UsageError: the address is wrong, holds a password, or psycopg is missing.
            StorageError: it is not ours, is damaged, comes from a newer version, or cannot be written.
        """
        self.database: Database = open_database(where)
        try:
            bring_up_to_date(self.database)
        except BaseException:
            self.database.close()
            raise

    def close(self) -> None:
        """Give the connection back; of a file, fold its write-ahead log in."""
        self.database.close()

    def __enter__(self) -> "Ledger":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def next_seq(self, count: int = 1) -> int:
        """Reserve `count` numbers inside the open transaction and return the first.

        From here on other writers wait until the transaction ends, in PostgreSQL too. So numbers are seen in the order
        in which they were given: a reader that has seen one never misses a smaller one.
        """
        ((last,),) = self.database.rows("UPDATE counter SET seq = seq + ? RETURNING seq", (count,))
        return int(last) - count + 1

    def begin_run(self, manifest: Mapping[str, Any]) -> int:
        """Record that a run starts, with what it is going to do; the number is the run's name from here on."""
        return self._insert("run", now(), _dump(manifest))

    def end_run(self, run: int, state: str) -> None:
        """Record how a run ended: `done`, `stopped` or `failed`. A killed run has no such row."""
        self._insert("run_end", run, now(), state)

    def record_engine(self, run: int, candidate: str, endpoint: str, facts: Mapping[str, Any]) -> None:
        """Record that a local engine was started, with its real memory, version and parameters."""
        self._insert("engine", run, candidate, endpoint, now(), _dump(facts))

    def record(self, calls: Sequence[Call]) -> None:
        """Store calls in one transaction. When this returns they are on the disk.

        Where the connection to PostgreSQL is lost meanwhile, it is done again on a new one; nothing is there twice.
        """
        try:
            _kept(lambda again: self._record(calls, perhaps_there=again))
        except UnicodeEncodeError:
            _kept(lambda again: self._record(calls, perhaps_there=again, halves=True))

    def _record(self, calls: Sequence[Call], *, perhaps_there: bool, halves: bool = False) -> None:
        with self.database.transaction():
            # The counter first: who waits for it holds nothing that another one could wait for.
            first = self.next_seq(len(calls))
            rows = [call_row(first + offset, call) for offset, call in enumerate(calls)]
            if perhaps_there:
                rows = self.new_calls(rows)
            if halves:
                rows = [tuple(map(whole, row)) for row in rows]
            rows = self.not_folded(rows)
            new = {row[1] for row in rows}
            self.database.run_many(
                "INSERT INTO request VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
                [(call.digest, call.path, call.body) for call in calls if call.digest in new],
            )
            self.database.run_many(f"INSERT INTO call VALUES ({','.join('?' * 23)}) ON CONFLICT DO NOTHING", rows)

    def record_probe(self, run: int, digest: str, candidate: str, found: Mapping[str, Any]) -> None:
        """Store what a candidate's server said of itself and how it answered the probe."""
        self._insert("probe", run, digest, candidate, now(), _dump(found))

    def record_drops(self, drops: Sequence[Drop]) -> None:
        """Store who was dropped from a race, in one transaction."""
        with self.database.transaction():
            first = self.next_seq(len(drops))
            self.database.run_many(
                'INSERT INTO "drop" VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
                [(first + offset, *astuple(drop)) for offset, drop in enumerate(drops)],
            )

    def record_scores(self, grading: str, scores: Iterable[tuple[str, str, float | None, str | None]]) -> None:
        """Store the scores (row id, call digest, value, label) that one way of grading gave."""
        self.record_grades(grading, ((*score, None) for score in scores))

    def record_grades(self, grading: str, grades: Iterable[StoredGrade]) -> None:
        """Store what one grader said, with its reasons."""
        at = now()
        rows = [(0, grading, *grade[:4], "grader", at, grade[4]) for grade in grades]
        if not rows:
            return

        def keep(perhaps_there: bool) -> None:
            with self.database.transaction():
                self.add_rows("score", self.new_scores(rows) if perhaps_there else rows)

        _kept(keep)

    def record_labels(self, labels: Sequence[NewLabel]) -> list[int]:
        """Store labels in one transaction and return their numbers. When this returns they are on the disk."""
        with self.database.transaction():
            first = self.next_seq(len(labels))
            at = now()
            self.database.run_many(
                f"INSERT INTO label ({', '.join(LABEL_COLUMNS)}) VALUES ({','.join('?' * len(LABEL_COLUMNS))})",
                [
                    (first + i, at, *(getattr(label, name.strip('"')) for name in LABEL_COLUMNS[2:]))
                    for i, label in enumerate(labels)
                ],
            )
        return list(range(first, first + len(labels)))

    def record_finding(self, kind: str, about: str, value: Mapping[str, Any]) -> None:
        """Keep a decision (`decision`) or a measurement of a server (`probe`), with the time."""
        self._insert("finding", kind, now(), about, _dump(value))

    def record_after(self, kind: str, about: str, value: Mapping[str, Any], after: int) -> int | None:
        """Keep a finding and return its `seq`; None where another one of its kind about the same came after `after`."""
        with self.database.transaction():
            self.next_seq(0)  # waits for other writers: they may be about to keep one
            ((last,),) = self.database.rows("SELECT max(seq) FROM finding WHERE kind = ? AND about = ?", (kind, about))
            if last is not None and last > after:
                return None
            return self._add("finding", kind, now(), about, _dump(value))

    def _insert(self, table: str, *values: Any) -> int:
        """One row in a transaction of its own; returns its `seq`."""
        with self.database.transaction():
            return self._add(table, *values)

    def _add(self, table: str, *values: Any) -> int:
        """One row within a transaction; returns its `seq`."""
        seq = self.next_seq()
        self.database.run(f"INSERT INTO {table} VALUES (?, {marks(values)})", (seq, *values))
        return seq


def open_ledger(where: Path | str) -> Ledger:
    """The ledger in this file, or in this PostgreSQL database; as `Ledger(where)`."""
    return Ledger(where)


def _kept(keep: Callable[[bool], None]) -> None:
    """Do it, with False; and where the connection is lost meanwhile again, with True: it may be there already."""
    for more in reversed(range(TRIES)):
        try:
            return keep(more < TRIES - 1)
        except ConnectionLost:
            if not more:
                raise


def _dump(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True)
