"""All answers of one candidate together: prompts cut short, and who answered.

What can only be seen by comparing answers with each other; each single one is looked at by `examine`.
"""

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, field

from bakeoff.evaluate.preflight.examine import Examined, Expected
from bakeoff.evaluate.preflight.faults import DEFAULT_RULES, Rules
from bakeoff.evaluate.preflight.truncation import truncated
from bakeoff.evaluate.types import Answer, Example
from bakeoff.values import Reason, reason

MOST_NAMES = 5
"""Of different models or providers that one sentence names."""

_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class Preflight:
    """What is known of a candidate before its answers are looked at, and what becomes of their faults."""

    expected: Expected = field(default_factory=Expected)
    rules: Rules = field(default_factory=lambda: DEFAULT_RULES)
    sizes: Sequence[int] | None = None
    """For each row: bytes of the prompt's text; None where it is not known, or pictures are in it."""

    findings: tuple[Reason, ...] = ()
    """What was found before, by asking the server and by the probe."""


def cut_short(answers: Sequence[Answer | None], preflight: Preflight) -> set[int]:
    """Indices of the rows whose prompt did not arrive whole."""
    if preflight.sizes is None:
        return set()
    tokens = [answer.prompt_tokens if answer is not None else None for answer in answers]
    return truncated(preflight.sizes, tokens, preflight.expected.context_tokens)


def who_answered(
    name: str, answers: Sequence[Answer | None], examined: Sequence[Examined | None], preflight: Preflight
) -> tuple[Reason, ...]:
    """Findings about the candidate as a whole.

    Args:
        name: the candidate's.
        answers: for each row; None where there is none.
        examined: the same answers, looked at.
        preflight: what was known before.
    """
    there = [answer for answer in answers if answer is not None]
    found = list(preflight.findings)
    served = sorted({answer.served_model for answer in there if answer.served_model})
    if len(served) > 1:
        found.append(reason("preflight.served_models", model=name, served=served[:MOST_NAMES], n=len(served)))
    providers = sorted({one.provider for one in examined if one is not None and one.provider})
    if len(providers) > 1:
        found.append(reason("preflight.providers", model=name, providers=providers[:MOST_NAMES], n=len(providers)))
    builds = {answer.fingerprint for answer in there if answer.fingerprint}
    if len(builds) > 1:
        found.append(reason("preflight.fingerprints", model=name, n=len(builds)))
    if there and preflight.sizes is not None and all(answer.prompt_tokens is None for answer in there):
        found.append(reason("preflight.no_usage", model=name))
    return tuple(found)


def rows_in_examples(shown: Sequence[str], examples: Sequence[Example]) -> frozenset[int]:
    """Indices of the rows that are one of the few-shot examples, but for white space and upper and lower case."""
    if not examples:
        return frozenset()
    known = {_bare(example.user) for example in examples}
    return frozenset(index for index, text in enumerate(shown) if _bare(text) in known)


def _bare(text: str) -> str:
    return _SPACES.sub(" ", unicodedata.normalize("NFC", text)).strip().casefold()
