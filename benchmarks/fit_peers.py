"""`bakeoff fit` and other calculators on the same rows, in one run: cache, size of files, speed of writing.

    python -m benchmarks.fit_peers [FOLDER] [--venvs DIR]

Peers are installed from PyPI into throw-away environments outside the repository (`--venvs` keeps them) and run as they
are; nothing of theirs is read or copied (ggufit's licence allows no more). One that does not install, or does not know
a row, is left out there, and said. Each peer is compared on the rows that it answers, with ours on the same rows.

Truths: llama.cpp's own planner for the cache; exact file sizes of `gguf_sizes.csv`; `measured_speed.csv` for speed,
where ours comes from constants that were fitted without the row's device.
"""

import argparse
import json
import re
import statistics
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from xllamacpp.memory import graph_size

from bakeoff.catalog import Model, find, load
from bakeoff.catalog.gguf_metadata import metadata_of
from bakeoff.errors import BakeoffError
from bakeoff.fit.llama_cpp import Settings, kv_and_state
from bakeoff.fit.planner import exact
from bakeoff.fit.speed.families import PARENTS
from bakeoff.units import GIB
from benchmarks import gguf_sizes
from benchmarks.speed_fit import BIG_WEIGHTS, DECODE_LEAST, cache_cost, decode_data, decode_rows, weights_of
from benchmarks.speed_model import left_out
from benchmarks.speed_rows import NAMES, Row
from benchmarks.speed_tables import Report

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
SECONDS = 60.0

CACHES = (
    "meta-llama/Llama-3.1-8B-Instruct",
    "Qwen/Qwen3-8B",
    "microsoft/Phi-3.5-mini-instruct",
    "Qwen/Qwen3-30B-A3B",
    "google/gemma-3-27b-it",
    "google/gemma-4-31B-it",
    "google/gemma-3n-E4B-it",
    "openai/gpt-oss-20b",
    "openai/gpt-oss-120b",
    "deepseek-ai/DeepSeek-V3",
    "Qwen/Qwen3-Next-80B-A3B-Instruct",
    "Qwen/Qwen3.5-27B",
    "tiiuae/Falcon-H1-7B-Instruct",
    "ibm-granite/granite-4.0-h-tiny",
)
"""Dense, sliding windows, experts, compressed, hybrid, recurrent."""

CONTEXTS = (32768, 131072)
MOST_SPEEDS = 120
"""Rows of speed, spread evenly over all: a call of a peer takes up to a second."""

LLMFIT_QUANTS = ("Q8_0", "Q6_K", "Q5_K_M", "Q4_K_M", "Q3_K_M", "Q2_K")
GGUFIT_QUANTS = {"Q8_0": "q8", "Q6_K": "q6", "Q5_K_M": "q5", "Q4_K_M": "q4", "Q3_K_M": "q3", "Q2_K": "q2"}


