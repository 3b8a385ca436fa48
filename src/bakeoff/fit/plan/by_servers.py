"""Laying out a model with vLLM or SGLang: equal GPUs that share every layer, and a pool for the cache of all requests.

As few GPUs as hold the users' requests at the same time; where that takes more than there are, those that hold most.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.model import Model
from bakeoff.errors import UsageError
from bakeoff.fit.engine_cache import cache_bytes
from bakeoff.fit.memory import Memory
from bakeoff.fit.plan import commands
from bakeoff.fit.plan.candidates import device_obstacle
from bakeoff.fit.plan.laid import Laid, largest
from bakeoff.fit.plan.plan import Offload
from bakeoff.fit.plan.pools import Shortage, usable
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.sglang import SglangSettings, sglang_memory, usual_fraction
from bakeoff.fit.speed import by_depth
from bakeoff.fit.vllm import usual_settings, vllm_memory, weights_on_gpu
from bakeoff.fit.weights import BuildWeights, computed_bytes
from bakeoff.hardware.machine import Accelerator, Machine
from bakeoff.hardware.reserve import driver_bytes

ALONE, WITH_SCREEN = 0.95, 0.9
"""`--gpu-memory-utilization` of a card that does nothing else, and of one that may draw a screen."""


@dataclass(frozen=True, slots=True)
class Share:
    """What one GPU of an engine holds."""

    gpus: tuple[int, ...]
    use: Memory
    requests: float
    """Of the asked context, that have room at the same time."""

    utilization: float


@dataclass(frozen=True, slots=True)
class Server:
    """One engine with one build on a machine."""

    architecture: Architecture
    weights: BuildWeights
    machine: Machine
    wanted: Wanted
    sglang: bool
    """SGLang and not vLLM."""

    @property
    def kv_type(self) -> str | None:
        """`fp8`, or None for the model's own type.

        Raises:
            UsageError: the engine has no such cache.
        """
        kinds = {self.wanted.kv_type_k, self.wanted.kv_type_v} - {None, "auto", "f16", "bf16"}
        if kinds - {"fp8"}:
            name = "SGLang" if self.sglang else "vLLM"
            raise UsageError(
                f"{name} has no cache of type {', '.join(map(str, kinds))}", hint="take --kv fp8, or leave it out"
            )
        return "fp8" if kinds else None

    def groups(self) -> list[tuple[int, ...]]:
        """Sets of equal GPUs that can run the build, the one with most memory first."""
        found: dict[tuple[str, float], list[int]] = {}
        for place, one in enumerate(self.machine.accelerators):
            runs = device_obstacle(self.weights.build, "sglang" if self.sglang else "vllm", one) is None
            if runs and one.device_class != "integrated" and usable(self.machine, place) > 0:
                found.setdefault((one.name, usable(self.machine, place)), []).append(place)
        return sorted(map(tuple, found.values()), key=lambda group: -len(group) * usable(self.machine, group[0]))

    def shared(self, context: int) -> Share:
        """The fewest GPUs that hold all users' requests; else those that hold most.

        Raises:
            UsageError: no GPU runs the build.
        """
        best: Share | None = None
        for group in self.groups():
            for parallel in degrees(self.architecture, len(group)):
                found = self.share(group[:parallel], context)
                if found.requests >= self.wanted.conversations:
                    return found
                if best is None or found.requests > best.requests or _much(found) > _much(best):
                    best = found
        if best is None:
            raise UsageError(f"no GPU here has free memory and runs {self.weights.build}", hint="leave --engine out")
        return best

    def share(self, gpus: tuple[int, ...], context: int) -> Share:
        """What each of some GPUs holds."""
        return (self._sglang if self.sglang else self._vllm)(gpus, context)

    def _vllm(self, gpus: tuple[int, ...], context: int) -> Share:
        one = self.machine.accelerators[gpus[0]]
        share, total = self.wanted.utilization or utilization(one), engine_total(one)
        settings = usual_settings(
            context,
            total,
            one.name,
            tensor_parallel=len(gpus),
            gpu_memory_utilization=share,
            kv_cache_dtype=self.kv_type or "auto",
            number_bytes=computed_bytes(self.weights.build),
        )
        found = vllm_memory(self.architecture, weights_on_gpu(self.weights, settings), total, settings)
        use = Memory(
            weights_bytes=found.weights_bytes,
            kv_cache_bytes=max(0, round(found.kv_pool.value)),
            compute_bytes=round(found.activation.value),
            overhead_bytes=round(found.non_torch.value),
        )
        return Share(gpus, use, found.concurrency if found.kv_pool.value > 0 else 0.0, share)

    def _sglang(self, gpus: tuple[int, ...], context: int) -> Share:
        one = self.machine.accelerators[gpus[0]]
        total, free = engine_total(one), one.memory_usable_bytes.value
        usual = min(usual_fraction(total, len(gpus)), utilization(one) - 0.01)
        share = min(0.99, max(0.05, round(self.wanted.utilization or usual, 3)))
        settings = SglangSettings(
            context,
            tensor_parallel=len(gpus),
            mem_fraction_static=share,
            kv_cache_dtype="fp8_e4m3" if self.kv_type else "auto",
            number_bytes=computed_bytes(self.weights.build),
        )
        weights = self.weights.tensor_bytes // len(gpus)
        found = sglang_memory(self.architecture, weights, total, settings)
        pool = max(0, round(found.kv_pool.value))
        reserved = max(0, round(min(found.reserved.value, free - weights - pool)))
        use = Memory(weights_bytes=weights, kv_cache_bytes=pool, compute_bytes=reserved)
        return Share(gpus, use, found.concurrency if pool else 0.0, share)

    def lacking(self, found: Share, context: int) -> Shortage | None:
        """Not one request has room: then the engine does not start."""
        if found.requests >= 1:
            return None
        number = 1.0 if self.kv_type else 2.0
        request = cache_bytes(self.architecture, context, number_bytes=number) / len(found.gpus)
        needed = found.use.weights_bytes + found.use.compute_bytes + found.use.overhead_bytes + request
        room = found.utilization * engine_total(self.machine.accelerators[found.gpus[0]])
        return Shortage(found.gpus[0], max(1.0, needed - room))


def lay(
    model: Model, weights: BuildWeights, machine: Machine, wanted: Wanted, limit: int | None, *, sglang: bool
) -> Laid:
    """Share a model out over GPUs.

    Args:
        model: whose architecture is known.
        weights: a safetensors build.
        machine: where it is to run.
        wanted: context, users, cache type.
        limit: tokens of one request that the model was made for; None where that is not known.
        sglang: for SGLang and not for vLLM.

    Raises:
        UsageError: no GPU runs the build, or the engine does not take the cache type.
    """
    assert model.architecture is not None
    server = Server(model.architecture, weights, machine, wanted, sglang)
    context = wanted.per_conversation(limit)
    found = server.shared(context)
    least = min(wanted.conversations, max(1, int(found.requests)))
    kv_type = server.kv_type
    return Laid(
        uses=dict.fromkeys(found.gpus, found.use),
        offload=Offload(
            mode="tensor parallel" if len(found.gpus) > 1 else "gpu",
            layers=model.architecture.n_layers,
            gpu_layers=(model.architecture.n_layers,) * len(found.gpus),
            devices=found.gpus,
            tensor_parallel=len(found.gpus),
        ),
        lacking=server.lacking(found, context),
        conversations=int(found.requests),
        context_tokens=wanted.counted_context(limit),
        # Of the whole model; `serving` divides it by the number of GPUs.
        work_at=by_depth(model.architecture, weights, number_bytes=1.0 if kv_type else 2.0),
        command=(commands.sglang if sglang else commands.vllm)(
            model,
            weights.build,
            context_tokens=context,
            tensor_parallel=len(found.gpus),
            utilization=found.utilization,
            kv_type=kv_type,
        ),
        largest_context=partial(
            largest, lambda tokens: server.share(found.gpus, tokens).requests >= least, wanted, context, limit
        ),
    )


def _much(found: Share) -> float:
    """GPUs, where no request has room on any number of them: more of them lack less."""
    return float(len(found.gpus)) if found.requests < 1 else 0.0


def degrees(architecture: Architecture, most: int) -> Iterator[int]:
    """Numbers of GPUs over which a model's heads can be shared out: powers of two that divide them."""
    attentions = [run.layer.attention for run in architecture.runs if run.layer.attention is not None]
    parallel = 1
    while parallel <= most:
        if all(
            one.n_heads % parallel == 0
            and (one.latent is not None or one.n_kv_heads % parallel == 0 or parallel % one.n_kv_heads == 0)
            for one in attentions
        ):
            yield parallel
        parallel *= 2


def engine_total(one: Accelerator) -> float:
    """Memory as CUDA counts it, which the engines' shares are of."""
    total, free = one.memory_total_bytes.value, one.memory_usable_bytes.value
    counted = total - driver_bytes(total) if one.vendor == "nvidia" else total
    return max(counted, free)


def utilization(one: Accelerator) -> float:
    """The usual share, or less where less is free, in hundredths."""
    usual = ALONE if one.device_class.endswith("datacenter") else WITH_SCREEN
    free = int(100 * one.memory_usable_bytes.value / max(engine_total(one), 1.0)) / 100
    return max(0.01, min(usual, free))
