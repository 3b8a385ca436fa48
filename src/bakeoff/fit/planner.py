"""Asking llama.cpp itself what a model would take: its planner lays out everything and allocates nothing.

Slower than the formulas (tenths of a second for a model, milliseconds for each context) and bound to the engine's
build, but it cannot be wrong about it. The processor alone: buffers on GPUs are not asked for.
"""

import json
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.gguf_architecture import architecture_from_gguf
from bakeoff.catalog.gguf_metadata import metadata_of
from bakeoff.catalog.tensors import Tensor, name_in_file, tensors
from bakeoff.errors import EngineError, StorageError, UsageError
from bakeoff.fit import planner_process
from bakeoff.fit.header_file import Outline, write_header_file
from bakeoff.fit.llama_cpp.memory import EngineMemory
from bakeoff.fit.llama_cpp.settings import Settings
from bakeoff.headers.ggml import TENSOR_TYPES
from bakeoff.headers.gguf import GgufHeader, LongArray
from bakeoff.units import MIB

SECONDS = 120.0
"""For one model with all its contexts. Usual is below one."""

MOST_TOKENS = 1 << 24
"""Longer contexts are not asked for: the planner keeps a hundred bytes for each token."""

TYPES = {kind.name.lower(): number for number, kind in TENSOR_TYPES.items()}
WITH_ROTATIONS = frozenset(("gemma4",))
"""Architectures that do not load without a table of rotary frequencies, which the catalog does not count."""

ENVIRONMENT = {"GGML_NO_BACKTRACE": "1"}
"""Or an abort starts a debugger."""

_CACHE = re.compile(r"size = +([\d.]+) MiB \( *\d+ cells, *\d+ layers, *\d+/\d+ seqs\)")
_STATE = re.compile(
    r"size = +([\d.]+) MiB \( *\d+ cells, +\d+ layers, +\d+ seqs +\d+ rs_seq\)|state = .*, size = +([\d.]+) MiB"
)
_COMPUTE = re.compile(r"compute buffer size = +([\d.]+) MiB")
_OUTPUT = re.compile(r"output buffer size = +([\d.]+) MiB")


def exact(model: Architecture | Sequence[GgufHeader], settings: Settings) -> EngineMemory:
    """What the engine would take on the processor.

    Args:
        model: its shape, or the headers of its GGUF file: of all parts, in order.
        settings: how it would be started.

    Raises:
        UsageError: a context beyond `MOST_TOKENS`.
        EngineError: this build cannot lay out the model.
    """
    found = exact_all(model, (settings,))[0]
    if isinstance(found, EngineError):
        raise found
    return found


def exact_all(
    model: Architecture | Sequence[GgufHeader], settings: Sequence[Settings]
) -> tuple[EngineMemory | EngineError, ...]:
    """The same for several settings of one model: what the engine would take, or why not, for each.

    Raises:
        UsageError: a context beyond `MOST_TOKENS`.
        EngineError: the engine cannot be asked.
    """
    longest = max(one.context_tokens for one in settings)
    if longest > MOST_TOKENS:
        raise UsageError(f"a context of {longest:,} tokens", hint=f"the engine is asked for at most {MOST_TOKENS:,}")
    contexts = [_context(one) for one in settings]
    if isinstance(model, Architecture):
        answers = _with_file(metadata_of(model), _outlines(model), contexts)
    else:
        answers = _with_file(_metadata_of_file(model), _outlines_of_file(model), contexts)
    if any(isinstance(answer, EngineMemory) for answer in answers):
        return tuple(answers)
    # No room for the file, or the engine wants other tensors than the catalog knows: have it choose them.
    shape = model if isinstance(model, Architecture) else architecture_from_gguf(*model)
    return tuple(_ask(None, metadata_of(shape), contexts))


def _with_file(
    metadata: Mapping[str, Any], outlines: Sequence[Outline], contexts: Sequence[Mapping[str, Any]]
) -> list[EngineMemory | EngineError]:
    """Answers about a file without weights; none where it cannot be made."""
    if os.name == "nt":  # it would be written in full, zeros and all
        return []
    with tempfile.TemporaryDirectory(prefix="bakeoff-plan-") as folder:
        path = Path(folder) / "model.gguf"
        try:
            write_header_file(path, metadata, outlines)
        except StorageError:
            return []
        return _ask(path, {}, contexts)


def _context(settings: Settings) -> dict[str, Any]:
    flash = {True: 1, False: 0, "auto": -1}[settings.flash_attention]
    return {
        "n_ctx": settings.context_tokens,
        "n_batch": settings.batch,
        "n_ubatch": settings.ubatch,
        "n_seq_max": settings.n_slots,
        "n_outputs_max": max(settings.n_slots, settings.n_outputs or 0),
        "type_k": TYPES[settings.kv_type_k],
        "type_v": TYPES[settings.kv_type_v],
        "flash_attn_type": flash,
        "kv_unified": settings.kv_unified,
        "swa_full": settings.swa_full,
    }


