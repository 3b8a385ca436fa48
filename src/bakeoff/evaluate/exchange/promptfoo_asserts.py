"""promptfoo's assertions as graders: what each test expects becomes a column, and a grader compares with it.

A grader holds for every row. So an assertion is carried over where all tests have it; the others are noted.
"""

import json
import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import Any

import regex

from bakeoff.evaluate.exchange.imported import ALTERNATIVES, GraderKind, Grading, column_reference, free_name
from bakeoff.values import Reason, reason

PLAIN: Mapping[str, tuple[GraderKind, Mapping[str, Any]]] = {
    "equals": ("exact", {}),
    "contains": ("contains", {}),
    "icontains": ("contains", {"ignore_case": True}),
    "contains-all": ("contains", {}),
    "icontains-all": ("contains", {"ignore_case": True}),
    "contains-any": ("contains", {"alternatives": ALTERNATIVES}),
    "icontains-any": ("contains", {"ignore_case": True, "alternatives": ALTERNATIVES}),
    "not-contains": ("not_contains", {}),
    "not-icontains": ("not_contains", {"ignore_case": True}),
    "regex": ("regex", {}),
    "starts-with": ("regex", {}),
    "is-json": ("json", {"bare": True}),
    "contains-json": ("json", {}),
}
"""Type of an assertion to the kind of the grader and its options."""

IN_TEXT = re.compile(r"^(not-)?([a-z]+(?:-[a-z]+)*)(?:\((\d+(?:\.\d+)?)\))?:([\s\S]*)$")
"""`type(threshold): value` in a cell of a table, as promptfoo's `assertionFromString` reads it."""

TYPES = (
    "contains", "contains-all", "contains-any", "contains-json", "contains-html", "contains-sql",
    "contains-xml", "cost", "equals", "f-score", "finish-reason", "icontains", "icontains-all",
    "icontains-any", "is-html", "is-json", "is-sql", "is-refusal", "is-valid-function-call",
    "is-valid-openai-function-call", "is-valid-openai-tools-call", "is-xml", "javascript", "latency",
    "levenshtein", "perplexity", "perplexity-score", "python", "regex", "rouge-n", "bleu", "gleu", "meteor",
    "similar", "starts-with", "word-count", "webhook", "classifier", "moderation", "llm-rubric", "g-eval",
    "factuality", "model-graded-closedqa", "model-graded-factuality", "answer-relevance",
    "context-faithfulness", "context-recall", "context-relevance", "conversation-relevance", "select-best",
    "max-score", "pi", "guardrails", "ruby", "tool-call-f1",
)  # fmt: skip
"""What may stand before the colon of a cell; anything else is a text to be equal to."""

CODE = ("javascript:", "fn:", "eval:", "python:", "grade:", "llm-rubric:", "file://")


@dataclass(frozen=True, slots=True)
class Assert:
    """One assertion of one test."""

    type: str
    value: Any = None
    weighted: bool = False
    """It has a weight of its own, which is not carried over."""


@dataclass(frozen=True, slots=True)
class Expected:
    """The assertions of all tests, as graders."""

    gradings: tuple[Grading, ...]
    values: tuple[Mapping[str, str], ...]
    """Per test: the columns that the graders compare with."""

    notes: tuple[Reason, ...]


def asserts(given: Any) -> tuple[Assert, ...]:
    """The assertions of a test, sets of them taken apart."""
    found: list[Assert] = []
    for each in given if isinstance(given, list) else []:
        if isinstance(each, Assert):
            found.append(each)
        elif isinstance(each, Mapping) and each.get("type") == "assert-set":
            found += asserts(each.get("assert"))
        elif isinstance(each, Mapping):
            weighted = each.get("weight", 1) != 1 or "transform" in each
            found.append(Assert(str(each.get("type", "?")), each.get("value"), weighted))
    return tuple(found)


def assert_from_text(text: str) -> Assert:
    """The assertion that a cell `__expected` stands for."""
    for prefix in CODE:
        if text.startswith(prefix):
            kinds = {"fn:": "javascript", "eval:": "javascript", "grade:": "llm-rubric", "file://": "file"}
            return Assert(kinds.get(prefix, prefix.rstrip(":")), text.removeprefix(prefix))
    match = IN_TEXT.match(text)
    if match is None or match[2] not in TYPES:
        bare = text.removeprefix("not-")
        return Assert(text) if bare in TYPES else Assert("equals", text)
    value: Any = match[4].strip()
    if match[2].endswith(("-all", "-any")):
        value = [part.strip() for part in value.split(",") if part.strip()]
    return Assert((match[1] or "") + match[2], value)


