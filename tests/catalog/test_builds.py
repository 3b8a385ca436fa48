"""Names of builds: how people write them, and what can run them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.catalog.builds import (
    GGUF,
    MLX,
    SAFETENSORS,
    USUAL_GGUF,
    Build,
    Engine,
    engines,
    is_native,
    obstacle,
    parse_build,
)
from bakeoff.errors import UsageError


@pytest.mark.parametrize(
    ("text", "build"),
    [
        ("gguf:Q4_K_M", Build("gguf", "Q4_K_M")),
        ("q4_k_m", Build("gguf", "Q4_K_M")),
        (" GGUF : iq4_xs ", Build("gguf", "IQ4_XS")),
        ("Q4_K", Build("gguf", "Q4_K_M")),
        ("ud-q4_k_xl", Build("gguf", "UD-Q4_K_XL")),
        ("UD_Q4_K_XL", Build("gguf", "UD-Q4_K_XL")),
        ("MXFP4_MOE", Build("gguf", "MXFP4")),
        ("gguf:fp16", Build("gguf", "F16")),
        ("awq", Build("safetensors", "AWQ")),
        ("fp8", Build("safetensors", "FP8")),
        ("bf16", Build("safetensors", "BF16")),
        ("gguf:bf16", Build("gguf", "BF16")),
        ("nvfp4", Build("safetensors", "NVFP4")),
        ("safetensors:mxfp4", Build("safetensors", "MXFP4")),
        ("w4a16", Build("safetensors", "INT4")),
        ("mlx:4bit", Build("mlx", "4bit")),
        ("4bit", Build("mlx", "4bit")),
        ("mlx:8-bit", Build("mlx", "8bit")),
        ("mlx:bf16", Build("mlx", "bf16")),
    ],
)
def test_a_build_is_read_as_people_write_it(text: str, build: Build) -> None:
    assert parse_build(text) == build


def test_what_is_written_is_read_back() -> None:
    every = [Build("gguf", name) for name in GGUF]
    every += [Build("safetensors", name) for name in SAFETENSORS] + [Build("mlx", name) for name in MLX]
    assert [parse_build(str(build)) for build in every] == every
    assert set(USUAL_GGUF) <= set(every)


@pytest.mark.parametrize(
    ("text", "near"),
    [("Q4_KM", "Q4_K_M"), ("gguf:Q9_0", "gguf:Q8_0"), ("mlx:7bit", "mlx:"), ("zip:Q4_0", "gguf, safetensors and mlx")],
)
def test_an_unknown_build_names_the_nearest(text: str, near: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse_build(text)
    assert near in (caught.value.hint or "")


@given(st.text(max_size=300))
def test_any_text_is_a_build_or_a_clear_error(text: str) -> None:
    try:
        found = parse_build(text)
    except UsageError as raised:
        error: UsageError | None = raised
    else:
        error = None
        assert parse_build(str(found)) == found
    assert error is None or (error.hint and len(error.message) < 200)


NEVER: list[tuple[str, Engine, str, float | None, str]] = [
    ("nvfp4", "vllm", "nvidia", 8.9, "build.needs_compute_capability"),
    ("nvfp4", "vllm", "nvidia", 9.0, "build.needs_compute_capability"),
    ("nvfp4", "vllm", "amd", None, "build.needs_vendor"),
    ("mlx:4bit", "mlx", "nvidia", 12.0, "build.needs_vendor"),
    ("mlx:4bit", "mlx", "cpu", None, "build.needs_vendor"),
    ("awq", "vllm", "nvidia", 7.0, "build.needs_compute_capability"),
    ("awq", "sglang", "nvidia", 7.5, "build.needs_compute_capability"),
    ("int4", "vllm", "nvidia", 7.5, "build.needs_compute_capability"),
    ("awq", "vllm", "apple", None, "build.needs_vendor"),
    ("fp8", "vllm", "amd", None, "build.needs_number_format"),
    ("bf16", "vllm", "nvidia", 6.1, "build.needs_compute_capability"),
    ("q4_k_m", "vllm", "nvidia", 9.0, "build.engine_reads_other_format"),
    ("awq", "llama.cpp", "nvidia", 9.0, "build.engine_reads_other_format"),
]


@pytest.mark.parametrize(("build", "engine", "vendor", "capability", "code"), NEVER)
def test_a_build_is_never_offered_to_what_cannot_run_it(
    build: str, engine: Engine, vendor: str, capability: float | None, code: str
) -> None:
    found = obstacle(parse_build(build), engine, vendor, capability)
    assert found is not None
    assert found.code == code


RUNS: list[tuple[str, Engine, str, float | None]] = [
    ("q4_k_m", "llama.cpp", "cpu", None),
    ("q4_k_m", "llama.cpp", "amd", None),
    ("mlx:4bit", "mlx", "apple", None),
    ("nvfp4", "vllm", "nvidia", 10.0),
    ("nvfp4", "sglang", "nvidia", 12.0),
    ("fp8", "vllm", "nvidia", 7.5),
    ("awq", "vllm", "nvidia", 7.5),
    ("awq", "vllm", "nvidia", None),
    ("safetensors:mxfp4", "vllm", "nvidia", 8.0),
    ("bf16", "vllm", "amd", None),
    ("bf16", "transformers", "apple", None),
    ("bf16", "transformers", "cpu", None),
]


@pytest.mark.parametrize(("build", "engine", "vendor", "capability"), RUNS)
def test_a_build_is_offered_to_what_runs_it(build: str, engine: Engine, vendor: str, capability: float | None) -> None:
    assert obstacle(parse_build(build), engine, vendor, capability) is None


def test_fp8_multiplies_from_ada_on_and_only_unpacks_before() -> None:
    fp8 = parse_build("fp8")
    assert [is_native(fp8, "nvidia", capability) for capability in (7.5, 8.6, 8.9, 9.0)] == [False, False, True, True]
    assert is_native(fp8, "amd", None, has_fp8=True)
    assert obstacle(fp8, "vllm", "amd", has_fp8=True) is None


def test_every_build_has_an_engine() -> None:
    assert {engine for text in ("q8_0", "bf16", "4bit") for engine in engines(parse_build(text))} == {
        "llama.cpp",
        "vllm",
        "sglang",
        "transformers",
        "mlx",
    }
