"""A comparison by other scores than the graders': a judge's, or people's, where `[decide] metric` says so."""

from collections.abc import Sequence
from dataclasses import replace

from bakeoff.evaluate.compare import compare
from bakeoff.evaluate.judge.result import Judged
from bakeoff.evaluate.judge.scores import row_scores, scored_columns
from bakeoff.evaluate.people.labels import Label
from bakeoff.evaluate.people.standing import people_columns
from bakeoff.evaluate.results import Column, Comparison
from bakeoff.project.judging import present_labels
from bakeoff.values import Reason, reason


def judge_columns(columns: Sequence[Column], found: Judged) -> list[Column]:
    """The columns with the judges' scores, over the rows that they judged."""
    return scored_columns(columns, row_scores(found.verdicts, found.plan.baseline))


def by_judge(columns: Sequence[Column], found: Judged) -> Comparison:
    """Compared by the judges' scores. They decide only where the judges are trusted."""
    comparison = compare(judge_columns(columns, found), metric="judge")
    known = (*found.caveats, *found.calibration.reasons)
    # What the graders gave no score is no fault here, and what is not judged yet has been said.
    others = (caveat for caveat in comparison.caveats if caveat.code != "cells.unscored")
    return replace(comparison, caveats=(*known, *others), barred=_barred(found))


def _barred(found: Judged) -> Reason | None:
    if found.state == "trusted":
        return None
    back = found.habits.asked - found.habits.missing
    state = found.state if back or not found.habits.asked else "not asked"
    needed = found.settings.bar.labels
    return reason("decide.judge_barred", state=state, n=found.calibration.n_labels, needed=needed)


def by_people(columns: Sequence[Column], labels: Sequence[Label]) -> Comparison:
    """Compared by people's labels of the present answers."""
    present = present_labels(labels, columns)
    scored = people_columns(present, columns)
    comparison = compare(scored, metric="people")
    n = max((model.quality.n for model in comparison.models if model.quality is not None), default=0)
    if not n:
        return replace(comparison, barred=reason("decide.people_barred"))
    total = len(columns[0].cells)
    caveats = [reason("people.rows", n=n, total=total)]
    if len(present) < len(labels):
        caveats.append(reason("people.stale", n=len(labels) - len(present)))
    # Rows that nobody has labelled were drawn by chance: no fault of the candidates, and no grader's.
    drawn = ("cells.unscored", "left_out.unequal")
    others = (caveat for caveat in comparison.caveats if caveat.code not in drawn)
    return replace(comparison, caveats=(*caveats, *others))
