"""Memory bandwidth and compute of this machine, measured once a day: what is suggested must not change with each run.

One file for each hardware in the cache folder, `machine/DIGEST.json`. Other work only ever takes away from a
measurement, so that within a week the higher one stays; after that a machine may have become slower in earnest.
"""

import hashlib
import json
import math
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bakeoff.cache_folder import cache_folder
from bakeoff.errors import StorageError
from bakeoff.hardware.machine import Processor
from bakeoff.units import GIB
from bakeoff.values import Estimate, from_json, to_json
from bakeoff.whole_file import write_whole

VERSION = 1
KEPT = timedelta(days=1)
"""So long nothing is measured anew."""

BEST = timedelta(days=7)
"""So long a lower measurement does not replace a higher one."""


@dataclass(frozen=True, slots=True)
class Speeds:
    """What was measured, each with the date of its own measurement."""

    bandwidth_bytes_per_second: Estimate | None
    """None where there was too little memory to tell."""

    fp32: Estimate
    """Operations per second."""


def speeds(
    processor: Processor,
    *,
    system: str,
    cache_bytes: int,
    measure: Callable[[], Speeds],
    refresh: bool = False,
    now: datetime | None = None,
) -> Speeds:
    """What is known of today, else a measurement, which is kept.

    Args:
        processor: this machine's.
        system: `linux`, `linux container`, ...
        cache_bytes: of the last-level caches together.
        measure: takes the measurement, in half a second.
        refresh: measure, whatever is known.
        now: the time [default: the clock's].
    """
    now = now or datetime.now(UTC)
    path = _path(processor, system, cache_bytes)
    checked, known = _read(path)
    if known is not None and not refresh and timedelta() <= now - checked < KEPT:
        return known
    fresh = measure()
    best = Speeds(
        _better(known.bandwidth_bytes_per_second if known else None, fresh.bandwidth_bytes_per_second, now),
        _better(known.fp32 if known else None, fresh.fp32, now) or fresh.fp32,
    )
    if best.bandwidth_bytes_per_second is not None:
        text = json.dumps({"version": VERSION, "checked_at": now.isoformat(), "speeds": to_json(best)}, indent=1)
        with suppress(StorageError):  # measured again the next time
            write_whole(path, text, hint="")
    return best


def _better(known: Estimate | None, fresh: Estimate | None, now: datetime) -> Estimate | None:
    """The fresh value, dated; the known one where it is higher and not old."""
    if fresh is None:
        return None
    today = now.date()
    dated = Estimate(fresh.value, fresh.low, fresh.high, fresh.source, fresh.detail, today.isoformat())
    if known is None or known.as_of is None or known.value <= fresh.value:
        return dated
    age = today - datetime.fromisoformat(known.as_of).date()
    return known if timedelta() <= age < BEST else dated


def _path(processor: Processor, system: str, cache_bytes: int) -> Path:
    """The file of the hardware that a process sees: memory in quarters of a GiB, since kernels differ by a little."""
    seen = [
        processor.name,
        processor.cores,
        round(4 * processor.memory_total_bytes.value / GIB),
        cache_bytes,
        list(processor.instructions),
        system,
    ]
    digest = hashlib.sha256(json.dumps(seen).encode()).hexdigest()
    return cache_folder() / "machine" / f"{digest[:16]}.json"


def _read(path: Path) -> tuple[datetime, Speeds | None]:
    """When it was last measured, and what is kept; None where there is nothing that can be understood."""
    try:
        data: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        checked = datetime.fromisoformat(data["checked_at"])
        found = from_json(Speeds, data["speeds"])
        of = [one for one in (found.bandwidth_bytes_per_second, found.fp32) if one is not None]
        for one in of:
            datetime.fromisoformat(one.as_of or "")
        if data["version"] == VERSION and checked.tzinfo and all(one.low > 0 and math.isfinite(one.high) for one in of):
            return checked, found
    except (OSError, ValueError, TypeError, KeyError, AttributeError):
        pass
    return datetime.min.replace(tzinfo=UTC), None
