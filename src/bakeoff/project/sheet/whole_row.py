"""One row in full: every text, what was asked, how it was graded, what people say of it. Bounded all the same."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from bakeoff.errors import BakeoffError
from bakeoff.evaluate.graders import Grade
from bakeoff.evaluate.people.labels import Label
from bakeoff.evaluate.preflight import examine
from bakeoff.evaluate.store import Failure, Ledger
from bakeoff.project.pricing import price_of
from bakeoff.project.sheet.cells import Cell, Looked
from bakeoff.project.sheet.corrections import Correction
from bakeoff.project.sheet.previews import EXACT
from bakeoff.project.sheet.sheet import Sheet

LONGEST = 1_000_000
"""Characters of one text; the rest of a longer one is left out, and an ellipsis stands for it."""


@dataclass(frozen=True, slots=True)
class WholeCell:
    """One candidate's cell with all that is known of it."""

    cell: Cell
    """As in a block of rows."""

    text: str
    thinking: str | None
    request: str | None
    """Path and body, as sent; None where it cannot be made."""

    grades: tuple[tuple[str, Grade], ...]
    """Each grader's name and what it says."""

    faults: tuple[str, ...]
    """As in `preflight.Fault`."""

    time_to_first_token_ms: float | None = None
    prompt_tokens: int | None = None
    thinking_tokens: int | None = None
    cost_usd: float | None = None
    finish_reason: str | None = None
    served_model: str | None = None
    provider: str | None = None
    repeats: tuple[Mapping[str, Any], ...] = ()
    """Text, state and score of each repetition, where there are several."""

    thumb: Label | None = None
    correction: Correction | None = None
    failure: Failure | None = None


@dataclass(frozen=True, slots=True)
class WholeRow:
    """One row."""

    id: str
    number: int
    values: Mapping[str, Any]
    target: str
    group: str | None
    cells: Mapping[str, WholeCell]


def whole_row(sheet: Sheet, row_id: str) -> WholeRow:
    """Everything of one row.

    Raises:
        UsageError: there is no such row.
    """
    _, place = sheet.place(row_id, sheet.names[0])
    with sheet.project.ledger() as ledger:
        sheet.take(ledger)
        part = sheet.grading.part([place])
        (row,), work = part
        cells = {
            name: _cell(sheet, column, place, sheet.grading.column(column, [place], part, ledger)[0], ledger)
            for column, name in enumerate(sheet.names)
        }
        return WholeRow(
            id=row.id,
            number=row.number,
            values={name: cut(one) if isinstance(one, str) else _exact(one) for name, one in row.values.items()},
            target=cut(work.targets[0][work.leading]) if work.graders else "",
            group=row.group,
            cells=cells,
        )


def _cell(sheet: Sheet, column: int, place: int, looked: Looked, ledger: Ledger) -> WholeCell:
    cell, digest = looked.graded.cell, looked.graded.plain[0][0]
    names = [grader.name or grader.kind for grader in sheet.grading.graders]
    said = [Grade(score, None, detail) for score, detail in zip(cell.grades, cell.details, strict=True)]
    found = WholeCell(
        cell=sheet.cell(column, place, looked),
        text=cut(cell.text),
        thinking=cut(cell.thinking) if cell.thinking else None,
        request=_request(sheet, column, place),
        grades=tuple(zip(names, said, strict=False)),
        faults=cell.faults,
        thumb=sheet.thumb_label(column, place, cell),
        correction=sheet.correction(digest),
        repeats=_repeats(looked),
    )
    stored = looked.answers.get(digest)
    if stored is None:
        return replace(found, failure=ledger.failures([digest]).get(digest) if digest else None)
    answer = stored.answer
    return replace(
        found,
        time_to_first_token_ms=answer.time_to_first_token_ms,
        prompt_tokens=answer.prompt_tokens,
        thinking_tokens=cell.thinking_tokens,
        cost_usd=_cost_usd(sheet, column, answer.prompt_tokens, answer.output_tokens),
        finish_reason=answer.finish_reason,
        served_model=answer.served_model,
        provider=examine(answer).provider,
    )


def _request(sheet: Sheet, column: int, place: int) -> str | None:
    resolved = sheet.contestants[column].resolved
    if resolved is None or resolved.answers is not None:
        return None
    try:
        request = resolved.route.request(sheet.table.rows[place])
    except BakeoffError:
        return None
    return f"{request.path}\n{cut(request.body.decode('utf-8'))}"


def _cost_usd(sheet: Sheet, column: int, prompt_tokens: int | None, output_tokens: int | None) -> float | None:
    contestant = sheet.contestants[column]
    if contestant.resolved is None or prompt_tokens is None or output_tokens is None:
        return None
    price = price_of(contestant.candidate, contestant.resolved, sheet.config.prices)
    return float(price.cost(prompt_tokens, output_tokens)) if price is not None else None


def _repeats(looked: Looked) -> tuple[Mapping[str, Any], ...]:
    if len(looked.graded.plain) < 2:
        return ()
    return tuple(
        {"text": cut(cell.text), "state": cell.state, "score": cell.score, "latency_ms": cell.latency_ms}
        for _, cell in looked.graded.plain
    )


def cut(text: str) -> str:
    """A text of at most `LONGEST` characters."""
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


def _exact(value: Any) -> Any:
    """Whole numbers that a browser would round are sent as text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT else value
