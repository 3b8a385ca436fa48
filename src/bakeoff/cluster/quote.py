"""A quote for a cluster: calls, tokens, time, money, machines for a deadline, and what limits. Pure; asks nobody.

Models on the machines' processors work one after the other, so do replicas on their GPUs and servers on the driver's
machine; servers elsewhere are asked at the same time. Beside them the ledger and the driver must keep up (`limits`).
"""

import math
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence

from bakeoff.cluster.estimates import combined, greatest, spread, total
from bakeoff.cluster.limits import (
    BEFORE,
    RATES,
    SPREAD,
    LedgerKind,
    Part,
    Volume,
    ledger_bytes,
    longest,
    shared_seconds,
)
from bakeoff.cluster.machines import Group
from bakeoff.cluster.quoted import ClusterQuote, ColumnQuote, MachineCount, OnMachine, Place, Rented, Subject
from bakeoff.cost import power, rental
from bakeoff.cost.data_files import Tariff
from bakeoff.evaluate.pacing import FIRST, MOST
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate, Reason, reason

RAY_START = Estimate(8.0, 6.0, 30.0, "measured", "Ray and its workers")
"""Seconds until the first worker asks (docs/measured/cluster.md)."""


Speeds = Callable[[Subject, Machine], OnMachine | None]
"""None: it does not run there, or nothing is known of its speed."""


def quote(
    subjects: Sequence[Subject],
    groups: Sequence[Group],
    speeds: Speeds,
    *,
    rows: int,
    looked_at: int,
    row_bytes: float,
    repeats: int,
    workers: int,
    ledger: LedgerKind,
    tariff: Tariff,
    deadline_minutes: float | None = None,
) -> ClusterQuote:
    """Work it out.

    Args:
        subjects: the columns that are asked.
        groups: the machines, one kind or more.
        speeds: what a machine does of a column.
        rows: that are asked.
        looked_at: of these, how many the lengths are from.
        row_bytes: text of a row.
        repeats: answers to each row.
        workers: processes that make calls.
        ledger: the shared one.
        tariff: of electricity.
        deadline_minutes: by when all is to be done; None sets none.
    """
    found = [(subject, [(group, speeds(subject, group.machine)) for group in _places(subject, groups)])
             for subject in subjects]  # fmt: skip
    lines = tuple(_column(subject, on, workers) for subject, on in found)
    calls = total([one.calls for one in subjects]) if subjects else Estimate.exact(0.0, source="measured")
    volume = _volume(subjects, rows, row_bytes, calls)
    parts = _parts(lines, found, volume, workers, ledger) if calls.high else {}
    known = all(line.minutes is not None for line in lines)
    minutes = _minutes(parts) if known else None
    machines = sum(group.count for group in groups)
    notes = [*_notes(lines, found, rows=rows, looked_at=looked_at), *_in_flight(found, workers)]
    needed = None
    if minutes is not None and deadline_minutes is not None:
        needed, note = machines_needed(parts, machines, deadline_minutes)
        notes += [note] if note is not None else []
    kwh = _energy(groups, minutes, {line.place for line in lines})
    priced = [line.cost_usd for line in lines if line.cost_usd is not None or line.place == "server"]
    costs = [cost for cost in priced if cost is not None]
    return ClusterQuote(
        rows=rows,
        looked_at=looked_at,
        repeats=repeats,
        machines=tuple(MachineCount(group.count, group.machine.name) for group in groups),
        workers=workers,
        ledger=ledger,
        candidates=lines,
        calls=calls,
        minutes=minutes,
        parts=parts,
        limit=_longest(parts) if parts and minutes is not None else None,
        deadline_minutes=deadline_minutes,
        in_time=_in_time(minutes, deadline_minutes),
        machines_needed=needed,
        cost_usd=total(costs) if costs and len(costs) == len(priced) else None,
        rented=_rented(groups, minutes),
        energy_kwh=kwh,
        energy_usd=combined(lambda a, b: a * b, [kwh, tariff.usd_per_kwh]) if kwh is not None else None,
        ledger_bytes=_ledger_bytes(volume, calls, ledger),
        notes=tuple(notes),
    )


