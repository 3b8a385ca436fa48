"""Many answers at once: the time of one engine step, tokens per second over all, and what each reader sees.

vLLM and SGLang put all sequences into one step and compute new prompts between them; with tensor parallelism every
device holds a share of the weights and they exchange activations twice per layer. llama.cpp's slots share a step in the
same way. Constants: `benchmarks/speed_fit.py`. SGLang goes by the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from bakeoff.catalog.builds import Build, is_native
from bakeoff.fit.speed.constants import Spread, table
from bakeoff.fit.speed.decode import MICROSECOND, accelerator_bandwidth, decode_seconds, decode_spread, known
from bakeoff.fit.speed.prefill import UBATCH, prefill_seconds
from bakeoff.fit.speed.scale import Scale
from bakeoff.fit.speed.work import Work
from bakeoff.hardware.machine import Accelerator, Machine
from bakeoff.values import Estimate

ServingEngine = Literal["vllm", "sglang", "llama.cpp"]

ACTIVATION_BYTES = 2.0
LINK = 25e9
"""Bytes per second between devices where their link is not known: PCI Express 4 with 16 lanes less overhead."""

OPERATIONS_PER_BYTE = 150.0
"""16-bit matrix rate over bandwidth, where a card's rate is not known: the median of data-centre cards."""


@dataclass(frozen=True, slots=True)
class Load:
    """What the users do, all alike."""

    prompt_tokens: float
    output_tokens: float
    sequences: float
    """Answers that are being written at the same time."""

    @property
    def depth_tokens(self) -> float:
        """Tokens in the cache of the mean sequence."""
        return self.prompt_tokens + self.output_tokens / 2

    @property
    def prompts_per_step(self) -> float:
        """Prompts that come between two tokens of an answer: each of the others brings one in its life."""
        return max(self.sequences - 1.0, 0.0) / self.output_tokens


@dataclass(frozen=True, slots=True)
class Serving:
    """What a load gets."""

    load: Load
    tokens_per_second: Estimate
    """Output tokens of all sequences together, reading prompts included, while there is always a next request."""

    inter_token_ms: Estimate
    """Between two tokens of one answer."""

    first_token_ms: Estimate
    """From the request to its first token, without waiting for a free place."""

    bound: Literal["memory", "compute"]
    """What most of a step goes into."""


def matrix_rate(accelerator: Accelerator, build: Build) -> float:
    """Operations per second of the unit that multiplies the build's weights.

    FP8 and FP4 where the device has the unit for them, else 16 bit: AWQ and GPTQ weights are unpacked to 16 bit.
    """
    rates = accelerator.rates
    half = rates.bf16 or rates.fp16 or rates.fp32
    capability = float(accelerator.compute_capability) if accelerator.compute_capability else None
    if is_native(build, accelerator.vendor, capability, has_fp8=rates.fp8 is not None):
        named = {"FP8": rates.fp8, "INT8": rates.int8, "NVFP4": rates.fp4, "MXFP4": rates.fp4}.get(build.quantization)
        half = named or half
    bandwidth = accelerator.bandwidth_bytes_per_second
    return half or OPERATIONS_PER_BYTE * (bandwidth.value if bandwidth is not None else 0.0)


def step_terms(work: Work, accelerator: Accelerator, rate: float, parallel: int, load: Load) -> tuple[float, ...]:
    """Seconds of one step at unit coefficients, in the order of the constants' terms.

    Args:
        work: the whole model on one device, at the load's depth.
        accelerator: one of `parallel` equal devices, whose bandwidth must be known.
        rate: of `matrix_rate`.
        parallel: devices that share every layer.
        load: what is asked.
    """
    bandwidth = accelerator_bandwidth(accelerator)
    part, n = work.parts[0], load.sequences
    weights = part.dense_bytes + part.expert_bytes * work.experts_read(n)
    cache = (part.cache_bytes + part.latent_bytes) * n
    prompts = load.prompts_per_step
    new = prompts * work.operations(load.prompt_tokens) + n * work.operations(1.0, load.depth_tokens)
    exchanged = _exchanged(work, accelerator, parallel) * (prompts * load.prompt_tokens + n)
    return (
        weights / parallel / bandwidth,
        cache / parallel / bandwidth,
        new / (rate * parallel),
        exchanged,
        MICROSECOND,
        n * MICROSECOND,
        work.layers * MICROSECOND if parallel > 1 else 0.0,
        part.expert_layers * MICROSECOND,
    )


def _exchanged(work: Work, accelerator: Accelerator, parallel: int) -> float:
    """Seconds per token of two ring all-reduces per layer: 2 (p - 1) / p of the activations each."""
    if parallel < 2:
        return 0.0
    link = accelerator.peer_bytes_per_second or accelerator.link_bytes_per_second
    amount = 2 * 2 * (parallel - 1) / parallel * work.layers * work.hidden_size * ACTIVATION_BYTES
    return amount / (link.value if link is not None else LINK)


def first_token_terms(
    work: Work, accelerator: Accelerator, rate: float, parallel: int, prompt: float
) -> tuple[float, ...]:
    """Seconds to the first token of a lone request, at unit coefficients."""
    return (
        work.operations(prompt) / (rate * parallel),
        _exchanged(work, accelerator, parallel) * prompt,
        MICROSECOND,
        work.layers * MICROSECOND,
    )


