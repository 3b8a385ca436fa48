"""How well each candidate does so far: mean score and its interval, over the cells that have a score."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bakeoff.evaluate.stats.clusters import group_codes, mean_interval_by_group, share_interval
from bakeoff.evaluate.stats.proportions import mean_interval

if TYPE_CHECKING:
    from bakeoff.project.sheet.sheet import Sheet


@dataclass(frozen=True, slots=True)
class Standing:
    """One candidate's scores so far. Not the decision: that compares candidates on the same rows."""

    value: float
    """Mean score, 0..1."""

    low: float
    high: float
    """95 % interval; rows that belong together count as such."""

    n: int
    """Cells with a score."""


def standings(sheet: "Sheet") -> dict[str, Standing | None]:
    """By candidate; None where no cell has a score. Grades what was not graded yet."""
    groups = [row.group for row in sheet.table.rows] if sheet.config.data.group else None
    repeats = max(1, sheet.config.run.repeats)
    with sheet.project.ledger() as ledger:
        sheet.take(ledger)
        return {
            name: _standing(sheet.scores.column(column, ledger).astype(np.float64), groups, repeats)
            for column, name in enumerate(sheet.names)
        }


def _standing(
    scores: "np.typing.NDArray[np.float64]", groups: list[str | None] | None, repeats: int
) -> Standing | None:
    there = np.flatnonzero(~np.isnan(scores))
    if not len(there):
        return None
    found = scores[there]
    codes = None if groups is None else group_codes([groups[row] for row in there.tolist()])
    if np.isin(found, (0.0, 1.0)).all():
        low, high = share_interval(found, codes, repeats=repeats)
    else:
        low, high = mean_interval(found) if codes is None else mean_interval_by_group(found, codes)
    return Standing(float(np.mean(found)), low, high, len(found))
