"""The command that runs a plan, for llama-server, vLLM, SGLang, MLX, Transformers and Ollama. Nothing is started."""

import shlex
from pathlib import Path

from bakeoff.catalog.builds import Build
from bakeoff.catalog.model import Model
from bakeoff.fit.plan.plan import Offload
from bakeoff.fit.weights.outline import outline
from bakeoff.hardware.machine import Backend, Machine

DEVICE_NAMES: dict[Backend, str] = {"cuda": "CUDA", "rocm": "ROCm", "vulkan": "Vulkan", "sycl": "SYCL", "metal": "MTL"}
"""How llama.cpp names devices of a backend (`llama-server --list-devices`), before their number."""

CONVERTERS = ("unsloth/", "bartowski/", "ggml-org/", "lmstudio-community/", "mradermacher/")
"""Well-known converters to GGUF, the ones with most quantizations first."""

FEW_QUANTIZATIONS = ("ggml-org/",)
"""Converters that offer only one or two, mostly Q4_K_M and Q8_0, and gpt-oss as it is."""


SMALL_IQ = frozenset(("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M", "IQ3_XXS", "IQ3_XS", "IQ3_S", "IQ3_M"))
WHOLE = frozenset(("F32", "BF16", "F16"))

LACKING: dict[str, frozenset[str]] = {
    "unsloth/": SMALL_IQ | {"Q5_0", "Q5_1", "Q4_K_L", "Q5_K_L", "Q6_K_L", "Q3_K_XL"},  # small ones are UD- builds
    "bartowski/": frozenset(("IQ1_S", "F32")),
    "mradermacher/": SMALL_IQ | WHOLE,
    "ggml-org/": SMALL_IQ | {"Q2_K", "Q3_K_M", "Q5_K_M", "Q6_K", "IQ4_XS", "IQ4_NL"},
    "lmstudio-community/": SMALL_IQ | WHOLE | {"Q2_K", "Q3_K_M"},
}
"""What none of a converter's repositories holds, of 42, 32, 5 and 6 that were listed (gguf_sizes.csv, 2026-11-22), and
what ggml-org, which makes one or two builds of a model, does not make."""

OF_I1 = WHOLE | {"Q8_0"}
"""What mradermacher's repositories with an importance matrix (`-i1-GGUF`) lack; they have the small ones."""


def lacks(repository: str, quantization: str) -> bool:
    """The repository holds no such build, by the habits of who made it."""
    if repository.endswith("-i1-GGUF"):
        return quantization in OF_I1
    return any(quantization in lacking for prefix, lacking in LACKING.items() if repository.startswith(prefix))


def gguf_repository(model: Model, build: Build) -> str | None:
    """The repository to take a GGUF build from; None where none is known.

    Which files it holds is not looked up, but what its maker never offers is known (`LACKING`).
    """
    known = [name for name in model.gguf_repositories if not lacks(name, build.quantization)]
    if build.quantization.startswith("UD-"):
        return next((name for name in known if name.startswith("unsloth/")), None)
    if build.quantization == "MXFP4":
        return next((name for name in known if name.startswith(FEW_QUANTIZATIONS)), known[0] if known else None)
    wide = [name for name in known if not name.startswith(FEW_QUANTIZATIONS)] or known
    return min(wide, key=_rank) if wide else None


def _rank(repository: str) -> int:
    return next((number for number, prefix in enumerate(CONVERTERS) if repository.startswith(prefix)), -1)


def llama_server(
    model: Model,
    build: Build,
    machine: Machine,
    offload: Offload,
    *,
    context_tokens: int,
    n_slots: int,
    kv_types: tuple[str, str] = ("f16", "f16"),
    flash_attention: bool | str = "auto",
    batch: int = 2048,
    ubatch: int = 512,
) -> str:
    """`llama-server` with everything that the plan fixes; what is llama.cpp's own default is left out.

    Args:
        model: the model; its own file is named where it has one.
        build: a GGUF build.
        machine: where it runs.
        offload: where its layers are.
        context_tokens: of all slots together.
        n_slots: conversations at the same time.
        kv_types: of keys and values.
        flash_attention: on, off, or left to llama.cpp.
        batch: tokens handed over at a time.
        ubatch: tokens computed at a time.
    """
    parts = ["llama-server", *_source(model, build), "-c", str(context_tokens), "-np", str(n_slots)]
    parts += _where(model, machine, offload)
    if kv_types != ("f16", "f16"):
        parts += ["-ctk", kv_types[0], "-ctv", kv_types[1]]
    if flash_attention != "auto":
        parts += ["-fa", "on" if flash_attention else "off"]
    if batch != 2048:
        parts += ["-b", str(batch)]
    if ubatch != 512:
        parts += ["-ub", str(ubatch)]
    return shlex.join(parts)


def _source(model: Model, build: Build) -> list[str]:
    if model.file is not None and Path(model.file).suffix.lower() == ".gguf":
        return ["-m", model.file]
    repository = gguf_repository(model, build)
    if repository is None:
        return ["-m", f"{model.name}-{build.quantization}.gguf"]
    return ["-hf", f"{repository}:{build.quantization}"]


