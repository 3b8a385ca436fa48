"""How models, builds and repository files are read from their names."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.errors import WeightsError
from bakeoff.weights.builds import builds_in, quantization_of
from bakeoff.weights.types import Wanted, wanted


@pytest.mark.parametrize(
    ("build", "quantization"),
    [
        ("gguf:Q4_K_M", "Q4_K_M"),
        ("GGUF:q4_k_m", "Q4_K_M"),
        ("Q8_0", "Q8_0"),
        ("gguf:UD-Q4_K_XL", "UD-Q4_K_XL"),
        ("gguf", None),
        ("gguf:", None),
        (None, None),
    ],
)
def test_a_build_is_read_leniently(build: str | None, quantization: str | None) -> None:
    assert wanted("org/name", build) == Wanted("org/name", quantization)


@pytest.mark.parametrize(
    "model", ["llama3", "a/b/c", "", "/x", "org/", "org/na me", "https://host/x", "../x/y", "ỏrg\0/x"]
)
def test_what_is_no_model_is_refused(model: str) -> None:
    with pytest.raises(WeightsError, match="neither a file nor the name of a model"):
        wanted(model, None)


@pytest.mark.parametrize("build", ["safetensors:AWQ", "mlx:4bit", "gguf:Q4 K", "gguf:../x"])
def test_what_is_no_gguf_build_is_refused(build: str) -> None:
    with pytest.raises(WeightsError) as caught:
        wanted("org/name", build)
    assert "gguf:Q4_K_M" in (caught.value.hint or "")


@pytest.mark.parametrize(
    ("stem", "quantization"),
    [
        ("SmolLM2-135M-Instruct.Q4_1", "Q4_1"),
        ("gemma-3-270m-q4_k_m", "Q4_K_M"),
        ("Qwen_Qwen3-4B-IQ4_XS", "IQ4_XS"),
        ("Qwen3-30B-A3B-UD-Q4_K_XL", "UD-Q4_K_XL"),
        ("gpt-oss-20b-mxfp4", "MXFP4"),
        ("gpt-oss-20b-MXFP4_MOE", "MXFP4"),
        ("model-fp16", "F16"),
        ("ggml-model-f16", "F16"),
        ("tiny-BF16", "BF16"),
        ("bitnet-TQ2_0", "TQ2_0"),
        ("Q8_0", "Q8_0"),
        ("model_Q5_K_S", "Q5_K_S"),
        ("Q2-tiny", ""),
        ("my-model", ""),
        ("qwen2", ""),
    ],
)
def test_a_files_name_tells_its_build(stem: str, quantization: str) -> None:
    assert quantization_of(stem) == quantization


def test_parts_are_put_together_and_other_files_are_left_out() -> None:
    names = [
        "README.md",
        "Q8_0/big-Q8_0-00002-of-00002.gguf",
        "Q8_0/big-Q8_0-00001-of-00002.gguf",
        "big-Q4_0-00001-of-00003.gguf",  # parts are missing
        "big-Q2_K.gguf",
        "mmproj-big-F16.gguf",
        "big.imatrix.gguf",
        "big-vocab.gguf",
    ]
    assert [(build.quantization, build.names) for build in builds_in(names)] == [
        ("Q8_0", ("Q8_0/big-Q8_0-00001-of-00002.gguf", "Q8_0/big-Q8_0-00002-of-00002.gguf")),
        ("Q2_K", ("big-Q2_K.gguf",)),
    ]


@given(st.lists(st.text(max_size=40)))
def test_no_name_breaks_the_reader(names: list[str]) -> None:
    for build in builds_in([*names, *(f"{name}.gguf" for name in names)]):
        assert build.names
