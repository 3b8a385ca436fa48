"""vLLM's memory on one of its GPUs: what is left for the cache, and how many requests that holds.

vLLM takes its share of the GPU (`--gpu-memory-utilization`), runs one largest step to see what activations take, and
makes a pool of pages of the rest: pool = share - weights - activations - what is not torch's. Weights are passed in.

Measured by llm-d-planner on an H100, vLLM 0.19 (docs/accuracy/vllm-v0.19.0-accuracy-report.md, 49 runs, 28 models); the
constants below are fitted on its figures. Pages and groups follow vllm/v1/core/kv_cache_utils.py.
"""

from dataclasses import dataclass
from typing import Literal

from bakeoff.catalog.architecture import Architecture
from bakeoff.errors import UsageError
from bakeoff.fit.engine_cache import CacheKind, cache_kinds
from bakeoff.fit.weights import BuildWeights
from bakeoff.units import GIB
from bakeoff.values import Estimate

SOURCE = "llm-d-planner's measurements of vLLM 0.19 on H100"

NON_TORCH_BYTES = round(0.25 * GIB)
"""CUDA context and libraries on a GPU by itself: 0.24 to 0.46 GiB."""

NON_TORCH_TENSOR_PARALLEL = round(2.1 * GIB)
"""With NCCL's buffers: 2.06 to 2.17 GiB with two and four GPUs."""

NON_TORCH_PIPELINE = round(0.07 * GIB)

SAMPLER_BYTES = 12
"""Per slot and token of the vocabulary, beside the logits: in 32 bits, sorted, and their places. With logits in 16 bits
that makes 14, the slope over eight vocabularies from 49 to 201 thousand."""

STEP_OVERHEAD_BYTES = round(0.05 * GIB)
PIPELINE_BYTES = round(0.2 * GIB)
"""Residuals of other stages, 0.17 to 0.27 GiB."""

LARGE_GPU_BYTES = 70 * GIB
"""From here on vLLM's own defaults are larger (`EngineArgs.get_batch_defaults`); A100s are left out."""

PADDED_GROUPS = 1.5
"""Kinds of layers whose numbers differ by less than this are padded to the larger (`_get_kv_cache_groups_...`)."""


@dataclass(frozen=True, slots=True)
class VllmSettings:
    """The options that decide memory."""

    context_tokens: int
    """`--max-model-len`: tokens of one request."""

    tensor_parallel: int = 1
    pipeline_parallel: int = 1
    gpu_memory_utilization: float = 0.9
    kv_cache_dtype: Literal["auto", "fp8"] = "auto"
    number_bytes: int = 2
    """Of the model's type: 2 for bfloat16 and float16, 4 for float32."""

    max_num_seqs: int = 256
    max_num_batched_tokens: int = 2048
    block_tokens: int = 16

    def __post_init__(self) -> None:
        if not 0 < self.gpu_memory_utilization <= 1:
            raise UsageError(
                f"gpu_memory_utilization is {self.gpu_memory_utilization}", hint="it is a share: above 0, at most 1"
            )
        for name in ("context_tokens", "tensor_parallel", "pipeline_parallel", "max_num_seqs"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}", hint="it must be at least 1")

    @property
    def cache_number_bytes(self) -> int:
        """Of one number of the cache."""
        return 1 if self.kv_cache_dtype == "fp8" else self.number_bytes


def usual_settings(context_tokens: int, gpu_bytes: float, gpu_name: str = "", **options: object) -> VllmSettings:
    """`vllm serve` as it starts by itself on a GPU: large ones get four times the slots and tokens per step."""
    large = gpu_bytes >= LARGE_GPU_BYTES and "a100" not in gpu_name.lower()
    usual: dict[str, object] = {
        "max_num_seqs": 1024 if large else 256,
        "max_num_batched_tokens": 8192 if large else 2048,
    }
    return VllmSettings(context_tokens, **(usual | options))  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class VllmMemory:
    """One GPU: the one with the least room."""

    weights_bytes: int
    activation: Estimate
    """Bytes at the worst moment of the largest step."""

    non_torch: Estimate
    kv_pool: Estimate
    """Bytes; negative where weights and activations alone are too much."""

    concurrency: float
    """Requests of `context_tokens` that have room at the same time, as vLLM prints it."""

    kv_tokens: int
    """The same in tokens: `GPU KV cache size` in vLLM's log."""

    @property
    def fits(self) -> bool:
        """One request has room: otherwise vLLM does not start."""
        return self.concurrency >= 1


def vllm_memory(architecture: Architecture, weights_bytes: int, gpu_bytes: float, settings: VllmSettings) -> VllmMemory:
    """The memory of one GPU.

    Args:
        architecture: the model.
        weights_bytes: on this GPU (`weights_on_gpu`).
        gpu_bytes: its memory as CUDA counts it: an H100 with 80 GB has 79.19 GiB.
        settings: how vLLM is started.
    """
    activation = activation_bytes(architecture, settings)
    non_torch = non_torch_bytes(settings)
    share = round(gpu_bytes * settings.gpu_memory_utilization) - weights_bytes
    pool = Estimate(
        share - activation.value - non_torch.value,
        share - activation.high - non_torch.high,
        share - activation.low - non_torch.low,
        source="estimated",
        detail="share of the GPU less weights, activations and what is not torch's",
    )
    found = concurrency(architecture, max(0, int(pool.value)), settings)
    return VllmMemory(weights_bytes, activation, non_torch, pool, found, int(found * settings.context_tokens))


