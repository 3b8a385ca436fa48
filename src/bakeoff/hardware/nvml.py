"""What NVIDIA's management library says, by ctypes: the one file that calls it. Judges nothing.

Every call may say that it is not supported; that is None, not an error. Function and constant names are NVML's
(NVML API reference, nvml.h).
"""

import ctypes
from collections.abc import Callable
from typing import Any

from bakeoff.hardware.nvidia import Fault, Partition, Reading

LIBRARIES = (
    "libnvidia-ml.so.1",
    "/usr/lib/wsl/lib/libnvidia-ml.so.1",
    "nvml.dll",
    r"C:\Windows\System32\nvml.dll",
    r"C:\Program Files\NVIDIA Corporation\NVSMI\nvml.dll",
)

SUCCESS = 0
FAULTS: dict[int, Fault] = {9: "not loaded", 15: "lost", 16: "reset", 18: "mismatch"}
"""NVML_ERROR_DRIVER_NOT_LOADED, _GPU_IS_LOST, _RESET_REQUIRED, _LIB_RM_VERSION_MISMATCH."""

NAME_BYTES = 96
CLOCK_MEM = 2
MOST_NVLINKS = 18


class NvmlError(Exception):
    """NVML could not be started."""

    def __init__(self, code: int) -> None:
        super().__init__(f"NVML error {code}")
        self.fault: Fault = FAULTS.get(code, "other")


class Memory(ctypes.Structure):
    """nvmlMemory_t."""

    _fields_ = (("total", ctypes.c_ulonglong), ("free", ctypes.c_ulonglong), ("used", ctypes.c_ulonglong))


def read(library: Any) -> list[Reading]:
    """Every GPU, as the driver counts.

    Raises:
        NvmlError: the driver is not there, or does not fit the library.
    """
    code = library.nvmlInit_v2()
    if code != SUCCESS:
        raise NvmlError(code)
    try:
        count = ctypes.c_uint()
        if library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != SUCCESS:
            return []
        return [_device(library, index) for index in range(count.value)]
    finally:
        library.nvmlShutdown()


def _device(library: Any, index: int) -> Reading:
    handle = ctypes.c_void_p()
    code = library.nvmlDeviceGetHandleByIndex_v2(ctypes.c_uint(index), ctypes.byref(handle))
    if code != SUCCESS:
        fault = FAULTS.get(code, "other")
        return Reading(index=index, name=f"NVIDIA GPU {index}", fault=fault, words=f"NVML error {code}")
    ask = _Asking(library, handle)
    memory = ask.memory()
    major, minor = ctypes.c_int(), ctypes.c_int()
    known = ask.call("nvmlDeviceGetCudaComputeCapability", ctypes.byref(major), ctypes.byref(minor))
    current = ask.number("nvmlDeviceGetMigMode", ctypes.byref(ctypes.c_uint())) or 0
    generation = ask.number("nvmlDeviceGetMaxPcieLinkGeneration")
    lanes = ask.number("nvmlDeviceGetCurrPcieLinkWidth") or ask.number("nvmlDeviceGetMaxPcieLinkWidth")
    power = ask.number("nvmlDeviceGetEnforcedPowerLimit")
    default = ask.number("nvmlDeviceGetPowerManagementDefaultLimit")
    return Reading(
        index=index,
        name=ask.text("nvmlDeviceGetName") or f"GPU {index}",
        uuid=ask.text("nvmlDeviceGetUUID") or "",
        total_bytes=memory[0] if memory else None,
        free_bytes=memory[1] if memory else None,
        capability=f"{major.value}.{minor.value}" if known else None,
        memory_mhz=ask.number("nvmlDeviceGetMaxClockInfo", before=(ctypes.c_uint(CLOCK_MEM),)),
        bus_bits=ask.number("nvmlDeviceGetMemoryBusWidth"),
        link_generation=generation,
        link_lanes=lanes,
        power_watts=power / 1000 if power else None,
        power_default_watts=default / 1000 if default else None,
        nvlinks=sum(
            ask.number("nvmlDeviceGetNvLinkState", before=(ctypes.c_uint(link),)) == 1 for link in range(MOST_NVLINKS)
        ),
        partitions=tuple(_partitions(library, ask)) if current == 1 else (),
        partitioned=current == 1,
    )


def _partitions(library: Any, whole: "_Asking") -> list[Partition]:
    """The MIG instances of a partitioned GPU."""
    found = []
    for index in range(whole.number("nvmlDeviceGetMaxMigDeviceCount") or 0):
        handle = ctypes.c_void_p()
        if not whole.call("nvmlDeviceGetMigDeviceHandleByIndex", ctypes.c_uint(index), ctypes.byref(handle)):
            continue
        ask = _Asking(library, handle)
        memory = ask.memory()
        name = (ask.text("nvmlDeviceGetName") or "").rpartition("MIG ")[2].strip()
        uuid = ask.text("nvmlDeviceGetUUID") or ""
        found.append(Partition(name, uuid, memory[0] if memory else None, memory[1] if memory else None))
    return found


class _Asking:
    """Calls for one device; None for whatever is not supported."""

    def __init__(self, library: Any, handle: ctypes.c_void_p) -> None:
        self._library = library
        self._handle = handle

    def call(self, name: str, *arguments: Any) -> bool:
        """The function is there and succeeded."""
        function: Callable[..., int] | None = getattr(self._library, name, None)
        return function is not None and function(self._handle, *arguments) == SUCCESS

    def number(self, name: str, *after: Any, before: tuple[Any, ...] = ()) -> int | None:
        """The unsigned number that a function writes to its pointer."""
        value = ctypes.c_uint()
        return value.value if self.call(name, *before, ctypes.byref(value), *after) else None

    def text(self, name: str) -> str | None:
        """The string that a function writes to its buffer."""
        buffer = ctypes.create_string_buffer(NAME_BYTES)
        ok = self.call(name, buffer, ctypes.c_uint(NAME_BYTES))
        return buffer.value.decode("utf-8", "replace").strip() if ok else None

    def memory(self) -> tuple[int, int] | None:
        """(total, free), or None on parts without memory of their own."""
        memory = Memory()
        ok = self.call("nvmlDeviceGetMemoryInfo", ctypes.byref(memory))
        return (int(memory.total), int(memory.free)) if ok and memory.total else None
