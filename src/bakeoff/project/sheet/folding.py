"""Text as people search it: without upper and lower case and without marks, `tieng viet` for `tiếng Việt`.

One character becomes one character, by a table, so that whole columns are folded at once.
"""

import unicodedata
from functools import cache

import numpy as np
import numpy.typing as npt

LETTERS = {"đ": "d", "ð": "d", "ł": "l", "ø": "o", "ı": "i", "ħ": "h", "ŧ": "t", "ŀ": "l", "ſ": "s"}
"""Letters with a stroke, which Unicode does not take apart."""


@cache
def _table() -> npt.NDArray[np.uint16]:
    """For each character of the basic plane what it is searched as; 0 for a mark, which is left out."""
    table = np.arange(0x10000, dtype=np.uint16)
    for code in range(0x80, 0xD800):
        table[code] = _fold(chr(code))
    for code in range(0xE000, 0x10000):
        table[code] = _fold(chr(code))
    for code in range(ord("A"), ord("Z") + 1):
        table[code] = code + 32
    return table


def _fold(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    lower = character.lower()
    bases = [one for one in unicodedata.normalize("NFD", lower) if not unicodedata.combining(one)]
    found = LETTERS.get(bases[0], bases[0]) if len(bases) == 1 else lower if len(lower) == 1 else character
    return ord(found) if ord(found) < 0x10000 else ord(character)


def folded(text: str) -> str:
    """The text as it is searched."""
    if text.isascii():
        return text.lower()
    units = np.frombuffer(text.encode("utf-16-le", "surrogatepass"), dtype=np.uint16)
    found = _table()[units]
    # A zero byte in the text itself, which parts cells, stays.
    kept: bytes = found[(found != 0) | (units == 0)].tobytes()
    return kept.decode("utf-16-le", "surrogatepass")
