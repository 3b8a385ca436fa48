"""Reasons in JSON: code, parameters, and the sentence in both languages."""

from typing import Any

from bakeoff.report.numbers import LANGUAGES
from bakeoff.report.words import sentence
from bakeoff.values import Reason, reason, to_json


def reason_json(why: Reason) -> dict[str, Any]:
    """Code, parameters, and the sentence in both languages."""
    return {
        "code": why.code,
        "parameters": to_json(why.parameters),
        **{lang: sentence(why, lang) for lang in LANGUAGES},
    }


def with_sentences(value: Any) -> Any:
    """A document of plain JSON types with every reason in it said in both languages.

    For documents whose keys are the program's own: an object with just `code` and `parameters` is taken for a reason.
    """
    if isinstance(value, list):
        return [with_sentences(one) for one in value]
    if not isinstance(value, dict):
        return value
    if value.keys() == {"code", "parameters"}:
        return reason_json(reason(value["code"], **value["parameters"]))
    return {key: with_sentences(one) for key, one in value.items()}
