"""llama.cpp's memory from the formulas against what the engine itself lays out, model by model.

    python -m benchmarks.memory [FOLDER]            # against the measurements in FOLDER (default ../shared/data)
    python -m benchmarks.memory --live [N]          # against the engine, now: N catalog models of every architecture

Errors are of the formulas: keys, values and state in percent; compute and output buffers in percent and MiB; the total
in percent of the sum without weights. Targets: 1 %; 10 % or 64 MiB; 3 % of a total that has the weights too.
"""

import argparse
import csv
import sys
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.loading import load
from bakeoff.errors import EngineError, UsageError
from bakeoff.fit.llama_cpp import EngineMemory, Settings, engine_memory, supported
from bakeoff.fit.planner import exact_all
from bakeoff.fit.vllm import usual_settings, vllm_memory
from bakeoff.units import GIB, MIB

DATA = Path(__file__).resolve().parents[1] / ".." / "shared" / "data"

MODELS = {
    "command-r-35b": "CohereLabs/c4ai-command-r-v01",
    "deepseek-v2-lite": "deepseek-ai/DeepSeek-V2-Lite-Chat",
    "falcon-h1-1.5b": "tiiuae/Falcon-H1-1.5B-Instruct",
    "gemma3": "google/gemma-3-270m-it",
    "gemma3-12b": "google/gemma-3-12b-it",
    "gpt-oss-20b": "openai/gpt-oss-20b",
    "llama3.1-8b": "meta-llama/Llama-3.1-8B-Instruct",
    "llama3.2-1b": "meta-llama/Llama-3.2-1B-Instruct",
    "mamba2-2.7b": "state-spaces/mamba2-2.7b",
    "phi3-mini": "microsoft/Phi-3-mini-4k-instruct",
    "qwen2.5-7b": "Qwen/Qwen2.5-7B-Instruct",
    "qwen3-30b-a3b": "Qwen/Qwen3-30B-A3B",
    "smollm2": "HuggingFaceTB/SmolLM2-135M-Instruct",
}
"""Name in the table -> id in the catalog. The table's other models are small ones made up for it."""

LIVE = (
    Settings(8192),
    Settings(131072),
    Settings(8192, flash_attention=False),
    Settings(32768, kv_type_k="q8_0", kv_type_v="q8_0"),
    Settings(8192, ubatch=2048),
    Settings(8192, ubatch=128),
    Settings(16384, n_slots=4),
    Settings(16384, n_slots=4, kv_unified=True),
    Settings(8192, n_outputs=2048),
    Settings(5000, n_slots=3, swa_full=True),
)


@dataclass(frozen=True, slots=True)
class Row:
    """One model under one setting."""

    model: str
    settings: Settings
    ours: EngineMemory
    engine: EngineMemory
    weights_bytes: int = 0

    @property
    def kept(self) -> float:
        """Error of keys, values and state, as a share."""
        ours = self.ours.kv_cache_bytes + self.ours.recurrent_state_bytes
        engine = self.engine.kv_cache_bytes + self.engine.recurrent_state_bytes
        return abs(ours - engine) / max(engine, 0.01 * MIB)

    @property
    def buffers_bytes(self) -> int:
        """Error of compute and output buffers."""
        ours = self.ours.compute_bytes + self.ours.output_bytes
        return abs(ours - self.engine.compute_bytes - self.engine.output_bytes)

    @property
    def buffers(self) -> float:
        """The same as a share."""
        return self.buffers_bytes / (self.engine.compute_bytes + self.engine.output_bytes)

    @property
    def total(self) -> float:
        """Error of everything, weights too where the table has them, as a share."""
        whole = self.weights_bytes + self.engine.total_bytes
        return abs(self.ours.total_bytes - self.engine.total_bytes) / whole


def from_table(path: Path) -> Iterator[Row]:
    """The rows of models that the catalog knows."""
    catalog = load().by_id
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            model = catalog.get(MODELS.get(row["model"], ""))
            if model is None or model.architecture is None:
                continue
            outputs = int(row["n_outputs_max"]) or int(row["n_batch"])
            settings = Settings(
                context_tokens=int(row["n_ctx"]),
                n_slots=int(row["n_seq_max"]),
                kv_type_k=row["type_k"],
                kv_type_v=row["type_v"],
                batch=int(row["n_batch"]),
                ubatch=int(row["n_ubatch"]),
                flash_attention="auto" if row["flash_attn"] == "auto" else False,
                kv_unified=row["kv_unified"] == "1",
                swa_full=row["swa_full"] == "1",
                n_outputs=outputs,
            )
            names = ("kv_mib", "rs_mib", "compute_mib", "output_mib")
            engine = EngineMemory(*(round(float(row[name]) * MIB) for name in names))
            ours = engine_memory(model.architecture, settings)
            yield Row(row["model"], settings, ours, engine, int(row["weights_bytes"]))