# one column

On = Sequence[tuple[Group, OnMachine | None]]


def _places(subject: Subject, groups: Sequence[Group]) -> Sequence[Group]:
    """The machines that a column's model may run on."""
    if subject.place in ("server", "local"):
        return ()
    return [group for group in groups if subject.place == "engine" or group.machine.accelerators]


def _column(subject: Subject, on: On, workers: int) -> ColumnQuote:
    found = _server_rate(subject, workers) if subject.place in ("server", "local") else _own_rate(on)
    rate, part = _limited(*found, subject.requests_per_minute)
    minutes = None
    if subject.calls.high == 0:
        minutes = Estimate.exact(0.0, source="measured", detail="nothing to ask")
    elif rate is not None:
        minutes = combined(lambda calls, per_second: calls / per_second / 60, [subject.calls], [rate])
    output = subject.output_tokens
    written = combined(_product, [subject.calls, output]) if output is not None else None
    return ColumnQuote(
        candidate=subject.name,
        place=subject.place,
        calls=subject.calls,
        kept=subject.kept,
        prompt_tokens=combined(_product, [subject.calls, subject.prompt_tokens]),
        output_tokens=written,
        cost_usd=_cost(subject),
        price_source=subject.price.source if subject.price is not None else None,
        calls_per_second=rate,
        minutes=minutes,
        part=part,
        how=tuple(dict.fromkeys(one.how for _, one in on if one is not None and one.how)),
    )


def _product(a: float, b: float) -> float:
    return a * b


def _own_rate(on: On) -> tuple[Estimate | None, Part | None]:
    """All machines together; those on which it does not run are left out."""
    rates = [
        combined(lambda one, count=group.count: one * count, [found.calls_per_second])
        for group, found in on
        if found is not None
    ]
    part = next((found.part for _, found in on if found is not None), None)
    return (total(rates) if rates else None), part


def _server_rate(subject: Subject, workers: int) -> tuple[Estimate | None, Part | None]:
    """Requests in flight over the latency."""
    if subject.latency_seconds is None:
        return None, None
    fixed = subject.concurrency or (1 if subject.place == "local" else None)
    least, most = (fixed, fixed) if fixed else (FIRST * workers, MOST * workers)
    places = Estimate(least, least, most, "estimated", f"{least} to {most} requests in flight")
    if least == most:
        places = Estimate.exact(least, source="published", detail=f"{least} requests in flight")
    return combined(lambda at_once, seconds: at_once / seconds, [places], [subject.latency_seconds]), "server"


def _limited(rate: Estimate | None, part: Part | None, per_minute: float | None) -> tuple[Estimate | None, Part | None]:
    """No more than the project file allows; as much as that where nothing else is known."""
    if per_minute is None:
        return rate, part
    most = per_minute / 60
    if rate is None:
        return Estimate.exact(most, source="published", detail="requests_per_minute"), "provider"
    if rate.high <= most:
        return rate, part
    return combined(lambda one: min(one, most), [rate]), "provider" if rate.value >= most else part


def _cost(subject: Subject) -> Estimate | None:
    price, output = subject.price, subject.output_tokens
    if price is None or output is None:
        return None

    def dollars(calls: float, prompt: float, written: float) -> float:
        return calls * (float(price.input) * prompt + float(price.output) * written + float(price.per_request))

    detail = f"{price.source}; output {output.detail}" if output.detail else price.source
    return combined(dollars, [subject.calls, subject.prompt_tokens, output], detail=detail)


# the run


