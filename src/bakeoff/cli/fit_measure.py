"""`bakeoff fit --measure`: run small models on this machine for a moment, and keep how fast they were."""

import asyncio
import datetime
import json
import statistics
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from bakeoff.catalog import load
from bakeoff.cli.output import Language, say
from bakeoff.errors import BakeoffError
from bakeoff.evaluate.client import Client
from bakeoff.evaluate.engines import EngineParameters, start_engine
from bakeoff.fit.plan.calibration import Measurement, fingerprint, keep, of_measurements
from bakeoff.hardware import Machine, detect
from bakeoff.report.words import sentence
from bakeoff.values import reason
from bakeoff.weights import get

MODELS = (
    ("HuggingFaceTB/SmolLM2-135M-Instruct", "gguf:Q4_1", "HuggingFaceTB/SmolLM2-135M-Instruct"),
    ("google/gemma-3-270m", "gguf:Q4_K_M", "google/gemma-3-270m-it"),
)
"""Small ones, of two sizes: where from, and which shape in the catalog. One settles what every token costs, both what
grows with the weights."""

UNSTEADY = 1.3
"""Fastest over slowest round, above which something else was running."""

ROUNDS = 3
PROMPT_WORDS = 300
OUTPUT_TOKENS = 64
CONTEXT = 1024


def measure_here(*, lang: Language, quiet: bool) -> list[Measurement]:
    """Measure, and keep what came out.

    Args:
        lang: of what is said meanwhile.
        quiet: say nothing.

    Raises:
        BakeoffError: no model could be run; the first one's reason. Or a speed is so far from the prediction that
            something else must have been measured.
        StorageError: the measurements cannot be kept.
    """
    machine = detect()
    found: list[Measurement] = []
    errors: list[BakeoffError] = []
    for model, build, known_as in MODELS:
        if not quiet:
            say(sentence(reason("fit.measuring", model=model, build=build), lang))
        try:
            one, unsteady = asyncio.run(measured(machine, known_as, build, get(model, build).path))
            found.append(one)
            if unsteady > UNSTEADY and not quiet:
                say(sentence(reason("fit.unsteady", model=model, factor=unsteady), lang))
        except BakeoffError as error:
            errors.append(error)
            if not quiet:
                say(sentence(reason("fit.not_measured", model=model, error=error.message), lang))
    if not found:
        raise errors[0]
    of_measurements(found, machine, load(), strict=True)
    path = keep(found)
    if not quiet:
        say(sentence(reason("fit.kept", path=str(path)), lang))
    return found


async def measured(machine: Machine, model: str, build: str, path: Path) -> tuple[Measurement, float]:
    """Run one model file: what was measured, and how far the fastest round was from the slowest.

    Args:
        machine: this machine.
        model: id in the catalog.
        build: what the file is.
        path: the file.

    Raises:
        EngineError: the engine did not start, or died.
        WeightsError: the file is damaged.
    """
    on_gpu = _engine_uses_gpu(machine)
    usual = EngineParameters.defaults(n_slots=1, context_per_slot=CONTEXT)
    parameters = usual if on_gpu else replace(usual, n_gpu_layers=0)
    with tempfile.TemporaryDirectory(prefix="bakeoff-measure-") as folder:
        log = Path(folder) / "engine.log"
        async with start_engine(path, parameters=parameters, log_path=log) as engine:
            async with Client(engine.base_url, connections=1) as client:
                await client.ask("/chat/completions", _body(0))
                rounds = [(await client.ask("/chat/completions", _body(n))).timings for n in range(1, ROUNDS + 1)]
            version = engine.version
    speeds = [_decode_speed(one) for one in rounds]
    found = Measurement(
        machine=fingerprint(machine),
        model=model,
        build=build,
        place=0 if on_gpu else -1,
        prompt_tokens=round(statistics.median(one["prompt_n"] for one in rounds)),
        output_tokens=OUTPUT_TOKENS,
        prefill_tokens_per_second=statistics.median(1000 * one["prompt_n"] / one["prompt_ms"] for one in rounds),
        decode_tokens_per_second=statistics.median(speeds),
        engine=version,
        date=datetime.date.today().isoformat(),
    )
    return found, max(speeds) / min(speeds)


def _decode_speed(timings: Mapping[str, float]) -> float:
    """The first token comes with the prompt."""
    return 1000 * (timings["predicted_n"] - 1) / timings["predicted_ms"]


def _engine_uses_gpu(machine: Machine) -> bool:
    """The wheels of xllamacpp on PyPI are built for the processor, and on a Mac for Metal."""
    return sys.platform == "darwin" and any(one.backend == "metal" for one in machine.accelerators)


def _body(number: int) -> bytes:
    """A prompt that no earlier round has read, and an answer of fixed length."""
    words = " ".join(f"item {number} {n % 10}" for n in range(PROMPT_WORDS // 3))
    return json.dumps(
        {
            "messages": [{"role": "user", "content": f"Go on with this list: {words}"}],
            "max_tokens": OUTPUT_TOKENS,
            "temperature": 0,
            "ignore_eos": True,
            "cache_prompt": False,
            "stream": True,
            "stream_options": {"include_usage": True},
        }
    ).encode()
