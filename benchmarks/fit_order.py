"""How well the order of `bakeoff fit` without a model agrees with benchmarks, and the constants that it uses.

    python -m benchmarks.fit_order [--write]

The order is by an ability in doublings of size: a model twice as large, or a third of a year newer, stands one higher.
Benchmark results shift it, each read through a line from ability to score that is fitted here. `--write` puts the lines
into src/bakeoff/fit/data/ability.json. The table is of rank correlations with each benchmark, whose own results were
left out: by size and date alone, and with the other benchmarks.
"""

import argparse
import json
import math
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from scipy.stats import spearmanr

from bakeoff.catalog import Model, load
from bakeoff.fit.plan import ability

TARGET = Path(ability.__file__).parent.parent / "data" / "ability.json"

GROUPS: dict[str, tuple[str, ...]] = {
    "general": (
        "LiveBench overall", "LMArena text (2025-08)", "EQ-Bench Creative Writing v3", "Kagi LLM benchmark",
        "AlpacaEval 2.0", "Arena-Hard v0.1", "WildBench v2 WB-Score",
    ),
    "code": (
        "LiveBench Coding", "LiveBench Agentic Coding", "BigCodeBench-Hard (complete)", "BigCodeBench-Hard (instruct)",
        "BigCodeBench (complete)", "HumanEval+", "MBPP+", "Aider code editing (133 Python)", "Arena AI code",
        "WildBench v2 coding",
    ),
    "reasoning": (
        "LiveBench Reasoning", "LiveBench Mathematics", "NYT Connections extended (latest)",
        "NYT Connections extended (older models)", "WildBench v2 math & data",
    ),
}  # fmt: skip
"""Independent benchmarks by what they measure; vendors' own numbers are left out."""

METRICS_LEFT_OUT = ("rubric score", "slop score (lower is better)", "repetition score (lower is better)")
FEWEST = 12
"""Models that a line is drawn through."""


@dataclass(frozen=True, slots=True)
class Data:
    """One benchmark."""

    group: str
    key: str
    models: tuple[Model, ...]
    scores: np.ndarray


def read() -> list[Data]:
    """Every benchmark with enough models whose size and date are known."""
    catalog = load()
    rows: dict[tuple[str, str], dict[str, list[float]]] = defaultdict(lambda: defaultdict(list))
    for row in catalog.evidence():
        group = next((group for group, names in GROUPS.items() if row.benchmark in names), None)
        if group is None or row.self_reported or row.metric in METRICS_LEFT_OUT or row.model not in catalog:
            continue
        if ability.by_size_and_date(catalog[row.model]) is not None:
            rows[group, ability.key(row)][row.model].append(row.score)
    return [
        Data(group, key, tuple(catalog[name] for name in scores), np.array([np.mean(s) for s in scores.values()]))
        for (group, key), scores in rows.items()
        if len(scores) >= FEWEST
    ]


def line(data: Data) -> ability.Line | None:
    """Score = at_zero + slope x ability; None where more ability does not give more."""
    x = np.array([ability.by_size_and_date(model) for model in data.models], dtype=float)
    slope, at_zero = np.polyfit(x, data.scores, 1)
    if slope <= 0:
        return None
    spread = float(np.std(data.scores - at_zero - slope * x, ddof=2)) / slope
    return ability.Line(data.key, data.group, round(float(at_zero), 4), round(float(slope), 4), round(spread, 3))


def main() -> None:
    """Fit, compare, and write on request."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true")
    write = parser.parse_args().write
    found = read()
    lines = {data.key: one for data in found if (one := line(data)) is not None}
    catalog = load()
    print("| benchmark | models | by size and date | with other benchmarks |\n|---|---|---|---|")
    for data in found:
        # A release of the same benchmark is no independent evidence.
        name = data.key.split()[0].split("-")[0]
        others = tuple(one for one in lines.values() if not one.key.startswith(name))
        prior = [ability.by_size_and_date(model) for model in data.models]
        better = [ability.ability(m, data.group, catalog.evidence(m.id), others) for m in data.models]
        informed = [one.value if one is not None else math.nan for one in better]
        print(
            f"| {data.key.replace('|', ', ')} | {len(data.models)} | {spearmanr(prior, data.scores).statistic:.2f} "
            f"| {spearmanr(informed, data.scores).statistic:.2f} |"
        )
    if write:
        rows = [
            {"key": one.key, "group": one.group, "at_zero": one.at_zero, "slope": one.slope, "spread": one.spread}
            for one in lines.values()
        ]
        TARGET.write_text(json.dumps({"lines": rows}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
