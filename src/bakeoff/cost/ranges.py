"""What is not known carried through to the total: ranges by drawing, and what matters most by one thing at a time.

Each parameter's low and high are its 80 % interval. It is drawn from two half log-normals that meet at its usual value:
z < 0 stretches towards low, z > 0 towards high. Things that several options share are drawn once for all of them.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from bakeoff.cost.load import DAYS_PER_MONTH, SECONDS_PER_DAY
from bakeoff.cost.option import Option
from bakeoff.values import Z80, Estimate

DRAWS = 2000
SEED = 20261124

VOLUME = "requests"
HALF_OR_DOUBLE = (0.5, 2.0)
"""The volume is the user's word and not drawn; the tornado asks what half and double of it would do."""

Array = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Bar:
    """One thing at its low and high, everything else as usual."""

    parameter: str
    low: float
    high: float
    """The values."""

    cost_at_low: float
    cost_at_high: float
    """US dollars over the horizon."""

    cheapest_at_low: str
    cheapest_at_high: str
    """Key of the option that is cheapest then."""

    @property
    def swing(self) -> float:
        """How much the total moves."""
        return abs(self.cost_at_high - self.cost_at_low)


def totals(option: Option, years: int, values: Mapping[str, Array]) -> Array:
    """US dollars over years, for arrays of values of the parameters; `requests` is a factor on the volume."""
    load = option.load
    terms = option.terms({name: values[name] for name in (*option.parameters, option.length_key)})
    volume = values[VOLUME]
    months = 12 * years
    grown = (1 + load.growth_per_year) ** (np.arange(months) / 12)
    asked = np.outer(grown, volume * load.requests_per_day * float(DAYS_PER_MONTH))
    if option.capacity is None:
        found: Array = asked.sum(axis=0) * terms.per_request + months * float(option.fixed_monthly)
        return found
    seconds = values[option.service_key] * values[option.length_key] * values["peak"]
    erlangs = asked / (float(DAYS_PER_MONTH) * SECONDS_PER_DAY) * seconds
    machines = _machines(option, erlangs)
    if option.kind == "own":
        machines = np.maximum.accumulate(machines, axis=0)
    billed = asked if terms.most_per_machine is None else np.minimum(asked, machines * terms.most_per_machine)
    cost: Array = (machines * terms.per_machine + billed * terms.per_request).sum(axis=0)
    return cost + months * float(option.fixed_monthly)


def _machines(option: Option, erlangs: Array) -> Array:
    """As `Steps.machines`, for arrays."""
    assert option.capacity is not None
    steps = option.capacity.steps
    carried = np.asarray(steps.carried) * (1 + 1e-12)
    within = np.searchsorted(carried, erlangs, side="left") + 1.0
    beyond = len(carried) + np.ceil((erlangs - steps.carried[-1]) / steps.more - 1e-9)
    return np.where(within <= len(carried), within, beyond)


def draws(found: Mapping[str, Estimate], count: int = DRAWS, seed: int = SEED) -> dict[str, Array]:
    """Values for each parameter; each has a stream of its own, so that one more option changes no other."""
    return {name: _drawn(estimate, name, count, seed) for name, estimate in found.items()}


def _drawn(estimate: Estimate, name: str, count: int, seed: int) -> Array:
    value = estimate.value
    if value <= 0 or estimate.low == estimate.high:
        return np.full(count, value)
    z = np.random.default_rng([seed, zlib.crc32(name.encode())]).standard_normal(count) / Z80
    down = max(estimate.low, value * 1e-3) / value
    drawn: Array = value * np.where(z < 0, down ** -np.minimum(z, 0), (estimate.high / value) ** np.maximum(z, 0))
    return drawn


def _every(options: Sequence[Option]) -> dict[str, Estimate]:
    return {name: estimate for option in options for name, estimate in option.with_load().items()}


def intervals(options: Sequence[Option], years: int) -> dict[str, Estimate]:
    """The total of each option with its 80 % interval; the value is the sum with everything as usual."""
    found: dict[str, Estimate] = {}
    drawn = draws(_every(options)) | {VOLUME: np.ones(DRAWS)}
    usual = _usual(options)
    for option in options:
        value = float(totals(option, years, usual)[0])
        if all(estimate.low == estimate.high for estimate in option.with_load().values()):
            found[option.key] = Estimate.exact(value, source="published", detail="no range in any part")
            continue
        low, high = np.quantile(totals(option, years, drawn), (0.1, 0.9))
        detail = f"{DRAWS} draws, seed {SEED}"
        found[option.key] = Estimate(value, min(float(low), value), max(float(high), value), "estimated", detail)
    return found


def _usual(options: Sequence[Option]) -> dict[str, Array]:
    return {name: np.array([estimate.value]) for name, estimate in _every(options).items()} | {VOLUME: np.ones(1)}


def tornado(option: Option, options: Sequence[Option], years: int) -> list[Bar]:
    """What moves an option's total, the most important first; things without a range are not shown."""
    return tornados(options, years, only=[option])[option.key]


def tornados(options: Sequence[Option], years: int, *, only: Sequence[Option] | None = None) -> dict[str, list[Bar]]:
    """As `tornado`, of several options by their keys; what two options share is moved once for both.

    Args:
        options: all that may be the cheapest.
        years: horizon.
        only: of these; all of them.
    """
    usual = _usual(options)
    own = {one.key: {name: (e.low, e.high) for name, e in one.with_load().items() if e.low < e.high} for one in options}
    still = {one.key: np.repeat(totals(one, years, usual), 2) for one in options}
    moved: dict[str, dict[str, Array]] = {}

    def bar(key: str, name: str, low: float, high: float) -> Bar:
        if name not in moved:
            both = {other: np.repeat(value, 2) for other, value in usual.items()} | {name: np.array([low, high])}
            moving = [one for one in options if name == VOLUME or name in own[one.key]]
            moved[name] = still | {one.key: totals(one, years, both) for one in moving}
        every = moved[name]
        cheapest = [min(every, key=lambda one: float(every[one][end])) for end in (0, 1)]
        return Bar(name, low, high, float(every[key][0]), float(every[key][1]), *cheapest)

    found = {}
    for one in options if only is None else only:
        bars = [bar(one.key, name, *ends) for name, ends in (own[one.key] | {VOLUME: HALF_OR_DOUBLE}).items()]
        found[one.key] = sorted((one for one in bars if one.swing > 0), key=lambda one: -one.swing)
    return found
