"""How fast one machine answers the calls of a column: measured here, else by `fit`. Nothing is started."""

from dataclasses import replace

from bakeoff.catalog.model import Model
from bakeoff.cluster.estimates import combined
from bakeoff.cluster.limits import ENGINE_START, Part
from bakeoff.cluster.quoted import OnMachine, Subject
from bakeoff.cost.capacity import USUAL_START, Capacity, capacity
from bakeoff.cost.load import Load
from bakeoff.errors import BakeoffError
from bakeoff.fit.plan.asking import fit
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate

UNKNOWN_OUTPUT = 400.0
"""Tokens of an answer that nothing limits and of which none was made: those of the request that `fit` assumes."""

ROOM = 1024
"""Context is counted in so many tokens, as servers are told."""


def speed_on(subject: Subject, machine: Machine) -> OnMachine | None:
    """What a machine does of a column; None where it does not run, or nothing is known of its speed.

    Where the length of answers is not known, the range goes up to the speed with the shortest.
    """
    if subject.place in ("server", "local"):
        return None
    if subject.place == "engine" and machine.here and subject.latency_seconds is not None:
        return _measured(subject, machine, subject.latency_seconds)
    on = _engine if subject.place == "engine" else _replicas
    prompt = max(1, round(subject.prompt_tokens.value))
    output = subject.output_tokens
    found = on(subject, machine, prompt, max(1, round(output.value if output is not None else UNKNOWN_OUTPUT)))
    if found is None or output is None or output.low == output.value:
        return found
    shortest = on(subject, machine, prompt, max(1, round(output.low)))
    if shortest is None:
        return found
    rate = found.calls_per_second
    return replace(found, calls_per_second=replace(rate, high=max(rate.high, shortest.calls_per_second.high)))


def _measured(subject: Subject, machine: Machine, latency: Estimate) -> OnMachine:
    """Calls as quick as those so far; only the start of the engine, which nobody wrote down, is from `fit`."""
    rate = combined(lambda seconds: (subject.concurrency or 1) / seconds, [], [latency])
    planned = _engine(subject, machine, max(1, round(subject.prompt_tokens.value)), 1)
    return OnMachine(rate, planned.start_seconds if planned is not None else ENGINE_START, "engine", "llama.cpp")


def _engine(subject: Subject, machine: Machine, prompt: int, output: int) -> OnMachine | None:
    """The embedded engine computes on the processor, whatever GPUs there are."""
    at_once = subject.concurrency or 1
    if subject.model is None:
        return None
    try:
        plan = fit(
            subject.model,
            on=replace(machine, accelerators=()),
            engine="llama.cpp",
            build=subject.build,
            users=at_once,
            prompt_tokens=prompt,
            output_tokens=output,
        ).chosen
    except BakeoffError:
        return None
    if plan is None or plan.speed.request_seconds is None:
        return None
    rate = combined(lambda seconds: at_once / seconds, [], [plan.speed.request_seconds])
    return OnMachine(rate, plan.load_seconds or ENGINE_START, "engine", f"llama.cpp {plan.build}")


def _replicas(subject: Subject, machine: Machine, prompt: int, output: int) -> OnMachine | None:
    """VLLM on all GPUs, at the number of requests at a time that gets most done."""
    if subject.model is None or not machine.accelerators:
        return None
    found = served(subject.model, machine, prompt, output, build=subject.build)
    if found is None or found.engine != "vllm":
        return None
    rate = combined(lambda seconds: found.places / seconds, [], [found.service_seconds])
    reading = reading_share(subject.model, machine, prompt, output, found)
    part: Part = "prefill" if reading > 0.5 else "decode"
    load = found.load_seconds
    start = Estimate(load + USUAL_START, load, 4 * (load + USUAL_START), "estimated", "loading, compiling")
    copies = f", {found.copies} copies" if found.copies > 1 else ""
    return OnMachine(rate, start, part, f"vLLM {found.build}{copies}, {found.places} at a time", found.places)


def served(model: Model, machine: Machine, prompt: int, output: int, *, build: str | None = None) -> Capacity | None:
    """The most that a machine does of calls of this length; each takes the room that it needs and no more."""
    load = Load(prompt_tokens=float(prompt), output_tokens=float(output))
    room = -(-(prompt + output) // ROOM) * ROOM
    try:
        return capacity(model, machine, load, build=build, context_tokens=room)
    except BakeoffError:
        return None


def reading_share(model: Model, machine: Machine, prompt: int, output: int, found: Capacity) -> float:
    """Part of the time that goes into reading prompts: what calls with a prompt of one token would save."""
    bare = served(model, machine, 1, output, build=found.build)
    if bare is None:
        return 0.0
    return max(0.0, 1 - (bare.service_seconds.value / bare.places) / (found.service_seconds.value / found.places))
