"""What a reader that follows the ledger asks: everything after a `seq`, and texts by their place. Part of `Ledger`."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

from bakeoff.evaluate.people.labels import Label
from bakeoff.evaluate.store.database import IN_ONE, chunks, marks
from bakeoff.evaluate.store.folding import Folded, last_of
from bakeoff.evaluate.store.parts import MOST_SEQ, Part
from bakeoff.evaluate.stored import Finding

LABEL_FIELDS = tuple(field.name for field in fields(Label))

CallSeen = tuple[int, str, int, float | None, int]
"""seq, digest, 1 answered or 0 failed, latency in ms, prompt tokens (0 where nobody counted)."""


@dataclass(frozen=True, slots=True)
class Noted:
    """A finding with its place in the ledger."""

    seq: int
    at: str
    """UTC, ISO 8601."""

    about: str
    value: Mapping[str, Any]


class Following(Folded):
    """Queries of `Ledger` for readers that keep what they have read."""

    def calls_after(self, seq: int, until: int, limit: int) -> list[CallSeen]:
        """Calls in the order in which they came, without their texts; `until` itself is the last."""
        select = "seq, digest, CASE state WHEN 'answered' THEN 1 ELSE 0 END, latency_ms, coalesce(prompt_tokens, 0)"

        def ask(parts: tuple[Part, ...]) -> list[CallSeen]:
            found: list[CallSeen] = self.parts.of_range(parts, select, seq + 1, until, limit)
            found += self.database.rows(
                f"SELECT {select} FROM call WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",
                (max(seq, last_of(parts)), until, limit),
            )
            return found[:limit]

        return self.settled(ask)

    def labels(self) -> list[Label]:
        """Every label that was ever given, in order."""
        return self.labels_after(0, MOST_SEQ)

    def findings(self, kind: str) -> list[Finding]:
        """Everything of this kind that was kept, in order."""
        noted = self.noted_after(kind, 0, MOST_SEQ)
        return [Finding(number, one.at, one.about, one.value) for number, one in enumerate(noted, 1)]

    def labels_after(self, seq: int, until: int) -> list[Label]:
        """Labels given since, in order."""
        names = ", ".join(f'"{name}"' for name in LABEL_FIELDS)
        rows = self.database.rows(f"SELECT {names} FROM label WHERE seq > ? AND seq <= ? ORDER BY seq", (seq, until))
        return [Label(**dict(zip(LABEL_FIELDS, row, strict=True))) for row in rows]

    def noted_after(self, kind: str, seq: int, until: int) -> list[Noted]:
        """Findings of one kind kept since, in order."""
        rows = self.database.rows(
            "SELECT seq, at, about, value FROM finding WHERE seq > ? AND seq <= ? AND kind = ? ORDER BY seq",
            (seq, until, kind),
        )
        return [Noted(number, at, about, json.loads(value)) for number, at, about, value in rows]

    def graded_after(self, seq: int, until: int, gradings: Sequence[str]) -> list[tuple[int, str]]:
        """(seq, call digest) of what some graders said since."""
        if not gradings:
            return []
        found: list[tuple[int, str]] = self.database.rows(
            "SELECT seq, call_digest FROM score WHERE seq > ? AND seq <= ?"
            f" AND grading IN ({marks(gradings)}) ORDER BY seq",
            (seq, until, *gradings),
        )
        return found

    def probed_after(self, seq: int, until: int) -> int:
        """The `seq` of the latest probe since; 0 where there was none."""
        ((found,),) = self.database.rows("SELECT max(seq) FROM probe WHERE seq > ? AND seq <= ?", (seq, until))
        return int(found or 0)

    def grades_of_calls(self, grading: str, digests: Sequence[str]) -> list[Any]:
        """As `Ledger.grades`, of some calls."""
        found: list[Any] = []
        for some in chunks(digests):
            found += self.database.rows(
                "SELECT row_id, call_digest, value, label, detail FROM score"
                f" WHERE grading = ? AND call_digest IN ({marks(some)}) ORDER BY seq",
                (grading, *some),
            )
        return found

    def stored_scores(self, grading: str) -> list[tuple[str, str, float | None]]:
        """(row id, call digest, value) of every score that one way of grading gave."""
        return self.database.rows("SELECT row_id, call_digest, value FROM score WHERE grading = ?", (grading,))

    def texts(self, seqs: Sequence[int], longest: int) -> dict[int, str]:
        """Answers by the `seq` of their call, each cut after so many characters."""

        def ask(parts: tuple[Part, ...]) -> dict[int, str]:
            # For SQLite a text ends at a zero byte.
            cut = f"split_part(substr(text, 1, {int(longest)}), chr(0), 1)"
            found: dict[int, str] = dict(self.parts.of_seqs(parts, f"seq, {cut}", seqs))
            for start in range(0, len(seqs), IN_ONE):
                some = seqs[start : start + IN_ONE]
                found.update(
                    self.database.rows(
                        f"SELECT seq, substr(text, 1, CAST(? AS INTEGER)) FROM call WHERE seq IN ({marks(some)})",
                        (longest, *some),
                    )
                )
            return found

        return self.settled(ask)
