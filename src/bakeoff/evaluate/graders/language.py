"""The answer is in the language that was asked for."""

from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar

import regex
from rapidfuzz import process

from bakeoff.errors import ProjectError
from bakeoff.evaluate.graders.length import sentences
from bakeoff.evaluate.graders.rule import Case, Grade, Rule
from bakeoff.evaluate.graders.vietnamese import LEAST_WORDS, is_bare_vietnamese, look
from bakeoff.values import reason

PIECE_WORDS = 8
"""Sentences are joined until a piece has so many words; shorter ones are often misread."""

MOST_CHARACTERS = 50_000
"""Of an answer that are looked at."""

LEAST_SCRIPT = 4
"""Characters of a script without spaces between words, from which on its language is told."""

_NOT_PROSE = regex.compile(r"```.*?(?:```|\Z)|`[^`\n]*`|https?://\S+|\$[^$\n]*\$|[\d_]+", regex.DOTALL)
_UNSPACED = regex.compile(r"[\p{Han}\p{Hiragana}\p{Katakana}\p{Thai}\p{Lao}\p{Khmer}\p{Myanmar}\p{Hangul}]")
_SAME = {"pcm": "en", "nb": "no", "nn": "no"}
"""What the identifier tells apart and a reader would not: Nigerian Pidgin in short English, the two Norwegians."""


@dataclass(frozen=True, slots=True)
class Language(Rule):
    """Right when the answer is in one language, by its sentences. Code, addresses and formulas are left aside; foreign
    terms inside a sentence do not count against it. Vietnamese typed without marks is known too.
    """

    language: str = "vi"
    """ISO 639-1 code: `vi`, `en`, `zh`, `ja`, ..."""

    share: float = 0.7
    """So much of the text, by words, must be in the language."""

    needs_target: ClassVar[bool] = False

    def __post_init__(self) -> None:
        """A share is a share."""
        if not 0 < self.share <= 1:
            raise ValueError("share must lie above 0 and at most at 1")

    def check(self, target: str, folder: Path) -> None:
        """The language must be one that can be told."""
        known = _known()
        if self.language not in known:
            near = process.extractOne(self.language, known)
            raise ProjectError(
                f"grader language: {self.language!r} is not a language that can be told",
                hint=f"write an ISO 639-1 code such as vi, en or {near[0] if near else 'fr'}",
            )

    def grade(self, case: Case) -> Grade:
        """Judge one answer."""
        found = languages(case.answer[:MOST_CHARACTERS])
        total = sum(found.values())
        if not total:
            return Grade(None, detail=reason("grade.too_little_text"))
        share = found.get(self.language, 0) / total
        if share >= self.share:
            return Grade(1.0, label=self.language)
        most = max(found, key=lambda code: found[code] if code != self.language else 0)
        return Grade(0.0, label=most, detail=reason("grade.language", found=most, wanted=self.language, share=share))


def languages(text: str) -> dict[str, int]:
    """Words (or unspaced characters) by language; empty where there is too little text to tell."""
    found: dict[str, int] = {}
    for piece in _pieces(_NOT_PROSE.sub(" ", text)):
        n = len(piece.split())
        unspaced = len(_UNSPACED.findall(piece))
        code = _language(piece, unspaced)
        if code is not None:
            found[code] = found.get(code, 0) + max(n, unspaced)
    return found


def _language(text: str, unspaced: int) -> str | None:
    seen = look(text)
    if unspaced < LEAST_SCRIPT and seen.n < LEAST_WORDS and seen.marked < 1:
        return None
    if seen.marked == 0 and is_bare_vietnamese(seen):
        return "vi"
    code = str(_identifier().classify(text)[0])
    return _SAME.get(code, code)


def _pieces(text: str) -> list[str]:
    """Sentences, joined until they are long enough to be told."""
    pieces: list[str] = []
    waiting = ""
    for sentence in sentences(text):
        waiting = f"{waiting} {sentence}".strip()
        if len(waiting.split()) >= PIECE_WORDS or len(_UNSPACED.findall(waiting)) >= 2 * PIECE_WORDS:
            pieces.append(waiting)
            waiting = ""
    if waiting and pieces and len(waiting.split()) < LEAST_WORDS:
        pieces[-1] = f"{pieces[-1]} {waiting}"
    elif waiting:
        pieces.append(waiting)
    return pieces


@lru_cache(maxsize=1)
def _identifier() -> Any:
    """py3langid's model; unpacking it takes about a second."""
    from py3langid.langid import MODEL_FILE, LanguageIdentifier

    return LanguageIdentifier.from_model_file(MODEL_FILE)


def _known() -> list[str]:
    return [str(code) for code in _identifier().labels]
