"""What a container or a job scheduler allows this process: memory and CPU limits of Linux control groups, v1 and v2."""

import posixpath
from collections.abc import Iterator
from dataclasses import dataclass

from bakeoff.hardware.probe import Probe

NO_LIMIT = 1 << 60
"""v1 writes a number near 2**63 where there is no limit."""


@dataclass(frozen=True, slots=True)
class Limits:
    """The tightest of all groups that the process is in; None where there is no limit."""

    memory_bytes: int | None = None
    memory_left_bytes: int | None = None
    """Limit less what the group uses; page cache that can be dropped counts as free."""

    cpus: float | None = None
    """CPU seconds per second."""


def limits(probe: Probe) -> Limits:
    """Read the groups of this process and of all groups above them."""
    memory: list[tuple[int, int]] = []
    cpus: list[float] = []
    for version, controllers, folder in _groups(probe):
        if (version == 2 or "memory" in controllers) and (found := _memory(probe, folder, version)):
            memory.append(found)
        if (version == 2 or "cpu" in controllers) and (quota := _cpus(probe, folder, version)):
            cpus.append(quota)
    return Limits(
        memory_bytes=min((limit for limit, _ in memory), default=None),
        memory_left_bytes=min((left for _, left in memory), default=None),
        cpus=min(cpus, default=None),
    )


def _groups(probe: Probe) -> Iterator[tuple[int, list[str], str]]:
    """(version, controllers, folder) of each group, from the process's own up to the root that is mounted here."""
    mounts = list(_mounts(probe))
    for line in (probe.read("/proc/self/cgroup") or "").splitlines():
        number, _, rest = line.partition(":")
        names, _, path = rest.partition(":")
        controllers = names.split(",") if names else []
        version = 2 if number == "0" and not controllers else 1
        for kind, options, root, point in mounts:
            same = kind == "cgroup2" if version == 2 else kind == "cgroup" and set(controllers) & set(options)
            if not same:
                continue
            inside = posixpath.relpath(path, root) if path.startswith(root) else "."
            folder = point if inside.startswith("..") else posixpath.normpath(posixpath.join(point, inside))
            while True:
                yield version, controllers, folder
                if folder == point or len(folder) <= len(point):
                    break
                folder = posixpath.dirname(folder)


def _mounts(probe: Probe) -> Iterator[tuple[str, list[str], str, str]]:
    """(file system, options, root, mount point) of the control group mounts; proc(5), mountinfo."""
    for line in (probe.read("/proc/self/mountinfo") or "").splitlines():
        left, _, right = line.partition(" - ")
        before, after = left.split(), right.split()
        if len(before) >= 5 and len(after) >= 3 and after[0] in ("cgroup", "cgroup2"):
            yield after[0], after[2].split(","), before[3], before[4]


def _memory(probe: Probe, folder: str, version: int) -> tuple[int, int] | None:
    """(limit, left) of one group."""
    files = ("memory.max", "memory.current") if version == 2 else ("memory.limit_in_bytes", "memory.usage_in_bytes")
    limit = _integer(probe.read(f"{folder}/{files[0]}"))
    if limit is None or limit >= NO_LIMIT:
        return None
    used = _integer(probe.read(f"{folder}/{files[1]}")) or 0
    stat = dict(line.partition(" ")[::2] for line in (probe.read(f"{folder}/memory.stat") or "").splitlines())
    cache = _integer(stat.get("inactive_file" if version == 2 else "total_inactive_file")) or 0
    return limit, max(limit - max(used - cache, 0), 0)


def _cpus(probe: Probe, folder: str, version: int) -> float | None:
    if version == 2:
        quota, _, period = (probe.read(f"{folder}/cpu.max") or "").strip().partition(" ")
    else:
        quota = (probe.read(f"{folder}/cpu.cfs_quota_us") or "").strip()
        period = (probe.read(f"{folder}/cpu.cfs_period_us") or "").strip()
    count, per = _integer(quota), _integer(period)
    return count / per if count and per and count > 0 and per > 0 else None


def _integer(text: str | None) -> int | None:
    try:
        return int(text) if text is not None else None
    except ValueError:
        return None
