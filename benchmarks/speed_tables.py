"""Tables of errors, printed and collected for docs/measured/speed.md, and how often intervals hold."""

from collections import defaultdict
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.speed_model import Data, Floats

INTRODUCTION = """# Speed: how far off

Written by `python -m benchmarks.speed_fit --write` on {day} from the data pack's `measured_speed.csv`. Error is
|predicted / measured - 1| of speeds. "Devices' median" is the median over devices of each device's median, so that a
device with many rows counts once. Bias is the median of predicted over measured: above 1 is too fast. Every table says
what was left out of the fit. Which rows count is said in `benchmarks/speed_rows.py`, what the terms mean in
`docs/concepts/speed.md`. Figures on mixtures of experts that llama.cpp's developers and users state in its
issue tracker are in `benchmarks/speed_experts.csv`.
"""

WEAK = """## What is weak

- **Prefill of mixtures of experts**: twenty devices, but on most of them gpt-oss alone, in steps of 2,048 tokens, with
  builds of August 2025. What those builds sorted on the processor is fitted and left out; 2026's are faster still:
  strangers' small mixtures on an RTX 3060 and 3090 read up to twice as fast as predicted. Half of the rows are of one
  device (Strix Halo), which is hard to predict from others: by device the error is smaller than by row.
- **Steps**: the default is 512 tokens. The rows do not say it; what the programs that made them set is in
  `benchmarks/speed_rows.py`.
- **Prefill at depth**: attention is learnt per maker; of dense models at depth there is one device.
- **Systems on a chip, Hopper, Intel**: one device each. Their intervals hold the error of families left out, too.
- **Models below a billion parameters** on fast cards: a fifth too fast, because they measure the starting of kernels.
- **Old builds**: constants mix builds of llama.cpp from May 2024 to 2026. Today's are up to a tenth faster on NVIDIA's
  cards than the middle; rows of 2024 are 8 % slower than predicted.
- **Other people's set-ups**: what strangers report of their machines lies about a fifth off, slower more often than
  faster, and the intervals, made from clean runs, hold less than half of it. `bakeoff fit` says so, with the wider
  interval that held 80 % of it, for models on one card. A measurement on the machine mends that.
- **Offload**: four cards, processor and memory not stated; the fit of one constant (the crossing) and the check use the
  same rows.
- **Processors**: virtual servers, and all of them with Q4_K_M: other types unpack at other costs. On laptops and
  desktops the memory's share of its rated speed is taken as 80 %.
- **MLX**: one Mac. **Transformers**: nothing measured, so nothing is said of it here.
"""


class Report:
    """Collects what is printed."""

    def __init__(self) -> None:
        self.parts: list[str] = []

    def say(self, text: str) -> None:
        """One paragraph."""
        print(text, flush=True)
        self.parts.append(text)

    def table(self, title: str, data: Data, predicted: Floats, groups: Sequence[tuple[str, Any]]) -> None:
        """Errors by group of rows."""
        rows = [f"| {name} | {cells} |" for name, mask in groups if (cells := errors(data, predicted, mask))]
        head = "| | rows | devices | median | 90th percentile | devices' median | bias |\n|---|--:|--:|--:|--:|--:|--:|"
        self.say("\n".join([f"## {title}", "", head, *rows]))

    def write(self, path: Path) -> None:
        """The page."""
        text = INTRODUCTION.format(day=date.today().isoformat())
        path.parent.mkdir(exist_ok=True)
        path.write_text("\n\n".join([text.strip(), *self.parts, WEAK.strip()]) + "\n", encoding="utf-8")


def errors(data: Data, predicted: Floats, mask: Any) -> str:
    """The cells of one row of a table; empty where no row is meant."""
    if not mask.any():
        return ""
    ratio = data.times[mask] / predicted[mask]
    error = np.abs(ratio - 1)
    by = defaultdict(list)
    for name, value in zip(data.devices[mask].tolist(), error.tolist(), strict=True):
        by[name].append(value)
    devices = float(np.median([np.median(values) for values in by.values()]))
    return " | ".join(
        (
            str(int(mask.sum())),
            str(len(by)),
            f"{np.median(error):.1%}",
            f"{np.quantile(error, 0.9):.0%}",
            f"{devices:.1%}",
            f"{np.median(ratio):.2f}",
        )
    )
