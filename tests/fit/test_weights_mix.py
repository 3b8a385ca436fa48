"""The mixture behind a build's name: against real files, tensor by tensor, and against the rules one by one."""

import pytest

from bakeoff.fit.weights.gguf import tensor_types
from bakeoff.fit.weights.gguf_mix import (
    BLOCKS,
    DEFAULT_TYPE,
    Position,
    Whole,
    role,
    tensor_type,
    use_more_bits,
)
from bakeoff.headers.gguf import read_header
from bakeoff.weights import ModelFile
from tests.fit.models import GEMMA_270M, SMOLLM2

USUAL = Whole(
    falcon=False,
    eight_experts=False,
    four_experts=False,
    grouped=True,
    tied=False,
    large_llama=False,
    importance=True,
)
ANYWHERE = Position()


@pytest.mark.parametrize(
    ("fixture", "architecture", "file_type"), [("smollm2", SMOLLM2, "Q4_1"), ("gemma", GEMMA_270M, "Q4_K_M")]
)
def test_every_tensor_has_the_type_that_a_real_file_has(
    fixture: str, architecture: object, file_type: str, request: pytest.FixtureRequest
) -> None:
    model: ModelFile = request.getfixturevalue(fixture)
    header = read_header(model.path)
    assert header.file_type == file_type
    real = {tensor.name: (tensor.type.name, tensor.shape) for tensor in header.tensors}
    ours = {}
    for name, tensor, kind in tensor_types(architecture, file_type):  # type: ignore[arg-type]
        shape = (tensor.columns, tensor.rows, tensor.depth)
        while len(shape) > 1 and shape[-1] == 1:
            shape = shape[:-1]
        ours[name] = (kind, shape)
    assert ours == real


def test_the_extra_bits_go_to_both_ends_and_every_third_between() -> None:
    # 32 layers: 32 // 8 = 4 at each end, and from layer 4 every third: 6, 9, ... 27.
    more = [i for i in range(32) if use_more_bits(i, 32)]
    assert more == [0, 1, 2, 3, 6, 9, 12, 15, 18, 21, 24, 27, 28, 29, 30, 31]


RULES: list[tuple[str, str, dict[str, bool], dict[str, bool], str]] = [
    # file type, role, the model, the position, type
    ("Q4_K_M", "attn_q", {}, {}, "Q4_K"),
    ("Q4_K_M", "attn_v", {}, {"value_more": True}, "Q6_K"),
    ("Q4_K_M", "attn_v", {}, {}, "Q4_K"),
    ("Q4_K_M", "ffn_down", {}, {"layer_more": True}, "Q6_K"),
    ("Q4_K_M", "ffn_down", {"falcon": True}, {"layer_more": True}, "Q5_K"),
    ("Q4_K_M", "attn_qkv", {}, {}, "Q5_K"),
    ("Q4_K_M", "output", {}, {}, "Q6_K"),
    ("Q4_K_M", "token_embd", {}, {}, "Q4_K"),
    ("Q4_K_M", "token_embd", {"tied": True}, {}, "Q6_K"),
    ("Q4_K_M", "per_layer_token_embd", {"tied": True}, {}, "Q4_K"),
    ("Q4_K_M", "attn_v", {"large_llama": True}, {}, "Q5_K"),
    ("Q4_K_M", "attn_v", {"eight_experts": True}, {}, "Q8_0"),
    ("Q4_K_M", "attn_k", {"eight_experts": True}, {}, "Q8_0"),
    ("Q4_K_M", "attn_output", {"eight_experts": True}, {}, "Q5_K"),
    ("Q4_K_S", "attn_v", {}, {"value_first_four": True}, "Q5_K"),
    ("Q4_K_S", "ffn_down", {}, {"layer_first_eighth": True}, "Q5_K"),
    ("Q5_K_M", "attn_qkv", {}, {}, "Q6_K"),
    ("Q3_K_M", "attn_v", {}, {"value_first_two": True}, "Q5_K"),
    ("Q3_K_M", "ffn_down", {}, {"layer_first_sixteenth": True}, "Q5_K"),
    ("Q3_K_M", "ffn_down", {}, {}, "Q4_K"),
    ("Q3_K_M", "attn_output", {}, {}, "Q4_K"),
    ("Q3_K_L", "ffn_down", {}, {}, "Q5_K"),
    ("Q2_K", "attn_v", {}, {}, "Q4_K"),
    ("Q2_K", "attn_v", {"grouped": False}, {}, "Q3_K"),
    ("Q2_K", "ffn_down", {}, {}, "Q3_K"),
    ("Q2_K_S", "ffn_down", {}, {"layer_first_eighth": True}, "Q4_K"),
    ("Q4_0", "ffn_down", {}, {"layer_first_eighth": True}, "Q4_1"),
    ("Q4_0", "ffn_down", {"importance": False}, {"layer_first_eighth": True}, "Q4_0"),
    ("Q8_0", "output", {}, {}, "Q8_0"),
    ("Q6_K", "output", {"falcon": True}, {}, "Q8_0"),
    ("IQ4_XS", "attn_v", {}, {}, "Q5_K"),
    ("IQ4_XS", "ffn_down", {"importance": False}, {"layer_first_eighth": True}, "Q5_K"),
    ("IQ3_XS", "ffn_up", {}, {"layer_middle": True}, "IQ3_XXS"),
    ("IQ3_XS", "ffn_up", {}, {}, "IQ3_S"),
    ("IQ3_XXS", "attn_q", {}, {}, "IQ2_S"),
    ("IQ3_XXS", "attn_output", {}, {}, "IQ3_S"),
    ("IQ3_XXS", "output", {}, {}, "Q5_K"),
    ("IQ3_M", "attn_output", {}, {}, "Q4_K"),
    ("IQ2_M", "token_embd", {}, {}, "IQ3_S"),
    ("IQ2_M", "ffn_down", {}, {"down_first_eighth": True}, "IQ3_S"),
    ("IQ2_XXS", "attn_v", {"grouped": False}, {}, "Q2_K"),
    ("IQ2_XXS", "attn_v", {"grouped": False, "four_experts": True}, {}, "Q4_K"),
    ("IQ1_S", "attn_output", {}, {}, "IQ2_XXS"),
    ("IQ1_M", "output", {}, {}, "Q5_K"),
    ("BF16", "attn_q", {}, {}, "BF16"),
    ("Q4_K_M", "float32", {}, {}, "F32"),
    ("Q4_K_M", "float16", {}, {}, "BF16"),
    ("F16", "float16", {}, {}, "F16"),
]


