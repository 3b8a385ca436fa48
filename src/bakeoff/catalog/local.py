"""Facts about a model from files on this disk: a GGUF file, a safetensors file, or a folder of a Hub checkout."""

from pathlib import Path
from typing import Any

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.config import MAX_BYTES, parse_config
from bakeoff.catalog.config_architecture import shape_or_reason
from bakeoff.catalog.describing import (
    context_facts,
    file_slug,
    gguf_kind,
    lines_of,
    named_kind,
    parameter_facts,
    shape_facts,
)
from bakeoff.catalog.facts import Line
from bakeoff.catalog.gguf_architecture import architecture_from_gguf
from bakeoff.errors import DataError, StorageError, UsageError, WeightsError
from bakeoff.headers import gguf, safetensors


def facts_of_path(path: Path, model_id: str | None = None) -> list[Line]:
    """Facts about the model in a file or folder.

    Raises:
        UsageError: there is no model there, or several.
        WeightsError: the file is damaged, or is none of these.
        StorageError: it cannot be read.
    """
    if path.is_dir():
        return _facts_of_folder(path, model_id)
    suffix = path.suffix.lower()
    if suffix == ".safetensors":
        return _facts_of_checkpoint([path], path.parent, model_id or f"local/{file_slug(path.name)}")
    if suffix == ".gguf" or _begins_as_gguf(path):
        return facts_of_gguf(path, model_id or f"local/{file_slug(path.name)}")
    raise WeightsError(
        f"{path} is neither a .gguf nor a .safetensors file",
        hint="name the model's file, or the folder with its config.json",
    )


def facts_of_gguf(path: Path, model_id: str, source: str = "file header") -> list[Line]:
    """Facts about the model in a GGUF file, all its parts included.

    Raises:
        WeightsError: the file is damaged, or a part is missing.
        StorageError: it cannot be read.
    """
    parts = [gguf.read_header(part) for part in gguf.shard_paths(path)]
    place = {"path": str(path.absolute()), "format": "gguf", "bytes": sum(part.expected_file_bytes for part in parts)}
    return facts_of_gguf_headers(parts, model_id, source, place)


def facts_of_gguf_headers(
    parts: list[gguf.GgufHeader], model_id: str, source: str, place: dict[str, Any] | None
) -> list[Line]:
    """Facts from the headers of all parts of a model, wherever they were read.

    Raises:
        WeightsError: it is no language model.
    """
    header = parts[0]
    if header.architecture in (None, "clip"):
        raise WeightsError(
            f"{model_id}: this GGUF holds no language model ({header.architecture or 'no architecture'})",
            hint="name the model's own file, not its projector or a later part",
        )
    shape, why_not = _gguf_shape(parts)
    kind = gguf_kind(header.architecture, header.chat_template is not None, f"{model_id} {header.name or ''}")
    place = {**place, "build": header.file_type} if place and header.file_type else place
    return lines_of(
        model_id,
        source,
        {
            "identity": {
                "family": header.architecture,
                "organisation": _text(header, "general.organization") or model_id.partition("/")[0],
                "kind": kind,
                "tier": 3,
                **({"base": True} if kind == "base" else {}),
            },
            "parameters": parameter_facts(shape, sum(part.n_parameters for part in parts), "tensors in the file"),
            "context": context_facts(shape) or ({"tokens": header.context_length} if header.context_length else None),
            "architecture": shape_facts(shape, why_not),
            "licence": {"key": header.license} if header.license else None,
            "abilities": {"tasks": ["chat"] if kind == "chat" else []},
            "file": place,
        },
    )


def _gguf_shape(parts: list[gguf.GgufHeader]) -> tuple[Architecture | None, str | None]:
    try:
        return architecture_from_gguf(*parts), None
    except (DataError, WeightsError):
        return None, "family-unknown"


def _text(header: gguf.GgufHeader, key: str) -> str | None:
    value = header.metadata.get(key)
    return value[:100] if isinstance(value, str) and value else None


def _begins_as_gguf(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(4) == b"GGUF"
    except FileNotFoundError:
        raise UsageError(f"{path}: there is no such file", hint="check the path") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}") from None


def _facts_of_folder(folder: Path, model_id: str | None) -> list[Line]:
    try:
        names = sorted(part.name for part in folder.iterdir() if part.is_file())
    except OSError as error:
        raise StorageError(f"{folder} cannot be read: {error.strerror or error}") from None
    weights = [folder / name for name in names if name.endswith(".safetensors") and not name.startswith("adapter")]
    name = model_id or f"local/{file_slug(folder.resolve().name)}"
    if "config.json" in names or weights:
        return _facts_of_checkpoint(weights, folder, name)
    ggufs = [part for part in names if part.lower().endswith(".gguf") and "mmproj" not in part.lower()]
    starts = [part for part in ggufs if "-of-" not in part or "-00001-of-" in part]
    if len(starts) == 1:
        return facts_of_gguf(folder / starts[0], model_id or f"local/{file_slug(starts[0])}")
    if starts:
        raise UsageError(f"{folder} has {len(starts)} GGUF models", hint=f"name one: {folder / starts[0]}")
    if "adapter_config.json" in names:
        raise UsageError(f"{folder} holds an adapter, not a model", hint="merge it into its base model first")
    raise UsageError(f"{folder} has neither a config.json nor a model file", hint="name the model's file or folder")


def _facts_of_checkpoint(weights: list[Path], folder: Path, model_id: str) -> list[Line]:
    headers = [safetensors.read_header(path) for path in weights]
    shape, why_not, family = _config_shape(folder / "config.json")
    total = sum(header.n_elements for header in headers) or None
    packed = any(tensor.dtype in ("U8", "I32", "U32", "I8") for header in headers for tensor in header.tensors)
    kind = named_kind(model_id) or ("chat" if _has_template(folder) else "base")
    return lines_of(
        model_id,
        "config.json and tensor headers" if weights else "config.json",
        {
            "identity": {
                "family": family or "unknown",
                "organisation": model_id.partition("/")[0],
                "kind": kind,
                "tier": 3,
                **({"base": True} if kind == "base" else {}),
            },
            "parameters": parameter_facts(shape, None if packed else total, "tensors in the files"),
            "context": context_facts(shape),
            "architecture": shape_facts(shape, why_not),
            "abilities": {"tasks": ["chat"] if kind == "chat" else []},
            "file": {
                "path": str(folder.absolute()),
                "format": "safetensors",
                "bytes": sum(header.expected_file_bytes for header in headers),
            },
        },
    )


def _config_shape(path: Path) -> tuple[Architecture | None, str | None, str | None]:
    """Architecture, why there is none, and the family's name."""
    if not path.is_file():
        return None, "config-missing", None
    try:
        if path.stat().st_size > MAX_BYTES:
            raise DataError(f"{path} is larger than any config.json")
        config = parse_config(path.read_bytes())
    except OSError as error:
        raise StorageError(f"{path} cannot be read: {error.strerror or error}") from None
    family = config.get("model_type")
    return *shape_or_reason(config), family[:100] if isinstance(family, str) else None


def _has_template(folder: Path) -> bool:
    if (folder / "chat_template.jinja").is_file() or (folder / "chat_template.json").is_file():
        return True
    path = folder / "tokenizer_config.json"
    try:
        return path.stat().st_size < MAX_BYTES * 4 and b'"chat_template"' in path.read_bytes()
    except OSError:
        return False
