"""Measured speeds, as far as they are clean: which rows of measured_speed.csv count, and what they say.

Kept for fitting ("bench"): llama.cpp on one accelerator, one sequence, file size given, and a protocol like
llama-bench's: SpareCores, XiongjieDai, lhl, kyuz0, ggml-org, and the scoreboards of llama.cpp; and on mixtures of
experts what llama.cpp's developers and users state in its issue tracker (`speed_experts.csv`, the only rows here). Of
several runs of one (device, model, build, length) the fastest counts, over back ends and settings: constants say what
is reached, not what a bad setting costs. Contexts up to 2,100 tokens, except where depth itself is fitted.
"community": `llmfit bench` (MIT), three or more runs, llama.cpp, the build from the file's name. Its speed is tokens
over wall time, a short prompt included, so that it is a little low. Rows that fit the card's memory with 1 GB to spare
are fitted; the others check offload.
Left out: multi-token prediction, speculative decoding, several sequences, unknown models or devices, Nanbeige 4.2 (runs
its layers twice), and for fitting everything from localmaxxing, geerlingguy (Ollama) and LocalScore: they are checks.
"""

import csv
import re
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from bakeoff.catalog import find
from bakeoff.catalog.architecture import Architecture, Attention, FeedForward, Layer, LayerRun
from bakeoff.catalog.builds import Build, parse_build
from bakeoff.errors import UsageError
from bakeoff.fit.speed.families import accelerator_family
from bakeoff.fit.speed.prefill import UBATCH
from bakeoff.fit.speed.work import Work, of_file, whole
from bakeoff.fit.weights import BuildWeights, build_weights
from bakeoff.hardware import parse_machine
from bakeoff.hardware.machine import Machine
from bakeoff.units import GIB
from benchmarks.speed_model import Data

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"
EXPERTS = Path(__file__).with_name("speed_experts.csv")
"""llama-bench on mixtures of experts: figures that llama.cpp's developers and users state in its issue tracker."""

COLUMNS = ("gen_len", "context_depth", "concurrency", "gpu_count", "ttft_ms", "model_raw", "source_url")
SORTED_ON_HOST = 6300
"""Build of llama.cpp (August 2025) from which CUDA and ROCm sort tokens by expert on the device (its pull request
15525)."""

CONTEXT = 2100
LEAST_WEIGHTS = 1.0e9
"""Of a token. Smaller models are checked and not fitted: on fast cards they measure the starting of kernels and little
else."""

SPARE_BYTES = 1e9

SOURCES = {
    "SpareCores": "SpareCores",
    "XiongjieDai": "XiongjieDai",
    "lhl/": "lhl",
    "kyuz0": "kyuz0",
    "ggml-org": "ggml-org",
    "GitHub-index": "scoreboards",
    "code-search": "scoreboards",
    "benchmark_cache": "localmaxxing",
    "llmfit-core/data/community": "community",
    "geerlingguy": "geerlingguy",
    "LocalScore": "LocalScore",
    "aiconfigurator": "InferenceX",
}
"""What a row's source contains -> short name."""

FIT = ("SpareCores", "XiongjieDai", "lhl", "kyuz0", "ggml-org", "llama.cpp", "scoreboards")

NAMES = {
    "smollm-135m": "HuggingFaceTB/SmolLM-135M-Instruct",
    "smol-135m": "HuggingFaceTB/SmolLM-135M-Instruct",
    "llama-7b": "meta-llama/Llama-2-7b-chat-hf",
    "llama-2-7b": "meta-llama/Llama-2-7b-chat-hf",
    "gemma-2b": "google/gemma-2b-it",
    "deepseek-r1": "deepseek-ai/DeepSeek-R1",
    "llama-8b": "meta-llama/Llama-3.1-8B-Instruct",
    "llama-3-8b": "meta-llama/Meta-Llama-3-8B-Instruct",
    "llama-3-70b": "meta-llama/Meta-Llama-3-70B-Instruct",
    "llama-3.3-70b-instruct": "meta-llama/Llama-3.3-70B-Instruct",
    "shisa-v2-llama3.1-8b.i1": "meta-llama/Llama-3.1-8B-Instruct",
    "shisa-v2-llama3.3-70b.i1": "meta-llama/Llama-3.3-70B-Instruct",
}
"""The data pack's names that the catalog's search does not settle; a fine-tune has its base's shape."""

QWEN1 = Architecture(
    name="qwen2",
    hidden_size=1024,
    vocab_size=151936,
    tied_embeddings=True,
    runs=(LayerRun(24, Layer(Attention(16, 16, 64, 64, bias=True), None, FeedForward(2816))),),
    context_tokens=32768,
)
"""Qwen1.5-0.5B (its config.json), which is too old for the catalog."""

