"""A project as a spreadsheet, opened once: blocks of rows, one row in full, and what changed since."""

import threading
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.errors import StorageError, UsageError
from bakeoff.evaluate.people.labels import FAIR, Label, NewLabel, Said, answer_digest, counting
from bakeoff.evaluate.results import GradedCell
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.tables.packed import PackedRows
from bakeoff.project.editing import table as table_of_file
from bakeoff.project.lock import is_running
from bakeoff.project.project import Project
from bakeoff.project.sheet.cells import Cell, Grading, Looked
from bakeoff.project.sheet.conflict import Conflict
from bakeoff.project.sheet.corrections import KIND, Correction, checked_author, checked_text
from bakeoff.project.sheet.editing import sheet_stamp
from bakeoff.project.sheet.index import ANSWERED, FAILED, Calls, Ints
from bakeoff.project.sheet.kinds import column_kinds
from bakeoff.project.sheet.previews import preview, shown
from bakeoff.project.sheet.scores import ScoreColumns
from bakeoff.project.sheet.view import Query, Views

BATCH = 50_000
"""Calls that are read from the ledger at once."""

MOST_ROWS = 1000
"""Of one block."""

MOST_TOLD = 20_000
"""Cells that are kept as they were told to one tab, for the others: 20 MB."""

FILES = "files"
"""Kind of the finding that says what the project's file and data were."""

THUMBS: dict[str, Said] = {"up": "correct", "down": "wrong"}
"""A thumb is a label of one answer that its author chose to give: it stands for no other row."""


