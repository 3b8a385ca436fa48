"""What a judge's answer says: found leniently, accepted strictly, never guessed.

The JSON object may stand in a code fence or among other words. But it must be one verdict, and one of those that were
asked for: what is not is invalid, with a code that says why.
"""

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

from bakeoff.evaluate.graders.text import fold
from bakeoff.evaluate.judge.settings import Criterion

Slot = Literal["A", "B", "tie"]

Invalid = Literal[
    "blank", "cut", "free text", "no verdict", "two verdicts", "other language", "unknown verdict", "no score", "scale"
]
"""blank: nothing came. cut: it ended at the token limit before a verdict. free text: no JSON object. no verdict, no
score: the object lacks it. two verdicts: it says both. other language: `hoà` where `tie` was asked for.
unknown verdict: another word. scale: a number that is not on the scale."""

OTHER_LANGUAGE = frozenset(
    {"hoà", "hòa", "hoa", "ngang nhau", "bằng nhau", "cả hai", "không câu nào", "câu a", "câu b", "đáp án a",
     "đáp án b", "égalité", "empate", "unentschieden", "gleichstand", "pareggio", "平局", "引き分け", "무승부", "ничья"}
)  # fmt: skip
"""Verdicts in words that were not asked for. They could be understood; but a judge that does not keep to three words
is not one to be second-guessed."""

_BOTH = re.compile(r"^\W*a\W*(?:and|&|,|/|\+|và|or|hoặc)\W*b\W*$|^\W*both\W*$", re.IGNORECASE)

MOST_OBJECTS = 64
"""Objects that are looked for in one answer."""

_decoder = json.JSONDecoder(object_pairs_hook=lambda pairs: pairs, parse_constant=lambda _: None)


@dataclass(frozen=True, slots=True)
class Reading:
    """One answer of a judge, read."""

    slot: Slot | None = None
    """Which answer it took, by its place; None for a rubric and where the answer is invalid."""

    score: float | None = None
    """Of a rubric: 0 worst, 1 best."""

    scores: dict[str, int] = field(default_factory=dict)
    """By criterion, as given."""

    invalid: Invalid | None = None
    because: str = ""
    """The judge's own reason, as it came."""


def read_pairwise(text: str, *, cut: bool = False) -> Reading:
    """Read a verdict on two answers.

    Args:
        text: what the judge wrote, without its thinking.
        cut: the answer ended at the token limit.
    """
    found = [value for value in _objects(text) if "verdict" in _keys(value)]
    if not found:
        return Reading(invalid=_nothing(text, cut, "no verdict"))
    verdicts = [_folded(value) for item in found for key, value in item if _folded(key) == "verdict"]
    if len(set(verdicts)) > 1:
        return Reading(invalid="two verdicts")
    verdict, because = verdicts[0], _reason(found[-1])
    if verdict in ("a", "b", "tie"):
        slot: Slot = {"a": "A", "b": "B", "tie": "tie"}[verdict]  # type: ignore[assignment]
        return Reading(slot=slot, because=because)
    return Reading(invalid=_unknown(verdict), because=because)


def _unknown(verdict: str) -> Invalid:
    if _BOTH.match(verdict):
        return "two verdicts"
    return "other language" if verdict in OTHER_LANGUAGE else "unknown verdict"


def read_rubric(text: str, criteria: Sequence[Criterion], *, cut: bool = False) -> Reading:
    """Read the scores of one answer; the mean of the criteria, by their weights, each put on 0 to 1.

    Args:
        text: what the judge wrote, without its thinking.
        criteria: what was asked for.
        cut: the answer ended at the token limit.
    """
    found = [value for value in _objects(text) if "scores" in _keys(value)]
    if not found:
        return Reading(invalid=_nothing(text, cut, "no score"))
    given = [value for item in found for key, value in item if _folded(key) == "scores"]
    if any(scores != given[0] for scores in given):
        return Reading(invalid="two verdicts")
    because = _reason(found[-1])
    if not _is_object(given[0]):
        return Reading(invalid="no score", because=because)
    scores: dict[str, int] = {}
    for criterion in criteria:
        values = [value for key, value in given[0] if _folded(key) == _folded(criterion.name)]
        if len(values) != 1:
            return Reading(invalid="two verdicts" if values else "no score", because=because)
        number = _whole_number(values[0])
        if number is None or not criterion.low <= number <= criterion.high:
            return Reading(invalid="scale", because=because)
        scores[criterion.name] = number
    total = sum(criterion.weight for criterion in criteria)
    parts = ((scores[c.name] - c.low) / (c.high - c.low) * c.weight for c in criteria)
    return Reading(score=sum(parts) / total, scores=scores, because=because)


def _objects(text: str) -> Iterator[list[tuple[str, Any]]]:
    """Every JSON object in a text, outermost ones, as (key, value) so that a key that stands twice is seen."""
    at, count = text.find("{"), 0
    while at >= 0 and count < MOST_OBJECTS:
        count += 1
        try:
            value, end = _decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            end = at + 1
        else:
            if _is_object(value):
                yield value
        at = text.find("{", end)


def _is_object(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(pair, tuple) for pair in value)


def _keys(value: Sequence[tuple[str, Any]]) -> set[str]:
    return {_folded(key) for key, _ in value}


def _folded(value: Any) -> str:
    return fold(str(value))


def _nothing(text: str, cut: bool, missing: Invalid) -> Invalid:
    """Why there is no verdict at all."""
    if not text.strip():
        return "blank"
    if cut:
        return "cut"
    return missing if next(_objects(text), None) is not None else "free text"


def _reason(value: Sequence[tuple[str, Any]]) -> str:
    return next((str(item) for key, item in value if _folded(key) == "reason"), "")


def _whole_number(value: Any) -> int | None:
    """`4`, `4.0` and `"4"`; not `true`, not 3.5, not "4/5"."""
    if isinstance(value, str) and re.fullmatch(r"\s*-?\d{1,9}\s*", value):
        return int(value)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    return int(value) if float(value).is_integer() and abs(value) < 1e9 else None
