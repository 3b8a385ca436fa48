"""Cost: the candidates per token, on rented GPUs and on own hardware, side by side, at a load that may be changed."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel, ConfigDict

from bakeoff.catalog.finding import find
from bakeoff.catalog.loading import load
from bakeoff.cost.as_json import cost_json
from bakeoff.cost.asking import USUAL_YEARS
from bakeoff.cost.breakeven import curve
from bakeoff.cost.capacity import Capacities
from bakeoff.cost.costs import Costs, Line, leaders
from bakeoff.cost.data_files import electricity
from bakeoff.cost.load import Load
from bakeoff.cost.making import USUAL_IDLE_SECONDS
from bakeoff.evaluate.results import Column
from bakeoff.hardware import Machine
from bakeoff.needs.needs import NO_HARDWARE, THIS_MACHINE
from bakeoff.project.config import CostSection
from bakeoff.project.costing import allowed_ways, costs, measured_tokens, of_needs
from bakeoff.project.editing import set_table
from bakeoff.project.project import Project
from bakeoff.report.reasons_json import with_sentences
from bakeoff.values import to_json
from bakeoff.web.planner import MOST_MACHINES, PLANNER, Kept
from bakeoff.web.routes.compare import columns_of
from bakeoff.web.stamps import check_stamp, stamp_of
from bakeoff.web.workspace import Opened, Project_

router = APIRouter(prefix="/api/projects/{project}/cost", tags=["cost"])

CAPACITIES = Capacities()
"""What machines get done, of all projects: no price or volume changes it."""

USUAL_MACHINES = (THIS_MACHINE, "RTX 4090, 64 GB RAM", "1x H100 SXM")
"""Where nobody said anything: what is here, what people own, what people rent."""

_MACHINES: Kept[Machine] = Kept(MOST_MACHINES)

STEPS = 97
"""Volumes of a curve: from a hundredth of the load to a hundred times it."""

MOST_CURVES = 12


class Asked(CostSection):
    """The keys of `[cost]`; what is left out is as measured, needed or usual."""

    model_config = ConfigDict(defer_build=False)


class Saving(BaseModel):
    """What to write under `[cost]`."""

    model_config = ConfigDict(extra="forbid")

    cost: Asked
    stamp: str | None = None
    """Of the table that was changed."""


@router.get("")
def get_cost(opened: Project_) -> dict[str, Any]:
    """The document of `bakeoff cost --json` with what is saved, its stamp, the defaults, and curves for a chart."""
    return _document(opened, opened.project().config.cost)


@router.post("")
def post_cost(opened: Project_, asked: Asked) -> dict[str, Any]:
    """The same with other numbers; nothing is saved. The body has the keys of `[cost]`."""
    return _document(opened, asked)


@router.put("")
def put_cost(opened: Project_, given: Saving) -> dict[str, Any]:
    """Write `[cost]` of the project file, whole. 409 where it changed since `stamp`, with what it is now."""
    _costs(opened, given.cost)  # says what cannot be, before anything is written
    with opened.lock:
        check_stamp(opened.folder, "cost", given.stamp)
        values = given.cost.model_dump(exclude_defaults=True, exclude_none=True)
        cleared = {name: values.get(name) for name in CostSection.model_fields}
        set_table(opened.folder, "cost", cleared)
    return _document(opened, opened.project().config.cost)


def _costs(opened: Opened, asked: CostSection) -> Costs:
    columns = columns_of(opened)
    project = opened.project()
    named = _usual_machines(project) if asked.machines is None else asked.machines
    machines = [_machine(name) for name in named if name != NO_HARDWARE]
    return costs(project, asked, columns=columns, on=machines, known=CAPACITIES, every_pair=False)


def _machine(text: str) -> Machine:
    """By name, as it was asked for; the same object each time, as `Capacities` want it."""
    known, name = PLANNER.machine("" if text == THIS_MACHINE else text), " ".join(text.split()) or THIS_MACHINE
    return _MACHINES.get((known.key, name), lambda: replace(known.machine, name=name))


def make_ready() -> None:
    """Load the catalog and look at the usual machines: what the first answer would wait for."""
    for name in USUAL_MACHINES:
        _machine(name)
    known = load()
    find(known.models[0].id, known)


def _document(opened: Opened, asked: CostSection) -> dict[str, Any]:
    found = _costs(opened, asked)
    document = with_sentences(cost_json(found))
    project = opened.project()
    return {
        **document,
        "asked": to_json(asked.model_dump(exclude_none=True, exclude_defaults=True)),
        "saved": to_json(project.config.cost.model_dump(exclude_none=True, exclude_defaults=True)),
        "stamp": stamp_of(opened.folder, "cost"),
        "defaults": _defaults(project, columns_of(opened), found),
        "curves": _curves(leaders(found.lines)[:MOST_CURVES], found),
    }


def _curves(lines: Sequence[Line], found: Costs) -> dict[str, Any]:
    """US dollars a month by requests a day, without growth."""
    load = found.subjects[0].load.requests_per_day or 1.0
    volumes = [load * 10 ** (4 * step / (STEPS - 1) - 2) for step in range(STEPS)]
    crossings = [
        float(one.requests_per_day)
        for pair in found.break_evens
        if {pair.first, pair.second} <= {line.option.key for line in lines}
        for one in pair.crossings
        if volumes[0] < one.requests_per_day < volumes[-1]
    ]
    volumes = sorted({*volumes, *crossings[:STEPS]})
    return {
        "requests_per_day": volumes,
        "lines": [{"option": line.option.key, "monthly_usd": curve(line.option, volumes)} for line in lines],
    }


def _defaults(project: Project, columns: Sequence[Column], found: Costs) -> dict[str, Any]:
    """What counts where nothing is said, and where it is from."""
    needs = of_needs(project.config.needs)
    usual = Load(**needs)
    return {
        "requests_per_day": usual.requests_per_day,
        "prompt_tokens": usual.prompt_tokens,
        "output_tokens": usual.output_tokens,
        "thinking_tokens": usual.thinking_tokens,
        "cached_share": usual.cached_share,
        "growth_per_year": usual.growth_per_year,
        "peak": to_json(usual.peak_factor),
        "max_wait_seconds": usual.max_wait_seconds,
        "first_token_ms": usual.first_token_ms,
        "least_speed": usual.least_speed,
        "years": USUAL_YEARS,
        "idle_seconds": USUAL_IDLE_SECONDS,
        "machines": list(_usual_machines(project)),
        "hosted": allowed_ways(project.config.needs, None, None)["hosted"],
        "from_needs": sorted(needs),
        "measured": [
            {"candidate": column.candidate, **{k: v for k, v in fields.items() if k != "length"}}
            for column in columns
            if (fields := measured_tokens(column)[0])
        ],
        "electricity": [
            {"code": one.code, "name": one.name, "usd_per_kwh": to_json(one.usd_per_kwh)} for one in electricity()
        ],
        "tariff": to_json(found.tariff),
    }


def _usual_machines(project: Project) -> tuple[str, ...]:
    needs = project.config.needs
    if needs is None:
        return USUAL_MACHINES
    return (needs.hardware,) if needs.local_allowed else ()
