"""Tokens per second of one answer in llama.cpp (and MLX): the time of a token, term by term.

    seconds = sum over memory pools of
              stream x bytes / bandwidth + instructions x weights / vector rate
            + kernels + expert layers + gated delta nets + a constant

Bytes are the memory's part; unpacking quantized weights is arithmetic, so that a card with much bandwidth and few
units (A100) does not reach its bandwidth; starting kernels costs the same however small they are. The coefficients are
fitted per family of devices (`benchmarks/speed_fit.py`); `stream` is never below 1.05, so that no prediction beats the
memory (the best read benchmarks reach 95 % of the rated bandwidth).
"""

import math
from dataclasses import dataclass
from typing import Literal

from bakeoff.fit.speed.constants import Constants, Spread, table
from bakeoff.fit.speed.families import accelerator_family, processor_family
from bakeoff.fit.speed.scale import Scale
from bakeoff.fit.speed.work import SYSTEM, Part, Work
from bakeoff.hardware.machine import Accelerator, Machine, Processor
from bakeoff.values import Estimate

Engine = Literal["llama.cpp", "mlx"]

OPERATIONS_PER_BYTE = 40.0
"""Vector rate over bandwidth, where a card's rate is not known: the median of the accelerator table."""

PUBLISHED_SHARE = 0.8
"""Of a memory system's rated bandwidth, what reading reaches (STREAM results lie at 75 to 85 %). A measured one is
taken as it is."""

MICROSECOND = 1e-6


@dataclass(frozen=True, slots=True)
class Term:
    """One summand of a token's time."""

    place: int
    """The pool, as in `Part.place`."""

    name: str
    seconds: float

    @property
    def streams(self) -> bool:
        """It grows with the weights that are read; the others are the same for every size."""
        return self.name in ("stream", "instructions")


@dataclass(frozen=True, slots=True)
class CacheCost:
    """How much more a byte of the cache costs than a byte of weights."""

    plain: float
    latent: float
    """Of a compressed cache: every head multiplies it."""


def cache_cost() -> CacheCost:
    """As fitted on measurements at several depths."""
    extra = table("decode").extra
    return CacheCost(extra["cache_cost"], extra["latent_cost"])


def terms(
    part: Part, accelerator: Accelerator, share: float, cost: CacheCost, sequences: float = 1.0
) -> tuple[float, ...]:
    """Seconds at unit coefficients, in the order of the constants' terms.

    Args:
        part: what lies on the accelerator, whose bandwidth must be known.
        accelerator: the device.
        share: of the routed experts, those that the step reads.
        cost: of the cache.
        sequences: answers that are written at the same time.
    """
    bandwidth = accelerator_bandwidth(accelerator)
    cache = part.cache_bytes * cost.plain + part.latent_bytes * cost.latent
    read = part.dense_bytes + part.expert_bytes * share + cache * sequences
    return (
        read / bandwidth,
        (part.dense_weights + part.expert_weights) / (accelerator.rates.fp32 or OPERATIONS_PER_BYTE * bandwidth),
        part.kernels * MICROSECOND,
        part.expert_layers * MICROSECOND,
        part.delta_layers * MICROSECOND,
        MICROSECOND if part.layers else 0.0,
    )


def processor_terms(part: Part, processor: Processor, share: float, sequences: float = 1.0) -> tuple[float, ...]:
    """The same for what the processor computes. Threads wait for each other after every kernel: `barriers`."""
    read = part.dense_bytes + part.expert_bytes * share + (part.cache_bytes + part.latent_bytes) * sequences
    cores = max(processor.cores, 1)
    weights = (part.dense_weights + part.expert_weights) * sequences
    return (
        read / processor_bandwidth(processor),
        weights / (cores * 1e9),
        part.kernels * MICROSECOND,
        part.kernels * cores * MICROSECOND,
    )


