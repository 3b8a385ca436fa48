"""From the ledger to a graded column: one cell per row, with its answer, its score and its state.

Grading asks no model; it can be repeated at any time, and each way of grading keeps its scores in the ledger.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from bakeoff.evaluate.graders import Grader, grade, joined, target_of, targets_without_labels
from bakeoff.evaluate.preflight import examine
from bakeoff.evaluate.request import json_digest, shown_prompt
from bakeoff.evaluate.results import CellState, Column, GradedCell, Memory
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
    return replace(grader, labels=targets_without_labels(grader, table.rows))


def graded_column(
    name: str,
    build: str,
    digests: Sequence[Sequence[str]] | None,
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
        digests: for each repetition, the address of each row's call; None where the candidate cannot be had, then
            every cell is missing.
        task: targets and graders.
        table: the data.
        ledger: answers are read from it, new scores are written to it.
        memory: what the engine really took.
    """
    repetitions = digests or [[""] * len(table.rows)]
    wanted = list(dict.fromkeys(digest for addresses in digests or () for digest in addresses))
    answers = ledger.answers(wanted)
    failed = ledger.failures([digest for digest in wanted if digest not in answers])
    scored = ledger.scored(task.identity)
    cells, fresh = [], []
    for index, (row, addresses) in enumerate(zip(table.rows, zip(*repetitions, strict=True), strict=True)):
        repeats = []
        for digest in addresses:
            stored = answers.get(digest)
            repeats.append(_cell(index, row, task, stored, failed=digest in failed))
            if stored is not None and (row.id, digest) not in scored:
                fresh.append((row.id, digest, repeats[-1].score, repeats[-1].label))
        cells.append(_over_repeats(repeats))
    ledger.record_scores(task.identity, fresh)
    return Column(candidate=name, build=build, cells=tuple(cells), memory=memory, cost_usd=None)


def _over_repeats(repeats: Sequence[GradedCell]) -> GradedCell:
    """One cell for all repetitions of a row: the first one's answer, the mean of the scores there are."""
    first = repeats[0]
    if len(repeats) == 1:
        return first
    scores = tuple(cell.score for cell in repeats)
    known = [score for score in scores if score is not None]
    mean = sum(known) / len(known) if known else None
    return replace(first, score=mean, repeat_scores=scores)


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
            group=row.group,
        )
    answer = stored.answer
    examined = examine(answer)
    grades = [grade(grader, target, examined.text) for grader, target in zip(task.graders, targets, strict=True)]
    state: CellState = "answered"
    if "blank" in examined.faults:
        state = "blank"
    elif "cut" in examined.faults:
        state = "cut"
    return GradedCell(
        row_id=row.id,
        state=state,
        score=joined(task.graders, grades),
        label=grades[task.leading].label,
        target=targets[task.leading],
        text=examined.text,
        latency_ms=answer.latency_ms,
        time_to_first_token_ms=answer.time_to_first_token_ms,
        prompt_tokens=answer.prompt_tokens,
        output_tokens=answer.output_tokens,
        timings=answer.timings,
        shown=task.shown[index],
        group=row.group,
        grades=tuple(one.score for one in grades),
        faults=examined.faults,
        thinking=examined.thinking,
        thinking_tokens=examined.thinking_tokens,
    )
