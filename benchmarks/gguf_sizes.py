"""Parameter counts and file sizes, predicted from the shipped catalog alone, against published ones.

    python -m benchmarks.gguf_sizes [FOLDER]

FOLDER (default ../shared/data) holds models.jsonl and gguf_sizes.csv; they serve for checking only. Targets: size of a
GGUF file from the architecture alone, median error under 1 %, 95th percentile under 3 %.
"""

import argparse
import csv
import json
import re
import statistics
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.builds import parse_build
from bakeoff.catalog.loading import Catalog, load
from bakeoff.catalog.parameters import count_parameters
from bakeoff.errors import UsageError
from bakeoff.fit.weights import build_weights
from bakeoff.fit.weights.dynamic import NAMES

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"

TYPE = r"(?:UD-)?(?:IQ[1-4]_(?:[XSMLN]+|K[A-Z]*)|Q[2-8]_(?:K(?:_[SMLX]+)?|[01](?:_[48]_[48])?)|Q[2-8]_KL|BF16|F16|F32)"
TOKEN = re.compile(rf"(?<![A-Za-z0-9]){TYPE}(?![A-Za-z0-9])", re.IGNORECASE)
FORK = re.compile(r"I?Q[2-8]_(?:KS+|KT|KL|K)$", re.IGNORECASE)
"""Types of the ik_llama.cpp fork: `IQ4_K`, `IQ4_KS`, `IQ2_KT`, `IQ2_KL`; `Q4_K` is llama.cpp's."""

SIXTEEN_BITS = ("F16", "BF16", "Q8_0")


@dataclass(frozen=True, slots=True)
class Row:
    """One published file and what was predicted for it."""

    model: str
    label: str
    repository: str
    size: int
    half_step: float
    """Half the step that the stated size is rounded to, over the size; 0 where it is exact."""

    predicted: int
    architecture: Architecture
    low: float
    high: float

    @property
    def error(self) -> float:
        """Predicted less stated, over stated."""
        return self.predicted / self.size - 1

    @property
    def beyond_rounding(self) -> float:
        """The part of the error that rounding cannot explain."""
        return max(0.0, abs(self.error) - self.half_step)


def several_types(file: str) -> bool:
    """The file's name gives types of single tensors, or a type of the fork: not one of llama.cpp's mixtures."""
    found = {token.upper() for token in TOKEN.findall(Path(file.split(" (+")[0]).name)}
    return len(found) > 1 or any(FORK.fullmatch(token) and token.startswith("I") for token in found)


def read(folder: Path, catalog: Catalog) -> tuple[list[Row], Counter[str]]:
    """Rows that can be compared, and how many could not, by reason."""
    rows, left_out = [], Counter[str]()
    with (folder / "gguf_sizes.csv").open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            if line["format"] != "gguf" or line["kind"] != "weights":
                left_out["not weights in GGUF (MLX, image projectors, extras)"] += 1
                continue
            reason, row = _row(line, catalog)
            if row is None:
                left_out[reason] += 1
            else:
                rows.append(row)
    return rows, left_out


def _row(line: dict[str, str], catalog: Catalog) -> tuple[str, Row | None]:
    if line["suspect"]:
        return "marked suspect in the source", None
    if several_types(line["file"]):
        return "the file's name gives types of single tensors, or a type that llama.cpp does not have", None
    architecture = catalog[line["model_id"]].architecture if line["model_id"] in catalog else None
    if architecture is None:
        return "no architecture in the catalog (an encoder)", None
    try:
        build = parse_build(f"gguf:{line['quant']}")
    except UsageError:
        return f"label is no build: {line['quant']}", None
    found = build_weights(architecture, build)
    size = int(line["size_bytes"])
    row = Row(
        model=line["model_id"],
        label=build.quantization,
        repository=line["quant_repo"] or line["source_repo"],
        size=size,
        half_step=float(line["rounding_rel"] or 0) / 2,
        predicted=found.file_bytes,
        architecture=architecture,
        low=1 - found.below,
        high=1 + found.above,
    )
    return "", row


def other_weights(rows: Iterable[Row]) -> set[tuple[str, str]]:
    """Repositories whose own 16-bit (else 8-bit) files are more than 3 % off: they hold other tensors than the model.

    A 16-bit file is a parameter count. It differs where a tied head is stored twice, or the source names a wrong model.
    """
    found: dict[tuple[str, str], list[float]] = defaultdict(list)
    for row in rows:
        if row.label in SIXTEEN_BITS:
            found[row.model, row.repository].append(row.beyond_rounding)
    return {key for key, errors in found.items() if min(errors) > 0.03}