BUILD = re.compile(
    r"[-_.]((?:UD-)?(?:IQ\d_[A-Z0-9_]+|Q\d_K_[A-Z]+|Q\d_[01]|Q\d_K|MXFP4|BF16|F16))(?:-fp16)?$", re.IGNORECASE
)
TWICE = ("nanbeige4.2",)


@dataclass(frozen=True, slots=True)
class Row:
    """One measurement."""

    source: str
    device: str
    machine: Machine
    model: str
    build: Build
    architecture: Architecture
    weights: BuildWeights
    factor: float
    """Stated file size over the estimated one; 1 where none is stated."""

    prompt: float | None
    generated: float | None
    depth: float
    sequences: float
    cards: int
    prefill: float | None
    """Tokens per second."""

    decode: float | None
    ttft: float | None
    """Seconds."""

    ubatch: int
    """Tokens per step of the prompt."""

    old: bool
    """CUDA or ROCm, before build `SORTED_ON_HOST`."""

    note: str

    @property
    def file_bytes(self) -> float:
        """Size of the file."""
        return self.weights.file_bytes * self.factor

    def work(self, depth: float) -> Work:
        """One token at a depth, on the row's accelerator."""
        return of_file(whole(self.architecture, self.weights, depth_tokens=depth), self.factor)

    @property
    def mean_depth(self) -> float:
        """Tokens in the cache in the middle of the measurement."""
        return self.depth + (self.generated or 128) / 2

    @property
    def is_moe(self) -> bool:
        """A mixture of experts."""
        return self.weights.expert_bytes > 0

    def sorts(self, tokens: float) -> float:
        """Tokens that an old build sorts by expert on the processor while it reads a prompt, in thousand millions."""
        if not self.old or not self.is_moe:
            return 0.0
        parts = [layer.feed_forward for layer in self.architecture.layers()]
        return sum(part.n_experts for part in parts if part is not None) * tokens / 1e9

    @property
    def key(self) -> tuple[object, ...]:
        """Repeats of the same measurement."""
        return self.device, self.model, self.build, self.prompt, self.generated, self.depth


@cache
def machine_of(name: str) -> Machine | None:
    """The device, by the same reading that users get."""
    try:
        found = parse_machine(name)
    except UsageError:
        return None
    return found if found.accelerators and found.accelerators[0].bandwidth_bytes_per_second else None


@cache
def architecture_of(name: str) -> Architecture | None:
    """The model's shape, from the catalog."""
    if name in ("qwen1.5-0.5b-chat", "qwen-0.5b"):
        return QWEN1
    for text in (NAMES.get(name, name), f"{name}-it", f"{name}-instruct", re.sub(r"^[a-z0-9-]+_", "", name)):
        try:
            return find(text).architecture
        except UsageError:
            continue
    return None


def number(text: str) -> float | None:
    """A cell."""
    return float(text) if text else None


def source_of(text: str) -> str:
    """Short name of a source."""
    return next((name for part, name in SOURCES.items() if part in text), "other")


def lines(folder: Path) -> Iterable[dict[str, str]]:
    """The file, raw."""
    with (folder / "measured_speed.csv").open(encoding="utf-8", newline="") as file:
        yield from csv.DictReader(file)


def read(folder: Path, keep: Callable[[dict[str, str], str], bool]) -> tuple[list[Row], Counter[str]]:
    """Rows that `keep(line, source)` wants and that can be used, and how many could not, by reason."""
    found: list[Row] = []
    left_out: Counter[str] = Counter()
    for line in lines(folder):
        source = source_of(line["source"])
        if not keep(line, source):
            continue
        row, reason = usable(line, source)
        if row is None:
            left_out[reason] += 1
        else:
            found.append(row)
    return found, left_out


def usable(line: dict[str, str], source: str) -> tuple[Row | None, str]:
    """The row, or why it cannot be used."""
    machine = machine_of(line["hardware"])
    if machine is None:
        return None, "device not in the table"
    name, label = line["model"], line["quant"].split(" (")[0].replace("i1-", "").replace(" - Medium", "_M")
    if source == "community":
        stem = line["model_raw"].removesuffix(".gguf")
        match = BUILD.search(stem)
        if match is None:
            return None, "build not in the file's name"
        name, label = stem[: match.start()].replace(".i1", "").lower(), match.group(1)
    if re.fullmatch(r"Q\d_K_XL", label):
        label = f"UD-{label}"
    architecture = None if any(word in name for word in TWICE) else architecture_of(name)
    if architecture is None:
        return None, "model not in the catalog"
    try:
        build = parse_build("safetensors:BF16" if "bf16" in label and "/" in label else label if label else "F16")
    except UsageError:
        return None, f"no such build: {label}"
    weights = build_weights(architecture, build)
    size = number(line["weights_gib"])
    row = Row(
        source=source,
        device=machine.accelerators[0].name,
        machine=machine,
        model=name,
        build=build,
        architecture=architecture,
        weights=weights,
        factor=size * GIB / weights.file_bytes if size else 1.0,
        prompt=number(line["prompt_len"]),
        generated=1024.0 if source == "XiongjieDai" else number(line["gen_len"]),
        depth=number(line["context_depth"]) or 0.0,
        sequences=number(line["concurrency"]) or 1.0,
        cards=int(line["gpu_count"] or 1),
        prefill=number(line["prefill_tps"]),
        decode=number(line["decode_tps"]),
        ttft=ttft / 1e3 if (ttft := number(line["ttft_ms"])) else None,
        ubatch=ubatch_of(line, source),
        old=is_old(line),
        note=line["note"],
    )
    return row, ""


