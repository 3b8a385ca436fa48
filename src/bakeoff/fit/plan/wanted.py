"""What a person asks of a model on a machine: context, request, users, and the options that they fix. Values only."""

import re
from dataclasses import dataclass

from bakeoff.catalog.builds import Build, Engine
from bakeoff.errors import UsageError
from bakeoff.fit.llama_cpp.settings import FlashAttention, Settings

USUAL_CONTEXT = 8192
"""Tokens of context where none is asked for: a long chat, or a dozen pages and an answer."""

USUAL_PROMPT, USUAL_OUTPUT = 1000, 400
"""Tokens of the request that verdicts are about where none is described: two pages and half a page of answer."""

MOST_TOKENS = 100_000_000
"""Beyond every context; keeps sums finite."""

MOST_USERS = 100_000

_TOKENS = re.compile(r"([0-9]+(?:[_,][0-9]{3})*(?:\.[0-9]+)?)\s*([km]?)", re.IGNORECASE)


def parse_tokens(text: str) -> int:
    """`"32k"` -> 32768, `"1M"` -> 1048576, `"32,768"` -> 32768. A k is 1,024, as models' names mean it.

    Raises:
        UsageError: the text is not a number of tokens.
    """
    match = _TOKENS.fullmatch(text.strip())
    if match is not None:
        number = float(match[1].replace(",", "").replace("_", ""))
        count = number * {"": 1, "k": 1024, "m": 1024**2}[match[2].lower()]
        if 1 <= count <= MOST_TOKENS and (match[2] or number == int(number)):
            return int(count)
    raise UsageError(f"{text.strip()[:40]!r} is not a number of tokens", hint="write for example 8192, 32k or 1M")


@dataclass(frozen=True, slots=True)
class Wanted:
    """One question to the planner."""

    context_tokens: int | None = None
    """Tokens of context. Of all slots together where `n_slots` is given, as llama-server counts; else of each user.
    None: as much as is usual."""

    prompt_tokens: int = USUAL_PROMPT
    """Of the user's own request."""

    output_tokens: int = USUAL_OUTPUT
    users: int = 1
    """Requests at the same time."""

    build: Build | None = None
    """None: every usual one."""

    engine: Engine | None = None
    kv_type_k: str | None = None
    """Cache type of llama.cpp; None: f16. Other engines know `fp8`."""

    kv_type_v: str | None = None
    n_slots: int | None = None
    """llama-server's `--parallel`; None: one for each user."""

    batch: int = 2048
    ubatch: int = 512
    flash_attention: FlashAttention = "auto"
    least_speed: float | None = None
    """Tokens per second that an answer must be written with; None: what the verdict asks."""

    utilization: float | None = None
    """vLLM's `--gpu-memory-utilization`, SGLang's `--mem-fraction-static`; None: the usual one."""

    exact: bool = False
    """Ask llama.cpp's own planner."""

    def __post_init__(self) -> None:
        limits = {"context_tokens": MOST_TOKENS, "prompt_tokens": MOST_TOKENS, "output_tokens": MOST_TOKENS,
                  "users": MOST_USERS}  # fmt: skip
        for name, most in limits.items():
            value = getattr(self, name)
            if value is not None and not 1 <= value <= most:
                raise UsageError(f"{name.replace('_', ' ')} is {value:,}", hint=f"it lies between 1 and {most:,}")

    @property
    def request_tokens(self) -> int:
        """Prompt and answer."""
        return self.prompt_tokens + self.output_tokens

    @property
    def conversations(self) -> int:
        """Requests that are worked on at the same time."""
        return self.users if self.n_slots is None else self.n_slots

    def per_conversation(self, known_limit: int | None) -> int:
        """Tokens of context of one conversation.

        Args:
            known_limit: the model's own context; None or 0 where it is not known.
        """
        if self.context_tokens is None:
            usual = max(USUAL_CONTEXT, -(-self.request_tokens // 1024) * 1024)
            return min(usual, known_limit) if known_limit else usual
        return self.context_tokens if self.n_slots is None else max(1, self.context_tokens // self.n_slots)

    def all_conversations(self, known_limit: int | None) -> int:
        """Tokens of context over all conversations: what llama-server's `--ctx-size` counts."""
        if self.context_tokens is not None and self.n_slots is not None:
            return self.context_tokens
        return self.per_conversation(known_limit) * self.conversations

    def as_counted(self, per_conversation: int) -> int:
        """Tokens of one conversation, counted as `context_tokens` is."""
        return per_conversation * (self.n_slots or 1)

    def counted_context(self, known_limit: int | None) -> int:
        """The context, counted as `context_tokens` is."""
        return self.context_tokens or self.as_counted(self.per_conversation(known_limit))

    def settings(self, context_tokens: int) -> Settings:
        """For llama.cpp.

        Args:
            context_tokens: over all conversations.

        Raises:
            UsageError: llama.cpp does not take a value.
        """
        return Settings(
            context_tokens=context_tokens,
            n_slots=self.conversations,
            kv_type_k=self.kv_type_k or "f16",
            kv_type_v=self.kv_type_v or "f16",
            batch=max(self.batch, self.ubatch),
            ubatch=self.ubatch,
            flash_attention=self.flash_attention,
        )


def parse_kv(text: str) -> tuple[str, str]:
    """`"q8_0"` -> both, `"q8_0,f16"` -> keys and values.

    Raises:
        UsageError: more than two types.
    """
    parts = [part.strip().lower() for part in text.split(",")]
    if len(parts) > 2 or not all(parts):
        raise UsageError(f"{text[:40]!r} is not a cache type", hint="write one type for both, or keys,values: q8_0,f16")
    return parts[0], parts[-1]
