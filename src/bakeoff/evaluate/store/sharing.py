"""Copying between ledgers: from the one that many workers share into the project's own, and back. Part of `Ledger`.

Both ways may be done again at any time: what is there already is left out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bakeoff.evaluate.store.database import IN_ONE, chunks, marks
from bakeoff.evaluate.store.reading import Reading

BODIES = 50
"""Requests that are copied at once: they may hold pictures."""

CALL_WIDTH = 23
"""Columns of the table `call`; the first is `seq`, then follow the digest, the run and the candidate."""

COPIED_KINDS = ("probe",)
"""Findings about servers. Others are about the project, and stay where they were made."""

FOLLOWED = ("call", "score", "engine", "probe", "finding", "run_end")
"""Tables that are copied from another ledger."""

Row = tuple[Any, ...]


@dataclass(slots=True)
class Copied:
    """Calls of one candidate that were not here before."""

    done: int = 0
    failed: int = 0
    prompt_tokens: int = 0
    output_tokens: int = 0
    """Of those that were answered; 0 where the server did not count."""


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one batch brought."""

    seq: int
    """Of the other ledger: everything up to here is here now."""

    more: bool
    """Whether the other has more already."""

    calls: Mapping[str, Copied] = field(default_factory=dict)
    """By candidate."""

    scores: int = 0