def ubatch_of(line: dict[str, str], source: str) -> int:
    """Tokens per step, which the rows do not say but the programs that made them do: 2,048 in ggml-org's own runs
    (scripts/bench-models.sh), in its guide to gpt-oss (discussion 15396), and in kyuz0's runs at depth on ROCm
    (benchmark/run_benchmarks.sh). Otherwise the default.
    """
    if "ubatch" in line:
        return int(line["ubatch"])
    deep_rocm = source == "kyuz0" and line["backend"] == "ROCm" and line["context_depth"] not in ("", "0")
    return 2048 if source == "ggml-org" or "15396" in line["source_url"] or deep_rocm else UBATCH


def is_old(line: dict[str, str]) -> bool:
    """A build that sorted tokens by expert on the processor. The pack's rows of discussion 15396 state none; they are
    of builds 6199 and 6205.
    """
    number_ = re.match(r"b?([0-9]{4,5})\b", line["engine_version"])
    early = int(number_[1]) < SORTED_ON_HOST if number_ else "15396" in line["source_url"]
    return early and line["backend"] in ("CUDA", "ROCm")


def of_experts() -> list[Row]:
    """Rows of mixtures of experts that are not in the data pack: see `EXPERTS`."""
    found = []
    with EXPERTS.open(encoding="utf-8", newline="") as file:
        for line in csv.DictReader(file):
            full = dict.fromkeys(COLUMNS, "") | line | {"hardware": line["hardware"], "note": line["source"]}
            full |= {
                "engine_version": line["build"],
                "prompt_len": line["prompt"],
                "prefill_tps": line["prefill"],
                "decode_tps": line["decode"],
            }
            row, reason = usable(full, "llama.cpp")
            if row is None:
                raise ValueError(f"{EXPERTS.name}: {line['hardware']}, {line['model']}: {reason}")
            found.append(row)
    return found


def one_card(line: dict[str, str]) -> bool:
    """llama.cpp on one accelerator, one sequence."""
    return (
        line["engine"] in ("llama.cpp", "llamacpp")
        and line["backend"] != "CPU"
        and line["gpu_count"] in ("1", "")
        and line["concurrency"] in ("1", "")
        and "speculative" not in line["note"]
        and "batched-bench" not in line["note"]
    )


def bench(folder: Path) -> tuple[list[Row], Counter[str]]:
    """The rows for fitting, from llama-bench-like sources."""
    return read(folder, lambda line, source: source in FIT and one_card(line) and bool(line["weights_gib"]))


def community(folder: Path) -> tuple[list[Row], Counter[str]]:
    """`llmfit bench` rows of llama.cpp."""
    return read(folder, lambda line, source: source == "community" and line["engine"] == "llamacpp")


def fits(row: Row) -> bool:
    """The model lies in the accelerator's memory as a whole."""
    return row.file_bytes + SPARE_BYTES < row.machine.accelerators[0].memory_usable_bytes.value


def fastest(rows: Iterable[Row], speed: Callable[[Row], float | None]) -> list[Row]:
    """Of repeats the best."""
    best: dict[tuple[object, ...], Row] = {}
    for row in rows:
        value = speed(row)
        if value is None or value <= 0:
            continue
        before = best.get(row.key)
        if before is None or value > (speed(before) or 0.0):
            best[row.key] = row
    return list(best.values())


def data_of(rows: Sequence[Row], terms: Any, times: Sequence[float]) -> Data:
    """Rows as numbers.

    Args:
        rows: one or more.
        terms: of each, seconds at unit coefficients.
        times: of each, seconds.
    """
    return Data(
        terms=np.array(terms),
        times=np.array(times),
        devices=np.array([row.device for row in rows]),
        families=np.array([accelerator_family(row.machine.accelerators[0]) for row in rows]),
        experts=np.array([row.is_moe for row in rows]),
    )
