"""Why an engine did not start, or is gone: from its last log lines and its exit code to an error with the fix.

The patterns are messages of llama.cpp (gguf.cpp, llama-model-loader.cpp, llama-model.cpp, ggml-backend.cpp) as of the
pinned version.
"""

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from bakeoff.errors import BakeoffError, EngineError, WeightsError
from bakeoff.evaluate.engines.parameters import EngineParameters
from bakeoff.units import show_bytes

ELSEWHERE = 'take another model, or run it in a server of your own and set `via = "http://..."` of the candidate'
OTHER_FILE = "get the file again; if its digest is right, take the model from another publisher"

WINDOWS_ILLEGAL_INSTRUCTION = 0xC000001D
"""Exit code (NTSTATUS) of a process that met an instruction its processor does not have."""

_PREFIX = re.compile(r"^[0-9.]+ [A-Z] ")
_ERROR = re.compile(r"^[0-9.]+ E |\b[A-Z][A-Za-z]*Error: |what\(\): |GGML_ASSERT|\babort", re.ASCII)
_CONSEQUENCE = re.compile(r"failed to (load model|create.context)|exiting due to|Failed to init server")
_MEMORY = re.compile(
    r"insufficient memory|failed to allocate|unable to allocate|failed to reserve initial|out of memory|bad_alloc"
)
_ALLOCATION = re.compile(r"buffer of size (\d+)")


@dataclass(frozen=True, slots=True)
class _Cause:
    """A message of llama.cpp and what it means."""

    pattern: str
    error: type[BakeoffError]
    message: str
    """Format string; {path} is the model file, {0} the first group of the pattern, {version} that of xllamacpp."""

    hint: str


_CAUSES = (
    _Cause(
        r"failed to open GGUF file '.*' \((.*)\)",
        WeightsError,
        "{path} cannot be read: {0}",
        "look at the path and at the file's permissions",
    ),
    _Cause(
        r"invalid magic characters: '(.*)', expected|(failed to read magic)",
        WeightsError,
        "{path} is not a model: GGUF files begin with the letters GGUF",
        "give the path of a .gguf file; a download page or an error message may have been saved in its place",
    ),
    _Cause(
        r"tensor '(.*)' data is not within the file bounds|(failed to read (?:key-value pairs|tensor|header))",
        WeightsError,
        "{path} is incomplete",
        "the download was cut: delete the file and get it again",
    ),
    _Cause(
        r"(?:unknown|unsupported) model architecture: '(.*)'",
        EngineError,
        "{path}: llama.cpp in xllamacpp {version} does not know the architecture {0!r}",
        ELSEWHERE,
    ),
    _Cause(
        r"error loading model vocabulary: (.*)",
        EngineError,
        "{path}: llama.cpp in xllamacpp {version} cannot read its tokenizer: {0}",
        ELSEWHERE,
    ),
    _Cause(
        r"chat template parsing error: (.*)",
        EngineError,
        "{path}: its chat template cannot be read: {0}",
        OTHER_FILE,
    ),
    _Cause(
        r"bad GGUF version|GGUFv1 is no longer supported|this GGUF file is version (\d+)",
        WeightsError,
        "{path} has a version of GGUF that llama.cpp in xllamacpp {version} does not read",
        OTHER_FILE,
    ),
    _Cause(
        r"No module named '(xllamacpp)'|(?:ImportError|OSError): (.*)",
        EngineError,
        "xllamacpp, which holds the engine, cannot be loaded: {0}",
        "pip install --force-reinstall xllamacpp; there are wheels for 64-bit Linux (glibc), macOS and Windows",
    ),
)

_DAMAGED = re.compile(r"error loading model: (.*)")


def why_gone(
    lines: Sequence[str],
    exit_code: int | None,
    *,
    path: Path,
    parameters: EngineParameters,
    version: str,
    log_path: Path,
) -> BakeoffError:
    """The error that explains it best.

    Args:
        lines: the last lines of the log.
        exit_code: as `subprocess` gives it, negative for a signal; None where the process did not end by itself.
        path: the model file.
        parameters: how the engine was started.
        version: version of xllamacpp.
        log_path: where all lines are.
    """
    text = "\n".join(lines)
    if _MEMORY.search(text):
        return _no_memory(text, path, parameters)
    for cause in _CAUSES:
        if found := re.search(cause.pattern, text):
            said = next((group for group in found.groups() if group), "")
            return cause.error(cause.message.format(said, path=path, version=version), hint=cause.hint)
    if found := _DAMAGED.search(text):
        return WeightsError(f"{path} cannot be loaded: {found[1]}", hint=OTHER_FILE)
    return _by_exit_code(lines, exit_code, path, parameters, log_path)


def too_slow(path: Path, seconds: float, log_path: Path) -> EngineError:
    """The engine did not listen in time."""
    return EngineError(
        f"{path}: the engine was not ready after {seconds:.0f} s",
        hint=f"is the disk very slow, or the machine short of memory? The engine's log is {log_path}",
    )


def _no_memory(text: str, path: Path, parameters: EngineParameters) -> EngineError:
    sizes = [int(size) for size in _ALLOCATION.findall(text)]
    asked = f": it asked for {show_bytes(max(sizes))} at once" if sizes else ""
    return EngineError(f"{path}: not enough memory for {_context(parameters)}{asked}", hint=_less_memory(parameters))


def _context(parameters: EngineParameters) -> str:
    if parameters.n_slots == 1:
        return f"the model with a context of {parameters.context_per_slot} tokens"
    return f"the model with {parameters.n_slots} contexts of {parameters.context_per_slot} tokens"


def _less_memory(parameters: EngineParameters) -> str:
    slots = ", lower `concurrency`" if parameters.n_slots > 1 else ""
    return (
        f"lower `context_tokens` of the candidate (now {parameters.context_per_slot}){slots}, take a smaller build, "
        "or close other programs"
    )


def _by_exit_code(
    lines: Sequence[str], exit_code: int | None, path: Path, parameters: EngineParameters, log_path: Path
) -> EngineError:
    if exit_code in (-getattr(signal, "SIGILL", 4), WINDOWS_ILLEGAL_INSTRUCTION):
        return EngineError(
            "the embedded engine needs instructions that this processor does not have (AVX2, FMA, F16C)",
            hint='run the model in a server on another machine and set `via = "http://..."` of the candidate',
        )
    if exit_code == -getattr(signal, "SIGKILL", 9):
        return EngineError(
            f"{path}: the engine was killed; most often the system does that when memory runs out",
            hint=_less_memory(parameters),
        )
    how = f"with exit code {exit_code}"
    if exit_code is not None and exit_code < 0:
        how = f"by signal {_signal_name(-exit_code)}"
    return EngineError(
        f"{path}: the engine ended {how}: {_telling(lines)}", hint=f"the engine's whole log is {log_path}"
    )


def _signal_name(number: int) -> str:
    try:
        return signal.Signals(number).name
    except ValueError:
        return str(number)


def _telling(lines: Sequence[str]) -> str:
    """The line that says most: the last error that is not only a consequence of another, else the last line."""
    errors = [line for line in lines if _ERROR.search(line)]
    causes = [line for line in errors if not _CONSEQUENCE.search(line)]
    line = (causes or errors or [line for line in lines if line.strip()] or ["it said nothing"])[-1]
    return " ".join(_PREFIX.sub("", line).split())[:300]
