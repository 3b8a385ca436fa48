"""From models, machines and a load to the ways to run them: hosted, rented, own. Finds the prices; sums nothing."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING

from bakeoff.catalog.model import Model
from bakeoff.cost import power, purchase, rental
from bakeoff.cost.capacity import Capacities, Capacity
from bakeoff.cost.data_files import Tariff
from bakeoff.cost.hosted import Rate, request_cost
from bakeoff.cost.load import Load
from bakeoff.cost.money import as_given
from bakeoff.cost.option import Option, Unknown
from bakeoff.errors import UsageError
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate, Reason, reason

if TYPE_CHECKING:
    from bakeoff.cost.prices import Offer

USUAL_PROVIDERS = 3
"""Providers that are shown per model: the cheapest."""

USUAL_IDLE_SECONDS = 300.0
"""Without a request, after which a machine on demand is stopped: a usual window of serverless GPU offers."""


@dataclass(frozen=True, slots=True)
class Subject:
    """One model, with the requests that it gets."""

    name: str
    """As it is shown: id of the model, or name of the candidate."""

    model: Model | None
    """None: not in the catalog; then only its endpoint can be counted."""

    load: Load
    build: str | None = None
    endpoint: str | None = None
    """Base URL where a provider serves it; then only that provider is counted as hosted."""

    served_as: str | None = None
    """Id that the endpoint knows it by."""

    rate: Rate | None = None
    """The user's own price per token; then no list is asked."""

    notes: tuple[Reason, ...] = ()
    """What to know of its load."""


@dataclass(frozen=True, slots=True)
class Wishes:
    """What is counted, and the user's own figures. Machines are named as they were asked for."""

    machines: Mapping[str, Machine] = field(default_factory=dict)
    tariff: Tariff = field(default_factory=lambda: power.tariff(None))
    providers: tuple[str, ...] = ()
    """Only these; empty: the cheapest."""

    hosted: bool = True
    on_demand: bool = False
    """Rented machines stop when there is no request."""

    idle_seconds: float = USUAL_IDLE_SECONDS
    batch: bool = False
    staff_monthly: Decimal = Decimal(0)
    residual_share: float = 0.0
    """Of the purchase price, at the end of its life."""

    life_years: float | None = None
    pue: float | None = None
    prices: Mapping[str, Decimal] = field(default_factory=dict)
    """Machine -> US dollars for buying it whole."""

    rents: Mapping[str, Decimal] = field(default_factory=dict)
    """Machine -> US dollars per hour."""

    measured: Mapping[str, float] = field(default_factory=dict)
    """Machine -> tokens per second of all requests together, measured by the user."""

    known: Capacities = field(default_factory=Capacities)


def options(subject: Subject, wishes: Wishes) -> Iterator[Option | Unknown]:
    """Every way to run one model.

    Raises:
        UsageError: a provider that there is not.
    """
    if wishes.hosted:
        yield from _hosted(subject, wishes)
    for name, machine in wishes.machines.items():
        yield from _on_machine(subject, name, machine, wishes)


def _hosted(subject: Subject, wishes: Wishes) -> Iterator[Option | Unknown]:
    from bakeoff.cost import prices

    load = subject.load
    if subject.rate is not None:
        yield _given(subject, subject.rate)
        return
    if subject.endpoint is not None:
        served = subject.served_as or subject.name
        offer = prices.offer_at(subject.endpoint, served, load, batch=wishes.batch)
        found = [offer] if offer is not None else []
        missing = reason("cost.no_endpoint_price", model=served, url=subject.endpoint)
    elif subject.model is None:
        if not wishes.machines:  # else each machine says it
            yield Unknown("hosted", subject.name, "", reason("cost.not_in_catalog", model=subject.name))
        return
    else:
        _check_providers(wishes.providers, prices.provider_ids())
        found = prices.offers(subject.model, load, batch=wishes.batch)
        missing = reason("cost.no_hosted_price", model=subject.model.id, source=prices.snapshot_version())
        if wishes.providers:
            found = [offer for offer in found if offer.provider in wishes.providers]
        else:
            found = found[:USUAL_PROVIDERS]
    for offer in found:
        yield _offered(subject, offer, wishes)
    if not found:
        yield Unknown("hosted", subject.name, subject.endpoint or "", missing)


def _given(subject: Subject, rate: Rate) -> Option:
    """At the user's own price."""
    cost = as_given(request_cost(subject.load, rate))
    return Option(
        key=f"{subject.name} | hosted | your price",
        kind="hosted",
        model=subject.name,
        where="your price",
        machine=None,
        load=subject.load,
        parameters={f"usd_per_request:{subject.name} at your price": cost},
        source="as given",
        rate=rate,
    )


def _check_providers(asked: tuple[str, ...], known: list[str]) -> None:
    for name in asked:
        if name not in known:
            from difflib import get_close_matches

            near = get_close_matches(name, known, n=3, cutoff=0.4) or sorted(known)[:12]
            raise UsageError(
                f"{name[:40]!r} is not a provider with known prices", hint=f"for example: {', '.join(near)}"
            )


