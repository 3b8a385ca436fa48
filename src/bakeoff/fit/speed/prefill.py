"""Tokens per second of reading a prompt in llama.cpp: the time of its steps, term by term.

A prompt is computed in steps of `ubatch` tokens (512). Each step reads all weights once (a mixture of experts those
that its tokens are routed to) and multiplies them for every token. The rate is counted against the vector units (FP32):
which matrix unit the kernels use is a fact of the generation and so in its coefficient (GeForce cards halve FP16 with
FP32 sums, quantized weights go through INT8, Pascal has neither; `evidence` in docs/measured/speed.md).
"""

from dataclasses import replace

from bakeoff.fit.speed.attention import attention_operations
from bakeoff.fit.speed.constants import Constants, Spread, table
from bakeoff.fit.speed.decode import (
    MICROSECOND,
    OPERATIONS_PER_BYTE,
    accelerator_bandwidth,
    known,
    processor_bandwidth,
)
from bakeoff.fit.speed.families import accelerator_family, processor_family
from bakeoff.fit.speed.scale import Scale
from bakeoff.fit.speed.work import SYSTEM, Part, Work
from bakeoff.hardware.machine import Accelerator, Machine, Processor
from bakeoff.values import Estimate

UBATCH = 512
"""llama.cpp's default `--ubatch-size`."""

TILE = 32.0
"""Columns that a matrix kernel computes at least: experts with fewer tokens waste the rest."""

SEEN_LINK = 10e9
"""Bytes per second over PCI Express, where a card's link is not known: version 3 with 16 lanes less overhead."""


def prefill_terms(
    part: Part, work: Work, accelerator: Accelerator, tokens: float, start: float, ubatch: int
) -> tuple[float, ...]:
    """Seconds at unit coefficients for a whole prompt on one accelerator, in the order of the constants' terms.

    Experts' operations are among those of the matrices; `experts` and `small experts` are what they cost beyond that,
    because each expert's share of a step is a small matrix of its own.
    """
    bandwidth = accelerator_bandwidth(accelerator)
    rate = accelerator.rates.fp32 or OPERATIONS_PER_BYTE * bandwidth
    steps = _steps(tokens, ubatch)
    each = tokens / steps
    dense, experts, attention = _operations(part, work, tokens, start)
    per_expert = max(each * work.expert_share, 1e-9)
    return (
        (dense + experts) / rate,
        attention / rate,
        experts / rate,
        experts * TILE / per_expert / rate if experts else 0.0,
        steps * (part.dense_bytes + part.expert_bytes * work.experts_read(each)) / bandwidth,
        steps * MICROSECOND,
    )


def processor_prefill_terms(
    part: Part, work: Work, processor: Processor, tokens: float, start: float, ubatch: int
) -> tuple[float, ...]:
    """The same on the processor. `ceiling` is what many cores together do not get beyond, in units of 10 TFLOP/s.

    `stream` goes far beyond reading the weights once: how fast servers' cores get at memory says much about how fast
    they multiply. It therefore counts the experts that a token uses; those that a step reads more come on top, as
    plain reading, in `_processor_seconds`.
    """
    steps = _steps(tokens, ubatch)
    operations = sum(_operations(part, work, tokens, start))
    used = part.dense_bytes + part.expert_bytes * work.expert_share
    return (
        operations / (max(processor.cores, 1) * 1e11),
        steps * used / processor_bandwidth(processor),
        steps * part.kernels * MICROSECOND,
        operations / 1e13,
    )


