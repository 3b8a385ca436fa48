"""The engine's process: llama.cpp as a server on 127.0.0.1. The only file that imports xllamacpp.

`start` runs this file by its path, and it imports nothing of Bakeoff, so that the process holds the engine alone.
It reads one line from standard input (the order, as JSON), starts the server on a free port, writes one line to
standard output (where it listens, as JSON), and leaves when standard input ends: also when its parent was killed.
All that llama.cpp says goes to standard error.
"""

import json
import os
import select
import sys
from typing import Any

TRACE = 4
"""llama.cpp's verbosity from which on it names the size of each buffer."""


def main() -> None:
    """Serve until standard input ends."""
    parent = os.getppid()
    order = json.loads(sys.stdin.buffer.readline())
    answer = os.dup(1)
    os.dup2(2, 1)
    _leave_on_end(True)
    if order["memory_limit"] is not None:
        _limit_memory(order["memory_limit"])
    server, version = serve(order)
    _leave_on_end(False)
    os.write(answer, json.dumps({"address": server.listening_address, "version": version}).encode() + b"\n")
    os.close(answer)
    _wait_for_end(parent)
    os._exit(0)  # The destructor of the server can wait for ever for its own threads.


def serve(order: dict[str, Any]) -> tuple[Any, str]:
    """Load the model and listen. Whatever stands in the way is in the log when this raises."""
    import xllamacpp

    parameters = order["parameters"]
    wanted = xllamacpp.CommonParams()
    wanted.model.path = order["model"]
    wanted.hostnames = ["127.0.0.1"]
    wanted.port = 0  # The system picks a free one, so none can be taken.
    wanted.verbosity = TRACE

    wanted.cpuparams.n_threads = parameters["threads"]
    wanted.cpuparams_batch.n_threads = parameters["threads"]
    wanted.n_parallel = parameters["n_slots"]
    wanted.n_ctx = parameters["n_slots"] * parameters["context_per_slot"]
    wanted.n_batch = parameters["batch"]
    wanted.n_ubatch = parameters["ubatch"]
    flash = xllamacpp.llama_flash_attn_type
    wanted.flash_attn_type = (
        flash.LLAMA_FLASH_ATTN_TYPE_ENABLED if parameters["flash_attention"] else flash.LLAMA_FLASH_ATTN_TYPE_DISABLED
    )
    wanted.cache_type_k = xllamacpp.ggml_type["GGML_TYPE_" + parameters["kv_type_k"].upper()]
    wanted.cache_type_v = xllamacpp.ggml_type["GGML_TYPE_" + parameters["kv_type_v"].upper()]
    layers = parameters["n_gpu_layers"]
    wanted.n_gpu_layers = -1 if layers is None else layers
    wanted.no_extra_bufts = parameters["batch_invariant"]
    wanted.sampling.seed = parameters["seed"]

    # What was planned is what runs: no shrinking to fit, no slot that borrows another's context.
    wanted.fit_params = False
    wanted.kv_unified = False
    # Every request is computed from its first token, whatever was asked before.
    wanted.cache_prompt = False
    wanted.cache_ram_mib = 0
    wanted.cache_idle_slots = False
    wanted.n_ctx_checkpoints = 0
    # Thinking comes apart from the answer, as `reasoning_content`.
    wanted.reasoning_format = xllamacpp.common_reasoning_format.COMMON_REASONING_FORMAT_DEEPSEEK
    # No page, no prompts of other requests, no reading by web pages of other origins.
    wanted.ui = False
    wanted.endpoint_slots = False
    wanted.cors_origins = ""
    return xllamacpp.Server(wanted), xllamacpp.__version__


def _leave_on_end(on: bool) -> None:
    """Let the kernel end this process when standard input ends, while loading keeps Python from noticing.

    The constructor of the server holds Python's lock, for minutes with a large model. On Linux a pipe can send
    SIGIO, whose default is to end the process. Elsewhere the end is noticed after loading.
    """
    if sys.platform != "linux":
        return
    import fcntl

    flags = fcntl.fcntl(0, fcntl.F_GETFL)
    fcntl.fcntl(0, fcntl.F_SETOWN, os.getpid())
    fcntl.fcntl(0, fcntl.F_SETFL, flags | os.O_ASYNC if on else flags & ~os.O_ASYNC)
    if on and select.select([0], [], [], 0)[0]:
        os._exit(0)  # It ended before.


def _limit_memory(count: int) -> None:
    """Make an allocation that the machine cannot hold fail at once, instead of being killed when it is used.

    Linux grants more than there is. The limit is on private memory (`RLIMIT_DATA`): mapped model files are not in it.
    """
    if sys.platform != "linux":
        return
    import resource

    hard = resource.getrlimit(resource.RLIMIT_DATA)[1]
    allowed = count if hard == resource.RLIM_INFINITY else min(count, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (allowed, hard))


def _wait_for_end(parent: int) -> None:
    """Return when standard input ends, or, where a fork of the parent still holds it open, when the parent is gone."""
    if sys.platform == "win32":
        os.read(0, 1)
        return
    while os.getppid() == parent and not select.select([0], [], [], 1.0)[0]:
        pass


if __name__ == "__main__":
    main()
