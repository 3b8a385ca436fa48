"""Which builds of a model are worth looking at on a machine, under which engine, and why the others are not.

What a build needs of the silicon is in `catalog.builds`; here that is held against the machine's devices.
"""

from bakeoff.catalog.builds import USUAL_GGUF, Build, Engine, engines, obstacle
from bakeoff.catalog.model import Model
from bakeoff.errors import UsageError
from bakeoff.fit.llama_cpp import supported
from bakeoff.fit.plan.commands import OWN_FORMAT
from bakeoff.fit.plan.wanted import Wanted
from bakeoff.fit.weights.gguf import MXFP4_EXPERTS
from bakeoff.hardware.machine import Accelerator, Machine
from bakeoff.values import Reason, reason

MXFP4 = Build("gguf", "MXFP4")
"""Models whose experts are published in it: files of more bits are as large and no better."""

FEWER_BITS = ("Q3_K_M", "IQ3_XXS", "Q2_K", "IQ2_M", "IQ2_XXS", "IQ1_M")
"""Below MXFP4."""

CHECKPOINTS = ("BF16", "FP8", "AWQ", "NVFP4")
"""Safetensors builds that are usual; GPTQ and INT4 are as large as AWQ."""

MLX_BUILDS = ("bf16", "8bit", "6bit", "4bit")


def usual_gguf(model: Model) -> tuple[Build, ...]:
    """GGUF builds that such a model is offered in, largest first."""
    architecture = model.architecture
    native = architecture.native_quantization if architecture is not None else None
    if architecture is not None and architecture.name in MXFP4_EXPERTS:
        # Rows of gpt-oss are not whole blocks of the K types, so that its smaller files are not smaller.
        fewer = () if architecture.name == "gpt-oss" else FEWER_BITS
        return (MXFP4, *(build for build in USUAL_GGUF if build.quantization in fewer))
    if native is not None:
        return tuple(build for build in USUAL_GGUF if build.quantization != "BF16")
    return USUAL_GGUF


def usual_checkpoints(model: Model) -> tuple[Build, ...]:
    """Safetensors builds, largest first; a model that is published in few bits has no build with more."""
    native = model.architecture.native_quantization if model.architecture is not None else None
    if native is None:
        return tuple(Build("safetensors", name) for name in CHECKPOINTS)
    return (Build("safetensors", OWN_FORMAT.get(native, "BF16")),)


def candidates(model: Model, machine: Machine, wanted: Wanted) -> list[tuple[Build, Engine]]:
    """Builds with the engine that would run each, as far as the machine allows; best quality first within an engine.

    Raises:
        UsageError: the build or engine that was asked for cannot run here; the message says why.
    """
    if wanted.build is not None:
        return _asked(model, machine, wanted, wanted.build)
    found: list[tuple[Build, Engine]] = []
    chosen = (wanted.engine,) if wanted.engine is not None else usual_engines(model, machine)
    for engine in chosen:
        found += [
            (build, engine) for build in builds_for(model, engine) if why_not(model, build, engine, machine) is None
        ]
    if not found:
        raise _nothing(model, machine, wanted)
    return found


def builds_for(model: Model, engine: Engine) -> tuple[Build, ...]:
    """What an engine is usually given."""
    if engine == "llama.cpp":
        return usual_gguf(model)
    if engine == "mlx":
        return tuple(Build("mlx", name) for name in MLX_BUILDS)
    own = usual_checkpoints(model)
    return tuple(build for build in own if engine != "transformers" or build.quantization in ("BF16", "MXFP4", "FP8"))


def usual_engines(model: Model, machine: Machine) -> tuple[Engine, ...]:
    """Engines that are looked at unasked: llama.cpp, MLX on Macs, vLLM where it runs; Transformers where none does."""
    found: list[Engine] = []
    if runs_model(model, "llama.cpp"):
        found.append("llama.cpp")
    if any(one.vendor == "apple" for one in machine.accelerators) and runs_model(model, "mlx"):
        found.append("mlx")
    if serves(machine) and runs_model(model, "vllm"):
        found.append("vllm")
    return tuple(found) or ("transformers",)


