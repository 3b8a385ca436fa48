"""What a machine is, as far as running models depends on it. Values only, no behaviour.

Memory is in bytes, bandwidth in bytes per second, compute in operations per second (a multiply-add is two).
"""

from dataclasses import dataclass
from typing import Literal

from bakeoff.values import Estimate, Reason

Vendor = Literal["nvidia", "amd", "intel", "apple", "other"]
Backend = Literal["cuda", "rocm", "metal", "vulkan", "sycl", "cpu"]
"""What llama.cpp would use on the device."""


@dataclass(frozen=True, slots=True)
class Rates:
    """Dense peak compute by number format, in operations per second; None where the unit does not have it."""

    fp32: float | None = None
    fp16: float | None = None
    """With FP32 accumulation."""

    bf16: float | None = None
    fp16_fp16_accumulate: float | None = None
    int8: float | None = None
    fp8: float | None = None
    fp4: float | None = None


@dataclass(frozen=True, slots=True)
class Accelerator:
    """One GPU, or the GPU part of a system on a chip."""

    name: str
    """As people call it: `GeForce RTX 4090`."""

    vendor: Vendor
    backend: Backend
    memory_total_bytes: Estimate
    """Own memory; for unified memory what the GPU may address at most."""

    memory_usable_bytes: Estimate
    """What a model may take: free memory where it is this machine, else total less what the system keeps."""

    bandwidth_bytes_per_second: Estimate | None
    rates: Rates
    unified: bool = False
    """It shares the system's memory: the bytes that it uses are gone for the CPU. Counted once."""

    compute_capability: str | None = None
    """NVIDIA's, for example `8.9`."""

    device_class: str = "other"
    """Class that speed constants are kept by: `nvidia-consumer`, `nvidia-datacenter`, `apple`, `amd-consumer`,
    `amd-datacenter`, `intel`, `integrated`, `other`."""

    link_bytes_per_second: Estimate | None = None
    """To the system's memory (PCI Express), one way."""

    peer_bytes_per_second: Estimate | None = None
    """To its sister devices (NVLink, xGMI), one way, where there is such a link."""

    index: int = 0
    """Position as the driver counts."""

    dedicated_bytes: float = 0.0
    """Of unified memory, the part that the firmware set aside for the GPU: the CPU does not see it, so that only
    what goes beyond it is gone for the CPU. Zero where there is no such part, and for own memory."""

    power_watts: float | None = None
    """Power limit in force, or the maker's rating."""

    target: str | None = None
    """What kernels are built for: `sm_89`, `gfx1100`, `apple9`, `xe2-hpg`."""


@dataclass(frozen=True, slots=True)
class Processor:
    """The CPU and its memory."""

    name: str
    cores: int
    """Physical cores that this process may use (cgroup quota included)."""

    memory_total_bytes: Estimate
    memory_usable_bytes: Estimate
    """Available now where it is this machine (cgroup limit included), else total less what the system keeps."""

    bandwidth_bytes_per_second: Estimate | None
    rates: Rates = Rates()
    instructions: tuple[str, ...] = ()
    """What llama.cpp's kernels care about: avx2, avx512f, avx512_vnni, amx_int8, neon, sve, ..."""


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, detected or named."""

    name: str
    """`this machine`, or what the person wrote, tidied."""

    processor: Processor
    accelerators: tuple[Accelerator, ...]
    here: bool
    """It is this machine; numbers are of now."""

    system: str
    """`linux`, `darwin`, `windows`, with `wsl` or `container` after a space where that is so."""

    disk_bytes_per_second: Estimate | None = None
    """Sequential reading, for load times."""

    notes: tuple[Reason, ...] = ()
    """What was assumed or looked odd while finding out."""
