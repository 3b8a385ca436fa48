"""What runs a model in production: files that their own parsers read, with the planned parameters, and nothing else."""

import ast
import inspect
import shlex
from pathlib import Path
from typing import Any

import huggingface_hub
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from bakeoff.deploy import Deployment, deployment, files
from bakeoff.errors import UsageError
from bakeoff.fit import fit
from bakeoff.project.deploying import deployment_for, write_recipes


def recipe(found: Deployment, kind: str) -> str:
    return next(one.text for one in found.recipes if one.kind == kind)


def made(model: str, on: str, **options: Any) -> Deployment:
    return deployment(fit(model, on=on, **options))


CASES = [
    ("Qwen/Qwen3-8B", "RTX 4090, 64 GB RAM", {}, {"command", "modelfile", "compose", "kubernetes", "endpoint"}),
    ("Qwen/Qwen3-8B", "CPU only, 32 GB", {}, {"command", "modelfile", "compose", "kubernetes", "endpoint"}),
    ("Qwen/Qwen3-8B", "M3 Max 64 GB", {"engine": "llama.cpp"}, {"command", "modelfile"}),
    (
        "Qwen/Qwen3-32B",
        "2x H100 SXM",
        {"engine": "vllm", "users": 20},
        {"command", "compose", "kubernetes", "endpoint"},
    ),
    ("Qwen/Qwen3-32B", "2x H100 SXM", {"engine": "sglang"}, {"command", "compose", "kubernetes", "endpoint"}),
]


@pytest.mark.parametrize(("model", "on", "options", "kinds"), CASES)
def test_every_file_is_read_by_its_own_parser_and_starts_the_plan(
    model: str, on: str, options: dict[str, Any], kinds: set[str]
) -> None:
    found = made(model, on, **options)
    assert {one.kind for one in found.recipes} == kinds
    planned = [word for word in shlex.split(found.plan.command or "") if word.startswith("-") and len(word) > 2]
    script = recipe(found, "command").splitlines()
    assert shlex.split(script[-1])[1:] == shlex.split(found.plan.command or "")
    if "compose" not in kinds:
        return
    (service,) = yaml.safe_load(recipe(found, "compose"))["services"].values()
    assert set(planned) - {"-m"} <= {*service["command"], "-m"}
    assert service["ports"][0].startswith("127.0.0.1:")
    claim, pods, service = yaml.safe_load_all(recipe(found, "kubernetes"))
    container = pods["spec"]["template"]["spec"]["containers"][0]
    assert (claim["kind"], pods["kind"], service["kind"]) == ("PersistentVolumeClaim", "Deployment", "Service")
    assert service["spec"]["ports"][0]["targetPort"] == container["ports"][0]["containerPort"]
    gpus = container["resources"]["limits"].get("nvidia.com/gpu", "0")
    assert int(gpus) == len(found.plan.offload.devices)  # type: ignore[union-attr]
    volumes = {one["name"] for one in pods["spec"]["template"]["spec"]["volumes"]}
    assert {one["name"] for one in container["volumeMounts"]} == volumes


def test_the_endpoint_program_calls_the_library_as_it_is() -> None:
    program = ast.parse(recipe(made("Qwen/Qwen3-8B", "RTX 4090, 64 GB RAM"), "endpoint"))
    call = next(node for node in ast.walk(program) if isinstance(node, ast.Call) and node.keywords)
    known = set(inspect.signature(huggingface_hub.HfApi.create_inference_endpoint).parameters)
    assert {keyword.arg for keyword in call.keywords} <= known


@pytest.mark.parametrize(
    ("gigabytes", "expected"),
    [(14, ("nvidia-t4", "x1")), (15, ("nvidia-l4", "x1")), (43, ("nvidia-l40s", "x1")), (72, ("nvidia-a100", "x1")),
     (600, ("nvidia-h200", "x8")), (1100, None)],
)  # fmt: skip
def test_the_smallest_instance_with_a_tenth_to_spare(gigabytes: float, expected: tuple[str, str] | None) -> None:
    assert files.instance(gigabytes * 1e9) == expected


