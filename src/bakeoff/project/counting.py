"""What the candidates cost at the load in needs, for the report: few ways of many, with what is said of them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence

from bakeoff.cost.as_json import money
from bakeoff.cost.asking import cost
from bakeoff.cost.breakeven import BreakEven
from bakeoff.cost.costs import Costs, Line
from bakeoff.cost.making import Subject
from bakeoff.evaluate.results import Column
from bakeoff.project.config import Config
from bakeoff.project.costing import of_needs, subjects_of
from bakeoff.report.stages import CostFacts, CostLine, Crossing
from bakeoff.values import Reason

FOR_THE_COMMAND = frozenset({"cost.name_a_machine"})
"""Notes that tell how to ask `bakeoff cost` for more."""


def costs_of(config: Config, columns: Sequence[Column], machine: str | None, choice: str | None) -> CostFacts | None:
    """The candidates side by side; None where the project file has no load, or nothing can be said.

    Args:
        config: of the project; its `[cost]` and its needs hold the load.
        columns: the candidates' answers, whose tokens are counted.
        machine: by name, that is rented or owned; None: hosted only.
        choice: the candidate of which it is also said where one way is cheaper at every volume.
    """
    needs, section = config.needs, config.cost
    given = of_needs(needs) | section.load()
    if not given.get("requests_per_day") or not columns:
        return None
    subjects = subjects_of(config, columns, section.load())
    # A price list is only looked at for models that may be hosted, or that are.
    allowed = (needs is not None and needs.hosted_allowed) if section.hosted is None else section.hosted
    elsewhere = {one.name for one in subjects if allowed or _is_hosted(one)}
    machines = section.machines or ([machine] if machine is not None else [])
    found = cost(subjects=subjects, on=machines, hosted=bool(elsewhere), **section.ways())
    lines = [line for line in found.lines if line.option.kind != "hosted" or line.option.model in elsewhere]
    unknown = [one for one in found.unknown if one.kind != "hosted" or one.model in elsewhere]
    if not lines and not unknown:
        return None
    kept = _leaders(lines)
    return CostFacts(
        requests_per_day=given["requests_per_day"],
        growth_per_year=given.get("growth_per_year", 0.0),
        years=found.years,
        lines=tuple(_line(line) for line in kept.values()),
        crossings=tuple(_crossings(found.break_evens, kept, choice)),
        unknown=_once(one.reason for one in unknown),
        left_out=found.left_out,
        notes=_once(_notes(found, kept.values())),
    )


def _is_hosted(subject: Subject) -> bool:
    return subject.endpoint is not None or subject.rate is not None


def _leaders(lines: Sequence[Line]) -> dict[str, Line]:
    """By key: the cheapest way of each kind for each candidate, without machines that may be taken away."""
    found: dict[tuple[str, str], Line] = {}
    for line in lines:
        if not line.option.is_interruptible:
            found.setdefault((line.option.model, line.option.kind), line)
    return {line.option.key: line for line in found.values()}


def _line(line: Line) -> CostLine:
    option, last = line.option, line.horizons[-1]
    return CostLine(
        key=option.key,
        candidate=option.model,
        kind=option.kind,
        where=option.where,
        machine=option.machine,
        machines=line.machines,
        month_usd=money(line.monthly),
        year_usd=money(line.horizons[0].cost),
        total_usd=money(last.cost),
        low_usd=_cents(line.total.low),
        high_usd=_cents(line.total.high),
        as_of=option.as_of,
        source=option.source,
    )


def _cents(amount: float) -> str:
    """Ends of a drawn range, to the cent: what is behind it differs from one processor to another."""
    return f"{amount:.2f}"


def _crossings(found: Sequence[BreakEven], kept: Mapping[str, Line], choice: str | None) -> Iterator[Crossing]:
    """Between the ways of one candidate, where they change places; of the choice all."""
    for one in found:
        if not {one.first, one.second} <= kept.keys():
            continue
        if kept[one.first].option.model != kept[one.second].option.model:
            continue
        if one.crossings:
            last = one.crossings[-1]
            volume, first = last.requests_per_day, one.crossings[0].requests_per_day
            cheaper = last.cheaper_above
        else:
            if one.cheaper_at_once is None or kept[one.first].option.model != choice:
                continue
            volume = first = one.looked_up_to
            cheaper = one.cheaper_at_once
        other = one.second if cheaper == one.first else one.first
        yield Crossing(cheaper, other, max(1, round(volume)), len(one.crossings), max(1, round(first)))


def _notes(found: Costs, lines: Iterable[Line]) -> Iterator[Reason]:
    yield from (note for note in found.notes if note.code not in FOR_THE_COMMAND)
    for line in lines:
        yield from line.option.notes


def _once(reasons: Iterable[Reason]) -> tuple[Reason, ...]:
    """Each once, in order."""
    found: list[Reason] = []
    for one in reasons:
        if one not in found:
            found.append(one)
    return tuple(found)
