"""The command of a plan is what the plan says, in the engine's own words."""

import shlex

import pytest

from bakeoff.catalog.builds import Build, parse_build
from bakeoff.fit.plan import commands
from bakeoff.fit.plan.answering import answer
from bakeoff.fit.plan.plan import Offload, Plan
from bakeoff.fit.plan.wanted import Wanted
from tests.fit.plan_cases import machine, model, with_memory


def plan(name: str, on: str, *gib: float, **wanted: object) -> Plan:
    here = with_memory(machine(on), *gib) if gib else machine(on)
    found = answer(model(name), here, Wanted(**wanted)).chosen  # type: ignore[arg-type]
    assert found is not None
    return found


def options(command: str | None) -> dict[str, str]:
    """Option -> value of a command line."""
    assert command is not None
    parts = shlex.split(command)
    return {
        part: parts[number + 1] if number + 1 < len(parts) else ""
        for number, part in enumerate(parts)
        if part.startswith("-")
    }


def test_all_layers_on_the_only_gpu() -> None:
    found = options(plan("Qwen/Qwen3-8B", "RTX 4090, 64 GB RAM", context_tokens=16384).command)
    assert found == {"-hf": "unsloth/Qwen3-8B-GGUF:Q6_K", "-c": "16384", "-np": "1", "-ngl": "999"}


def test_the_head_counts_as_a_layer_when_some_stay_behind() -> None:
    found = plan("Qwen/Qwen3-8B", "RTX 4090, 64 GB RAM", 4.0, build=parse_build("Q4_K_M"))
    assert found.offload is not None
    assert found.offload.mode == "layers on cpu"
    assert options(found.command)["-ngl"] == str(sum(found.offload.gpu_layers) + 1)


def test_prediction_layers_in_the_file_count_too() -> None:
    # GLM-4.5-Air's file has one behind its 46 layers, and llama.cpp counts from the end.
    found = plan("zai-org/GLM-4.5-Air", "2x RTX 3090, 128 GB RAM", build=parse_build("Q4_K_M"))
    assert found.offload is not None
    counts = [int(count) for count in options(found.command)["-ts"].split(",")]
    assert counts[:-1] == list(found.offload.gpu_layers[:-1])
    assert counts[-1] == found.offload.gpu_layers[-1] + 2
    assert sum(counts) == 46 + 2


def test_a_split_is_given_in_layers_with_the_head_on_the_last_gpu() -> None:
    found = plan("meta-llama/Llama-3.3-70B-Instruct", "2x RTX 3090, 64 GB RAM", build=parse_build("Q4_K_M"))
    assert found.offload is not None
    first, second = found.offload.gpu_layers
    assert options(found.command)["-ts"] == f"{first},{second + 1}"
    assert "-dev" not in options(found.command)


def test_a_part_of_the_gpus_and_another_order_are_named() -> None:
    one = plan("Qwen/Qwen3-8B", "RTX 3060 12GB + RTX 3090, 64 GB RAM")
    assert options(one.command)["-dev"] == "CUDA1"
    both = plan("Qwen/Qwen3-32B", "RTX 3060 12GB + RTX 3090, 64 GB RAM", build=parse_build("Q6_K"))
    assert options(both.command)["-dev"] == "CUDA1,CUDA0"


def test_without_a_gpu_nothing_is_said_of_one_and_beside_an_unused_one_that_it_is_not_used() -> None:
    assert "-ngl" not in options(plan("Qwen/Qwen3-0.6B", "CPU only, 16 GB").command)
    assert options(plan("Qwen/Qwen3-0.6B", "RTX 4090, 64 GB RAM", 0.0).command)["-ngl"] == "0"


def test_everything_that_was_asked_for_stands_in_the_command() -> None:
    found = plan(
        "Qwen/Qwen3-8B",
        "RTX 4090, 64 GB RAM",
        engine="llama.cpp",
        context_tokens=32768,
        n_slots=4,
        kv_type_k="q8_0",
        kv_type_v="q4_0",
        flash_attention=True,
        ubatch=1024,
    )
    given = options(found.command)
    assert {
        "-c": "32768",
        "-np": "4",
        "-ctk": "q8_0",
        "-ctv": "q4_0",
        "-fa": "on",
        "-ub": "1024",
    }.items() <= given.items()


@pytest.mark.parametrize(
    ("build", "repository"),
    [("Q4_K_M", "unsloth"), ("UD-Q4_K_XL", "unsloth"), ("MXFP4", "ggml-org")],
)
def test_a_build_is_looked_for_where_it_is_usual(build: str, repository: str) -> None:
    found = commands.gguf_repository(model("openai/gpt-oss-20b"), Build("gguf", build))
    assert found is not None
    assert found.startswith(f"{repository}/")


def test_vllm_makes_fp8_of_a_16_bit_checkpoint_and_leaves_a_published_one_alone() -> None:
    dense = plan("Qwen/Qwen3-8B", "H100", engine="vllm", build=parse_build("fp8")).command
    assert "vllm serve Qwen/Qwen3-8B" in (dense or "")
    assert options(dense)["--quantization"] == "fp8"
    native = plan("deepseek-ai/DeepSeek-V3", "8x H200", engine="vllm").command
    assert "--quantization" not in (native or "")
    assert options(native)["--tensor-parallel-size"] == "8"


def test_sglang_mlx_and_transformers_have_their_own_words() -> None:
    sglang = options(plan("Qwen/Qwen3-8B", "H100", engine="sglang", kv_type_k="fp8", kv_type_v="fp8").command)
    assert sglang["--model-path"] == "Qwen/Qwen3-8B"
    assert sglang["--kv-cache-dtype"] == "fp8_e4m3"
    mlx = plan("Qwen/Qwen3-8B", "M3 Max 64 GB", engine="mlx", build=parse_build("mlx:4bit")).command
    assert "mlx-community/Qwen3-8B-4bit" in (mlx or "")
    program = shlex.split(plan("Qwen/Qwen3-8B", "RTX 4090", engine="transformers").command or "")
    compile(program[2], "snippet", "exec")


def test_names_are_quoted() -> None:
    odd = model("Qwen/Qwen3-8B")
    from dataclasses import replace

    strange = replace(odd, file="/tmp/my models; rm -rf/x.gguf")
    command = commands.llama_server(
        strange, Build("gguf", "Q4_K_M"), machine("CPU only, 16 GB"), Offload("cpu", 36), context_tokens=8192, n_slots=1
    )
    assert shlex.split(command)[2] == "/tmp/my models; rm -rf/x.gguf"