@pytest.mark.parametrize(("file_type", "part", "whole", "position", "kind"), RULES)
def test_each_rule(file_type: str, part: str, whole: dict[str, bool], position: dict[str, bool], kind: str) -> None:
    assert tensor_type(file_type, USUAL._replace(**whole), ANYWHERE._replace(**position), part, 256, False) == kind


@pytest.mark.parametrize(
    ("file_type", "unit", "kind"),
    [
        ("Q4_K_M", 64, "Q5_0"),
        ("Q5_K_M", 64, "Q5_1"),
        ("Q6_K", 64, "Q8_0"),
        ("Q2_K", 64, "Q4_0"),
        ("Q3_K_S", 64, "Q4_0"),
        ("IQ4_XS", 64, "IQ4_NL"),
        ("IQ2_XXS", 64, "IQ4_NL"),
        ("Q4_K_M", 4, "F16"),
        ("Q8_0", 4, "F16"),
    ],
)
def test_a_row_that_blocks_do_not_divide_takes_a_larger_type(file_type: str, unit: int, kind: str) -> None:
    assert tensor_type(file_type, USUAL, ANYWHERE, "matrix", unit, False) == kind


def test_the_head_goes_to_8_bits_where_blocks_do_not_divide_it() -> None:
    assert tensor_type("Q2_K", USUAL, ANYWHERE, "output", 128, False) == "Q8_0"


def test_mxfp4_files_hold_experts_in_4_bits_and_the_rest_in_8() -> None:
    assert tensor_type("MXFP4", USUAL, ANYWHERE, "ffn_up", 256, True) == "MXFP4"
    assert tensor_type("MXFP4", USUAL, ANYWHERE, "attn_q", 256, False) == "Q8_0"


@pytest.mark.parametrize(
    ("name", "vector", "part"),
    [
        ("attn_v.weight", False, "attn_v"),
        ("attn_v_b.weight", False, "matrix"),
        ("ffn_down_exps.weight", False, "ffn_down"),
        ("ffn_gate_exps.weight", False, "ffn_up"),
        ("ffn_gate_inp.weight", False, "float32"),
        ("ffn_gate_inp_shexp.weight", True, "float32"),
        ("ffn_down_exps.bias", False, "float32"),
        ("attn_q_norm.weight", False, "float32"),
        ("ssm_conv1d.weight", False, "float32"),
        ("ssm_a", False, "float32"),
        ("laurel_l.weight", False, "float16"),
        ("per_layer_model_proj.weight", False, "float16"),
        ("output_norm.weight", True, "float32"),
        ("output.weight", False, "output"),
    ],
)
def test_what_the_rules_see_in_a_name(name: str, vector: bool, part: str) -> None:
    assert role(name, vector=vector) == part


def test_every_file_type_gives_every_tensor_a_type_that_exists() -> None:
    parts = ("matrix", "attn_v", "attn_k", "attn_q", "attn_qkv", "attn_output", "ffn_down", "ffn_up", "output")
    for file_type in DEFAULT_TYPE:
        for part in parts:
            for unit in (256, 128, 32, 1):
                assert tensor_type(file_type, USUAL, ANYWHERE, part, unit, True) in BLOCKS
