"""A stranger's text, cleaned, in a short form and in full."""

from dataclasses import dataclass

from bakeoff.report.text import clean, shorten

MOST_SHOWN, MOST_FULL = 280, 20_000
"""Characters of a text at first sight, and after opening it."""

MOST_LINES = 3
"""Lines that can be read as one; more have a layout that is worth opening."""


@dataclass(frozen=True, slots=True)
class Text:
    """A text that may be long."""

    short: str
    full: str | None
    """The whole with its lines, where `short` has lost something that matters."""


def text(value: str, most: int = MOST_SHOWN) -> Text:
    """A stranger's text, cleaned; cut where it is long."""
    # Only as much as can be shown is looked at: one cell may hold megabytes.
    cleaned = clean(value[: MOST_FULL + 1]).strip()
    line = " ".join(cleaned.split())
    whole = len(line) <= most and cleaned.count("\n") < MOST_LINES
    return Text(shorten(line, most), None if whole else shorten(cleaned, MOST_FULL))
