"""The files: Ollama's Modelfile, container compose, Kubernetes manifest, a Hugging Face Inference Endpoint.

YAML is written with JSON's quoting, which YAML includes, so that no name can break out of its place.
"""

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from bakeoff.deploy.serving import HEALTH, Serving

MODELS_VOLUME = "models"


def quoted(value: object) -> str:
    """A scalar as YAML reads it, whatever is in it.

    JSON leaves some characters as they are that YAML takes only escaped.
    """
    text = json.dumps(value, ensure_ascii=False)
    return "".join(
        one if one.isprintable() else f"\\u{ord(one):04x}" if ord(one) < 0x10000 else f"\\U{ord(one):08x}"
        for one in text
    )


def listed(values: Sequence[str]) -> str:
    """A list on one line."""
    return f"[{', '.join(quoted(value) for value in values)}]"


def dns_name(text: str) -> str:
    """A label as Kubernetes and Hugging Face take it (RFC 1123): lower case, digits, dashes, at most 32."""
    name = re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")[:32].strip("-")
    return name or "model"


def modelfile(repository: str, quantization: str, context_tokens: int, parameters: Mapping[str, Any]) -> str:
    """Ollama's Modelfile. Its default context is far below what was planned, and it cuts prompts without a word.

    Args:
        repository: of GGUF files on the Hub.
        quantization: `Q4_K_M`.
        context_tokens: of one request.
        parameters: sampling parameters of the candidate, as the API spells them.
    """
    names = {"temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "min_p": "min_p", "seed": "seed",
             "max_tokens": "num_predict", "repeat_penalty": "repeat_penalty"}  # fmt: skip
    lines = [f"FROM hf.co/{repository}:{quantization}", f"PARAMETER num_ctx {context_tokens}"]
    lines += [
        f"PARAMETER {names[key]} {parameters[key]}" for key in names if isinstance(parameters.get(key), int | float)
    ]
    stop = parameters.get("stop")
    lines += [f"PARAMETER stop {quoted(one)}" for one in ([stop] if isinstance(stop, str) else stop or [])]
    return "\n".join(lines) + "\n"


def compose(name: str, one: Serving) -> str:
    """`compose.yaml`; `docker compose up -d` starts it."""
    lines = [
        "services:",
        f"  {dns_name(name)}:",
        f"    image: {quoted(one.image)}",
        f"    entrypoint: {listed(one.entry)}",
        f"    command: {listed(one.arguments)}",
        f'    ports: ["127.0.0.1:{one.port}:{one.port}"]',
        f"    volumes: {listed([f'{MODELS_VOLUME}:{one.cache}'])}",
        "    environment:",
        '      HF_TOKEN: "${HF_TOKEN:-}"',
        "    healthcheck:",
        f'      test: ["CMD", "curl", "-fsS", "http://127.0.0.1:{one.port}{HEALTH}"]',
        "      interval: 10s",
        f"      start_period: {one.start_seconds}s",
        "    restart: unless-stopped",
    ]
    if one.backend == "rocm":
        lines += ['    devices: ["/dev/kfd", "/dev/dri"]', '    group_add: ["video"]']
    elif one.backend in ("vulkan", "sycl"):
        lines += ['    devices: ["/dev/dri"]']
    elif one.gpus:
        lines += [
            "    deploy:",
            "      resources:",
            "        reservations:",
            f'          devices: [{{driver: nvidia, count: {one.gpus}, capabilities: ["gpu"]}}]',
        ]
    if one.engine != "llama.cpp":
        lines.append("    ipc: host")  # the workers of tensor parallelism talk through shared memory
    return "\n".join([*lines, "volumes:", f"  {MODELS_VOLUME}: {{}}"]) + "\n"


