"""Sampling parameters, as the API spells them: for every candidate, or for one."""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

SAMPLING = frozenset({
    "temperature", "top_p", "top_k", "min_p", "max_tokens", "max_completion_tokens", "stop", "seed", "grammar",
    "presence_penalty", "frequency_penalty", "repeat_penalty", "repetition_penalty", "logit_bias", "logprobs",
    "top_logprobs", "response_format", "json_schema", "reasoning_effort", "reasoning", "chat_template_kwargs",
    "provider", "thinking",
})  # fmt: skip
"""Parameters that servers are known to take. Others are sent as well, unless they look like a typing error."""

RESERVED = frozenset({"messages", "prompt", "stream", "stream_options", "model", "n", "cache_prompt", "tools"})
"""Keys of the request that Bakeoff writes itself."""

NOT_SENT = {"extra_body": "write its keys beside the other parameters: they are sent as they are"}
"""Names of client libraries that no server knows."""

DEFAULT_PARAMETERS = {"temperature": 0.0, "max_tokens": 512}


def check_parameters(parameters: Mapping[str, Any], *, also: set[str]) -> None:
    """Refuse what Bakeoff writes itself, and what looks like a typing error.

    Raises:
        ValueError: with the name and the fix; pydantic adds the place.
    """
    for name in parameters:
        if name in RESERVED:
            raise ValueError(f"{name!r} is written by Bakeoff itself and cannot be set")
        if name in NOT_SENT:
            raise ValueError(f"{name!r} belongs to a client library: {NOT_SENT[name]}")
        if name not in SAMPLING:
            near = get_close_matches(name, [*also, *SAMPLING], n=1, cutoff=0.8)
            if near:
                raise ValueError(f"unknown key {name!r}: did you mean {near[0]!r}?")
