"""Processors: SpareCores' CPU servers, with the memory bandwidth that the same servers were measured to have.

A virtual server's threads are hyperthreads: two per core. Instructions come from the processor's name.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import numpy as np

from bakeoff.catalog.builds import parse_build
from bakeoff.fit.speed.decode import processor_terms
from bakeoff.fit.speed.families import processor_family
from bakeoff.fit.speed.prefill import UBATCH, processor_prefill_terms
from bakeoff.fit.speed.work import SYSTEM, Work, of_file, whole
from bakeoff.fit.weights import build_weights
from bakeoff.hardware import processors
from bakeoff.hardware.machine import Processor
from bakeoff.units import GIB
from bakeoff.values import Estimate
from benchmarks.speed_model import Data
from benchmarks.speed_rows import CONTEXT, LEAST_WEIGHTS, architecture_of, lines

SERVER = re.compile(r"(.*) \((\d+) threads\)")
NAMES = (
    (re.compile(r"9R14|9V74|9B14|Genoa|9R45|9V45|9B45|Turin|9R05|4[23]45P"), "zen4"),
    (re.compile(r"7B1[23]|Milan|7R[13][23]|7T83|Rome|EPYC Processor|Haswell|Broadwell|v[34]"), "avx2"),
    (re.compile(r"Cascadelake"), "avx512vnni"),
    (re.compile(r"Skylake"), "avx512"),
)
"""Names that clouds give, which the table of processors does not know."""


@dataclass(frozen=True, slots=True)
class ServerRow:
    """One median over servers of a kind."""

    name: str
    processor: Processor
    model: str
    work: Work
    prompt: float | None
    generated: float | None
    prefill: float | None
    decode: float | None


@cache
def instructions(name: str) -> tuple[str, ...] | None:
    """Of a processor, by its name."""
    rule = processors.find(name)
    if rule is not None:
        return rule.instructions
    return next((processors.INSTRUCTIONS[kind] for pattern, kind in NAMES if pattern.search(name)), None)


def rows(folder: Path) -> list[ServerRow]:
    """All usable rows of models over a billion weights."""
    found = []
    for line in lines(folder):
        match = SERVER.fullmatch(line["hardware"])
        if line["backend"] != "CPU" or match is None or "SpareCores" not in line["source"]:
            continue
        kind = instructions(match.group(1))
        architecture = architecture_of(line["model"])
        if kind is None or "avx2" not in kind or architecture is None or not line["measured_mem_bw_gbs"]:
            continue
        weights = build_weights(architecture, parse_build(line["quant"]))
        generated = float(line["gen_len"]) if line["gen_len"] else None
        base = whole(architecture, weights, place=SYSTEM, depth_tokens=(generated or 0) / 2)
        work = of_file(base, float(line["weights_gib"]) * GIB / weights.file_bytes)
        if sum(part.dense_weights for part in work.parts) < LEAST_WEIGHTS:
            continue
        bandwidth = float(line["measured_mem_bw_gbs"]) * 1e9
        nothing = Estimate.exact(0, source="estimated")
        found.append(
            ServerRow(
                name=match.group(1).partition("@")[0].strip(),
                processor=Processor(
                    name=match.group(1),
                    cores=max(1, int(match.group(2)) // 2),
                    memory_total_bytes=nothing,
                    memory_usable_bytes=nothing,
                    bandwidth_bytes_per_second=Estimate.exact(bandwidth, source="measured"),
                    instructions=kind,
                ),
                model=line["model"],
                work=work,
                prompt=float(line["prompt_len"]) if line["prompt_len"] else None,
                generated=generated,
                prefill=float(line["prefill_tps"]) if line["prefill_tps"] else None,
                decode=float(line["decode_tps"]) if line["decode_tps"] else None,
            )
        )
    return found


def _data(rows: Iterable[ServerRow], terms: list[tuple[float, ...]], times: list[float]) -> Data:
    kept = list(rows)
    return Data(
        terms=np.array(terms),
        times=np.array(times),
        devices=np.array([row.name for row in kept]),
        families=np.array([processor_family(row.processor) for row in kept]),
        experts=np.zeros(len(kept), dtype=bool),
    )


def decode_data(found: list[ServerRow]) -> Data:
    """Times per token."""
    kept = [row for row in found if row.decode and (row.generated or 0) <= CONTEXT]
    terms = [processor_terms(row.work.parts[0], row.processor, 1.0) for row in kept]
    return _data(kept, terms, [1.0 / row.decode for row in kept if row.decode])


def prefill_data(found: list[ServerRow]) -> Data:
    """Times per prompt of 128 tokens or more."""
    kept = [row for row in found if row.prefill and row.prompt and 128 <= row.prompt <= CONTEXT]
    terms = [
        processor_prefill_terms(row.work.parts[0], row.work, row.processor, row.prompt or 0, 0.0, UBATCH)
        for row in kept
    ]
    return _data(kept, terms, [row.prompt / row.prefill for row in kept if row.prefill and row.prompt])
