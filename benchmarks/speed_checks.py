"""What the shipped functions say where nothing, or something else, was fitted: offload, splits, held-out sources,
other builds after a measurement.
"""

import copy
import re
from collections import defaultdict
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.fit.measure import Measured, calibrate
from bakeoff.fit.speed import constants
from bakeoff.fit.speed.decode import decode_seconds, decode_speed
from bakeoff.fit.speed.families import PARENTS
from bakeoff.fit.speed.prefill import prefill_speed
from bakeoff.fit.speed.serving import slots_seconds
from bakeoff.fit.speed.work import SYSTEM, Work, placed
from bakeoff.values import Estimate
from benchmarks.speed_model import Data, Floats, coefficients, fit_families
from benchmarks.speed_rows import (
    CONTEXT,
    LEAST_WEIGHTS,
    Row,
    community,
    data_of,
    fastest,
    fits,
    lines,
    one_card,
    read,
    usable,
)
from benchmarks.speed_tables import Report

RESERVE_BYTES = 1.2e9
"""What a card needs beside weights: cache for 4,096 tokens, compute buffer."""


IN_USE = tuple(1 + step / 10 for step in range(31))
"""Powers that are tried for intervals of machines in use."""


def split(folder: Path) -> dict[str, float]:
    """Microseconds that a layer split over several cards adds: per kernel, and per further card.

    From SpareCores' servers with 1 to 8 equal cards, against the same model on one; least squares of the difference.
    """

    def several(line: dict[str, str], source: str) -> bool:
        alone = {**line, "gpu_count": "1"}
        return source == "SpareCores" and line["engine"] == "llama.cpp" and one_card(alone) and line["decode_tps"] != ""

    rows, _ = read(folder, several)
    best: dict[tuple[Any, ...], float] = {}
    for row in rows:
        key = (row.device, row.model, row.generated, row.cards)
        best[key] = max(best.get(key, 0.0), row.decode or 0.0)
    works = {(row.device, row.model): row.work(0.0) for row in rows}
    kernels = []
    for (device, model, generated, count), speed in best.items():
        alone = best.get((device, model, generated, 1))
        if count == 1 or not alone or (generated or 0) > 512:
            continue
        added = 1e6 * (1 / speed - 1 / alone)
        kernels.append((added, sum(part.kernels for part in works[device, model].parts), count - 1))
    added_, kernels_, hops = (np.array(column, dtype=float) for column in zip(*kernels, strict=True))
    solved, *_ = np.linalg.lstsq(np.stack([kernels_, hops], 1), added_, rcond=None)
    return {"split_kernel": round(float(max(solved[0], 0.0)), 2), "card_hop": round(float(max(solved[1], 0.0)), 1)}


def mlx(folder: Path) -> float:
    """Speed of MLX (4 bit) over llama.cpp (Q4_K_M) on the same Mac and model, from `llmfit bench`; the median."""
    speeds: dict[tuple[str, str], dict[str, float]] = defaultdict(dict)
    for line in lines(folder):
        if line["engine"] in ("mlx", "llamacpp") and line["note"].startswith("llmfit bench") and line["decode_tps"]:
            name = re.sub(r"-(4bit|mlx|mxfp4-q4)", "", line["model"])
            speeds[line["hardware"], name][line["engine"]] = float(line["decode_tps"])
    ratios = [pair["mlx"] / pair["llamacpp"] for pair in speeds.values() if len(pair) == 2]
    return round(float(np.median(ratios)), 3)


def slots(folder: Path, report: Report) -> list[float]:
    """The interval of llama.cpp with 2 to 32 sequences: ggml-org's batched runs, which are of one machine and of
    mixtures of experts, and therefore as wide again.
    """
    found = []
    for line in lines(folder):
        if "batched-bench" in line["note"] and line["concurrency"] != "1":
            row, _ = usable(line, "ggml-org")
            if row is not None and row.decode:
                work = row.work((row.prompt or 512) + (row.generated or 32) / 2)
                found.append((row, slots_seconds(work, row.machine, row.sequences)))
    seconds = np.array([second for _, second in found])
    data = data_of([row for row, _ in found], seconds[:, None], [1 / (row.decode or 1) for row, _ in found])
    few = np.array([row.sequences <= 4 for row, _ in found])
    report.table("llama.cpp with several sequences (nothing fitted on it)", data, seconds,
                 [("2 and 4", few), ("8 to 32", ~few)])  # fmt: skip
    low, high = np.exp(np.quantile(np.log(seconds / data.times), [0.1, 0.9]))
    return [round(float(min(low, 1 / 1.1) / 1.2), 3), round(float(max(high, 1.1) * 1.2), 3)]