def quantile(values: list[float], share: float) -> float:
    """A quantile of a list."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def show(title: str, rows: list[Row], key: Callable[[Row], str], least: int = 1) -> None:
    """One table."""
    groups: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        groups[key(row)].append(row)
    print(f"\n{title}\n| | files | median | 95th percentile | bias | in the 80 % interval |\n|---|--:|--:|--:|--:|--:|")
    for name, members in [*sorted(groups.items()), ("all", rows)]:
        if len(members) < least or (name == "all" and len(groups) == 1):
            continue
        errors = [abs(row.error) for row in members]
        inside = sum(row.low - row.half_step <= row.size / row.predicted <= row.high + row.half_step for row in members)
        print(
            f"| {name} | {len(members)} | {statistics.median(errors):.2%} | {quantile(errors, 0.95):.2%} "
            f"| {statistics.median(row.error for row in members):+.2%} | {inside / len(members):.0%} |"
        )


def kind(row: Row) -> str:
    """Dense, experts, recurrent."""
    layers = [run.layer for run in row.architecture.runs]
    if any(layer.feed_forward and layer.feed_forward.n_experts for layer in layers):
        return "experts"
    return "recurrent or hybrid" if any(layer.recurrent for layer in layers) else "dense"


def mixture(row: Row) -> str:
    """Who chose the types."""
    if row.label not in NAMES:
        return "llama.cpp's mixtures"
    return "Unsloth's UD builds" if row.label.startswith("UD-") else "_L and _XL builds"


def parameters(folder: Path, catalog: Catalog) -> None:
    """Counts against the data pack's re-computation, the checkpoint's total, or what the catalog corrected it to."""
    found: Counter[str] = Counter()
    rest = []
    with (folder / "models.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            stated = row["params_text_computed"]
            if not stated:
                continue
            architecture = catalog[row["id"]].architecture if row["id"] in catalog else None
            if architecture is None:
                found["no architecture"] += 1
                continue
            ours = count_parameters(architecture)
            known = catalog[row["id"]].parameters
            same = {ours.total, ours.total - ours.router_bias} & {
                stated,
                row["params_hub_raw"],
                known.text,
                known.total,
            }
            error = abs(ours.total / stated - 1)
            grade = "equal" if same else "0.1 %" if error <= 0.001 else "1.5 %" if error <= 0.015 else "more"
            found[grade] += 1
            if grade in ("1.5 %", "more"):
                rest.append(f"{row['id']} {ours.total / stated - 1:+.2%} ({row['model_type']})")
    print(f"Parameters: {dict(found)} of {sum(found.values())}; beyond 0.1 %: {'; '.join(rest)}")


def places(folder: Path, catalog: Catalog) -> None:
    """Bytes by place against the headers of published files by llama.cpp's mixtures."""
    equal, unequal = [], []
    with (folder / "models.jsonl").open(encoding="utf-8") as lines:
        for row in map(json.loads, lines):
            header, architecture = row["gguf_header"], catalog[row["id"]].architecture
            if not header or architecture is None or header["quant_read"].startswith("UD-"):
                continue
            found = build_weights(architecture, parse_build(f"gguf:{header['quant_read']}"))
            dense = sum(run.count * run.dense_bytes for run in found.blocks)
            ours = (found.embedding_bytes, dense, found.expert_bytes)
            theirs = (
                header["bytes_token_embd"],
                header["bytes_dense_block_weights"] + (header["bytes_shared_expert_weights"] or 0),
                header["bytes_expert_weights"] or 0,
            )
            (equal if ours == theirs else unequal).append(f"{row['id']} {header['quant_read']}")
    print(
        f"\nEmbedding, dense blocks and experts equal to the file's header to the byte: {len(equal)} of "
        f"{len(equal) + len(unequal)}; not: {'; '.join(unequal)}"
    )


def mlx(folder: Path, catalog: Catalog) -> None:
    """MLX repositories of models without images: the others hold a vision tower too."""
    errors = []
    with (folder / "gguf_sizes.csv").open(encoding="utf-8", newline="") as lines:
        for line in csv.DictReader(lines):
            if line["format"] != "mlx" or line["model_id"] not in catalog:
                continue
            model = catalog[line["model_id"]]
            if model.architecture is None or set(model.inputs) != {"text"}:
                continue
            try:
                found = build_weights(model.architecture, parse_build(f"mlx:{line['quant']}"))
            except UsageError:
                continue
            errors.append(abs(found.tensor_bytes / int(line["size_bytes"]) - 1))
    within = sum(error < 0.001 for error in errors)
    print(
        f"\nMLX, text models: {len(errors)} repositories, {within} within 0.1 %, "
        f"median {statistics.median(errors):.2%} (sources write GiB as GB in places: 6.9 %)"
    )


def main() -> None:
    """Print all tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=DATA)
    folder = parser.parse_args().folder
    catalog = load()
    parameters(folder, catalog)
    places(folder, catalog)
    mlx(folder, catalog)
    rows, left_out = read(folder, catalog)
    others = other_weights(rows)
    for row in rows:
        if (row.model, row.repository) in others:
            left_out["the repository's 16- or 8-bit file shows that it holds other tensors"] += 1
    rows = [row for row in rows if (row.model, row.repository) not in others]
    fine = [row for row in rows if row.half_step <= 0.005]
    coarse = [row for row in rows if row.half_step > 0.005]
    print(f"\nGGUF: {len(rows)} files compared; left out:")
    for reason, count in left_out.most_common():
        print(f"  {count} {reason}")
    print(f"  ({', '.join(sorted(f'{model} of {name}' for model, name in others))})")
    show("Sizes stated to 0.5 % or better, by who chose the types", fine, mixture)
    show("... by kind of model", fine, kind)
    show("... by build", fine, lambda row: row.label)
    show("Sizes exact to the byte", [row for row in fine if row.half_step == 0], mixture)
    beyond = [row.beyond_rounding for row in rows]
    print(
        f"\nAll {len(rows)} files, error beyond the rounding of the stated size: "
        f"median {statistics.median(beyond):.2%}, 95th percentile {quantile(beyond, 0.95):.2%} "
        f"({len(coarse)} are rounded by more than 0.5 %)"
    )
    worst = sorted(rows, key=lambda row: -row.beyond_rounding)[:12]
    print("Farthest: " + "; ".join(f"{r.model} {r.label} {r.error:+.1%} ({r.repository})" for r in worst))


if __name__ == "__main__":
    main()
