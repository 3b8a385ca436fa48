"""Adding a model to the user's own catalog: from a file, a folder, the Hub, an address, or Ollama.

Facts that are added beat shipped ones; `Added.overrides` says which. What is shipped is never changed.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from bakeoff.catalog import hub, ollama
from bakeoff.catalog.config_architecture import shape_or_reason
from bakeoff.catalog.describing import (
    context_facts,
    file_slug,
    lines_of,
    named_kind,
    parameter_facts,
    repository_facts,
    shape_facts,
)
from bakeoff.catalog.facts import Line
from bakeoff.catalog.fetch import Refused, checked_url, open_ranges
from bakeoff.catalog.loading import Catalog, load
from bakeoff.catalog.local import facts_of_gguf, facts_of_gguf_headers, facts_of_path
from bakeoff.catalog.model import Model
from bakeoff.catalog.user import remember
from bakeoff.errors import NetworkError, UsageError, WeightsError
from bakeoff.headers import gguf, safetensors

_PART = re.compile(r"-\d{5}-of-\d{5}(?=\.gguf$)", re.I)
MOST_PARTS = 24
"""Parts of a split model whose headers are fetched; of a model in more parts the shape stays unknown."""

SPELLINGS = "a path, ORGANISATION/NAME, an https address, or ollama:NAME"


@dataclass(frozen=True, slots=True)
class Added:
    """What came of adding."""

    model: Model
    """As the catalog has it now."""

    added: tuple[Line, ...]
    """Facts that were new; empty where all was known."""

    overrides: tuple[str, ...]
    """Groups of shipped facts that the user's facts now beat."""


def add(reference: str, *, name: str | None = None) -> Added:
    """Add a model to the user's own catalog.

    Args:
        reference: a path, `ORGANISATION/NAME`, an https address, or `ollama:NAME`.
        name: id to give it, for a file or an address; else it is made from the file's name.

    Raises:
        UsageError: there is no such model, or the reference is of no known form.
        KeyMissing: the model is gated or private.
        NetworkError: no network, or HF_HUB_OFFLINE is set.
        WeightsError: a file is damaged.
        StorageError: the user's catalog cannot be written.
    """
    if name is not None and not hub.is_hub_id(name):
        raise UsageError(f"{name[:120]!r} cannot be an id", hint="write for example local/my-model")
    known = load()
    lines = facts_of(reference, known, name)
    model_id = lines[0]["model"]
    shipped = set(known.history_groups(model_id))
    added = remember(lines)
    return Added(
        model=load()[model_id],
        added=tuple(added),
        overrides=tuple(group for group in dict.fromkeys(line["fact"] for line in lines) if group in shipped),
    )


def facts_of(reference: str, known: Catalog, name: str | None = None) -> list[Line]:
    """The facts about what a reference means, not yet written anywhere.

    Raises:
        As for `add`.
    """
    text = reference.strip()
    if not text or len(text) > 4096 or "\0" in text:
        raise UsageError("nothing to add was named", hint=f"name {SPELLINGS}")
    if text.startswith(("http://", "https://")):
        return _of_address(text, known, name)
    if text.startswith(("ollama:", "ollama/")):
        return _of_ollama(text)
    path = Path(text).expanduser()
    if path.exists():
        return facts_of_path(path, name or _free_local_name(path, known))
    if hub.is_hub_id(text):
        return facts_of_repository(hub.repository(text))
    if re.fullmatch(r"[A-Za-z0-9._-]+:[A-Za-z0-9._-]+", text):
        return _of_ollama(text)
    raise UsageError(f"{text[:120]!r} is no file here, and no name of a model", hint=f"name {SPELLINGS}")


def _free_local_name(path: Path, known: Catalog) -> str | None:
    """A name of its own for a file whose name another one already has."""
    if path.is_dir():
        return None
    base = f"local/{file_slug(path.name)}"
    number, name = 1, base
    while name in known and known[name].file not in (None, str(path.absolute())):
        number += 1
        name = f"{base}-{number}"
    return name


def facts_of_repository(found: hub.Repository) -> list[Line]:
    """Facts about a model on the Hub: its card, its config.json or the header of a GGUF file.

    Raises:
        As for `add`.
    """
    facts: dict[str, Mapping[str, Any] | None] = repository_facts(found)
    files = found.files
    parts = one_build(files)
    if "config.json" in files:
        shape, why_not = shape_or_reason(hub.config_of(found.id))
        facts["parameters"] = parameter_facts(shape, found.n_parameters or _counted(found), "checkpoint tensor total")
        facts["context"] = context_facts(shape)
        facts["architecture"] = shape_facts(shape, why_not)
        return lines_of(found.id, "huggingface.co", facts)
    if parts:
        headers = [_remote_header(found.id, path) for path in parts[:MOST_PARTS]]
        own = facts_of_gguf_headers(headers, found.id, "file header", None)
        described = {line["fact"] for line in own}
        rest = {group: values for group, values in facts.items() if group not in described - {"identity"}}
        kept = [line for line in own if line["fact"] != "identity"]
        return lines_of(found.id, "huggingface.co", rest) + kept
    if "adapter_config.json" in files:
        raise UsageError(f"{found.id} holds an adapter, not a model", hint="add its base model")
    raise UsageError(f"{found.id} has neither a config.json nor a GGUF file", hint="is it a language model?")