class Sharing(Reading):
    """Of `Ledger`: to copy from and to another one."""

    def next_seq(self, count: int = 1) -> int:
        """As `Ledger.next_seq`."""
        raise NotImplementedError

    @property
    def identity(self) -> str:
        """A random name that this ledger got when it was made."""
        ((found,),) = self.database.rows("SELECT id FROM identity")
        return str(found)

    def pulled(self, source: str) -> int:
        """Up to which `seq` the ledger of this identity was copied into this one; 0 where it never was."""
        rows = self.database.rows("SELECT seq FROM pulled WHERE source = ?", (source,))
        return int(rows[0][0]) if rows else 0

    def pull(self, other: "Sharing", limit: int = IN_ONE) -> Pulled:
        """Copy what another ledger has since the last time, in one transaction, with the place up to which it went.

        Copied are calls with their requests, scores, engine starts, probes, findings about servers, and the runs that
        they belong to. Labels, drops of races and decisions are the project's own and stay where they are.

        Args:
            other: usually the one in PostgreSQL.
            limit: rows of each table at most; call again while `more`.

        Raises:
            StorageError: one of the two refused. Nothing of this batch is here then.
        """
        source, since, until = other.identity, 0, other.seq()
        if (kept := self.pulled(source)) <= until:
            since = kept
        # else it was restored from a backup, and has given its numbers again: from the start
        if since == until == kept:
            return Pulled(until, more=False)
        newest, batch = until, {}
        for table in FOLLOWED:
            batch[table] = other.database.rows(
                f"SELECT * FROM {table} WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?", (since, until, limit)
            )
            if len(batch[table]) == limit:
                until = int(batch[table][-1][0])
        batch = {table: [row for row in rows if row[0] <= until] for table, rows in batch.items()}
        with self.database.transaction():
            runs = self._runs_here(other, {row[2] for row in batch["call"]})
            calls = self.new_calls([(*row[:2], runs[row[2]], *row[3:]) for row in batch["call"]])
            self._copy_requests(other, [row[1] for row in calls])
            self.add_rows("call", calls)
            scores = self.new_scores(batch["score"])
            self.add_rows("score", scores)
            self._copy_rest(other, batch)
            self.database.run(
                "INSERT INTO pulled VALUES (?, ?) ON CONFLICT (source) DO UPDATE SET seq = excluded.seq",
                (source, until),
            )
        return Pulled(until, until < newest, _by_candidate(calls), len(scores))

    def push(self, other: "Sharing", endpoints: Sequence[str]) -> int:
        """Copy answers of these endpoints that another ledger lacks into it, and return how many there were.

        Raises:
            StorageError: one of the two refused. What was copied stays.
        """
        copied, last = 0, 0
        while endpoints:
            rows = self.answers_of(endpoints, last, IN_ONE)
            if not rows:
                break
            last = rows[-1][0]
            there = other.answered([row[1] for row in rows])
            if not (rows := [row for row in rows if row[1] not in there]):
                continue
            with other.database.transaction():
                runs = other._runs_here(self, {row[2] for row in rows})
                new = other.new_calls([(*row[:2], runs[row[2]], *row[3:]) for row in rows])
                other._copy_requests(self, [row[1] for row in new])
                other.add_rows("call", new)
            copied += len(new)
        return copied

    def run_of(self, other: "Sharing", run: int) -> int:
        """The number here of a run of another ledger, which is made here where there is none yet.

        `pull` then knows that both are one: calls under either number belong to it. 0 where the other has no such run.
        """
        with self.database.transaction():
            return self._run_here(other, run)

    def add_rows(self, table: str, rows: Sequence[Row]) -> None:
        """Add rows with numbers of this ledger in the place of their own; within a transaction."""
        if rows:
            first = self.next_seq(len(rows))
            self.database.run_many(
                f"INSERT INTO {table} VALUES ({marks(rows[0])}) ON CONFLICT DO NOTHING",
                [(first + place, *row[1:]) for place, row in enumerate(rows)],
            )

    def new_scores(self, rows: Sequence[Row]) -> list[Row]:
        """Those rows of the table `score` that are not here, whatever their `seq`."""
        found: set[Row] = set()
        digests: dict[str, list[str]] = {}
        for row in rows:
            digests.setdefault(row[1], []).append(row[3])
        for grading, of_calls in digests.items():
            for chunk in chunks(of_calls):
                found.update(
                    tuple(row[1:])
                    for row in self.database.rows(
                        f"SELECT * FROM score WHERE grading = ? AND call_digest IN ({marks(chunk)})", (grading, *chunk)
                    )
                )
        return [row for row in rows if tuple(row[1:]) not in found]

    def new_calls(self, rows: Sequence[Row]) -> list[Row]:
        """Those rows of the table `call` that are not here: answers by digest, failures by digest and time."""
        digests = [row[1] for row in rows]
        answered = self.answered(digests)
        failed = {
            tuple(found)
            for found_of_some in self.of_calls("digest, attempt, started_at", "failed", digests)
            for found in found_of_some
        }
        return [
            row
            for row in rows
            if (row[1] not in answered if row[9] == "answered" else (row[1], row[7], row[8]) not in failed)
        ]

    def _copy_requests(self, other: "Sharing", digests: Sequence[str]) -> None:
        """Of calls that are new here; within a transaction."""
        for chunk in chunks(digests):
            there = {row[0] for row in self._select("SELECT digest FROM request WHERE digest IN (%s)", chunk)}
            missing = [digest for digest in dict.fromkeys(chunk) if digest not in there]
            for start in range(0, len(missing), BODIES):
                some = missing[start : start + BODIES]
                rows = [(digest, *request) for digest, request in other.requests(some).items()]
                self.database.run_many("INSERT INTO request VALUES (?, ?, ?) ON CONFLICT DO NOTHING", rows)

    def _copy_rest(self, other: "Sharing", batch: Mapping[str, Sequence[Row]]) -> None:
        """The small tables; within a transaction."""
        for table, moment, place in (("engine", "started_at", 4), ("probe", "at", 4), ("finding", "at", 2)):
            rows = [row for row in batch[table] if table != "finding" or row[1] in COPIED_KINDS]
            if rows and table != "finding":
                runs = self._runs_here(other, {row[1] for row in rows})
                rows = [(row[0], runs[row[1]], *row[2:]) for row in rows]
            moments = sorted({str(row[place]) for row in rows})
            there = {
                tuple(row[1:])
                for chunk in chunks(moments)
                for row in self._select(f"SELECT * FROM {table} WHERE {moment} IN (%s)", chunk)
            }
            self.add_rows(table, [row for row in rows if tuple(row[1:]) not in there])
        for row in batch["run_end"]:
            # A run that was begun here is ended here.
            for (run,) in self.database.rows(
                "SELECT ours FROM other_run WHERE source = ? AND theirs = ?"
                " AND NOT EXISTS (SELECT 1 FROM run_end WHERE run_end.run = other_run.ours)",
                (other.identity, row[1]),
            ):
                self.add_rows("run_end", [(row[0], run, *row[2:])])

    def _runs_here(self, other: "Sharing", runs: Iterable[int]) -> dict[int, int]:
        return {run: self._run_here(other, run) for run in runs}

    def _run_here(self, other: "Sharing", run: int) -> int:
        """As `run_of`, within a transaction."""
        found = other.database.rows("SELECT started_at, manifest FROM run WHERE seq = ?", (run,))
        if not found:
            return 0
        ((started_at, manifest),) = found
        source = other.identity
        known = self.database.rows(
            "SELECT ours FROM other_run WHERE source = ? AND theirs = ? AND started_at = ?", (source, run, started_at)
        ) or other.database.rows(
            # It came from here.
            "SELECT theirs FROM other_run WHERE source = ? AND ours = ? AND started_at = ?",
            (self.identity, run, started_at),
        )
        if known:
            return int(known[0][0])
        number = self.next_seq()
        self.database.run("INSERT INTO run VALUES (?, ?, ?)", (number, started_at, manifest))
        self.database.run("INSERT INTO other_run VALUES (?, ?, ?, ?)", (source, run, started_at, number))
        return number


def _by_candidate(calls: Sequence[Row]) -> dict[str, Copied]:
    found: dict[str, Copied] = {}
    for row in calls:
        one = found.setdefault(row[3], Copied())
        if row[9] == "answered":
            one.done += 1
            one.prompt_tokens += row[15] or 0
            one.output_tokens += row[16] or 0
        else:
            one.failed += 1
    return found
