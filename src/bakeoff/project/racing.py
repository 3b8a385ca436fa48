"""A run that drops candidates as soon as they are shown to be worse: block after block of rows, with a look after each.

All candidates that are left answer the same block, so that every look compares complete rows. The race itself
(`evaluate.stats.race`) holds at every look and depends on the rows and their order only: after an interruption it is
run again from the answers in the ledger and comes to the same point.
"""

import asyncio
import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace

from bakeoff.evaluate.columns import Task
from bakeoff.evaluate.order import Order
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.stats.race import Dropped, Race
from bakeoff.evaluate.store import Drop
from bakeoff.evaluate.types import Table
from bakeoff.project.planning import Place
from bakeoff.project.running import Lane, batches
from bakeoff.values import Reason, reason

FIRST_BLOCK = 16
"""Rows of the first block, at least; a race of five candidates drops no one earlier than after nine rows."""

GROWTH = 1.5
"""Each block is so much longer than the one before: at most a third of a candidate's calls come after the row that
dropped it."""

LOADING_SHARE = 0.1
"""Part of the time that starting engines again and again may take."""


@dataclass(frozen=True, slots=True)
class Field:
    """What is raced on."""

    table: Table
    work: Task
    order: Order
    """Rows in the order of asking; rows of one group follow each other."""

    names: tuple[str, ...]
    """Everyone in the race, also those whose answers are all there."""

    grade: Callable[[str, Table, Task, Order], Column]
    """Graded cells of one candidate on some rows."""


async def race(lanes: Sequence[Lane], field: Field, *, together: bool, note: Callable[[Reason], None]) -> Race:
    """Run it.

    Args:
        lanes: the candidates.
        field: rows and grading.
        together: keep the engines on this machine running side by side, as far as memory allows.
        note: told who is dropped.
    """
    held = Race(field.names)
    owed = {lane.name: _by_row(lane.job.calls) for lane in lanes}
    groups = batches(lanes, together=together)
    stay_open = together and len(groups) == 1
    async with AsyncExitStack() as stack:
        if stay_open:
            for lane in lanes:
                await stack.enter_async_context(lane.opened())
        clock = asyncio.get_running_loop().time
        for block in _blocks(field, lanes):
            began = clock()
            rows = block.rows
            for group in groups:
                alive = [lane for lane in group if lane.name in held.alive]
                await asyncio.gather(*(_fill(lane, _calls(owed[lane.name], rows), is_open=stay_open) for lane in alive))
            block.seconds = clock() - began
            for dropped in _look(held, field, rows):
                note(drop_reason(dropped.name, dropped))
            asked = [lane for lane in lanes if lane.name in held.alive]
            if len(held.alive) == 1 or (asked and all(lane.over for lane in asked)):
                break
    return held


async def _fill(lane: Lane, calls: Sequence[Place], *, is_open: bool) -> None:
    if not calls:
        return
    if is_open:
        await lane.fill(calls)
    else:
        async with lane.opened():
            await lane.fill(calls)


def _by_row(calls: Sequence[Place]) -> Mapping[int, list[Place]]:
    found: dict[int, list[Place]] = {}
    for place in calls:
        found.setdefault(place[1], []).append(place)
    return found


def _calls(owed: Mapping[int, list[Place]], rows: Order) -> list[Place]:
    return [place for row in rows for place in owed.get(int(row), ())]


class _Block:
    """Some rows, and how long they took."""

    __slots__ = ("rows", "seconds")

    def __init__(self, rows: Order) -> None:
        self.rows = rows
        self.seconds = 0.0


def _blocks(field: Field, lanes: Sequence[Lane]) -> Iterator[_Block]:
    """Longer and longer blocks, whole groups each; long enough that engines do not load most of the time."""
    start, size = 0, float(max(FIRST_BLOCK, *(2 * lane.job.resolved.concurrency for lane in lanes), 0))
    while start < len(field.order):
        end = min(len(field.order), start + math.ceil(size))
        while end < len(field.order) and _same_group(field, end):
            end += 1
        block = _Block(field.order[start:end])
        yield block
        loading = sum(lane.load_seconds for lane in lanes)
        working = max(block.seconds - loading, 1e-3) / (end - start)
        size = max(GROWTH * size, loading * (1 / LOADING_SHARE - 1) / working if loading else 0.0)
        start = end


def _same_group(field: Field, place: int) -> bool:
    """The row at this place of the order belongs to the one before it."""
    before, here = (field.table.rows[int(field.order[i])].group for i in (place - 1, place))
    return here is not None and here == before


def _look(held: Race, field: Field, rows: Order) -> list[Dropped]:
    """Feed the race with a block, unit by unit: a row, or a group with the mean of its rows."""
    part = replace(field.table, rows=[field.table.rows[int(i)] for i in rows])
    work = task_of(field.work, rows)
    columns = {name: field.grade(name, part, work, rows) for name in held.alive}
    units: dict[str, list[int]] = {}
    for index, row in enumerate(part.rows):
        units.setdefault(f"row {row.id}" if row.group is None else f"group {row.group}", []).append(index)
    dropped: list[Dropped] = []
    for unit, members in units.items():
        scores = {}
        for name, column in columns.items():
            known = [score for i in members if (score := column.cells[i].score) is not None]
            if known:
                scores[name] = sum(known) / len(known)
        dropped += held.add(unit, scores)
    return dropped


def task_of(work: Task, rows: Order) -> Task:
    """The same task on some of the rows; scores are kept under the same identity."""
    places = {int(row): place for place, row in enumerate(rows)}
    return replace(
        work,
        targets=tuple(work.targets[int(i)] for i in rows),
        shown=tuple(work.shown[int(i)] for i in rows),
        in_examples=frozenset(places[row] for row in work.in_examples if row in places),
    )


def drop_reason(name: str, dropped: Dropped | Drop) -> Reason:
    """Who left, and on what evidence."""
    return reason(
        "race.dropped",
        model=name,
        by=dropped.by,
        n=dropped.n_units,
        difference=dropped.difference,
        evidence=min(dropped.evidence, 1e9),
    )
