"""A cell in one short line: nothing that a terminal or a browser obeys, and never the whole text."""

import re
from typing import Any

LENGTH = 160
"""Characters of a preview."""

LOOKED_AT = 4 * LENGTH
"""Characters of a text from which its preview is made."""

EXACT = 2**53
"""Whole numbers from here on are not exact in a browser."""

_ESCAPES = re.compile(
    r"\x1b\[[0-?]*[ -/]*[@-~]"  # colours, cursor
    r"|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\|\Z)"  # titles, links
    r"|\x1b[PX^_][^\x1b]*(?:\x1b\\|\Z)"
    r"|\x1b[@-Z\\^_`-~=>()]?"
    r"|\x9b[0-?]*[ -/]*[@-~]"
)
"""Sequences that a terminal obeys (ECMA-48)."""

_HIDDEN = re.compile(
    "[\u061c\u200b\u200e\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]|[\x80-\x9f]|[\ud800-\udfff]"
)
"""Marks that turn the direction of text, characters without width, C1 controls, halves of characters."""

_CONTROLS = {code: 0x2400 + code for code in range(32)} | {127: 0x2421}
"""Shown by the pictures that Unicode has for them."""


def preview(text: str) -> str:
    """The first `LENGTH` characters on one line; longer texts end in an ellipsis."""
    head = text[:LOOKED_AT]
    if not head.isprintable():
        head = _ESCAPES.sub("", head) if "\x1b" in head or "\x9b" in head else head
        head = _HIDDEN.sub("", head)
    line = " ".join(head.split())
    if not line.isprintable():
        line = line.translate(_CONTROLS)
    whole = len(line) <= LENGTH and len(text) <= LOOKED_AT
    return line if whole else f"{line[: LENGTH - 1].rstrip()}…"


def shown(value: Any) -> Any:
    """A cell of the data as the sheet shows it: numbers and truth as they are, text as a preview."""
    if isinstance(value, str):
        return preview(value)
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) > EXACT:
        return preview(str(value))
    return value
