"""From verdicts to scores: per row for the comparison, and a table of candidates with intervals."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from bakeoff.evaluate.judge.planning import Plan
from bakeoff.evaluate.judge.verdicts import Verdict
from bakeoff.evaluate.measures import quality_of, scored
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.stats.bradley_terry import Game, Rating, bradley_terry


@dataclass(frozen=True, slots=True)
class Standing:
    """One candidate, as judged."""

    candidate: str
    rows: int
    """Rows with a score."""

    value: float
    """Mean over the rows: the share of meetings won, ties half; or the mean score of a rubric."""

    low: float
    high: float
    """95 % interval."""

    wins: int = 0
    ties: int = 0
    losses: int = 0
    """Meetings; of a jury, a mean above one half is a win."""

    strength: Rating | None = None
    """Bradley-Terry; None for a rubric, and where there are no meetings."""


def row_scores(verdicts: Sequence[Verdict], baseline: str | None) -> dict[str, dict[str, float]]:
    """Candidate to row id to score: its mean preference over those that it met on the row; or its rubric's score.

    Where all meet one baseline, that one has 0.5 on every row on which it met someone: it is what the others are
    measured against.
    """
    met: dict[str, dict[str, list[float]]] = {}
    for verdict in verdicts:
        if verdict.value is None:
            continue
        item = verdict.item
        met.setdefault(item.left, {}).setdefault(item.row_id, []).append(verdict.value)
        if item.right is not None:
            met.setdefault(item.right, {}).setdefault(item.row_id, []).append(1 - verdict.value)
    scores = {name: {row: sum(all_) / len(all_) for row, all_ in rows.items()} for name, rows in met.items()}
    if baseline in scores:
        scores[baseline] = dict.fromkeys(scores[baseline], 0.5)
    return scores


def scored_columns(columns: Sequence[Column], scores: Mapping[str, Mapping[str, float]]) -> list[Column]:
    """The columns with these scores instead of the graders', over the rows on which any candidate has one."""
    rows = {row for by_row in scores.values() for row in by_row} or {cell.row_id for cell in columns[0].cells}
    return [
        replace(
            column,
            cells=tuple(
                replace(
                    cell,
                    score=scores.get(column.candidate, {}).get(cell.row_id),
                    label=None,
                    grades=(),
                    repeat_scores=(),
                )
                for cell in column.cells
                if cell.row_id in rows
            ),
        )
        for column in columns
    ]


def standings(columns: Sequence[Column], verdicts: Sequence[Verdict], plan: Plan) -> tuple[Standing, ...]:
    """Every candidate that was judged, the best first."""
    strengths = {rating.name: rating for rating in bradley_terry(games(verdicts)).players}
    met = row_scores(verdicts, None)
    found = []
    for column in scored_columns(columns, met):
        cells = scored(column)
        if not cells:
            continue
        quality = quality_of("score", cells)
        wins, ties, losses = _tally(column.candidate, verdicts) if plan.pairs else (0, 0, 0)
        found.append(
            Standing(
                candidate=column.candidate,
                rows=quality.n,
                value=quality.value,
                low=quality.low,
                high=quality.high,
                wins=wins,
                ties=ties,
                losses=losses,
                strength=strengths.get(column.candidate),
            )
        )
    return tuple(sorted(found, key=_place))


def _place(standing: Standing) -> float:
    """Meetings of unlike opponents are compared by strength; else by the mean."""
    return -(standing.strength.log_odds if standing.strength is not None else standing.value)


def games(verdicts: Sequence[Verdict]) -> list[Game]:
    """The meetings of two, as contests."""
    return [
        Game(verdict.item.left, verdict.item.right, verdict.value, row=verdict.item.row_id)
        for verdict in verdicts
        if verdict.item.right is not None and verdict.value is not None
    ]


def _tally(name: str, verdicts: Sequence[Verdict]) -> tuple[int, int, int]:
    """(wins, ties, losses) of one candidate."""
    wins = ties = losses = 0
    for verdict in verdicts:
        if verdict.value is None or name not in (verdict.item.left, verdict.item.right):
            continue
        value = verdict.value if name == verdict.item.left else 1 - verdict.value
        wins, ties, losses = wins + (value > 0.5), ties + (value == 0.5), losses + (value < 0.5)
    return wins, ties, losses
