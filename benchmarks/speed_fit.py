"""Fits the constants of `bakeoff.fit.speed` from measured speeds and says how far off they are elsewhere.

    python -m benchmarks.speed_fit [FOLDER] [--write]

FOLDER (default ../shared/data) holds measured_speed.csv. With --write the constants go to
src/bakeoff/fit/data/speed.json and the report to docs/measured/speed.md; rows go nowhere. Targets on devices that no
constant was fitted on, median error: decode dense 10 %, experts 18 %, offload 30 %, prefill 20 %; 80 % intervals hold
75 to 85 %.
"""

import argparse
import json
from collections.abc import Callable, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.fit.speed.constants import Spread
from bakeoff.fit.speed.decode import CacheCost, terms
from bakeoff.fit.speed.families import PARENTS
from bakeoff.fit.speed.prefill import prefill_terms
from benchmarks import speed_checks, speed_processors, speed_serving
from benchmarks.speed_model import (
    TAIL,
    Data,
    Floats,
    Residuals,
    coefficients,
    coverage,
    fit,
    fit_families,
    left_out,
    spread,
)
from benchmarks.speed_rows import (
    CONTEXT,
    DATA,
    FIT,
    LEAST_WEIGHTS,
    Row,
    bench,
    community,
    data_of,
    fastest,
    fits,
    of_experts,
    one_card,
    read,
)
from benchmarks.speed_tables import Report

ROOT = Path(__file__).resolve().parents[1]
CONSTANTS = ROOT / "src" / "bakeoff" / "fit" / "data" / "speed.json"
REPORT = ROOT / "docs" / "measured" / "speed.md"

DECODE_TERMS = ("stream", "instructions", "kernels", "expert layers", "delta layers", "step")
DECODE_LEAST = np.array([1.05, 0.0, 0.0, 0.0, 0.0, 0.0])
PREFILL_TERMS = ("matrices", "attention", "experts", "small experts", "stream", "step")
PREFILL_LEAST = np.array([0.0, 0.0, 0.0, 0.0, 1.05, 0.0, 0.0])
"""And one more term that is fitted and dropped: sorting on the host, which old builds did (`Row.sorts`)."""

PREFILL_BY_MAKER = (1, 2, 3, 6)
"""Terms that all families of a maker share: attention, experts, sorting. Few devices tell them."""


PROCESSOR_TERMS = ("stream", "instructions", "kernels", "barriers")
PROCESSOR_PREFILL_TERMS = ("operations", "stream", "kernels", "ceiling")
SERVING_TERMS = ("stream", "cache", "arithmetic", "exchange", "step", "sequences", "layers", "expert layers")
BIG_WEIGHTS = 1.5e9
"""Models from about two billion parameters: what the targets are about."""

Families = dict[str, dict[str, Any]]


def weights_of(row: Row) -> float:
    """Weights that a token multiplies, experts not counted."""
    return sum(part.dense_weights + part.expert_weights for part in row.work(0).parts)


def decode_rows(folder: Path, report: Report) -> list[Row]:
    """Rows for decoding on accelerators."""
    rows, lost = bench(folder)
    short = [row for row in rows if not row.depth and (row.generated or 128) <= CONTEXT and "mtp" not in row.note]
    found = fastest(short, lambda row: row.decode)
    others, lost_others = community(folder)
    found += [row for row in fastest(others, lambda row: row.decode) if fits(row)]
    found += [row for row in of_experts() if row.decode]
    reasons = ", ".join(f"{count} {reason}" for reason, count in (lost + lost_others).most_common())
    report.say(
        f"Decode: {len(rows) + len(others)} usable rows, of which {len(found)} remain as the fastest of repeats at "
        f"short contexts. Not usable: {reasons}."
    )
    return found


def decode_data(rows: Sequence[Row], cost: CacheCost) -> Data:
    """Terms and times per token."""
    found = []
    for row in rows:
        work = row.work(row.mean_depth)
        found.append(terms(work.parts[0], row.machine.accelerators[0], work.expert_share, cost))
    return data_of(rows, found, [1.0 / (row.decode or 1.0) for row in rows])


def prefill_rows(folder: Path) -> list[Row]:
    """Rows for prompts: up to 2,100 tokens without depth; longer ones of experts, and any with depth, for the cost of
    attention.
    """
    rows, _ = bench(folder)
    kept = [row for row in rows if (row.prompt or 512) <= CONTEXT and weights_of(row) > LEAST_WEIGHTS]
    kept += of_experts()
    return [row for row in fastest(kept, lambda row: row.prefill) if (row.prompt or 512) >= 16]


