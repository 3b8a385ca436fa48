"""What a short measurement on a machine teaches about the other models on it.

The engine is run elsewhere; here a measured speed of a known model and build turns into factors on the predicted times.
Two factors for decoding, because a card that reads its memory badly and a system that starts kernels slowly are
different things: one on what grows with the weights, one on the rest. One measurement moves the factor that its time
mostly consists of, several sizes settle both.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.errors import UsageError
from bakeoff.fit.speed.constants import Spread, table
from bakeoff.fit.speed.decode import Engine, known, token_terms
from bakeoff.fit.speed.prefill import UBATCH, prefill_seconds
from bakeoff.fit.speed.scale import Scale
from bakeoff.fit.speed.work import Work
from bakeoff.hardware.machine import Machine

PRIOR_SPREAD = 0.25
"""Standard deviation of the logarithm of either factor before anything was measured: what devices of one family differ
by (docs/measured/speed.md)."""

NOISE = 0.03
"""Standard deviation of the logarithm of a measured speed over repeats."""

MOST_FACTOR = 8.0
"""A measurement further from the prediction than this is of something else: a wrong file, a busy or throttled
machine."""


@dataclass(frozen=True, slots=True)
class Measured:
    """One measurement on the machine."""

    work: Work
    """The model, build and placement that ran, at the depth of the measurement's middle."""

    decode_tokens_per_second: float | None = None
    prefill_tokens_per_second: float | None = None
    prompt_tokens: float = 512.0
    """Length of the prompt whose speed is given."""

    start_tokens: float = 0.0
    """Tokens that were cached before it."""

    ubatch: int = UBATCH
    name: str = ""
    """Model and build, for people."""


def calibrate(
    machine: Machine, measured: Sequence[Measured], *, engine: Engine = "llama.cpp", as_of: str | None = None
) -> Scale:
    """Factors that fit the measurements, as far as they can be told apart.

    Args:
        machine: where it was measured.
        measured: one or more measurements; several sizes are better than one.
        engine: what ran.
        as_of: ISO date of the measurement.

    Raises:
        UsageError: there is nothing to learn from, a speed is impossible, or it is more than 8 times off.
    """
    if not measured:
        raise UsageError(
            "no measurement to calibrate with", hint="run a short measurement first: bakeoff fit --measure"
        )
    decoded = [(one, one.decode_tokens_per_second) for one in measured if one.decode_tokens_per_second is not None]
    read = [(one, one.prefill_tokens_per_second) for one in measured if one.prefill_tokens_per_second is not None]
    for one, speed in (*decoded, *read):
        if not (math.isfinite(speed) and speed > 0):
            raise UsageError(f"{speed} tokens per second of {one.name or 'a model'} is no speed", hint="measure again")
        if not known(one.work, machine):
            raise UsageError(
                f"the memory bandwidth of {machine.name} is not known, so there is no prediction to correct",
                hint="state it with the machine, for example --on 'CPU only, 32 GB DDR5-5600'",
            )
    stream, fixed = _decode_factors([_shares(one, speed, machine, engine) for one, speed in decoded])
    ratios = [
        one.prompt_tokens / speed / prefill_seconds(
            one.work, machine, one.prompt_tokens, start=one.start_tokens, ubatch=one.ubatch
        )
        for one, speed in read
    ]  # fmt: skip
    for ratio in (*ratios, stream, fixed):
        if not 1 / MOST_FACTOR < ratio < MOST_FACTOR:
            raise UsageError(
                f"the measurement is {max(ratio, 1 / ratio):.0f} times off the prediction",
                hint="check that this model, build and placement ran, and that the machine is idle",
            )
    names = ", ".join(dict.fromkeys(one.name for one in measured if one.name))
    return Scale(
        stream=stream,
        fixed=fixed,
        prefill=math.exp(sum(map(math.log, ratios)) / len(ratios)) if ratios else 1.0,
        spread=Spread(*table("decode").extra["after_measurement"]) if decoded else None,
        detail=f"corrected by a measurement on this machine{f' of {names}' if names else ''}",
        as_of=as_of,
    )


def _shares(one: Measured, speed: float, machine: Machine, engine: Engine) -> tuple[float, float, float]:
    """Predicted seconds that grow with the weights, the other ones, and the measured seconds."""
    terms = token_terms(one.work, machine, engine=engine)
    stream = sum(term.seconds for term in terms if term.streams)
    return stream, sum(term.seconds for term in terms) - stream, 1.0 / speed


def _decode_factors(rows: Sequence[tuple[float, float, float]]) -> tuple[float, float]:
    """The likeliest factors (maximum a posteriori): log-normal priors around 1, log-normal noise; Gauss-Newton.

    The unknowns are two, so the normal equations are solved by hand.
    """
    a = b = 0.0
    prior = 1.0 / PRIOR_SPREAD**2
    for _ in range(50):
        h11 = h22 = prior
        h12 = 0.0
        g1, g2 = -prior * a, -prior * b
        for stream, fixed, seconds in rows:
            first, second = stream * math.exp(a), fixed * math.exp(b)
            total = first + second
            j1, j2 = first / total, second / total
            residual = (math.log(seconds) - math.log(total)) / NOISE**2
            h11, h12, h22 = h11 + j1 * j1 / NOISE**2, h12 + j1 * j2 / NOISE**2, h22 + j2 * j2 / NOISE**2
            g1, g2 = g1 + j1 * residual, g2 + j2 * residual
        determinant = h11 * h22 - h12 * h12
        da, db = (h22 * g1 - h12 * g2) / determinant, (h11 * g2 - h12 * g1) / determinant
        longest = max(abs(da), abs(db))
        shorten = min(1.0, 1.0 / longest) if longest > 0 else 1.0
        a, b = a + da * shorten, b + db * shorten
        if longest < 1e-9:
            break
    return math.exp(a), math.exp(b)
