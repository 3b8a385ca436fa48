"""The fitted constants of the quality model; `benchmarks/quality_model.py` makes them and says how good they are.

    score of model m on benchmark b = intercept_b + loading_b x ability(m, skill of b) + noise
    ability(m, skill) = prior(m) + family + model + model's skill

`prior` is by size and date, in doublings of size (`fit.plan.ability`); the other terms are normal with mean 0.
"""

import json
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Reading:
    """How one benchmark's scores tell ability."""

    skill: str
    intercept: float
    loading: float
    """Score per doubling, on the straight scale."""

    noise: float
    """Standard deviation of a score around the line, on the straight scale."""

    models: int
    """That the line was drawn through."""


@dataclass(frozen=True, slots=True)
class Parameters:
    """All constants."""

    family: float
    """Standard deviation between families, in doublings."""

    model: float
    """Between models of a family."""

    skill: float
    """Between skills of a model."""

    readings: dict[str, Reading]
    """By key (`skills.key_of`)."""

    as_of: str
    """ISO date of the catalog that they were fitted on."""


SELF_REPORTED, SATURATED = 4.0, 2.0
"""Factors on the noise variance, a judgement: a vendor's own number is chosen by the vendor, and which results were not
published cannot be seen in the numbers. Four means half the weight per standard deviation."""


@lru_cache(maxsize=1)
def shipped() -> Parameters:
    """The shipped constants."""
    text = files("bakeoff.shortlist").joinpath("data", "quality.json").read_text(encoding="utf-8")
    return read(json.loads(text))


def read(values: dict[str, object]) -> Parameters:
    """From JSON."""
    readings = values.pop("readings")
    assert isinstance(readings, dict)
    return Parameters(readings={key: Reading(**one) for key, one in readings.items()}, **values)  # type: ignore[arg-type]
