"""Which values a group of facts may hold. For files that people edit; shipped files are checked by `validate`."""

from collections.abc import Iterator, Mapping
from typing import Any

from bakeoff.catalog.architecture_facts import architecture_from_facts
from bakeoff.catalog.facts import HEAD, Line
from bakeoff.errors import DataError

LARGEST = 1 << 53
"""Whole numbers beyond this are not kept by every reader of JSON."""

Kind = type | list[type]
"""A type, or a list of things of a type."""

SCHEMA: dict[str, dict[str, Kind]] = {
    "identity": {
        "family": str,
        "organisation": str,
        "kind": str,
        "tier": int,
        "base": bool,
        "domain": str,
        "dtype": str,
        "aliases": [str],
    },
    "release": {"date": str, "precision": str, "approximate": bool},
    "parameters": {
        "total": int,
        "active": int,
        "text": int,
        "active_stated": int,
        "basis": str,
        "mismatch": str,
        "sparse": bool,
    },
    "context": {"tokens": int, "extended": int},
    "licence": {"key": str, "gated": bool, "url": str},
    "languages": {"codes": [str], "note": str, "vietnamese": str},
    "abilities": {"tasks": [str], "inputs": [str], "outputs": [str]},
    "openness": {
        "training_data": str,
        "weights": str,
        "evaluation_code": str,
        "fine_tuning_code": str,
        "training_metrics": str,
        "pretraining_code": str,
        "paper": str,
        "note": str,
    },
    "lineage": {"from": [dict]},
    "builds": {"gguf": [str], "tools": [str]},
    "notes": {"flags": [str], "unverified": bool},
    "hub": {
        "exists": bool,
        "gated": bool,
        "licence_tag": str,
        "downloads": int,
        "likes": int,
        "last_modified": str,
    },
    "file": {"path": str, "format": str, "bytes": int, "build": str},
}

REQUIRED: dict[str, tuple[str, ...]] = {
    "release": ("date",),
    "openness": ("training_data", "weights", "evaluation_code", "fine_tuning_code", "training_metrics"),
    "lineage": ("from",),
    "hub": ("exists",),
}
"""Keys without which a group says nothing."""

WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("identity", "kind"): ("chat", "base", "embedding", "reranker", "translation", "safety", "speech"),
    ("release", "precision"): ("day", "month", "year"),
    ("languages", "vietnamese"): ("stated", "claimed", "pre-training"),
}
"""Values that are one of a few."""


def complaints(line: Line) -> Iterator[str]:
    """What is wrong with the values of a line, in words; nothing for a good one."""
    group = line["fact"]
    values = {key: value for key, value in line.items() if key not in HEAD}
    if group == "architecture":
        yield from _shape_complaints(values)
        return
    known = SCHEMA[group]
    for key, value in values.items():
        if key not in known:
            yield f"{group} has no key {key[:40]!r}; there are: {', '.join(known)}"
        elif not _is(value, known[key]):
            yield f"{key} of {group} is {str(value)[:40]!r}, expected {_named(known[key])}"
        elif value not in WORDS.get((group, key), (value,)):
            yield f"{key} of {group} is {value!r}, expected one of {', '.join(WORDS[group, key])}"
    for key in REQUIRED.get(group, ()):
        if key not in values:
            yield f"{group} lacks {key}"
    if group == "lineage" and _is(values.get("from"), [dict]):
        for parent in values["from"]:
            if not all(isinstance(parent.get(key), str) for key in ("relation", "model")):
                yield "each parent of a lineage needs a relation and a model"


def check_values(lines: list[Line], name: str) -> None:
    """Every line's values.

    Raises:
        DataError: the first that is wrong, with its number.
    """
    for number, line in enumerate(lines, 1):
        for complaint in complaints(line):
            raise DataError(f"{name}, fact {number} ({line['model']}): {complaint}", hint="mend or delete the line")


def _is(value: Any, kind: Kind) -> bool:
    if isinstance(kind, list):
        return isinstance(value, list) and all(_is(part, kind[0]) for part in value)
    if kind is int:
        return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= LARGEST
    return isinstance(value, kind)


def _named(kind: Kind) -> str:
    if isinstance(kind, list):
        return f"a list of {_named(kind[0]).removeprefix('a ')}s"
    return {str: "a text", int: "a whole number", bool: "true or false"}.get(kind, "an object")


def _shape_complaints(values: Mapping[str, Any]) -> Iterator[str]:
    if "none" in values:
        if not isinstance(values["none"], str) or len(values) > 1:
            yield "`none` is the code of a reason and stands alone"
        return
    wrong = next(_bad_leaves(values, ""), None)
    if wrong is not None:
        yield wrong
        return
    try:
        architecture_from_facts(values)
    except DataError as error:
        yield error.message


TEXTS = ("name", "kind", "layers", "native_quantization")
SWITCHES = frozenset((
    "tied_embeddings", "norm_bias", "bias", "output_bias", "qk_norm", "wide_qk_norm", "gated_output", "head_gates",
    "sinks", "keys_are_values", "chunked", "shares_cache", "gated", "shared_gate", "router_bias", "norm",
))  # fmt: skip


def _bad_leaves(values: Mapping[str, Any], where: str) -> Iterator[str]:
    for key, value in values.items():
        place = f"{where}.{key}".lstrip(".")
        if isinstance(value, dict):
            yield from _bad_leaves(value, place)
        elif key == "extra":
            if not isinstance(value, list) or not all(_is_weight(part) for part in value):
                yield f"{place} of architecture is not a list of [name, columns, rows, depth]"
        elif key in TEXTS:
            if not isinstance(value, str):
                yield f"{place} of architecture is {str(value)[:40]!r}, expected a text"
        elif key in SWITCHES:
            if not isinstance(value, bool):
                yield f"{place} of architecture is {str(value)[:40]!r}, expected true or false"
        elif value is not None and not _is(value, int):
            yield f"{place} of architecture is {str(value)[:40]!r}, expected a whole number"


def _is_weight(value: Any) -> bool:
    return (
        isinstance(value, list) and 2 <= len(value) <= 4 and _is(value[0], str) and all(_is(n, int) for n in value[1:])
    )