@dataclass(slots=True)
class Peer:
    """One tool."""

    name: str
    python: Path | None
    """Of its environment; None for one that is here anyway."""

    version: str = ""
    answers: dict[str, dict[Any, float]] = field(default_factory=dict)
    """By kind of row: row to estimate."""

    def run(self, *arguments: str) -> str:
        """What a command of its environment prints; nothing where it fails."""
        assert self.python is not None
        try:
            done = subprocess.run(
                [str(self.python.parent / arguments[0]), *arguments[1:]],
                capture_output=True,
                text=True,
                timeout=SECONDS,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return ""
        return done.stdout


def install(name: str, folder: Path) -> Peer | None:
    """A peer in an environment of its own; None where it does not install."""
    home = folder / name
    python = home / "bin" / "python"
    try:
        if not python.exists():
            subprocess.run([sys.executable, "-m", "venv", str(home)], check=True, capture_output=True)
            subprocess.run(
                [str(python), "-m", "pip", "install", "-q", name], check=True, capture_output=True, timeout=600
            )
    except (OSError, subprocess.SubprocessError) as error:
        print(f"- {name} does not install here and is left out ({type(error).__name__})")
        return None
    code = f"from importlib.metadata import version; print(version({name!r}))"
    return Peer(name, python, subprocess.run([str(python), "-c", code], capture_output=True, text=True).stdout.strip())


# llmfit


def llmfit_plan(peer: Peer, model: str, context: int, quant: str, profile: str | None = None) -> dict[str, Any]:
    """Its plan for a model; empty where it does not know it."""
    chosen = ["--profile", profile] if profile else []
    text = peer.run("llmfit", *chosen, "plan", model, "--context", str(context), "--quant", quant, "--json")
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if str(found.get("model_name", "")).lower() == model.lower() else {}


def llmfit_profile(folder: Path, row: Row) -> str:
    """A description of the row's card in its format."""
    one = row.machine.accelerators[0]
    assert one.bandwidth_bytes_per_second is not None
    path = folder / f"{re.sub(r'[^a-z0-9]+', '-', row.device.lower())}.json"
    path.write_text(
        json.dumps(
            {
                "schema_version": 1,
                "name": path.stem,
                "match": {"gpu_name_contains": row.device},
                "hardware": {
                    "total_ram_gb": 64.0,
                    "unified_memory": one.unified,
                    "gpu_memory_bandwidth_gbps": one.bandwidth_bytes_per_second.value / 1e9,
                    "ddr_bandwidth_gbps": 89.6,
                    "gpu_compute_tflops_fp16": (one.rates.fp16 or one.rates.fp32 or 1e13) / 1e12,
                },
            }
        )
    )
    return str(path)


def llmfit_speed(peer: Peer, folder: Path, row: Row, model: str) -> float | None:
    """Tokens per second on a card."""
    if row.build.quantization not in LLMFIT_QUANTS:
        return None
    found = llmfit_plan(peer, model, 4096, row.build.quantization, llmfit_profile(folder, row))
    speeds = [path["estimated_tps"] for path in found.get("run_paths", ()) if path["path"] == "gpu"]
    return speeds[0] if speeds else None


# ggufit


@cache
def ggufit_names(python: Path) -> dict[str, str]:
    """Repository to the name by which it is asked."""
    code = (
        "import json, os, ggufit; folder = os.path.dirname(ggufit.__file__);"
        "data = json.load(open(os.path.join(folder, 'models.json')));"
        "print(json.dumps({value.get('repo', '').lower(): key for key, value in data['models'].items()}))"
    )
    text = subprocess.run([str(python), "-c", code], capture_output=True, text=True).stdout or "{}"
    return {plain(repository): name for repository, name in json.loads(text).items()}


def plain(model: str) -> str:
    """Without what says that it follows instructions: size and shape are the same."""
    return re.sub(r"-(instruct|it|chat|hf|base)$", "", model.lower())


def ggufit_says(peer: Peer, model: str, context: int, quant: str, *card: str) -> str:
    """What it prints; empty for a model that it does not ship."""
    assert peer.python is not None
    name = ggufit_names(peer.python).get(plain(model))
    if name is None or quant not in GGUFIT_QUANTS:
        return ""
    return peer.run("ggufit", name, "--context", str(context), "--quant", GGUFIT_QUANTS[quant], "--offline",
                    "--tokens-per-sec", "--yes", *(card or ("--no-gpu",)))  # fmt: skip


def figure(text: str, pattern: str) -> float | None:
    """The number that a pattern finds."""
    found = re.search(pattern, text)
    return float(found[1]) if found else None


def ggufit_speed(peer: Peer, row: Row, model: str) -> float | None:
    """The middle of its range for a model that lies wholly on the card."""
    one = row.machine.accelerators[0]
    memory = f"{one.memory_total_bytes.value / GIB:.0f}"
    text = ggufit_says(peer, model, 4096, row.build.quantization, "--gpu", row.device, "--vram", memory)
    found = re.search(r"fully on the GPU · ~([\d.]+)–([\d.]+) tok/s", text)
    return (float(found[1]) + float(found[2])) / 2 if found else None


# hf-mem and xllamacpp.memory


def hf_mem_cache(peer: Peer, model: Model, context: int) -> float | None:
    """Its rule for GGUF files, on the metadata that the file would have."""
    assert model.architecture is not None
    metadata = {key.partition(".")[2]: value for key, value in metadata_of(model.architecture).items()}
    endings = ("block_count", "head_count_kv", "head_count", "embedding_length")
    wanted = {end: value for end in endings for key, value in metadata.items() if key.endswith(end) and value}
    code = (
        "import json, sys; from hf_mem.gguf.kv_cache import compute_gguf_kv_cache_size as size;"
        "print(size(json.loads(sys.argv[1])))"
    )
    text = peer.run("python", "-c", code, json.dumps(wanted | {"context_length": context}))
    return float(text) if text.strip() else None


def xllamacpp_cache(model: Model, context: int) -> float | None:
    """The estimator that came from Ollama."""
    assert model.architecture is not None
    metadata: dict[str, Any] = {key: {"value": value} for key, value in metadata_of(model.architecture).items()}
    metadata["tokenizer.ggml.tokens"] = {"value": range(model.architecture.vocab_size)}
    try:
        found = graph_size(metadata, context, 512, 1, "f16")[0]
    except (KeyError, TypeError, ValueError, ZeroDivisionError, IndexError):
        return None
    return float(sum(found) if isinstance(found, list) else found)


# The rows


Table = list[tuple[str, float, float, dict[str, float]]]
"""Row, truth, ours, peers."""


def caches(peers: dict[str, Peer]) -> Table:
    """Bytes of cache and recurrent state."""
    table: Table = []
    catalog = load()
    for name in CACHES:
        model = catalog[name]
        for context in CONTEXTS:
            if model.architecture is None or context > (model.context_tokens or 0):
                continue
            settings = Settings(context_tokens=context)
            try:
                found = exact(model.architecture, settings)
            except BakeoffError as error:
                print(f"- {name} at {context}: {error.message}")
                continue
            truth = found.kv_cache_bytes + found.recurrent_state_bytes
            said: dict[str, float | None] = {"xllamacpp.memory": xllamacpp_cache(model, context)}
            if "llmfit" in peers:
                plan = llmfit_plan(peers["llmfit"], name, context, "Q4_K_M")
                whole = [one["kv_cache_gb"] for one in plan.get("kv_alternatives", ()) if one["kv_quant"] == "fp16"]
                said["llmfit"] = whole[0] * GIB if whole else None
            if "ggufit" in peers:
                text = ggufit_says(peers["ggufit"], name, context, "Q4_K_M")
                found_gb = figure(text, r"cache ([\d.]+) GB")
                said["ggufit"] = found_gb * GIB if found_gb is not None else None
            if "hf-mem" in peers:
                said["hf-mem"] = hf_mem_cache(peers["hf-mem"], model, context)
            table.append(
                (f"{name} at {context:,}", truth, sum(kv_and_state(model.architecture, settings)), known(said))
            )
    return table


def known(said: dict[str, float | None]) -> dict[str, float]:
    """What was answered."""
    return {name: value for name, value in said.items() if value is not None}


def sizes(peers: dict[str, Peer], folder: Path) -> Table:
    """Bytes of GGUF files whose size is known to the byte."""
    table: Table = []
    rows, _ = gguf_sizes.read(folder, load())
    seen = set()
    for row in rows:
        if row.half_step or row.label not in LLMFIT_QUANTS or (row.model, row.label) in seen:
            continue
        seen.add((row.model, row.label))
        said: dict[str, float | None] = {}
        if "llmfit" in peers:
            gigabytes = llmfit_plan(peers["llmfit"], row.model, 8192, row.label).get("disk_size_gb")
            said["llmfit"] = gigabytes * 1e9 if gigabytes is not None else None
        if "ggufit" in peers:
            text = ggufit_says(peers["ggufit"], row.model, 8192, row.label)
            found_gb = figure(text, r"download ([\d.]+) GB")
            said["ggufit"] = found_gb * GIB if found_gb is not None else None
        table.append((f"{row.model} {row.label}", row.size, row.predicted, known(said)))
    return table


def speeds(peers: dict[str, Peer], folder: Path, scratch: Path) -> tuple[Table, Table]:
    """Tokens per second of dense models and of mixtures of experts that lie wholly on one card."""
    rows = decode_rows(folder, Quiet())
    data = decode_data(rows, cache_cost(folder))
    big = [number for number, row in enumerate(rows) if weights_of(row) > BIG_WEIGHTS or row.is_moe]
    predicted = left_out(data, PARENTS["decode"], DECODE_LEAST, data.devices.tolist())
    dense: Table = []
    experts: Table = []
    asked = [number for number in big if rows[number].build.quantization in LLMFIT_QUANTS]
    for number in asked[:: max(1, len(asked) // MOST_SPEEDS)]:
        row = rows[number]
        name = catalog_name(row)
        if name is None or row.decode is None:
            continue
        said: dict[str, float | None] = {}
        if "llmfit" in peers:
            said["llmfit"] = llmfit_speed(peers["llmfit"], scratch, row, name)
        if "ggufit" in peers:
            said["ggufit"] = ggufit_speed(peers["ggufit"], row, name)
        table = experts if row.is_moe else dense
        table.append((f"{row.device}, {name} {row.build}", row.decode, float(1 / predicted[number]), known(said)))
    return dense, experts


class Quiet(Report):
    """A report that prints nothing."""

    def say(self, text: str) -> None:
        """Nothing."""


def catalog_name(row: Row) -> str | None:
    """The row's model in the catalog."""
    try:
        return NAMES.get(row.model) or find(row.model).id
    except BakeoffError:
        return None


def show(title: str, table: Table, every: bool = False) -> None:
    """Errors by tool, each beside ours on the same rows; and every row, where there are few."""
    print(f"\n## {title}\n")
    names = sorted({name for *_, said in table for name in said})
    if every:
        print(f"| | truth | ours | {' | '.join(names)} |\n|---|--:|--:|{'--:|' * len(names)}")
        for row, truth, ours, said in table:
            others = " | ".join(f"{said[name] / GIB:.2f}" if name in said else "" for name in names)
            print(f"| {row} | {truth / GIB:.2f} | {ours / GIB:.2f} | {others} |")
        print()
    print("| tool | rows | median error | 95th percentile | worst | ours on these rows: median | 95th percentile |")
    print("|---|--:|--:|--:|--:|--:|--:|")
    all_ours = [abs(our / truth - 1) for _, truth, our, _ in table]
    print(f"| bakeoff | {len(table)} | {cells(all_ours)} | | |")
    for name in names:
        both = [(said[name] / truth - 1, our / truth - 1) for _, truth, our, said in table if name in said]
        theirs, mine = ([abs(pair[side]) for pair in both] for side in (0, 1))
        print(f"| {name} | {len(both)} | {cells(theirs)} | {statistics.median(mine):.1%} | {high(mine):.1%} |")


def cells(errors: Sequence[float]) -> str:
    """Median, 95th percentile, worst."""
    return f"{statistics.median(errors):.1%} | {high(errors):.1%} | {max(errors):.1%}"


def high(errors: Sequence[float]) -> float:
    """The 95th percentile."""
    return sorted(errors)[min(len(errors) - 1, int(0.95 * len(errors)))]


def main() -> None:
    """Install what installs, ask everyone, print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, nargs="?", default=DATA)
    parser.add_argument("--venvs", type=Path, help="where environments are kept; default: a temporary folder")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bakeoff-peers-") as scratch:
        folder = options.venvs or Path(scratch)
        peers = {name: peer for name in ("llmfit", "ggufit", "hf-mem") if (peer := install(name, folder)) is not None}
        for peer in peers.values():
            print(f"- {peer.name} {peer.version}")
        print("- xllamacpp.memory: of the xllamacpp that Bakeoff runs")
        print("- accelerate: its estimate reads config.json from the Hub and holds no cache, so it has no row here")
        show("Cache and recurrent state, GiB", caches(peers), every=True)
        show("Size of a GGUF file", sizes(peers, options.folder))
        dense, experts = speeds(peers, options.folder, Path(scratch))
        for title, table in (("Writing, dense, on one card", dense), ("Writing, experts, on one card", experts)):
            if table:
                show(title, table)


if __name__ == "__main__":
    main()
