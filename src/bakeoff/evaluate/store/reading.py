"""What is asked of the ledger about answers, grades and runs. Part of `Ledger`."""

import json
from collections.abc import Sequence
from itertools import chain
from typing import Any

from bakeoff.evaluate.store.database import chunks, marks
from bakeoff.evaluate.store.folding import last_of
from bakeoff.evaluate.store.following import Following
from bakeoff.evaluate.store.parts import Part
from bakeoff.evaluate.stored import CHECKS, Drop, Failure, StoredAnswer, StoredGrade, Usage, answer_of

AT_ONCE = 50_000
"""Calls of a whole column that are looked up together, where only their state is kept."""


class Reading(Following):
    """Queries of `Ledger` for those who know the addresses of their calls."""

    def answered(self, digests: Sequence[str]) -> set[str]:
        """Which of these calls have an answer."""
        return {digest for rows in self.of_calls("digest", "answered", digests) for (digest,) in rows}

    def has_answers(self, digests: Sequence[str]) -> bytearray:
        """For each of these calls 1 where it has an answer, else 0. For many: keeps one byte for each."""
        found = bytearray()
        for start in range(0, len(digests), AT_ONCE):
            some = digests[start : start + AT_ONCE]
            there = self.answered(some)
            found.extend(digest in there for digest in some)
        return found

    def usage(self, digests: Sequence[str]) -> Usage:
        """Sums over those of these calls that were answered."""
        totals = [0, 0, 0, 0, 0.0]
        select = (
            "count(*), CAST(coalesce(sum(prompt_tokens), 0) AS BIGINT),"
            " CAST(coalesce(sum(output_tokens), 0) AS BIGINT),"
            " count(*) - count(prompt_tokens + output_tokens), coalesce(sum(latency_ms), 0.0) / 1000"
        )
        for ((*sums,),) in self.of_calls(select, "answered", digests):
            totals = [total + value for total, value in zip(totals, sums, strict=True)]
        calls, prompt, output, uncounted, seconds = totals
        return Usage(int(calls), int(prompt), int(output), int(uncounted), seconds)

    def lengths(self, digests: Sequence[str], *, most: int = 2000) -> list[tuple[int, int, float]]:
        """(prompt tokens, output tokens, milliseconds) of these calls, where all three are known; the first `most`."""
        found: list[tuple[int, int, float]] = []
        for chunk in chunks(digests):
            known = {
                digest: (prompt, output, latency)
                for rows in self.of_calls("digest, prompt_tokens, output_tokens, latency_ms", "answered", chunk)
                for digest, prompt, output, latency in rows
                if None not in (prompt, output, latency)
            }
            found += [known[digest] for digest in chunk if digest in known]
            if len(found) >= most:
                break
        return found[:most]

    def recent_lengths(self, candidate: str, endpoint: str, most: int) -> list[tuple[str, str, int, int, float]]:
        """Row id, digest, prompt tokens, output tokens, milliseconds of a candidate's latest answers.

        Where all three numbers are known, and among the last million of `seq`: a long ledger is not read through.
        """
        return self.database.rows(
            "SELECT row_id, digest, prompt_tokens, output_tokens, latency_ms FROM call WHERE state = 'answered'"
            " AND candidate = ? AND endpoint = ? AND repeat = 0 AND seq > (SELECT max(seq) FROM counter) - 1000000"
            " AND prompt_tokens + output_tokens + latency_ms IS NOT NULL ORDER BY seq DESC LIMIT ?",
            (candidate, endpoint, most),
        )

    def runs_of(self, digests: Sequence[str]) -> set[int]:
        """The runs in which these calls were answered."""
        return {run for rows in self.of_calls("DISTINCT run", "answered", digests) for (run,) in rows}

    def count_answers(self, candidate: str) -> int:
        """Answers that there are under a candidate's name, also those to other prompts and settings."""
        where = f"state = 'answered' AND repeat < {CHECKS} AND candidate = ?"

        def ask(parts: tuple[Part, ...]) -> int:
            here = self.database.rows(
                f"SELECT count(*) FROM call WHERE {where} AND seq > ?", (candidate, last_of(parts))
            )
            there = self.parts.of_all(parts, "count(*)", where, (candidate,))
            return sum(int(found) for rows in (here, *there) for (found,) in rows)

        return self.settled(ask)

    def drops(self, grading: str) -> list[Drop]:
        """Who was dropped by races under this way of grading, in the order of leaving."""
        rows = self.database.rows('SELECT * FROM "drop" WHERE grading = ? ORDER BY seq', (grading,))
        return [Drop(*row[1:]) for row in rows]

    def manifest(self, run: int) -> dict[str, Any] | None:
        """What a run was going to do; None where there is no such run."""
        return self._json("SELECT manifest FROM run WHERE seq = ?", run)

    def answers(self, digests: Sequence[str]) -> dict[str, StoredAnswer]:
        """The stored answers of these calls, by digest; the original latency, not that of a re-run."""
        select = (
            "digest, seq, text, finish_reason, time_to_first_token_ms, latency_ms, prompt_tokens, output_tokens,"
            " thinking, timings, served_model, headers, further"
        )
        return {
            row[0]: StoredAnswer(row[1], answer_of(row[2:]))
            for rows in self.of_calls(select, "answered", digests)
            for row in rows
        }

    def finish_reasons(self, digests: Sequence[str]) -> list[str | None]:
        """For each of these calls why its answer ended, as its server said; None without an answer."""
        found: list[str | None] = []
        for start in range(0, len(digests), AT_ONCE):
            some = digests[start : start + AT_ONCE]
            rows = chain.from_iterable(self.of_calls("digest, finish_reason", "answered", some))
            known: dict[str, str | None] = dict(rows)
            found += map(known.get, some)
        return found

    def answered_until(self, digests: Sequence[str]) -> str | None:
        """When the last of these calls that has an answer was made: UTC, ISO 8601; None where none has one."""
        moments = (moment for rows in self.of_calls("max(started_at)", "answered", digests) for (moment,) in rows)
        return max((moment for moment in moments if moment), default=None)

    def failures(self, digests: Sequence[str]) -> dict[str, Failure]:
        """The last failure of each of these calls that has no answer."""
        last: dict[str, Any] = {}
        for rows in self.of_calls("digest, seq, error_code, error, attempt", "failed", digests):
            for digest, *found in rows:
                if digest not in last or last[digest][0] < found[0]:
                    last[digest] = found
        failed = {digest: Failure(*found) for digest, (_, *found) in last.items()}
        return {digest: failed[digest] for digest in failed.keys() - self.answered(list(failed))}

    def grades(self, grading: str) -> list[StoredGrade]:
        """Everything that `record_grades` stored of one grader."""
        return self.database.rows(
            "SELECT row_id, call_digest, value, label, detail FROM score WHERE grading = ? ORDER BY seq", (grading,)
        )

    def scored(self, grading: str, digests: Sequence[str] | None = None) -> set[tuple[str, str]]:
        """(row id, call digest) of everything, or of these calls, that this way of grading has already scored."""
        if digests is not None:
            return {
                (row[0], row[1])
                for chunk in chunks(digests)
                for row in self.database.rows(
                    f"SELECT row_id, call_digest FROM score WHERE grading = ? AND call_digest IN ({marks(chunk)})",
                    (grading, *chunk),
                )
            }
        found = self.database.each("SELECT row_id, call_digest FROM score WHERE grading = ?", (grading,))
        return {(row[0], row[1]) for row in found}

    def request(self, digest: str) -> tuple[str, bytes] | None:
        """Path and exact bytes of a call."""
        return self.requests([digest]).get(digest)

    def requests(self, digests: Sequence[str]) -> dict[str, tuple[str, bytes]]:
        """Path and exact bytes of calls, by digest."""

        def ask(parts: tuple[Part, ...]) -> dict[str, tuple[str, bytes]]:
            found: dict[str, tuple[str, bytes]] = {}
            for chunk in chunks(digests):
                for digest, path, body in self._select(
                    "SELECT digest, path, body FROM request WHERE digest IN (%s)", chunk
                ):
                    found[digest] = path, body
            missing = [digest for digest in digests if digest not in found]
            return found | self.parts.requests(parts, missing)

        return self.settled(ask)

    def engine(self, endpoint: str) -> dict[str, Any] | None:
        """Facts of the latest start of this engine and build."""
        return self._json("SELECT facts FROM engine WHERE endpoint = ? ORDER BY seq DESC LIMIT 1", endpoint)

    def probe(self, digest: str) -> dict[str, Any] | None:
        """What the latest probe of this candidate, as it is set up now, found; None where there was none."""
        return self._json("SELECT found FROM probe WHERE digest = ? ORDER BY seq DESC LIMIT 1", digest)

    def runs(self) -> list[dict[str, Any]]:
        """Every run: number, start, end (None when it was killed or still goes on), state."""
        rows = self.database.rows(
            "SELECT run.seq, run.started_at, run_end.ended_at, run_end.state FROM run"
            " LEFT JOIN run_end ON run_end.run = run.seq ORDER BY run.seq"
        )
        return [dict(zip(("run", "started_at", "ended_at", "state"), row, strict=True)) for row in rows]

    def seq(self) -> int:
        """The highest `seq` so far."""
        return int(self.database.rows("SELECT seq FROM counter")[0][0])

    def calls_seq(self) -> int:
        """The `seq` of the last call: what rests on answers alone stays as it is while this does; 0 without any."""
        ((last,),) = self.database.rows("SELECT coalesce(max(seq), 0) FROM call")
        return max(int(last), last_of(self.noted_parts()))

    def _json(self, statement: str, value: Any) -> dict[str, Any] | None:
        """The JSON in the first row; None where there is no row."""
        rows = self.database.rows(statement, (value,))
        return json.loads(rows[0][0]) if rows else None

    def _select(self, statement: str, values: Sequence[str]) -> list[Any]:
        """With the marks of so many values in the place of %s."""
        return self.database.rows(statement % marks(values), values)
