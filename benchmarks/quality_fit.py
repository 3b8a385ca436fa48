"""Fits the constants of `bakeoff.fit.quality` from published measurements of quantized models.

    python -m benchmarks.quality_fit [FOLDER] [--write]

FOLDER (default ../shared/data) holds quant_quality.csv. With --write the constants go to
src/bakeoff/fit/data/quality.json and the report to docs/measured/quality.md.

1. Divergence by build: Llama-3-8B, llama.cpp's perplexity README, with an importance matrix where there is such a row:
   that is what publishers upload. Types that it lacks are put on the line of log divergence over bits per weight.
2. Points per divergence: the same builds' MMLU on Llama-3-8B-Instruct (matt-c1).
3. The power of size: pairs of a small and a large model by the same method.
4. The typical model: Llama-3-8B loses more than others; the median over models of what they lose against it.
5. Formats without divergence (FP8, AWQ, NVFP4, MXFP4): accuracy losses (AutoRound, Model-Optimizer) turned back.
6. Spread: how far the whole then is off on everything that was not used for 1 and 2. AutoRound's tuned files do not
   count: such are rarely published; its files rounded in llama.cpp's way (opt-rtn) do.
"""

import argparse
import csv
import json
import math
import re
from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path

import numpy as np
from scipy.optimize import least_squares

from bakeoff.catalog.builds import GGUF, MLX, SAFETENSORS, Build

ROOT = Path(__file__).resolve().parents[1]
DATA = ROOT / ".." / "shared" / "data"
CONSTANTS = ROOT / "src" / "bakeoff" / "fit" / "data" / "quality.json"
REPORT = ROOT / "docs" / "measured" / "quality.md"

REFERENCE = "Llama-3-8B"
REFERENCE_PARAMETERS = 8.03e9
CHANCE = 25.0
"""Four choices."""

SIZES = {
    "LLaMa-3-8B-Instruct": 8.03, "Llama-3.1-8B": 8.03, "Llama3.1-8B-I": 8.03, "llama3.1-8B-Instruct": 8.03,
    "Llama-3.1-8B-Instruct": 8.03, "Llama-3-8B-Instruct": 8.03, "Llama-3-70B-Instruct": 70.6,
    "Llama-3.1-70B-Instruct": 70.6, "Llama-2-7B": 6.74, "Qwen2.5-7B-Instruct": 7.62, "Qwen2.5-7B-I": 7.62,
    "Qwen2-7.5-Instruct": 7.62, "Qwen3-8B": 8.19, "Qwen3-30B-A3B": 30.5, "Qwen3-32B": 32.8, "Phi4": 14.7,
}  # fmt: skip
"""Billions of parameters, by the data pack's name."""

BASE_MMLU = {"Llama-3.1-8B-Instruct": 69.4, "Llama-3.1-70B-Instruct": 83.6, "Llama-3-70B-Instruct": 81.0}
"""Unquantized MMLU where losses are given in per cent of it, or without it (Meta's model cards; the last is Q5_K_M's
80.82 and its expected loss)."""

BITS = {
    "Q8_0": 8.5, "Q6_K": 6.57, "Q5_K_M": 5.70, "Q5_K_S": 5.57, "Q4_K_M": 4.90, "Q4_K_S": 4.68, "IQ4_NL": 4.65,
    "IQ4_XS": 4.43, "Q3_K_L": 4.31, "Q3_K_M": 4.00, "IQ3_M": 3.78, "IQ3_S": 3.66, "Q3_K_S": 3.65, "IQ3_XS": 3.51,
    "IQ3_XXS": 3.26, "Q2_K": 3.17, "Q2_K_S": 3.0, "IQ2_M": 2.93, "IQ2_S": 2.74, "IQ2_XS": 2.60, "IQ2_XXS": 2.40,
    "IQ1_M": 2.15, "IQ1_S": 2.01, "TQ2_0": 2.06, "TQ1_0": 1.69,
}  # fmt: skip
"""Bits per weight of Llama-3-8B's file, embedding and head included."""

