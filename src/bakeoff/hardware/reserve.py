"""What is left of a device's memory for models, where it cannot be asked: pure sums with their sources.

Sizes on a box are binary: a "24 GB" card has 24 GiB of memory chips, "64 GB RAM" is 64 GiB.
"""

import math
from itertools import pairwise

from bakeoff.hardware.table import Entry
from bakeoff.units import GIB
from bakeoff.values import Estimate

ECC_SHARE = 15 / 16
"""NVIDIA's data-centre cards with GDDR keep error-correction bits in the same chips, on by default: a T4 of 16 GiB
reports 15360 MiB, an L40S of 48 GiB 46068 MiB. HBM has chips of its own for them."""

DRIVER_FIXED_BYTES, DRIVER_SHARE = 0.29 * GIB, 0.0064
"""What CUDA's total lacks against the chips. A line through what PyTorch says in public out-of-memory reports
(`total capacity of`): 11.63 of 12 GiB, 14.57 of 15 (T4), 22.06 of 22.5 (L4), 23.64 of 24 (RTX 4090), 44.40 of 45
(L40S), 79.18 of 80 (H100), 139.80 of 141 (H200)."""

AMD_RESERVE_BYTES = 0.3 * GIB
"""Idle use on ROCm: 27856896 bytes of an RX 7900 XT (marimo issue 9237), 60448768 of an RX 7600 (llmfit issue 550),
and about 0.2 GiB for the first context."""

DESKTOP_BYTES = 0.5 * GIB
"""What a desktop session takes of the first consumer card: 576 MiB (Windows, WSL issue 9134), 1138 MiB (RTX 5080,
llmfit issue 52), nearly nothing without a screen. On Windows twice as much is counted."""

APPLE_SHARES = (
    (8, 0.667), (16, 0.74), (24, 0.74), (32, 0.78), (36, 0.75), (48, 0.78), (64, 0.81), (128, 0.84), (512, 0.906),
)  # fmt: skip
"""(GiB, share) of memory that Metal lets the GPU take, `recommendedMaxWorkingSetSize` in public llama.cpp logs under
macOS 15 and 26: 12713.12 MB of 16 GiB, 19069.67 of 24, 26800.60 of 32, 28991.03 of 36, 40200.90 of 48, 55662.79 of
64, 115448.73 of 128, 498216.21 of 512. Sizes between are interpolated over the logarithm."""

APPLE_OLDER_SMALL, APPLE_OLDER_LARGE = 2 / 3, 3 / 4
"""The same under macOS 14 and older, below and from 36 GiB on: 10922.67 MiB of 16 GiB, 21845.34 of 32, 49152 of 64,
73728 of 96."""

SYSTEM_FIXED_BYTES = {"linux": 2.0 * GIB, "windows": 3.5 * GIB, "darwin": 3.0 * GIB}
SYSTEM_SHARE = 0.02
"""What the system and an idle session keep of main memory: the kernel's page table of pages alone is 1/64 (64 bytes
per 4 KiB); a 128 GiB Linux machine shows 125.7, a 32 GiB Windows one 31.6 (llmfit issues 13 and 830). The fixed part
is an assumption, shown as an interval from half to twice."""


def visible_bytes(entry: Entry, size: float) -> float:
    """What the driver reports of `size` bytes of chips."""
    ecc = entry.device_class == "nvidia-datacenter" and entry.memory_type.startswith("GDDR")
    return size * ECC_SHARE if ecc else size


def driver_bytes(visible: float) -> float:
    """What a driver keeps of a card's memory for itself."""
    return DRIVER_FIXED_BYTES + DRIVER_SHARE * visible


def usable_of_card(entry: Entry, visible: float, *, desktop: bool, system: str) -> Estimate:
    """What a process may take of a card of its own memory."""
    driver = AMD_RESERVE_BYTES if entry.vendor == "amd" else driver_bytes(visible)
    screen = DESKTOP_BYTES * (2 if system == "windows" else 1) if desktop and "consumer" in entry.device_class else 0.0
    value = max(visible - driver - screen, visible / 2)
    detail = "memory less driver" + (" and desktop" if screen else "")
    return Estimate(value, max(value - driver / 2 - screen, 0.0), max(value, visible - driver / 2), "estimated", detail)


def usable_of_system(total: float, system: str) -> Estimate:
    """What models may take of main memory; never less than half of it."""
    fixed = SYSTEM_FIXED_BYTES.get(system.partition(" ")[0], SYSTEM_FIXED_BYTES["linux"])
    share = SYSTEM_SHARE * total
    value, low, high = (max(total - part - share, total / 2) for part in (fixed, 2 * fixed, fixed / 2))
    return Estimate(value, low, high, "estimated", "memory less what the system keeps")


def apple_limit(total: float) -> Estimate:
    """What Metal lets the GPU take of `total` bytes when nothing was changed."""
    size = total / GIB
    share = _interpolated(size)
    older = APPLE_OLDER_SMALL if size < 36 else APPLE_OLDER_LARGE
    detail = "Metal's working-set limit by memory size, from public logs; raised by iogpu.wired_limit_mb"
    return Estimate(share * total, min(share, older) * total, share * total, "estimated", detail)


def _interpolated(size: float) -> float:
    if size <= APPLE_SHARES[0][0]:
        return APPLE_SHARES[0][1]
    for (low, first), (high, second) in pairwise(APPLE_SHARES):
        if size <= high:
            return first + (second - first) * math.log(size / low) / math.log(high / low)
    return APPLE_SHARES[-1][1]
