"""Answers without their makers' names: what a judge or a person sees must not say which model wrote it."""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

MASK = "[model]"
"""What stands for a name."""

SHORTEST = 3
"""Shorter names (`R1`) would be found in texts that mean something else."""

_BRAND = re.compile(r"[A-Z][A-Za-z]*[A-Z][A-Za-z]*|[A-Za-z]+(?=[-_. ]?\d)")
"""`SmolLM`, `OpenChat`, `Qwen` of Qwen3: words that are names. `Command` or `Aya` alone are words of a language too."""


@dataclass(frozen=True, slots=True)
class Blinded:
    """A text that can be shown."""

    text: str
    masked: int
    """So many names were covered."""


def blind(text: str, names: Sequence[str]) -> Blinded:
    """Cover every name that occurs as a word of its own, in any case.

    Args:
        text: an answer.
        names: from `names_of`.
    """
    pattern = _pattern(tuple(names))
    if pattern is None or not text:
        return Blinded(text, 0)
    shown, count = pattern.subn(MASK, text)
    return Blinded(shown, count)


def names_of(models: Iterable[tuple[str, str]]) -> tuple[str, ...]:
    """How texts may call the contestants, longest first.

    Args:
        models: (candidate's name, model id or file) of each.
    """
    found: set[str] = set()
    for name, model in models:
        last = re.sub(r"\.gguf$", "", model.replace("\\", "/").rsplit("/", 1)[-1], flags=re.IGNORECASE)
        # A candidate called `a` or `small` is not a name that an answer would betray; one with a digit may be.
        found |= {part for part in (model, last, name) if any(char.isdigit() for char in part) or "/" in part}
        for brand in _BRAND.findall(last):
            if len(brand) >= SHORTEST + 1:
                found.add(brand)
                match = re.search(re.escape(brand) + r"[-_. ]?\d+(?:\.\d+)*", last)
                found |= {match[0]} if match else set()
    return tuple(sorted((name for name in found if len(name) >= SHORTEST), key=lambda name: (-len(name), name)))


@lru_cache(maxsize=16)
def _pattern(names: tuple[str, ...]) -> re.Pattern[str] | None:
    if not names:
        return None
    alternatives = "|".join(re.escape(name) for name in names)
    # `Qwen3` must not leave `-8B` behind, which says as much: what hangs on by a hyphen goes with the name.
    return re.compile(rf"(?<!\w)(?:{alternatives})(?:[-_.:]\w+)*(?!\w)", re.IGNORECASE)
