"""How fast this machine's main memory is read, and how fast its cores multiply: measured in well under a second.

Decoding reads every weight once per token and writes almost nothing, so reading is what is timed: each thread reduces
an array of its own with a bitwise or, which numpy does with vector loads and without holding the interpreter. Arrays
together are larger than the caches. The value is the best round, as in STREAM: other work only ever takes away. The
interval starts at the median round, so that a busy machine shows in it.
"""

import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bakeoff.hardware.probe import Probe
from bakeoff.units import MIB
from bakeoff.values import Estimate

LEAST_BYTES, MOST_BYTES = 128 * MIB, 1024 * MIB
CACHES = 3
"""Arrays are this many times the last-level cache, so that little of a round is left in it for the next."""

MOST_THREADS = 64
MOST_ROUNDS, MOST_SECONDS = 9, 0.25
LEAST_ROUNDS = 3
MATRIX = 768
"""Side of the matrices that are multiplied: 0.9 GFLOP, 7 MiB."""


def measure(cores: int, available_bytes: float, cache_bytes: int) -> Estimate | None:
    """Bytes per second that the cores read together; None where there is too little memory to tell."""
    import numpy as np

    size = int(min(max(LEAST_BYTES, CACHES * cache_bytes), MOST_BYTES, available_bytes / 8))
    threads = max(1, min(cores, MOST_THREADS))
    part = size // threads // 8
    if part * 8 < 256 * 1024:
        return None
    try:
        with ThreadPoolExecutor(threads) as pool:
            # Filled by the thread that reads it: on several memory nodes a page lives near its first writer.
            arrays = list(pool.map(lambda _: np.ones(part, np.int64), range(threads)))
            speeds = rounds(lambda: list(pool.map(np.bitwise_or.reduce, arrays)), part * 8 * threads)
    except (MemoryError, RuntimeError):  # no room after all, or no more threads allowed
        return None
    detail = f"{threads} threads read {part * 8 * threads / MIB:.0f} MiB, best of {len(speeds)}"
    return Estimate(max(speeds), statistics.median(speeds), max(speeds), "measured", detail)


def rounds(work: Callable[[], Any], amount: float) -> list[float]:
    """Amount per second of each round, after one that warms up."""
    work()
    speeds: list[float] = []
    started = time.perf_counter()
    while len(speeds) < MOST_ROUNDS and (len(speeds) < LEAST_ROUNDS or time.perf_counter() - started < MOST_SECONDS):
        before = time.perf_counter()
        work()
        speeds.append(amount / max(time.perf_counter() - before, 1e-9))
    return speeds


def measure_fp32() -> float:
    """FP32 operations per second of numpy's matrix product on all cores: what a well-written CPU kernel reaches."""
    import numpy as np

    one = np.ones((MATRIX, MATRIX), np.float32)
    return max(rounds(lambda: one @ one, 2.0 * MATRIX**3))


def last_level_cache(probe: Probe) -> int:
    """Bytes of all last-level caches together, as Linux says; 32 MiB where it does not."""
    found: dict[str, int] = {}
    for cpu in probe.children("/sys/devices/system/cpu"):
        text = probe.read(f"/sys/devices/system/cpu/{cpu}/cache/index3/size")
        shared = probe.read(f"/sys/devices/system/cpu/{cpu}/cache/index3/shared_cpu_list")
        if text and shared and text.strip().removesuffix("K").isdigit():
            found[shared.strip()] = int(text.strip().removesuffix("K")) * 1024
    return sum(found.values()) or 32 * MIB
