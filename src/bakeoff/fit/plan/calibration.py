"""What was measured on this machine, kept between runs, and what it changes in predictions for it.

One small JSON file in the user's data folder. A measurement counts only on the machine that it was made on, and only
for models that lie where the measured one lay: what a processor does says nothing about a graphics card.
"""

import json
import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bakeoff.catalog.builds import parse_build
from bakeoff.catalog.loading import Catalog
from bakeoff.errors import BakeoffError
from bakeoff.fit.speed import SYSTEM, Scale, Work, by_depth, request_time
from bakeoff.fit.weights import build_weights
from bakeoff.hardware.machine import Machine
from bakeoff.values import Reason, reason
from bakeoff.whole_file import write_whole

if TYPE_CHECKING:
    from bakeoff.fit.measure import Measured

VARIABLE = "BAKEOFF_MEASURED"
"""Environment variable: another place for the file."""

MOST = 50
"""Measurements that are kept, the newest."""


@dataclass(frozen=True, slots=True)
class Measurement:
    """One model that was run here for a moment."""

    machine: str
    """`fingerprint` of the machine."""

    model: str
    """Id in the catalog."""

    build: str
    place: int
    """Accelerator that held it, or -1 for the processor."""

    prompt_tokens: int
    output_tokens: int
    prefill_tokens_per_second: float
    decode_tokens_per_second: float
    engine: str
    """Version of the engine."""

    date: str
    """ISO."""


@dataclass(frozen=True, slots=True)
class Calibration:
    """What measurements change, by place."""

    scales: dict[int, Scale]
    notes: tuple[Reason, ...] = ()
    """Prediction and measurement side by side."""

    def of(self, places: Iterable[int]) -> Scale | None:
        """For a model that lies in these places; None where nothing was measured there."""
        there = set(places)
        return self.scales.get(next(iter(there))) if len(there) == 1 else None


NOTHING = Calibration({})


def path() -> Path:
    """The file, which need not exist: `BAKEOFF_MEASURED`, else in the system's data folder."""
    named = os.environ.get(VARIABLE)
    if named:
        return Path(named)
    from platformdirs import user_data_dir

    return Path(user_data_dir("bakeoff", appauthor=False)) / "measured.json"


def fingerprint(machine: Machine) -> str:
    """What makes it this machine, as far as speeds go."""
    processor = machine.processor
    parts = [f"{processor.name} x{processor.cores}"]
    parts += [f"{one.name} {one.memory_total_bytes.value / 2**30:.0f}" for one in machine.accelerators]
    return " | ".join(parts)


def load() -> list[Measurement]:
    """Every measurement that was kept; nothing where there is no file, or one that cannot be understood."""
    try:
        rows = json.loads(path().read_text(encoding="utf-8"))["measurements"]
        return [Measurement(**row) for row in rows]
    except (OSError, ValueError, TypeError, KeyError):
        return []


def keep(found: Sequence[Measurement]) -> Path:
    """Add measurements; one of the same model, build and place on the same machine is replaced.

    Raises:
        StorageError: the disk refused.
    """
    target = path()
    fresh = {_key(one): one for one in (*load(), *found)}
    rows: list[dict[str, Any]] = [
        {name: getattr(one, name) for name in Measurement.__dataclass_fields__} for one in list(fresh.values())[-MOST:]
    ]
    text = json.dumps({"version": 1, "measurements": rows}, indent=1) + "\n"
    return write_whole(target, text, hint="name another place by BAKEOFF_MEASURED", mode=0o644)


def _key(one: Measurement) -> tuple[str, str, str, int]:
    return one.machine, one.model, one.build, one.place


def calibration(machine: Machine, catalog: Catalog) -> Calibration:
    """What the kept measurements change for a machine; nothing for a machine by name."""
    if not machine.here:
        return NOTHING
    here = fingerprint(machine)
    return of_measurements([one for one in load() if one.machine == here], machine, catalog)


def of_measurements(
    found: Sequence[Measurement], machine: Machine, catalog: Catalog, *, strict: bool = False
) -> Calibration:
    """The same for measurements at hand.

    Args:
        found: measurements on the machine.
        machine: the machine.
        catalog: knows the models that were measured.
        strict: refuse what cannot be used (a model that is gone, a speed that is far off); else it changes nothing.

    Raises:
        UsageError: `strict`, and a speed is more than 8 times off the prediction.
    """
    from bakeoff.fit.measure import calibrate

    scales: dict[int, Scale] = {}
    notes: list[Reason] = []
    for place in sorted({one.place for one in found}):
        rows = [(one, measured) for one in found if one.place == place and (measured := _measured(one, catalog))]
        if not rows:
            continue
        try:
            newest = max(one.date for one, _ in rows)
            scales[place] = calibrate(machine, [measured for _, measured in rows], as_of=newest)
        except BakeoffError:
            if strict:
                raise
            continue
        notes += [note for one, _ in rows if (note := _side_by_side(one, machine, catalog, scales[place]))]
    return Calibration(scales, tuple(notes))


def _work_at(one: Measurement, catalog: Catalog) -> Callable[[float], Work] | None:
    """The work of the measured model, from the depth; None for a model that is not known."""
    if one.model not in catalog or catalog[one.model].architecture is None:
        return None
    architecture = catalog[one.model].architecture
    assert architecture is not None
    return by_depth(architecture, build_weights(architecture, parse_build(one.build)), place=one.place)


def _measured(one: Measurement, catalog: Catalog) -> "Measured | None":
    try:
        work_at = _work_at(one, catalog)
    except BakeoffError:
        return None
    if work_at is None:
        return None
    from bakeoff.fit.measure import Measured

    return Measured(
        work=work_at(one.prompt_tokens + one.output_tokens / 2),
        decode_tokens_per_second=one.decode_tokens_per_second,
        prefill_tokens_per_second=one.prefill_tokens_per_second,
        prompt_tokens=one.prompt_tokens,
        name=f"{one.model} {one.build}",
    )


def _side_by_side(one: Measurement, machine: Machine, catalog: Catalog, scale: Scale) -> Reason | None:
    """What was predicted before, what was measured, what is predicted now."""
    work_at = _work_at(one, catalog)
    if work_at is None:
        return None
    before = request_time(work_at, machine, one.prompt_tokens, one.output_tokens)
    after = request_time(work_at, machine, one.prompt_tokens, one.output_tokens, scale=scale)
    if before is None or after is None:
        return None
    return reason(
        "fit.measured",
        model=one.model,
        build=one.build,
        date=one.date,
        measured=one.decode_tokens_per_second,
        predicted=before.decode_tokens_per_second.value,
        now=after.decode_tokens_per_second.value,
        where="cpu" if one.place == SYSTEM else "gpu",
    )
