"""Token counts that a text cannot have, and the share of thinking where a server does not count it."""

MOST_BYTES_PER_TOKEN = 20
"""On average over a text. Ordinary text has 2 to 5; the longest tokens of common vocabularies are runs of white space,
of up to 128 characters, which no answer consists of."""

FREE_BYTES, FREE_TOKENS = 60, 40
"""Tolerance: a stop text, special tokens, a piece that a server strips."""


def too_long(text: str, tokens: int) -> bool:
    """More text than so many tokens can be."""
    return len(text.encode("utf-8", "replace")) > MOST_BYTES_PER_TOKEN * tokens + FREE_BYTES


def impossible(text: str, thinking: str | None, tokens: int | None, thinking_tokens: int | None) -> bool:
    """The count is too small for the text, or larger than one token for each byte of it.

    A server that thinks without showing it, and without saying how much, is caught as well: its count is not the
    text's.
    """
    if tokens is None:
        return False
    if too_long(text, tokens):
        return True
    size = len(text.encode("utf-8", "replace"))
    if thinking_tokens is not None:
        return tokens - thinking_tokens > size + FREE_TOKENS
    return tokens > size + len((thinking or "").encode("utf-8", "replace")) + FREE_TOKENS


def thinking_share(text: str, thinking: str | None, tokens: int | None) -> int | None:
    """Estimate of the tokens that were spent on thinking: its share of the characters. None where nothing is known."""
    if not thinking or tokens is None:
        return None
    return round(tokens * len(thinking) / (len(thinking) + len(text)))
