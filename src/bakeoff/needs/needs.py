"""The needs as one frozen value, and the reading of them from names and values that strangers wrote."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from typing import Any, Literal, get_args

from bakeoff.errors import UsageError

License = Literal["any", "commercial", "osi-approved"]
Openness = Literal["weights", "weights+data", "fully-open"]
Privacy = Literal["local-only", "private-cloud", "any"]
Prefer = Literal["quality", "balanced", "speed", "cost"]
Input = Literal["text", "image", "audio", "video"]

TASKS = (
    "chat", "classification", "extraction", "rag", "summarization", "translation", "coding", "reasoning", "writing",
    "agents", "vision",
)  # fmt: skip
"""The field's own words for what a model is asked to do."""

THIS_MACHINE = "this machine"

NO_HARDWARE = "none"
"""Only hosted models come into question."""

_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z0-9]{2,8})*")


@dataclass(frozen=True, slots=True)
class Needs:
    """What is required. A value of None is no requirement."""

    task: str = "chat"
    """One of `TASKS`."""

    languages: tuple[str, ...] = ("en",)
    """ISO 639 codes; all of them are needed."""

    inputs: tuple[Input, ...] = ("text",)
    """Modalities that go in; text comes out."""

    domain: str | None = None
    """A subject that is worth a specialised model: medical, legal, finance, ..."""

    hardware: str = THIS_MACHINE
    """`this machine`, a machine by name as `bakeoff fit --on` takes it, or `none`: hosted models only."""

    context_tokens: int = 4096
    """Prompt and answer of one request together have room in it."""

    prompt_tokens: int = 700
    """Of a usual request."""

    output_tokens: int = 200
    """Of a usual answer, thinking included."""

    concurrent_users: int = 1
    """Requests at the same time."""

    min_decode_tokens_per_second: float | None = None
    """Slower than this, one answer is too slow."""

    max_time_to_first_token_ms: float | None = None

    prefer: Prefer = "balanced"
    """What to give up last, where there is a choice."""

    license: License = "any"
    openness: Openness = "weights"
    privacy: Privacy = "any"
    """`local-only`: no row leaves the machine. `private-cloud`: rented machines, but no hosted API."""

    budget_usd_per_month: float | None = None
    """For hosted models; without one they are looked at only where there is no hardware."""

    requests_per_day: float | None = None
    growth_per_year: float = 0.0
    """0.5: half as many again each year."""

    fine_tuning: bool = False
    """The model will be fine-tuned: weights and a licence that allow it are needed."""

    max_age_months: float | None = None
    """Nothing that was released longer ago."""

    @property
    def hosted_allowed(self) -> bool:
        """An API of others may see the rows, and there is a reason to look at them: no hardware, or a budget."""
        wanted = self.hardware == NO_HARDWARE or self.budget_usd_per_month is not None
        return self.privacy == "any" and wanted and not self.fine_tuning

    @property
    def local_allowed(self) -> bool:
        """There is hardware to run weights on."""
        return self.hardware != NO_HARDWARE


CHOICES: dict[str, tuple[str, ...]] = {
    "task": TASKS,
    "license": get_args(License),
    "openness": get_args(Openness),
    "privacy": get_args(Privacy),
    "prefer": get_args(Prefer),
}
"""Keys that take one of a few words."""

RANGES: dict[str, tuple[float, float]] = {
    "context_tokens": (1, 100_000_000),
    "prompt_tokens": (1, 100_000_000),
    "output_tokens": (1, 10_000_000),
    "concurrent_users": (1, 100_000),
    "min_decode_tokens_per_second": (0.01, 100_000),
    "max_time_to_first_token_ms": (1, 86_400_000),
    "budget_usd_per_month": (0, 1e12),
    "requests_per_day": (0, 1e12),
    "growth_per_year": (-0.99, 100),
    "max_age_months": (0.1, 1200),
}
"""Keys that take a number: least and most that make sense."""

WHOLE = frozenset({"context_tokens", "prompt_tokens", "output_tokens", "concurrent_users"})

