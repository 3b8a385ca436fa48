"""Which labels are taken for which: a matrix per model, or a list where there are many labels."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from bakeoff.decide import Decision
from bakeoff.report import numbers
from bakeoff.report.numbers import Language
from bakeoff.report.view.models import ModelView
from bakeoff.report.view.texts import text
from bakeoff.report.words import label

MOST_LABELS = 12
"""Labels of a confusion matrix; with more, it is a list of the most frequent confusions."""

MOST_CONFUSIONS = 12


@dataclass(frozen=True, slots=True)
class MatrixView:
    """Targets against answers of one model."""

    model: ModelView
    labels: tuple[str, ...]
    rows: tuple[tuple[str, tuple[tuple[str, int, bool], ...]], ...]
    """Target, and per label: the count, its share of the target's rows in percent, and whether it is the right one."""

    frequent: tuple[tuple[str, str, str], ...]
    """(target, answer, count) instead of rows, where there are too many labels."""


def matrices(decision: Decision, views: Mapping[str, ModelView], lang: Language) -> list[MatrixView]:
    """Confusion matrices of the models that answer with labels, best first."""
    by_name = {model.model: model for model in decision.models}
    return [_matrix(by_name[name].confusion, view, lang) for name, view in views.items() if by_name[name].confusion]


def _matrix(confusion: Mapping[str, Mapping[str, int]], view: ModelView, lang: Language) -> MatrixView:
    targets = list(confusion)
    answered = {answer for cells in confusion.values() for answer, n in cells.items() if n}
    extra = sorted(answered - set(targets), key=lambda answer: (answer == "", answer))
    columns = [*targets, *extra]

    def name(value: str) -> str:
        return text(value, 24).short or label("matrix.none", lang)

    if len(columns) > MOST_LABELS:
        wrong = [(n, t, a) for t, cells in confusion.items() for a, n in cells.items() if n and a != t]
        wrong.sort(key=lambda item: (-item[0], item[1], item[2]))
        frequent = tuple((name(t), name(a), numbers.count(n, lang)) for n, t, a in wrong[:MOST_CONFUSIONS])
        return MatrixView(view, (), (), frequent)
    rows = []
    for target in targets:
        cells = confusion[target]
        total = sum(cells.values()) or 1
        line = tuple((numbers.count(n, lang), round(100 * n / total), target == a) for a, n in _line(cells, columns))
        rows.append((name(target), line))
    return MatrixView(view, tuple(name(column) for column in columns), tuple(rows), ())


def _line(cells: Mapping[str, int], columns: Sequence[str]) -> list[tuple[str, int]]:
    return [(column, cells.get(column, 0)) for column in columns]
