"""vLLM and SGLang under load: SpareCores' guidellm sweeps (dense models), InferenceX in aiconfigurator (experts).

Kept: vLLM, strategies `synchronous` and `constant`, at least 0.9 sequences on average, models over a billion weights.
Left out: `throughput` (everything is sent at once, so that the time per token contains the queue), and the 70B rows: 16
bit weights of 141 GB cannot lie in 2 x 48 GB, so that they are another build, which is not said.
"""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bakeoff.catalog.builds import Build, parse_build
from bakeoff.errors import UsageError
from bakeoff.fit.speed.serving import Load, first_token_terms, matrix_rate, step_terms
from bakeoff.fit.speed.work import Work, whole
from bakeoff.fit.weights import build_weights
from bakeoff.hardware import parse_machine
from bakeoff.hardware.machine import Accelerator
from benchmarks.speed_model import Data
from benchmarks.speed_rows import LEAST_WEIGHTS, architecture_of, lines, number, source_of

UNCLEAR = ("llama-70b",)
MOST_SEQUENCES = 256
STEP_LEAST = np.array([1.05, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0])


@dataclass(frozen=True, slots=True)
class ServedRow:
    """One point of a sweep."""

    device: str
    accelerator: Accelerator
    model: str
    build: Build
    work: Work
    parallel: int
    load: Load
    strategy: str
    step: float
    """Seconds between tokens."""

    first: float | None
    """Seconds to the first token."""


def rows(folder: Path, source: str) -> list[ServedRow]:
    """Usable points of a source."""
    found = []
    for line in lines(folder):
        if source_of(line["source"]) != source or line["engine"] not in ("vllm", "sglang") or not line["tpot_ms"]:
            continue
        row = _row(line)
        if row is not None:
            found.append(row)
    return found


def _row(line: dict[str, str]) -> ServedRow | None:
    parallel, sequences = int(line["gpu_count"] or 0), number(line["concurrency"]) or 0.0
    prompt, output = number(line["prompt_len"]), number(line["gen_len"])
    usual = 0 < parallel <= 8 and sequences >= 0.9 and prompt is not None and output is not None
    if not usual or line["model"] in UNCLEAR or "disagg" in line["note"] or "speculative" in line["note"]:
        return None
    try:
        machine = parse_machine(f"{max(2, parallel)}x {line['hardware']}")
        build = parse_build({"fp8": "safetensors:FP8", "fp4": "safetensors:NVFP4"}.get(line["quant"], "bf16"))
    except UsageError:
        return None
    architecture = architecture_of(line["model"])
    if architecture is None or not machine.accelerators or prompt is None or output is None:
        return None
    load = Load(prompt, output, sequences)
    work = whole(architecture, build_weights(architecture, build), depth_tokens=load.depth_tokens)
    if sum(part.dense_weights for part in work.parts) < LEAST_WEIGHTS:
        return None
    strategy = line["note"].partition("strategy=")[2].partition(";")[0]
    return ServedRow(
        device=machine.accelerators[0].name,
        accelerator=machine.accelerators[0],
        model=line["model"],
        build=build,
        work=work,
        parallel=parallel,
        load=load,
        strategy=strategy,
        step=float(line["tpot_ms"]) / 1e3,
        first=ttft / 1e3 if (ttft := number(line["ttft_ms"])) else None,
    )


def step_data(found: list[ServedRow]) -> Data:
    """Seconds per step."""
    terms = [
        step_terms(row.work, row.accelerator, matrix_rate(row.accelerator, row.build), row.parallel, row.load)
        for row in found
    ]
    return _data(found, terms, [row.step for row in found])


def first_data(found: list[ServedRow]) -> Data:
    """Seconds to the first token of lone requests."""
    kept = [row for row in found if row.first and row.strategy == "synchronous"]
    terms = [
        first_token_terms(
            row.work,
            row.accelerator,
            matrix_rate(row.accelerator, row.build),
            row.parallel,
            row.load.prompt_tokens,
        )
        for row in kept
    ]
    return _data(kept, terms, [row.first for row in kept if row.first])


def _data(found: list[ServedRow], terms: list[tuple[float, ...]], times: list[float]) -> Data:
    return Data(
        terms=np.array(terms),
        times=np.array(times),
        devices=np.array([row.device for row in found]),
        families=np.array(["experts" if row.work.is_moe else "dense" for row in found]),
        experts=np.array([row.work.is_moe for row in found]),
    )
