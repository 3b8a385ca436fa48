"""From graded columns to a comparison: each candidate measured, every two of them paired, what to be careful about.

Asks no model and reads no file; the same columns give the same comparison.
"""

from collections.abc import Sequence
from typing import Literal

from bakeoff.errors import ProjectError
from bakeoff.evaluate.caveats import caveats
from bakeoff.evaluate.measures import model_result, scored
from bakeoff.evaluate.pairing import pair_all
from bakeoff.evaluate.results import Column, Comparison, Disagreement, GradedCell

Metric = Literal["accuracy", "macro_f1", "judge", "people"]

MOST_DISAGREEMENTS = 50
"""So many rows are kept for reading; all of them are counted."""

SHOWN_CHARACTERS = 400
"""Prompt and answer of a disagreement are cut to this length."""


def compare(columns: Sequence[Column], *, metric: Metric = "accuracy") -> Comparison:
    """Measure all candidates and compare them two by two on the rows that both have.

    Args:
        columns: one per candidate, with the same rows in the same order.
        metric: what decides. `accuracy` is the mean score where scores are not just right and wrong. With `judge` and
            `people` the cells' scores are theirs.

    Raises:
        ProjectError: macro-F1 is asked for and the graders read no labels.
    """
    rows = [tuple(cell.row_id for cell in column.cells) for column in columns]
    if any(ids != rows[0] for ids in rows):
        raise ValueError("the columns do not have the same rows")
    metrics = metrics_of(columns, metric)
    models = tuple(model_result(column, metrics) for column in columns)
    answering = [column for column in columns if scored(column)]
    pairs = pair_all(answering, metrics[0])
    disagreements, total = _disagreements(columns)
    return Comparison(
        models=models,
        pairs=pairs,
        caveats=caveats(columns, models, pairs, labels="macro_f1" in metrics),
        disagreements=disagreements,
        n_disagreements=total,
    )


def metrics_of(columns: Sequence[Column], metric: Metric) -> list[str]:
    """What can be measured on these cells, the deciding metric first.

    Raises:
        ProjectError: macro-F1 is asked for and the graders read no labels.
    """
    if metric in ("judge", "people"):
        return [metric]
    cells = [cell for column in columns for cell in scored(column)]
    labels = any(cell.label is not None for cell in cells)
    binary = all(score in (0.0, 1.0) for cell in cells for score in _answers(cell))
    if metric == "macro_f1" and not labels and any(cell.score for cell in cells):
        raise ProjectError(
            'metric = "macro_f1" needs labels, and no grader reads any',
            hint='write metric = "accuracy" under [decide], or a grader of kind = "label"',
        )
    mean = "accuracy" if binary else "score"
    if metric == "macro_f1":
        return ["macro_f1", mean]
    return [mean, "macro_f1"] if labels else [mean]


def _answers(cell: GradedCell) -> list[float | None]:
    """The scores of single answers: with repeats, `score` is their mean and may lie between right and wrong."""
    return [score for score in cell.repeat_scores if score is not None] or [cell.score]


def _disagreements(columns: Sequence[Column]) -> tuple[tuple[Disagreement, ...], int]:
    """Rows on which scores differ: those that split the candidates most evenly, then in table order."""
    rows = list(zip(*(column.cells for column in columns), strict=True))
    found = [(spread, index) for index, cells in enumerate(rows) if (spread := _spread(cells)) > 0]
    kept = sorted(sorted(found, key=lambda item: (-item[0], item[1]))[:MOST_DISAGREEMENTS], key=lambda item: item[1])
    names = [column.candidate for column in columns]
    return tuple(_disagreement(names, rows[index]) for _, index in kept), len(found)


def _spread(cells: Sequence[GradedCell]) -> float:
    """Variance of the scores of one row; exactly 0 where none differ."""
    scores = [cell.score for cell in cells if cell.score is not None]
    if len(set(scores)) < 2:
        return 0.0
    mean = sum(scores) / len(scores)
    return sum((score - mean) ** 2 for score in scores) / len(scores)


def _disagreement(names: Sequence[str], cells: Sequence[GradedCell]) -> Disagreement:
    asked = [(name, cell) for name, cell in zip(names, cells, strict=True) if cell.state != "missing"]
    return Disagreement(
        row_id=cells[0].row_id,
        shown=_shortened(cells[0].shown),
        target=_shortened(cells[0].target),
        answers={name: _shortened(cell.text) for name, cell in asked},
        scores={name: cell.score for name, cell in asked},
        details={
            name: why for name, cell in asked if (why := tuple(detail for detail in cell.details if detail is not None))
        },
    )


def _shortened(text: str) -> str:
    return text if len(text) <= SHOWN_CHARACTERS else text[: SHOWN_CHARACTERS - 1] + "…"
