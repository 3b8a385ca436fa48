"""The page's words: the labels `page.*` of one language, and its sentences for reasons, ready to show."""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any

from fastapi import APIRouter

from bakeoff.report import Language
from bakeoff.report.words import sentence, words
from bakeoff.values import Reason
from bakeoff.web.errors import Refused
from bakeoff.web.language import LANGUAGES

router = APIRouter()
PREFIX = "page."


@cache
def page_words(lang: Language) -> dict[str, str]:
    """Key without `page.` to its text; parameters stand in braces, `{n}` or `{n:plural:row|rows}`."""
    return {
        key.removeprefix(PREFIX): text for key, text in sorted(words(lang).labels.items()) if key.startswith(PREFIX)
    }


@router.get("/api/words/{lang}", tags=["page"])
def get_words(lang: str) -> dict[str, str]:
    """All words of the page in one language."""
    if lang not in LANGUAGES:
        raise Refused(404, "not-found", f"no words in {lang!r}", hint="there are en and vi")
    return page_words(lang)


def told(reason: Reason, lang: Language) -> dict[str, Any]:
    """A reason for a program and for people: its code, parameters and sentence."""
    return {"code": reason.code, "parameters": dict(reason.parameters), "text": sentence(reason, lang)}


def all_told(reasons: Iterable[Reason], lang: Language) -> Sequence[dict[str, Any]]:
    """Several reasons."""
    return [told(one, lang) for one in reasons]
