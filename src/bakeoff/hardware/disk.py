"""How fast files are read here: measured past the page cache on a file that is there, else typical of the drive."""

import mmap
import os
import statistics
import time
from pathlib import Path
from typing import Literal

from bakeoff.hardware.probe import Probe
from bakeoff.values import Estimate

Kind = Literal["nvme", "ssd", "rotating", "unknown"]

TYPICAL: dict[Kind, tuple[float, float, float]] = {
    "nvme": (3.0e9, 1.0e9, 7.0e9),
    "ssd": (0.5e9, 0.3e9, 0.56e9),
    "rotating": (0.15e9, 0.08e9, 0.28e9),
    "unknown": (1.0e9, 0.1e9, 5.0e9),
}
"""(usual, low, high) bytes per second: PCI Express 3 and 4 drives, the SATA 3 limit of 0.6e9 before coding, 3.5 inch
drives inner and outer tracks."""

CHUNK_BYTES = 4 * 1024 * 1024
MOST_CHUNKS = 8
MOST_SECONDS = 0.12


def typical(kind: Kind, detail: str) -> Estimate:
    """What such a drive reads at."""
    usual, low, high = TYPICAL[kind]
    return Estimate(usual, low, high, "estimated", detail)


def speed(probe: Probe, folder: Path, *, measure: bool) -> Estimate:
    """Sequential reading on the drive that holds `folder`."""
    if measure and (sample := _sample(folder)) is not None and (measured := _measured(sample)) is not None:
        return measured
    kind, device = drive(probe, folder)
    return typical(kind, f"typical of {device}" if device else "typical drive")


def drive(probe: Probe, folder: Path) -> tuple[Kind, str]:
    """(kind, device) of the drive that holds `folder`, as far as Linux says."""
    try:
        number = os.stat(folder).st_dev
    except OSError:
        return "unknown", ""
    if not hasattr(os, "major"):
        return "unknown", ""
    link = probe.resolve(f"/sys/dev/block/{os.major(number)}:{os.minor(number)}")
    if link is None:
        return "unknown", ""
    name = Path(link).name
    for place in (link, str(Path(link).parent)):
        rotational = probe.read(f"{place}/queue/rotational")
        if rotational is not None:
            if name.startswith("nvme"):
                return "nvme", name
            if name.startswith("sd"):
                return ("rotating" if rotational.strip() == "1" else "ssd"), name
    return "unknown", name


def _sample(folder: Path) -> Path | None:
    """A large file on the same drive that is surely there: a library of numpy's."""
    import numpy

    root = Path(numpy.__file__).parent
    try:
        if os.stat(folder).st_dev != os.stat(root).st_dev:
            return None
        candidates = [path for place in (root, root.parent / "numpy.libs") for path in place.glob("**/*.[sp][oy]*")]
        largest = max(candidates, key=lambda path: path.stat().st_size, default=None)
    except OSError:
        return None
    return largest if largest is not None and largest.stat().st_size >= 2 * CHUNK_BYTES else None


def _measured(path: Path) -> Estimate | None:
    """Median over chunks read with O_DIRECT, lowest to highest as the interval; None where the system has no such."""
    direct = getattr(os, "O_DIRECT", 0)
    if not direct:
        return None
    try:
        descriptor = os.open(path, os.O_RDONLY | direct)
    except OSError:
        return None
    speeds: list[float] = []
    try:
        with mmap.mmap(-1, CHUNK_BYTES) as buffer:
            started = time.perf_counter()
            while len(speeds) < MOST_CHUNKS and time.perf_counter() - started < MOST_SECONDS:
                before = time.perf_counter()
                count = os.readv(descriptor, [buffer])
                if count < CHUNK_BYTES:
                    break
                speeds.append(count / (time.perf_counter() - before))
    except OSError:
        return None
    finally:
        os.close(descriptor)
    if len(speeds) < 2:
        return None
    detail = f"{len(speeds)} reads of 4 MiB past the page cache, one at a time"
    return Estimate(statistics.median(speeds), min(speeds), max(speeds), "measured", detail)
