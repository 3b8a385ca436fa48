"""Names that people give: of projects, which become folders, and of files that they upload."""

import re
import unicodedata
from collections.abc import Iterable
from pathlib import Path

from bakeoff.evaluate.files import ENDINGS
from bakeoff.web.errors import Refused

MOST_CHARACTERS = 80
MOST_BYTES = 200
"""A folder's name may have 255; the rest is for what is put beside it while it is made."""

FORBIDDEN = re.compile(r'[/\\:*?"<>|]')
"""What one system or another refuses in a name, or reads as a path."""

RESERVED = re.compile(r"(con|prn|aux|nul|com[0-9¹²³]|lpt[0-9¹²³])(\..*)?", re.IGNORECASE)
"""Windows takes these for devices."""


def project_name(text: str) -> str:
    """The name of a new project, composed (NFC) and without blanks around it.

    Raises:
        Refused: it cannot be the name of a folder everywhere.
    """
    name = unicodedata.normalize("NFC", text).strip()
    wrong = _wrong(name)
    if wrong:
        raise Refused(400, "name", f"a project cannot be called {name[:MOST_CHARACTERS]!r}: {wrong[0]}", hint=wrong[1])
    return name


def _wrong(name: str) -> tuple[str, str] | None:
    """What is wrong with a name, and what to do."""
    if not name:
        return "it is empty", "type a name, for example tickets"
    if len(name) > MOST_CHARACTERS or len(name.encode("utf-8", "replace")) > MOST_BYTES:
        return "it is too long", f"use at most {MOST_CHARACTERS} characters"
    if found := FORBIDDEN.search(name):
        return f"it holds {found[0]!r}", 'leave out / \\ : * ? " < > |'
    # Cc, Cf: control characters, and the marks that turn the direction of text or cannot be seen.
    if any(unicodedata.category(one) in ("Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp") for one in name):
        return "it holds a character that cannot be seen", "type it again"
    if name.startswith(".") or name.endswith("."):
        return "it begins or ends with a dot", "leave the dot out"
    if RESERVED.fullmatch(name):
        return "Windows keeps this name for a device", "choose another"
    return None


def is_taken(name: str, there: Iterable[str]) -> bool:
    """A folder of this name exists, or one that some systems take for the same: `Tickets`, or accents apart."""
    return folded(name) in {folded(one) for one in there}


def folded(name: str) -> str:
    """Equal for names that a file system may not tell apart."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", name).casefold())


def data_file_name(text: str) -> str:
    """A safe name for an uploaded data file: its last part, its ending kept.

    Raises:
        Refused: the ending tells no format that can be read.
    """
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", text))[-1]
    kept = "".join(one for one in last if unicodedata.category(one)[0] not in "CZ" or one == " ")
    kept = FORBIDDEN.sub("", kept).rstrip(" .")
    low = kept.lower()
    ending = next((end for end in (*(f"{one}.gz" for one in ENDINGS), *ENDINGS) if low.endswith(end)), None)
    if ending is None:
        raise Refused(
            400, "format", f"{last[:MOST_CHARACTERS]!r}: the ending does not tell a format that can be read",
            hint=f"it should be one of {' '.join(ENDINGS)}",
        )  # fmt: skip
    stem = kept[: -len(ending)].strip(" .")[:MOST_CHARACTERS].strip(" .")
    while len(stem.encode("utf-8")) > MOST_BYTES - 20:
        stem = stem[:-1]
    if not stem or RESERVED.fullmatch(stem):
        stem = "data"
    return stem + ending.lower()


def suggested(file_name: str, there: Iterable[str]) -> str:
    """A name for a project made of this file, not yet taken."""
    taken = {folded(one) for one in there}
    stem = Path(file_name.removesuffix(".gz")).stem.strip(" .")[: MOST_CHARACTERS - 4] or "data"
    return next(name for name in (stem, *(f"{stem} {n}" for n in range(2, 10_000))) if folded(name) not in taken)