def kubernetes(name: str, one: Serving, file_gib: int) -> str:
    """A Deployment, its Service and the volume for its weights; `kubectl apply -f` starts it.

    Args:
        name: of the model.
        one: the server.
        file_gib: size of the weights.
    """
    label = dns_name(name)
    resource = {"rocm": "amd.com/gpu", "sycl": "gpu.intel.com/i915"}.get(one.backend or "", "nvidia.com/gpu")
    limits = {"memory": f"{one.memory_gib}Gi"} | ({resource: str(one.gpus)} if one.gpus else {})
    container: dict[str, Any] = {
        "name": "server",
        "image": one.image,
        "command": list(one.entry),
        "args": list(one.arguments),
        "ports": [{"containerPort": one.port}],
        "env": [
            {"name": "HF_TOKEN",
             "valueFrom": {"secretKeyRef": {"name": "hf-token", "key": "token", "optional": True}}},
        ],
        "resources": {"limits": limits, "requests": limits},
        "startupProbe": {
            "httpGet": {"path": HEALTH, "port": one.port},
            "periodSeconds": 10,
            "failureThreshold": max(6, -(-one.start_seconds // 10)),
        },
        "readinessProbe": {"httpGet": {"path": HEALTH, "port": one.port}, "periodSeconds": 10},
        "volumeMounts": [{"name": MODELS_VOLUME, "mountPath": one.cache}, {"name": "shm", "mountPath": "/dev/shm"}],
    }  # fmt: skip
    documents: list[dict[str, Any]] = [
        {
            "apiVersion": "v1",
            "kind": "PersistentVolumeClaim",
            "metadata": {"name": f"{label}-{MODELS_VOLUME}"},
            "spec": {
                "accessModes": ["ReadWriteOnce"],
                "resources": {"requests": {"storage": f"{max(10, 2 * file_gib)}Gi"}},
            },
        },
        {
            "apiVersion": "apps/v1",
            "kind": "Deployment",
            "metadata": {"name": label, "labels": {"app": label}},
            "spec": {
                "replicas": 1,
                "strategy": {"type": "Recreate"},
                "selector": {"matchLabels": {"app": label}},
                "template": {
                    "metadata": {"labels": {"app": label}},
                    "spec": {
                        "containers": [container],
                        "volumes": [
                            {
                                "name": MODELS_VOLUME,
                                "persistentVolumeClaim": {"claimName": f"{label}-{MODELS_VOLUME}"},
                            },
                            {"name": "shm", "emptyDir": {"medium": "Memory"}},
                        ],
                    },
                },
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": label},
            "spec": {"selector": {"app": label}, "ports": [{"port": 80, "targetPort": one.port}]},
        },
    ]
    return "---\n".join(_yaml(document) for document in documents)


def _yaml(value: Any, indent: int = 0) -> str:
    """Nested dicts and lists in block style, scalars with JSON's quoting."""
    pad = "  " * indent
    lines = []
    if isinstance(value, dict):
        for key, item in value.items():
            if isinstance(item, dict | list) and item:
                lines.append(f"{pad}{key}:\n{_yaml(item, indent + 1)}")
            else:
                lines.append(f"{pad}{key}: {quoted(item)}\n")
        return "".join(lines)
    for item in value:
        if isinstance(item, dict):
            inner = _yaml(item, indent + 1)
            lines.append(f"{pad}- {inner[len(pad) + 2 :]}")
        else:
            lines.append(f"{pad}- {quoted(item)}\n")
    return "".join(lines)


INSTANCES: tuple[tuple[str, str, float], ...] = (
    ("nvidia-t4", "x1", 16), ("nvidia-l4", "x1", 24), ("nvidia-l40s", "x1", 48), ("nvidia-a100", "x1", 80),
    ("nvidia-h200", "x1", 141), ("nvidia-a100", "x2", 160), ("nvidia-h200", "x2", 282), ("nvidia-a100", "x4", 320),
    ("nvidia-h200", "x4", 564), ("nvidia-a100", "x8", 640), ("nvidia-h200", "x8", 1128),
)  # fmt: skip
"""Inference Endpoints' GPU instances on AWS by memory in GB (their pricing page, read November 2026)."""


def instance(memory_bytes: float) -> tuple[str, str] | None:
    """The smallest instance with 10 % to spare; None where none is large enough."""
    needed = 1.1 * memory_bytes / 1e9
    return next(((kind, size) for kind, size, gigabytes in INSTANCES if gigabytes >= needed), None)


def endpoint(name: str, repository: str, one: Serving, memory_bytes: float) -> str | None:
    """A Python program that makes a Hugging Face Inference Endpoint; None where no instance is large enough."""
    found = instance(memory_bytes)
    if found is None:
        return None
    kind, size = found
    custom = {"url": one.image, "port": one.port, "health_route": HEALTH}
    return f'''"""Makes an Inference Endpoint. It costs money from the moment it runs until you delete or pause it."""

from huggingface_hub import create_inference_endpoint

endpoint = create_inference_endpoint(
    {dns_name(name)!r},
    repository={repository!r},
    framework="custom",
    task="text-generation",
    accelerator="gpu",
    vendor="aws",
    region="us-east-1",
    instance_type={kind!r},
    instance_size={size!r},
    min_replica=0,
    max_replica=1,
    scale_to_zero_timeout=15,
    type="protected",
    custom_image={custom!r},
    container_command={list(one.entry)!r},
    container_args={list(one.arguments)!r},
)
endpoint.wait(timeout={one.start_seconds + 600})
print(endpoint.url)
'''
