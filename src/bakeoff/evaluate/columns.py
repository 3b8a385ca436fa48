"""From the ledger to a graded column: one cell per row, with its answer, its score and its state.

Grading asks no model; it can be repeated at any time, and each way of grading keeps its scores in the ledger.
"""

from array import array
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import chain
from typing import TypeVar

from bakeoff.evaluate.graders import Grade, Grader, grade, joined, target_of
from bakeoff.evaluate.graders.kept import Place, Work, kept_grades
from bakeoff.evaluate.preflight import (
    DEFAULT_RULES,
    Examined,
    Fault,
    Preflight,
    Rules,
    WhoAnswered,
    cut_short,
    examine,
    rows_in_examples,
    split_thinking,
)
from bakeoff.evaluate.request import json_digest, shown_prompt
from bakeoff.evaluate.results import CellState, Column, GradedCell, Memory
from bakeoff.evaluate.store import Ledger, StoredAnswer
from bakeoff.evaluate.types import Answer, Prompt, Row, Table

T = TypeVar("T")

BLOCK = 50_000
"""Rows whose answers are in memory at once, besides what the cells keep of them. Where answers are in parts, each block
reads through the whole column's."""

MOST_SHARED = 1_000
"""So many different targets are kept once and not for each row."""


@dataclass(frozen=True, slots=True)
class Task:
    """What is right for each row, and how the rows are shown: the same for all candidates."""

    graders: tuple[Grader, ...]
    """A row is right when every grader says so; the first label grader gives the label."""

    targets: tuple[tuple[str, ...], ...]
    """Per row, per grader."""

    leading: int
    """The grader whose target is shown, and whose label is counted: the first label grader, else the first one that
    has a target."""

    shown: tuple[str, ...]
    """Per row: the user's part of the prompt."""

    identity: str
    """Digest of graders and data: scores are kept under it."""

    in_examples: frozenset[int] = frozenset()
    """Rows that are one of the few-shot examples: their answer stands in the prompt."""


def task(graders: Sequence[Grader], prompt: Prompt, table: Table) -> Task:
    """Work out the targets once.

    Raises:
        ProjectError: a target cannot be worked out, or is not one of the labels; with the row.
    """
    settled = tuple(grader.with_labels(table.rows) for grader in graders)
    return task_of(settled, prompt, table.rows, identity=grading_identity(settled, table.digest))


def grading_identity(settled: Sequence[Grader], data: str) -> str:
    """Under which scores are kept: digest of graders, with their labels, and of the table's digest."""
    return json_digest([[grader.digest() for grader in settled], data])


def task_of(settled: tuple[Grader, ...], prompt: Prompt, rows: Sequence[Row], *, identity: str) -> Task:
    """A task whose graders have their labels already; its rows may be some of the table's.

    Raises:
        ProjectError: a target cannot be worked out, or is not one of the labels; with the row.
    """
    shown = tuple(shown_prompt(prompt, row) for row in rows)
    return Task(
        graders=settled,
        leading=_leading(settled),
        targets=tuple(_shared(tuple(target_of(grader, row) for grader in settled) for row in rows)),
        shown=shown,
        identity=identity,
        in_examples=rows_in_examples(shown, prompt.examples),
    )


def _shared(values: Iterable[T]) -> Iterator[T]:
    """The values, with equal ones as one object while they are few."""
    known: dict[T, T] = {}
    for value in values:
        found = known.get(value)
        if found is None:
            found = value
            if len(known) < MOST_SHARED:
                known[value] = value
        yield found


def check_targets(graders: Sequence[Grader], table: Table) -> None:
    """Work out every target and keep none: before a run, which is in vain where one is wrong.

    Raises:
        ProjectError: a target cannot be worked out, or is not one of the labels; with the row.
    """
    settled = [grader.with_labels(table.rows) for grader in graders]
    for row in table.rows:
        for grader in settled:
            target_of(grader, row)


def _leading(graders: Sequence[Grader]) -> int:
    labels = (index for index, grader in enumerate(graders) if grader.kind == "label")
    targets = (index for index, grader in enumerate(graders) if grader.target)
    return next(labels, next(targets, 0))