def _where(model: Model, machine: Machine, offload: Offload) -> list[str]:
    if not machine.accelerators:
        return []
    if not offload.devices:
        return ["-ngl", "0"]
    parts = ["-ngl", str(_gpu_layers(model, offload))]
    if offload.expert_layers_on_cpu and any(offload.gpu_layers):
        parts += ["--n-cpu-moe", str(offload.expert_layers_on_cpu)]
    if offload.devices != tuple(range(len(machine.accelerators))):
        parts += ["-dev", ",".join(_device(machine, place) for place in offload.devices)]
    if len(offload.devices) > 1:
        last = len(offload.devices) - 1
        counts = [
            count + (1 + _prediction_layers(model) if number == last else 0)
            for number, count in enumerate(offload.gpu_layers)
        ]
        parts += ["-ts", ",".join(map(str, counts))]
    return parts


def _gpu_layers(model: Model, offload: Offload) -> int:
    """llama.cpp counts the head as the last layer, and before it the prediction layers that the file holds."""
    if sum(offload.gpu_layers) == offload.layers:
        return 999
    return sum(offload.gpu_layers) + 1 + _prediction_layers(model)


def _prediction_layers(model: Model) -> int:
    return len(outline(model.architecture).next_token) if model.architecture is not None else 0


def _device(machine: Machine, place: int) -> str:
    """The number counts within the backend."""
    backend = machine.accelerators[place].backend
    number = sum(one.backend == backend for one in machine.accelerators[:place])
    return f"{DEVICE_NAMES.get(backend, backend)}{number}"


def ollama(model: Model, build: Build, context_tokens: int) -> str | None:
    """Ollama takes the same file from the Hub; where the layers go it decides by itself. None without a repository."""
    repository = gguf_repository(model, build)
    if repository is None or model.file is not None:
        return None
    return f"OLLAMA_CONTEXT_LENGTH={context_tokens} " + shlex.join(
        ["ollama", "run", f"hf.co/{repository}:{build.quantization}"]
    )


RUNTIME = {"FP8": "fp8"}
"""Quantizations that vLLM and SGLang make while loading a 16-bit checkpoint (`--quantization`)."""

OWN_FORMAT = {"fp8": "FP8", "fp4": "MXFP4", "mxfp4": "MXFP4", "nvfp4": "NVFP4", "int4": "INT4"}
"""`Architecture.native_quantization` -> the build that the model's own repository holds."""


def is_published(model: Model, build: Build) -> bool:
    """The model's own repository holds this safetensors build, or the engine makes it while loading."""
    native = model.architecture.native_quantization if model.architecture is not None else None
    own = OWN_FORMAT.get(native or "", "BF16")
    return build.quantization == own or (native is None and build.quantization in (*RUNTIME, "F16", "F32"))


def _checkpoint(model: Model, build: Build) -> str:
    if model.file is not None:
        return model.file
    return model.id if is_published(model, build) else f"{model.name}-{build.quantization}"


def _runtime(model: Model, build: Build) -> list[str]:
    native = model.architecture.native_quantization if model.architecture is not None else None
    if native is None and build.quantization in RUNTIME:
        return ["--quantization", RUNTIME[build.quantization]]
    return ["--dtype", "float16"] if build.quantization == "F16" else []


def vllm(
    model: Model,
    build: Build,
    *,
    context_tokens: int,
    tensor_parallel: int,
    utilization: float,
    kv_type: str | None = None,
) -> str:
    """`vllm serve`; `context_tokens` is of one sequence."""
    parts = ["vllm", "serve", _checkpoint(model, build), "--max-model-len", str(context_tokens)]
    parts += ["--gpu-memory-utilization", f"{utilization:g}"]
    if tensor_parallel > 1:
        parts += ["--tensor-parallel-size", str(tensor_parallel)]
    if kv_type:
        parts += ["--kv-cache-dtype", kv_type]
    return shlex.join(parts + _runtime(model, build))


def sglang(
    model: Model,
    build: Build,
    *,
    context_tokens: int,
    tensor_parallel: int,
    utilization: float,
    kv_type: str | None = None,
) -> str:
    """SGLang's server; `context_tokens` is of one sequence."""
    parts = ["python", "-m", "sglang.launch_server", "--model-path", _checkpoint(model, build)]
    parts += ["--context-length", str(context_tokens), "--mem-fraction-static", f"{utilization:g}"]
    if tensor_parallel > 1:
        parts += ["--tp", str(tensor_parallel)]
    if kv_type:
        parts += ["--kv-cache-dtype", "fp8_e4m3" if kv_type == "fp8" else kv_type]
    return shlex.join(parts + _runtime(model, build))


def mlx_repository(model: Model, build: Build) -> str:
    """By the convention of the MLX community; not looked up."""
    return model.file if model.file is not None else f"mlx-community/{model.name}-{build.quantization}"


def mlx(model: Model, build: Build, output_tokens: int) -> str:
    """MLX's server."""
    return shlex.join(
        ["mlx_lm.server", "--model", mlx_repository(model, build), "--max-tokens", str(max(output_tokens, 512))]
    )


def transformers(model: Model, build: Build, output_tokens: int) -> str:
    """One answer with Transformers, as a program in one line."""
    kind = {"F16": "float16", "F32": "float32"}.get(build.quantization, "auto")
    program = (
        "from transformers import pipeline; "
        f"chat = pipeline('text-generation', {_checkpoint(model, build)!r}, dtype={kind!r}, device_map='auto'); "
        f"print(chat([{{'role': 'user', 'content': 'Hello'}}], max_new_tokens={output_tokens})[0])"
    )
    return shlex.join(["python", "-c", program])
