"""Answers that were made elsewhere, from a csv, tsv, jsonl, parquet or xlsx file: row id to answer.

One line per row of the data. Besides id and answer, what else is known can stand in columns of its own (FURTHER);
what the file does not have stays unknown and is never taken as zero. Knows nothing about the rows' data.
"""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from bakeoff.errors import DataError
from bakeoff.evaluate.files import read_columns, read_table
from bakeoff.evaluate.tables.build import shown
from bakeoff.evaluate.types import Answer, Row
from bakeoff.values import Reason, reason

ID_NAMES = ("id", "row_id", "row", "doc_id", "sample_id", "custom_id")
ANSWER_NAMES = ("answer", "output", "response", "completion", "prediction", "generated_text", "text")
"""Where a column is not named, the first of these that the file has."""

FURTHER: Mapping[str, tuple[str, ...]] = {
    "latency_ms": ("latency_ms",),
    "time_to_first_token_ms": ("time_to_first_token_ms", "ttft_ms"),
    "prompt_tokens": ("prompt_tokens", "input_tokens"),
    "output_tokens": ("output_tokens", "completion_tokens"),
    "finish_reason": ("finish_reason", "stop_reason"),
    "thinking": ("thinking", "reasoning"),
    "served_model": ("served_model",),
}
"""Part of an answer to the columns that may hold it."""

LONGEST_LIST = 5
"""So many ids are named in a message."""

T = TypeVar("T")


def read_answers(path: Path, *, id_column: str | None = None, answer_column: str | None = None) -> dict[str, Answer]:
    """Read a file of answers.

    Args:
        path: csv, tsv, jsonl, json, parquet or xlsx; the text formats also with .gz. Texts are read as data are.
        id_column: which row of the data is answered; None takes the first of ID_NAMES that the file has.
        answer_column: the answer's text; None takes the first of ANSWER_NAMES. An empty cell is an answer without
            text: a row that was not answered is left out of the file.

    Returns:
        Row id to answer, in the order of the file.

    Raises:
        DataError: the file cannot be read, has no such columns, an id is missing or used twice, or a number is none.
    """
    chosen = id_column or _first(read_columns(path), ID_NAMES, path, "row ids", "answers_id")
    table = read_table(path, id_column=chosen)
    text = answer_column or _first(table.columns, ANSWER_NAMES, path, "answers", "answers_column", but=chosen)
    if text not in table.columns:
        raise DataError(f"{path.name} has no column {text!r}", hint=f"its columns are: {', '.join(table.columns)}")
    found = {
        part: next((name for name in names if name in table.columns and name not in (chosen, text)), None)
        for part, names in FURTHER.items()
    }
    return {row.id: _answer(row, text, found, path) for row in table.rows}


def match_notes(answers: Mapping[str, Answer], row_ids: Iterable[str], *, name: str) -> list[Reason]:
    """What does not fit between a file of answers and the rows of the data.

    Args:
        answers: of `read_answers`.
        row_ids: of all rows of the data.
        name: how notes call the file.

    Raises:
        DataError: no answer belongs to any row.
    """
    rows = list(row_ids)
    unknown = list(answers.keys() - set(rows))
    unanswered = [row_id for row_id in rows if row_id not in answers]
    if len(unknown) == len(answers):
        raise DataError(
            f"{name}: none of its {len(answers):,} ids is the id of a row: {_few(list(answers))}",
            hint=f"the rows' ids are {_few(rows)}; name the column with them as `id` under [data], or number from 1",
        )
    notes = []
    if unknown:
        known = set(unknown)
        first = next(row_id for row_id in answers if row_id in known)
        notes.append(reason("answers.unknown_ids", file=name, n=len(unknown), first=first))
    if unanswered:
        notes.append(reason("answers.rows_without", file=name, n=len(unanswered), first=unanswered[0]))
    return notes


def _few(ids: list[str]) -> str:
    more = ", ..." if len(ids) > LONGEST_LIST else ""
    return ", ".join(repr(row_id[:60]) for row_id in ids[:LONGEST_LIST]) + more


def _first(
    columns: Iterable[str], names: Iterable[str], path: Path, what: str, key: str, *, but: str | None = None
) -> str:
    """The first of `names` among the columns, whatever its upper and lower case."""
    there = {column.casefold(): column for column in columns if column != but}
    found = next((there[name] for name in names if name in there), None)
    if found is None:
        raise DataError(
            f"{path.name}: which column holds the {what}? Its columns are: {', '.join(there.values())}",
            hint=f'name it at the candidate in bakeoff.toml: {key} = "..."',
        )
    return found


def _answer(row: Row, text: str, found: Mapping[str, str | None], path: Path) -> Answer:
    values = {part: row.values[column] for part, column in found.items() if column is not None}
    return Answer(
        text=shown(row.values[text]),
        finish_reason=shown(values.get("finish_reason")) or None,
        time_to_first_token_ms=_number(values, "time_to_first_token_ms", float, row, path),
        latency_ms=_number(values, "latency_ms", float, row, path),
        prompt_tokens=_number(values, "prompt_tokens", _whole, row, path),
        output_tokens=_number(values, "output_tokens", _whole, row, path),
        thinking=shown(values.get("thinking")) or None,
        served_model=shown(values.get("served_model")) or None,
    )


def _number(values: Mapping[str, Any], part: str, kind: Callable[[str], T], row: Row, path: Path) -> T | None:
    """A number that is not negative; None for an empty cell."""
    cell = shown(values.get(part)).strip()
    if not cell:
        return None
    try:
        number = kind(cell)
        if not 0 <= number < float("inf"):  # type: ignore[operator]
            raise ValueError
    except ValueError:
        raise DataError(
            f"{path.name}: row {row.id!r}: {part} is {cell[:60]!r}", hint="write a number, or leave the cell empty"
        ) from None
    return number


def _whole(text: str) -> int:
    """A count of tokens; spreadsheets and data frames with gaps write 12 as 12.0."""
    number = float(text)
    if not number.is_integer():
        raise ValueError
    return int(number)
