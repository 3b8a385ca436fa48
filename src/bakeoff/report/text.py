"""Text that strangers wrote, made safe to show: models' answers, names, cells of a data file.

What is removed can move the cursor, hide or turn around other text, or is not a character at all. Everything that
people write with is kept: accents, joiners of Indic scripts and emoji, left-to-right and right-to-left marks.
"""

import re
import unicodedata

_ESCAPES = re.compile(
    "(?:\x1b\\[|\x9b)[0-?]*[ -/]*[@-~]"  # CSI: colours, cursor
    "|(?:\x1b[\\]PX^_]|[\x90\x98\x9d-\x9f])[^\x1b\x07\x90\x98\x9c-\x9f]*(?:\x1b\\\\|[\x07\x9c])"  # OSC, DCS, ...
    "|\x1b[ -/]*[0-~]"  # every other two-byte sequence
)
"""ECMA-48, sections 5.4 and 8.3: control sequences and control strings, in their 7-bit and 8-bit forms."""

_INVISIBLE = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 except tab and newline, DEL, C1
    "\u00ad\u200b\u2060-\u2064\ufeff"  # soft hyphen, zero-width space, invisible operators, byte order mark
    "\u202a-\u202e\u2066-\u206f"  # bidirectional embeddings, overrides, isolates and deprecated format characters
    "\ufff9-\ufffb\ufdd0-\ufdef\ufffe\uffff"  # interlinear annotation, noncharacters
    "\U000e0000-\U000e007f]"  # tags: text that nobody sees
)
_SURROGATE = re.compile("[\ud800-\udfff]")
_NEWLINES = re.compile("\r\n?|[\u0085\u2028\u2029]")

_MOST_MARKS = 4
"""Combining marks on one letter that are kept; Vietnamese needs two, Hebrew with accents four."""


def clean(text: str) -> str:
    """The text without control characters, terminal escapes, bidirectional overrides and half characters.

    Newlines and tabs stay. Idempotent; never raises; linear in the length.
    """
    if text.isascii() and text.isprintable():
        return text
    text = _NEWLINES.sub("\n", text)
    text = _ESCAPES.sub("", text)
    text = whole(_INVISIBLE.sub("", text))
    return text if text.isascii() else _thin_marks(text)


def whole(text: str) -> str:
    """The text with U+FFFD for every half character, so that it can be written as UTF-8."""
    return _SURROGATE.sub("\ufffd", text)


def one_line(text: str) -> str:
    """`clean`, with every run of white space as one space: for names and table cells."""
    return " ".join(clean(text).split())


def shorten(text: str, most: int) -> str:
    """At most `most` characters, the last an ellipsis where something was cut; never between letter and accent."""
    if len(text) <= most:
        return text
    end = most - 1
    while end > 1 and unicodedata.combining(text[end]):
        end -= 1
    return text[:end].rstrip() + "…"


def isolated(text: str) -> str:
    """The text between isolates where it is written from right to left, so that it cannot reorder what is around it.

    Unicode Standard Annex 9, section 2.4: FIRST STRONG ISOLATE ... POP DIRECTIONAL ISOLATE.
    """
    if text.isascii() or not any(unicodedata.bidirectional(char) in _RIGHT_TO_LEFT for char in text):
        return text
    return f"\u2068{text}\u2069"


_RIGHT_TO_LEFT = frozenset({"R", "AL", "AN"})


def _thin_marks(text: str) -> str:
    """Cut piles of combining marks, which would be drawn over the lines above and below."""
    if not any(map(unicodedata.combining, text)):
        return text
    kept, marks = [], 0
    for char in text:
        marks = marks + 1 if unicodedata.combining(char) else 0
        if marks <= _MOST_MARKS:
            kept.append(char)
    return "".join(kept)