def weights_on_gpu(weights: BuildWeights, settings: VllmSettings) -> int:
    """Bytes of weights on the GPU that has most: the first or last stage, which has a table of the vocabulary."""
    layers = sum(run.count for run in weights.blocks)
    stages = settings.pipeline_parallel
    if stages == 1:
        tables = weights.embedding_bytes + weights.output_bytes
    else:
        tables = max(weights.embedding_bytes, weights.head_bytes)
    blocks = weights.block_bytes * -(-layers // stages) // max(1, layers)
    return (blocks + tables + weights.layer_embedding_bytes) // settings.tensor_parallel


def activation_bytes(architecture: Architecture, settings: VllmSettings) -> Estimate:
    """The worst moment: sampling for every slot, or the widest layer; experts' workspaces stay beside either.

    Of several stages (`pipeline_parallel`) this is the last one: it samples, and so has the least room.
    """
    tokens, wide = settings.max_num_batched_tokens, settings.number_bytes
    residual = 2 * wide * tokens * architecture.hidden_size + STEP_OVERHEAD_BYTES
    parts = [layer.feed_forward for layer in (run.layer for run in architecture.runs) if layer.feed_forward]
    dense = max((part.size + part.shared_size for part in parts), default=0)
    widest = 3 * wide * tokens * dense // settings.tensor_parallel
    sampling = min(settings.max_num_seqs, tokens) * architecture.vocab_size * (SAMPLER_BYTES + wide)
    experts = 0
    for part in parts:
        inner = part.expert_size // settings.tensor_parallel
        outer = part.latent_size or architecture.hidden_size
        experts = max(experts, wide * tokens * part.n_experts_used * (max(2 * inner, outer) + inner))
    value = residual + max(widest, sampling) + experts
    if settings.pipeline_parallel > 1:
        value += PIPELINE_BYTES
    return Estimate(value, 0.85 * value, 1.2 * value + 0.1 * GIB, "estimated", f"fitted on {SOURCE}")


def non_torch_bytes(settings: VllmSettings) -> Estimate:
    """Context, libraries and communication buffers."""
    value = NON_TORCH_BYTES
    if settings.tensor_parallel > 1:
        value = NON_TORCH_TENSOR_PARALLEL
    elif settings.pipeline_parallel > 1:
        value = NON_TORCH_PIPELINE
    return Estimate(value, 0.9 * value, 1.1 * value + 0.2 * GIB, "published", SOURCE)


@dataclass(frozen=True, slots=True)
class _Pages:
    """Layers of one kind, as pages."""

    layers: int
    tokens: int
    """Of one page; 0 for state, of which a request has one page."""

    per_request: int


def concurrency(architecture: Architecture, pool_bytes: int, settings: VllmSettings) -> float:
    """Requests of the full context that a pool holds."""
    stage = settings.pipeline_parallel
    kinds = cache_kinds(architecture, settings.tensor_parallel)
    if not kinds:
        return float(settings.max_num_seqs)
    page = _page_bytes(kinds, settings)
    pages = [_pages(kind, page, settings) for kind in kinds]
    counts = [-(-one.layers // stage) for one in pages]
    group = min(counts)
    if max(counts) < PADDED_GROUPS * group:
        group = max(counts)
    blocks = pool_bytes // (page * group)
    needed = sum(-(-count // group) * one.per_request for count, one in zip(counts, pages, strict=True))
    return float(blocks / max(1, needed))


def _token_bytes(kind: CacheKind, settings: VllmSettings) -> float:
    return kind.token_numbers * settings.cache_number_bytes + kind.token_bytes


def _state(kind: CacheKind, settings: VllmSettings) -> int:
    return kind.state_numbers * 4 + kind.convolution_numbers * settings.number_bytes


def _page_bytes(kinds: tuple[CacheKind, ...], settings: VllmSettings) -> int:
    """Of every page: all kinds of layers share one pool, so the largest decides.

    Attention's pages are made longer where a recurrent state is larger.
    """
    per_token = max(_token_bytes(kind, settings) for kind in kinds)
    state = max(_state(kind, settings) for kind in kinds)
    page = per_token * settings.block_tokens
    if not page:
        return state
    return round(page * max(1, -(-state // round(page))))


def _pages(kind: CacheKind, page: int, settings: VllmSettings) -> _Pages:
    per_token = _token_bytes(kind, settings)
    if not per_token:
        return _Pages(kind.layers, 0, 1)
    tokens = int(page // (per_token * settings.block_tokens)) * settings.block_tokens
    kept = settings.context_tokens
    if kind.window is not None:
        kept = min(kept, kind.window - (not kind.chunked) + settings.max_num_batched_tokens)
    partly = kind.window is not None and not kind.chunked
    return _Pages(kind.layers, tokens, -(-kept // tokens) + partly)
