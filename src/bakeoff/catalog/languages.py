"""Codes of languages: what model cards write is not always one."""

import re
from collections.abc import Iterable

MEANT = {
    "in": "id", "iw": "he", "ji": "yi", "jw": "jv", "tl": "fil",  # withdrawn or merged codes
    "cn": "zh", "cz": "cs", "dk": "da", "gr": "el", "jp": "ja", "kh": "km", "mm": "my", "ph": "fil", "vn": "vi",
}  # fmt: skip
"""Other codes by the one that is listed: old ones of ISO 639, and countries, where no language has that code."""

CODE = re.compile(r"[a-z]{2,3}")
"""Two letters of ISO 639-1, or three of ISO 639-3; cards also list names of models and tasks."""


def language_codes(listed: Iterable[object]) -> list[str]:
    """The languages among what a card lists, each once, in its order.

    >>> language_codes(["en", "in", "id", "kh", "on-device", "hy-v3", 7])
    ['en', 'id', 'km']
    """
    codes = (code for code in listed if isinstance(code, str) and CODE.fullmatch(code))
    return list(dict.fromkeys(MEANT.get(code, code) for code in codes))