def _counted(found: hub.Repository) -> int | None:
    """Numbers in the one safetensors file of a repository whose total the Hub does not say."""
    names = [name for name in found.files if name.endswith(".safetensors") and "/" not in name]
    if names != ["model.safetensors"]:
        return None
    try:
        read, size = hub.ranges_of(found.id, names[0])
        return safetensors.read_header_from(read, size, name=names[0]).n_elements
    except (NetworkError, WeightsError, Refused):
        return None


def one_build(files: list[str]) -> list[str]:
    """One of a repository's GGUF models: a single file where there is one, else all parts of the shortest split."""
    names = sorted(name for name in files if name.lower().endswith(".gguf") and "mmproj" not in name.lower())
    whole = [name for name in names if not _PART.search(name)]
    if whole:
        return whole[:1]
    splits: dict[str, list[str]] = {}
    for name in names:
        splits.setdefault(_PART.sub("", name), []).append(name)
    return min(splits.values(), key=len) if splits else []


def _remote_header(model_id: str, path: str) -> gguf.GgufHeader:
    read, size = hub.ranges_of(model_id, path)
    try:
        return gguf.read_header_from(read, size, name=path)
    except Refused as refused:
        raise hub.explained(refused, model_id) from None


def _of_address(url: str, known: Catalog, name: str | None) -> list[Line]:
    checked_url(url)
    own = urlsplit(hub.endpoint())
    parts = urlsplit(url)
    pieces = [unquote(piece) for piece in parts.path.split("/") if piece]
    if parts.netloc in (own.netloc, urlsplit(hub.ENDPOINT).netloc, "hf.co"):
        return _of_hub_address(pieces, url)
    last = pieces[-1] if pieces else ""
    model_id = name or f"web/{file_slug(last)}"
    try:
        if last.lower().endswith(".gguf"):
            read, size = open_ranges(url)
            header = gguf.read_header_from(read, size, name=last)
            if header.split_count > 1:
                raise UsageError(
                    f"{last[:80]} is one of {header.split_count} parts",
                    hint="download all parts into one folder and add the first",
                )
            place = {"path": url, "format": "gguf", "bytes": size or header.expected_file_bytes}
            return facts_of_gguf_headers([header], model_id, "file header", place)
        if last.lower().endswith(".safetensors"):
            read, size = open_ranges(url)
            found = safetensors.read_header_from(read, size, name=last)
            return _of_lone_checkpoint(url, model_id, found)
    except Refused as refused:
        raise NetworkError(
            f"{parts.netloc} answers with status {refused.status} for {last[:80]}", hint="check the address"
        ) from None
    raise UsageError(f"{url[:120]!r} is no .gguf and no .safetensors file", hint="name the file itself")


def _of_hub_address(pieces: list[str], url: str) -> list[Line]:
    if len(pieces) < 2:
        raise UsageError(f"{url[:120]!r} names no model", hint="write ORGANISATION/NAME")
    found = hub.repository(f"{pieces[0]}/{pieces[1]}")
    if len(pieces) > 4 and pieces[2] in ("resolve", "blob") and pieces[-1].lower().endswith(".gguf"):
        asked = "/".join(pieces[4:])
        if asked not in found.files:
            raise UsageError(f"{found.id} has no file {asked!r}", hint=f"see {hub.endpoint()}/{found.id}/tree/main")
        found = replace(found, info={**found.info, "siblings": [{"rfilename": asked}]})
    return facts_of_repository(found)


def _of_lone_checkpoint(url: str, model_id: str, found: safetensors.SafetensorsHeader) -> list[Line]:
    kind = named_kind(model_id) or "base"
    return lines_of(
        model_id,
        "file header",
        {
            "identity": {"family": "unknown", "organisation": "web", "kind": kind, "tier": 3, "base": kind == "base"},
            "parameters": {"total": found.n_elements, "basis": "tensors in the file"},
            "architecture": {"none": "config-missing"},
            "file": {"path": url, "format": "safetensors", "bytes": found.expected_file_bytes},
        },
    )


def _of_ollama(text: str) -> list[Line]:
    found = ollama.look_up(text)
    base, _, tag = found.name.partition(":")
    model_id = f"ollama/{file_slug(base.replace('/', '-'))}-{file_slug(tag)}"
    if found.file is not None:
        lines = facts_of_gguf(found.file, model_id, source="file header (Ollama)")
    else:
        lines = _of_ollama_answer(found, model_id)
    return [{**line, "aliases": [found.name]} if line["fact"] == "identity" else line for line in lines]


def _of_ollama_answer(found: ollama.OllamaModel, model_id: str) -> list[Line]:
    """What the API says, where the file cannot be read: no tensors, so no architecture."""
    family = found.info.get("general.architecture") or found.details.get("family")
    family = family if isinstance(family, str) and family else "unknown"
    total, context = found.info.get("general.parameter_count"), found.info.get(f"{family}.context_length")
    return lines_of(
        model_id,
        "Ollama",
        {
            "identity": {"family": family[:100], "organisation": "ollama", "kind": "chat", "tier": 3},
            "parameters": {"total": total, "basis": "Ollama"} if isinstance(total, int) and total > 0 else None,
            "context": {"tokens": context} if isinstance(context, int) and context > 0 else None,
            "architecture": {"none": "file-not-readable"},
        },
    )
