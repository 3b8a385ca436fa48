"""Machines and plans that the page asks about again and again: each is worked out once and kept for a while.

Plans depend on the machine, the catalog and what is wanted, and on no project, so that all projects share them.
"""

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable, Iterable
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from bakeoff.catalog.builds import parse_build
from bakeoff.catalog.loading import Catalog, load
from bakeoff.catalog.model import Model
from bakeoff.errors import UsageError
from bakeoff.fit.plan.asking import within
from bakeoff.fit.plan.calibration import NOTHING, Calibration, calibration
from bakeoff.fit.plan.making import Maker
from bakeoff.fit.plan.plan import Plan
from bakeoff.fit.plan.room import has_room, smallest
from bakeoff.fit.plan.table import Search
from bakeoff.fit.plan.wanted import USUAL_OUTPUT, USUAL_PROMPT, Wanted
from bakeoff.hardware import HERE, Machine
from bakeoff.hardware import machine as machine_named

T = TypeVar("T")

FRESH_SECONDS = 60.0
"""This machine's free memory is asked again after it; sliders in between move over the same facts."""

MOST_MACHINES, MOST_SEARCHES = 64, 24

MOST_MACHINE_TEXT = 500
"""Characters of a machine's name; more is refused before it is read."""


class Kept(Generic[T]):
    """The last few values by their key, each made once; several threads may ask."""

    def __init__(self, most: int) -> None:
        """Keep at most so many, and forget the one that was longest not asked for."""
        self.most = most
        self._values: OrderedDict[Hashable, T] = OrderedDict()
        self._lock = threading.RLock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """The value of a key."""
        with self._lock:
            if key not in self._values:
                self._values[key] = make()
            self._values.move_to_end(key)
            while len(self._values) > self.most:
                self._values.popitem(last=False)
            return self._values[key]


@dataclass(slots=True)
class Known:
    """A machine, with what measurements on it taught."""

    machine: Machine
    key: Hashable
    """The same for the same facts."""

    learnt: Calibration


@dataclass(slots=True)
class Planning:
    """All that was planned for one machine and one wish."""

    known: Known
    wanted: Wanted
    catalog: Catalog
    search: Search
    rooms: dict[str, bool] = field(default_factory=dict)
    rows: dict[str, Plan | None] = field(default_factory=dict)
    complete: bool = False
    """Every model that can be proposed is planned: counts with speeds are at hand."""

    def plan_all(self, models: Iterable[Model]) -> None:
        """Plan all of them; a second for the whole catalog, nothing the next time."""
        if not self.complete:
            for model in models:
                if self.has_room(model):
                    self.search.plan(model)
            self.complete = True

    def has_room(self, model: Model) -> bool:
        """The smallest build has room."""
        if model.id not in self.rooms:
            self.rooms[model.id] = has_room(model, self.known.machine, self.wanted)
        return self.rooms[model.id]

    def plan(self, model: Model) -> Plan | None:
        """The plan to take; None where nothing runs."""
        return self.search.plan(model)

    def row(self, model: Model) -> Plan | None:
        """For a table: the plan to take with its largest context, else the smallest build with what it lacks.

        None where the model cannot be planned at all: its architecture is not known, its context is shorter, or the
        build that was asked for is not made of it.
        """
        if model.id not in self.rows:
            self.rows[model.id] = self._row(model)
        return self.rows[model.id]

    def _row(self, model: Model) -> Plan | None:
        limit = model.context_tokens
        if model.architecture is None or (limit and self.wanted.per_conversation(limit) > limit):
            return None
        maker = Maker(model, self.known.machine, self.wanted, limit, self.known.learnt)
        plan = self.plan(model)
        try:
            if plan is not None:
                return maker.make(plan.build, plan.engine, largest=True)
            return maker.make(*smallest(model, self.known.machine, self.wanted))
        except UsageError:
            return None


class Planner:
    """What the server remembers of machines and plans."""

    def __init__(self) -> None:
        """Nothing is known yet."""
        self._machines: Kept[Known] = Kept(MOST_MACHINES)
        self._searches: Kept[Planning] = Kept(MOST_SEARCHES)
        self._lock = threading.Lock()
        self._here: Known | None = None
        self._asked_at = -FRESH_SECONDS

    def machine(self, text: str | None, *, again: bool = False) -> Known:
        """A machine by name; this one where the text is empty or says so.

        Args:
            text: as people write it.
            again: ask this machine's devices anew, however fresh the answer is.

        Raises:
            UsageError: the text means no machine; the hint has the nearest names.
        """
        words = " ".join((text or "").split())
        if len(words) > MOST_MACHINE_TEXT:
            raise UsageError(
                f"a machine's name of {len(words):,} characters is too long",
                hint='write it like "RTX 4090, 64 GB RAM"',
            )
        if words.casefold() in HERE:
            return self._this_machine(again=again)
        return self._machines.get(words.casefold(), lambda: Known(machine_named(words), words.casefold(), NOTHING))

    def _this_machine(self, *, again: bool) -> Known:
        with self._lock:
            now = time.monotonic()
            if self._here is None or again or now - self._asked_at > FRESH_SECONDS:
                found = machine_named(None)
                learnt = calibration(found, load())
                self._here = Known(found, ("here", now), learnt)
                self._asked_at = now
            return self._here

    def planning(self, known: Known, wanted: Wanted) -> Planning:
        """What is planned for a machine and a wish, with everything that was planned before."""
        catalog = load()

        def make() -> Planning:
            search = Search(known.machine, wanted, catalog, catalog.by_id, known.learnt)
            return Planning(known, wanted, catalog, search)

        return self._searches.get((known.key, wanted, id(catalog)), make)


PLANNER = Planner()
"""The server's. Nothing in it depends on who asks."""


def wish(
    *,
    context_tokens: int | None = None,
    prompt_tokens: int | None = None,
    output_tokens: int | None = None,
    users: int = 1,
    build: str | None = None,
) -> Wanted:
    """What is wanted of every model of a table; a usual request is shortened where the context is short.

    Raises:
        UsageError: a number out of its range, or no such build.
    """
    room = context_tokens if context_tokens is not None else 1 << 30
    prompt = prompt_tokens if prompt_tokens is not None else within(USUAL_PROMPT, room, 2 / 3)
    return Wanted(
        context_tokens=context_tokens,
        prompt_tokens=prompt,
        output_tokens=output_tokens if output_tokens is not None else within(USUAL_OUTPUT, room - prompt, 1),
        users=users,
        build=parse_build(build) if build is not None else None,
    )