Slot = tuple[GraderKind, str, int]
"""Kind, options as JSON, and how many of these the same test has before."""


@dataclass(slots=True)
class _Slots:
    """What the tests expect, sorted by the grader that can look at it."""

    values: dict[Slot, dict[int, str]] = field(default_factory=dict)
    """Per slot: test to value."""

    left: Counter[str] = field(default_factory=Counter)
    weighted: int = 0

    def put(self, test: int, kind: GraderKind, options: Mapping[str, Any], value: str) -> None:
        written = json.dumps(options, sort_keys=True)
        number = next(n for n in count() if test not in self.values.get((kind, written, n), {}))
        self.values.setdefault((kind, written, number), {})[test] = value


def gradings(tests: Sequence[Sequence[Assert]], *, taken: Sequence[str]) -> Expected:
    """Graders for the assertions of all tests.

    Args:
        tests: the assertions of each.
        taken: names of columns that there are already.
    """
    slots = _Slots()
    for index, of_test in enumerate(tests):
        for each in of_test:
            slots.weighted += each.weighted
            _sort_in(each, index, slots)
    made: list[Grading] = []
    columns: list[dict[str, str]] = [{} for _ in tests]
    notes: list[Reason] = []
    names = list(taken)
    for (kind, written, _), by_test in slots.values.items():
        options = json.loads(written)
        same = len(set(by_test.values())) == 1
        if len(by_test) < len(tests):
            notes.append(reason("import.assert_some", kind=kind, n=len(by_test), total=len(tests)))
        elif kind == "json" and not same:
            notes.append(reason("import.assert", kind="json", n=len(by_test)))
        elif kind == "json":
            schema = json.loads(by_test[0])
            made.append(Grading(kind, None, options | ({"schema": schema} if schema is not None else {})))
        elif kind == "regex" and same:
            made.append(Grading(kind, by_test[0], options))
        else:
            name = free_name("expected", names)
            names.append(name)
            made.append(Grading(kind, column_reference(name), options))
            for index, value in by_test.items():
                columns[index][name] = value
    notes += [reason("import.assert", kind=kind, n=n) for kind, n in slots.left.items()]
    if slots.weighted:
        notes.append(reason("import.assert_options", n=slots.weighted))
    if not made:
        name = free_name("expected", names)
        made.append(Grading("exact", column_reference(name)))
        columns = [{**column, name: ""} for column in columns]
        notes.append(reason("import.no_grader", column=name))
    return Expected(tuple(made), tuple(columns), tuple(notes))


def _sort_in(each: Assert, test: int, slots: _Slots) -> None:
    """Put one assertion where it belongs, or count it among those that are left."""
    value = each.value
    if isinstance(value, str) and ("{{" in value or value.startswith("file://")):
        slots.left[f"{each.type} {{{{ }}}}" if "{{" in value else f"{each.type} file://"] += 1
        return
    found = PLAIN.get(each.type)
    if found is None:
        slots.left[each.type] += 1
        return
    kind, options = found
    if kind == "json":
        if value is None or isinstance(value, dict):
            slots.put(test, kind, options, json.dumps(value))
        else:
            slots.left[f"{each.type} (schema as text)"] += 1
    elif kind == "regex":
        pattern = rf"\A{re.escape(_text(value))}" if each.type == "starts-with" else _text(value)
        if _compiles(pattern):
            slots.put(test, kind, options, pattern)
        else:
            slots.left[each.type] += 1
    elif isinstance(value, list) and each.type.endswith("-any"):
        slots.put(test, kind, options, ALTERNATIVES.join(map(_text, value)))
    else:
        for one in value if isinstance(value, list) and each.type.endswith("-all") else [value]:
            slots.put(test, kind, options, _text(one))


def _compiles(pattern: str) -> bool:
    try:
        regex.compile(pattern)
    except (regex.error, RecursionError, OverflowError):
        return False
    return True


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()  # as JavaScript writes it
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False, default=str)
    return "" if value is None else str(value)