def live(per_architecture: int) -> Iterator[Row]:
    """Fresh rows, from the engine itself."""
    seen: dict[str, int] = defaultdict(int)
    for model in load().models:
        architecture = model.architecture
        if architecture is None or not supported(architecture.name) or seen[architecture.name] >= per_architecture:
            continue
        settings = [one for one in LIVE if _goes(architecture, one)]
        answers = exact_all(architecture, settings)
        found = [(one, answer) for one, answer in zip(settings, answers, strict=True)
                 if isinstance(answer, EngineMemory)]  # fmt: skip
        refused = next((answer for answer in answers if isinstance(answer, EngineError)), None)
        if not found:
            print(f"not measured: {architecture.name:<16} {model.id}: {str(refused)[-120:]}", file=sys.stderr)
            continue
        seen[architecture.name] += 1
        for one, answer in found:
            yield Row(architecture.name, one, engine_memory(architecture, one), answer)


def _goes(architecture: Architecture, settings: Settings) -> bool:
    try:
        engine_memory(architecture, settings)
    except UsageError:
        return False
    return True


def show(rows: Iterable[Row]) -> None:
    """A line per model, the worst first, and one for all."""
    by_model: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        by_model[row.model].append(row)
    print(f"{'model':<18}{'rows':>6}{'KV+state':>18}{'compute+output':>28}{'total':>18}")
    print(f"{'':<18}{'':>6}{'mean %   max %':>18}{'mean %   max %  max MiB':>28}{'mean %   max %':>18}")
    ordered = sorted(by_model.items(), key=lambda item: -max(row.buffers for row in item[1]))
    every = [row for group in by_model.values() for row in group]
    for name, group in [*ordered, ("all", every)]:
        print(f"{name:<18}{len(group):>6}{_pair([r.kept for r in group]):>18}", end="")
        largest = max(row.buffers_bytes for row in group) / MIB
        print(f"{_pair([r.buffers for r in group]):>19}{largest:>9.1f}{_pair([r.total for r in group]):>18}")
    bad = [row for row in every if row.buffers > 0.1 and row.buffers_bytes > 64 * MIB]
    exact = sum(row.buffers_bytes <= 0.06 * MIB for row in every)
    print(f"compute+output to the last hundredth of a MiB: {exact} of {len(every)}; beyond target: {len(bad)}")
    for row in bad:
        ours, engine = row.ours.compute_bytes / MIB, row.engine.compute_bytes / MIB
        print(f"  {row.model}: {row.settings}: {ours:.1f} for {engine:.1f}")


def _pair(shares: Sequence[float]) -> str:
    return f"{100 * sum(shares) / len(shares):.2f} {100 * max(shares):>7.2f}"


VLLM = {
    "Llama-3.1-8B-Instruct": "meta-llama/Llama-3.1-8B-Instruct",
    "Qwen2.5-7B-Instruct": "Qwen/Qwen2.5-7B-Instruct",
    "Qwen3-8B": "Qwen/Qwen3-8B",
}


def show_vllm(path: Path) -> None:
    """The measured parts of vLLM beside ours, in GiB and tokens. Weights are the measured ones: errors stay apart."""
    print(f"\n{'vLLM':<24}{'tp':>3}{'pp':>3}  {'type':<14}{'cache':<6}{'activation':>14}{'pool':>16}{'tokens':>22}")
    with path.open(encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            architecture = load()[VLLM[row["model"]]].architecture
            assert architecture is not None
            gpu = float(row["gpu_physical_gib"]) * GIB
            settings = usual_settings(
                int(row["max_model_len"]),
                gpu,
                row["gpu"],
                tensor_parallel=int(row["tp"]),
                pipeline_parallel=int(row["pp"]),
                gpu_memory_utilization=float(row["gpu_mem_util"]),
                kv_cache_dtype="fp8" if row["kv_dtype"] == "fp8" else "auto",
                number_bytes=4 if row["dtype"] == "float32" else 2,
            )
            found = vllm_memory(architecture, round(float(row["weight_gib_per_gpu"]) * GIB), gpu, settings)
            activation, pool = found.activation.value / GIB, found.kv_pool.value / GIB
            print(f"{row['model']:<24}{row['tp']:>3}{row['pp']:>3}  {row['dtype']:<14}{row['kv_dtype']:<6}", end="")
            print(
                f"{activation:>7.2f} {row['activation_gib'] or '-':>6}{pool:>9.2f} {row['kv_pool_gib'] or '-':>6}",
                end="",
            )
            print(f"{found.kv_tokens:>13} {row['kv_tokens'] or '-':>8}")


def speed() -> None:
    """How long the formulas take, each setting for the first time."""
    found = [model.architecture for model in load().models if model.architecture is not None]
    started = time.perf_counter()
    for architecture in found:
        engine_memory(architecture, Settings(24576))
    seconds = time.perf_counter() - started
    print(f"formulas: {len(found)} models in {seconds:.2f} s, {1e6 * seconds / len(found):.0f} microseconds each")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", nargs="?", type=Path, default=DATA)
    parser.add_argument("--live", nargs="?", type=int, const=1, metavar="N")
    arguments = parser.parse_args()
    if arguments.live is not None:
        show(live(arguments.live))
    else:
        show(from_table(arguments.folder / "llama_cpp_memory.csv"))
        show_vllm(arguments.folder / "vllm_memory_measured.csv")
    speed()


if __name__ == "__main__":
    main()
