"""From the ledger to a graded column: one cell per row, with its answer, its score and its state.

Grading asks no model; it can be repeated at any time, and each way of grading keeps its scores in the ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.evaluate.graders import Grader, grade, target_of, targets_without_labels
from bakeoff.evaluate.request import json_digest, shown_prompt
from bakeoff.evaluate.results import Column, GradedCell, Memory
from bakeoff.evaluate.store import Ledger, StoredAnswer
from bakeoff.evaluate.types import Prompt, Row, Table


@dataclass(frozen=True, slots=True)
class Task:
    """What is right for each row, and how the rows are shown: the same for all candidates."""

    graders: tuple[Grader, ...]
    """A row is right when every grader says so; the first label grader gives the label."""

    targets: tuple[tuple[str, ...], ...]
    """Per row, per grader."""

    leading: int
    """The grader whose target is shown, and whose label is counted: the first label grader, else the first."""

    shown: tuple[str, ...]
    """Per row: the user's part of the prompt."""

    identity: str
    """Digest of graders and data: scores are kept under it."""


def task(graders: Sequence[Grader], prompt: Prompt, table: Table) -> Task:
    """Work out the targets once.

    Raises:
        ProjectError: a target cannot be worked out, or is not one of the labels; with the row.
    """
    settled = tuple(_with_labels(grader, table) for grader in graders)
    return Task(
        graders=settled,
        leading=next((index for index, grader in enumerate(settled) if grader.kind == "label"), 0),
        targets=tuple(tuple(target_of(grader, row) for grader in settled) for row in table.rows),
        shown=tuple(shown_prompt(prompt, row) for row in table.rows),
        identity=json_digest([[grader.digest() for grader in settled], table.digest]),
    )


def _with_labels(grader: Grader, table: Table) -> Grader:
    """A label grader without `labels` takes the different targets of the data, in order of appearance."""
    if grader.kind != "label" or grader.labels:
        return grader
    return Grader(grader.kind, grader.target, targets_without_labels(grader, table.rows), grader.ignore_case)


def graded_column(
    name: str,
    build: str,
    digests: Sequence[str] | None,
    *,
    task: Task,
    table: Table,
    ledger: Ledger,
    memory: Memory | None = None,
) -> Column:
    """Grade what the ledger has for one candidate.

    Args:
        name: the candidate's name.
        build: the build as shown.
        digests: address of each row's call; None where the candidate cannot be had, then every cell is missing.
        task: targets and graders.
        table: the data.
        ledger: answers are read from it, new scores are written to it.
        memory: what the engine really took.
    """
    addresses = digests if digests is not None else [""] * len(table.rows)
    wanted = list(dict.fromkeys(digests or ()))
    answers = ledger.answers(wanted)
    failed = ledger.failures([digest for digest in wanted if digest not in answers])
    scored = ledger.scored(task.identity)
    cells, fresh = [], []
    for index, (row, digest) in enumerate(zip(table.rows, addresses, strict=True)):
        stored = answers.get(digest)
        cell = _cell(index, row, task, stored, failed=digest in failed)
        cells.append(cell)
        if stored is not None and (row.id, digest) not in scored:
            fresh.append((row.id, digest, cell.score, cell.label))
    ledger.record_scores(task.identity, fresh)
    return Column(candidate=name, build=build, cells=tuple(cells), memory=memory, cost_usd=None)


def _cell(index: int, row: Row, task: Task, stored: StoredAnswer | None, *, failed: bool) -> GradedCell:
    targets = task.targets[index]
    if stored is None:
        return GradedCell(
            row_id=row.id,
            state="failed" if failed else "missing",
            score=None,
            label=None,
            target=targets[task.leading],
            text="",
            latency_ms=None,
            time_to_first_token_ms=None,
            prompt_tokens=None,
            output_tokens=None,
            timings={},
            shown=task.shown[index],
        )
    answer = stored.answer
    grades = [grade(grader, target, answer.text) for grader, target in zip(task.graders, targets, strict=True)]
    state = "answered"
    if not answer.text.strip():
        state = "blank"
    elif answer.finish_reason == "length":
        state = "cut"
    return GradedCell(
        row_id=row.id,
        state=state,  # type: ignore[arg-type]
        score=min(g.score for g in grades),
        label=grades[task.leading].label,
        target=targets[task.leading],
        text=answer.text,
        latency_ms=answer.latency_ms,
        time_to_first_token_ms=answer.time_to_first_token_ms,
        prompt_tokens=answer.prompt_tokens,
        output_tokens=answer.output_tokens,
        timings=answer.timings,
        shown=task.shown[index],
    )
