"""Facts about a model from what its files and its card say. No file and no network is touched here."""

import re
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.architecture_facts import architecture_to_facts
from bakeoff.catalog.facts import GROUPS, Line
from bakeoff.catalog.finding import take_apart
from bakeoff.catalog.hub import Repository, is_hub_id
from bakeoff.catalog.languages import language_codes
from bakeoff.catalog.parameters import count_parameters
from bakeoff.catalog.user import today

PIPELINES: dict[str, str] = {
    "feature-extraction": "embedding",
    "sentence-similarity": "embedding",
    "text-ranking": "reranker",
    "translation": "translation",
    "text-to-speech": "speech",
    "text-to-audio": "speech",
    "automatic-speech-recognition": "speech",
}
"""Hub pipelines that are no chat."""

SEEING = ("image-text-to-text", "image-to-text", "visual-question-answering", "video-text-to-text")

ENCODERS = frozenset(
    [
        "bert",
        "modern-bert",
        "nomic-bert",
        "nomic-bert-moe",
        "jina-bert-v2",
        "jina-bert-v3",
        "eurobert",
        "gemma-embedding",
        "t5encoder",
    ]
)
"""llama.cpp's architectures that embed texts."""


def lines_of(model_id: str, source: str, groups: Mapping[str, Mapping[str, Any] | None]) -> list[Line]:
    """Facts as lines, dated today; groups without values are left out."""
    return [
        {"model": model_id, "fact": group, "as_of": today(), "source": [source], **values}
        for group, values in groups.items()
        if values and group in GROUPS
    ]


def file_slug(name: str) -> str:
    """The part of an id after the slash from the name of a file or folder."""
    stem = re.sub(r"-\d{5}-of-\d{5}$", "", PurePosixPath(name.replace("\\", "/")).name)
    stem = re.sub(r"\.(gguf|safetensors)$", "", stem, flags=re.I)
    return re.sub(r"[^A-Za-z0-9._-]+", "-", stem).strip("-.")[:96] or "model"


def shape_facts(architecture: Architecture | None, why_not: str | None) -> dict[str, Any]:
    """The architecture, or the code of the reason for its absence."""
    if architecture is not None:
        return architecture_to_facts(architecture)
    return {"none": why_not or "family-unknown"}


def parameter_facts(architecture: Architecture | None, total: int | None, basis: str) -> dict[str, Any] | None:
    """Counts from a file where there are some, else from the architecture."""
    if architecture is None:
        return {"total": total, "basis": basis} if total else None
    counted = count_parameters(architecture)
    found: dict[str, Any] = {"total": total or counted.total, "basis": basis if total else "computed"}
    if counted.experts:
        found["active"] = counted.active
    if total and abs(counted.total / total - 1) > 0.015:
        found["text"] = counted.total
        found["mismatch"] = "the files hold other tensors than the text model's (vision, prediction layers, scales)"
    return found


def context_facts(architecture: Architecture | None) -> dict[str, Any] | None:
    """The longest context that the file or config states."""
    return {"tokens": architecture.context_tokens} if architecture is not None and architecture.context_tokens else None


def gguf_kind(architecture: str | None, has_template: bool, name: str) -> str:
    """What a GGUF file is for."""
    if architecture in ENCODERS:
        return "embedding"
    return named_kind(name) or ("chat" if has_template else "base")


def named_kind(name: str) -> str | None:
    """What the name says."""
    words = set(re.split(r"[^a-z]+", name.lower()))
    if words & {"reranker", "rerank"}:
        return "reranker"
    if words & {"embedding", "embed", "embeddings"}:
        return "embedding"
    return None


def repository_facts(found: Repository) -> dict[str, Mapping[str, Any] | None]:
    """What the Hub says of a model beside its architecture."""
    kind = hub_kind(found)
    created = re.match(r"\d{4}-\d{2}-\d{2}", found.text("createdAt") or "")
    return {
        "identity": {
            "family": found.model_type or found.id.rpartition("/")[2].lower(),
            "organisation": found.id.partition("/")[0],
            "kind": kind,
            "tier": 3,
            **({"base": True} if kind == "base" else {}),
        },
        "release": {"date": created[0], "approximate": True} if created else None,
        "licence": {"key": found.licence_tag, "gated": found.gated} if found.licence_tag else {"gated": found.gated},
        "languages": language_facts(found),
        "abilities": {"tasks": ["chat"] if kind == "chat" else [], **_seeing(found)},
        "lineage": lineage_facts(found),
        "builds": gguf_facts(found),
        "hub": hub_facts(found),
    }


def hub_facts(found: Repository) -> dict[str, Any]:
    """What changes on the Hub from day to day."""
    values = {
        "exists": True,
        "gated": found.gated,
        "licence_tag": found.licence_tag,
        "downloads": found.count("downloads"),
        "likes": found.count("likes"),
        "last_modified": found.text("lastModified"),
    }
    return {key: value for key, value in values.items() if value is not None}


def hub_kind(found: Repository) -> str:
    """What a repository's model is for: its pipeline, its name, then whether it has a chat template."""
    pipeline = found.text("pipeline_tag") or ""
    if pipeline in PIPELINES:
        return PIPELINES[pipeline]
    if kind := named_kind(found.id):
        return kind
    if "base" in take_apart(found.id.rpartition("/")[2]).marks:
        return "base"
    tokenizer = found.config.get("tokenizer_config")
    has_template = isinstance(tokenizer, dict) and bool(tokenizer.get("chat_template"))
    conversational = has_template or "conversational" in found.tags or pipeline in SEEING
    return "chat" if conversational or any(name.endswith(".gguf") for name in found.files) else "base"


def _seeing(found: Repository) -> dict[str, Any]:
    return {"inputs": ["text", "image"]} if found.text("pipeline_tag") in SEEING else {}


def language_facts(found: Repository) -> dict[str, Any] | None:
    """Languages on the card."""
    said = found.card.get("language")
    listed = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    codes = language_codes(listed)[:400]
    if not codes:
        return None
    return {"codes": codes, "note": "model-card tags"} | ({"vietnamese": "stated"} if "vi" in codes else {})


def lineage_facts(found: Repository) -> dict[str, Any] | None:
    """Base models on the card."""
    said = found.card.get("base_model")
    parents = [said] if isinstance(said, str) else said if isinstance(said, list) else []
    relation = found.card.get("base_model_relation")
    word = relation if isinstance(relation, str) and relation else "made from"
    listed = [parent for parent in parents if isinstance(parent, str) and is_hub_id(parent)][:20]
    return (
        {"from": [{"relation": word, "model": parent, "source": "model card"} for parent in listed]} if listed else None
    )


def gguf_facts(found: Repository) -> dict[str, Any] | None:
    """The repository itself, where it has GGUF files."""
    return {"gguf": [found.id]} if any(name.lower().endswith(".gguf") for name in found.files) else None