def graded_column(
    name: str,
    build: str,
    digests: Sequence[Sequence[str]] | None,
    *,
    task: Task,
    table: Table,
    ledger: Ledger,
    memory: Memory | None = None,
    preflight: Preflight | None = None,
) -> Column:
    """Grade what the ledger has for one candidate, some thousand rows at a time.

    Args:
        name: the candidate's name.
        build: the build as shown.
        digests: for each repetition, the address of each row's call; None where the candidate cannot be had, then
            every cell is missing.
        task: targets and graders.
        table: the data.
        ledger: answers are read from it, new scores are written to it.
        memory: what the engine really took.
        preflight: what the answers should look like, and what becomes of their faults.
    """
    preflight = preflight or Preflight()
    repetitions = digests or [[""] * len(table.rows)]

    def graded(start: int, truncated: Container[int] = ()) -> Iterator[tuple[int, GradedRow, Answer | None]]:
        return _graded_block(start, repetitions, truncated, task=task, table=table, ledger=ledger, preflight=preflight)

    seen, cells, tokens = WhoAnswered(), [], array("q", bytes(8 * len(table.rows)))
    for start in range(0, len(table.rows), BLOCK):
        for index, found, answer in graded(start):
            cells.append(found.cell)
            if answer is not None and found.looked_at is not None:
                seen.take(answer, found.looked_at)
                tokens[index] = answer.prompt_tokens or 0
    # Only all answers together show whether a prompt was cut.
    truncated = cut_short(tokens, preflight)
    for start in sorted({index - index % BLOCK for index in truncated}):
        for index, found, _ in graded(start, truncated):
            cells[index] = found.cell
    return Column(
        candidate=name,
        build=build,
        cells=tuple(cells),
        memory=memory,
        cost_usd=None,
        findings=seen.findings(name, preflight),
        excluding=tuple(fault for fault, rule in preflight.rules.items() if rule == "exclude"),
    )


def _graded_block(
    start: int,
    repetitions: Sequence[Sequence[str]],
    truncated: Container[int],
    *,
    task: Task,
    table: Table,
    ledger: Ledger,
    preflight: Preflight,
) -> Iterator[tuple[int, "GradedRow", Answer | None]]:
    """Index, cell and first answer of each row of a block; then new scores are kept."""
    rows = table.rows[start : start + BLOCK]
    addressed = [addresses[start : start + BLOCK] for addresses in repetitions]
    wanted = [digest for digest in dict.fromkeys(chain.from_iterable(addressed)) if digest]
    answers = ledger.answers(wanted)
    failed = ledger.failures([digest for digest in wanted if digest not in answers])
    scored = ledger.scored(task.identity, list(answers))
    kept = slow_grades(task, rows, table.digest, addressed, answers, ledger, start=start)
    fresh = []
    for index, (row, addresses) in enumerate(zip(rows, zip(*addressed, strict=True), strict=True), start):
        graded = graded_row(
            index,
            row,
            addresses,
            task=task,
            answers=answers,
            failed=failed,
            truncated=index in truncated,
            kept=kept,
            preflight=preflight,
        )
        fresh += [
            (row.id, digest, cell.score, cell.label)
            for digest, cell in graded.plain
            if digest in answers and (row.id, digest) not in scored
        ]
        first = answers.get(addresses[0])
        yield index, graded, first.answer if first is not None else None
    ledger.record_scores(task.identity, fresh)


@dataclass(frozen=True, slots=True)
class GradedRow:
    """One candidate's cell of one row, and what it was made of."""

    cell: GradedCell
    """Over all repetitions, after the rules for faults."""

    looked_at: Examined | None
    """The first repetition's answer; None where there is none."""

    plain: tuple[tuple[str, GradedCell], ...]
    """For each repetition its address, and the cell as the graders alone see it."""


def graded_row(
    index: int,
    row: Row,
    addresses: Sequence[str],
    *,
    task: Task,
    answers: Mapping[str, StoredAnswer],
    failed: Container[str],
    truncated: bool,
    kept: Mapping[int, Mapping[Place, Grade]],
    preflight: Preflight,
) -> GradedRow:
    """Grade one candidate's answers to one row.

    Args:
        index: of the row among those of the task.
        row: of the data.
        addresses: for each repetition, that of the call.
        task: targets and graders.
        answers: what the ledger has, by address.
        failed: addresses of calls that failed.
        truncated: the prompt did not arrive whole.
        kept: grades of the slow graders, by the grader's position.
        preflight: what the answers should look like, and what becomes of their faults.
    """
    also: list[Fault] = ["truncated"] if truncated else []
    if index in task.in_examples:
        also.append("in_examples")
    plain, looked_at = [], None
    for position, digest in enumerate(addresses):
        stored = answers.get(digest)
        examined = examine(stored.answer, preflight.expected, shown=task.shown[index]) if stored else None
        if position == 0:
            looked_at = examined
        grades = _grades(index, row, task, examined, digest, kept)
        plain.append((digest, _cell(index, row, task, stored, examined, grades, failed=digest in failed)))
    cell = _over_repeats([_by_rules(one, also, preflight.rules) for _, one in plain])
    return GradedRow(cell, looked_at, tuple(plain))


