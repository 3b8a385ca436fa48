"""A plan: one model in one build under one engine on one machine, what it takes and how fast it is. Values only."""

from dataclasses import dataclass

from bakeoff.catalog.builds import Build, Engine
from bakeoff.catalog.model import Model
from bakeoff.fit.memory import Memory
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.speed import Verdict
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate, Reason


@dataclass(frozen=True, slots=True)
class DeviceUse:
    """What one device holds."""

    name: str
    place: int
    """Position in the machine's list of accelerators; -1 for the processor's memory."""

    use: Memory
    usable_bytes: float
    unified: bool = False
    """Its memory is the processor's too; `usable_bytes` of both overlap."""


@dataclass(frozen=True, slots=True)
class Offload:
    """How the model is spread."""

    mode: str
    """`gpu`, `gpus`, `experts on cpu`, `layers on cpu`, `cpu`, `tensor parallel`."""

    layers: int
    gpu_layers: tuple[int, ...] = ()
    """Layers per GPU, in the order of `devices`."""

    devices: tuple[int, ...] = ()
    """Positions of the GPUs, in the order in which the engine gets them."""

    expert_layers_on_cpu: int = 0
    tensor_parallel: int = 1


@dataclass(frozen=True, slots=True)
class Speed:
    """How fast, for the user's request; None where it cannot be said."""

    decode_tokens_per_second: Estimate | None
    """Of one answer, with `users` of them at the same time, at the depth of the user's request."""

    prefill_tokens_per_second: Estimate | None
    time_to_first_token_ms: Estimate | None
    request_seconds: Estimate | None
    """From sending the prompt to the last token."""

    throughput_tokens_per_second: Estimate | None = None
    """Of all users together."""


NO_SPEED = Speed(None, None, None, None)


@dataclass(frozen=True, slots=True)
class Plan:
    """One way to run a model."""

    model: Model
    build: Build
    engine: Engine
    wanted: Wanted
    context_tokens: int
    """Over all conversations."""

    conversations: int
    """Requests at the same time that have room."""

    runs: bool
    verdict: Verdict
    memory: Memory | None
    devices: tuple[DeviceUse, ...] = ()
    offload: Offload | None = None
    max_context_tokens: int | None = None
    """Largest context with the same placement; None where nothing runs or it was not looked for."""

    speed: Speed = NO_SPEED
    quality_loss: Estimate | None = None
    """Points that are lost on a test of 0 to 100, against the published weights (`fit.quality`)."""

    load_seconds: Estimate | None = None
    file_bytes: Estimate | None = None
    command: str | None = None
    reasons: tuple[Reason, ...] = ()
    lacking_bytes: float = 0.0
    """What is missing where it does not run."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What `fit` found for one model."""

    machine: Machine
    model: Model
    wanted: Wanted
    context_tokens: int
    """Of one conversation."""

    plans: tuple[Plan, ...]
    """Every build that was looked at, the chosen one among them."""

    chosen: Plan | None
    """None: nothing runs."""

    changes: tuple[Reason, ...] = ()
    """What would change the answer."""

    notes: tuple[Reason, ...] = ()
    """What was assumed."""

    why: tuple[Reason, ...] = ()
    """Every number of the chosen plan, term by term."""