def processor_bandwidth(processor: Processor) -> float:
    """Bytes per second that the cores read together, as measured or as rated and corrected.

    Raises:
        ValueError: it is not known.
    """
    found = processor.bandwidth_bytes_per_second
    if found is None:
        raise ValueError(f"the memory bandwidth of {processor.name} is not known")
    return found.value * (1.0 if found.source == "measured" else PUBLISHED_SHARE)


def accelerator_bandwidth(accelerator: Accelerator) -> float:
    """Bytes per second as rated: what is lost of them is in the family's constants.

    Raises:
        ValueError: it is not known.
    """
    found = accelerator.bandwidth_bytes_per_second
    if found is None:
        raise ValueError(f"the memory bandwidth of {accelerator.name} is not known")
    return found.value


def known(work: Work, machine: Machine) -> bool:
    """Every pool that the work touches has a known bandwidth; without one nothing can be said."""
    return all(_bandwidth_of(part.place, machine) is not None for part in work.parts)


def token_terms(
    work: Work, machine: Machine, *, engine: Engine = "llama.cpp", sequences: float = 1.0, scale: Scale | None = None
) -> tuple[Term, ...]:
    """What one step takes, term by term; a step makes one token of each sequence.

    Raises:
        ValueError: a pool's bandwidth is not known (`known`).
    """
    share = work.experts_read(sequences)
    found: list[Term] = []
    for part in work.parts:
        kind = table("processor_decode" if part.place == SYSTEM else "decode")
        found += _part_terms(part, machine, kind.terms, _constants(part, machine), share, sequences)
    found += _crossings(work, machine)
    if engine == "mlx":
        speed = table("decode").extra["mlx"]
        found = [Term(term.place, term.name, term.seconds / speed) for term in found]
    if scale is not None:
        found = [Term(term.place, term.name, term.seconds * scale.factor(term.streams)) for term in found]
    return tuple(found)


def _part_terms(
    part: Part, machine: Machine, names: tuple[str, ...], constants: Constants, share: float, sequences: float
) -> list[Term]:
    if part.place == SYSTEM:
        seconds = processor_terms(part, machine.processor, share, sequences)
    else:
        seconds = terms(part, machine.accelerators[part.place], share, cache_cost(), sequences)
    return [
        Term(part.place, name, coefficient * second)
        for name, coefficient, second in zip(names, constants.coefficients, seconds, strict=True)
    ]


def _constants(part: Part, machine: Machine) -> Constants:
    if part.place == SYSTEM:
        return table("processor_decode").of(processor_family(machine.processor))
    return table("decode").of(accelerator_family(machine.accelerators[part.place]))


def _crossings(work: Work, machine: Machine) -> list[Term]:
    """Handing over between pools. A graph over several accelerators is started kernel by kernel."""
    extra = table("decode").extra
    places = [part.place for part in work.parts if part.layers or part.expert_bytes]
    cards = [place for place in places if place != SYSTEM]
    found = []
    if len(cards) > 1:
        kernels = sum(part.kernels for part in work.parts if part.place != SYSTEM)
        hops = (len(cards) - 1) * extra["card_hop"]
        found.append(Term(cards[0], "split", (kernels * extra["split_kernel"] + hops) * MICROSECOND))
    if SYSTEM in places and cards:
        system = next(part for part in work.parts if part.place == SYSTEM)
        hops = max(1, system.expert_layers if system.expert_bytes else 0) * extra["system_hop"]
        found.append(Term(SYSTEM, "crossing", hops * MICROSECOND))
    return found


def decode_seconds(
    work: Work, machine: Machine, *, engine: Engine = "llama.cpp", sequences: float = 1.0, scale: Scale | None = None
) -> float:
    """Time of one step.

    Raises:
        ValueError: a pool's bandwidth is not known.
    """
    return sum(term.seconds for term in token_terms(work, machine, engine=engine, sequences=sequences, scale=scale))


