"""From an item to the row of values that fills the judge's prompt, and the schema that its answer should keep to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bakeoff.evaluate.judge.blinding import blind
from bakeoff.evaluate.judge.planning import Item, Plan
from bakeoff.evaluate.judge.settings import QUALITY, Criterion, Settings
from bakeoff.evaluate.request import digest, template_names
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.types import Row

MOST_REASON = 400
"""Characters of the reason that the schema allows: without a limit small models go on until the token limit."""

VALUES = frozenset(
    {"instructions", "question", "reference", "criteria", "boundary", "strict", "answer", "answer_a", "answer_b"}
)
"""What a prompt file may use."""


@dataclass(frozen=True, slots=True)
class Material:
    """What is the same for all judges: the texts behind the names of an item."""

    questions: Sequence[str]
    """Per row: what the candidates were asked."""

    instructions: Sequence[str]
    """Per row: the system prompt, or nothing."""

    references: Sequence[str]
    """Per row: a good answer, or nothing."""

    answers: Mapping[str, Sequence[str]]
    """Candidate to its answer per row, blinded."""

    masked: int
    """Answers in which a contestant's name was covered."""


def material(
    columns: Sequence[Column], *, instructions: Sequence[str], references: Sequence[str], names: Sequence[str]
) -> Material:
    """Gather the texts, with the contestants' names covered in the answers."""
    blinded = {column.candidate: [blind(cell.text, names) for cell in column.cells] for column in columns}
    return Material(
        questions=[cell.shown for cell in columns[0].cells],
        instructions=instructions,
        references=references,
        answers={name: [one.text for one in texts] for name, texts in blinded.items()},
        masked=sum(one.masked > 0 for texts in blinded.values() for one in texts),
    )


def criteria_of(settings: Settings) -> tuple[Criterion, ...]:
    """The criteria that a rubric is read by."""
    return settings.criteria or (QUALITY,)


def rows_to_ask(plan: Plan, texts: Material, settings: Settings, *, strict: bool) -> list[Row]:
    """One row for every question to a judge, in the order of the plan: of each item, each order.

    Args:
        plan: what is to be judged; items that a rule settles are not asked.
        texts: the answers.
        settings: of the judge.
        strict: the second try, after an answer that could not be used.
    """
    rows: list[Row] = []
    for item in plan.items:
        if item.settled is None:
            rows += [_row(len(rows) + n, item, order, texts, settings, strict) for n, order in enumerate(item.orders)]
    return rows


def _row(
    number: int, item: Item, order: tuple[str, str | None], texts: Material, settings: Settings, strict: bool
) -> Row:
    second = order[1]
    answers = [texts.answers[name][item.row] for name in order if name is not None]
    question = texts.questions[item.row]
    values: dict[str, Any] = {
        "instructions": texts.instructions[item.row],
        "question": question,
        "reference": texts.references[item.row],
        "criteria": criteria_of(settings) if settings.form == "rubric" else settings.criteria,
        # No answer can hold the digest of itself, so none can close its own tag.
        "boundary": digest(question, *sorted(answers))[:12],
        "strict": strict,
    }
    values |= {"answer": answers[0]} if second is None else {"answer_a": answers[0], "answer_b": answers[1]}
    return Row(id=item.row_id, number=number + 1, values=values)


def unknown_names(template: str) -> list[str]:
    """Names that a prompt file uses and nothing fills, sorted."""
    return sorted(template_names(template) - VALUES)


def response_format(settings: Settings) -> dict[str, Any]:
    """`response_format` of the chat API: a JSON schema, the reason before the verdict."""
    reason: dict[str, Any] = {"type": "string", "maxLength": MOST_REASON}
    if settings.form == "pairwise":
        properties = {"reason": reason, "verdict": {"type": "string", "enum": ["A", "B", "tie"]}}
    else:
        scores = {
            criterion.name: {"type": "integer", "enum": list(range(criterion.low, criterion.high + 1))}
            for criterion in criteria_of(settings)
        }
        properties = {"reason": reason, "scores": _object(scores)}
    return {"type": "json_schema", "json_schema": {"name": "judgement", "schema": _object(properties)}}


def _object(properties: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": dict(properties),
        "required": list(properties),
        "additionalProperties": False,
    }
