"""The processor and memory of a Linux system, with the limits that containers set; what kind of Linux it is."""

import re

from bakeoff.hardware import cgroup
from bakeoff.hardware.machine import Processor
from bakeoff.hardware.probe import Probe
from bakeoff.values import Estimate, Reason, reason

FLAGS = (
    "avx", "avx2", "avx_vnni", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16", "fma", "f16c",
)  # fmt: skip
ARM_FLAGS = {"asimd": "neon", "asimddp": "dotprod", "i8mm": "i8mm", "sve": "sve", "sve2": "sve2", "sme": "sme"}

ARM_PARTS = {
    "0xd03": "Cortex-A53", "0xd08": "Cortex-A72", "0xd0b": "Cortex-A76", "0xd0c": "Neoverse-N1",
    "0xd40": "Neoverse-V1", "0xd41": "Cortex-A78", "0xd42": "Cortex-A78AE", "0xd49": "Neoverse-N2",
    "0xd4f": "Neoverse-V2", "0xd84": "Neoverse-V3", "0xd85": "Cortex-X925", "0xd87": "Cortex-A725",
}  # fmt: skip
"""`CPU part` of ARM Ltd (implementer 0x41), which /proc/cpuinfo gives instead of a name."""


def processor(probe: Probe) -> tuple[Processor, list[Reason]]:
    """The processor with the memory of now; notes on limits."""
    limits = cgroup.limits(probe)
    memory = meminfo(probe)
    installed = memory.get("MemTotal", 0.0)
    total = min([installed, *_given(limits.memory_bytes)])
    available = memory.get("MemAvailable", memory.get("MemFree", 0.0) + memory.get("Cached", 0.0))
    usable = min([available, *_given(limits.memory_left_bytes)])
    notes = []
    if total < installed:
        notes.append(reason("hardware.memory_limited", gib=round(total / 2**30, 1), of=round(installed / 2**30, 1)))
    cores = physical_cores(probe)
    if limits.cpus is not None and limits.cpus < cores:
        notes.append(reason("hardware.cpus_limited", cpus=round(limits.cpus, 1), of=cores))
        cores = max(1, int(limits.cpus))
    info = probe.read("/proc/cpuinfo") or ""
    return Processor(
        name=cpu_name(info, probe),
        cores=cores,
        memory_total_bytes=Estimate.exact(
            total, source="measured", detail="control group" if total < installed else "MemTotal"
        ),
        memory_usable_bytes=Estimate.exact(
            usable, source="measured", detail="control group" if usable < available else "MemAvailable"
        ),
        bandwidth_bytes_per_second=None,
        instructions=instructions(info),
    ), notes


def _given(value: int | None) -> list[float]:
    return [] if value is None else [float(value)]


def meminfo(probe: Probe) -> dict[str, float]:
    """/proc/meminfo in bytes."""
    found = re.findall(r"^(\w+):\s+(\d+) kB", probe.read("/proc/meminfo") or "", re.MULTILINE)
    return {name: int(count) * 1024.0 for name, count in found}


def cpu_name(info: str, probe: Probe) -> str:
    """The name that the processor, or the board, gives itself."""
    if found := re.search(r"^(?:model name|Model)\s*:\s*(\S.*?)\s*$", info, re.MULTILINE):
        return " ".join(found[1].split())
    board = (probe.read("/proc/device-tree/model") or "").strip("\0 \n")
    if board:
        return board
    part = re.search(r"^CPU part\s*:\s*(0x[0-9a-f]+)", info, re.MULTILINE)
    return ARM_PARTS.get(part[1], "ARM processor") if part else "CPU"


def instructions(info: str) -> tuple[str, ...]:
    """Of the flags in /proc/cpuinfo those that kernels of inference engines are written for."""
    found = re.search(r"^(?:flags|Features)\s*:\s*(.*)$", info, re.MULTILINE)
    flags = set(found[1].split()) if found else set()
    return tuple(flag for flag in FLAGS if flag in flags) + tuple(
        name for flag, name in ARM_FLAGS.items() if flag in flags
    )


def physical_cores(probe: Probe) -> int:
    """Cores with at least one thread that this process may use: two threads of a core are one."""
    allowed = probe.affinity()
    found = set()
    for folder in probe.children("/sys/devices/system/cpu"):
        if not re.fullmatch(r"cpu\d+", folder) or (allowed is not None and int(folder[3:]) not in allowed):
            continue
        place = f"/sys/devices/system/cpu/{folder}/topology"
        package, core = probe.read(f"{place}/physical_package_id"), probe.read(f"{place}/core_id")
        if package is not None and core is not None:
            found.add((package.strip(), core.strip()))
    return len(found) or (len(allowed) if allowed else probe.logical_cpus())


def kind(probe: Probe) -> str:
    """`linux`, with `wsl` or `container` after a space where that is so."""
    version = (probe.read("/proc/version") or "").lower()
    if "microsoft" in version or "WSL_DISTRO_NAME" in probe.environment:
        return "linux wsl"
    marks = ("/.dockerenv", "/run/.containerenv", "/run/systemd/container")
    groups = probe.read("/proc/1/cgroup") or ""
    inside = any(probe.exists(mark) for mark in marks) or "KUBERNETES_SERVICE_HOST" in probe.environment
    return "linux container" if inside or re.search(r"docker|kubepods|containerd|lxc", groups) else "linux"