def _offered(subject: Subject, offer: "Offer", wishes: Wishes) -> Option:
    load = subject.load
    costs = [request_cost(load, rate) for rate, _ in offer.rates]
    usual = request_cost(load, offer.usual)
    low, high = min([usual, *costs]), max([usual, *costs])
    rate = offer.usual
    notes: list[Reason] = []
    if len(offer.rates) > 1:
        notes.append(reason("cost.time_of_day", provider=offer.provider, low=str(low * 1000), high=str(high * 1000)))
    if load.cached_share > 0 and rate.cached_input is None:
        notes.append(reason("cost.no_cache_discount", provider=offer.provider))
    if wishes.batch and not offer.is_batch:
        notes.append(reason("cost.no_batch_price", provider=offer.provider))
    per_request = Estimate(float(usual), float(low), float(high), "published", offer.source, offer.as_of)
    return Option(
        key=f"{subject.name} | hosted | {offer.provider}",
        kind="hosted",
        model=subject.name,
        where=offer.provider,
        machine=None,
        load=load,
        parameters={f"usd_per_request:{subject.name} at {offer.provider}": per_request},
        notes=tuple(notes),
        as_of=offer.as_of,
        source=offer.source,
        rate=rate,
    )


def _on_machine(subject: Subject, name: str, machine: Machine, wishes: Wishes) -> Iterator[Option | Unknown]:
    if subject.model is None:
        yield Unknown("own", subject.name, name, reason("cost.not_in_catalog", model=subject.name))
        return
    measured = wishes.measured.get(name)
    found = wishes.known.of(subject.model, machine, subject.load, build=subject.build, measured=measured)
    if found is None:
        yield Unknown("own", subject.name, name, reason("cost.not_served", model=subject.name, machine=name))
        return
    yield from _rented(subject, name, machine, found, wishes)
    yield _own(subject, name, machine, found, wishes)


def _rented(
    subject: Subject, name: str, machine: Machine, capacity: Capacity, wishes: Wishes
) -> Iterator[Option | Unknown]:
    found = rental.hourly(machine, wishes.rents.get(name))
    if not found:
        yield Unknown("rented", subject.name, name, reason("cost.no_rent", machine=name))
    for kind, per_hour in found.items():
        yield _rented_from(subject, name, kind, per_hour, capacity, wishes)


def _rented_from(
    subject: Subject, name: str, kind: str, per_hour: Estimate, capacity: Capacity, wishes: Wishes
) -> Option:
    """A machine from one class of provider, always there or on demand."""
    parameters = {f"usd_per_hour:{name}, {kind}": per_hour}
    if wishes.on_demand:
        start = capacity.load_seconds
        parameters |= {
            f"start_seconds:{subject.name} on {name}": Estimate(start, start / 2, start * 3, "estimated", "loading"),
            f"alone_seconds:{subject.name} on {name}": _exactly(capacity.alone_seconds),
            "idle_seconds": _exactly(wishes.idle_seconds),
        }
    notes = [reason("cost.interruptible", machine=name)] if kind == "interruptible" else []
    return Option(
        key=f"{subject.name} | rented | {name} | {kind}",
        kind="rented on demand" if wishes.on_demand else "rented",
        model=subject.name,
        where=kind,
        machine=name,
        load=subject.load,
        parameters=parameters,
        capacity=capacity,
        fixed_monthly=wishes.staff_monthly,
        notes=tuple(notes),
        as_of=per_hour.as_of,
        source=per_hour.detail,
    )


def _own(subject: Subject, name: str, machine: Machine, capacity: Capacity, wishes: Wishes) -> Option | Unknown:
    given = wishes.prices.get(name)
    price = purchase.machine_price(machine, given)
    if price is None:
        return Unknown("own", subject.name, name, reason("cost.no_purchase_price", machine=name))
    notes: list[Reason] = []
    if given is None and purchase.from_launch_price(machine):
        notes.append(reason("cost.launch_price", machine=name, date=price.as_of))
    drawn = power.draw(machine)
    life = purchase.life_years(machine) if wishes.life_years is None else as_given(wishes.life_years)
    pue = power.pue(machine) if wishes.pue is None else as_given(wishes.pue)
    return Option(
        key=f"{subject.name} | own | {name}",
        kind="own",
        model=subject.name,
        where=name,
        machine=name,
        load=subject.load,
        parameters={
            f"purchase_usd:{name}": price,
            f"life_years:{name}": life,
            "residual_share": _exactly(wishes.residual_share),
            f"idle_watts:{name}": drawn.idle_watts,
            f"busy_watts:{name}": drawn.busy_watts,
            "electricity": wishes.tariff.usd_per_kwh,
            f"pue:{name}": pue,
            f"alone_seconds:{subject.name} on {name}": _exactly(capacity.alone_seconds),
        },
        capacity=capacity,
        fixed_monthly=wishes.staff_monthly,
        notes=tuple(notes),
        as_of=price.as_of,
        source=price.detail,
    )


def _exactly(value: float) -> Estimate:
    return Estimate.exact(value, source="estimated")