def serves(machine: Machine) -> bool:
    """Whether vLLM and SGLang run here: they come for Linux with NVIDIA or AMD cards."""
    return machine.system.startswith("linux") and any(
        one.vendor in ("nvidia", "amd") and one.device_class != "integrated" for one in machine.accelerators
    )


def runs_model(model: Model, engine: Engine) -> bool:
    """The engine knows the model's architecture, as far as is known."""
    if engine == "llama.cpp":
        named = not model.tools or "llama.cpp" in model.tools
        return named and model.architecture is not None and supported(model.architecture.name)
    return not model.tools or "transformers" in model.tools


def why_not(model: Model, build: Build, engine: Engine, machine: Machine) -> Reason | None:
    """Why an engine cannot run a build of the model on any device of the machine; None where it can."""
    if engine not in engines(build):
        return obstacle(build, engine, "other")
    if not runs_model(model, engine):
        return reason("fit.engine_lacks_architecture", engine=engine, architecture=_name(model))
    if engine in ("vllm", "sglang") and not serves(machine):
        return reason("fit.engine_needs_linux_gpu", engine=engine)
    if engine == "llama.cpp":
        return None
    found = None
    for one in machine.accelerators:
        found = device_obstacle(build, engine, one)
        if found is None:
            return None
    return found if machine.accelerators else obstacle(build, engine, "cpu")


def device_obstacle(build: Build, engine: Engine, one: Accelerator) -> Reason | None:
    """The same for one device."""
    try:
        capability = float(one.compute_capability) if one.compute_capability is not None else None
    except ValueError:
        capability = None
    return obstacle(build, engine, one.vendor, capability, has_fp8=one.rates.fp8 is not None)


def _asked(model: Model, machine: Machine, wanted: Wanted, build: Build) -> list[tuple[Build, Engine]]:
    """The build that was asked for, under the first engine that runs it."""
    if wanted.engine is not None and wanted.engine not in engines(build):
        names = " or ".join(engines(build))
        raise UsageError(f"{wanted.engine} does not read {build}", hint=f"take --engine {names}, or another build")
    if build.format == "gguf" and wanted.engine is None and not runs_model(model, "llama.cpp"):
        raise UsageError(
            f"llama.cpp does not run {model.id} (architecture {_name(model)})",
            hint="take a safetensors build, for example --build bf16",
        )
    why: Reason | None = None
    for engine in (wanted.engine,) if wanted.engine is not None else engines(build):
        obstacle_here = why_not(model, build, engine, machine)
        if obstacle_here is None:
            return [(build, engine)]
        why = why or obstacle_here
    raise _nothing(model, machine, wanted, why)


BECAUSE = {
    "build.needs_vendor": "it runs on {vendor} devices only",
    "build.needs_compute_capability": "it needs compute capability {least:g}, and this is {has:g}",
    "build.needs_number_format": "the device does not compute in {format}",
    "fit.engine_lacks_architecture": "{engine} does not run the architecture {architecture}",
    "fit.engine_needs_linux_gpu": "{engine} needs Linux with an NVIDIA or AMD card",
}
"""Obstacles in an error's words."""


def _nothing(model: Model, machine: Machine, wanted: Wanted, why: Reason | None = None) -> UsageError:
    what = " under ".join(str(part) for part in (wanted.build, wanted.engine) if part is not None) or "a usual build"
    kinds = ", ".join(dict.fromkeys(one.name for one in machine.accelerators)) or "a machine without a GPU"
    because = BECAUSE[why.code].format(**why.parameters) if why is not None and why.code in BECAUSE else ""
    return UsageError(
        f"{model.id}: {what} cannot run on {kinds}" + (f": {because}" if because else ""),
        hint="leave --build and --engine out to see what can",
    )


def _name(model: Model) -> str:
    return model.architecture.name if model.architecture is not None else "unknown"
