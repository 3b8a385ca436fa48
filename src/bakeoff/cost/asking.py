"""`bakeoff.cost.cost(...)`: models, machines and a load in; every way side by side with ranges and break-evens out."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from itertools import combinations

from bakeoff.catalog.model import Model
from bakeoff.cost.breakeven import break_evens
from bakeoff.cost.capacity import Capacities
from bakeoff.cost.costs import Costs, Line, leaders, left_out
from bakeoff.cost.load import Load
from bakeoff.cost.making import USUAL_IDLE_SECONDS, Subject, Wishes, options
from bakeoff.cost.money import DOLLARS, Currency, amount
from bakeoff.cost.option import Option, Unknown
from bakeoff.cost.power import tariff
from bakeoff.cost.ranges import intervals, tornados
from bakeoff.cost.years import horizons
from bakeoff.errors import UsageError
from bakeoff.hardware import machine as machine_named
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate, Reason, reason

USUAL_YEARS, MOST_YEARS = 3, 10
MOST_MACHINES = 1_000_000
"""Of one kind, beyond which the question is not one."""


def cost(
    models: Sequence[str | Model] = (),
    *,
    load: Load | None = None,
    on: Sequence[str | Machine] = (),
    subjects: Sequence[Subject] = (),
    years: int = USUAL_YEARS,
    providers: Sequence[str] = (),
    hosted: bool = True,
    on_demand: bool = False,
    idle_seconds: float = USUAL_IDLE_SECONDS,
    batch: bool = False,
    electricity: str | None = None,
    prices: Mapping[str, str | float] | None = None,
    rents: Mapping[str, str | float] | None = None,
    measured: Mapping[str, str | float] | None = None,
    staff: str | float = 0,
    residual: float = 0.0,
    life: float | None = None,
    pue: float | None = None,
    build: str | None = None,
    currency: Currency = DOLLARS,
    known: Capacities | None = None,
    every_pair: bool = True,
) -> Costs:
    """What each model costs in each way, at a load.

    Args:
        models: names as people write them, or models of the catalog.
        load: requests and their lengths; a thousand usual ones a day.
        on: machines by name, or at hand; each is counted as rented and as bought. None: hosted only.
        subjects: models with loads, builds or endpoints of their own, beside `models`.
        years: how far to look.
        providers: only these for hosted models; else the three cheapest.
        hosted: count hosted ways at all.
        on_demand: rented machines are stopped when there is no request.
        idle_seconds: without a request, after which that happens.
        batch: take the discount for batch jobs where it is known.
        electricity: US dollars per kWh, or a country (`vn`).
        prices: machine -> US dollars for the whole machine.
        rents: machine -> US dollars per hour.
        measured: machine -> tokens per second of all requests together.
        staff: US dollars per month for whoever runs it, for rented and own machines.
        residual: share of the purchase price that is left at the end.
        life: years until a machine is written off.
        pue: what the building draws over what the machine draws.
        build: only this one: `Q4_K_M`, `fp8`.
        currency: what amounts are shown in; the sums are in US dollars.
        known: what an earlier call worked out; it is added to.
        every_pair: break-evens of every two ways; else of the cheapest of each kind and machine of the same model,
            which takes a tenth of the time.

    Raises:
        UsageError: a name, number or country that means nothing.
    """
    _check(years=years, residual=residual, life=life, pue=pue, idle_seconds=idle_seconds)
    asked = load or Load()
    named = {one.name: one for one in (_subject(model, asked, build) for model in models)}
    every = [*subjects, *named.values()]
    if not every:
        raise UsageError("no model to count", hint="name one: bakeoff cost qwen3-8b; or call it inside a project")
    machines = machines_named(on)
    wishes = Wishes(
        machines=machines,
        tariff=tariff(electricity),
        providers=tuple(providers),
        hosted=hosted,
        on_demand=on_demand,
        idle_seconds=idle_seconds,
        batch=batch,
        staff_monthly=amount(staff, what="staff"),
        residual_share=residual,
        life_years=life,
        pue=pue,
        prices=by_machine(prices, machines, "--price"),
        rents=by_machine(rents, machines, "--rent"),
        measured={name: float(value) for name, value in by_machine(measured, machines, "--measured", "0.001").items()},
        known=known or Capacities(),
    )
    found = [one for subject in every for one in options(subject, wishes)]
    return _costs(found, every, wishes, years, currency, every_pair=every_pair)


def _costs(
    found: Sequence[Option | Unknown],
    subjects: Sequence[Subject],
    wishes: Wishes,
    years: int,
    currency: Currency,
    *,
    every_pair: bool,
) -> Costs:
    counted = [one for one in found if isinstance(one, Option)]
    unknown = [one for one in found if isinstance(one, Unknown)]
    possible = [one for one in counted if _possible(one, years)]
    for one in counted:
        if one not in possible:
            unknown.append(Unknown(one.kind, one.model, one.where, reason("cost.too_many_machines", machine=one.where)))
    totals = intervals(possible, years)
    lines = sorted((_line(one, years, totals[one.key]) for one in possible), key=lambda line: line.horizons[-1].cost)
    return Costs(
        lines=tuple(lines),
        unknown=tuple(unknown),
        break_evens=tuple(break_evens([line.option for line in lines], None if every_pair else _pairs(lines))),
        tornado={key: tuple(bars) for key, bars in tornados(possible, years).items()},
        years=years,
        currency=currency,
        left_out=left_out(possible, with_staff=wishes.staff_monthly > 0),
        notes=_notes(subjects, wishes),
        tariff=wishes.tariff.usd_per_kwh if wishes.machines else None,
        subjects=tuple(subjects),
    )


def _pairs(lines: Sequence[Line]) -> Iterator[tuple[Option, Option]]:
    for one, other in combinations([line.option for line in leaders(lines)], 2):
        if one.model == other.model:
            yield one, other


def _possible(option: Option, years: int) -> bool:
    """Neither now nor at the end does it take more machines than there are."""
    ends = (option.load.requests_in_month(month) for month in (0, 12 * years - 1))
    return max(option.machines(requests) for requests in ends) <= MOST_MACHINES


def _line(option: Option, years: int, total: Estimate) -> Line:
    requests = option.load.requests_in_month()
    machines = option.machines(requests)
    busy = None
    if option.capacity is not None:
        mean = option.load.peak_per_second(float(requests)) / option.load.peak_factor.value
        busy = option.capacity.erlangs(mean) * option.load.length.value / (machines * option.capacity.places)
    return Line(
        option=option,
        machines=machines,
        monthly=option.monthly(requests, machines=machines),
        horizons=tuple(horizons(option, years)),
        total=total,
        busy_share=busy,
    )


def _notes(subjects: Sequence[Subject], wishes: Wishes) -> tuple[Reason, ...]:
    found = [note for one in subjects for note in one.notes]
    if wishes.hosted and any(one.model is not None or one.endpoint for one in subjects):
        from bakeoff.cost.prices import snapshot_date, snapshot_version

        found.append(reason("cost.prices_of", source=snapshot_version(), date=snapshot_date()))
    if not wishes.machines:
        found.append(reason("cost.name_a_machine"))
    load = subjects[0].load
    if wishes.machines and load.peak_factor.low < load.peak_factor.high:
        found.append(
            reason(
                "cost.peak_assumed", value=load.peak_factor.value, low=load.peak_factor.low, high=load.peak_factor.high
            )
        )
    return tuple(found)


def _subject(model: str | Model, load: Load, build: str | None) -> Subject:
    found = model_named(model)
    return Subject(found.id, found, load, build)


def model_named(text: str | Model) -> Model:
    """A model of the catalog, or of a file; one that is at hand as it is.

    Raises:
        UsageError: the name means none, or several.
        WeightsError: the file is damaged.
    """
    if isinstance(text, Model):
        return text
    from bakeoff.fit.plan.asking import looks_like_path

    if looks_like_path(text):
        from bakeoff.fit.plan.from_file import model_of_path

        return model_of_path(text)
    from bakeoff.catalog.finding import find

    return find(text)


def machines_named(on: Sequence[str | Machine], *, measure: bool = True) -> dict[str, Machine]:
    """Machines by the names that they were asked for.

    Args:
        on: names, or machines at hand.
        measure: time the memory of this machine, where it is one of them: speeds need that.

    Raises:
        UsageError: a name means nothing.
    """
    found: dict[str, Machine] = {}
    for one in on:
        if isinstance(one, Machine):
            found[one.name] = one
            continue
        named = machine_named(one, measure=measure)
        name = " ".join(one.split()) or named.name
        found[name] = replace(named, name=name)
    return found


def by_machine(
    given: Mapping[str, str | float] | None,
    machines: Mapping[str, Machine],
    option: str,
    least: str = "0",
) -> dict[str, Decimal]:
    """The user's figures by the machines' names; a part of a name is enough where it means one machine.

    Raises:
        UsageError: it means none or several.
    """
    found: dict[str, Decimal] = {}
    for key, value in (given or {}).items():
        asked = " ".join(str(key).split()).casefold()
        exactly = [name for name in machines if name.casefold() == asked]
        meant = exactly or [name for name in machines if asked in name.casefold()]
        if len(meant) != 1:
            known = ", ".join(repr(name) for name in machines) or "none"
            raise UsageError(
                f"{option} {str(key)[:60]!r} means {'several' if meant else 'none'} of the machines asked for",
                hint=f"name one as after --on; there are: {known}",
            )
        found[meant[0]] = amount(value, what=f"{option} {meant[0]}", least=least)
    return found


def _check(*, years: int, residual: float, life: float | None, pue: float | None, idle_seconds: float) -> None:
    limits: list[tuple[str, float | None, float, float]] = [
        ("years", years, 1, MOST_YEARS),
        ("residual share", residual, 0, 1),
        ("life in years", life, 0.25, 20),
        ("PUE", pue, 1, 5),
        ("seconds until a machine is stopped", idle_seconds, 0, 86_400),
    ]
    for name, value, least, most in limits:
        if value is not None and not least <= value <= most:
            raise UsageError(f"{name} is {value:g}", hint=f"it lies between {least:g} and {most:g}")
