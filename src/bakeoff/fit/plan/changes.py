"""What would change an answer: a longer context, a better build, more memory, a smaller cache, programs that end.

Each is tried, not guessed: the same planning under another wish or on another machine.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from bakeoff.errors import UsageError
from bakeoff.fit.plan.choose import SAME_LOSS, choose, loss
from bakeoff.fit.plan.making import Maker
from bakeoff.fit.plan.plan import Plan
from bakeoff.fit.plan.pools import device_name
from bakeoff.fit.speed import SYSTEM
from bakeoff.fit.speed.decode import in_use
from bakeoff.hardware.machine import Machine
from bakeoff.units import GIB
from bakeoff.values import Estimate, Reason, reason

FASTER = 1.25
"""A change that makes answers faster by less is not worth a line."""

WORTH_CLOSING = 0.5 * GIB
"""Of other programs."""

SMALL_CACHE = "q8_0"

LARGE_STEP = 2048
"""Tokens of a prompt's step that are worth trying (llama.cpp's own advice for experts in main memory, its discussion
15396)."""

SHORTER = (65536, 32768, 16384, 8192, 4096, 2048)
"""Contexts that are tried where nothing runs."""

ROOM_STEPS = (8, 16, 24, 32, 48, 64, 80, 96, 128, 192, 256, 384, 512, 768, 1024, 1536, 2048)
"""Sizes of memory that are sold, in GiB, about."""


def changes(maker: Maker, plans: Sequence[Plan], chosen: Plan | None) -> Iterator[Reason]:
    """Every change that makes a difference, the cheapest first.

    Args:
        maker: of the answer.
        plans: every build.
        chosen: the one to take; None where none runs.
    """
    if chosen is None:
        yield from _to_run_at_all(maker, plans)
        return
    yield from _longer_context(maker, chosen)
    yield from _better_build(plans, chosen)
    yield from _smaller_cache(maker, chosen)
    yield from _larger_steps(maker, chosen)
    yield from _freed(maker, chosen)
    yield from _all_on_gpu(maker, chosen)
    yield from _in_use(maker, chosen)


def _longer_context(maker: Maker, chosen: Plan) -> Iterator[Reason]:
    """How far the context can grow, and what the next doubling would cost."""
    most, limit = chosen.max_context_tokens or chosen.context_tokens, maker.limit
    if most > chosen.context_tokens:
        yield reason("change.context_room", tokens=most)
    longer = 2 * max(most, chosen.context_tokens)
    whole = (limit or longer) * (chosen.conversations if maker.wanted.n_slots is not None else 1)
    longer = min(longer, whole)
    if longer <= most:
        return
    plan = _tried(maker.with_wanted(context_tokens=longer), chosen)
    if plan is None:
        return
    if plan.runs and plan.conversations < maker.wanted.conversations:
        yield reason("change.longer_context_fewer", tokens=longer, n=plan.conversations)
    elif plan.runs and plan.conversations < chosen.conversations and plan.speed.decode_tokens_per_second is not None:
        yield reason(
            "change.longer_context_room",
            tokens=longer,
            rate=plan.speed.decode_tokens_per_second.value,
            n=plan.conversations,
            now=chosen.conversations,
        )
    elif plan.runs and plan.speed.decode_tokens_per_second is not None:
        yield reason(
            "change.longer_context",
            tokens=longer,
            rate=plan.speed.decode_tokens_per_second.value,
            verdict=plan.verdict,
        )
    elif not plan.runs:
        yield reason("change.longer_context_lacks", tokens=longer, lacking=plan.lacking_bytes)


def _better_build(plans: Sequence[Plan], chosen: Plan) -> Iterator[Reason]:
    """The next build up, and why it was not taken."""
    better = [
        plan
        for plan in plans
        if plan.engine == chosen.engine and loss(plan) < loss(chosen) - SAME_LOSS and plan.build != chosen.build
    ]
    if not better:
        return
    plan = max(better, key=loss)
    if not plan.runs:
        yield reason("change.better_build_lacks", build=str(plan.build), lacking=plan.lacking_bytes)
    elif plan.speed.decode_tokens_per_second is not None:
        yield reason(
            "change.better_build_slower",
            build=str(plan.build),
            rate=plan.speed.decode_tokens_per_second.value,
            verdict=plan.verdict,
        )


def _smaller_cache(maker: Maker, chosen: Plan) -> Iterator[Reason]:
    """An 8-bit cache: a suggestion, for what it costs in quality has hardly been measured."""
    if chosen.engine != "llama.cpp" or maker.wanted.kv_type_k is not None or chosen.memory is None:
        return
    plan = _tried(maker.with_wanted(kv_type_k=SMALL_CACHE, kv_type_v=SMALL_CACHE), chosen, largest=True)
    if plan is None or plan.memory is None or not plan.runs:
        return
    saved = chosen.memory.kv_cache_bytes - plan.memory.kv_cache_bytes
    further = (plan.max_context_tokens or 0) > 1.2 * (chosen.max_context_tokens or 0)
    if further or _much_faster(plan, chosen):
        rate = plan.speed.decode_tokens_per_second
        yield reason(
            "change.smaller_cache",
            kind=SMALL_CACHE,
            saved=saved,
            tokens=plan.max_context_tokens or plan.context_tokens,
            rate=rate.value if rate is not None else None,
        )


def _larger_steps(maker: Maker, chosen: Plan) -> Iterator[Reason]:
    """Each step of a prompt sends the weights that lie in main memory to the GPU: fewer steps send them less often."""
    mode = chosen.offload.mode if chosen.offload is not None else None
    if mode not in ("experts on cpu", "layers on cpu") or maker.wanted.ubatch >= LARGE_STEP:
        return
    plan = _tried(maker.with_wanted(ubatch=LARGE_STEP), chosen)
    if plan is None or not plan.runs or plan.memory is None or chosen.memory is None:
        return
    first, before = plan.speed.time_to_first_token_ms, chosen.speed.time_to_first_token_ms
    reading = plan.speed.prefill_tokens_per_second
    if first is not None and before is not None and reading is not None and FASTER * first.value < before.value:
        more = plan.memory.compute_bytes - chosen.memory.compute_bytes
        yield reason(
            "change.larger_steps", tokens=str(LARGE_STEP), rate=reading.value, ms=first.value, more=max(0, more)
        )


def _in_use(maker: Maker, chosen: Plan) -> Iterator[Reason]:
    """What people's own machines reach, beside the clean runs that predictions are about."""
    speed, offload = chosen.speed.decode_tokens_per_second, chosen.offload
    if chosen.engine != "llama.cpp" or speed is None or offload is None or maker.calibration.scales:
        return
    if offload.mode == "gpu" and maker.wanted.conversations == 1:
        work = maker.lay(chosen.build, chosen.engine).work_at(maker.wanted.prompt_tokens)
        low, high = in_use(speed, work, maker.machine)
        yield reason("change.in_use", low=low, high=high, here=maker.machine.here)