def _volume(subjects: Sequence[Subject], rows: int, row_bytes: float, calls: Estimate) -> Volume:
    """What is moved, at the usual values."""

    def mean(value: Callable[[Subject], float]) -> float:
        return sum(one.calls.value * value(one) for one in subjects) / calls.value if calls.value else 0.0

    return Volume(
        rows=float(rows),
        calls=calls.value,
        row_bytes=row_bytes,
        request_bytes=mean(lambda one: one.request_bytes),
        answer_bytes=mean(lambda one: 4.0 * one.output_tokens.value if one.output_tokens is not None else 0.0),
    )


def _parts(
    lines: Sequence[ColumnQuote],
    found: Sequence[tuple[Subject, On]],
    volume: Volume,
    workers: int,
    ledger: LedgerKind,
) -> dict[Part, Estimate]:
    """Minutes of each part."""
    starts = [max((one.start_seconds for _, one in on if one is not None), key=lambda one: one.value, default=None)
              for subject, on in found if subject.calls.value]  # fmt: skip
    before = total([RAY_START, *(one for one in starts if one is not None)])
    parts: dict[Part, Estimate] = {"start": combined(lambda seconds: seconds / 60, [before])}
    timed = [(line.place, line.part, line.minutes) for line in lines if line.minutes is not None and line.minutes.value]
    ways: Sequence[tuple[Place, Callable[[Sequence[Estimate]], Estimate]]] = (
        ("engine", total),
        ("replicas", total),
        ("local", total),
        ("server", greatest),
    )
    for place, together in ways:
        own = [(part, minutes) for at, part, minutes in timed if at == place and part is not None]
        if own:
            slowest, _ = max(own, key=lambda one: one[1].value)
            found_minutes = together([minutes for _, minutes in own])
            parts[slowest] = greatest([found_minutes, *([parts[slowest]] if slowest in parts else [])])
    for part, seconds in shared_seconds(volume, RATES[ledger], workers=workers).items():
        if seconds:
            parts[part] = spread(seconds / 60, SPREAD, detail="docs/measured/cluster.md")
    return parts


def _longest(parts: Mapping[Part, Estimate]) -> Part:
    return longest({part: estimate.value for part, estimate in parts.items()})


def _minutes(parts: Mapping[Part, Estimate]) -> Estimate:
    if not parts:
        return Estimate.exact(0.0, source="measured", detail="nothing to ask")
    before = [estimate for part, estimate in parts.items() if part in BEFORE]
    work = [estimate for part, estimate in parts.items() if part not in BEFORE]
    return total([*before, *([greatest(work)] if work else [])])


def _in_time(minutes: Estimate | None, deadline: float | None) -> bool | None:
    if minutes is None or deadline is None:
        return None
    return True if minutes.high <= deadline else False if minutes.low > deadline else None


SCALES: frozenset[Part] = frozenset({"decode", "prefill", "engine", "workers"})
"""Parts that twice the machines do in half the time."""


def machines_needed(
    parts: Mapping[Part, Estimate], machines: int, deadline_minutes: float
) -> tuple[Estimate | None, Reason | None]:
    """Machines of the same mix with which everything is done in time; None where more of them do not help, and why.

    Args:
        parts: minutes of each part on these machines.
        machines: how many these are.
        deadline_minutes: from the command to the end.
    """
    before = [estimate for part, estimate in parts.items() if part in BEFORE]
    work = {part: estimate for part, estimate in parts.items() if part not in BEFORE}
    fixed = {part: estimate for part, estimate in work.items() if part not in SCALES}
    first = total(before).value if before else 0.0
    too_long = _longest(fixed) if fixed else None
    if first >= deadline_minutes:
        slow = _longest({part: estimate for part, estimate in parts.items() if part in BEFORE})
        return None, reason("cluster.machines_do_not_help", part=slow, minutes=first, deadline=deadline_minutes)
    if too_long is not None and first + fixed[too_long].value > deadline_minutes:
        return None, reason(
            "cluster.machines_do_not_help",
            part=too_long,
            minutes=first + fixed[too_long].value,
            deadline=deadline_minutes,
        )
    scaling = [estimate for part, estimate in work.items() if part in SCALES]
    if not scaling:
        return Estimate.exact(1.0, source="estimated"), None
    slowest = greatest(scaling)
    left = deadline_minutes - first

    def count(minutes: float) -> float:
        return float(max(1, math.ceil(machines * minutes / left - 1e-9)))

    return combined(count, [slowest]), None


