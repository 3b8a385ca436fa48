"""What llama.cpp says about itself while it starts: pure functions over its log lines.

The wording is that of the pinned version of xllamacpp; a test starts the real engine and fails when it changes.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from bakeoff.units import MIB

LISTENING = "listening on http"
"""In the last line that belongs to the start."""

_BUFFER = re.compile(r"\b(model|KV|RS|state|compute|output) buffer size *= *([0-9.]+) MiB")
_RESERVING = "sched_reserve: reserving"
_SLOTS = re.compile(r"n_slots = (\d+), n_ctx_slot = (\d+)")
_PRINTED = re.compile(r"print_info: (arch|n_ctx_train|file type) *= (.+)")
_TEMPLATE = "tokenizer.chat_template"


@dataclass(frozen=True, slots=True)
class Facts:
    """A started engine, in its own words. Bytes are over all devices, exact to 0.01 MiB as the log gives them."""

    architecture: str
    """As the file names it, for example `llama`."""

    file_type: str
    """llama.cpp's name for the quantization of most weights."""

    n_ctx_train: int
    """Tokens of context that the model was trained for."""

    has_chat_template: bool
    n_slots: int
    context_per_slot: int
    """Tokens that a request really has: never more than `n_ctx_train`."""

    weights_bytes: int
    """Mapped from the file, copied and repacked together."""

    kv_cache_bytes: int
    recurrent_state_bytes: int
    compute_bytes: int
    output_bytes: int


def read_facts(lines: Iterable[str]) -> Facts:
    """Collect the facts from the lines of one start. What the log does not say is zero, empty or false."""
    bytes_by_kind = dict.fromkeys(("model", "KV", "RS", "state", "compute", "output"), 0)
    printed = {"arch": "", "n_ctx_train": "0", "file type": ""}
    slots = (0, 0)
    template = False
    for line in lines:
        if found := _BUFFER.search(line):
            bytes_by_kind[found[1]] += round(float(found[2]) * MIB)
        elif _RESERVING in line:
            bytes_by_kind["compute"] = 0  # The graph is planned anew; what was planned before is freed.
        elif found := _PRINTED.search(line):
            printed[found[1]] = found[2].strip()
        elif found := _SLOTS.search(line):
            slots = (int(found[1]), int(found[2]))
        elif _TEMPLATE in line:
            template = True
    return Facts(
        architecture=printed["arch"],
        file_type=printed["file type"],
        n_ctx_train=int(printed["n_ctx_train"]),
        has_chat_template=template,
        n_slots=slots[0],
        context_per_slot=slots[1],
        weights_bytes=bytes_by_kind["model"],
        kv_cache_bytes=bytes_by_kind["KV"],
        recurrent_state_bytes=bytes_by_kind["RS"] + bytes_by_kind["state"],
        compute_bytes=bytes_by_kind["compute"],
        output_bytes=bytes_by_kind["output"],
    )
