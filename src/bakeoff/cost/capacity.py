"""What one machine gets done with a model: places, seconds per request. From `fit`, or the user's measurement."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace

from bakeoff.catalog.builds import Engine, parse_build
from bakeoff.catalog.loading import load as catalog
from bakeoff.catalog.model import Model
from bakeoff.cost.load import Load
from bakeoff.cost.queueing import Steps, steps
from bakeoff.errors import UsageError
from bakeoff.fit.plan.answering import take
from bakeoff.fit.plan.calibration import NOTHING, calibration
from bakeoff.fit.plan.plan import Plan
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate

USERS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256)
"""Requests at the same time that are tried; vLLM works on 256 at most unless told otherwise (`--max-num-seqs`)."""

SLOWEST = 2.75
"""Tokens per second below which an answer is written too slowly to be read along: half of the reading speed, as
`fit.speed.verdict` has it. Where the load names a speed, that one counts."""

ENGINES: tuple[Engine, ...] = ("vllm", "llama.cpp", "mlx")

MOST_KNOWN = 512
"""Capacities that are remembered."""


@dataclass(frozen=True, slots=True)
class Capacity:
    """One machine with one model, at its best number of requests at the same time."""

    engine: str
    build: str
    places: int
    """Requests at the same time, over all copies."""

    service_seconds: Estimate
    """Of one request while all places are taken."""

    alone_seconds: float
    """Of one request while there is no other."""

    tokens_per_second: Estimate
    """Written by all places together."""

    first_token_ms: Estimate
    """Without waiting for a place."""

    load_seconds: float
    """From starting the engine to the first request."""

    steps: Steps
    command: str
    copies: int = 1
    """Engines side by side, each on its share of the machine's GPUs."""

    def erlangs(self, requests_per_second: float) -> float:
        """Places that a stream of requests keeps taken."""
        return requests_per_second * self.service_seconds.value


def capacity(
    model: Model,
    machine: Machine,
    load: Load,
    *,
    build: str | None = None,
    measured: float | None = None,
    context_tokens: int | None = None,
) -> Capacity | None:
    """The most that a machine does of a load, every request within the load's targets; None where it cannot.

    Args:
        model: of the catalog.
        machine: where it runs.
        load: request lengths and targets.
        build: only this one; else what `fit` would take for so many users.
        context_tokens: room of each request, where all lengths are known beforehand; None: as much as is usual.
        measured: the user's own tokens per second, written by all requests together at full load, prompts being read
            in between; it takes the place of the estimate.

    Raises:
        UsageError: the model cannot be planned at all.
    """
    best, alone = _best(model, machine, load, build, context_tokens)
    return None if best is None else _capacity(best, alone or best.plan, load, measured)


def _best(
    model: Model, machine: Machine, load: Load, build: str | None, context_tokens: int | None = None
) -> "tuple[Found | None, Plan | None]":
    """The plan that does most of the load, and the one that is quickest for a single user."""
    best: Found | None = None
    alone: Plan | None = None
    for found in _plans(model, machine, load, build, context_tokens):
        if found.plan.wanted.users == 1 and _meets(found.plan, load):
            alone = found.plan if alone is None or _seconds(found.plan) < _seconds(alone) else alone
        if _meets(found.plan, load) and (best is None or found.per_second > best.per_second):
            best = found
    return best, alone


class Capacities:
    """What was worked out before, for the same models on the same machines: a price or a volume changes none of it."""

    def __init__(self) -> None:
        """Nothing yet."""
        self._found: dict[object, tuple[object, Found | None, Plan | None]] = {}
        self._counted: dict[object, Capacity] = {}

    def of(
        self, model: Model, machine: Machine, load: Load, *, build: str | None = None, measured: float | None = None
    ) -> Capacity | None:
        """As `capacity`; the model and the machine must be the same objects to be known again."""
        key = (
            id(model), id(machine), load.prompt_tokens, load.written_tokens, load.first_token_ms, load.least_speed,
            build,
        )  # fmt: skip
        known = self._found.get(key)
        if known is None:
            if len(self._found) >= MOST_KNOWN:
                self._found.clear()
                self._counted.clear()
            # Holds them, so that no other gets their id.
            known = self._found[key] = ((model, machine), *_best(model, machine, load, build))
        _, best, alone = known
        if best is None:
            return None
        more = (key, load.max_wait_seconds, measured)
        if more not in self._counted:
            if len(self._counted) >= MOST_KNOWN:
                self._counted.clear()
            self._counted[more] = _capacity(best, alone or best.plan, load, measured)
        return self._counted[more]