def prefill_data(rows: Sequence[Row]) -> Data:
    """Terms and times per prompt."""
    found, times = [], []
    for row in rows:
        tokens = row.prompt or 512
        work = row.work(row.depth)
        terms_ = prefill_terms(work.parts[0], work, row.machine.accelerators[0], tokens, row.depth, row.ubatch)
        found.append((*terms_, row.sorts(tokens)))
        times.append(tokens / (row.prefill or 1.0))
    return data_of(rows, found, times)


def cache_cost(folder: Path) -> CacheCost:
    """What a byte of the cache costs beside one of the weights: from kyuz0 and ggml-org at depths up to 65,536.

    Per series the time that depth adds, over bytes by bandwidth times the family's `stream`; the median.
    """
    rows, _ = read(folder, lambda line, source: source in ("kyuz0", "ggml-org") and one_card(line))
    series: dict[tuple[object, ...], list[Row]] = {}
    for row in rows:
        if row.decode:
            series.setdefault((row.device, row.model, row.build, row.note), []).append(row)
    plain, latent = [], []
    stream = 1.2  # of systems on a chip, on which all of these were measured
    for group in series.values():
        low, high = min(group, key=lambda row: row.depth), max(group, key=lambda row: row.depth)
        if high.depth < 8192:
            continue
        shallow, deep = low.work(low.mean_depth).parts[0], high.work(high.mean_depth).parts[0]
        bandwidth = low.machine.accelerators[0].bandwidth_bytes_per_second
        assert bandwidth is not None
        added = (1 / (high.decode or 1) - 1 / (low.decode or 1)) * bandwidth.value / stream
        kind = latent if deep.latent_bytes else plain
        kind.append(added / (deep.cache_bytes + deep.latent_bytes - shallow.cache_bytes - shallow.latent_bytes))
    return CacheCost(round(float(np.median(plain)), 2), round(float(np.median(latent)), 2))


def accelerator_kind(
    report: Report,
    name: str,
    data: Data,
    rows: Sequence[Row],
    parents: dict[str, str],
    least: Floats,
    by_maker: Sequence[int] = (),
) -> Families:
    """Fit, cross-validate and report one kind of speed on accelerators."""
    fitted = np.array([weights_of(row) > LEAST_WEIGHTS for row in rows])
    big = np.array([weights_of(row) > BIG_WEIGHTS or row.is_moe for row in rows])
    kept = data.only(fitted)
    found = fit_families(kept, parents, least, by_maker)
    predicted = np.zeros(len(rows))
    predicted[fitted] = left_out(kept, parents, least, kept.devices.tolist(), by_maker)
    for i in np.flatnonzero(~fitted):
        predicted[i] = data.terms[i] @ coefficients(found, str(data.families[i]), parents)
    strange = left_out(kept, parents, least, kept.families.tolist(), by_maker)
    names = DECODE_TERMS if name == "Decode" else PREFILL_TERMS
    shipped = {family: values[: len(names)] for family, values in found.items()}
    kinds = spreads(kept, predicted[fitted], strange, parents, shipped)
    sources = np.array([row.source for row in rows])
    deep = np.array([row.depth > 0 or (row.prompt or 0) > CONTEXT for row in rows])
    tests: list[tuple[str, Any]] = [
        ("dense, llama-bench protocol", big & ~data.experts & ~deep & (sources != "community")),
        ("dense, llmfit bench", big & ~data.experts & (sources == "community")),
        ("experts", data.experts & ~deep),
        ("from 4,096 tokens, or after them, dense", deep & ~data.experts),
        ("from 4,096 tokens, or after them, experts", deep & data.experts),
        ("dense, 1 to 1.5 billion", fitted & ~big),
        ("dense, below 1 billion (not fitted)", ~fitted),
    ]
    report.table(f"{name}: error on left-out devices", data, predicted, tests)
    report.table(
        f"{name}, dense, llama-bench protocol, by family",
        data,
        predicted,
        [(family, tests[0][1] & (data.families == family)) for family in sorted(set(data.families.tolist()))],
    )
    report.table(
        f"{name}: whole sources left out",
        kept,
        left_out(kept, parents, least, sources[fitted].tolist(), by_maker),
        [(f"{source}, {kind}", (sources[fitted] == source) & (kept.experts == moe))
         for source in (*FIT, "community") for kind, moe in (("dense", False), ("experts", True))],
    )  # fmt: skip
    report.table(f"{name}: whole families left out (a device of a kind that was never seen)", kept, strange,
                 [("dense", ~kept.experts), ("experts", kept.experts)])  # fmt: skip
    report.say(covered(name, kept, predicted[fitted], strange))
    return kinds


