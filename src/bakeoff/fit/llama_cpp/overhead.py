"""What a device is short of beside llama.cpp's own buffers: the driver's context, kernels, workspaces of libraries.

Not derived and not measured by us. Knows no model.
"""

from bakeoff.units import MIB
from bakeoff.values import Estimate

_PRINTED = "451 and 456 MiB unaccounted on three RTX 4090s, ggml-org/llama.cpp pull request 15860"

DEVICE_OVERHEAD = {
    "cpu": Estimate.exact(0, source="estimated", detail="buffers are ordinary memory of the process"),
    "cuda": Estimate(453 * MIB, 300 * MIB, 650 * MIB, "published", _PRINTED, "2025-09-07"),
    "rocm": Estimate(400 * MIB, 200 * MIB, 800 * MIB, "estimated", "as CUDA, with more doubt"),
    "vulkan": Estimate(200 * MIB, 50 * MIB, 500 * MIB, "estimated", "no library workspaces; staging buffers"),
    "sycl": Estimate(400 * MIB, 200 * MIB, 800 * MIB, "estimated", "as CUDA, with more doubt"),
    "metal": Estimate(100 * MIB, 0, 400 * MIB, "estimated", "unified memory: pipelines and command buffers"),
}
"""Bytes per device, by backend."""
