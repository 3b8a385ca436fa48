"""A build: format and quantization in which the weights are had. Written `gguf:Q4_K_M`, `safetensors:AWQ`, `mlx:4bit`.

Knows which names exist, which engines read them and what silicon they ask for; knows nothing about sizes.
"""

from dataclasses import dataclass
from difflib import get_close_matches
from functools import lru_cache
from typing import Literal

from bakeoff.errors import UsageError
from bakeoff.values import Reason, reason

Format = Literal["gguf", "safetensors", "mlx"]
Engine = Literal["llama.cpp", "vllm", "sglang", "transformers", "mlx"]


@dataclass(frozen=True, slots=True)
class Build:
    """Which file of a model."""

    format: Format
    quantization: str
    """GGUF: `Q4_K_M`, `IQ4_XS`, `MXFP4`, `BF16`, ... Safetensors: `BF16`, `FP8`, `AWQ`, `GPTQ`, `NVFP4`, `MXFP4`.
    MLX: `4bit`, `8bit`, ..."""

    def __str__(self) -> str:
        return f"{self.format}:{self.quantization}"


GGUF = (
    *("F32", "BF16", "F16", "Q8_0", "Q6_K", "Q5_K_M", "Q5_K_S", "Q5_1", "Q5_0", "Q4_K_M", "Q4_K_S", "Q4_1", "Q4_0"),
    *("IQ4_NL", "IQ4_XS", "Q3_K_L", "Q3_K_M", "IQ3_M", "IQ3_S", "Q3_K_S", "IQ3_XS", "IQ3_XXS", "Q2_K", "Q2_K_S"),
    *("IQ2_M", "IQ2_S", "IQ2_XS", "IQ2_XXS", "IQ1_M", "IQ1_S", "TQ2_0", "TQ1_0", "MXFP4"),
    *("Q6_K_L", "Q5_K_L", "Q4_K_L", "Q3_K_XL", "Q2_K_L"),
    *("UD-Q8_K_XL", "UD-Q6_K_XL", "UD-Q5_K_XL", "UD-Q4_K_XL", "UD-Q3_K_XL", "UD-Q2_K_XL"),
    *("UD-IQ3_XXS", "UD-IQ2_M", "UD-IQ2_XXS", "UD-IQ1_M", "UD-IQ1_S"),
)
"""Quantizations of GGUF files, best first within a publisher."""

SAFETENSORS = ("F32", "BF16", "F16", "FP8", "INT8", "AWQ", "GPTQ", "INT4", "NVFP4", "MXFP4")
"""Quantizations of safetensors files. `INT4` and `INT8` are compressed-tensors W4A16 and W8A8."""

MLX = ("bf16", "8bit", "6bit", "5bit", "4bit", "3bit", "2bit", "mxfp4")
"""Quantizations of MLX repositories, in groups of 64."""

_USUAL = (
    "BF16",
    "Q8_0",
    "Q6_K",
    "Q5_K_M",
    "Q4_K_M",
    "IQ4_XS",
    "Q3_K_M",
    "IQ3_XXS",
    "Q2_K",
    "IQ2_M",
    "IQ2_XXS",
    "IQ1_M",
)

USUAL_GGUF: tuple[Build, ...] = tuple(Build("gguf", name) for name in _USUAL)
"""What nearly every model is offered in, largest first."""

ALIASES = {
    "Q3_K": "Q3_K_M",
    "Q4_K": "Q4_K_M",
    "Q5_K": "Q5_K_M",
    "FP16": "F16",
    "FP32": "F32",
    "MXFP4_MOE": "MXFP4",
    "Q4_0_4_4": "Q4_0",
    "Q4_0_4_8": "Q4_0",
    "Q4_0_8_8": "Q4_0",
    "W4A16": "INT4",
    "W8A8": "INT8",
    "FLOAT16": "F16",
    "BFLOAT16": "BF16",
    "FLOAT32": "F32",
}
"""Other names of the same (llama.cpp tools/quantize/quantize.cpp; the 4_4 layouts are packed at load time now)."""

_KNOWN: dict[Format, tuple[str, ...]] = {"gguf": GGUF, "safetensors": SAFETENSORS, "mlx": MLX}

_ALONE: tuple[tuple[Format, tuple[str, ...]], ...] = (
    ("safetensors", ("BF16", "F16", "F32", *SAFETENSORS[3:-1])),
    ("gguf", GGUF),
    ("mlx", MLX[1:]),
)
"""What a name without a format means, in this order. 16 bits are the published checkpoint; `MXFP4` is the GGUF."""


@lru_cache(maxsize=1024)
def parse_build(text: str) -> Build:
    """`"gguf:Q4_K_M"`, `"q4_k_m"`, `"awq"`, `"fp8"`, `"bf16"`, `"mlx:4bit"`, `"4bit"` -> a build.

    Raises:
        UsageError: no such build; the nearest names are in the hint.
    """
    head, colon, tail = text.strip().partition(":")
    if not colon:
        for kind, names in _ALONE:
            found = _named(head, names)
            if found is not None:
                return Build(kind, found)
        raise _unknown(text, (*GGUF, *SAFETENSORS, *(f"mlx:{name}" for name in MLX)))
    for known, names in _KNOWN.items():
        if head.strip().lower() == known:
            found = _named(tail, names)
            if found is None:
                raise _unknown(text, tuple(f"{known}:{name}" for name in names))
            return Build(known, found)
    raise UsageError(
        f"{head.strip()[:60]!r} is not a format of weights", hint="formats are gguf, safetensors and mlx: gguf:Q4_K_M"
    )