def residuals(data: Data, predicted: Floats, strange: Floats, which: Any) -> Residuals:
    """Of one sort of rows."""
    return Residuals(predicted / data.times, strange / data.times, data.devices, data.families).only(which)


def covered(name: str, data: Data, predicted: Floats, strange: Floats) -> str:
    """A sentence."""
    parts = []
    for sort, which in (("dense", ~data.experts), ("experts", data.experts)):
        if which.any():
            mean, all_rows = coverage(residuals(data, predicted, strange, which))
            parts.append(f"{mean:.0%} of a device's {sort} rows on average ({all_rows:.0%} of all rows)")
    return f"{name}: 80 % intervals made without the device hold {' and '.join(parts)}."


def spreads(
    data: Data, predicted: Floats, strange: Floats, parents: dict[str, str], found: dict[str, Floats]
) -> Families:
    """Constants of every family with their intervals; those without rows get the error of left-out families."""
    made: Families = {}
    for family in sorted({*parents, *parents.values()}):
        own = data.families == family
        row: dict[str, Any] = {"coefficients": _short(coefficients(found, family, parents))}
        for name, which in (("dense", ~data.experts), ("experts", data.experts)):
            use = which if which.any() else np.ones(len(data.times), dtype=bool)
            row[name] = _pair(residuals(data, predicted, strange, use).interval(family))
        if not (data.experts & own).any():
            row["experts"] = [min(row["dense"][0], row["experts"][0]), max(row["dense"][1], row["experts"][1])]
        row["devices"], row["rows"] = len(set(data.devices[own].tolist())), int(own.sum())
        made[family] = row
    return made


def _short(values: Floats) -> list[float]:
    return [float(f"{value:.4g}") for value in values]


def _pair(found: Spread) -> list[float]:
    return [round(found.low, 3), round(found.high, 3)]


def plain_kind(
    report: Report, name: str, data: Data, least: Floats, tests: Callable[[Data], list[tuple[str, Any]]]
) -> Families:
    """Processors and serving: families that have no parents but all together."""
    names = sorted(set(data.families.tolist()))
    parents = dict.fromkeys(names, "any")
    found = fit_families(data, parents, least)
    predicted = left_out(data, parents, least, data.devices.tolist())
    report.table(f"{name}: error on left-out devices", data, predicted, tests(data))
    strange = left_out(data, parents, least, data.families.tolist())
    report.say(covered(name, data, predicted, strange))
    return spreads(data, predicted, strange, parents, found)


def kind(terms_: Sequence[str], families: Families, data: Data, **extra: Any) -> dict[str, Any]:
    """One part of the constants' file."""
    return {
        "terms": list(terms_),
        "rows": len(data.times),
        "devices": len(set(data.devices.tolist())),
        "extra": extra,
        "families": families,
    }


