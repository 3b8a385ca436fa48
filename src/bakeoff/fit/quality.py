"""What a build costs in quality: expected points lost on a general benchmark, with their spread.

One scale for all builds: the mean Kullback-Leibler divergence of the next token from the unquantized model, as measured
on an 8B model for every usual llama.cpp type and then brought to what other models show. Larger models lose less (a
power of their size); how much a model was trained makes a factor of three, which is in the spread. Points are accuracy
on questions of the MMLU kind, where divergence eats the distance to guessing:

    points = headroom x (1 - exp(-rate x divergence)).

The numbers are fitted by `benchmarks/quality_fit.py` from published measurements (docs/measured/quality.md). They are a
prior with wide limits: hardly anything was measured for long contexts, reasoning, tools, or below 3 bits on mixtures of
experts.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from importlib.resources import files

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.builds import Build
from bakeoff.catalog.parameters import count_parameters
from bakeoff.values import Estimate

TENTH = 1.2816
"""Standard normal quantile of 0.9: an 80 % interval is this many standard deviations to either side."""

LEAST_PARAMETERS, MOST_PARAMETERS = 0.5e9, 1.0e12
"""The power of size is not drawn out beyond what was seen."""

_SIXTEEN = frozenset(("BF16", "F16", "F32", "bf16"))
_FOUR = _SIXTEEN | {"MXFP4", "mxfp4", "Q8_0", "UD-Q8_K_XL", "8bit"}

NATIVE: dict[str, frozenset[str]] = {
    "fp4": _FOUR,
    "mxfp4": _FOUR,
    "int4": _SIXTEEN | {"INT4", "AWQ", "GPTQ", "Q4_0", "Q8_0", "UD-Q8_K_XL", "8bit"},
    "fp8": _SIXTEEN | {"FP8"},
    "ternary": _SIXTEEN | {"TQ1_0", "TQ2_0", "Q8_0"},
}
"""Published number format -> builds that lose nothing, because they are no coarser."""

EXPERTS_KEPT = 0.3
"""Where the experts were published in 4 bits, files of 4 bits and more keep them as they are and quantize the rest
only: a rough share of the loss that the type has on a whole model."""

KEEPS_EXPERTS = ("Q4", "Q5", "Q6", "UD-Q4", "UD-Q5", "UD-Q6")


@dataclass(frozen=True, slots=True)
class Measure:
    """What is known of one build at the reference size."""

    divergence: float
    """Mean KL divergence, in nats."""

    spread: float
    """Standard deviation of its logarithm over models and methods."""

    how: str
    """`measured`, `from accuracy`, `interpolated` by bits, or the build that it is taken for."""


@dataclass(frozen=True, slots=True)
class Constants:
    """The fitted file."""

    builds: Mapping[str, Measure]
    reference_parameters: float
    exponent: float
    headroom: float
    rate: float
    top_scale: float
    top_power: float
    as_of: str


@cache
def constants() -> Constants:
    """As shipped."""
    found = json.loads(files("bakeoff.fit").joinpath("data", "quality.json").read_text(encoding="utf-8"))
    return Constants(
        builds={name: Measure(*row) for name, row in found["builds"].items()},
        reference_parameters=found["reference_parameters"],
        exponent=found["exponent"],
        headroom=found["headroom"],
        rate=found["rate"],
        top_scale=found["top_scale"],
        top_power=found["top_power"],
        as_of=found["as_of"],
    )


def divergence(model: Architecture | float, build: Build) -> Estimate:
    """Mean KL divergence of the next token from the published weights, in nats.

    Args:
        model: its architecture, or its number of parameters.
        build: which file.
    """
    value, spread, how = _divergence(model, build)
    factor = math.exp(TENTH * spread)
    return Estimate(value, value / factor, value * factor, "published" if not value else "estimated", how, _as_of())


def quality_loss(model: Architecture | float, build: Build) -> Estimate:
    """Points lost on a benchmark of 0 to 100 with four choices (MMLU), against the published weights.

    Args:
        model: its architecture, or its number of parameters.
        build: which file.
    """
    found = divergence(model, build)
    low, value, high = _points(found.low), _points(found.value), _points(found.high)
    return Estimate(value, low, high, found.source, found.detail, found.as_of)


def top_disagreement(model: Architecture | float, build: Build) -> Estimate:
    """Share of tokens at which the build's likeliest next token is another one."""
    found = divergence(model, build)
    low, value, high = _top(found.low), _top(found.value), _top(found.high)
    return Estimate(value, low, high, found.source, found.detail, found.as_of)


def _as_of() -> str:
    return constants().as_of


def _points(nats: float) -> float:
    found = constants()
    return found.headroom * (1.0 - math.exp(-found.rate * nats))


def _top(nats: float) -> float:
    found = constants()
    return min(1.0, found.top_scale * math.pow(nats, found.top_power))


@lru_cache(maxsize=1 << 14)
def _divergence(model: Architecture | float, build: Build) -> tuple[float, float, str]:
    """Nats, spread, how it is known."""
    found = constants()
    native = model.native_quantization if isinstance(model, Architecture) else None
    if build.quantization in NATIVE.get(native or "", _SIXTEEN):
        return 0.0, 0.0, f"published as {native}" if native else "16 bit"
    measure = found.builds[str(build)]
    size = min(max(_parameters(model), LEAST_PARAMETERS), MOST_PARAMETERS)
    value = measure.divergence * (size / found.reference_parameters) ** -found.exponent
    if native in ("fp4", "mxfp4", "int4") and build.format == "gguf" and build.quantization.startswith(KEEPS_EXPERTS):
        value *= EXPERTS_KEPT
    return value, measure.spread, f"{build} on an 8B model ({measure.how}), scaled to {size / 1e9:.3g}B"


def _parameters(model: Architecture | float) -> float:
    return float(count_parameters(model).total) if isinstance(model, Architecture) else float(model)


def after_loss(score: Estimate, loss: Estimate) -> Estimate:
    """A published score less the expected loss; the two uncertainties add as independent ones do."""
    value = score.value - loss.value
    down = math.hypot(score.value - score.low, loss.high - loss.value)
    up = math.hypot(score.high - score.value, loss.value - loss.low)
    detail = f"{score.detail}, less the loss of the build" if score.detail else "less the loss of the build"
    return Estimate(value, value - down, value + up, "estimated", detail, score.as_of)


def likelier(first: Estimate, second: Estimate) -> float:
    """Probability that the first is the better: a larger model at Q4, or a smaller one at Q8?

    Both are taken as normal with the 80 % intervals that they have; equal numbers without spread are a toss-up.
    """
    difference = first.value - second.value
    if difference >= 0:
        spread = math.hypot(first.value - first.low, second.high - second.value) / TENTH
    else:
        spread = math.hypot(first.high - first.value, second.value - second.low) / TENTH
    if spread == 0:
        return 0.5 if difference == 0 else float(difference > 0)
    return 0.5 * (1.0 + math.erf(difference / spread / math.sqrt(2.0)))
