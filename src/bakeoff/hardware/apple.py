"""An Apple silicon Mac: chip, memory, and what Metal lets the GPU take of it.

The limit comes from Metal itself; else from `iogpu.wired_limit_mb` where someone set it; else from the rule by memory
size (`reserve.apple_limit`).
"""

import ctypes
import re
from typing import Any

from bakeoff.hardware import reserve, table
from bakeoff.hardware.machine import Accelerator, Processor, Rates
from bakeoff.hardware.probe import Probe, within
from bakeoff.hardware.table import Entry
from bakeoff.units import GIB, MIB
from bakeoff.values import Estimate, Reason, reason

NAMES = (
    "hw.memsize", "machdep.cpu.brand_string", "hw.physicalcpu", "hw.perflevel0.physicalcpu", "iogpu.wired_limit_mb",
    "hw.optional.arm.FEAT_DotProd", "hw.optional.arm.FEAT_I8MM", "hw.optional.arm.FEAT_SME", "hw.optional.avx2_0",
)  # fmt: skip

METAL = "/System/Library/Frameworks/Metal.framework/Metal"
CORE_GRAPHICS = "/System/Library/Frameworks/CoreGraphics.framework/CoreGraphics"
OBJECTIVE_C = "/usr/lib/libobjc.A.dylib"
METAL_SECONDS = 3.0


def sysctl(probe: Probe) -> dict[str, str]:
    """The values of `NAMES`; names that the system does not know are left out."""
    answered = probe.run(["/usr/sbin/sysctl", "-i", *NAMES])
    return parse_sysctl(answered[1]) if answered else {}


def parse_sysctl(text: str) -> dict[str, str]:
    """`name: value` lines."""
    pairs = (line.partition(":") for line in text.splitlines())
    return {name.strip(): value.strip() for name, sign, value in pairs if sign and " " not in name.strip()}


def available_bytes(text: str) -> float | None:
    """What `vm_stat` shows as free, inactive, speculative or purgeable: what can be had without swapping."""
    size = re.search(r"page size of (\d+) bytes", text)
    if size is None:
        return None
    pages = {name: int(count) for name, count in re.findall(r"^Pages ([\w ]+):\s+(\d+)\.", text, re.MULTILINE)}
    return float(size[1]) * sum(pages.get(name, 0) for name in ("free", "inactive", "speculative", "purgeable"))


def gpu_cores(text: str) -> int | None:
    """From `ioreg -rc AGXAccelerator`: the number of GPU cores."""
    found = re.search(r'"gpu-core-count"\s*=\s*(\d+)', text)
    return int(found[1]) if found else None


def metal_limit(probe: Probe) -> float | None:
    """`recommendedMaxWorkingSetSize` of the default device; None where Metal cannot be asked."""
    graphics = probe.library(CORE_GRAPHICS)  # without it Metal has no default device (Apple's documentation)
    metal, objective_c = probe.library(METAL), probe.library(OBJECTIVE_C)
    if graphics is None or metal is None or objective_c is None:
        return None
    try:
        return within(METAL_SECONDS, lambda: _ask_metal(metal, objective_c))
    except (AttributeError, ctypes.ArgumentError):
        return None


def _ask_metal(metal: Any, objective_c: Any) -> float | None:
    metal.MTLCreateSystemDefaultDevice.restype = ctypes.c_void_p
    device = metal.MTLCreateSystemDefaultDevice()
    if not device:
        return None
    objective_c.sel_registerName.restype = ctypes.c_void_p
    objective_c.sel_registerName.argtypes = [ctypes.c_char_p]
    selector = objective_c.sel_registerName(b"recommendedMaxWorkingSetSize")
    send = ctypes.CFUNCTYPE(ctypes.c_uint64, ctypes.c_void_p, ctypes.c_void_p)(("objc_msgSend", objective_c))
    size = float(send(device, selector))
    return size if size > GIB else None


