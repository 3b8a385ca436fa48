"""Whether the facts hold together: counts recomputed from architectures, dates, licences, lineage, duplicates.

Every problem says which model, what is wrong with the value, and what mends it. Explained differences are data
(`mismatch` among the parameters), never exceptions in this file.
"""

import datetime
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Literal

from bakeoff.catalog.architecture import Architecture, Layer
from bakeoff.catalog.facts import Line
from bakeoff.catalog.loading import Catalog
from bakeoff.catalog.model import Evidence, Licence, Model
from bakeoff.catalog.parameters import count_parameters
from bakeoff.catalog.schema import complaints

TOLERANCE = 0.015
"""Recomputed and stated number of parameters may differ by this much (buffers, small projections)."""

ACTIVE_TOLERANCE = 0.05
"""Active parameters are counted in different ways: with or without embeddings that are only looked up."""

EARLIEST = "2017-06-12"
"""The Transformer's paper; nothing here is older."""

MAX_CONTEXT = 1 << 25
"""Twice the longest context that any vendor states."""

KINDS = ("chat", "base", "embedding", "reranker", "translation", "safety", "speech")
COMMERCIAL = ("yes", "conditional", "no", "unknown")


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong."""

    code: str
    """Which check: parameters, active, layers, dates, licence, lineage, duplicate, context, identity, evidence,
    facts."""

    model: str
    message: str
    """What is wrong, with the value."""

    hint: str
    """What mends it."""

    severity: Literal["error", "warning"] = "error"


def validate(catalog: Catalog, today: datetime.date | None = None) -> list[Problem]:
    """Every problem of the catalog, in the order of the models."""
    day = (today or datetime.date.today()).isoformat()
    known = set(catalog.ids)
    found: list[Problem] = list(_duplicates(catalog))
    for model in catalog.models:
        found += check_model(model, known, catalog.licences, day)
        found += _history(catalog.history(model.id), day)
    return found + list(_evidence(catalog.evidence(), known, day))


def check_model(model: Model, known: set[str], licences: Mapping[str, Licence], day: str) -> Iterator[Problem]:
    """Every problem of one model."""
    yield from _identity(model)
    yield from _dates(model, day)
    yield from _licence(model, licences)
    yield from _lineage(model, known)
    yield from _context(model)
    if model.architecture is not None:
        yield from _layers(model, model.architecture)
        yield from _parameters(model, model.architecture)


def parameter_gap(model: Model) -> float | None:
    """How far the recomputed number of parameters is from the stated one, as a share; None without both.

    Compared is the text model's own count where there is one, else the checkpoint's total.
    """
    stated = model.parameters.text or model.parameters.total
    if model.architecture is None or not stated:
        return None
    return count_parameters(model.architecture).total / stated - 1


def _identity(model: Model) -> Iterator[Problem]:
    if model.kind not in KINDS:
        yield Problem("identity", model.id, f"kind is {model.kind!r}", f"one of {', '.join(KINDS)}")
    if "/" not in model.id or model.id != model.id.strip():
        yield Problem("identity", model.id, "the id is not of the form ORGANISATION/NAME", "write it as on the Hub")
    if model.tier not in (1, 2, 3):
        yield Problem("identity", model.id, f"tier is {model.tier!r}", "1, 2, or 3 for a user's own")


def _dates(model: Model, day: str) -> Iterator[Problem]:
    if model.release is None:
        return
    try:
        datetime.date.fromisoformat(model.release.date)
    except ValueError:
        yield Problem("dates", model.id, f"release date is {model.release.date!r}", "write it as 2025-04-29")
        return
    if model.release.date > day:
        yield Problem("dates", model.id, f"it would be released on {model.release.date}, after {day}", "mend the date")
    if model.release.date < EARLIEST:
        yield Problem("dates", model.id, f"it would be released on {model.release.date}", "mend the date")


def _licence(model: Model, licences: Mapping[str, Licence]) -> Iterator[Problem]:
    if model.licence is None:
        return
    if model.licence.key not in licences:
        yield Problem(
            "licence",
            model.id,
            f"licence {model.licence.key!r} is not described",
            "describe it in data/licences.jsonl, or use the key of one that is",
            "warning" if model.tier == 3 else "error",
        )
    if model.licence.commercial_use not in COMMERCIAL:
        yield Problem("licence", model.id, f"commercial use is {model.licence.commercial_use!r}", ", ".join(COMMERCIAL))


def _lineage(model: Model, known: set[str]) -> Iterator[Problem]:
    for parent in model.lineage:
        if parent.model == model.id:
            yield Problem("lineage", model.id, "it is its own parent", "name the model that it was made from")
        elif "/" not in parent.model:
            yield Problem("lineage", model.id, f"parent {parent.model!r} is no id", "write ORGANISATION/NAME")
        elif parent.model not in known:
            hint = "add the parent when it is worth it"
            yield Problem("lineage", model.id, f"parent {parent.model} is not in the catalog", hint, "warning")


def _context(model: Model) -> Iterator[Problem]:
    tokens, extended = model.context_tokens, model.context_tokens_extended
    if tokens is not None and not 128 <= tokens <= MAX_CONTEXT:
        yield Problem("context", model.id, f"a context of {tokens:,} tokens", "look it up in config.json")
    if extended is not None and tokens is not None and extended < tokens:
        yield Problem("context", model.id, f"extended to {extended:,} tokens from {tokens:,}", "exchange the two")
    shape = model.architecture
    if shape is not None and tokens and shape.context_tokens not in (0, tokens):
        yield Problem(
            "context",
            model.id,
            f"{tokens:,} tokens, but {shape.context_tokens:,} in its architecture",
            "make both the same, or say in `context` why not",
            "warning",
        )


def _layers(model: Model, shape: Architecture) -> Iterator[Problem]:
    if not 0 < shape.hidden_size < 1 << 20 or not 0 < shape.vocab_size < 1 << 24:
        yield Problem("layers", model.id, f"width {shape.hidden_size}, vocabulary {shape.vocab_size}", "look them up")
    for layer in {run.layer for run in shape.runs}:
        for what in _wrong_in(layer):
            yield Problem("layers", model.id, what, "compare with config.json")


def _wrong_in(layer: Layer) -> Iterator[str]:
    mixer, network = layer.attention, layer.feed_forward
    if mixer is None and layer.recurrent is None and network is None:
        yield "a layer with nothing in it"
    if mixer is not None:
        if min(mixer.n_heads, mixer.n_kv_heads, mixer.head_dim_k, mixer.head_dim_v) < 1:
            yield f"attention with {mixer.n_heads} heads of {mixer.head_dim_k}"
        elif mixer.n_heads < mixer.n_kv_heads:
            yield f"{mixer.n_kv_heads} key-value heads for {mixer.n_heads} heads"
        if mixer.window is not None and mixer.window < 1:
            yield f"a window of {mixer.window} tokens"
    if network is not None and network.n_experts and not 0 < network.n_experts_used <= network.n_experts:
        yield f"{network.n_experts_used} of {network.n_experts} experts used"
    if network is not None and not network.n_experts and network.size < 1:
        yield "a feed-forward part without width"


def _parameters(model: Model, shape: Architecture) -> Iterator[Problem]:
    gap = parameter_gap(model)
    counted = count_parameters(shape)
    said = model.parameters
    if gap is not None and abs(gap) > TOLERANCE and not said.mismatch:
        yield Problem(
            "parameters",
            model.id,
            f"the architecture has {counted.total:,} parameters, stated are {said.text or said.total:,} ({gap:+.1%})",
            "mend the architecture (widths, experts, tied embeddings), or say in `mismatch` why the two differ",
        )
    if said.active is not None and said.total is not None and said.active > said.total:
        yield Problem("active", model.id, f"{said.active:,} active of {said.total:,}", "exchange or mend them")
    if counted.experts and said.active and abs(counted.active / said.active - 1) > ACTIVE_TOLERANCE:
        yield Problem(
            "active",
            model.id,
            f"{counted.active:,} parameters are used per token, stated are {said.active:,}",
            "compare experts used and shared experts with config.json",
            "warning",
        )


def _duplicates(catalog: Catalog) -> Iterator[Problem]:
    lower = Counter(model_id.lower() for model_id in catalog.ids)
    for model_id in catalog.ids:
        if lower[model_id.lower()] > 1:
            yield Problem("duplicate", model_id, "the same id is there in another spelling", "keep one of them")
    aliases = Counter(alias.lower() for model in catalog.models for alias in set(model.aliases))
    for alias, count in aliases.items():
        if count > 1:
            yield Problem("duplicate", alias, f"the name stands for {count} models", "leave it with one of them")


def _history(lines: Iterable[Line], day: str) -> Iterator[Problem]:
    for line in lines:
        if line["as_of"] > day:
            yield Problem("facts", line["model"], f"{line['fact']} is dated {line['as_of']}, after {day}", "mend as_of")
        for complaint in complaints(line):
            yield Problem("facts", line["model"], complaint, "see the keys in catalog/schema.py")


def _evidence(rows: Iterable[Evidence], known: set[str], day: str) -> Iterator[Problem]:
    seen: set[tuple[str, ...]] = set()
    for row in rows:
        if row.model not in known:
            yield Problem("evidence", row.model, f"{row.benchmark}: the model is not in the catalog", "add it first")
        if row.date > day:
            yield Problem("evidence", row.model, f"{row.benchmark} is dated {row.date}", "mend the date")
        if row.unit == "%" and not 0 <= row.score <= 100:
            yield Problem("evidence", row.model, f"{row.benchmark}: {row.score} %", "mend score or unit")
        key = (row.model, row.benchmark, row.metric, row.settings, row.language, row.source, row.date)
        if key in seen:
            yield Problem("evidence", row.model, f"{row.benchmark} is there twice from {row.source}", "keep one row")
        seen.add(key)
