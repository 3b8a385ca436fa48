"""The language of an answer: `?lang=`, else the first that the browser asks for and we have."""

from typing import Annotated

from fastapi import Depends, Request

from bakeoff.report import Language

LANGUAGES: tuple[Language, ...] = ("en", "vi")


def language_of(request: Request) -> Language:
    """`vi` or `en`."""
    asked = [request.query_params.get("lang", "")]
    asked += [part.partition(";")[0].strip() for part in request.headers.get("accept-language", "").split(",")]
    for one in asked:
        for known in LANGUAGES:
            if one.lower().partition("-")[0] == known:
                return known
    lang: Language = request.app.state.settings.lang
    return lang


Lang = Annotated[Language, Depends(language_of)]
