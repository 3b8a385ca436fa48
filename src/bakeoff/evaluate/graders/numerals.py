r"""Numbers in a text, as people and models write them, in English and Vietnamese. Knows nothing about grading.

    1,234.5   1.234,5   1 234,5   1'234.5   -7   −7   3/4   1 1/2   ½   85%   1.2e5   1.2×10^5   10⁻³
    \frac{3}{4}   1,5 triệu   2 tỷ   3.5 million

Values are exact fractions. `1.234` can be read in two ways; both readings are kept.
"""

import unicodedata
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import regex

Separators = Literal["auto", "en", "vi"]

MOST_DIGITS = 300
"""A longer run of digits is an identifier or an attack, not a quantity. So is a larger exponent."""

_SCALES = {
    "thousand": 3, "nghìn": 3, "ngàn": 3, "million": 6, "triệu": 6, "billion": 9, "tỷ": 9, "tỉ": 9, "trillion": 12,
}  # fmt: skip
"""Power of ten that a word after a number stands for (short scale)."""

_GROUP = "\u0020\u00a0\u2009\u202f'\u2019"
_DIGITS = rf"\d+(?:[.,{_GROUP}]\d+)*+"
_SUPER = "[⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹]+"
_NUMBER = regex.compile(
    rf"""
    (?<![\w.,]) (?P<sign>[-+\u2212\u2013](?=[\d.\\½¼¾⅓⅔]))?
    (?: \\[dt]?frac\s*\{{\s*(?P<top>\d+)\s*\}}\s*\{{\s*(?P<bottom>\d+)\s*\}}
      | (?:(?P<whole>\d+)[ ])?(?P<up>\d+)\s?[/⁄]\s?(?P<down>\d+)(?![\d/])
      | (?P<before>\d+)?\s?(?P<vulgar>[½¼¾⅓⅔⅕⅖⅗⅘⅙⅚⅛⅜⅝⅞])
      | 10\s?(?:\^\s*\{{?\s*(?P<ten>[-+\u2212]?\d+)\s*\}}?|(?P<ten_super>{_SUPER}))
      | (?P<digits>{_DIGITS}|[.]\d+)
        (?: [eE](?P<exponent>[-+]?\d+)(?!\w)
          | \s*(?:[×x*·]|\\times|\\cdot)\s*10\s*(?:\^\s*\{{?\s*(?P<power>[-+\u2212]?\d+)\s*\}}?|(?P<super>{_SUPER}))
        )?
    )
    (?: \s?(?P<scale>{"|".join(_SCALES)})(?!\w) )?
    (?P<percent>\s?\\?%|\s(?:percent|phần\ trăm)(?!\w))?
    """,
    regex.VERBOSE | regex.IGNORECASE,
)
_SPACED, _COMMAS = regex.compile(f"[^{_GROUP}]+"), regex.compile("[^,]+")
_SUPERSCRIPTS = str.maketrans("⁺⁻⁰¹²³⁴⁵⁶⁷⁸⁹", "+-0123456789")


@dataclass(frozen=True, slots=True)
class Numeral:
    """One number in a text."""

    values: tuple[Fraction, ...]
    """What it can mean: one value, or two where point or comma can be read in two ways."""

    percent: bool
    """It is followed by a percent sign or word; the value is the number before it."""

    start: int
    end: int
    """Where it stands in the text."""


def numerals(text: str, separators: Separators = "auto") -> list[Numeral]:
    """Every number in the text, in order. Digits inside a word (`H2O`, `v2`) are no numbers."""
    found = []
    for match in _NUMBER.finditer(text):
        values = _values(match, separators)
        if values:
            found.append(Numeral(values, match["percent"] is not None, match.start(), match.end()))
        elif match["digits"] and not (match["exponent"] or match["power"] or match["super"]):
            found += _listed(match, separators)
    return found


