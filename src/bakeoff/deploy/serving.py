"""One engine as a server in production: its arguments, its image, what it needs of the machine around it."""

import math
import shlex
from dataclasses import dataclass

from bakeoff.catalog.builds import Engine
from bakeoff.errors import UsageError
from bakeoff.fit.plan.plan import Plan
from bakeoff.hardware.machine import Backend
from bakeoff.units import GIB

PORTS: dict[Engine, int] = {"llama.cpp": 8080, "vllm": 8000, "sglang": 30000, "mlx": 8080}
"""The engines' own defaults."""

IMAGES: dict[Engine, str] = {"vllm": "vllm/vllm-openai:latest", "sglang": "lmsysorg/sglang:latest"}
"""Published by the projects (their installation pages). Pin a version by its digest once it works."""

LLAMA_IMAGES: dict[Backend, str] = {
    "cuda": "server-cuda", "rocm": "server-rocm", "vulkan": "server-vulkan", "sycl": "server-intel",
}  # fmt: skip
"""Tags of llama.cpp's image by backend (docs/docker.md of ggml-org/llama.cpp); `server` is for processors."""

LLAMA_IMAGE = "ghcr.io/ggml-org/llama.cpp"

ENTRY: dict[Engine, tuple[str, ...]] = {
    "llama.cpp": ("/app/llama-server",),
    "vllm": ("vllm", "serve"),
    "sglang": ("python3", "-m", "sglang.launch_server"),
}
"""What starts the engine inside its image."""

HEALTH = "/health"
"""Answers 200 when the model is loaded; all three engines have it."""

CACHES: dict[Engine, str] = {"llama.cpp": "/root/.cache/llama.cpp", "vllm": "/root/.cache/huggingface",
                             "sglang": "/root/.cache/huggingface"}  # fmt: skip
"""Where downloaded weights stay."""

SPARE = 1.2
"""Of what the plan takes in main memory, for the system and the server around it."""


@dataclass(frozen=True, slots=True)
class Serving:
    """An engine's server."""

    engine: Engine
    image: str
    entry: tuple[str, ...]
    arguments: tuple[str, ...]
    port: int
    gpus: int
    backend: Backend | None
    """None: on the processor."""

    memory_gib: int
    """Of main memory, rounded up."""

    start_seconds: int
    """Until it answers: twice the expected time, and a minute for the download's end."""

    @property
    def cache(self) -> str:
        """Folder inside the container that should outlive it."""
        return CACHES[self.engine]


def serving(plan: Plan, *, backend: Backend | None) -> Serving:
    """The server of a plan.

    Args:
        plan: it runs, under llama.cpp, vLLM or SGLang.
        backend: of the machine's GPUs; None where it has none.

    Raises:
        UsageError: the engine has no container image.
    """
    engine = plan.engine
    if engine not in ENTRY or plan.command is None:
        raise UsageError(
            f"{engine} has no container image to deploy", hint="bakeoff deploy ... --engine llama.cpp, vllm or sglang"
        )
    arguments = arguments_of(plan)
    port = PORTS[engine]
    gpus = len(plan.offload.devices) if plan.offload is not None else 0
    system = sum(one.use.total_bytes for one in plan.devices if one.place < 0)
    load = plan.load_seconds.high if plan.load_seconds is not None else 300.0
    return Serving(
        engine=engine,
        image=image(engine, backend if gpus else None),
        entry=ENTRY[engine],
        arguments=(*arguments, "--host", "0.0.0.0", "--port", str(port)),
        port=port,
        gpus=gpus,
        backend=backend if gpus else None,
        memory_gib=max(4, math.ceil(SPARE * system / GIB)),
        start_seconds=60 + math.ceil(2 * load),
    )


def image(engine: Engine, backend: Backend | None) -> str:
    """Name of the container image."""
    if engine != "llama.cpp":
        return IMAGES[engine]
    return f"{LLAMA_IMAGE}:{LLAMA_IMAGES.get(backend, 'server') if backend else 'server'}"


def arguments_of(plan: Plan) -> tuple[str, ...]:
    """What follows the program in the plan's own command."""
    words = shlex.split(plan.command or "")
    for number, word in enumerate(words):
        if word == "llama-server" or word.endswith("launch_server"):
            return tuple(words[number + 1 :])
        if word == "serve":
            return tuple(words[number + 1 :])
    return tuple(words[1:])
