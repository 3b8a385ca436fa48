"""Is a text without marks Vietnamese that was typed without them? By the shape of its syllables.

Vietnamese is written in syllables of one onset and one rime, from a small closed set, so that even without marks nearly
every word of a Vietnamese text has that shape, and about a fifth of the words of an English one.
"""

import re
import unicodedata
from dataclasses import dataclass

from bakeoff.evaluate.graders.text import word_set

_ONSET = r"(?:ngh|nh|ng|th|tr|ph|kh|gh|gi|qu|ch|[bcdghklmnpqrstvx])?"
_RIME = (
    r"(?:ieng|ieu|iem|ien|iep|iet|iec|uong|uoi|uou|uom|uon|uop|uot|uoc|uyen|uyet|uynh|uya|oang|oanh|oach|oeo|oai|oay|"
    r"oan|oam|oap|oat|oac|oao|oang|uang|uanh|uach|uan|uat|uay|uai|uao|ueng|uech|uenh|uyt|uyn|uyu|uyp|yeu|yem|yen|yet|yeng|"
    r"ang|anh|ach|eng|enh|ech|ing|inh|ich|ong|ung|oong|"
    r"ai|ao|au|ay|am|an|ap|at|ac|eo|eu|em|en|ep|et|ec|ia|iu|im|in|ip|it|oi|oa|oe|om|on|op|ot|oc|ua|ue|ui|uu|uy|uo|"
    r"um|un|up|ut|uc|ye|a|e|i|o|u|y)"
)
_SYLLABLE = re.compile(_ONSET + _RIME)
_LETTERS = re.compile(r"[^\W\d_]+")
_OWN = frozenset("ăđơưắằẳẵặấầẩẫậếềểễệốồổỗộớờởỡợứừửữựảẻỉỏủỷạẹịọụỵẽĩũỹ")
"""Letters that mark a Latin text as Vietnamese. Romanian has ă, Croatian đ, Turkish none of them; â ê ô are French."""

MOST_WORDS = 2_000
"""Of a text that are looked at."""

_COMMON = word_set(
    "la va cua co khong duoc cho mot cac nhung trong nguoi voi de den nay khi toi ban da se rat cung o tu ve nhu thi ma"
    " lam nao gi vi neu dang hon lai phai ra vao len bi boi nen con chi qua do di anh chi em ong ba minh hang viec"
    " nam ngay sau truoc tren duoi moi nhieu it dung the nha nuoc tien mua ban an noi biet hay"
)
"""Frequent syllables without marks, from the front of Vietnamese frequency lists."""

_ENGLISH = word_set(
    "the of and to is are was were be been with for this that it as by from or not you your we they he she his her"
    " have has had will would can could should which what when there their its if than then but an at on in so"
)
"""Frequent English words; some have the shape of a syllable (the, can, to), so they must count against."""


@dataclass(frozen=True, slots=True)
class Look:
    """What the letters of a text say."""

    n: int
    """Words in Latin letters that were looked at."""

    marked: float
    """Share of them with a letter of `_OWN`."""

    shaped: float
    """Share of them that have the shape of a Vietnamese syllable, marks left aside."""

    common: float
    """Share of them that are frequent syllables, less the share that are frequent English words."""


def look(text: str) -> Look:
    """Look at the words of a text."""
    found = [word.group().casefold() for word in _LETTERS.finditer(unicodedata.normalize("NFC", text))][:MOST_WORDS]
    if not found:
        return Look(0, 0.0, 0.0, 0.0)
    bare = [without_marks(word) for word in found]
    n = len(found)
    common = sum(word in _COMMON and word not in _ENGLISH for word in bare) - sum(word in _ENGLISH for word in found)
    return Look(
        n=n,
        marked=sum(not _OWN.isdisjoint(word) for word in found) / n,
        shaped=sum(_SYLLABLE.fullmatch(word) is not None for word in bare) / n,
        common=common / n,
    )


LEAST_WORDS = 3
"""Fewer words without marks say nothing."""

BARE_SCORE = 0.75
"""`shaped + common` of a Vietnamese text without marks, at the least. docs/guides/graders.md says how well it tells."""


def is_bare_vietnamese(seen: Look) -> bool:
    """Whether a text without marks is Vietnamese typed without them."""
    return seen.n >= LEAST_WORDS and seen.shaped + seen.common >= BARE_SCORE


def without_marks(word: str) -> str:
    """The letters without tone and vowel marks: `đường` is `duong`."""
    bare = unicodedata.normalize("NFD", word.replace("đ", "d"))
    return "".join(char for char in bare if not unicodedata.combining(char))
