"""What is to be asked: which rows, which candidates meet on them, and in which order the judge sees two answers.

Pure: the same columns, settings and seed give the same plan, and more rows or answers only add to it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

from bakeoff.errors import ProjectError
from bakeoff.evaluate.judge.settings import MOST_FOR_ALL, Design, Settings
from bakeoff.evaluate.measures import ANSWERED
from bakeoff.evaluate.people.labels import item_key
from bakeoff.evaluate.results import Column, GradedCell


@dataclass(frozen=True, slots=True)
class Item:
    """One thing to judge: two answers to a row, or one."""

    row: int
    """Index into the table."""

    row_id: str
    left: str
    """Candidate; of two, the one that stands first in the project file."""

    right: str | None
    """The other candidate; None where one answer is judged alone."""

    settled: float | None = None
    """What a rule says without asking: the same text twice is a tie, a blank answer loses. The preference for `left`,
    or the score of a single answer."""

    @property
    def key(self) -> tuple[str, ...]:
        """`people.labels.item_key`."""
        return item_key(self.row_id, self.left, self.right)

    @property
    def orders(self) -> tuple[tuple[str, str | None], ...]:
        """The (first, second) that are shown to a judge."""
        return ((self.left, None),) if self.right is None else ((self.left, self.right), (self.right, self.left))


@dataclass(frozen=True, slots=True)
class Plan:
    """All that a judge is to look at."""

    design: Design
    """As it was settled: never `auto` for pairs."""

    pairs: tuple[tuple[str, str], ...]
    """Candidates that meet; empty for a rubric."""

    baseline: str | None
    """Candidate that all others meet, of the design `baseline`."""

    items: tuple[Item, ...]
    rows: int
    """Rows that were drawn."""

    left_out: Mapping[str, int] = field(default_factory=dict)
    """Candidate to rows on which it has no answer to judge."""

    @property
    def asks(self) -> int:
        """Questions to one judge."""
        return sum(len(item.orders) for item in self.items if item.settled is None)


def plan(columns: Sequence[Column], settings: Settings) -> Plan:
    """Work out everything that is to be judged.

    Args:
        columns: the candidates' graded cells, all over the same rows.
        settings: of the judge.

    Raises:
        ProjectError: the baseline is no candidate, or there are no two candidates to compare.
    """
    chosen = drawn_rows([cell.row_id for cell in columns[0].cells], settings.rows, settings.seed)
    by_name = {column.candidate: column.cells for column in columns}
    left_out = {
        name: missing
        for name, cells in by_name.items()
        if (missing := sum(not judgeable(cells[row]) for row in chosen))
    }
    if settings.form == "rubric":
        items = [_single(row, name, by_name[name][row]) for row in chosen for name in by_name]
        return Plan("all", (), None, tuple(item for item in items if item is not None), len(chosen), left_out)
    design, pairs, baseline = meetings(columns, settings)
    found: list[Item] = []
    for row in chosen:
        row_id = columns[0].cells[row].row_id
        meeting = pairs if design != "sampled" else _some(pairs, settings.per_row, settings.seed, row_id)
        met = (_meeting(row, a, b, by_name[a][row], by_name[b][row]) for a, b in meeting)
        found += [item for item in met if item is not None]
    return Plan(design, pairs, baseline, tuple(found), len(chosen), left_out)


def drawn_rows(row_ids: Sequence[str], wanted: int | None, seed: int) -> tuple[int, ...]:
    """Indices of the rows that are judged, in table order.

    Rows stand in an order that the seed and their ids give, and the first ones are taken: more rows, wanted or new in
    the data, leave the earlier ones in.
    """
    if wanted is None or wanted >= len(row_ids):
        return tuple(range(len(row_ids)))
    by_chance = sorted(range(len(row_ids)), key=lambda index: by_seed(seed, row_ids[index]))
    return tuple(sorted(by_chance[:wanted]))


def by_seed(seed: int, *parts: str) -> bytes:
    """A place in an order that looks random and never changes."""
    return hashlib.sha256("\x00".join((str(seed), *parts)).encode("utf-8", "replace")).digest()


def meetings(columns: Sequence[Column], settings: Settings) -> tuple[Design, tuple[tuple[str, str], ...], str | None]:
    """(design, pairs in the order of the project file, baseline)."""
    names = [column.candidate for column in columns]
    if len(names) < 2:
        raise ProjectError(
            "a judge of pairs needs two candidates", hint='add a candidate, or write form = "rubric" under [judge]'
        )
    design = settings.design
    if design == "auto":
        design = "all" if len(names) <= MOST_FOR_ALL and settings.baseline is None else "baseline"
    every = tuple(combinations(names, 2))
    if design != "baseline":
        return design, every, None
    baseline = settings.baseline or leader(columns)
    if baseline not in names:
        raise ProjectError(f"the baseline {baseline!r} is no candidate", hint=f"the candidates are: {', '.join(names)}")
    return design, tuple(pair for pair in every if baseline in pair), baseline


def leader(columns: Sequence[Column]) -> str:
    """The candidate with the highest mean score by the graders; the first one where nothing has a score."""

    def mean(column: Column) -> float:
        scores = [cell.score for cell in column.cells if cell.score is not None]
        return sum(scores) / len(scores) if scores else -1.0

    return max(columns, key=mean).candidate


def _some(pairs: tuple[tuple[str, str], ...], wanted: int, seed: int, row_id: str) -> tuple[tuple[str, str], ...]:
    """A few pairs of one row, by chance."""
    by_chance = sorted(pairs, key=lambda pair: by_seed(seed, row_id, *pair))
    return tuple(sorted(by_chance[:wanted], key=pairs.index))


def judgeable(cell: GradedCell) -> bool:
    """There is an answer, and no fault that the project's preflight rules exclude."""
    return cell.state in ANSWERED and not cell.excluded


def _single(row: int, name: str, cell: GradedCell) -> Item | None:
    if not judgeable(cell):
        return None
    return Item(row, cell.row_id, name, None, settled=None if cell.text.strip() else 0.0)


def _meeting(row: int, a: str, b: str, first: GradedCell, second: GradedCell) -> Item | None:
    if not judgeable(first) or not judgeable(second):
        return None
    return Item(row, first.row_id, a, b, settled=settled(first.text, second.text))


def settled(first: str, second: str) -> float | None:
    """Preference for the first of two answers where no one need be asked; else None."""
    one, other = first.strip(), second.strip()
    if one == other:
        return 0.5
    if not one or not other:
        return 1.0 if one else 0.0
    return None
