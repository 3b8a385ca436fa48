"""What a model can do, for ordering a table before anything was tested: by size, date, and benchmark results.

The unit is a doubling of size. It is an order, not a verdict: which model is right is decided on the user's own rows.
The constants come from `benchmarks/fit_order.py`, which also measures how far the order agrees with benchmarks.
"""

import datetime
import json
import math
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from typing import Literal

from bakeoff.catalog.model import Evidence, Model

Group = Literal["general", "code", "reasoning"]

TOTAL_SHARE = 0.75
"""Weight of all parameters against those used for a token, in doublings. Fitted on the general and the code
benchmarks: 0.95 and 0.77; flat in between."""

DOUBLINGS_PER_YEAR = 3.0
"""What a year is worth. "Densing law of LLMs" (arXiv 2412.04315): the size that reaches a given score halves in 3.5
months, 3.4 a year. Fitted on the code benchmarks 2.9; the general ones would give more, since models of different
years are mostly compared on what the newer ones were trained for."""

YEAR_ZERO = datetime.date(2025, 1, 1)

OWN_SPREAD = 1.5
"""How far models of one size and date lie apart, in doublings: the common part of what benchmarks leave over."""

LEAST_NOISE = 0.8
"""Of one benchmark, in doublings, however well its line fits."""


@dataclass(frozen=True, slots=True)
class Line:
    """From ability to a benchmark's score."""

    key: str
    group: Group
    at_zero: float
    slope: float
    """Points per doubling."""

    spread: float
    """Of scores around the line, in doublings."""


@dataclass(frozen=True, slots=True)
class Ability:
    """Where a model stands."""

    value: float
    """In doublings."""

    spread: float
    """Standard deviation."""

    benchmarks: int
    """Results that it rests on; 0: size and date alone."""


def key(row: Evidence) -> str:
    """Name of a benchmark; releases of LiveBench are different benchmarks, since their questions are."""
    release = f"|{row.settings}" if row.settings.startswith("LiveBench") else ""
    return f"{row.benchmark}|{row.metric}{release}"


@lru_cache(maxsize=1)
def lines() -> tuple[Line, ...]:
    """The shipped lines."""
    text = files("bakeoff.fit").joinpath("data", "ability.json").read_text(encoding="utf-8")
    return tuple(Line(**row) for row in json.loads(text)["lines"])


def by_size_and_date(model: Model, date: str | None = None) -> float | None:
    """Ability by size and date alone; None where one of them is not known.

    Args:
        model: the model.
        date: in place of its own release.
    """
    total, active = model.parameters.total, model.parameters.active
    day = date or (model.release.date if model.release is not None else None)
    if not total or not active or day is None:
        return None
    size = TOTAL_SHARE * math.log2(total / 1e9) + (1 - TOTAL_SHARE) * math.log2(active / 1e9)
    years = (datetime.date.fromisoformat(day) - YEAR_ZERO).days / 365.25
    return size + DOUBLINGS_PER_YEAR * years


def ability(
    model: Model,
    group: Group,
    evidence: Iterable[Evidence] = (),
    known: tuple[Line, ...] | None = None,
    date: str | None = None,
) -> Ability | None:
    """Where a model stands in a group of tasks; None where its size or date is not known.

    A result says which ability would be usual for it. The mean of that and of what size and date say is taken, each
    weighted by one over its variance. A result beyond two standard deviations of what is usual counts as two: lines are
    not drawn out to models that were not among theirs.

    Args:
        model: the model.
        group: what for.
        evidence: its benchmark results; others than of the group are passed over.
        known: lines to read them by; the shipped ones.
        date: counts in place of its release: a fine-tune is as old as what it was made from.
    """
    start = by_size_and_date(model, date)
    if start is None:
        return None
    found = {line.key: line for line in (lines() if known is None else known) if line.group == group}
    scores: dict[str, list[float]] = {}
    for row in evidence:
        name = key(row)
        if name in found and not row.self_reported:
            scores.setdefault(name, []).append(row.score)
    weight, total = 1 / OWN_SPREAD**2, 0.0
    most = 2 * OWN_SPREAD
    for name, values in scores.items():
        line = found[name]
        noise = max(line.spread**2 - OWN_SPREAD**2, LEAST_NOISE**2)
        above = (sum(values) / len(values) - line.at_zero) / line.slope - start
        weight += 1 / noise
        total += min(max(above, -most), most) / noise
    return Ability(start + total / weight, math.sqrt(1 / weight), len(scores))