def machine(probe: Probe) -> tuple[Processor, list[Accelerator], list[Reason]]:
    """The processor and, on Apple silicon, the GPU."""
    values = sysctl(probe)
    vm_stat, registry = probe.run(["/usr/bin/vm_stat"]), probe.run(["/usr/sbin/ioreg", "-rc", "AGXAccelerator", "-d1"])
    return build(
        values,
        available=available_bytes(vm_stat[1]) if vm_stat else None,
        cores=gpu_cores(registry[1]) if registry else None,
        limit=metal_limit(probe),
    )


def build(
    values: dict[str, str], *, available: float | None, cores: int | None, limit: float | None
) -> tuple[Processor, list[Accelerator], list[Reason]]:
    """From what was read: `values` of sysctl, available bytes, GPU cores, Metal's limit."""
    total = float(values.get("hw.memsize", 0))
    name = values.get("machdep.cpu.brand_string", "CPU")
    usable = _available(available, total)
    processor = Processor(
        name=name,
        cores=max(1, int(values.get("hw.physicalcpu", 1))),
        memory_total_bytes=Estimate.exact(total, source="measured", detail="hw.memsize"),
        memory_usable_bytes=usable,
        bandwidth_bytes_per_second=None,
        instructions=_instructions(values, name),
    )
    if not name.startswith("Apple"):
        return processor, [], []
    entry = _entry(name, cores, total)
    notes = [] if entry else [reason("hardware.device_unknown", device=name)]
    most = _limit(values, limit, total)
    return processor, [_gpu(name, entry, most, usable)], notes


def _available(available: float | None, total: float) -> Estimate:
    if available is None:
        return reserve.usable_of_system(total, "darwin")
    return Estimate.exact(min(available, total), source="measured", detail="vm_stat")


def _limit(values: dict[str, str], limit: float | None, total: float) -> Estimate:
    if limit is not None:
        return Estimate.exact(limit, source="measured", detail="Metal's recommendedMaxWorkingSetSize")
    wired = values.get("iogpu.wired_limit_mb", "0")
    if wired.isdigit() and int(wired) > 0:
        return Estimate.exact(float(int(wired) * MIB), source="measured", detail="iogpu.wired_limit_mb")
    return reserve.apple_limit(total)


def _gpu(name: str, entry: Entry | None, most: Estimate, usable: Estimate) -> Accelerator:
    least = min(most.value, usable.value)
    return Accelerator(
        name=entry.name if entry else f"{name} GPU",
        vendor="apple",
        backend="metal",
        memory_total_bytes=most,
        memory_usable_bytes=Estimate(
            least,
            min(most.low, usable.low, least),
            max(least, min(most.high, usable.high)),
            "measured" if most.source == usable.source == "measured" else "estimated",
            most.detail if most.value <= usable.value else usable.detail,
        ),
        bandwidth_bytes_per_second=entry.bandwidth() if entry else None,
        rates=entry.rates if entry else Rates(),
        unified=True,
        device_class="apple",
        power_watts=entry.power_watts if entry else None,
        target=entry.target if entry else None,
    )


def _entry(name: str, cores: int | None, total: float) -> Entry | None:
    """Of the chip's versions the one with these GPU cores, else one that is sold with this memory."""
    group = table.index().get(table.key(name), ())
    by_cores = [entry for entry in group if f"({cores}-core" in entry.name]
    by_memory = [entry for entry in group if total in entry.sizes_bytes]
    return next(iter([*by_cores, *by_memory, *group]), None)


def _instructions(values: dict[str, str], name: str) -> tuple[str, ...]:
    if not name.startswith("Apple"):
        return ("avx", "avx2", "fma", "f16c") if values.get("hw.optional.avx2_0") == "1" else ()
    features = {"FEAT_DotProd": "dotprod", "FEAT_I8MM": "i8mm", "FEAT_SME": "sme"}
    return ("neon", *(to for of, to in features.items() if values.get(f"hw.optional.arm.{of}") == "1"))