NEAR: dict[str, str] = {
    "code": "coding", "programming": "coding", "qa": "rag", "question answering": "rag", "math": "reasoning",
    "summary": "summarization", "summarisation": "summarization", "creative writing": "writing", "agent": "agents",
    "tools": "agents", "triage": "classification", "ocr": "vision",
}  # fmt: skip
"""Words that people write for a task."""

KEYS = tuple(field.name for field in fields(Needs))


def parse_needs(values: Mapping[str, Any], start: Needs | None = None) -> Needs:
    """Check values and make needs of them.

    Args:
        values: names as in `[needs]` to values as TOML or a command line gives them: numbers also as text, lists also
            as text with commas.
        start: what the values are laid over; None: the defaults.

    Raises:
        UsageError: an unknown name, or a value that means nothing; names the key and the fix.
    """
    checked: dict[str, Any] = {}
    for key, value in values.items():
        if key not in KEYS:
            near = get_close_matches(key, KEYS, n=1, cutoff=0.7)
            raise UsageError(
                f"needs: there is no {key[:40]!r}",
                hint=f"did you mean {near[0]!r}?" if near else f"one of {', '.join(KEYS)}",
            )
        checked[key] = _checked(key, value)
    return replace(start or Needs(), **checked)


def _checked(key: str, value: Any) -> Any:
    if key in CHOICES:
        return _word(key, value)
    if key in RANGES:
        optional = getattr(Needs(), key) is None
        return None if value is None and optional else _number(key, value)
    if key in ("languages", "inputs"):
        return _list(key, value)
    if key == "fine_tuning":
        return _yes(value)
    if value is None and key == "domain":
        return None
    if not isinstance(value, str) or not value.strip() or len(value) > 200:
        raise UsageError(f"needs: {key} is {_shown(value)}", hint=f'write a short text: {key} = "..."')
    return value.strip()


def _word(key: str, value: Any) -> str:
    word = str(value).strip().lower()
    word = NEAR.get(word, word) if key == "task" else word
    if word in CHOICES[key]:
        return word
    near = get_close_matches(word, CHOICES[key], n=1, cutoff=0.6)
    hint = f"did you mean {near[0]!r}? " if near else ""
    raise UsageError(f"needs: {key} is {_shown(value)}", hint=f"{hint}one of {', '.join(CHOICES[key])}")


def _number(key: str, value: Any) -> float | int:
    least, most = RANGES[key]
    number = math.nan
    if not isinstance(value, bool):
        try:
            number = float(str(value).replace(",", "").replace("_", ""))
        except ValueError:
            number = math.nan
    if not least <= number <= most or (key in WHOLE and number != int(number)):
        kind = "a whole number" if key in WHOLE else "a number"
        raise UsageError(f"needs: {key} is {_shown(value)}", hint=f"write {kind} between {least:g} and {most:g}")
    return int(number) if key in WHOLE else number


def _list(key: str, value: Any) -> tuple[str, ...]:
    parts = value.split(",") if isinstance(value, str) else value
    if not isinstance(parts, list | tuple) or not parts or len(parts) > 50:
        raise UsageError(f"needs: {key} is {_shown(value)}", hint=f'write a list: {key} = ["vi", "en"]')
    words = tuple(dict.fromkeys(str(part).strip().lower() for part in parts))
    if key == "languages":
        wrong = [word for word in words if not _LANGUAGE.fullmatch(word)]
        hint = "ISO codes: vi, en, de, zh, ..."
    else:
        wrong = [word for word in words if word not in get_args(Input)]
        hint = f"one or several of {', '.join(get_args(Input))}"
    if wrong:
        raise UsageError(f"needs: {key} has {_shown(wrong[0])}", hint=hint)
    return words


def _yes(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    word = str(value).strip().lower()
    if word in ("yes", "true", "y", "1", "có", "co"):
        return True
    if word in ("no", "false", "n", "0", "không", "khong"):
        return False
    raise UsageError(f"needs: fine_tuning is {_shown(value)}", hint="write true or false")


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."
