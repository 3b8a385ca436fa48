"""What the engine is told, which part of that changes its answers, and the usual plan for this machine.

What was measured about each parameter is in docs/concepts/engine.md.
"""

from dataclasses import asdict, dataclass
from typing import Literal

from bakeoff.errors import UsageError
from bakeoff.evaluate.request import json_digest
from bakeoff.hardware import linux
from bakeoff.hardware.probe import Probe

KvType = Literal["f32", "f16", "bf16", "q8_0", "q5_1", "q5_0", "iq4_nl", "q4_1", "q4_0"]
"""Number format of the KV cache, as `--cache-type-k` of llama-server takes it."""

NOT_QUANTIZED: frozenset[KvType] = frozenset({"f32", "f16", "bf16"})

CONTEXT_STEP = 256
"""llama.cpp rounds the context of a slot up to a multiple of this (`GGML_PAD(n_ctx_seq, 256)`, llama-context.cpp)."""

MOST_SLOTS = 256
"""`LLAMA_MAX_SEQ` of llama.cpp."""

MOST_TOKENS = 2**31 - 1
"""Context over all slots; `n_ctx` is an int32 in llama.cpp's server."""

ARITHMETIC = ("batch", "ubatch", "flash_attention", "kv_type_k", "kv_type_v", "n_gpu_layers", "batch_invariant", "seed")
"""The parameters that change answers. Slots and context do not; threads only where `_sums_over_threads` says so."""


@dataclass(frozen=True, slots=True)
class EngineParameters:
    """One way to run a model in llama.cpp. Every field is set; nothing is left to its automatic choices."""

    threads: int
    """Threads that compute."""

    n_slots: int
    """Requests that are worked on at once."""

    context_per_slot: int
    """Tokens that one request may have, prompt and answer together; a multiple of 256."""

    batch: int = 2048
    """Most tokens of prompts in one call of the model (llama.cpp's default)."""

    ubatch: int = 512
    """Most tokens that are computed together (llama.cpp's default)."""

    flash_attention: bool = True
    """Attention in one fused kernel."""

    kv_type_k: KvType = "bf16"
    kv_type_v: KvType = "bf16"
    """Number format of the KV cache. bf16 is what models are trained in, and for it llama.cpp computes each row of
    attention alone; for f16 it takes shortcuts that depend on threads and on what else is computed."""

    n_gpu_layers: int | None = None
    """Layers on a GPU; None puts all there if llama.cpp has been built for one and it is there."""

    batch_invariant: bool = False
    """Leave out the kernels whose results depend on what else is in the batch: repacked weights, tiled K-quants.
    Reading prompts then takes up to twice as long. Weights in f16, bf16 and f32 have no such kernels."""

    seed: int = 0
    """For requests that sample and bring no seed of their own."""

    def __post_init__(self) -> None:
        if self.n_slots > MOST_SLOTS:
            raise UsageError(
                f"the embedded engine works on at most {MOST_SLOTS} requests at once, not {self.n_slots}",
                hint=f"set `concurrency` of the candidate to {MOST_SLOTS} or less",
            )
        if self.n_slots * self.context_per_slot > MOST_TOKENS:
            raise UsageError(
                f"{self.n_slots} x {self.context_per_slot} tokens of context are more than llama.cpp can count",
                hint="lower `context_tokens` of the candidate, or its `concurrency`",
            )
        if self.kv_type_v not in NOT_QUANTIZED and not self.flash_attention:
            raise UsageError(
                f"a KV cache with values in {self.kv_type_v} needs flash attention",
                hint="switch flash attention on, or keep the values in f16",
            )

    @classmethod
    def defaults(cls, *, n_slots: int, context_per_slot: int) -> "EngineParameters":
        """The usual plan for this machine: one thread for each core, and answers that repeat.

        With one slot a request is computed alone, and the fastest kernels give it the same answer every time.
        """
        return cls(
            threads=usable_cores(),
            n_slots=n_slots,
            context_per_slot=-(-context_per_slot // CONTEXT_STEP) * CONTEXT_STEP,
            batch_invariant=n_slots > 1,
        )


def engine_digest(parameters: EngineParameters, *, model_sha256: str, version: str) -> str:
    """Identity of an engine as far as its answers go: SHA-256 over model file, engine version, arithmetic.

    The machine is not part of it: a project that is opened elsewhere finds its answers again.

    Args:
        parameters: how the engine is started.
        model_sha256: digest of the model file.
        version: version of xllamacpp, which names the llama.cpp build.
    """
    every = asdict(parameters)
    counted = {name: every[name] for name in ARITHMETIC}
    if _sums_over_threads(parameters):
        counted["threads"] = parameters.threads
    return json_digest({"model": model_sha256, "engine": f"xllamacpp {version}", **counted})


def _sums_over_threads(parameters: EngineParameters) -> bool:
    """Flash attention splits the sums of long contexts over the threads (`use_split_kv_path` in ggml-cpu/ops.cpp)."""
    kinds = {parameters.kv_type_k, parameters.kv_type_v}
    return parameters.flash_attention and len(kinds) == 1 and kinds <= {"f16", "f32"}


def usable_cores(probe: Probe | None = None) -> int:
    """Physical cores that this process may use, within the limits of affinity and container.

    A second thread on a core only waits for the first: token generation is bound by memory, and llama.cpp's threads
    wait for each other after every operation. On Apple silicon the efficiency cores would hold up the others.
    """
    probe = probe or Probe()
    if probe.system == "linux":
        return linux.processor(probe)[0].cores
    if probe.system == "darwin":
        for name in ("hw.perflevel0.physicalcpu", "hw.physicalcpu"):
            answer = probe.run(["sysctl", "-n", name])
            if answer is not None and answer[1].strip().isdigit():
                return max(1, int(answer[1]))
    return max(1, probe.logical_cpus() // 2)