def _steps(tokens: float, ubatch: int) -> float:
    return max(1.0, -(-tokens // ubatch))


def _operations(part: Part, work: Work, tokens: float, start: float) -> tuple[float, float, float]:
    """Dense, expert and attention operations of a part; attention by its share of the layers."""
    layers = sum(one.layers for one in work.parts) or 1
    attention = attention_operations(work.architecture, start, tokens) * part.layers / layers
    return (*part.operations(tokens), attention)


def prefill_seconds(
    work: Work,
    machine: Machine,
    tokens: float,
    *,
    start: float = 0.0,
    ubatch: int = UBATCH,
    scale: Scale | None = None,
) -> float:
    """Time to read a prompt of `tokens` after `start` cached ones.

    Raises:
        ValueError: a pool's bandwidth is not known, or `tokens` is not positive.
    """
    if tokens <= 0 or ubatch < 1:
        raise ValueError(f"a prompt of {tokens} tokens in steps of {ubatch}")
    cards = [part.place for part in work.parts if part.place != SYSTEM and (part.layers or part.dense_weights)]
    total = 0.0
    for part in work.parts:
        if part.place == SYSTEM:
            here = _processor_seconds(part, work, machine.processor, tokens, start, ubatch)
            if cards:
                here = min(here, _lent_seconds(part, work, machine.accelerators[cards[0]], tokens, start, ubatch))
            total += here
        else:
            total += _accelerator_seconds(part, work, machine.accelerators[part.place], tokens, start, ubatch)
    return total * (scale.prefill if scale is not None else 1.0)


def _accelerator_seconds(
    part: Part, work: Work, accelerator: Accelerator, tokens: float, start: float, ubatch: int
) -> float:
    seconds = prefill_terms(part, work, accelerator, tokens, start, ubatch)
    constants = table("prefill").of(accelerator_family(accelerator))
    return sum(a * b for a, b in zip(constants.coefficients, seconds, strict=True))


def _processor_seconds(part: Part, work: Work, processor: Processor, tokens: float, start: float, ubatch: int) -> float:
    seconds = processor_prefill_terms(part, work, processor, tokens, start, ubatch)
    constants = table("processor_prefill").of(processor_family(processor))
    steps = _steps(tokens, ubatch)
    more = part.expert_bytes * (work.experts_read(tokens / steps) - work.expert_share)
    return sum(a * b for a, b in zip(constants.coefficients, seconds, strict=True)) + (
        steps * more / processor_bandwidth(processor)
    )


def _lent_seconds(part: Part, work: Work, accelerator: Accelerator, tokens: float, start: float, ubatch: int) -> float:
    """Weights of the system's memory are sent to the card for large batches (`ggml_backend_sched` with `op_offload`),
    so that the card computes them: the link is the price, once per step.
    """
    link = accelerator.link_bytes_per_second
    steps = _steps(tokens, ubatch)
    sent = steps * (part.dense_bytes + part.expert_bytes * work.experts_read(tokens / steps))
    return sent / (link.value if link is not None else SEEN_LINK) + _accelerator_seconds(
        replace(part, place=0), work, accelerator, tokens, start, ubatch
    )


def prefill_speed(
    work: Work,
    machine: Machine,
    tokens: float,
    *,
    start: float = 0.0,
    ubatch: int = UBATCH,
    scale: Scale | None = None,
) -> Estimate | None:
    """Prompt tokens per second, with an 80 % interval; None where a bandwidth is not known.

    Args:
        work: from `work.whole` or `work.placed`.
        machine: whose accelerators the work's places count.
        tokens: length of the prompt.
        start: tokens that are cached already.
        ubatch: tokens per step.
        scale: what a measurement on this machine taught.
    """
    if not known(work, machine):
        return None
    speed = tokens / prefill_seconds(work, machine, tokens, start=start, ubatch=ubatch, scale=scale)
    spread = (scale.spread if scale else None) or prefill_spread(work, machine)
    found = table("prefill")
    detail = "operations over the vector rate; constants of " + ", ".join(
        dict.fromkeys(constants.family for constants in _all_constants(work, machine))
    )
    as_of = found.as_of if scale is None else scale.as_of
    return Estimate(speed, speed * spread.low, speed * spread.high, "estimated", detail, as_of)


def _all_constants(work: Work, machine: Machine) -> list[Constants]:
    return [
        table("processor_prefill").of(processor_family(machine.processor))
        if part.place == SYSTEM
        else table("prefill").of(accelerator_family(machine.accelerators[part.place]))
        for part in work.parts
    ]


def prefill_spread(work: Work, machine: Machine) -> Spread:
    """The interval: of the pool with most layers, or that of offloaded models."""
    if work.is_offloaded:
        return Spread(*table("prefill").extra["offload"])
    largest = max(range(len(work.parts)), key=lambda i: work.parts[i].layers)
    constants = _all_constants(work, machine)[largest]
    return constants.experts if work.is_moe else constants.dense