def decode_speed(
    work: Work, machine: Machine, *, engine: Engine = "llama.cpp", scale: Scale | None = None
) -> Estimate | None:
    """Tokens per second of one answer, with an 80 % interval; None where a bandwidth is not known.

    Args:
        work: one token, from `work.whole` or `work.placed`; its depth decides how much cache is read.
        machine: whose accelerators the work's places count.
        engine: llama.cpp, or MLX on a Mac.
        scale: what a measurement on this machine taught (`fit.measure`).
    """
    if not known(work, machine):
        return None
    seconds = decode_seconds(work, machine, engine=engine, scale=scale)
    spread = (scale.spread if scale else None) or decode_spread(work, machine)
    speed = 1.0 / seconds
    ceiling = max(speed, 1.0 / ideal_seconds(work, machine))
    as_of = table("decode").as_of if scale is None else scale.as_of
    return Estimate(
        speed, speed * spread.low, min(speed * spread.high, ceiling), "estimated", _detail(work, machine, scale), as_of
    )


def in_use(speed: Estimate, work: Work, machine: Machine) -> tuple[float, float]:
    """Where eight in ten of people's own machines lie: a wider interval than that of clean runs, which a predicted
    speed has.

    Other programs, heat, power limits and older builds make the difference. The width is that of what people report
    of models that lie on one card (docs/measured/speed.md); nothing outruns the memory.
    """
    power = table("decode").extra["in_use"]
    high = speed.value * (speed.high / speed.value) ** power
    return speed.value * (speed.low / speed.value) ** power, min(
        high, max(speed.high, 1 / ideal_seconds(work, machine))
    )


def ideal_seconds(work: Work, machine: Machine) -> float:
    """The roofline: bytes over bandwidth and nothing else."""
    total = 0.0
    for part in work.parts:
        read = part.dense_bytes + part.expert_bytes * work.expert_share + part.cache_bytes + part.latent_bytes
        if part.place == SYSTEM:
            found = machine.processor.bandwidth_bytes_per_second
            total += read / (found.value if found is not None else processor_bandwidth(machine.processor))
        else:
            total += read / accelerator_bandwidth(machine.accelerators[part.place])
    return total


def decode_spread(work: Work, machine: Machine) -> Spread:
    """How far measured speeds lie from predicted ones, and how far the bandwidths may lie from what was assumed.

    The constants' spread is that of the pool with most layers, or of offloaded models; a bandwidth that is itself an
    estimate adds its own, as far as the time goes into that pool (independent errors).
    """
    extra = table("decode").extra
    if work.is_offloaded:
        base = Spread(*extra["offload"])
    else:
        constants = _constants(max(work.parts, key=lambda part: part.layers), machine)
        base = constants.experts if work.is_moe else constants.dense
    down, up = -math.log(base.low), math.log(base.high)
    terms = token_terms(work, machine)
    total = sum(term.seconds for term in terms)
    for term in terms:
        found = _bandwidth_of(term.place, machine)
        if term.name == "stream" and found is not None and 0 < found.low < found.high:
            share = term.seconds / total
            down = math.hypot(down, share * math.log(found.value / found.low))
            up = math.hypot(up, share * math.log(found.high / found.value))
    return Spread(math.exp(-down), math.exp(up))


def _bandwidth_of(place: int, machine: Machine) -> Estimate | None:
    if place == SYSTEM:
        return machine.processor.bandwidth_bytes_per_second
    return machine.accelerators[place].bandwidth_bytes_per_second


def _detail(work: Work, machine: Machine, scale: Scale | None) -> str:
    if scale is not None:
        return scale.detail
    names = dict.fromkeys(_constants(part, machine).family for part in work.parts)
    parts = [f"{name} ({_devices(name, work)} devices)" for name in names]
    return f"bytes, arithmetic and kernel starts; constants of {', '.join(parts)}"


def _devices(family: str, work: Work) -> int:
    kind = table("decode") if any(part.place != SYSTEM for part in work.parts) else table("processor_decode")
    return kind.families[family].devices if family in kind.families else 0
