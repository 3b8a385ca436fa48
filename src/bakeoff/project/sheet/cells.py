"""A block of cells, graded as `Project.columns()` would grade them, and each as a small document."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from bakeoff.evaluate.columns import GradedRow, Task, graded_row, task
from bakeoff.evaluate.graders import Grade, Grader
from bakeoff.evaluate.graders.kept import Place, Work, grades_key, read_grade
from bakeoff.evaluate.preflight import Preflight, split_thinking
from bakeoff.evaluate.preflight.truncation import truncated
from bakeoff.evaluate.store import Ledger, StoredAnswer
from bakeoff.evaluate.types import Row, Table
from bakeoff.project.config import Config
from bakeoff.project.contestants import Contestant
from bakeoff.project.preflight import preflight_of
from bakeoff.project.sheet.index import ANSWERED, FAILED, Calls, Ints
from bakeoff.project.sheet.slow import SlowGrading

Cell = dict[str, Any]
"""What the page knows of a cell; see `Sheet.rows`."""


Part = tuple[list[Row], Task]
"""Some rows with their targets."""


@dataclass(frozen=True, slots=True)
class Looked:
    """One cell, graded, with the stored answers it was made of."""

    graded: GradedRow
    answers: Mapping[str, StoredAnswer]
    """By address; without those repetitions that have none."""


@dataclass(slots=True)
class Grading:
    """Grades blocks. Keeps what is the same for all of them."""

    config: Config
    table: Table
    contestants: Sequence[Contestant]
    calls: Calls
    ledger: Callable[[], Ledger]
    """Opens the project's, for graders that take their time."""

    graders: tuple[Grader, ...] = ()
    slow: SlowGrading = field(init=False)
    preflights: list[Preflight] = field(default_factory=list)
    truncated: list[frozenset[int]] = field(default_factory=list)
    """For each column the rows whose prompt did not arrive whole."""

    def __post_init__(self) -> None:
        """Settle the labels of graders that take them from the data."""
        self.graders = tuple(grader.with_labels(self.table.rows) for grader in self.config.graders)
        self.slow = SlowGrading(self.graders, self.table.digest, self.ledger)
        self.truncated = [frozenset()] * len(self.contestants)

    def look_before(self, ledger: Ledger) -> None:
        """Read what the probes found."""
        self.preflights = [preflight_of(one, self.config.preflight, ledger) for one in self.contestants]

    def look_over(self, columns: Sequence[int]) -> Ints:
        """Find the prompts that were cut short in some columns; the cells of which this is new, or no longer so."""
        found = []
        for column in columns:
            preflight = self.preflights[column]
            before = self.truncated[column]
            after: frozenset[int] = frozenset()
            if preflight.sizes is not None:
                part = self.calls.part(column)
                tokens = np.where(self.calls.state[part] == ANSWERED, self.calls.prompt_tokens[part], 0)
                after = frozenset(truncated(preflight.sizes, tokens, preflight.expected.context_tokens))
            self.truncated[column] = after
            found += [self.calls.cell(column, row) for row in before ^ after]
        return np.array(found, dtype=np.int64)

    def slow_keys(self) -> list[str]:
        """Under which the ledger keeps what the slow graders say."""
        return [grades_key(grader, self.table.digest) for grader in self.graders if grader.rule.slow]

    def part(self, rows: Sequence[int]) -> Part:
        """Some rows, with their targets."""
        found = [self.table.rows[row] for row in rows]
        return found, task(self.graders, self.config.prompt, replace(self.table, rows=found))

    def some_of(self, part: Part, indices: Sequence[int]) -> Part:
        """A part of a part."""
        rows, work = part
        if list(indices) == list(range(len(rows))):
            return part
        places = {index: place for place, index in enumerate(indices)}
        return [rows[index] for index in indices], replace(
            work,
            targets=tuple(work.targets[index] for index in indices),
            shown=tuple(work.shown[index] for index in indices),
            in_examples=frozenset(places[index] for index in work.in_examples if index in places),
        )

    def column(self, column: int, rows: Sequence[int], part: Part, ledger: Ledger, *, ask: bool = True) -> list[Looked]:
        """Grade one candidate's cells.

        Args:
            column: which candidate.
            rows: by their place in the table.
            part: of these rows.
            ledger: answers are read from it.
            ask: let slow graders look at what they have not seen yet, some time.
        """
        calls, repeats = self.calls, max(1, self.calls.columns[column])
        found, work = part
        addresses = [
            tuple(calls.address(column, row, repeat) for repeat in range(calls.columns[column])) or ("",)
            for row in rows
        ]
        wanted, failed = [], set()
        for row, some in zip(rows, addresses, strict=True):
            for repeat in range(repeats if calls.columns[column] else 0):
                state = calls.state[calls.at(column, row, repeat)]
                if state == ANSWERED:
                    wanted.append(some[repeat])
                elif state == FAILED:
                    failed.add(some[repeat])
        answers = ledger.answers(wanted)
        kept = self._kept(part, addresses, answers, ledger, ask=ask)
        return [
            Looked(
                graded_row(
                    index,
                    row,
                    some,
                    task=work,
                    answers=answers,
                    failed=failed,
                    truncated=rows[index] in self.truncated[column],
                    kept=kept,
                    preflight=self.preflights[column],
                ),
                {digest: answers[digest] for digest in some if digest in answers},
            )
            for index, (row, some) in enumerate(zip(found, addresses, strict=True))
        ]

    def _kept(
        self,
        part: Part,
        addresses: Sequence[Sequence[str]],
        answers: Mapping[str, StoredAnswer],
        ledger: Ledger,
        *,
        ask: bool,
    ) -> Mapping[int, Mapping[Place, Grade]]:
        """What the slow graders have said already; what they have not is open, not wrong."""
        found: dict[int, dict[Place, Grade]] = {}
        rows, work = part
        for position, grader in enumerate(self.graders):
            if not grader.rule.slow:
                continue
            known = {
                (one[0], one[1]): read_grade(one[2], one[3], one[4])
                for one in ledger.grades_of_calls(grades_key(grader, self.table.digest), list(answers))
            }
            found[position], todo = {}, []
            for index, (row, some) in enumerate(zip(rows, addresses, strict=True)):
                for digest in some:
                    place = (row.id, digest)
                    said = known.get(place) or self.slow.said(position, place)
                    found[position][place] = said or OPEN
                    if said is None and digest in answers:
                        text = split_thinking(answers[digest].answer.text).text
                        todo.append(Work(place, row, work.targets[index][position], text))
            if ask and todo:
                self.slow.ask(position, todo)
        return found


OPEN = Grade(None)
"""A grader has not looked at it yet."""