def serving_kind(folder: Path, report: Report) -> dict[str, Any]:
    """Of vLLM and SGLang: dense from SpareCores, experts from InferenceX."""
    dense = [row for row in speed_serving.rows(folder, "SpareCores") if row.strategy != "throughput"]
    other = speed_serving.rows(folder, "InferenceX")
    moe = [row for row in other if row.work.is_moe and row.load.sequences <= speed_serving.MOST_SEQUENCES]
    families: Families = {}
    for name, rows in (("dense", dense), ("experts", moe)):
        data = speed_serving.step_data(rows)
        least = speed_serving.STEP_LEAST
        by = data.devices.tolist() if name == "dense" else [row.model for row in rows]
        predicted = left_out(data, {}, least, by)
        alone = np.array([row.load.sequences < 1.5 for row in rows])
        many = np.array([row.load.sequences > 16 for row in rows])
        together = np.array([row.parallel > 1 for row in rows])
        report.table(
            f"Serving, {name}, seconds per step: error on left-out {'devices' if name == 'dense' else 'models'}",
            data, predicted,
            [("all", data.times > 0), ("one sequence", alone), ("over 16 sequences", many),
             ("one device", ~together), ("tensor parallel", together)],
        )  # fmt: skip
        own = np.ones(len(rows), dtype=bool)
        found = spread(predicted / data.times, own, by, TAIL)
        families[name] = {
            "coefficients": _short(fit(data.terms, data.times, data.weights(), least)),
            "dense": _pair(found),
            "experts": _pair(found),
            "devices": len(set(data.devices.tolist())),
            "rows": len(rows),
        }
    check = [row for row in other if not row.work.is_moe]
    data = speed_serving.step_data(check)
    report.table(
        "Serving, dense, InferenceX (FP8 and 16 bit; not fitted on)",
        data,
        data.terms @ np.array(families["dense"]["coefficients"]),
        [(model, np.array([row.model == model for row in check])) for model in sorted({row.model for row in check})],
    )
    first = speed_serving.first_data(dense)
    zero = np.zeros(first.terms.shape[1])
    report.table("Serving, seconds to the first token of a lone request", first,
                 left_out(first, {}, zero, first.devices.tolist()), [("all", first.times > 0)])  # fmt: skip
    families["any"] = families["dense"]
    extra = {
        "first_token": _short(fit(first.terms, first.times, first.weights(), zero)),
        "slots": [0.5, 2.0],
    }
    return kind(SERVING_TERMS, families, speed_serving.step_data(dense + moe), **extra)


def main() -> None:
    """Fit, check, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=DATA)
    parser.add_argument("--write", action="store_true", help="write the constants and the report")
    options = parser.parse_args()
    folder, report = options.folder, Report()

    cost = cache_cost(folder)
    report.say(f"A byte of cache costs {cost.plain} bytes of weights, of a compressed one (MLA) {cost.latent}.")
    rows = decode_rows(folder, report)
    data = decoding = decode_data(rows, cost)
    families = accelerator_kind(report, "Decode", data, rows, PARENTS["decode"], DECODE_LEAST)
    split = speed_checks.split(folder)
    whole: dict[str, Any] = {"as_of": date.today().isoformat(), "written_by": "benchmarks/speed_fit.py"}
    whole["sources"] = sorted({row.source for row in rows})
    extra = {"cache_cost": cost.plain, "latent_cost": cost.latent, **split, "mlx": speed_checks.mlx(folder)}
    whole["decode"] = kind(DECODE_TERMS, families, data, **extra)

    prompts = prefill_rows(folder)
    data = prefill_data(prompts)
    families = accelerator_kind(report, "Prefill", data, prompts, PARENTS["prefill"], PREFILL_LEAST, PREFILL_BY_MAKER)
    whole["prefill"] = kind(PREFILL_TERMS, families, data)

    servers = speed_processors.rows(folder)
    tests: Callable[[Data], list[tuple[str, Any]]] = lambda d: [  # noqa: E731
        ("all", d.times > 0), *((name, d.families == name) for name in sorted(set(d.families.tolist())))
    ]  # fmt: skip
    data = speed_processors.decode_data(servers)
    least = np.array([1.05, 0.0, 0.0, 0.0])
    families = plain_kind(report, "Processor, decode", data, least, tests)
    whole["processor_decode"] = kind(PROCESSOR_TERMS, families, data)
    data = speed_processors.prefill_data(servers)
    least = np.array([0.0, 1.0, 0.0, 0.0])
    families = plain_kind(report, "Processor, prefill", data, least, tests)
    whole["processor_prefill"] = kind(PROCESSOR_PREFILL_TERMS, families, data)
    whole["serving"] = serving_kind(folder, report)

    whole["decode"]["extra"]["after_measurement"] = [0.9, 1.1]
    speed_checks.with_offload(folder, whole, report)
    whole["serving"]["extra"]["slots"] = speed_checks.slots(folder, report)
    whole["decode"]["extra"]["in_use"] = speed_checks.held_out(folder, report)
    whole["decode"]["extra"]["after_measurement"] = speed_checks.after_measurement(
        rows, decoding, DECODE_LEAST, whole, report
    )
    if options.write:
        CONSTANTS.parent.mkdir(exist_ok=True)
        CONSTANTS.write_text(json.dumps(whole, indent=1) + "\n", encoding="utf-8")
        report.write(REPORT)


if __name__ == "__main__":
    main()