def _library() -> Path:
    """The shared library of xllamacpp, which holds all of llama.cpp."""
    spec = find_spec("xllamacpp")
    for folder in spec.submodule_search_locations or () if spec else ():
        for pattern in ("xllamacpp*.so", "xllamacpp*.pyd"):
            for path in sorted(Path(folder).glob(pattern)):
                return path
    raise EngineError("xllamacpp, which holds the engine, is not installed", hint="pip install --upgrade bakeoff")


def _ask(
    path: Path | None, metadata: Mapping[str, Any], contexts: Sequence[Mapping[str, Any]]
) -> list[EngineMemory | EngineError]:
    order = {
        "library": str(_library()),
        "path": None if path is None else str(path),
        "metadata": metadata,
        "contexts": contexts,
    }
    command = [sys.executable, "-P", "-X", "utf8", str(Path(planner_process.__file__).resolve())]
    try:
        done = subprocess.run(
            command,
            input=json.dumps(order).encode() + b"\n",
            capture_output=True,
            timeout=SECONDS,
            env=dict(os.environ) | ENVIRONMENT,
            creationflags=getattr(subprocess, "CREATE_NO_WINDOW", 0),
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise EngineError(
            f"llama.cpp's planner did not answer within {SECONDS:.0f} seconds", hint="the formula needs no --exact"
        ) from None
    except OSError as error:
        raise EngineError(f"llama.cpp's planner cannot be started: {error.strerror}") from None
    found = [_answer(json.loads(line)) for line in done.stdout.splitlines()]
    missing = len(contexts) - len(found)
    return found + [_refused(done.stderr.decode(errors="replace"))] * missing


def _answer(answer: Mapping[str, Any]) -> EngineMemory | EngineError:
    return read_sizes(answer["log"]) if answer["ready"] else _refused(answer["log"])


def read_sizes(log: str) -> EngineMemory:
    """The sizes that llama.cpp prints when it makes a context, to a hundredth of a MiB."""
    return EngineMemory(
        kv_cache_bytes=_sum(_CACHE, log),
        recurrent_state_bytes=_sum(_STATE, log),
        compute_bytes=_sum(_COMPUTE, log),
        output_bytes=_sum(_OUTPUT, log),
    )


def _sum(pattern: re.Pattern[str], log: str) -> int:
    return round(sum(float(next(filter(None, match.groups()))) for match in pattern.finditer(log)) * MIB)


def _refused(log: str) -> EngineError:
    """From what it said: the first error, or its last words."""
    lines = [line.strip() for line in log.splitlines() if line.strip()]
    errors = [line for line in lines if ("rror" in line or "GGML_ASSERT" in line) and not line.startswith("raise ")]
    reason = (errors or lines[-1:] or ["it ended without a word"])[0]
    return EngineError(
        f"llama.cpp's planner does not lay out this model: {reason[-300:]}",
        hint="leave out --exact: the formula knows architectures that this engine does not run",
    )


def _outlines(architecture: Architecture) -> list[Outline]:
    found = [
        Outline(name_in_file(number, tensor), _shape(tensor), _type(tensor)) for number, tensor in tensors(architecture)
    ]
    if architecture.name in WITH_ROTATIONS:
        widths = [layer.attention.head_dim_k for layer in architecture.layers() if layer.attention]
        found.append(Outline("rope_freqs.weight", (max(widths) // 2,), TYPES["f32"]))
    return found


def _shape(tensor: Tensor) -> tuple[int, ...]:
    if tensor.is_vector:
        return (tensor.columns,)
    return (tensor.columns, tensor.rows) if tensor.depth == 1 else (tensor.columns, tensor.rows, tensor.depth)


def _type(tensor: Tensor) -> int:
    """Any type does, for buffers do not depend on it; these are the ones that every operation takes."""
    matrix = not tensor.is_vector and tensor.name.endswith(".weight") and "conv" not in tensor.name
    return TYPES["f16" if matrix else "f32"]


def _metadata_of_file(headers: Sequence[GgufHeader]) -> dict[str, Any]:
    """All of it but the vocabulary, and what says that there are other parts."""
    metadata = headers[0].metadata
    name = headers[0].architecture
    kept = {
        key: value
        for key, value in metadata.items()
        if not key.startswith(("tokenizer.", "split.", "general.")) and not isinstance(value, LongArray) and value != ()
    }
    embedding = next((t.shape for header in headers for t in header.tensors if t.name == "token_embd.weight"), (0, 0))
    return kept | {
        "general.architecture": name,
        "tokenizer.ggml.model": "none",
        f"{name}.vocab_size": embedding[-1],
    }


def _outlines_of_file(headers: Sequence[GgufHeader]) -> list[Outline]:
    return [
        Outline(tensor.name, tensor.shape, TYPES[tensor.type.name.lower()])
        for header in headers
        for tensor in header.tensors
    ]
