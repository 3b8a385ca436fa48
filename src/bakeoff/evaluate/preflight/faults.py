"""The faults that an answer can have, what each means, and what becomes of such an answer by default."""

from collections.abc import Mapping
from typing import Literal

Fault = Literal[
    "blank", "cut", "truncated", "unclosed_thinking", "loop", "special_tokens", "next_turn", "refusal",
    "stop_ignored", "limit_ignored", "other_model", "other_provider", "usage", "in_examples",
]  # fmt: skip
"""Codes, in the order in which they are told. Their words are in report/words, under `preflight.`."""

Rule = Literal["count", "exclude"]
"""count: the answer counts as it was graded. exclude: it has no score. It is marked in either case."""

Rules = Mapping[Fault, Rule]

DEFAULT_RULES: Rules = {
    "blank": "count",
    "cut": "count",
    "truncated": "exclude",
    "unclosed_thinking": "count",
    "loop": "count",
    "special_tokens": "count",
    "next_turn": "count",
    "refusal": "count",
    "stop_ignored": "count",
    "limit_ignored": "count",
    "other_model": "count",
    "other_provider": "exclude",
    "usage": "count",
    "in_examples": "exclude",
}
"""What the model did counts, for better or worse: blank, cut, looping, refusing is what a user of it would get. What
was done to it does not: a prompt that the server cut short, a provider that was not chosen, a row whose answer stands
in the prompt."""
