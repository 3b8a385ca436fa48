"""What people write in the place of an answer: a layer over it, in the ledger, that changes no score.

A correction is about the answer of one call, by its address. It is never overwritten: the last one counts, and one
without a text takes it back.
"""

import unicodedata
from dataclasses import dataclass

from bakeoff.errors import UsageError
from bakeoff.evaluate.store import Ledger, Noted
from bakeoff.project.sheet.sound import sound

KIND = "correction"
"""Of the finding in the ledger."""

MOST_NAME = 200
"""Characters of an author's name."""

LONGEST = 200_000
"""Characters of a correction."""


@dataclass(frozen=True, slots=True)
class Correction:
    """One of them."""

    text: str | None
    """None takes back what was there before."""

    author: str
    at: str
    """UTC, ISO 8601."""

    seq: int

    @classmethod
    def of(cls, noted: Noted) -> "Correction":
        """From what the ledger keeps."""
        text = noted.value.get("text")
        return cls(text if isinstance(text, str) else None, str(noted.value.get("author", "")), noted.at, noted.seq)


def checked_author(author: str) -> str:
    """A name that can be kept.

    Raises:
        UsageError: there is none, or it is half of a character.
    """
    name = sound(" ".join(author.split()), "the name")[:MOST_NAME]
    if not name:
        raise UsageError("who writes needs a name", hint="give `author`")
    return name


def checked_text(text: str | None) -> str | None:
    """A correction that can be kept: in NFC.

    Raises:
        UsageError: it is too long, or holds what no text may hold.
    """
    if text is None:
        return None
    if len(text) > LONGEST:
        raise UsageError(f"a correction has at most {LONGEST:,} characters, this one {len(text):,}", hint="shorten it")
    return unicodedata.normalize("NFC", sound(text, "the correction"))


def corrections_of(ledger: Ledger) -> dict[str, Correction]:
    """Address of a call to the correction of its answer that stands."""
    found = {}
    for noted in ledger.noted_after(KIND, 0, ledger.seq()):
        found[noted.about] = Correction.of(noted)
    return {digest: one for digest, one in found.items() if one.text is not None}