def _freed(maker: Maker, chosen: Plan | None) -> Iterator[Reason]:
    """Closing what else runs on this machine."""
    if not maker.machine.here:
        return
    for place, one in enumerate(maker.machine.accelerators):
        taken = one.memory_total_bytes.value - one.memory_usable_bytes.value
        tight = chosen is None or chosen.offload is None or chosen.offload.mode not in ("gpu", "tensor parallel")
        if tight and not one.unified and taken > WORTH_CLOSING:
            yield reason("change.close_programs", device=device_name(maker.machine, place), bytes=taken)
    memory = maker.machine.processor
    taken = memory.memory_total_bytes.value - memory.memory_usable_bytes.value
    if chosen is None and taken > WORTH_CLOSING:
        yield reason("change.close_programs", device=device_name(maker.machine, SYSTEM), bytes=taken)


def _all_on_gpu(maker: Maker, chosen: Plan) -> Iterator[Reason]:
    """How much more memory on the GPUs would hold everything, and what that would bring."""
    offload = chosen.offload
    if offload is None or not offload.devices or offload.mode not in ("experts on cpu", "layers on cpu"):
        return
    there = sum(maker.machine.accelerators[place].memory_total_bytes.value for place in offload.devices) / GIB
    for size in ROOM_STEPS:
        if size <= there:
            continue
        larger = _with_more(maker.machine, offload.devices[0], (size - there) * GIB)
        plan = _tried(maker.on(larger), chosen)
        if plan is not None and plan.offload is not None and plan.offload.mode in ("gpu", "gpus"):
            rate = plan.speed.decode_tokens_per_second
            if rate is not None and _much_faster(plan, chosen):
                yield reason("change.more_gpu_memory", gib=size, rate=rate.value)
            return


def _to_run_at_all(maker: Maker, plans: Sequence[Plan]) -> Iterator[Reason]:
    """Nothing runs: a shorter context, another build, more memory."""
    nearest = min(plans, key=lambda plan: plan.lacking_bytes)
    for tokens in SHORTER:
        if tokens >= nearest.context_tokens:
            continue
        if tokens < maker.wanted.request_tokens:
            break
        shorter = maker.with_wanted(context_tokens=tokens)
        runs = [plan for one in plans if (plan := _tried(shorter, one)) is not None and plan.runs]
        best = choose(runs)
        if best is not None:
            yield reason("change.shorter_context", tokens=tokens, build=str(best.build))
            break
    if maker.wanted.build is not None:
        yield reason("change.other_build", build=str(maker.wanted.build))
    yield from _freed(maker, None)
    yield reason("change.more_memory", build=str(nearest.build), lacking=nearest.lacking_bytes)


def _tried(maker: Maker, plan: Plan, *, largest: bool = False) -> Plan | None:
    """The same build under other circumstances; None where the engine refuses them."""
    try:
        return maker.make(plan.build, plan.engine, largest=largest)
    except UsageError:
        return None


def _much_faster(plan: Plan, chosen: Plan) -> bool:
    new, old = plan.speed.decode_tokens_per_second, chosen.speed.decode_tokens_per_second
    return new is not None and old is not None and new.value > FASTER * old.value


def _with_more(machine: Machine, place: int, more: float) -> Machine:
    """The machine with more free memory on one accelerator."""
    one = machine.accelerators[place]
    larger = replace(
        one,
        memory_usable_bytes=_plus(one.memory_usable_bytes, more),
        memory_total_bytes=_plus(one.memory_total_bytes, more),
    )
    accelerators = tuple(larger if number == place else other for number, other in enumerate(machine.accelerators))
    processor = machine.processor
    if one.unified:
        processor = replace(processor, memory_usable_bytes=_plus(processor.memory_usable_bytes, more))
    return replace(machine, accelerators=accelerators, processor=processor)


def _plus(estimate: Estimate, more: float) -> Estimate:
    return replace(estimate, value=estimate.value + more, low=estimate.low + more, high=estimate.high + more)
