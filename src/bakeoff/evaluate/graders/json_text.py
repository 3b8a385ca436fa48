"""JSON inside a model's answer: found in fences or prose, read strictly. Knows nothing about schemas or grading."""

import json
import math
import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

from bakeoff.evaluate.graders.text import fenced, seen
from bakeoff.values import Reason, reason

MOST_DEPTH = 100
"""Levels of nesting; deeper is an accident or an attack, and recursion over it would not end well."""

MOST_CHARACTERS = 1024 * 1024
"""A larger answer is not searched for JSON."""

MOST_STARTS = 64
"""Places in prose where a value is tried."""

_START = re.compile(r"[{\[]")
_TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"?|[{}\[\]]', re.DOTALL)


@dataclass(frozen=True, slots=True)
class Read:
    """What was read from an answer."""

    value: Any = None
    problem: Reason | None = None
    """Why there is no value."""

    bare: bool = False
    """The whole answer is the value, with nothing around it."""


class _NotJson(ValueError):
    """Against RFC 8259, or beyond our limits; the reason is its argument."""


def read_json(text: str) -> Read:
    """The JSON value of an answer: the whole answer, else the first fence that holds one, else the first object or
    array in the text.

    NaN, Infinity and numbers too large for a double are refused (RFC 8259 has none), and so is a key that occurs
    twice in one object: which of the two counts would be a guess.
    """
    if len(text) > MOST_CHARACTERS:
        return Read(problem=reason("grade.json_too_long", n=len(text)))
    text = text.removeprefix("\ufeff").strip()
    whole = _parsed(text)
    if whole.problem is None:
        return Read(whole.value, bare=True)
    problems = [whole.problem]
    for part in fenced(text, "json", "jsonc", "json5"):
        found = _parsed(part)
        if found.problem is None:
            return found
        problems.append(found.problem)
    for match in islice(_START.finditer(text), MOST_STARTS):
        end = _end_of(text, match.start())
        if end is None:
            continue
        found = _parsed(text[match.start() : end])
        if found.problem is None:
            return found
        problems.append(found.problem)
    if not _START.search(seen(text)):
        return Read(problem=reason("grade.no_json"))
    return Read(problem=problems[-1])


def _parsed(text: str) -> Read:
    if _too_deep(text):
        return Read(problem=reason("grade.json_too_deep", limit=MOST_DEPTH))
    try:
        return Read(json.loads(text, parse_constant=_no_constant, parse_float=_float, object_pairs_hook=_object))
    except _NotJson as error:
        return Read(problem=error.args[0])
    except json.JSONDecodeError as error:
        return Read(problem=reason("grade.not_json", problem=error.msg, line=error.lineno, column=error.colno))
    except (ValueError, RecursionError) as error:  # an integer of more than 4,300 digits
        return Read(problem=reason("grade.not_json", problem=str(error).partition(";")[0], line=1, column=1))


def _no_constant(name: str) -> Any:
    raise _NotJson(reason("grade.json_constant", found=name))


def _float(text: str) -> float:
    value = float(text)
    if math.isinf(value):
        raise _NotJson(reason("grade.json_constant", found=text[:40]))
    return value


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _NotJson(reason("grade.json_twice", key=key[:100]))
        found[key] = value
    return found


def _too_deep(text: str) -> bool:
    """Whether it is nested too deep, found out without building anything."""
    depth = 0
    for token in _TOKEN.finditer(text):
        depth += _step(token[0])
        if depth > MOST_DEPTH:
            return True
    return False


def _end_of(text: str, start: int) -> int | None:
    """Where the object or array that begins at `start` ends; None where it does not, or is nested too deep."""
    depth = 0
    for token in _TOKEN.finditer(text, start):
        depth += _step(token[0])
        if depth == 0 or depth > MOST_DEPTH:
            return token.end() if depth == 0 else None
    return None


def _step(token: str) -> int:
    return 1 if token in "{[" else -1 if token in "}]" else 0
