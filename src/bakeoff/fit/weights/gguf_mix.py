"""Which type llama.cpp's quantizer gives each tensor of a file: the mixture behind a name such as Q4_K_M.

A faithful account of `llama_tensor_get_type`, `tensor_allows_quantization` and `tensor_type_fallback` in llama.cpp's
src/llama-quant.cpp, as it stood from early 2024 to early 2026, when nearly all published files were made. A rewrite in
2026 treats fused q, k and v like values and per-layer embeddings like the head: less than 0.1 % of a file, but for the
per-layer embeddings of Gemma's E models. Knows nothing about bytes or models.
"""

from functools import lru_cache
from typing import NamedTuple

from bakeoff.headers.ggml import TENSOR_TYPES

BLOCKS: dict[str, tuple[int, int]] = {
    kind.name: (kind.block_elements, kind.block_bytes) for kind in TENSOR_TYPES.values()
}
"""Type -> weights and bytes of a block."""

FLOATS = ("F32", "F16", "BF16")

DEFAULT_TYPE: dict[str, str] = {
    **{name: name for name in (*FLOATS, "Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "Q2_K", "Q6_K")},
    **{name: name for name in ("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ3_XXS", "IQ3_S", "IQ4_NL", "IQ4_XS")},
    **{name: name for name in ("TQ1_0", "TQ2_0")},
    **dict.fromkeys(("Q3_K_S", "Q3_K_M", "Q3_K_L"), "Q3_K"),
    **dict.fromkeys(("Q4_K_S", "Q4_K_M"), "Q4_K"),
    **dict.fromkeys(("Q5_K_S", "Q5_K_M"), "Q5_K"),
    **dict.fromkeys(("IQ3_XS", "IQ3_M"), "IQ3_S"),
    "Q2_K_S": "Q2_K",
    "IQ2_S": "IQ2_XS",
    "IQ2_M": "IQ2_S",
    "MXFP4": "MXFP4",
}
"""File type -> type of most tensors (`llama_ftype_get_default_type`). `MXFP4` is llama.cpp's `MXFP4_MOE`."""

FALLBACK: dict[str, str] = {
    **dict.fromkeys(("IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ3_XXS", "IQ3_S", "IQ4_XS"), "IQ4_NL"),
    **dict.fromkeys(("Q2_K", "Q3_K", "TQ1_0", "TQ2_0"), "Q4_0"),
    "Q4_K": "Q5_0",
    "Q5_K": "Q5_1",
    "Q6_K": "Q8_0",
}
"""What a type gives way to where its block does not divide the row."""

VERY_LOW = frozenset(["IQ1_S", "IQ1_M", "IQ2_XXS", "IQ2_XS", "IQ2_S", "IQ2_M"])

KEPT = (
    "altup",
    "laurel",
    "per_layer_model_proj",
    "ffn_gate_tid2eid",
    "indexer.k_proj.weight",
    "indexer.q_proj.weight",
    "time_mix_v",
    "time_mix_a",
    "time_mix_g",
    "attn_rel_b.weight",
)
"""Parts of the names of matrices that stay in 16 bits."""

KEPT_IN_32_BITS = (
    "_norm.weight",
    "ffn_gate_inp",
    "position_embd.weight",
    "ssm_conv1d",
    "shortconv.conv.weight",
    "altup_correct_coef",
    "altup_predict_coef",
    "time_mix_first",
    "time_mix_w",
    "time_mix_decay_w",
    "time_mix_lerp_fused",
    "hc_",
)
"""Those that the converter writes in 32 bits (llama.cpp conversion/base.py, `prepare_tensors`)."""


class Whole(NamedTuple):
    """What the rules ask about the whole model."""

    falcon: bool
    eight_experts: bool
    four_experts: bool
    """Four or more."""

    grouped: bool
    """Four or more query heads per key head in the first block."""

    tied: bool
    large_llama: bool
    """llama.cpp's size label is 70B (`LLM_TYPE_70B`)."""

    importance: bool
    """An importance matrix was used. The published low-bit files all have one."""


class Position(NamedTuple):
    """What the rules ask about where a tensor stands: not the numbers themselves, only these facts."""

    value_more: bool = False
    """`use_more_bits` of its number among the value tensors."""

    value_first_two: bool = False
    value_first_four: bool = False
    layer_more: bool = False
    """`use_more_bits` of its block."""

    layer_first_eighth: bool = False
    layer_first_sixteenth: bool = False
    layer_middle: bool = False
    """Neither in the first nor in the last eighth."""

    down_first_eighth: bool = False
    """Fewer ffn_down tensors came before it than an eighth of the number of blocks."""


def use_more_bits(i: int, n: int) -> bool:
    """The first and last eighth, and every third between."""
    return i < n // 8 or i >= 7 * n // 8 or (i - n // 8) % 3 == 2


def role(name: str, *, vector: bool) -> str:
    """What the rules see in a name: `float32`, `float16`, `matrix`, or one of the names that have a rule of their own.

    Args:
        name: GGUF name without the block's prefix.
        vector: the tensor has one dimension.
    """
    if vector or not name.endswith(".weight") or any(part in name for part in KEPT_IN_32_BITS):
        return "float32"
    if any(part in name for part in KEPT):
        return "float16"
    if name in _OWN_RULE:
        return name.removesuffix(".weight")
    if name.startswith("ffn_down"):
        return "ffn_down"
    return "ffn_up" if name.startswith(("ffn_gate", "ffn_up")) else "matrix"


_OWN_RULE = frozenset(
    (
        *("token_embd.weight", "per_layer_token_embd.weight", "output.weight", "attn_output.weight"),
        *("attn_q.weight", "attn_k.weight", "attn_v.weight", "attn_qkv.weight"),
    )
)


@lru_cache(maxsize=1 << 16)
def tensor_type(file_type: str, whole: Whole, position: Position, role: str, unit: int, experts: bool) -> str:
    """The type that a tensor has in a file of `file_type`.

    Args:
        file_type: a key of `DEFAULT_TYPE`.
        whole: the model.
        position: where the tensor stands.
        role: what `role` says of its name.
        unit: the greatest common divisor of its row's length and 256; that is all that blocks ask of a row.
        experts: it holds several matrices.
    """
    default = DEFAULT_TYPE[file_type]
    floating = default if default in FLOATS else "BF16"
    if role == "float32":
        return "F32"
    if role == "float16" or default == floating:
        return floating
    return divisible(_mixed(file_type, default, whole, position, role, unit, experts), unit)


def divisible(kind: str, unit: int) -> str:
    """The type itself, or what it gives way to where its block does not divide the row."""
    if unit % BLOCKS[kind][0] == 0:
        return kind
    kind = FALLBACK.get(kind, "F16")
    return kind if unit % BLOCKS[kind][0] == 0 else "F16"


def _mixed(file_type: str, default: str, whole: Whole, position: Position, role: str, unit: int, experts: bool) -> str:
    if role == "output" or (role == "token_embd" and whole.tied):
        return _output(file_type, default, whole, unit)
    if file_type == "MXFP4":
        return "MXFP4" if experts else "Q8_0"
    if role in ("token_embd", "per_layer_token_embd"):
        return _EMBEDDING.get(file_type, default)
    if file_type in VERY_LOW:
        return _very_low(file_type, default, whole, position, role)
    if role == "attn_v":
        return _value(file_type, default, whole, position)
    if role == "attn_k":
        return "Q8_0" if whole.eight_experts else _THINNED.get(file_type, default)
    if role == "ffn_down":
        return _down(file_type, default, whole, position)
    if role == "attn_output":
        return _attention_output(file_type, default, whole)
    if role == "ffn_up" and file_type == "IQ3_XS" and position.layer_middle:
        return "IQ3_XXS"
    rules = {"attn_q": _THINNED, "attn_qkv": _FUSED}.get(role, {})
    return rules.get(file_type, default)


_EMBEDDING = {
    **dict.fromkeys(("IQ2_XXS", "IQ2_XS", "IQ1_S", "IQ1_M"), "Q2_K"),
    **dict.fromkeys(("IQ2_S", "IQ2_M", "IQ3_XXS"), "IQ3_S"),
    **dict.fromkeys(("TQ1_0", "TQ2_0"), "Q4_K"),
}
_THINNED = {"IQ3_XS": "IQ3_XXS", "IQ3_XXS": "IQ2_S"}
_FUSED = {"Q3_K_M": "Q4_K", "Q3_K_L": "Q4_K", "IQ3_M": "Q4_K", "Q4_K_M": "Q5_K", "Q5_K_M": "Q6_K"}
_OUTPUT = {"Q2_K": "Q3_K", "IQ3_XXS": "IQ3_S", "Q3_K_M": "Q4_K", "Q3_K_L": "Q5_K", "IQ3_M": "Q4_K"}
_OUTPUT_EIGHT_EXPERTS = frozenset(
    ["Q2_K", "IQ3_XS", "IQ3_XXS", "Q3_K_S", "Q3_K_M", "IQ4_NL", "Q4_K_S", "Q4_K_M", "IQ3_S", "IQ3_M", "IQ4_XS"]
)


def _output(file_type: str, default: str, whole: Whole, unit: int) -> str:
    if file_type == "MXFP4" or whole.falcon or unit % BLOCKS[default][0]:
        return "Q8_0"
    if file_type in VERY_LOW or file_type == "IQ3_XXS":
        return "Q5_K"
    return "Q8_0" if default == "Q8_0" else "Q6_K"


def _very_low(file_type: str, default: str, whole: Whole, position: Position, role: str) -> str:
    better = "IQ3_S" if file_type in ("IQ2_S", "IQ2_M") else "Q2_K"
    if role == "attn_v":
        return "Q4_K" if whole.grouped or whole.four_experts else better
    if role == "attn_k" and whole.eight_experts:
        return "Q4_K"
    if role == "ffn_down":
        return better if position.down_first_eighth else default
    if role == "attn_output":
        if whole.eight_experts:
            return "Q5_K"
        return {"IQ1_S": "IQ2_XXS", "IQ1_M": "IQ2_XXS", "IQ2_S": "IQ3_S", "IQ2_M": "IQ3_S"}.get(file_type, default)
    return default


def _value(file_type: str, default: str, whole: Whole, position: Position) -> str:
    if whole.eight_experts:
        return "Q8_0"
    kind = _value_by_file(file_type, default, whole, position)
    return "Q5_K" if whole.large_llama and kind in ("Q3_K", "Q4_K") else kind


def _value_by_file(file_type: str, default: str, whole: Whole, position: Position) -> str:
    if file_type == "Q2_K":
        return "Q4_K" if whole.grouped else "Q3_K"
    if file_type == "IQ3_XXS":
        return "Q4_K" if whole.grouped else "IQ3_XXS" if whole.importance else "IQ3_S"
    if file_type == "Q3_K_M":
        return "Q5_K" if position.value_first_two else "Q4_K"
    if file_type in ("Q4_K_M", "Q5_K_M"):
        return "Q6_K" if position.value_more else default
    if file_type == "Q4_K_S":
        return "Q5_K" if position.value_first_four else default
    if whole.grouped and file_type in ("Q2_K_S", "IQ3_XS", "IQ3_S"):
        return "Q4_K"
    if whole.grouped and file_type in ("IQ4_NL", "IQ4_XS"):
        return "Q5_K"
    return {"IQ3_M": "Q4_K", "Q3_K_L": "Q5_K"}.get(file_type, default)


def _down(file_type: str, default: str, whole: Whole, position: Position) -> str:
    if file_type == "Q2_K":
        return "Q3_K"
    if file_type == "Q3_K_L":
        return "Q4_K" if whole.falcon else "Q5_K"
    if file_type == "Q3_K_M":
        if position.layer_first_sixteenth:
            return "Q5_K"
        return "Q4_K" if not whole.falcon or position.layer_more else "Q3_K"
    if file_type == "Q4_K_M" and whole.falcon:
        return "Q6_K" if position.layer_first_sixteenth else "Q5_K" if position.layer_more else "Q4_K"
    if file_type in ("Q4_K_M", "Q5_K_M"):
        return "Q6_K" if position.layer_more else default
    if file_type == "IQ3_M":
        more = position.layer_first_eighth or (whole.eight_experts and position.layer_more)
        return "Q4_K" if more else default
    if file_type == "IQ3_XXS" and not whole.importance:
        return "Q4_K" if position.layer_first_eighth else "Q3_K"
    return _down_first_eighth(file_type, default, whole) if position.layer_first_eighth else default


def _down_first_eighth(file_type: str, default: str, whole: Whole) -> str:
    if file_type in ("Q4_0", "Q5_0"):
        return {"Q4_0": "Q4_1", "Q5_0": "Q5_1"}[file_type] if whole.importance else default
    if file_type in ("IQ4_NL", "IQ4_XS"):
        return default if whole.importance else "Q5_K"
    if file_type == "Q4_K_S" and whole.falcon:
        return default
    return {"Q2_K_S": "Q4_K", "Q4_K_S": "Q5_K"}.get(file_type, default)


def _attention_output(file_type: str, default: str, whole: Whole) -> str:
    if whole.falcon:
        return "Q4_K" if file_type == "Q3_K_L" else default
    if whole.eight_experts:
        return "Q5_K" if file_type in _OUTPUT_EIGHT_EXPERTS else default
    return _OUTPUT.get(file_type, default)