def test_ollama_gets_the_context_and_the_sampling_of_the_test() -> None:
    text = files.modelfile("a/b-GGUF", "Q4_K_M", 8192, {"temperature": 0.0, "max_tokens": 64, "stop": ["\n\n", '"'],
                                                         "response_format": {}})  # fmt: skip
    assert text.splitlines() == [
        "FROM hf.co/a/b-GGUF:Q4_K_M", "PARAMETER num_ctx 8192", "PARAMETER temperature 0.0", "PARAMETER num_predict 64",
        'PARAMETER stop "\\n\\n"', 'PARAMETER stop "\\""',
    ]  # fmt: skip


@given(st.text(st.characters(exclude_categories=("Cs",)), max_size=60))
def test_no_name_breaks_out_of_its_place(name: str) -> None:
    label = files.dns_name(name)
    assert 1 <= len(label) <= 32
    assert label.strip("-") == label
    assert set(label) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")
    assert yaml.safe_load(f"key: {files.quoted(name)}") == {"key": name}


def test_what_does_not_run_is_refused_with_the_way_on() -> None:
    with pytest.raises(UsageError, match="does not run") as caught:
        made("deepseek-ai/DeepSeek-V3", "CPU only, 16 GB")
    assert "bakeoff fit" in (caught.value.hint or "")


def test_a_mac_gets_no_container_and_is_told_why() -> None:
    found = made("Qwen/Qwen3-8B", "M3 Max 64 GB", engine="llama.cpp")
    assert "deploy.no_container_on_mac" in {why.code for why in found.left_out}


def test_a_candidate_without_a_name_of_its_own_is_found_by_the_name_that_the_tables_show(tmp_path: Path) -> None:
    (tmp_path / "bakeoff.toml").write_text(
        '[needs]\nhardware = "RTX 4090, 64 GB RAM"\n'
        '[[candidates]]\nmodel = "HuggingFaceTB/SmolLM2-135M-Instruct"\nbuild = "gguf:Q4_1"\n',
        encoding="utf-8",
    )
    found = deployment_for("SmolLM2-135M-Instruct Q4_1", tmp_path)
    assert str(found.plan.build) == "gguf:Q4_1"
    assert "Q4_1" in recipe(found, "command")


def test_a_candidate_brings_its_build_and_the_needs_their_machine(tmp_path: Path) -> None:
    (tmp_path / "bakeoff.toml").write_text(
        '[needs]\nhardware = "RTX 4090, 64 GB RAM"\ncontext_tokens = 16384\nconcurrent_users = 2\n'
        "[parameters]\ntemperature = 0.2\n"
        '[[candidates]]\nname = "ours"\nmodel = "Qwen/Qwen3-8B"\nbuild = "gguf:Q6_K"\n',
        encoding="utf-8",
    )
    found = deployment_for("ours", tmp_path)
    assert (str(found.plan.build), found.plan.conversations) == ("gguf:Q6_K", 2)
    assert "-c 32768 -np 2" in recipe(found, "command")
    assert "PARAMETER num_ctx 16384\nPARAMETER temperature 0.2" in recipe(found, "modelfile")


def test_files_are_written_once_and_never_over_others(tmp_path: Path) -> None:
    found = made("Qwen/Qwen3-8B", "RTX 4090, 64 GB RAM")
    paths = write_recipes(found, tmp_path / "out")
    assert {path.name for path in paths} == {"serve.sh", "Modelfile", "compose.yaml", "kubernetes.yaml", "endpoint.py"}
    assert write_recipes(found, tmp_path / "out") == paths
    (tmp_path / "out" / "compose.yaml").write_text("mine", encoding="utf-8")
    with pytest.raises(UsageError, match="is there already"):
        write_recipes(found, tmp_path / "out")
    assert (tmp_path / "out" / "compose.yaml").read_text(encoding="utf-8") == "mine"
