"""Models that Ollama has on this machine: its store on the disk first, its API on the loopback otherwise.

The store is `OLLAMA_MODELS`, else `~/.ollama/models`: a manifest per name and tag points to a GGUF file among blobs.
"""

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bakeoff.addresses import is_loopback
from bakeoff.catalog.fetch import Refused, get_json
from bakeoff.errors import NetworkError, OutsideError, UsageError

MAX_MANIFEST_BYTES = 1 << 20
MODEL_LAYER = "application/vnd.ollama.image.model"
LICENCE_LAYER = "application/vnd.ollama.image.license"
DEFAULT_HOST = "http://127.0.0.1:11434"
_PART = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,127}")
_DIGEST = re.compile(r"sha256[:-]([0-9a-f]{64})")


@dataclass(frozen=True, slots=True)
class OllamaModel:
    """What Ollama knows of one name."""

    name: str
    """With its tag: `qwen3:8b`."""

    file: Path | None
    """The GGUF file, where it can be read."""

    details: Mapping[str, Any] = field(default_factory=dict)
    """`details` of the API: family, parameter_size, quantization_level."""

    info: Mapping[str, Any] = field(default_factory=dict)
    """`model_info` of the API: the GGUF file's metadata without long arrays."""


def look_up(name: str) -> OllamaModel:
    """The model that Ollama has under a name.

    Args:
        name: `qwen3:8b`, `qwen3` (the tag is then `latest`), `someone/model:tag`.

    Raises:
        UsageError: Ollama has no such model, or this is no name.
        NetworkError: it is not in the store, and Ollama does not answer.
    """
    full = full_name(name)
    stored = in_store(full)
    if stored is not None:
        return OllamaModel(full, stored)
    return _by_api(full)


def full_name(name: str) -> str:
    """With its tag.

    Raises:
        UsageError: this is no name of Ollama's.
    """
    base, _, tag = name.strip().removeprefix("ollama:").removeprefix("ollama/").partition(":")
    parts = base.split("/")
    if len(parts) > 3 or not all(_PART.fullmatch(part) for part in (*parts, tag or "latest")):
        raise UsageError(f"{name[:120]!r} is not a name of Ollama's", hint="write it as `ollama list` shows it")
    return f"{base}:{tag or 'latest'}"


def store_folder() -> Path:
    """`OLLAMA_MODELS`, else the folder in the home."""
    named = os.environ.get("OLLAMA_MODELS", "").strip()
    return Path(named) if named else Path.home() / ".ollama" / "models"


def in_store(full: str) -> Path | None:
    """The GGUF file that a name stands for, in any of the stores that can be read."""
    base, _, tag = full.partition(":")
    parts = base.split("/")
    host = parts[0] if len(parts) == 3 else "registry.ollama.ai"
    owner = parts[-2] if len(parts) >= 2 else "library"
    for folder in _stores():
        found = _model_blob(folder, folder / "manifests" / host / owner / parts[-1] / tag)
        if found is not None:
            return found
    return None


def _stores() -> Iterator[Path]:
    yield store_folder()
    if "OLLAMA_MODELS" not in os.environ:  # the service of the Linux package has a home of its own
        yield Path("/usr/share/ollama/.ollama/models")


def _model_blob(folder: Path, manifest: Path) -> Path | None:
    try:
        if not manifest.is_file() or manifest.stat().st_size > MAX_MANIFEST_BYTES:
            return None
        layers = json.loads(manifest.read_text(encoding="utf-8")).get("layers", ())
        digests = [layer["digest"] for layer in layers if layer.get("mediaType") == MODEL_LAYER]
    except (OSError, ValueError, AttributeError, KeyError, TypeError, RecursionError):
        return None
    match = _DIGEST.fullmatch(digests[0]) if digests and isinstance(digests[0], str) else None
    if match is None:
        return None
    blob = folder / "blobs" / f"sha256-{match[1]}"
    return blob if blob.is_file() else None


def host() -> str:
    """`OLLAMA_HOST` as an address on the loopback, else the default one.

    Raises:
        UsageError: it names another machine: only this one's Ollama is asked.
    """
    text = os.environ.get("OLLAMA_HOST", "").strip()
    if not text:
        return DEFAULT_HOST
    url = text if "://" in text else f"http://{text}"
    url = url.replace("://0.0.0.0", "://127.0.0.1").rstrip("/")
    if not is_loopback(url):
        raise UsageError(
            f"OLLAMA_HOST is {text[:80]!r}: only Ollama on this machine is asked",
            hint="unset OLLAMA_HOST, or add the model's GGUF file",
        )
    return url if re.search(r":\d+$", url) else f"{url}:11434"


def _by_api(full: str) -> OllamaModel:
    body = json.dumps({"model": full}).encode()
    try:
        found = get_json(f"{host()}/api/show", headers={"Content-Type": "application/json"}, data=body)
    except Refused as refused:
        if refused.status == 404:
            raise UsageError(f"Ollama has no model {full!r}", hint=f"ollama pull {full}; or see: ollama list") from None
        raise OutsideError(f"Ollama answers with status {refused.status}", hint="is it running well?") from None
    except NetworkError:
        raise NetworkError(
            f"{full!r} is not in Ollama's store, and Ollama does not answer",
            hint="start it (ollama serve), or add the model's GGUF file: bakeoff catalog add FILE",
        ) from None
    if not isinstance(found, dict):
        raise OutsideError("Ollama does not answer as it should", hint="update Ollama")
    details, info = found.get("details"), found.get("model_info")
    return OllamaModel(
        full,
        _named_file(found.get("modelfile")),
        details if isinstance(details, dict) else {},
        info if isinstance(info, dict) else {},
    )


def _named_file(modelfile: Any) -> Path | None:
    """The file after FROM, where it is one that can be read."""
    if not isinstance(modelfile, str):
        return None
    match = re.search(r"^FROM\s+(\S.*?)\s*$", modelfile[:100_000], re.M)
    if match is None or "\0" in match[1]:
        return None
    path = Path(match[1])
    try:
        return path if path.is_absolute() and path.is_file() else None
    except OSError:
        return None
