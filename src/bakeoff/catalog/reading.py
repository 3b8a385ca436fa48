"""From the facts about a model to a `Model`. Knows the keys of every group of facts and what a missing one means."""

from collections.abc import Mapping
from typing import Any

from bakeoff.catalog.architecture import Architecture
from bakeoff.catalog.architecture_facts import architecture_from_facts
from bakeoff.catalog.facts import HEAD, Line, Record, newest
from bakeoff.catalog.model import HubFacts, Licence, Lineage, Model, Openness, Parameters, Provenance, Release
from bakeoff.errors import DataError
from bakeoff.values import Reason

EMPTY: Line = {}

_KNOWN: dict[Architecture, Architecture] = {}
"""Every shape that was read, once: sums are kept by shape, and comparing equal ones that are not the same object would
cost more than the sums when the catalog is read again."""


def read_model(model_id: str, shipped: Record, yours: Record, licences: Mapping[str, Licence]) -> Model:
    """The model that the facts describe; the user's own facts beat the shipped ones, group by group.

    Raises:
        DataError: a group of facts has values of another form.
    """
    lines = {group: newest(found) for group, found in shipped.items()}
    lines |= {group: newest(found) for group, found in yours.items()}
    provenance = {
        group: Provenance(line["as_of"], tuple(line["source"]), yours=group in yours) for group, line in lines.items()
    }
    try:
        return _model(model_id, lines, provenance, licences)
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise DataError(f"the facts about {model_id} cannot be read: {type(error).__name__} {error}") from None


def _model(
    model_id: str, lines: Mapping[str, Line], provenance: Mapping[str, Provenance], licences: Mapping[str, Licence]
) -> Model:
    identity, notes, abilities = (lines.get(group, EMPTY) for group in ("identity", "notes", "abilities"))
    languages, licence, hub = (lines.get(group, EMPTY) for group in ("languages", "licence", "hub"))
    architecture, reason = _architecture(lines.get("architecture"))
    context = lines.get("context", EMPTY)
    return Model(
        id=model_id,
        family=identity.get("family", model_id.rpartition("/")[2].lower()),
        organisation=identity.get("organisation", model_id.partition("/")[0]),
        kind=identity.get("kind", "chat"),
        tier=identity.get("tier", 3),
        is_base=identity.get("base", False),
        parameters=_parameters(lines.get("parameters", EMPTY)),
        architecture=architecture,
        no_architecture=reason,
        context_tokens=context.get("tokens") or (architecture.context_tokens or None if architecture else None),
        context_tokens_extended=context.get("extended"),
        release=_release(lines.get("release")),
        licence=_licence(licence, licences),
        gated=hub.get("gated") if hub.get("gated") is not None else licence.get("gated"),
        openness=_openness(lines.get("openness")),
        languages=tuple(languages.get("codes", ())),
        languages_note=languages.get("note", ""),
        vietnamese=languages.get("vietnamese"),
        inputs=tuple(abilities.get("inputs", ("text",))),
        outputs=tuple(abilities.get("outputs", ("text",))),
        tasks=tuple(abilities.get("tasks", ())),
        domain=identity.get("domain"),
        lineage=tuple(
            Lineage(part["relation"], part["model"], part.get("source", ""))
            for part in lines.get("lineage", EMPTY).get("from", ())
        ),
        gguf_repositories=tuple(lines.get("builds", EMPTY).get("gguf", ())),
        native_dtype=identity.get("dtype", "bfloat16"),
        tools=tuple(lines.get("builds", EMPTY).get("tools", ())),
        unverified=bool(notes.get("unverified", False)),
        flags=tuple(notes.get("flags", ())),
        hub=HubFacts(**{key: value for key, value in hub.items() if key not in HEAD}) if hub else None,
        aliases=tuple(identity.get("aliases", ())),
        file=lines.get("file", EMPTY).get("path"),
        provenance=provenance,
    )


def _architecture(line: Line | None) -> tuple[Architecture | None, Reason | None]:
    if line is None:
        return None, Reason("catalog.no-architecture.missing")
    if "none" in line:
        return None, Reason(f"catalog.no-architecture.{line['none']}")
    found = architecture_from_facts({key: value for key, value in line.items() if key not in HEAD})
    return _KNOWN.setdefault(found, found), None


def _parameters(line: Line) -> Parameters:
    total = line.get("total")
    return Parameters(
        total=total,
        active=line.get("active", None if line.get("sparse") else total),
        text=line.get("text"),
        active_stated=line.get("active_stated"),
        basis=line.get("basis", ""),
        mismatch=line.get("mismatch", ""),
    )


def _release(line: Line | None) -> Release | None:
    if line is None or "date" not in line:
        return None
    return Release(line["date"], line.get("precision", "day"), line.get("approximate", False))


def _licence(line: Line, licences: Mapping[str, Licence]) -> Licence | None:
    key = line.get("key")
    if key is None:
        return None
    return licences.get(key) or Licence(key, key, None, False, "unknown", (), line.get("url", ""))


def _openness(line: Line | None) -> Openness | None:
    if line is None:
        return None
    values: dict[str, Any] = {key: value for key, value in line.items() if key not in HEAD}
    return Openness(**values)