def _listed(match: regex.Match[str], separators: Separators) -> list[Numeral]:
    """Several numbers that look like one: `2024 300`, `1,2,3`."""
    text, found = match["digits"], []
    pieces = _SPACED if regex.search(f"[{_GROUP}]", text) else _COMMAS
    for piece in pieces.finditer(text):
        values = read_digits(piece[0], separators) if len(piece[0]) <= MOST_DIGITS else ()
        start = match.start("digits") + piece.start()
        found += [Numeral(values, False, start, start + len(piece[0]))] if values else []
    return found


def _values(match: regex.Match[str], separators: Separators) -> tuple[Fraction, ...]:
    parts = match.groupdict()
    if any(len(part) > MOST_DIGITS for part in parts.values() if part):
        return ()
    if parts["top"]:
        values = _ratio(parts["top"], parts["bottom"])
    elif parts["up"]:
        values = tuple(int(parts["whole"] or 0) + value for value in _ratio(parts["up"], parts["down"]))
    elif parts["vulgar"]:
        part = Fraction(unicodedata.numeric(parts["vulgar"])).limit_denominator(100)
        values = (int(parts["before"] or 0) + part,)
    elif parts["ten"] or parts["ten_super"]:
        values = _scaled((Fraction(1),), parts["ten"] or parts["ten_super"].translate(_SUPERSCRIPTS))
    else:
        exponent = parts["exponent"] or parts["power"] or (parts["super"] or "").translate(_SUPERSCRIPTS) or "0"
        values = _scaled(read_digits(parts["digits"], separators), exponent)
    scale = Fraction(10) ** _SCALES[parts["scale"].casefold()] if parts["scale"] else Fraction(1)
    sign = -1 if parts["sign"] and parts["sign"] != "+" else 1
    return tuple(sign * scale * value for value in values)


def _ratio(top: str, bottom: str) -> tuple[Fraction, ...]:
    return (Fraction(int(top), int(bottom)),) if int(bottom) else ()


def _scaled(values: tuple[Fraction, ...], exponent: str) -> tuple[Fraction, ...]:
    try:
        power = int(exponent.replace("\u2212", "-"))
    except ValueError:  # `10⁺⁻`
        return ()
    return tuple(value * Fraction(10) ** power for value in values) if abs(power) <= MOST_DIGITS else ()


def read_digits(text: str, separators: Separators = "auto") -> tuple[Fraction, ...]:
    """The value of digits with separators: `1.234,5`. Two values where it can be read in two ways; none where in none.

    A space or apostrophe only ever groups thousands. Of point and comma, the one that comes last and once is the
    decimal one; one that occurs twice, or before the other, groups. One alone before exactly three digits is open.
    """
    for mark in _GROUP:
        if mark in text:
            head, *groups = text.split(mark)
            whole = groups[-1].replace(",", ".").partition(".")
            if len(head) > 3 or any(len(group) != 3 for group in [*groups[:-1], whole[0]]):
                return ()
            text = head + "".join(groups)
    points, commas = text.count("."), text.count(",")
    readings = []
    if separators != "vi" and ((commas == 0 and points == 1) or _grouped(text, ",", ".")):
        readings.append(text.replace(",", ""))
    if separators != "en" and ((points == 0 and commas == 1) or _grouped(text, ".", ",")):
        readings.append(text.replace(".", "").replace(",", "."))
    if not points and not commas:
        readings = [text]
    elif separators == "auto" and points + commas == 1 and not readings:
        readings = [text.replace(",", ".")]
    return tuple(dict.fromkeys(Fraction(f"0{reading}") for reading in readings))


def _grouped(text: str, group: str, decimal: str) -> bool:
    """Whether `group` cuts the whole part into threes, and `decimal` occurs at most once after it."""
    whole, _, rest = text.partition(decimal)
    if group not in whole or group in rest or decimal in rest:
        return False
    head, *groups = whole.split(group)
    return 1 <= len(head) <= 3 and head[0] != "0" and all(len(one) == 3 for one in groups)