@dataclass(frozen=True, slots=True)
class Found:
    """A plan that some copies of the engine follow."""

    plan: Plan
    copies: int

    @property
    def at_once(self) -> int:
        """Requests at the same time, in one copy."""
        return max(1, min(self.plan.wanted.users, self.plan.conversations))

    @property
    def per_second(self) -> float:
        """Requests per second, all copies together."""
        return self.copies * self.at_once / _seconds(self.plan)


def _seconds(plan: Plan) -> float:
    """Of a request; the plan was judged by its speeds before."""
    assert plan.speed.request_seconds is not None
    return plan.speed.request_seconds.value


def _plans(
    model: Model, machine: Machine, load: Load, build: str | None, context_tokens: int | None
) -> Iterator[Found]:
    """Every plan worth a look. Where vLLM serves the load, the engines made for one user are not asked.

    Raises:
        UsageError: no engine takes the model at all.
    """
    refused: UsageError | None = None
    found = served = False
    for engine in ENGINES:
        try:
            for plan in _of_engine(model, machine, load, build, engine, context_tokens):
                found, served = True, served or _meets(plan.plan, load)
                yield plan
        except UsageError as error:
            refused = refused or error
        if served and engine == "vllm":
            return
    if not found and refused is not None and build is not None:
        raise refused


def _of_engine(
    model: Model, machine: Machine, load: Load, build: str | None, engine: Engine, context_tokens: int | None
) -> Iterator[Found]:
    prompt, output = max(1, round(load.prompt_tokens)), max(1, round(load.written_tokens))
    only = parse_build(build) if build is not None else None
    learnt = calibration(machine, catalog()) if machine.here else NOTHING
    for part, copies in _shares(machine):
        for users in USERS:
            wanted = Wanted(
                context_tokens=context_tokens,
                prompt_tokens=prompt,
                output_tokens=output,
                users=users,
                build=only,
                engine=engine,
            )
            plan = take(model, part, wanted, calibration=learnt)
            if plan is None or not plan.runs:
                break
            yield Found(plan, copies)
            if plan.conversations < users:
                break  # the cache holds no more


def _shares(machine: Machine) -> Iterator[tuple[Machine, int]]:
    """The whole machine; with equal GPUs of their own memory also its halves, quarters, ... each with an engine."""
    cards = machine.accelerators
    yield machine, 1
    if len({one.name for one in cards}) > 1 or any(one.unified for one in cards):
        return
    count = len(cards)
    while count > 1 and count % 2 == 0:
        count //= 2
        yield replace(machine, accelerators=cards[:count]), len(cards) // count


def _meets(plan: Plan, load: Load) -> bool:
    speed = plan.speed
    if speed.decode_tokens_per_second is None or speed.time_to_first_token_ms is None or speed.request_seconds is None:
        return False
    if load.first_token_ms is not None and speed.time_to_first_token_ms.value > load.first_token_ms:
        return False
    return speed.decode_tokens_per_second.value >= (load.least_speed or SLOWEST)


def _capacity(best: Found, alone: Plan, load: Load, measured: float | None) -> Capacity:
    speed, places = best.plan.speed, best.copies * best.at_once
    assert speed.request_seconds is not None
    assert speed.time_to_first_token_ms is not None
    service = speed.request_seconds
    written = max(load.written_tokens, 1.0)
    if measured is not None:
        seconds = places * written / measured
        service = Estimate.exact(seconds, source="measured", detail=f"{measured:g} tokens/s, as given")
    return Capacity(
        engine=best.plan.engine,
        build=str(best.plan.build),
        places=places,
        service_seconds=service,
        alone_seconds=min(_seconds(alone), service.value),
        tokens_per_second=_inverse(service, places * written),
        first_token_ms=speed.time_to_first_token_ms,
        load_seconds=best.plan.load_seconds.value if best.plan.load_seconds is not None else USUAL_START,
        steps=steps(places, load.max_wait_seconds / service.value),
        command=best.plan.command or "",
        copies=best.copies,
    )


USUAL_START = 60.0
"""Seconds from starting an engine to the first request, where the drive's speed is not known; our own assumption."""


def _inverse(seconds: Estimate, amount: float) -> Estimate:
    if not (math.isfinite(seconds.high) and seconds.low > 0):
        return Estimate.exact(amount / seconds.value, source=seconds.source, detail=seconds.detail)
    return replace(seconds, value=amount / seconds.value, low=amount / seconds.high, high=amount / seconds.low)