class Sheet:
    """One state of a project's file and data, and all that is in its ledger so far."""

    def __init__(self, project: Project) -> None:
        """Read the data and find every call's address; then what the ledger has.

        Raises:
            BakeoffError: the data cannot be read, or a template cannot be filled.
        """
        self.project = project
        self.folder: Path = project.folder
        self.config = project.config
        self.table = project.table()
        self.contestants = project.contestants()
        self.names = [one.candidate.name for one in self.contestants]
        self.lock = threading.RLock()
        """Held while what was added to the ledger is taken in."""

        self.view_lock = threading.Lock()
        """Held while a view is made, which may grade whole columns; nothing else waits for it."""

        self.calls = Calls.of([one.digests or () for one in self.contestants], len(self.table.rows))
        self.grading = Grading(self.config, self.table, self.contestants, self.calls, project.ledger)
        self.kinds = column_kinds(self.table)
        rows = self.table.rows
        self.row_ids = list(rows.ids()) if isinstance(rows, PackedRows) else [row.id for row in rows]
        self.places = {row_id: place for place, row_id in enumerate(self.row_ids)}
        self.labels: dict[tuple[str, str], list[Label]] = {}
        """(row id, candidate) to what people said of this one answer."""

        self.corrections: dict[str, list[Correction]] = {}
        """Address of a call to every correction of its answer, the last one counts."""

        self._told: dict[int, tuple[int, dict[str, Any]]] = {}
        """Cell to what `changes` last told of it, and the `seq` at which it was so: every tab asks for the same."""

        self.scores = ScoreColumns(self.grading, self.row_ids)
        self.views = Views(self)
        self.seq = 0
        self.stamp = sheet_stamp(self.folder, self.config)
        with project.ledger() as ledger:
            self.grading.look_before(ledger)
            self.take(ledger)
            self.edited = self._note_edit(ledger)
            """When the files became what they are, as far as it was seen: a `seq`."""

    def _note_edit(self, ledger: Ledger) -> int:
        """Note in the ledger that the project file or the data are not what they were: who follows it must begin anew.

        So it is seen whoever edited them, the page or a person with an editor, and also after the server's end.
        """
        noted = ledger.noted_after(FILES, 0, self.seq)
        if noted and noted[-1].value.get("stamp") == self.stamp:
            return noted[-1].seq
        with suppress(StorageError):  # a folder that can only be read can still be looked at
            ledger.record_finding(FILES, "", {"stamp": self.stamp})
            self.take(ledger)
        return self.seq

    # keeping up

    def take(self, ledger: Ledger) -> int:
        """Read what was added to the ledger; its `seq`."""
        with self.lock:
            until = ledger.seq()
            if until == self.seq:
                return until
            touched: list[Ints] = []
            after = self.seq
            while calls := ledger.calls_after(after, until, BATCH):
                touched.append(self.calls.take(calls))
                after = calls[-1][0]
            for label in ledger.labels_after(self.seq, until):
                self._take_label(label)
            for noted in ledger.noted_after(KIND, self.seq, until):
                self.corrections.setdefault(noted.about, []).append(Correction.of(noted))
                self._mark([noted.about], noted.seq)
            if keys := self.grading.slow_keys():
                for seq, digest in ledger.graded_after(self.seq, until, keys):
                    self._mark([digest], seq)
            columns: Sequence[int] = range(len(self.names))
            if probed := ledger.probed_after(self.seq, until) if self.seq else 0:
                self.grading.look_before(ledger)
                self.calls.changed[:] = np.maximum(self.calls.changed, probed)
            elif self.seq:
                columns = np.unique(np.concatenate([*touched, [0]])[:-1] // max(1, len(self.row_ids))).tolist()
            self.calls.changed[self.grading.look_over(columns)] = until
            self.seq = until
            return until

    def _mark(self, digests: Sequence[str], seq: int) -> None:
        _, calls = self.calls.find(digests)
        np.maximum.at(self.calls.changed, self.calls.cells_of(calls), seq)

    def _take_label(self, label: Label) -> None:
        if label.kind != "point" or label.left not in self.names or label.row_id not in self.places:
            return
        self.labels.setdefault((label.row_id, label.left), []).append(label)
        cell = self.calls.cell(self.names.index(label.left), self.places[label.row_id])
        self.calls.changed[cell] = max(self.calls.changed[cell], label.seq)

    # what is shown

    def document(self) -> dict[str, Any]:
        """Everything about the sheet but its rows."""
        with self.project.ledger() as ledger:
            seq = self.take(ledger)
        prompt = self.config.prompt
        return {
            "project": self.project.name,
            "seq": seq,
            "stamp": self.stamp,
            "n_rows": len(self.row_ids),
            "data_columns": [{"name": name, "kind": kind} for name, kind in self.kinds.items()],
            "id_column": self.config.data.id,
            "candidates": [
                {
                    "name": one.candidate.name,
                    "model": one.candidate.model,
                    "build": one.build or None,
                    "via": one.candidate.via,
                    "error": one.error.message if one.error is not None else None,
                }
                for one in self.contestants
            ],
            "graders": [
                {"name": one.name or one.kind, "kind": one.kind, "target": one.target} for one in self.grading.graders
            ],
            "prompt": {
                "system": prompt.system,
                "user": prompt.user,
                "examples": [{"user": one.user, "assistant": one.assistant} for one in prompt.examples],
                "variants": [one.name for one in self.config.prompts if one.name],
            },
            "parameters": table_of_file(self.folder, "parameters") or {},
            "counts": {name: self._counts(column) for column, name in enumerate(self.names)},
        }

    def _counts(self, column: int) -> dict[str, int]:
        n = len(self.row_ids)
        found = np.bincount(self.calls.state[self.calls.part(column)], minlength=3).tolist()
        return {"answered": found[ANSWERED], "failed": found[FAILED], "missing": n - found[ANSWERED] - found[FAILED]}

    def rows(self, start: int, count: int, query: Query) -> dict[str, Any]:
        """A block of a view.

        Args:
            start: place of the first row in the view; at 0 the view is made anew.
            count: of rows, at most `MOST_ROWS`.
            query: the view.

        Raises:
            UsageError: there is no such column, candidate or state.
        """
        with self.project.ledger() as ledger:
            seq = self.take(ledger)
            with self.view_lock:
                order = self.views.order(query, ledger, fresh=start == 0)
            total = len(self.row_ids) if order is None else len(order)
            stop = min(start + min(count, MOST_ROWS), total)
            rows = list(range(start, stop)) if order is None else order[start:stop].tolist()
            return {
                "total": total,
                "start": start,
                "seq": seq,
                "view": query.token(),
                "rows": self.block(rows, ledger),
            }

    def corrected_rows(self, column: int) -> list[int]:
        """Rows of a column whose answers stand corrected."""
        digests = [digest for digest in self.corrections if self.correction(digest) is not None]
        _, calls = self.calls.find(digests)
        n = max(1, len(self.row_ids))
        return [int(cell) % n for cell in self.calls.cells_of(calls) if int(cell) // n == column]

    def block(self, rows: Sequence[int], ledger: Ledger) -> list[dict[str, Any]]:
        """Some rows, each with its cells."""
        part = self.grading.part(rows)
        columns = [self.grading.column(column, rows, part, ledger) for column in range(len(self.names))]
        found = []
        for index, (row, place) in enumerate(zip(part[0], rows, strict=True)):
            found.append(
                {
                    "id": row.id,
                    "n": row.number,
                    "values": {name: shown(value) for name, value in row.values.items()},
                    "target": preview(self._target(part[1].targets[index], part[1].leading)),
                    "cells": {
                        name: self.cell(column, place, columns[column][index]) for column, name in enumerate(self.names)
                    },
                }
            )
        return found

    def _target(self, targets: Sequence[str], leading: int) -> str:
        return targets[leading] if targets else ""

    def cell(self, column: int, row: int, looked: Looked) -> Cell:
        """A graded cell as the page gets it."""
        cell = looked.graded.cell
        digest = looked.graded.plain[0][0]
        correction = self.correction(digest)
        return {
            "digest": digest or None,
            "state": cell.state,
            "preview": preview(cell.text),
            "score": cell.score,
            "label": cell.label,
            "faults": list(cell.faults),
            "thumb": self.thumb(column, row, cell),
            "corrected": correction is not None,
            "latency_ms": cell.latency_ms,
            "output_tokens": cell.output_tokens,
            "seq": int(self.calls.changed[self.calls.cell(column, row)]),
        }

    def correction(self, digest: str) -> Correction | None:
        """What stands in the place of an answer; None where nothing does."""
        found = self.corrections.get(digest)
        return found[-1] if found and found[-1].text is not None else None

    def thumb(self, column: int, row: int, cell: GradedCell) -> str | None:
        """What people last said of just this answer."""
        label = self.thumb_label(column, row, cell)
        return None if label is None else "up" if label.said == "correct" else "down"

    def thumb_label(self, column: int, row: int, cell: GradedCell) -> Label | None:
        """The last word on this answer that still stands."""
        said = self.labels.get((self.row_ids[row], self.names[column]))
        if not said:
            return None
        digest = answer_digest(cell.text)
        standing = counting(label for label in said if label.left_answer in ("", digest))
        return max(standing, key=lambda label: label.seq, default=None)

    def changes(self, after: int, limit: int) -> dict[str, Any]:
        """The cells that changed after a `seq`, as they are now; each once, the earliest first."""
        with self.project.ledger() as ledger:
            with self.lock:
                # Together: what another reader takes in meanwhile must not be in the cells and not in the `seq`.
                seq = self.take(ledger)
                changed = self.calls.changed
                cells = np.flatnonzero(changed > after)
                cells = cells[np.argsort(changed[cells], kind="stable")]
                if len(cells) > limit:
                    # Cells of one `seq` stay together: the next answer begins after it.
                    last = int(changed[cells[limit - 1]])
                    cells, seq = cells[changed[cells] <= last], last
            return {"seq": seq, "cells": self._cells(cells, ledger)}

    def _cells(self, cells: Ints, ledger: Ledger) -> list[dict[str, Any]]:
        """Those that another tab was told of as they are now are not graded again."""
        found: dict[int, dict[str, Any]] = {}
        todo = []
        for cell in cells.tolist():
            seq, told = self._told.get(cell, (-1, {}))
            if seq == self.calls.changed[cell]:
                found[cell] = told
            else:
                todo.append(cell)
        fresh = self._graded(todo, ledger)
        if len(self._told) + len(fresh) > MOST_TOLD:
            self._told.clear()
        for cell, told in fresh.items():
            self._told[cell] = (told["seq"], told)
        found |= fresh
        return [found[cell] for cell in cells.tolist()]

    def _graded(self, cells: Sequence[int], ledger: Ledger) -> dict[int, dict[str, Any]]:
        n = max(1, len(self.row_ids))
        rows = sorted({cell % n for cell in cells})
        part = self.grading.part(rows)
        found: dict[int, dict[str, Any]] = {}
        at = {row: index for index, row in enumerate(rows)}
        for column in sorted({cell // n for cell in cells}):
            own = [cell % n for cell in cells if cell // n == column]
            # Read before: what comes while they are graded makes them old.
            seqs = [int(self.calls.changed[self.calls.cell(column, row)]) for row in own]
            looked = self.grading.column(column, own, self.grading.some_of(part, [at[row] for row in own]), ledger)
            for row, seq, one in zip(own, seqs, looked, strict=True):
                shown_cell = self.cell(column, row, one) | {"seq": seq}
                found[column * n + row] = {"row": self.row_ids[row], "candidate": self.names[column], **shown_cell}
        return found

    # what people write

    def place(self, row_id: str, candidate: str) -> tuple[int, int]:
        """(column, row) of a cell.

        Raises:
            UsageError: there is no such row or candidate.
        """
        if candidate not in self.names:
            raise UsageError(f"no candidate {candidate[:100]!r}", hint=f"there are: {', '.join(self.names)}")
        if row_id not in self.places:
            raise UsageError(f"no row {row_id[:100]!r}", hint="rows are named by their id")
        return self.names.index(candidate), self.places[row_id]

    def look(self, column: int, row: int, ledger: Ledger) -> Looked:
        """Grade one cell."""
        return self.grading.column(column, [row], self.grading.part([row]), ledger)[0]

    def correct(self, row_id: str, candidate: str, text: str | None, *, author: str, seq: int) -> Cell:
        """Write over an answer; its score stays that of the model. Rows that were asked the very same share it.

        Args:
            row_id: of the row.
            candidate: whose answer.
            text: what should stand there; None takes back what was written before.
            author: who writes.
            seq: up to which the author has seen this cell.

        Returns:
            The cell as it is now.

        Raises:
            UsageError: no such cell, nothing to correct in it, or a text or a name that cannot be kept.
            Conflict: somebody else was faster.
        """
        column, row = self.place(row_id, candidate)
        author, text = checked_author(author), checked_text(text)
        with self.project.ledger() as ledger:
            self.take(ledger)
            looked = self.look(column, row, ledger)
            if looked.graded.cell.state in ("failed", "missing"):
                raise UsageError("there is no answer to correct here", hint="run the cell first")
            call = self.calls.at(column, row)
            digest = self.calls.address(column, row)
            kept = None
            if int(self.calls.seq[call]) <= seq:
                kept = ledger.record_after(KIND, digest, {"author": author, "text": text}, seq)
            self.take(ledger)
            cell = self.cell(column, row, looked)
            if kept is None:
                raise Conflict("somebody else corrected this answer meanwhile", theirs=cell)
            return cell

    def judge_by_thumb(self, row_id: str, candidate: str, thumb: str | None, *, author: str) -> Cell:
        """Call an answer good or bad, as a label that was chosen; None takes the author's own thumb back.

        Args:
            row_id: of the row.
            candidate: whose answer.
            thumb: `up`, `down` or None.
            author: who says so.

        Returns:
            The cell as it is now.

        Raises:
            UsageError: no such cell, or no answer in it, or no name.
        """
        column, row = self.place(row_id, candidate)
        author = checked_author(author)
        if thumb is not None and thumb not in THUMBS:
            raise UsageError(f"{thumb[:20]!r} is no thumb", hint="up, down, or nothing to take it back")
        with self.project.ledger() as ledger:
            self.take(ledger)
            looked = self.look(column, row, ledger)
            if looked.graded.cell.state in ("failed", "missing"):
                raise UsageError("there is no answer to judge here", hint="run the cell first")
            label = NewLabel(
                kind="point",
                row_id=row_id,
                left=candidate,
                right=None,
                said=THUMBS[thumb] if thumb is not None else "withdrawn",
                author=author,
                left_answer=answer_digest(looked.graded.cell.text),
                right_answer=None,
                drawn="chosen",
            )
            ledger.record_labels([self._before_thumb(label) if thumb is None else label])
            self.take(ledger)
            return self.cell(column, row, looked)

    def _before_thumb(self, withdrawn: NewLabel) -> NewLabel:
        """What the author said of the same answer when it was shown blind stands again when the thumb is taken back."""
        said = self.labels.get((withdrawn.row_id, withdrawn.left), [])
        own = [one for one in said if one.author == withdrawn.author and one.left_answer in ("", withdrawn.left_answer)]
        blind = [one for one in own if one.drawn != "chosen"]
        if not blind or blind[-1].drawn not in FAIR or blind[-1].said not in ("correct", "wrong"):
            return withdrawn
        return replace(withdrawn, said=blind[-1].said, drawn=blind[-1].drawn, probability=blind[-1].probability)

    def running(self) -> bool:
        """Some process runs this project."""
        return is_running(self.folder)