def offloaded(row: Row) -> Work | None:
    """The row's model as llama.cpp lays it by itself: experts to the processor first, else whole layers; None where
    it all fits.
    """
    room = row.machine.accelerators[0].memory_usable_bytes.value - RESERVE_BYTES
    n = row.architecture.n_layers
    sizes = [run for run in row.weights.blocks for _ in range(run.count)]
    used = sum(size.dense_bytes + size.expert_bytes for size in sizes) + row.weights.head_bytes
    layers, experts = [0] * n, [0] * n
    for i, size in enumerate(sizes):
        if used <= room:
            break
        if row.is_moe:
            if size.expert_bytes:
                experts[i], used = SYSTEM, used - size.expert_bytes
        else:
            layers[i] = experts[i] = SYSTEM
            used -= size.dense_bytes
    if SYSTEM not in experts:
        return None
    return placed(row.architecture, row.weights, layers=layers, experts=experts, depth_tokens=row.mean_depth)


def with_offload(folder: Path, whole_: dict[str, Any], report: Report) -> None:
    """Fits the price of a crossing, then checks offload; both go into the constants."""
    rows, _ = community(folder)
    cards = [row for row in fastest(rows, lambda row: row.decode) if not row.machine.accelerators[0].unified]
    split_rows = [(row, work) for row in cards if not fits(row) and (work := offloaded(row)) is not None]
    best, least = 0.0, np.inf
    extra = whole_["decode"]["extra"]
    for hop in (0, 25, 50, 100, 150, 200, 300, 400, 600, 800):
        extra["system_hop"], extra["offload"] = hop, [0.5, 2.0]
        whole_["prefill"]["extra"]["offload"] = [0.4, 2.5]
        constants.use(whole_)
        errors = [abs(np.log(decode_seconds(work, row.machine) * (row.decode or 1))) for row, work in split_rows]
        if (total := float(np.median(errors))) < least:
            best, least = float(hop), total
    extra["system_hop"] = best
    constants.use(whole_)
    seconds = np.array([decode_seconds(work, row.machine) for row, work in split_rows])
    data = data_of([row for row, _ in split_rows], seconds[:, None], [1 / (row.decode or 1) for row, _ in split_rows])
    report.table(
        "Offload, decode (llmfit bench; the processor is not stated, so the usual one of the card's time is assumed)",
        data,
        seconds,
        [("dense", ~data.experts), ("experts", data.experts), ("all", data.times > 0)],
    )
    logs = np.log(seconds / data.times)
    low, high = np.exp(np.quantile(logs, [0.08, 0.92]))
    extra["offload"] = [round(float(min(low, 0.75)), 3), round(float(max(high, 1.33)), 3)]
    whole_["prefill"]["extra"]["offload"] = [round(extra["offload"][0] * 0.8, 3), round(extra["offload"][1] * 1.25, 3)]
    constants.use(whole_)


def held_out(folder: Path, report: Report) -> float:
    """Sources that were never fitted on, through the public functions: localmaxxing, geerlingguy, LocalScore. Returns
    how much wider intervals are for machines in use (`_in_use`).
    """

    def keep(line: dict[str, str], source: str) -> bool:
        if source not in ("localmaxxing", "geerlingguy", "LocalScore") or "mtp" in line["note"]:
            return False
        if line["model"] == "qwen3.6-27b" and "gpuLayers=28" in line["note"]:
            return False  # filed under a wrong model: up to 521 tokens per second
        if line["note"].startswith("Pi ") or "Optiplex" in line["note"]:
            return False  # a card on one lane of PCI Express
        engine = line["engine"] in ("llama.cpp", "ollama/llama.cpp", "llamafile/localscore")
        return engine and one_card({**line, "engine": "llama.cpp"}) and line["quant"] != ""

    rows, lost = read(folder, keep)
    report.say(f"Held-out sources: {len(rows)} rows could be used, {sum(lost.values())} not.")
    found = []
    for row in rows:
        depth = (row.prompt or 0) + (row.generated or 128) / 2
        work = row.work(depth)
        speed = decode_speed(work, row.machine)
        if speed is None or not row.decode or not fits(row):
            continue
        bandwidth = row.machine.accelerators[0].bandwidth_bytes_per_second
        if bandwidth is None or row.decode * work.read_bytes > bandwidth.value:
            continue  # faster than the memory: another model, or several tokens at a time
        found.append((row, speed, depth))
    data = data_of(
        [row for row, _, _ in found],
        [[1 / speed.value] for _, speed, _ in found],
        [1 / (row.decode or 1) for row, _, _ in found],
    )
    predicted = data.terms[:, 0]
    source = np.array([row.source for row, _, _ in found])
    deep = np.array([depth > CONTEXT for _, _, depth in found])
    groups = [
        (f"{name}, {kind}, {where}", (source == name) & (data.experts == moe) & (deep == far))
        for name in ("localmaxxing", "geerlingguy", "LocalScore")
        for kind, moe in (("dense", False), ("experts", True))
        for where, far in (("short context", False), ("2,100 to 131,072 tokens", True))
    ]
    report.table("Decode, sources that nothing was fitted on (self-reported; other engines' wrappers too)", data,
                 predicted, groups)  # fmt: skip
    power = _in_use([(row, speed) for row, speed, depth in found if _is_large(row.work(depth))], report)
    _held_out_prefill(rows, report)
    return power


