"""One row of a project in full: what was asked, what came back, and why it was graded as it was."""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bakeoff.evaluate.graders import Grade
from bakeoff.evaluate.graders.kept import grades_of
from bakeoff.evaluate.preflight import examine
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Table
from bakeoff.project.config import Config
from bakeoff.project.contestants import contestants
from bakeoff.project.sheet.corrections import Correction, corrections_of
from bakeoff.weights import ModelFile


@dataclass(frozen=True, slots=True)
class RowCell:
    """One candidate's cell of one row, in full."""

    candidate: str
    state: str
    request: str
    """Path and body, exactly as sent."""

    text: str
    """The answer as it came, or the failure's message."""

    correction: Correction | None = None
    """What a person wrote in the place of the answer."""

    grades: tuple[tuple[str, Grade], ...] = ()
    """Each grader's name and what it says; empty where there is no answer."""


def row_cells(
    config: Config, table: Table, row_id: str, weights: Callable[[str, str | None], ModelFile], ledger: Ledger
) -> list[RowCell]:
    """One row, for each candidate and repetition. Empty where there is no such row.

    Args:
        config: the project's file.
        table: its data.
        row_id: of the row.
        weights: how a model file is found, without downloading.
        ledger: the project's.
    """
    row = next((row for row in table.rows if row.id == row_id), None)
    if row is None:
        return []
    found = []
    corrected = corrections_of(ledger)
    graders = [grader.with_labels(table.rows) for grader in config.graders]
    names = [grader.name or grader.kind for grader in graders]
    for contestant in contestants(config, replace(table, rows=(row,)), weights):
        digests = [digest for repetition in contestant.digests or () for digest in repetition]
        answers, failed = ledger.answers(digests), ledger.failures(digests)
        for digest in digests:
            assert contestant.resolved is not None
            request = contestant.resolved.route.request(row)
            stored = answers.get(digest)
            said = grades_of(graders, table.digest, row, digest, examine(stored.answer).text, ledger) if stored else ()
            found.append(
                RowCell(
                    candidate=contestant.candidate.name,
                    state="answered" if stored else "failed" if digest in failed else "missing",
                    request=f"{request.path}\n{request.body.decode('utf-8')}",
                    text=stored.answer.text if stored else failed[digest].message if digest in failed else "",
                    correction=corrected.get(digest),
                    grades=tuple(zip(names, said, strict=False)),
                )
            )
    return found
