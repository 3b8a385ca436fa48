"""The catalog as JSON: one versioned shape for the command, Python and the page."""

from collections.abc import Iterable
from typing import Any

from bakeoff.catalog.architecture_facts import architecture_to_facts
from bakeoff.catalog.loading import Catalog
from bakeoff.catalog.model import Evidence, Model
from bakeoff.catalog.validate import Problem
from bakeoff.values import to_json

SCHEMA, VERSION = "bakeoff.catalog", 1


def document(catalog: Catalog, **parts: Any) -> dict[str, Any]:
    """The frame: schema, version, date of the shipped facts, and what is told."""
    return {"schema": SCHEMA, "version": VERSION, "snapshot": catalog.snapshot, **parts}


def models_json(models: Iterable[Model]) -> list[dict[str, Any]]:
    """Models in short, as lists show them."""
    return [short_json(model) for model in models]


def short_json(model: Model) -> dict[str, Any]:
    """What one compares models by."""
    return {
        "id": model.id,
        "family": model.family,
        "organisation": model.organisation,
        "kind": model.kind,
        "tier": model.tier,
        "base": model.is_base,
        "released": model.release.date if model.release else None,
        "parameters": model.parameters.total,
        "active_parameters": model.parameters.active,
        "context_tokens": model.context_tokens,
        "architecture": model.architecture.name if model.architecture else None,
        "license": model.licence.key if model.licence else None,
        "commercial_use": model.licence.commercial_use if model.licence else None,
        "openness": model.openness.level if model.openness else None,
        "inputs": list(model.inputs),
        "tasks": list(model.tasks),
        "languages": list(model.languages),
        "vietnamese": model.vietnamese,
        "unverified": model.unverified,
        "yours": any(source.yours for source in model.provenance.values()),
    }


def model_json(model: Model, evidence: Iterable[Evidence] = (), history: Iterable[Any] = ()) -> dict[str, Any]:
    """Everything about one model, with where each group of facts comes from."""
    shape = model.architecture
    return {
        **short_json(model),
        "released": to_json(model.release),
        "parameters": to_json(model.parameters),
        "context_tokens_extended": model.context_tokens_extended,
        "architecture": architecture_to_facts(shape) if shape else None,
        "no_architecture": model.no_architecture.code if model.no_architecture else None,
        "license": to_json(model.licence),
        "gated": model.gated,
        "openness": {**to_json(model.openness), "level": model.openness.level} if model.openness else None,
        "outputs": list(model.outputs),
        "domain": model.domain,
        "lineage": to_json(model.lineage),
        "gguf_repositories": list(model.gguf_repositories),
        "native_dtype": model.native_dtype,
        "tools": list(model.tools),
        "flags": list(model.flags),
        "aliases": list(model.aliases),
        "hub": to_json(model.hub),
        "file": model.file,
        "sources": {
            group: {"as_of": found.as_of, "from": list(found.sources), "recalled": found.recalled, "yours": found.yours}
            for group, found in model.provenance.items()
        },
        "evidence": [evidence_json(row) for row in evidence],
        "history": [dict(line) for line in history],
    }


def evidence_json(row: Evidence) -> dict[str, Any]:
    """One benchmark result."""
    found = to_json(row)
    assert isinstance(found, dict)
    return found


def problems_json(problems: Iterable[Problem]) -> list[dict[str, Any]]:
    """What `validate` found."""
    return [to_json(problem) for problem in problems]
