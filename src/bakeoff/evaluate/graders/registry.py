"""Every kind of grader by its name in `bakeoff.toml`, and how options become a rule."""

from collections.abc import Iterator, Mapping
from dataclasses import MISSING, fields
from functools import lru_cache
from importlib import import_module
from typing import Any

from bakeoff.evaluate.graders.rule import Rule

_HOMES = {
    "exact": ("equal", "Exact"),
    "normalized": ("equal", "Normalized"),
    "contains": ("equal", "Contains"),
    "not_contains": ("equal", "NotContains"),
    "regex": ("pattern", "Regex"),
    "label": ("label", "Label"),
    "number": ("number", "Number"),
    "json": ("json_valid", "Json"),
    "fields": ("fields", "Fields"),
    "sql": ("sql", "Sql"),
    "python": ("python", "Python"),
    "rouge": ("overlap", "Rouge"),
    "chrf": ("overlap", "Chrf"),
    "bleu": ("overlap", "Bleu"),
    "similarity": ("similarity", "Similarity"),
    "length": ("length", "Length"),
    "language": ("language", "Language"),
    "grounded": ("grounded", "Grounded"),
    "function": ("function", "Function"),
}
"""Kind -> its module in this folder, and its class."""

_ROOM = __name__.rpartition(".")[0]
_NAMES = {(f"{_ROOM}.{module}", rule): name for name, (module, rule) in _HOMES.items()}


class _Kinds(Mapping[str, type[Rule]]):
    """Kinds by name, each imported when it is first used."""

    def __getitem__(self, name: str) -> type[Rule]:
        module, rule = _HOMES[name]
        found: type[Rule] = getattr(import_module(f"{_ROOM}.{module}"), rule)
        return found

    def __contains__(self, name: object) -> bool:
        return name in _HOMES

    def __iter__(self) -> Iterator[str]:
        return iter(_HOMES)

    def __len__(self) -> int:
        return len(_HOMES)


KINDS: Mapping[str, type[Rule]] = _Kinds()
"""In the order in which the documentation lists them."""


def name_of(rule: type[Rule]) -> str:
    """The name of a kind."""
    return _NAMES[rule.__module__, rule.__name__]


NEAR_ENOUGH = 60
"""Least similarity, of 100, at which a name is offered instead of an unknown one."""


def kind_named(name: str) -> type[Rule]:
    """The kind of a name.

    Raises:
        ValueError: there is none; with the nearest name.
    """
    if name in KINDS:
        return KINDS[name]
    raise ValueError(f"unknown kind {name!r}{_near(name, list(KINDS))}; kinds: {', '.join(KINDS)}")


def rule_of(kind: str, options: Mapping[str, Any]) -> Rule:
    """A rule from options as a project file gives them.

    Raises:
        ValueError: an option is unknown, with the nearest name. pydantic's ValidationError is one too: a value is of
            the wrong type, or makes no sense.
    """
    rule = kind_named(kind)
    known = list(defaults(rule))
    unknown = next((name for name in options if name not in known), None)
    if unknown is not None:
        offered = f"its options: {', '.join(known)}" if known else "it has no options"
        raise ValueError(f"unknown option {unknown!r} of kind {kind!r}{_near(unknown, known)}; {offered}")
    made: Rule = _checker(rule).validate_python(dict(options))
    return made


def defaults(rule: type[Rule]) -> dict[str, Any]:
    """Every option of a kind with what it is where nobody says."""
    found = fields(rule)  # type: ignore[arg-type]  # every kind is a dataclass
    return {one.name: one.default if one.default_factory is MISSING else one.default_factory() for one in found}


def _near(name: str, known: list[str]) -> str:
    from rapidfuzz import fuzz, process

    found = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH)
    return f", did you mean {found[0]!r}?" if found else ""


@lru_cache(maxsize=len(KINDS))
def _checker(rule: type[Rule]) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(rule)
