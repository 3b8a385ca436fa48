"""What people's labels make of the candidates: the same table as a judge's, from people."""

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.evaluate.judge.planning import Item, Plan
from bakeoff.evaluate.judge.scores import Standing, row_scores, scored_columns, standings
from bakeoff.evaluate.judge.verdicts import Verdict
from bakeoff.evaluate.people.agreeing import People, people
from bakeoff.evaluate.people.labels import Label, Opinion, changed_minds, opinions
from bakeoff.evaluate.results import Column


@dataclass(frozen=True, slots=True)
class PeopleResult:
    """What people found."""

    labels: int
    """Labels about the present answers, skipped and withdrawn ones among them."""

    stale: int
    """Labels about answers that have changed since."""

    changed_minds: int
    """Items on which one person said different things at different times; the last word counts."""

    people: People
    pairs: tuple[Standing, ...]
    """From labels of two answers, by chance or from a file: the best first."""

    points: tuple[Standing, ...]
    """From labels of single answers."""


def people_result(every: Sequence[Label], present: Sequence[Label], columns: Sequence[Column]) -> PeopleResult:
    """Put labels together.

    Args:
        every: all labels.
        present: those about the present answers.
        columns: the candidates' cells.
    """
    said = opinions(present)
    return PeopleResult(
        labels=len(present),
        stale=len(every) - len(present),
        changed_minds=changed_minds(present),
        people=people(said),
        pairs=_standings(said, columns, "pair"),
        points=_standings(said, columns, "point"),
    )


def _standings(said: Sequence[Opinion], columns: Sequence[Column], kind: str) -> tuple[Standing, ...]:
    found = as_verdicts([opinion for opinion in said if opinion.kind == kind], columns)
    met = {(verdict.item.left, verdict.item.right or "") for verdict in found}
    plan = Plan("all", tuple(sorted(met)) if kind == "pair" else (), None, tuple(v.item for v in found), len(found))
    return standings(columns, found, plan) if found else ()


def as_verdicts(said: Sequence[Opinion], columns: Sequence[Column]) -> tuple[Verdict, ...]:
    """Opinions that may stand for all rows, as verdicts; candidates in the order of the project file."""
    rows = {cell.row_id: index for index, cell in enumerate(columns[0].cells)}
    place = {column.candidate: index for index, column in enumerate(columns)}
    found = []
    for opinion in said:
        if not opinion.fair:
            continue
        left, right, value = opinion.left, opinion.right, opinion.value
        if right is not None and place[right] < place[left]:
            left, right, value = right, left, 1 - value
        found.append(Verdict(Item(rows[opinion.row_id], opinion.row_id, left, right), value))
    return tuple(found)


def people_columns(present: Sequence[Label], columns: Sequence[Column]) -> list[Column]:
    """The columns with people's scores, over the rows that they labelled.

    Labels of pairs where there are any, else of single answers: the two are not mixed. Only items by chance or from a
    file count: those that were chosen because models differ on them would make every difference look larger.
    """
    said = opinions(present)
    kind = "pair" if any(opinion.kind == "pair" and opinion.fair for opinion in said) else "point"
    found = as_verdicts([opinion for opinion in said if opinion.kind == kind], columns)
    return scored_columns(columns, row_scores(found, None))
