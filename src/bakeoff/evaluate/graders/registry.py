"""Every kind of grader by its name in `bakeoff.toml`, and how options become a rule."""

from collections.abc import Mapping
from dataclasses import MISSING, fields
from functools import lru_cache
from typing import Any

from rapidfuzz import fuzz, process

from bakeoff.evaluate.graders.equal import Contains, Exact, Normalized, NotContains
from bakeoff.evaluate.graders.fields import Fields
from bakeoff.evaluate.graders.function import Function
from bakeoff.evaluate.graders.grounded import Grounded
from bakeoff.evaluate.graders.json_valid import Json
from bakeoff.evaluate.graders.label import Label
from bakeoff.evaluate.graders.language import Language
from bakeoff.evaluate.graders.length import Length
from bakeoff.evaluate.graders.number import Number
from bakeoff.evaluate.graders.overlap import Bleu, Chrf, Rouge
from bakeoff.evaluate.graders.pattern import Regex
from bakeoff.evaluate.graders.python import Python
from bakeoff.evaluate.graders.rule import Rule
from bakeoff.evaluate.graders.similarity import Similarity
from bakeoff.evaluate.graders.sql import Sql

KINDS: Mapping[str, type[Rule]] = {
    "exact": Exact,
    "normalized": Normalized,
    "contains": Contains,
    "not_contains": NotContains,
    "regex": Regex,
    "label": Label,
    "number": Number,
    "json": Json,
    "fields": Fields,
    "sql": Sql,
    "python": Python,
    "rouge": Rouge,
    "chrf": Chrf,
    "bleu": Bleu,
    "similarity": Similarity,
    "length": Length,
    "language": Language,
    "grounded": Grounded,
    "function": Function,
}
"""In the order in which the documentation lists them."""

NAMES: Mapping[type[Rule], str] = {rule: name for name, rule in KINDS.items()}

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
    found = process.extractOne(name, known, scorer=fuzz.ratio, score_cutoff=NEAR_ENOUGH)
    return f", did you mean {found[0]!r}?" if found else ""


@lru_cache(maxsize=len(KINDS))
def _checker(rule: type[Rule]) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(rule)
