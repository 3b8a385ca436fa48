"""From the ledger to a graded column: one cell per row, with its answer, its score and its state.

Grading asks no model; it can be repeated at any time, and each way of grading keeps its scores in the ledger.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, replace

from bakeoff.evaluate.graders import Grade, Grader, grade, joined, target_of
from bakeoff.evaluate.graders.kept import Place, Work, kept_grades
from bakeoff.evaluate.preflight import (
    DEFAULT_RULES,
    Examined,
    Fault,
    Preflight,
    Rules,
    cut_short,
    examine,
    rows_in_examples,
    split_thinking,
    who_answered,
)
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
    shown = tuple(shown_prompt(prompt, row) for row in table.rows)
    return Task(
        graders=settled,
        leading=_leading(settled),
        targets=tuple(tuple(target_of(grader, row) for grader in settled) for row in table.rows),
        shown=shown,
        identity=json_digest([[grader.digest() for grader in settled], table.digest]),
        in_examples=rows_in_examples(shown, prompt.examples),
    )


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
    scored: set[tuple[str, str]] | None = None,
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
        preflight: what the answers should look like, and what becomes of their faults.
        scored: what `ledger.scored` gave for the task, where several columns are graded; new scores are added to it.
    """
    preflight = preflight or Preflight()
    repetitions = digests or [[""] * len(table.rows)]
    wanted = list(dict.fromkeys(digest for addresses in digests or () for digest in addresses))
    answers = ledger.answers(wanted)
    failed = ledger.failures([digest for digest in wanted if digest not in answers])
    scored = ledger.scored(task.identity) if scored is None else scored
    first = [stored.answer if (stored := answers.get(digest)) is not None else None for digest in repetitions[0]]
    truncated = cut_short(first, preflight)
    kept = _kept(task, table, repetitions, answers, ledger)
    cells, fresh, looked_at = [], [], []
    for index, (row, addresses) in enumerate(zip(table.rows, zip(*repetitions, strict=True), strict=True)):
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
        looked_at.append(graded.looked_at)
        fresh += [
            (row.id, digest, cell.score, cell.label)
            for digest, cell in graded.plain
            if digest in answers and (row.id, digest) not in scored
        ]
        cells.append(graded.cell)
    ledger.record_scores(task.identity, fresh)
    scored.update((row_id, digest) for row_id, digest, _, _ in fresh)
    return Column(
        candidate=name,
        build=build,
        cells=tuple(cells),
        memory=memory,
        cost_usd=None,
        findings=who_answered(name, first, looked_at, preflight),
        excluding=tuple(fault for fault, rule in preflight.rules.items() if rule == "exclude"),
    )


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


def _kept(
    task: Task,
    table: Table,
    repetitions: Sequence[Sequence[str]],
    answers: Mapping[str, StoredAnswer],
    ledger: Ledger,
) -> Mapping[int, Mapping[Place, Grade]]:
    """What the slow graders say of every answer, by the grader's position; they grade all of them at once."""
    found = {}
    for position, grader in enumerate(task.graders):
        if grader.rule.slow:
            works = [
                Work((row.id, digest), row, task.targets[index][position], split_thinking(stored.answer.text).text)
                for addresses in repetitions
                for index, (row, digest) in enumerate(zip(table.rows, addresses, strict=True))
                if (stored := answers.get(digest)) is not None
            ]
            found[position] = kept_grades(grader, table.digest, works, ledger)
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
