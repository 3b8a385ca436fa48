"""Text as graders compare it: Unicode forms, case, punctuation, syllables. Knows nothing about rows or grades."""

import re
import unicodedata

import regex

INVISIBLE = re.compile(
    "[\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff]"
)
"""Soft hyphens, zero-width characters, direction marks, variation selectors: nobody sees them, and they make two texts
differ (Unicode's Default_Ignorable_Code_Point, the part that occurs in text)."""

_WORD = re.compile(r"[^\W_]+")
_WIDE = re.compile("[\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_MARKS = regex.compile(r"((?<=\d)[.,](?=\d)|(?<!\w)[-\u2212](?=\d))|[\p{P}\p{S}\p{C}]")
"""Punctuation, symbols and control characters; in the first group those that belong to a number."""

_ENGLISH_ARTICLES = re.compile(r"\b(?:a|an|the)\b")

_TONES = {
    old: new
    for pair in (
        "oà òa", "oá óa", "oả ỏa", "oã õa", "oạ ọa", "oè òe", "oé óe", "oẻ ỏe", "oẽ õe", "oẹ ọe",
        "uỳ ùy", "uý úy", "uỷ ủy", "uỹ ũy", "uỵ ụy",
    )
    for old, new in [pair.split()]
}  # fmt: skip
"""The two ways to place a tone mark (hoà, hòa): both are right, and both are in use."""

_TONE = re.compile("|".join(_TONES))


def normal(text: str) -> str:
    """Unicode NFC, without outer whitespace: `é` typed as one character or as two is the same."""
    return unicodedata.normalize("NFC", text).strip()


def fold(text: str) -> str:
    """`normal`, without upper and lower case."""
    return unicodedata.normalize("NFC", text.casefold()).strip()


def seen(text: str) -> str:
    """The text without invisible characters."""
    return INVISIBLE.sub("", text)


def normalized(text: str, *, articles: bool = False) -> str:
    """The text by its words: NFKC, no case, no punctuation, single spaces, one way to place Vietnamese tone marks.

    A point or comma between digits and a minus before one stay: `3.5` is not `35`.

    Args:
        text: any text.
        articles: drop the English articles a, an, the.
    """
    text = unicodedata.normalize("NFKC", seen(text)).casefold()
    text = _TONE.sub(lambda found: _TONES[found[0]], unicodedata.normalize("NFC", text))
    spaced = _MARKS.sub(lambda found: (found[1] or " ").replace("\u2212", "-"), text)
    if articles:
        spaced = _ENGLISH_ARTICLES.sub(" ", spaced)
    return " ".join(spaced.split())


def words(text: str) -> list[str]:
    """Words without case: runs of letters and digits; a Vietnamese word is its syllables, a Chinese or Japanese
    character is a word by itself.
    """
    found: list[str] = []
    for word in _WORD.findall(fold(seen(text))):
        if _WIDE.search(word):
            found += [part for part in re.split(f"({_WIDE.pattern})", word) if part]
        else:
            found.append(word)
    return found


def word_set(listed: str) -> frozenset[str]:
    """Words that are listed with spaces between them."""
    return frozenset(listed.split())


def is_ascii(*texts: str) -> bool:
    """Whether all of them are plain ASCII, as most English is and hardly any Vietnamese."""
    return all(text.isascii() for text in texts)


_FENCE = re.compile(
    r"^[ \t]*(`{3,}|~{3,})[ \t]*([\w+.-]*)[^\n]*\n(.*?)(?:^[ \t]*\1[ \t]*$|\Z)", re.DOTALL | re.MULTILINE
)


def fenced(text: str, *languages: str) -> list[str]:
    """The contents of Markdown code fences, those in one of the languages first; a fence may lack its end."""
    found = [(match[2].casefold(), match[3].strip("\n")) for match in _FENCE.finditer(text)]
    named = [content for language, content in found if language in languages]
    return named + [content for language, content in found if language not in languages]
