"""Volumes at which one way becomes cheaper than another. Closed form: costs are straight lines between the steps.

On each stretch where both have the same number of machines, a1 + b1 v = a2 + b2 v gives v = (a2 - a1) / (b1 - b2).
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import combinations

from bakeoff.cost.load import DAYS_PER_MONTH, SECONDS_PER_DAY
from bakeoff.cost.money import exact
from bakeoff.cost.option import Option

MOST_STEPS = 400
"""Machines up to which is looked."""

TIMES_THE_LOAD, LEAST_PER_DAY = 100, 100_000
"""How far is looked: a hundred times the load, and at least so many requests a day."""


@dataclass(frozen=True, slots=True)
class Crossing:
    """At this volume the cheaper of two changes."""

    requests_per_day: Decimal
    cheaper_above: str
    """Key of the option."""


@dataclass(frozen=True, slots=True)
class BreakEven:
    """Two options over all volumes."""

    first: str
    second: str
    cheaper_at_once: str | None
    """Of few requests; None where both cost the same."""

    crossings: tuple[Crossing, ...]
    """In rising order; none where the same is cheaper at every volume that was looked at."""

    looked_up_to: Decimal
    """Requests per day."""


@dataclass(frozen=True, slots=True)
class Piece:
    """A straight stretch: cost = fixed + slope x requests per month."""

    start: Decimal
    end: Decimal
    fixed: Decimal
    slope: Decimal

    def at(self, requests: Decimal) -> Decimal:
        """US dollars per month."""
        return self.fixed + self.slope * requests


def break_evens(options: Sequence[Option], pairs: Iterable[tuple[Option, Option]] | None = None) -> list[BreakEven]:
    """Where one of two options becomes cheaper, by requests per day without growth.

    Args:
        options: all that are compared; they say how far is looked.
        pairs: of them; None takes every two.
    """
    asked = max((option.load.requests_per_day for option in options), default=0.0)
    most = exact(max(TIMES_THE_LOAD * asked, LEAST_PER_DAY)) * DAYS_PER_MONTH
    for option in options:
        if option.capacity is not None:
            most = min(most, _carried(option, MOST_STEPS))
    wanted = list(combinations(options, 2) if pairs is None else pairs)
    concerned = {one.key: one for pair in wanted for one in pair}
    lines = {key: list(pieces(option, most)) for key, option in concerned.items()}
    return [_between(one, other, lines, most) for one, other in wanted]


def pieces(option: Option, most: Decimal) -> Iterator[Piece]:
    """The straight stretches of an option's monthly cost, up to `most` requests per month."""
    terms = option.terms(option.point())
    if option.capacity is None:
        yield Piece(Decimal(0), most, option.fixed_monthly, terms.per_request)
        return
    start, machines = Decimal(0), 0
    while start < most:
        machines += 1
        end = min(most, _carried(option, machines))
        fixed = machines * terms.per_machine + option.fixed_monthly
        full = min(end, max(start, machines * terms.most_per_machine)) if terms.most_per_machine is not None else end
        if full > start:
            yield Piece(start, full, fixed, terms.per_request)
        if end > full:
            yield Piece(full, end, fixed + terms.per_request * machines * (terms.most_per_machine or 0), Decimal(0))
        start = end


def curve(option: Option, volumes: Sequence[float]) -> list[float]:
    """US dollars per month at so many requests a day each, without growth; for a chart."""
    terms = option.terms(option.point())
    return [float(option.monthly(exact(volume) * DAYS_PER_MONTH, terms=terms)) for volume in volumes]


def _carried(option: Option, machines: int) -> Decimal:
    """Requests per month that so many machines carry at the peak."""
    assert option.capacity is not None
    erlangs = option.capacity.steps.limit(machines)
    load = option.load
    per_second = erlangs / (option.capacity.service_seconds.value * load.length.value * load.peak_factor.value)
    return exact(per_second) * SECONDS_PER_DAY * DAYS_PER_MONTH


def _between(one: Option, other: Option, lines: dict[str, list[Piece]], most: Decimal) -> BreakEven:
    found: list[Crossing] = []
    names = {-1: one.key, 1: other.key}
    sign = at_once = 0
    for left, right in _overlaps(lines[one.key], lines[other.key]):
        start, end = max(left.start, right.start), min(left.end, right.end)
        for at in (start, end):
            now = _sign(left.at(at) - right.at(at))
            if now and sign and now != sign:
                volume = start if at == start else (right.fixed - left.fixed) / (left.slope - right.slope)
                found.append(Crossing(volume / DAYS_PER_MONTH, names[now]))
            sign = now or sign
            at_once = at_once or sign
    return BreakEven(one.key, other.key, names.get(at_once), tuple(found), most / DAYS_PER_MONTH)


def _sign(amount: Decimal) -> int:
    """Differences below a millionth of a cent are none."""
    return 0 if abs(amount) < Decimal("1e-8") else 1 if amount > 0 else -1


def _overlaps(left: list[Piece], right: list[Piece]) -> Iterator[tuple[Piece, Piece]]:
    i = j = 0
    while i < len(left) and j < len(right):
        if min(left[i].end, right[j].end) > max(left[i].start, right[j].start):
            yield left[i], right[j]
        if left[i].end <= right[j].end:
            i += 1
        else:
            j += 1