def serving(
    work_at: Callable[[float], Work],
    machine: Machine,
    build: Build,
    load: Load,
    *,
    engine: ServingEngine = "vllm",
    parallel: int = 1,
    scale: Scale | None = None,
) -> Serving | None:
    """What `load` gets from the engine; None where a bandwidth is not known.

    Args:
        work_at: the work of a token at a depth, as `work.by_depth` makes it.
        machine: its first accelerators are used.
        build: decides the rate.
        load: the users.
        engine: which one.
        parallel: devices that share every layer (vLLM, SGLang).
        scale: what a measurement taught (llama.cpp).
    """
    work = work_at(load.depth_tokens)
    if not known(work, machine):
        return None
    if engine == "llama.cpp":
        step, first, compute, spread = _slots(work, machine, load, scale)
    else:
        step, first, compute, spread = _batched(work, machine.accelerators[0], build, load, parallel)
    # Each place writes an answer, then takes the next request at once.
    speed = load.sequences * load.output_tokens / (first + load.output_tokens * step)
    detail = f"{load.sequences:g} sequences of {load.prompt_tokens:g} + {load.output_tokens:g} tokens, {engine}"
    as_of = table("serving").as_of
    return Serving(
        load=load,
        tokens_per_second=_estimate(speed, spread, detail, as_of),
        inter_token_ms=_estimate(1e3 * step, Spread(1 / spread.high, 1 / spread.low), detail, as_of),
        first_token_ms=_estimate(1e3 * first, Spread(1 / spread.high, 1 / spread.low), detail, as_of),
        bound="compute" if compute > step / 2 else "memory",
    )


def _estimate(value: float, spread: Spread, detail: str, as_of: str) -> Estimate:
    return Estimate(value, value * spread.low, value * spread.high, "estimated", detail, as_of)


def _batched(
    work: Work, accelerator: Accelerator, build: Build, load: Load, parallel: int
) -> tuple[float, float, float, Spread]:
    """Step, first token, the step's arithmetic, spread."""
    found = table("serving")
    constants = found.of("experts" if work.is_moe else "dense")
    rate = matrix_rate(accelerator, build)
    seconds = step_terms(work, accelerator, rate, parallel, load)
    terms = [a * b for a, b in zip(constants.coefficients, seconds, strict=True)]
    step = sum(terms)
    alone = first_token_terms(work, accelerator, rate, parallel, load.prompt_tokens)
    first = sum(a * b for a, b in zip(found.extra["first_token"], alone, strict=True))
    spread = constants.experts if work.is_moe else constants.dense
    return step, first + (step if load.sequences > 1 else 0.0), terms[2], spread


def slots_seconds(work: Work, machine: Machine, sequences: float, *, scale: Scale | None = None) -> float:
    """A step of llama.cpp that makes one token of each of several sequences: weights once, cache for each.

    A step of several tokens is a small prompt to the kernels: it takes no less than the arithmetic of as many prompt
    tokens, which goes on while the memory is read.
    """
    token = prefill_seconds(work, machine, UBATCH, scale=scale) / UBATCH
    return max(decode_seconds(work, machine, sequences=sequences, scale=scale), sequences * token)


def _slots(work: Work, machine: Machine, load: Load, scale: Scale | None) -> tuple[float, float, float, Spread]:
    """Step with its share of prompts, first token, the step's arithmetic, spread."""
    n = load.sequences
    prompt = prefill_seconds(work, machine, load.prompt_tokens, scale=scale)
    token = prefill_seconds(work, machine, UBATCH, scale=scale) / UBATCH
    prompts = load.prompts_per_step * prompt
    step = slots_seconds(work, machine, n, scale=scale) + prompts
    base = decode_spread(work, machine)
    wide = Spread(*table("serving").extra["slots"]) if n > 1 else base
    spread = Spread(min(base.low, wide.low), max(base.high, wide.high))
    return step, prompt + (step if n > 1 else 0.0), n * token + prompts, spread


def users_served(
    work_at: Callable[[float], Work],
    machine: Machine,
    build: Build,
    *,
    prompt_tokens: float,
    output_tokens: float,
    inter_token_ms: float,
    first_token_ms: float | None = None,
    most: int = 1024,
    engine: ServingEngine = "vllm",
    parallel: int = 1,
    scale: Scale | None = None,
) -> int:
    """How many answers may be written at the same time before a token takes longer than wanted; 0 where even one does.

    Args:
        work_at: as for `serving`.
        machine: whose accelerators are used.
        build: the build.
        prompt_tokens: of one request.
        output_tokens: of one request.
        inter_token_ms: the latency target between tokens.
        first_token_ms: and to the first one, where there is one.
        most: what the cache holds (the planner knows), or the engine's limit.
        engine: which one.
        parallel: devices that share every layer.
        scale: what a measurement taught.
    """

    def good(n: int) -> bool:
        found = serving(
            work_at,
            machine,
            build,
            Load(prompt_tokens, output_tokens, float(n)),
            engine=engine,
            parallel=parallel,
            scale=scale,
        )
        if found is None or found.inter_token_ms.value > inter_token_ms:
            return False
        return first_token_ms is None or found.first_token_ms.value <= first_token_ms

    if most < 1 or not good(1):
        return 0
    low, high = 1, most
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if good(middle) else (low, middle - 1)
    return low