LIKE = {
    "Q6_K_L": "Q6_K", "Q5_K_L": "Q5_K_M", "Q4_K_L": "Q4_K_M", "Q3_K_XL": "Q3_K_L", "Q2_K_L": "Q2_K",
    "UD-Q8_K_XL": "Q8_0", "UD-Q6_K_XL": "Q6_K", "UD-Q5_K_XL": "Q5_K_M", "UD-Q4_K_XL": "Q4_K_M",
    "UD-Q3_K_XL": "Q3_K_L", "UD-Q2_K_XL": "IQ3_XXS", "UD-IQ3_XXS": "IQ3_XXS", "UD-IQ2_M": "IQ2_M",
    "UD-IQ2_XXS": "IQ2_XXS", "UD-IQ1_M": "IQ1_M", "UD-IQ1_S": "IQ1_S",
}  # fmt: skip
"""Builds with other tensors raised: taken as the type that most tensors have. Almost nothing is measured of them; the
one row there is (Qwen3-30B-A3B, UD-Q4_K_XL) is worse than Q4_K_M, not better. UD-Q2_K_XL has Q3-sized attention."""

MLX_LIKE = {"8bit": ("Q8_0", 1.0), "6bit": ("Q6_K", 1.3), "5bit": ("Q5_0", 1.0), "4bit": ("Q4_1", 1.0),
            "3bit": ("Q3_K_S", 1.3), "2bit": ("Q2_K_S", 3.0), "mxfp4": ("Q4_0", 1.3)}  # fmt: skip
"""MLX rounds to the nearest in groups of 64 with scale and offset, like llama.cpp's Q4_1 and Q5_1 with larger groups.
Nothing is measured; the interval says so."""

ALSO_LIKE = {"AWQ": ("Q4_0", "Q4_K_S")}
"""Two rows of one vendor are all there is on AWQ; the types of llama.cpp with as many bits stand beside them."""

TUNED = re.compile(r"q[234]k[sm]")
CLEAR = 1.0
"""Points: smaller expected losses cannot be told from the noise of the accuracy tables."""

BELOW_FLOOR = 0.1
"""Points: accuracy losses smaller than this are noise of the benchmark."""


