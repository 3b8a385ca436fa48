"""Which constants an accelerator or a processor goes by.

A family is a generation of one maker's devices: its kernels in llama.cpp are the same, and so is what they reach.
"""

import re
from typing import Literal

from bakeoff.hardware.machine import Accelerator, Processor

Family = str
"""`nvidia ada`, `apple`, ...; a key of the constants."""

NVIDIA = (
    (7.0, "nvidia pascal"),
    (7.5, "nvidia volta"),
    (8.0, "nvidia turing"),
    (8.6, "nvidia a100"),
    (8.9, "nvidia ampere"),
    (9.0, "nvidia ada"),
    (10.0, "nvidia hopper"),
)
"""Compute capability below which the generation ends. `a100` is Ampere with HBM (8.0), `ampere` the rest of it."""

ROCM = (("amd cdna", re.compile(r"gfx9")), ("amd rdna", re.compile(r"gfx1")))

PARENTS: dict[Literal["decode", "prefill"], dict[Family, Family]] = {
    "decode": {
        "nvidia pascal": "any",
        "nvidia volta": "nvidia",
        "nvidia turing": "nvidia",
        "nvidia a100": "nvidia",
        "nvidia ampere": "nvidia",
        "nvidia ada": "nvidia",
        "nvidia hopper": "nvidia",
        "nvidia blackwell": "nvidia",
        "nvidia integrated": "unified",
        "amd cdna": "amd",
        "amd rdna": "amd",
        "amd integrated": "unified",
        "apple": "unified",
        "integrated": "unified",
        "intel": "any",
        "other": "any",
        "nvidia": "any",
        "amd": "any",
        "unified": "any",
    }
}
"""What a family's constants are drawn to, and replaced by where nothing was measured. Decoding goes by the memory:
systems on a chip are alike, and cards before Volta are unlike the later ones. Prefill goes by the arithmetic units:
they are alike by maker."""

PARENTS["prefill"] = PARENTS["decode"] | {"nvidia integrated": "nvidia", "amd integrated": "amd", "apple": "any"}


def accelerator_family(accelerator: Accelerator) -> Family:
    """The family of an accelerator; a vague one where its generation is not known."""
    vendor, integrated = accelerator.vendor, accelerator.device_class == "integrated"
    if vendor == "apple":
        return "apple"
    if integrated:
        return f"{vendor} integrated" if vendor in ("nvidia", "amd") else "integrated"
    if vendor == "nvidia":
        return _nvidia(accelerator.compute_capability)
    if vendor == "amd":
        return _amd(accelerator)
    return "intel" if vendor == "intel" else "other"


def _nvidia(capability: str | None) -> Family:
    try:
        number = float(capability or "")
    except ValueError:
        return "nvidia"
    return next((family for end, family in NVIDIA if number < end), "nvidia blackwell")


def _amd(accelerator: Accelerator) -> Family:
    for family, pattern in ROCM:
        if accelerator.target is not None and pattern.match(accelerator.target):
            return family
    return "amd cdna" if accelerator.device_class == "amd-datacenter" else "amd rdna"


PROCESSORS = (
    ("amx", "amx_int8"),
    ("avx512 bf16", "avx512_bf16"),
    ("avx512 vnni", "avx512_vnni"),
    ("avx512", "avx512f"),
    ("avx2", "avx2"),
)
"""Family, and the instruction that gives it, best first."""


def processor_family(processor: Processor) -> Family:
    """The instruction set that decides how fast llama.cpp computes on a processor."""
    return next((family for family, needs in PROCESSORS if needs in processor.instructions), "any")