def _is_large(work: Work) -> bool:
    return sum(part.dense_weights + part.expert_weights for part in work.parts) > LEAST_WEIGHTS


def _in_use(found: Sequence[tuple[Row, Estimate]], report: Report) -> float:
    """By which power of its ends an interval holds 80 % of what people report: mean over their devices.

    Found on all three sources; the report says how it does on each when it is found on the other two.
    """

    def held(sources: Sequence[str], power: float) -> float:
        hits: dict[str, list[bool]] = defaultdict(list)
        for row, speed in found:
            if row.source in sources and row.decode:
                low, high = (end / speed.value for end in (speed.low, speed.high))
                hits[f"{row.source} {row.device}"].append(low**power <= row.decode / speed.value <= high**power)
        return float(np.mean([np.mean(each) for each in hits.values()]))

    def least(sources: Sequence[str]) -> float:
        return next((power for power in IN_USE if held(sources, power) >= 0.8), IN_USE[-1])

    names = sorted({row.source for row, _ in found})
    power = least(names)
    others = [(name, [one for one in names if one != name]) for name in names]
    each = ", ".join(f"{held([name], least(rest)):.0%} of {name}'s devices" for name, rest in others)
    machines = len({(row.source, row.device) for row, _ in found})
    report.say(
        f"Of models over a billion weights, the 80 % intervals hold {held(names, 1.0):.0%} of what people report of "
        f"their own machines (mean over the {machines} devices). With their ends to the power {power:g} they hold "
        f"{held(names, power):.0%}. Found on two of the sources and checked on the third, they hold {each}."
    )
    return power


def _held_out_prefill(rows: Sequence[Row], report: Report) -> None:
    found = []
    for row in rows:
        if row.prefill and row.prompt and row.prompt >= 64 and fits(row):
            speed = prefill_speed(row.work(0.0), row.machine, row.prompt)
            if speed is not None:
                found.append((row, speed))
    data = data_of(
        [row for row, _ in found],
        [[1 / speed.value] for _, speed in found],
        [1 / (row.prefill or 1) for row, _ in found],
    )
    report.table(
        "Prefill, sources that nothing was fitted on", data, data.terms[:, 0],
        [(f"localmaxxing, {kind}", data.experts == moe) for kind, moe in (("dense", False), ("experts", True))],
    )  # fmt: skip


def after_measurement(
    rows: Sequence[Row], data: Data, least: Floats, whole: dict[str, Any], report: Report
) -> list[float]:
    """One row of a machine is taken as the measurement; its other builds are predicted, with constants that were
    fitted without the machine. Returns the interval of speeds over predictions afterwards.
    """
    large = np.array([sum(part.dense_weights for part in row.work(0).parts) > 1e9 for row in rows])
    by: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for row, use in zip(rows, large, strict=True):
        if row.source != "XiongjieDai" and not row.is_moe and use:  # Xiongjie's few rows span a year of builds
            by[row.device, row.source].append(row)
    before, after, ratios = [], [], []
    parents = PARENTS["decode"]
    for (device, _), group in by.items():
        if len({(row.model, row.build) for row in group}) < 3:
            continue
        found = fit_families(data.only(large & (data.devices != device)), parents, least)
        changed = copy.deepcopy(whole)
        for name, family in changed["decode"]["families"].items():
            family["coefficients"] = coefficients(found, name, parents).tolist()
        constants.use(changed)
        first, second = [], []
        for taken in group[:: max(1, len(group) // 12)]:
            scale = calibrate(taken.machine, [Measured(taken.work(taken.mean_depth), taken.decode)])
            for row in group:
                if (row.model, row.build) != (taken.model, taken.build):
                    work, speed = row.work(row.mean_depth), row.decode or 1.0
                    first.append(abs(1 / decode_seconds(work, row.machine) / speed - 1))
                    ratio = speed * decode_seconds(work, row.machine, scale=scale)
                    second.append(abs(1 / ratio - 1))
                    ratios.append(ratio)
        before.append(float(np.median(first)))
        after.append(float(np.median(second)))
    constants.use(whole)
    report.say(
        "## After one measurement on a machine\n\n"
        f"{len(after)} machines with three or more dense builds over a billion weights: each row in turn is taken as "
        "the measurement and the others are predicted, with constants that never saw the machine. Median over "
        f"machines of the median error: {np.median(before):.1%} before, {np.median(after):.1%} after; 80th percentile "
        f"of machines {np.quantile(after, 0.8):.1%}."
    )
    low, high = np.quantile(ratios, [0.1, 0.9])
    return [round(float(low), 3), round(float(high), 3)]