def _rented(groups: Sequence[Group], minutes: Estimate | None) -> tuple[Rented, ...]:
    """All machines from one class of provider, for the whole time."""
    if minutes is None:
        return ()
    each = [(group.count, rental.hourly(group.machine)) for group in groups]
    found = []
    for kind in each[0][1] if each else ():
        if all(kind in prices for _, prices in each):
            per_hour = total([combined(lambda one, n=count: n * one, [prices[kind]]) for count, prices in each])
            found.append(Rented(kind, per_hour, combined(lambda rate, time: rate * time / 60, [per_hour, minutes])))
    return tuple(sorted(found, key=lambda one: one.usd.value))


def _energy(groups: Sequence[Group], minutes: Estimate | None, places: Collection[Place]) -> Estimate | None:
    """Kilowatt hours: machines x watts x PUE x hours. GPUs that serve no column are idle."""
    if minutes is None:
        return None
    drawn = []
    for group in groups:
        watts = power.draw(group.machine)
        busy = ("replicas" if group.machine.accelerators else "engine") in places
        drawn.append(
            combined(
                lambda watt, pue, n=group.count: n * watt * pue,
                [watts.busy_watts if busy else watts.idle_watts, power.pue(group.machine)],
            )
        )
    return combined(lambda watt, time: watt * time / 60_000, [total(drawn), minutes]) if drawn else None


def _ledger_bytes(volume: Volume, calls: Estimate, ledger: LedgerKind) -> Estimate:
    size = ledger_bytes(volume, RATES[ledger])
    share = (calls.low / calls.value, calls.high / calls.value) if calls.value else (1.0, 1.0)
    return Estimate(size, size * share[0] / 1.25, size * share[1] * 1.25, "estimated", "docs/measured/cluster.md")


def _in_flight(found: Sequence[tuple[Subject, On]], workers: int) -> Iterator[Reason]:
    """Replicas are only as fast as said where enough requests are on their way to them."""
    for subject, on in found:
        places = sum(group.count * one.places for group, one in on if one is not None)
        sent = subject.concurrency or MOST * workers
        if subject.place == "replicas" and subject.calls.value and places > sent:
            machines = sum(group.count for group, _ in on)
            each = math.ceil(places / MOST / machines)
            yield reason("cluster.in_flight", model=subject.name, n=places, sent=sent, workers=each)


def _notes(
    lines: Sequence[ColumnQuote], found: Sequence[tuple[Subject, On]], *, rows: int, looked_at: int
) -> list[Reason]:
    said = []
    if looked_at < rows:
        said.append(reason("cluster.sampled", n=looked_at, rows=rows))
    owing = [(line, on) for line, (_, on) in zip(lines, found, strict=True) if line.calls.value]
    for line, on in owing:
        said += [
            reason("cluster.does_not_run", model=line.candidate, machine=group.machine.name)
            for group, one in on
            if one is None
        ]
        if line.place == "replicas" and not on:
            said.append(reason("cluster.no_gpus", model=line.candidate))
    unpriced = [line.candidate for line, _ in owing if line.place == "server" and line.cost_usd is None]
    if unpriced:
        said.append(reason("quote.no_price", models=unpriced))
    guessed = [
        line.candidate
        for line, _ in owing
        if line.output_tokens is not None and line.output_tokens.source != "measured"
    ]
    if guessed:
        said.append(reason("quote.not_measured", models=guessed))
    return said
