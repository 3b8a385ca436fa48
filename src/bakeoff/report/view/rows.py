"""The rows on which the models disagree: what people read to see why the numbers are as they are."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bakeoff.evaluate.results import Disagreement
from bakeoff.report.numbers import Language
from bakeoff.report.view.models import ModelView
from bakeoff.report.view.texts import Text, text
from bakeoff.report.words import sentence

MOST_ROWS, MOST_OPEN = 40, 10
"""Rows that a report holds, and those that it shows unasked; the ledger has them all."""


@dataclass(frozen=True, slots=True)
class AnswerView:
    """One model's answer to one row."""

    model: ModelView
    text: Text
    mark: str
    """`right`, `wrong` or `none`."""

    reasons: tuple[str, ...] = ()
    """Why, in sentences of the graders."""


@dataclass(frozen=True, slots=True)
class RowView:
    """A row on which the models disagree."""

    id: str
    shown: Text
    target: Text
    answers: tuple[AnswerView, ...]


def disagreements(rows: Sequence[Disagreement], views: Mapping[str, ModelView], lang: Language) -> list[RowView]:
    """The rows to read, in the order of the data."""
    return [
        RowView(
            id=text(row.row_id, 80).short,
            shown=text(row.shown),
            target=text(row.target, 160),
            answers=tuple(
                AnswerView(
                    model=view,
                    text=text(row.answers.get(name, ""), 160),
                    mark=_mark(row.scores.get(name)),
                    reasons=tuple(sentence(reason, lang) for reason in row.details.get(name, ())),
                )
                for name, view in views.items()
                if name in row.answers or name in row.scores
            ),
        )
        for row in rows[:MOST_ROWS]
    ]


def _mark(score: float | None) -> str:
    return "none" if score is None else "right" if score >= 0.5 else "wrong"
