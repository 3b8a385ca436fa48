"""Weights of a safetensors or MLX build: 16 bits, or matrices in blocks with scales and the rest in 16 bits."""

from dataclasses import dataclass
from functools import lru_cache

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.builds import Build
from bakeoff.fit.weights.build_weights import BlockWeights, BuildWeights
from bakeoff.fit.weights.outline import Bag, Outline, outline


@dataclass(frozen=True, slots=True)
class Packing:
    """How the matrices of a build are stored."""

    bits: float
    """Per weight, scales and zero points included."""

    tables: bool = False
    """Embedding and head are packed too."""

    experts_only: bool = False
    """Only routed experts are packed, in models that have them."""

    rest_bytes: float = 2.0
    """Per weight of everything else."""

    spread: tuple[float, float] = (0.002, 0.005)
    detail: str = ""


SAFETENSORS: dict[str, Packing] = {
    "F32": Packing(32, tables=True, rest_bytes=4, detail="4 bytes per weight"),
    "BF16": Packing(16, tables=True, detail="2 bytes per weight"),
    "F16": Packing(16, tables=True, detail="2 bytes per weight"),
    "FP8": Packing(
        8 + 32 / (128 * 128), spread=(0.01, 0.03), detail="FP8, a scale per 128 x 128; embedding, head, norms 16 bits"
    ),
    "INT8": Packing(8 + 16 / 4096, spread=(0.01, 0.03), detail="INT8, a scale per row; embedding, head, norms 16 bits"),
    "AWQ": Packing(
        4 + (16 + 4) / 128, spread=(0.01, 0.03), detail="4 bits, scale and zero per 128; embedding, head, norms 16 bits"
    ),
    "GPTQ": Packing(
        4 + (16 + 4) / 128 + 32 / 4096,
        spread=(0.01, 0.03),
        detail="4 bits, scale, zero per 128, group index; embedding, head, norms 16 bits",
    ),
    "INT4": Packing(
        4 + 16 / 128, spread=(0.01, 0.03), detail="4 bits, a scale per 128; embedding, head, norms 16 bits"
    ),
    "NVFP4": Packing(
        4 + 8 / 16, spread=(0.02, 0.12), detail="FP4, an FP8 scale per 16; embedding, head, norms 16 bits"
    ),
    "MXFP4": Packing(
        4 + 8 / 32, experts_only=True, spread=(0.02, 0.03), detail="experts FP4, a scale per 32; the rest 16 bits"
    ),
}
"""AWQ: AutoAWQ `WQLinear_GEMM`. GPTQ: GPTQModel's `qweight`, `scales`, `qzeros`, `g_idx`. INT4, INT8: llm-compressor.
FP8: DeepSeek-V3's and Qwen3's block scales. NVFP4: ModelOpt; where attention stays in 16 bits a file is larger.
"""


def _mlx(bits: int) -> Packing:
    # mlx.core.quantize: scale and bias of 16 bits per group of 64.
    return Packing(bits + 32 / 64, tables=True, spread=(0.01, 0.01), detail=f"{bits} bits, scale and bias per 64")


MLX: dict[str, Packing] = {
    "bf16": Packing(16, tables=True, detail="2 bytes per weight"),
    **{f"{bits}bit": _mlx(bits) for bits in (2, 3, 4, 5, 6, 8)},
    "mxfp4": Packing(4 + 8 / 32, tables=True, spread=(0.01, 0.03), detail="FP4, a scale per 32"),
}

TOKENIZER_BYTES_PER_TOKEN = 60.0
"""Of tokenizer.json, in the download beside the weights."""


def computed_bytes(build: Build) -> int:
    """Bytes per number of the type that an engine computes a build in."""
    return 4 if build.quantization == "F32" else 2


def checkpoint_weights(architecture: Architecture, build: Build) -> BuildWeights:
    """Bytes of a safetensors or MLX build.

    Args:
        architecture: the model.
        build: of format `safetensors` or `mlx`.
    """
    packing = (SAFETENSORS if build.format == "safetensors" else MLX)[build.quantization]
    model = outline(architecture)
    tables = {"token_embd": 0, "per_layer_token_embd": 0}
    output = 0
    for kind, count in model.outside:
        size = _bytes(((kind, count),), packing, model)
        if kind.role in tables:
            tables[kind.role] += size
        else:
            output += size
    blocks: list[BlockWeights] = []
    for stretch in model.stretches:
        bag = stretch.steady + stretch.moving
        dense = _bytes(tuple(item for item in bag if item[0].place != "expert"), packing, model)
        expert = _bytes(tuple(item for item in bag if item[0].place == "expert"), packing, model)
        run = BlockWeights(stretch.count, dense, expert, round(expert * stretch.used))
        if blocks and (blocks[-1].dense_bytes, blocks[-1].expert_bytes) == (dense, expert):
            run = BlockWeights(blocks.pop().count + stretch.count, dense, expert, run.expert_bytes_read)
        blocks.append(run)
    return BuildWeights(
        build=build,
        blocks=tuple(blocks),
        embedding_bytes=tables["token_embd"],
        output_bytes=output,
        layer_embedding_bytes=tables["per_layer_token_embd"],
        next_token_bytes=0 if build.format == "mlx" else round(model.next_token_weights * packing.bits / 8),
        metadata_bytes=round(TOKENIZER_BYTES_PER_TOKEN * architecture.vocab_size),
        embedding_row_bytes=sum(tables.values()) // max(architecture.vocab_size, 1),
        tied=architecture.tied_embeddings,
        below=packing.spread[0],
        above=packing.spread[1],
        detail=packing.detail,
    )


@lru_cache(maxsize=1 << 14)
def _bytes(bag: Bag, packing: Packing, model: Outline) -> int:
    total = 0.0
    for kind, count in bag:
        packed = kind.role not in ("float32", "float16")
        if kind.role in ("token_embd", "per_layer_token_embd", "output"):
            packed = packed and packing.tables
        elif packing.experts_only and model.has_experts:
            packed = packed and kind.place == "expert"
        total += count * (packing.bits / 8 if packed else packing.rest_bytes)
    return round(total)
