"""How fast a laid-out model answers the user's own request, and what a person would say of that.

The speeds and the verdict are those of `fit.speed`; here the right ones are asked for.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from bakeoff.catalog.builds import Build, Engine
from bakeoff.fit.plan.laid import Laid
from bakeoff.fit.plan.plan import NO_SPEED, Speed
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.speed import Judged, Load, RequestTime, Scale, Work, judge, prefill_speed, request_time, serving
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate, reason


@dataclass(frozen=True, slots=True)
class Pace:
    """Speeds, and the verdict on them."""

    speed: Speed
    judged: Judged


def pace(
    laid: Laid, machine: Machine, build: Build, engine: Engine, wanted: Wanted, scale: Scale | None = None
) -> Pace:
    """Speeds for the user's request, with as many users as asked for, or as have room.

    Args:
        laid: the model on its devices.
        machine: the machine.
        build: the build.
        engine: which one runs it.
        wanted: the request and the users.
        scale: what a measurement on this machine taught about llama.cpp.
    """
    if laid.lacking is not None:
        return Pace(NO_SPEED, judge(None, runs=False))
    at_once = max(1, min(wanted.conversations, laid.conversations))
    if engine == "transformers":
        return Pace(NO_SPEED, judge(None, unknown=reason("speed.engine_not_measured", engine="Transformers")))
    if engine in ("llama.cpp", "mlx") and at_once == 1:
        return _alone(laid.work_at, machine, engine, wanted, scale)
    if engine in ("vllm", "sglang"):  # whose work counts the GPUs that it uses
        machine = replace(machine, accelerators=tuple(machine.accelerators[gpu] for gpu in laid.offload.devices))
    return _together(laid, machine, build, engine, wanted, at_once, scale)


def _alone(
    work_at: Callable[[float], Work], machine: Machine, engine: Engine, wanted: Wanted, scale: Scale | None
) -> Pace:
    """One request, nobody else."""
    time = request_time(
        work_at,
        machine,
        wanted.prompt_tokens,
        wanted.output_tokens,
        ubatch=wanted.ubatch,
        engine="mlx" if engine == "mlx" else "llama.cpp",
        scale=scale if engine == "llama.cpp" else None,
    )
    if time is None:
        return Pace(NO_SPEED, judge(None))
    work = work_at(wanted.prompt_tokens)
    reading = prefill_speed(work, machine, wanted.prompt_tokens, ubatch=wanted.ubatch, scale=scale)
    found = Speed(
        decode_tokens_per_second=time.decode_tokens_per_second,
        prefill_tokens_per_second=reading,
        time_to_first_token_ms=time.first_token_ms,
        request_seconds=time.seconds,
        throughput_tokens_per_second=time.decode_tokens_per_second,
    )
    return Pace(found, judge(time))


def _together(
    laid: Laid, machine: Machine, build: Build, engine: Engine, wanted: Wanted, at_once: int, scale: Scale | None
) -> Pace:
    """Several requests at the same time, or an engine that is made for them."""
    found = serving(
        laid.work_at,
        machine,
        build,
        Load(wanted.prompt_tokens, wanted.output_tokens, at_once),
        engine="sglang" if engine == "sglang" else "vllm" if engine == "vllm" else "llama.cpp",
        parallel=laid.offload.tensor_parallel,
        scale=scale,
    )
    if found is None:
        return Pace(NO_SPEED, judge(None))
    decode, first = inverse(found.inter_token_ms, 1000.0), found.first_token_ms
    whole = _whole_answer(first, found.inter_token_ms, wanted.output_tokens)
    speed = Speed(
        decode_tokens_per_second=decode,
        prefill_tokens_per_second=inverse(first, 1000.0 * wanted.prompt_tokens),
        time_to_first_token_ms=first,
        request_seconds=whole,
        throughput_tokens_per_second=found.tokens_per_second,
    )
    return Pace(speed, judge(RequestTime(wanted.prompt_tokens, wanted.output_tokens, first, whole, decode)))


def inverse(estimate: Estimate, numerator: float) -> Estimate:
    """`numerator` over the estimate; its ends change places."""
    return Estimate(
        numerator / estimate.value,
        numerator / estimate.high,
        numerator / estimate.low,
        estimate.source,
        estimate.detail,
        estimate.as_of,
    )


def _whole_answer(first: Estimate, step: Estimate, output_tokens: int) -> Estimate:
    """Seconds to the last token; both parts are taken to be slow together."""
    value, low, high = (
        (start + output_tokens * each) / 1000
        for start, each in ((first.value, step.value), (first.low, step.low), (first.high, step.high))
    )
    return Estimate(value, low, high, step.source, step.detail, step.as_of)
