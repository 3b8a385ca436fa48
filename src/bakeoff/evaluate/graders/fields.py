"""The answer's JSON has the target's fields, with the right values: for extraction."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.json_text import read_json
from bakeoff.evaluate.graders.numerals import numerals
from bakeoff.evaluate.graders.rule import Case, Grade, Scored
from bakeoff.evaluate.graders.text import normal, normalized
from bakeoff.evaluate.request import render
from bakeoff.evaluate.types import Row
from bakeoff.values import reason

Comparison = Literal["exact", "normalized", "contains", "number", "ignore"]

MOST_TRIED = 100_000
"""Pairs of values that are compared for one answer to find which list items belong together; lists for which that is
not enough are compared in order."""


@dataclass(frozen=True, slots=True)
class Fields(Scored):
    """Compares the JSON of the answer with the JSON of the target, value by value. The score is F1 over all values:
    2 · right / (values of the answer + values of the target). Null, an empty text and a missing field are the same.
    """

    compare: Comparison = "normalized"
    """How two values are compared: `exact`, `normalized` (case, punctuation and spaces do not count; 3 equals 3.0),
    `contains` (the target's text occurs in the answer's), `number`, `ignore`."""

    fields: Mapping[str, Comparison] = field(default_factory=dict)
    """Another comparison for some fields, by path without list positions: `{ "items.price" = "number" }`."""

    score: Literal["f1", "all"] = "f1"
    """`all`: right only when every value is right and none is too many."""

    ordered: bool = False
    """Items of a list must come in the target's order; otherwise each is paired with the one it fits best."""

    def target(self, template: str, row: Row) -> str:
        """The target's JSON as text. A column that holds an object or a list is taken as it is."""
        text = normal(render(template, row.values))
        if text and _target(text) is None:
            raise ProjectError(
                f"row {row.id}: grader fields: the target is not JSON: {text[:80]!r}",
                hint='the target column must hold JSON, for example {"name": "Lan", "age": 30}',
            )
        return text

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        found = read_json(case.text)
        if found.problem is not None:
            return Grade(0.0, detail=found.problem)
        target = _target(case.target)
        tree = _Comparer(self)
        right = tree.match(found.value, target, "")
        answered, wanted = tree.count(found.value, ""), tree.count(target, "")
        share = 2 * right / (answered + wanted) if answered + wanted else 1.0
        detail = None
        if right < max(answered, wanted):
            missed = tree.differing(found.value, target)
            detail = reason("grade.fields", right=right, wanted=wanted, answered=answered, paths=missed[:5])
        if self.score == "all":
            return Grade(float(share == 1.0), detail=detail)
        return self.scored(share, detail)


@lru_cache(maxsize=1024)
def _target(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == {} or value == []


@dataclass(frozen=True, slots=True)
class _Comparer:
    """Counts values that agree; a path is keys joined by points."""

    options: Fields
    tried: list[int] = field(default_factory=lambda: [0])
    """How many pairs of values were compared so far."""

    def count(self, value: Any, path: str) -> int:
        """Values in a tree."""
        if isinstance(value, dict):
            return sum(self.count(inner, _below(path, key)) for key, inner in value.items())
        if isinstance(value, list):
            return sum(self.count(inner, path) for inner in value)
        return 0 if _empty(value) or self._kind(path) == "ignore" else 1

    def match(self, answer: Any, target: Any, path: str) -> int:
        """Values of the answer that are right, with list items paired as well as can be."""
        if isinstance(answer, dict) and isinstance(target, dict):
            return sum(self.match(answer[key], target[key], _below(path, key)) for key in target if key in answer)
        if isinstance(target, list) or isinstance(answer, list):
            answers, targets = _as_list(answer), _as_list(target)
            return sum(self.match(answers[i], targets[j], path) for i, j in self._paired(answers, targets, path))
        if isinstance(answer, dict) or isinstance(target, dict) or _empty(answer) or _empty(target):
            return 0
        self.tried[0] += 1
        return int(self._same(answer, target, path))

    def _paired(self, answers: list[Any], targets: list[Any], path: str) -> list[tuple[int, int]]:
        in_order = [(i, i) for i in range(min(len(answers), len(targets)))]
        if self.options.ordered or len(answers) * len(targets) > MOST_TRIED or not in_order:
            return in_order
        from scipy.optimize import linear_sum_assignment

        table = np.zeros((len(answers), len(targets)))
        for i, answer in enumerate(answers):
            if self.tried[0] > MOST_TRIED:
                return in_order
            table[i] = [self.match(answer, target, path) for target in targets]
        rows, columns = linear_sum_assignment(table, maximize=True)
        return [(int(i), int(j)) for i, j in zip(rows, columns, strict=True)]

    def differing(self, answer: Any, target: Any, path: str = "") -> list[str]:
        """Paths where something is wrong, missing or too many, in the target's order."""
        if isinstance(answer, dict) and isinstance(target, dict):
            keys = [*target, *(key for key in answer if key not in target)]
            return [one for key in keys for one in self.differing(answer.get(key), target.get(key), _below(path, key))]
        counts = self.count(answer, path), self.count(target, path)
        return [path or "."] if self.match(answer, target, path) < max(counts) else []

    def _kind(self, path: str) -> Comparison:
        return self.options.fields.get(path, self.options.compare)

    def _same(self, answer: Any, target: Any, path: str) -> bool:
        kind = self._kind(path)
        if kind == "exact":
            return type(answer) is type(target) and answer == target
        if isinstance(answer, bool) or isinstance(target, bool):
            return _spelled(answer) == _spelled(target)
        if kind == "number" or (isinstance(answer, int | float) and isinstance(target, int | float)):
            return _same_number(answer, target)
        first, second = normalized(_spelled(answer)), normalized(_spelled(target))
        return second in first if kind == "contains" else first == second


def _as_list(value: Any) -> list[Any]:
    if isinstance(value, list):
        return value
    return [] if _empty(value) else [value]


def _below(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def _spelled(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value).strip().casefold() if isinstance(value, str) else str(value)


def _same_number(answer: Any, target: Any) -> bool:
    if isinstance(answer, int | float) and isinstance(target, int | float):
        return bool(answer == target)
    first, second = numerals(str(answer)), numerals(str(target))
    return bool(first and second and set(first[0].values) & set(second[0].values))
