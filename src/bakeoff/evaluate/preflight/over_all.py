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


def cut_short(tokens: Sequence[int], preflight: Preflight) -> set[int]:
    """Indices of the rows whose prompt did not arrive whole.

    Args:
        tokens: of each row's prompt, by the server's count; 0 where it gave none.
        preflight: what was known before.
    """
    if preflight.sizes is None:
        return set()
    return truncated(preflight.sizes, tokens, preflight.expected.context_tokens)


class WhoAnswered:
    """Who made the answers of one candidate, as they tell it; taken one after the other."""

    def __init__(self) -> None:
        """No answer was taken yet."""
        self._served: set[str] = set()
        self._providers: set[str] = set()
        self._builds: set[str] = set()
        self._taken = 0
        self._counted = False

    def take(self, answer: Answer, examined: Examined) -> None:
        """One answer, and what was found in it."""
        self._taken += 1
        self._counted = self._counted or answer.prompt_tokens is not None
        if answer.served_model:
            self._served.add(answer.served_model)
        if examined.provider:
            self._providers.add(examined.provider)
        if answer.fingerprint:
            self._builds.add(answer.fingerprint)

    def findings(self, name: str, preflight: Preflight) -> tuple[Reason, ...]:
        """Findings about the candidate as a whole.

        Args:
            name: the candidate's.
            preflight: what was known before.
        """
        found = list(preflight.findings)
        served, providers = sorted(self._served), sorted(self._providers)
        if len(served) > 1:
            found.append(reason("preflight.served_models", model=name, served=served[:MOST_NAMES], n=len(served)))
        if len(providers) > 1:
            named = providers[:MOST_NAMES]
            found.append(reason("preflight.providers", model=name, providers=named, n=len(providers)))
        if len(self._builds) > 1:
            found.append(reason("preflight.fingerprints", model=name, n=len(self._builds)))
        if self._taken and preflight.sizes is not None and not self._counted:
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