def slow_grades(
    task: Task,
    rows: Sequence[Row],
    data: str,
    repetitions: Sequence[Sequence[str]],
    answers: Mapping[str, StoredAnswer],
    ledger: Ledger,
    *,
    start: int = 0,
) -> Mapping[int, Mapping[Place, Grade]]:
    """What the slow graders say of every answer, by the grader's position; they grade all of them at once.

    Args:
        task: targets and graders of the rows.
        rows: of the task, one after the other.
        data: digest of the whole table.
        repetitions: for each repetition, the address of each row's call.
        answers: what the ledger has, by address.
        ledger: keeps their grades.
        start: index of the first of these rows among those of the task.
    """
    found = {}
    for position, grader in enumerate(task.graders):
        if grader.rule.slow:
            works = [
                Work((row.id, digest), row, task.targets[index][position], split_thinking(stored.answer.text).text)
                for addresses in repetitions
                for index, (row, digest) in enumerate(zip(rows, addresses, strict=True), start)
                if (stored := answers.get(digest)) is not None
            ]
            found[position] = kept_grades(grader, data, works, ledger)
    return found


def _grades(
    index: int,
    row: Row,
    task: Task,
    examined: Examined | None,
    digest: str,
    kept: Mapping[int, Mapping[Place, Grade]],
) -> Sequence[Grade]:
    """What each grader says of one answer."""
    if examined is None:
        return ()
    return [
        kept[position][row.id, digest] if position in kept else grade(grader, target, examined.text, row)
        for position, (grader, target) in enumerate(zip(task.graders, task.targets[index], strict=True))
    ]


def _by_rules(cell: GradedCell, also: Sequence[Fault], rules: Rules) -> GradedCell:
    """The cell with all its faults, and without a score where one of them excludes it."""
    if cell.state in ("failed", "missing"):
        return cell
    faults = [fault for fault in DEFAULT_RULES if fault in cell.faults or fault in also]
    if not faults:
        return cell
    if any(rules[fault] == "exclude" for fault in faults):
        return replace(cell, faults=tuple(faults), excluded=True, score=None)
    return replace(cell, faults=tuple(faults))


def _over_repeats(repeats: Sequence[GradedCell]) -> GradedCell:
    """One cell for all repetitions of a row: the first one's answer, the mean of the scores there are."""
    first = repeats[0]
    if len(repeats) == 1:
        return first
    scores = tuple(cell.score for cell in repeats)
    known = [score for score in scores if score is not None]
    mean = sum(known) / len(known) if known else None
    faults = {fault for cell in repeats for fault in cell.faults}
    return replace(
        first,
        score=mean,
        repeat_scores=scores,
        faults=tuple(fault for fault in DEFAULT_RULES if fault in faults),
        excluded=mean is None and any(cell.excluded for cell in repeats),
    )


def _cell(
    index: int,
    row: Row,
    task: Task,
    stored: StoredAnswer | None,
    examined: Examined | None,
    grades: Sequence[Grade],
    *,
    failed: bool,
) -> GradedCell:
    target = task.targets[index][task.leading] if task.graders else ""
    if stored is None or examined is None:
        return GradedCell(
            row_id=row.id,
            state="failed" if failed else "missing",
            score=None,
            label=None,
            target=target,
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
    state: CellState = "answered"
    if "blank" in examined.faults:
        state = "blank"
    elif "cut" in examined.faults:
        state = "cut"
    return GradedCell(
        row_id=row.id,
        state=state,
        score=joined(task.graders, grades),
        label=grades[task.leading].label if target else None,
        target=target,
        text=examined.text,
        latency_ms=answer.latency_ms,
        time_to_first_token_ms=answer.time_to_first_token_ms,
        prompt_tokens=answer.prompt_tokens,
        output_tokens=answer.output_tokens,
        timings=answer.timings,
        shown=task.shown[index],
        group=row.group,
        grades=tuple(one.score for one in grades),
        details=tuple(one.detail for one in grades),
        faults=examined.faults,
        thinking=examined.thinking,
        thinking_tokens=examined.thinking_tokens,
        thinking_estimated=examined.estimated,
    )