def rows(folder: Path) -> list[dict[str, str]]:
    """All rows."""
    with (folder / "quant_quality.csv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def reference_divergence(found: Sequence[dict[str, str]]) -> dict[str, float]:
    """Llama-3-8B by type, with an importance matrix where measured."""
    plain: dict[str, float] = {}
    better: dict[str, float] = {}
    for row in found:
        if row["metric"] == "kld_mean" and row["model"] == REFERENCE:
            name, _, matrix = row["quant"].partition(" imatrix ")
            (better if matrix == "WT 10m" else plain).setdefault(name, float(row["value"]))
    return plain | better


def mmlu(found: Sequence[dict[str, str]], model: str) -> dict[str, float]:
    """Best MMLU by type: some types stand twice, the second time for another engine's format of the same bits."""
    best: dict[str, float] = {}
    for row in found:
        if row["metric"] == "mmlu_pct" and row["model"] == model:
            best[row["quant"]] = max(best.get(row["quant"], 0.0), float(row["value"]))
    return best


def fit_points(nats: dict[str, float], scores: dict[str, float], base: float) -> tuple[float, float, list[str]]:
    """Headroom and rate, and the table of what they say."""
    names = [name for name in nats if name in scores]
    x = np.array([nats[name] for name in names])
    y = np.array([base - scores[name] for name in names])
    headroom = base - CHANCE
    solved = least_squares(lambda p: (headroom * (1 - np.exp(-p[0] * x)) - y) / (0.3 + 0.1 * np.abs(y)), [0.7],
                           loss="soft_l1")  # fmt: skip
    rate = float(solved.x[0])
    lines = ["| type | divergence | points lost | by the formula |", "|---|--:|--:|--:|"]
    for name, nat, points in sorted(zip(names, x, y, strict=True), key=lambda one: one[1]):
        lines.append(f"| {name} | {nat:.4f} | {points:.1f} | {headroom * (1 - math.exp(-rate * nat)):.1f} |")
    return headroom, rate, lines


AVERAGES = ("acc_average", "acc_avg5", "acc_avg")
Loss = tuple[str, str, float, float]
"""Model, method (build's name where it is one), billions of parameters, points."""


def losses(found: Sequence[dict[str, str]]) -> list[Loss]:
    """Points lost in accuracy tables, everywhere but on the model that points were fitted on."""
    made: list[Loss] = []
    for row in found:
        model, metric, value = row["model"], row["metric"], float(row["value"]) if row["value"] else math.nan
        size = SIZES.get(model)
        if size is None:
            continue
        if metric == "mmlu_loss_pct":
            made.append((model, row["quant"], size, value / 100 * BASE_MMLU[model]))
        elif metric == "mmlu_pct" and model == "Llama-3-70B-Instruct":
            made.append((model, row["quant"], size, BASE_MMLU[model] - value))
        elif metric in AVERAGES and row["baseline"] and "BF16" not in row["quant"].upper():
            made.append((model, row["quant"], size, 100 * (float(row["baseline"]) - value)))
    return made


METHODS = (
    (re.compile(r"FP8"), "FP8"),
    (re.compile(r"INT4 AWQ"), "AWQ"),
    (re.compile(r"NVFP4 AutoRound$"), "NVFP4 tuned"),
    (re.compile(r"NVFP4 RTN"), "NVFP4"),
    (re.compile(r"^MXFP4 AutoRound$"), "MXFP4 tuned"),
    (re.compile(r"^MXFP4 RTN"), "MXFP4"),
    (re.compile(r"q4km|opt-rtn \(4bit\)"), "Q4_K_M"),
    (re.compile(r"q3ks|opt-rtn \(3bit\)"), "Q3_K_S"),
    (re.compile(r"q2ks|opt-rtn \(2bit\)"), "Q2_K_S"),
)
"""What the accuracy tables call a build -> its name here. Of two ways to make it, both count: files differ so."""


def method(name: str) -> str | None:
    """The build's name, or None where it is not one that is published."""
    if name in BITS:
        return name
    return next((short for pattern, short in METHODS if pattern.search(name)), None)


def exponent(found: Sequence[Loss]) -> tuple[float, list[str]]:
    """The power of size, from pairs of models by the same method; the median over pairs of methods."""
    by: dict[str, dict[float, list[float]]] = defaultdict(lambda: defaultdict(list))
    for _, name, size, points in found:
        if (short := method(name)) and points > BELOW_FLOOR:
            by[short][size].append(points)
    by_mmlu = REFERENCE_MMLU
    for name, points in by_mmlu.items():
        if points > BELOW_FLOOR:
            by[name][8.03].append(points)
    powers, lines = [], ["| method | small | large | power |", "|---|--:|--:|--:|"]
    for name, sizes in sorted(by.items()):
        small = [value for size, values in sizes.items() if size < 10 for value in values]
        for size, values in sizes.items():
            if size > 25 and small:
                power = -math.log(np.median(values) / np.median(small)) / math.log(size / 8.0)
                powers.append(power)
                first, second = f"8B: {np.median(small):.1f} points", f"{size:.0f}B: {np.median(values):.1f}"
                lines.append(f"| {name} | {first} | {second} | {power:.2f} |")
    return float(np.median(powers)), lines


REFERENCE_MMLU: dict[str, float] = {}
"""Points lost by the reference model; filled by `main`."""


def nats_of(points: float, headroom: float, rate: float, size: float, power: float) -> float:
    """Divergence at the reference size that explains a loss."""
    share = min(max(points, BELOW_FLOOR / 2) / headroom, 0.95)
    return -math.log(1 - share) / rate * (size * 1e9 / REFERENCE_PARAMETERS) ** power


def top_token(found: Sequence[dict[str, str]]) -> tuple[float, float]:
    """Scale and power of the share of other likeliest tokens over divergence."""
    nats = {
        (row["model"], row["quant"]): float(row["value"])
        for row in found
        if row["metric"] == "kld_mean" and row["model"] in (REFERENCE, "Llama-2-7B")
    }
    pairs = []
    for row in found:
        key = (row["model"], row["quant"])
        if row["metric"] == "same_top_token_pct" and key in nats and float(row["value"]) < 99.5:
            pairs.append((nats[key], 1 - float(row["value"]) / 100))
    x, y = np.log(np.array(pairs)).T
    power, scale = np.polyfit(x, y, 1)
    return float(math.exp(scale)), float(power)


def all_builds(
    nats: dict[str, float], formats: dict[str, tuple[float, float]], spread: float
) -> dict[str, tuple[float, float, str]]:
    """Divergence, spread and source of every build that the catalog knows."""
    k_types = [name for name in nats if name in BITS and 2.0 < BITS[name] < 7]
    slope, start = np.polyfit([BITS[name] for name in k_types], [math.log(nats[name]) for name in k_types], 1)
    made: dict[str, tuple[float, float, str]] = {}
    for name in GGUF:
        if name in ("F32", "BF16", "F16"):
            value = (0.0, 0.0, "measured")
        elif name in nats:
            value = (nats[name], spread, "measured")
        elif name in LIKE:
            value = (nats[LIKE[name]], spread * 1.3, f"as {LIKE[name]}")
        elif name == "MXFP4":
            value = (*formats["MXFP4"], "from accuracy")
        else:
            value = (math.exp(start + slope * BITS[name]), spread * 2, "interpolated")
        made[str(Build("gguf", name))] = value
    for name in SAFETENSORS:
        if name in ("F32", "BF16", "F16"):
            made[str(Build("safetensors", name))] = (0.0, 0.0, "measured")
        else:
            like = {"GPTQ": "AWQ", "INT4": "AWQ", "INT8": "FP8"}.get(name, name)
            how = "from accuracy" if like == name else f"as {like}"
            made[str(Build("safetensors", name))] = (*formats[like], how)
    for name in MLX:
        like, factor = MLX_LIKE.get(name, ("Q8_0", 0.0))
        how = "interpolated" if factor else "measured"
        made[str(Build("mlx", name))] = (nats[like] * factor, spread * 1.6 if factor else 0.0, how)
    return made


def main() -> None:
    """Fit, print, and write if asked to."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=DATA)
    parser.add_argument("--write", action="store_true", help="write the constants and the report")
    options = parser.parse_args()
    found = rows(options.folder)
    nats = reference_divergence(found)
    scores = mmlu(found, "Llama-3-8B-Instruct")
    base = scores["fp16"]
    headroom, rate, table = fit_points(nats, scores, base)
    REFERENCE_MMLU.update({name: base - score for name, score in scores.items() if name in BITS})
    lost = losses(found)
    power, pairs = exponent(lost)

    residuals: dict[str, list[float]] = defaultdict(list)
    check = ["| model | build | measured | expected, as Llama-3-8B |", "|---|---|--:|--:|"]
    for model, name, size, points in lost:
        short = method(name)
        if short in nats:
            expected_nats = nats[short] * (size * 1e9 / REFERENCE_PARAMETERS) ** -power
            expected = headroom * (1 - math.exp(-rate * expected_nats))
            check.append(f"| {model} | {name} | {points:.1f} points | {expected:.1f} points |")
            if expected > CLEAR and not TUNED.fullmatch(name):
                residuals[model].append(math.log(max(points, BELOW_FLOOR) / expected))
    for row in found:
        name = row["quant"].rpartition("/")[2]
        if row["metric"] == "kld_mean" and row["model"] != REFERENCE and name in nats and row["model"] in SIZES:
            expected_nats = nats[name] * (SIZES[row["model"]] * 1e9 / REFERENCE_PARAMETERS) ** -power
            residuals[row["model"]].append(math.log(float(row["value"]) / expected_nats))
            check.append(f"| {row['model']} | {name} | {float(row['value']):.4f} nats | {expected_nats:.4f} nats |")
    residuals[REFERENCE].append(0.0)
    typical = float(np.median([np.median(values) for values in residuals.values()]))
    everything = np.concatenate([np.array(values) - typical for values in residuals.values()])
    weights = np.concatenate([np.full(len(values), 1 / len(values)) for values in residuals.values()])
    order = np.argsort(np.abs(everything))
    share = np.cumsum(weights[order]) / weights.sum()
    spread = float(np.interp(0.8, share, np.abs(everything)[order]) / 1.2816)
    nats = {name: value * math.exp(typical) for name, value in nats.items()}

    formats: dict[str, tuple[float, float]] = {}
    for name in ("FP8", "AWQ", "NVFP4", "MXFP4"):
        values = [
            math.log(nats_of(points, headroom, rate, size, power))
            for _, label, size, points in lost
            if (method(label) or "").removesuffix(" tuned") == name
        ]
        values += [math.log(nats[like]) for like in ALSO_LIKE.get(name, ())]
        formats[name] = (math.exp(float(np.median(values))), max(spread, float(np.std(values))))
    builds = all_builds(nats, formats, spread)
    scale, top_power = top_token(found)

    text = [
        "# Quality of builds: what was measured, and how far off the formula is",
        "Written by `python -m benchmarks.quality_fit --write` from the data pack's `quant_quality.csv`.",
        f"Points = {headroom:.1f} x (1 - exp(-{rate:.2f} x divergence)); divergence falls with the {power:.2f} power "
        f"of size; the likeliest token differs at {scale:.2f} x divergence^{top_power:.2f} of tokens.",
        f"Llama-3-8B loses more than others: the typical model has {math.exp(typical):.2f} of its divergence. Then, of "
        f"{len(everything)} rows of {len(residuals)} models, each model with the same weight, 80 % lie within a factor "
        f"of {math.exp(1.2816 * spread):.1f}. That factor is the interval.",
        "## Llama-3-8B: divergence (wikitext-2) and MMLU of the instruction-tuned model", "\n".join(table),
        "## The power of size", "\n".join(pairs),
        "## Elsewhere", "\n".join(check),
        "## Formats that were measured by accuracy only, as divergence at 8B",
        "\n".join(f"- {name}: {value:.3f} nats, factor {math.exp(1.2816 * sd):.1f} either way"
                  for name, (value, sd) in formats.items()),
        "Weak: nothing on long contexts, reasoning, code or tools, on caches of 8 or 4 bits, on MLX, or on the "
        "publishers' own mixtures beyond single rows; little on mixtures of experts. The models are of 2023 to 2025.",
    ]  # fmt: skip
    print("\n\n".join(text))
    if options.write:
        made = {
            "as_of": date.today().isoformat(),
            "written_by": "benchmarks/quality_fit.py",
            "sources": sorted({row["source"].split()[0] for row in found}),
            "reference_parameters": REFERENCE_PARAMETERS,
            "exponent": round(power, 3),
            "headroom": round(headroom, 2),
            "rate": round(rate, 3),
            "top_scale": round(scale, 3),
            "top_power": round(top_power, 3),
            "builds": {name: [float(f"{value:.4g}"), round(sd, 3), how] for name, (value, sd, how) in builds.items()},
        }
        CONSTANTS.write_text(json.dumps(made, indent=1) + "\n", encoding="utf-8")
        REPORT.write_text("\n\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
