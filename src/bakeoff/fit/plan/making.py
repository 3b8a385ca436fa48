"""One plan: a build under an engine on a machine, with memory, speed, loss, loading time, verdict and reasons."""

from dataclasses import dataclass, replace

from bakeoff.catalog.builds import Build, Engine
from bakeoff.catalog.model import Model
from bakeoff.fit.plan import by_llama_cpp, by_servers, commands
from bakeoff.fit.plan.calibration import NOTHING, Calibration
from bakeoff.fit.plan.choose import is_heavy
from bakeoff.fit.plan.laid import Laid
from bakeoff.fit.plan.pace import pace
from bakeoff.fit.plan.plan import Plan
from bakeoff.fit.plan.pools import device_name, usable
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.quality import quality_loss
from bakeoff.fit.speed import SYSTEM, Scale, load_time
from bakeoff.fit.weights import BuildWeights, build_weights
from bakeoff.hardware.machine import Machine
from bakeoff.values import Estimate, Reason, reason

TIGHT = 0.03
"""Share of a device's memory: where less stays free, it is said."""


@dataclass(frozen=True, slots=True)
class Maker:
    """Makes plans for one model on one machine."""

    model: Model
    machine: Machine
    wanted: Wanted
    limit: int | None
    """Longest context of one conversation; None where it is not known."""

    calibration: Calibration = NOTHING
    """What measurements on this machine taught about llama.cpp."""

    own: BuildWeights | None = None
    """Weights in the model's own file."""

    def weights(self, build: Build) -> BuildWeights:
        """Of a build; from the model's own file where it holds this build."""
        if self.own is not None and self.own.build == build:
            return self.own
        assert self.model.architecture is not None
        return build_weights(self.model.architecture, build)

    def loss(self, build: Build) -> Estimate | None:
        """Expected points lost; None where nothing is known of the build."""
        assert self.model.architecture is not None
        try:
            return quality_loss(self.model.architecture, build)
        except KeyError:
            return None

    def lay(self, build: Build, engine: Engine) -> Laid:
        """Place a build.

        Raises:
            UsageError: the engine does not take the settings for this model.
        """
        weights = self.weights(build)
        if engine == "llama.cpp":
            return by_llama_cpp.lay(self.model, weights, self.machine, self.wanted, self.limit)
        known = (self.model, weights, self.machine, self.wanted, self.limit)
        if engine in ("vllm", "sglang"):
            return by_servers.lay(*known, sglang=engine == "sglang")
        from bakeoff.fit.plan import by_others

        return by_others.lay(*known, mlx=engine == "mlx")

    def scale(self, laid: Laid) -> Scale | None:
        """What was measured where the layers lie."""
        places = set(laid.offload.devices)
        if laid.offload.mode in ("cpu", "layers on cpu", "experts on cpu"):
            places.add(SYSTEM)
        return self.calibration.of(places)

    def make(self, build: Build, engine: Engine, *, largest: bool = False) -> Plan:
        """The whole plan.

        Args:
            build: what is loaded.
            engine: what loads it.
            largest: look for the largest context too.

        Raises:
            UsageError: the engine does not take the settings for this model.
        """
        laid = self.lay(build, engine)
        runs = laid.lacking is None
        found = pace(laid, self.machine, build, engine, self.wanted, self.scale(laid))
        weights = self.weights(build)
        size = weights.estimate(weights.file_bytes)
        plan = Plan(
            model=self.model,
            build=build,
            engine=engine,
            wanted=self.wanted,
            context_tokens=laid.context_tokens,
            conversations=laid.conversations,
            runs=runs,
            verdict=found.judged.verdict,
            memory=laid.memory,
            devices=laid.devices(self.machine),
            offload=laid.offload,
            max_context_tokens=laid.largest_context() if largest else None,
            speed=found.speed,
            quality_loss=self.loss(build),
            load_seconds=load_time(size.value, self.machine),
            file_bytes=size,
            command=laid.command if runs else None,
            lacking_bytes=laid.lacking.bytes if laid.lacking is not None else 0.0,
        )
        return replace(plan, reasons=(*found.judged.reasons, *_reasons(plan, laid, self.machine)))

    def with_wanted(self, **changed: object) -> "Maker":
        """The same under other wishes."""
        return replace(self, wanted=replace(self.wanted, **changed))  # type: ignore[arg-type]

    def on(self, machine: Machine) -> "Maker":
        """The same on another machine."""
        return replace(self, machine=machine)


def _reasons(plan: Plan, laid: Laid, machine: Machine) -> list[Reason]:
    """What a person should know about a plan."""
    found: list[Reason] = []
    offload = laid.offload
    if laid.lacking is not None:
        place = laid.lacking.place
        found.append(
            reason(
                "fit.does_not_fit",
                device="memory" if place == SYSTEM else "other",
                name=device_name(machine, place),
                lacking=laid.lacking.bytes,
                tokens=plan.context_tokens,
            )
        )
        return found
    if offload.mode == "experts on cpu":
        found.append(reason("fit.experts_on_cpu", n=offload.expert_layers_on_cpu, layers=offload.layers))
    if offload.mode == "layers on cpu":
        found.append(reason("fit.layers_on_cpu", n=offload.layers - sum(offload.gpu_layers), layers=offload.layers))
    for one in plan.devices if offload.mode in ("gpu", "gpus") else ():
        free = one.usable_bytes - one.use.total_bytes
        if one.place != SYSTEM and free < TIGHT * usable(machine, one.place):
            found.append(reason("fit.tight", device=one.name, free=max(free, 0.0)))
    if plan.conversations < plan.wanted.conversations:
        found.append(reason("fit.fewer_at_once", n=plan.conversations, users=plan.wanted.conversations))
    if plan.quality_loss is not None and is_heavy(plan.quality_loss):
        found.append(
            reason("fit.heavy_loss", build=str(plan.build), low=plan.quality_loss.low, high=plan.quality_loss.high)
        )
    if not source_known(plan):
        found.append(reason("fit.source_unknown", build=str(plan.build), model=plan.model.id))
    return found


def source_known(plan: Plan) -> bool:
    """The command names files that are known to exist, or are made while loading."""
    if plan.model.file is not None:
        return True
    if plan.build.format == "gguf":
        return commands.gguf_repository(plan.model, plan.build) is not None
    return plan.build.format == "safetensors" and commands.is_published(plan.model, plan.build)