def _named(text: str, names: tuple[str, ...]) -> str | None:
    wanted = text.strip().upper().replace("UD_", "UD-").replace("-BIT", "BIT")
    wanted = ALIASES.get(wanted, wanted)
    return next((name for name in names if name.upper() == wanted), None)


def _unknown(text: str, names: tuple[str, ...]) -> UsageError:
    near = get_close_matches(text.strip()[:60].upper(), [name.upper() for name in names], n=3, cutoff=0.5)
    choices = [name for name in names if name.upper() in near] or ["gguf:Q4_K_M", "safetensors:BF16", "mlx:4bit"]
    return UsageError(f"{text.strip()[:60]!r} is not a build", hint=f"did you mean {', '.join(choices)}?")


def engines(build: Build) -> tuple[Engine, ...]:
    """Engines that read the format."""
    if build.format == "gguf":
        return ("llama.cpp",)
    return ("mlx",) if build.format == "mlx" else ("vllm", "sglang", "transformers")


NVIDIA_NEEDS: dict[str, float] = {
    "AWQ": 7.5,
    "GPTQ": 7.5,
    "INT8": 7.5,
    "FP8": 7.5,
    "INT4": 8.0,
    "MXFP4": 8.0,
    "NVFP4": 10.0,
}
"""Lowest NVIDIA compute capability that runs a safetensors quantization.

AWQ, GPTQ, INT8: https://docs.vllm.ai/en/v0.15.1/features/quantization/ (the fast Marlin kernels from 8.0).
FP8: https://docs.vllm.ai/en/v0.32.0/features/quantization/llm_compressor/fp8/: natively from 8.9, below that weights
only, by Marlin. INT4: `CompressedTensorsWNA16.get_min_capability`. MXFP4: Marlin. NVFP4: only Blackwell multiplies it;
vLLM can unpack it on older cards, to no gain over an AWQ build, so it is not offered there.
"""

NVIDIA_LEAST: dict[Engine, float] = {"vllm": 7.5, "sglang": 8.0, "transformers": 5.0}
"""Lowest compute capability of an engine at all, with 16-bit weights."""

AMD_RUNS = ("F32", "BF16", "F16", "FP8", "MXFP4")
"""What vLLM and SGLang run on ROCm (the table above; FP8 and MXFP4 where the card has them)."""


def obstacle(
    build: Build, engine: Engine, vendor: str, compute_capability: float | None = None, *, has_fp8: bool = False
) -> Reason | None:
    """Why an engine cannot run a build on a device, or None where it can.

    Args:
        build: the build.
        engine: the engine.
        vendor: of the accelerator: `nvidia`, `amd`, `intel`, `apple`, `other`; `cpu` for none.
        compute_capability: NVIDIA's, as a number: 8.9.
        has_fp8: the device multiplies 8-bit floats (AMD).
    """
    if engine not in engines(build):
        return reason("build.engine_reads_other_format", build=str(build), engine=engine)
    if engine == "mlx":
        return None if vendor == "apple" else reason("build.needs_vendor", build=str(build), vendor="apple")
    if engine == "llama.cpp":
        return None
    if vendor == "nvidia":
        return _nvidia(build, engine, compute_capability)
    if vendor == "amd" and build.quantization in AMD_RUNS:
        needs_fp8 = build.quantization in ("FP8", "MXFP4") and not has_fp8
        return reason("build.needs_number_format", build=str(build), format="FP8") if needs_fp8 else None
    if engine == "transformers" and build.quantization in ("F32", "BF16", "F16"):
        return None
    return reason("build.needs_vendor", build=str(build), vendor="nvidia")


def _nvidia(build: Build, engine: Engine, capability: float | None) -> Reason | None:
    least = max(NVIDIA_NEEDS.get(build.quantization, 0.0), NVIDIA_LEAST[engine])
    if capability is None or capability >= least:
        return None
    return reason("build.needs_compute_capability", build=str(build), least=least, has=capability)


def is_native(build: Build, vendor: str, compute_capability: float | None, *, has_fp8: bool = False) -> bool:
    """The device multiplies in the build's own number format, so that prefill runs at that format's rate."""
    if build.format != "safetensors":
        return False
    if build.quantization == "FP8":
        return has_fp8 or (vendor == "nvidia" and (compute_capability or 0) >= 8.9)
    if build.quantization in ("NVFP4", "MXFP4"):
        return vendor == "nvidia" and (compute_capability or 0) >= 10.0
    if build.quantization == "INT8":
        return vendor == "nvidia" and (compute_capability or 0) >= 7.5
    return build.quantization in ("F32", "BF16", "F16")
