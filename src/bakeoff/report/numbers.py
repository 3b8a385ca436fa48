"""Numbers as people write them, in English or Vietnamese. Knows nothing about what they measure.

English: 12,480 and 85.3%. Vietnamese: 12.480 and 85,3 % (decimal comma, dot for thousands, a space before the percent
sign, as in TCVN 7870 and the SI brochure 5.4.7). Spaces inside a number are unbreakable. The minus is U+2212.
"""

from decimal import Decimal
from typing import Literal

from bakeoff.units import show_bytes, show_seconds

Language = Literal["en", "vi"]

LANGUAGES: tuple[Language, ...] = ("en", "vi")

NBSP = "\u00a0"
MINUS = "\u2212"
UNKNOWN = "–"
"""Shown where there is no number. Never 0."""


def decimal(value: float | Decimal, digits: int, lang: Language, *, signed: bool = False, trim: bool = False) -> str:
    """`decimal(12480.25, 1, "vi")` -> `"12.480,2"`.

    Args:
        value: a finite number.
        digits: places after the decimal sign.
        lang: language.
        signed: write a plus as well; zero has no sign.
        trim: leave out zeros at the end, as in running text.
    """
    text = f"{abs(value):,.{digits}f}"
    if trim and "." in text:
        text = text.rstrip("0").rstrip(".")
    is_zero = not any(char in "123456789" for char in text)
    sign = "" if is_zero else MINUS if value < 0 else "+" if signed else ""
    return sign + (text.translate(_SWAP) if lang == "vi" else text)


_SWAP = str.maketrans(",.", ".,")


def count(value: int, lang: Language) -> str:
    """12480 -> `"12,480"`, `"12.480"`."""
    return decimal(value, 0, lang)


def percent(share: float, lang: Language, *, digits: int = 1, trim: bool = False) -> str:
    """0.853 -> `"85.3%"`, `"85,3 %"`."""
    return decimal(100 * share, digits, lang, trim=trim) + (f"{NBSP}%" if lang == "vi" else "%")


def percent_range(low: float, high: float, lang: Language) -> str:
    """(0.79, 0.9) -> `"79.0–90.0%"`, `"79,0–90,0 %"`."""
    return f"{decimal(100 * low, 1, lang)}–{percent(high, lang)}"


def points(share: float, lang: Language, *, signed: bool = True) -> str:
    """A difference of shares in percentage points, without the word: 0.042 -> `"+4.2"`, `"+4,2"`."""
    return decimal(100 * share, 1, lang, signed=signed)


def points_in_words(share: float, lang: Language) -> str:
    """The size of a difference, for running text: 0.03 -> `"3 points"`, 0.01 -> `"1 point"`, `"3 điểm phần trăm"`."""
    text = decimal(abs(100 * share), 1, lang, trim=True)
    if lang == "vi":
        return f"{text}{NBSP}điểm phần trăm"
    return f"{text}{NBSP}{'point' if text == '1' else 'points'}"


def points_range(low: float, high: float, lang: Language) -> str:
    """(-0.011, 0.08) -> `"−1.1 to +8.0"`, `"−1,1 đến +8,0"`."""
    between = "đến" if lang == "vi" else "to"
    return f"{points(low, lang)}{NBSP}{between}{NBSP}{points(high, lang)}"


def milliseconds(value: float, lang: Language) -> str:
    """Three digits are enough: 84.2 -> `"84 ms"`, 1240 -> `"1.24 s"`, 75000 -> `"75.0 s"`, 600000 -> `"10 min"`."""
    if value < 9.95:
        return f"{decimal(value, 1, lang)}{NBSP}ms"
    if value < 999.5:
        return f"{decimal(value, 0, lang)}{NBSP}ms"
    seconds = value / 1000
    if seconds < 299.5:
        return f"{decimal(seconds, 2 if seconds < 9.995 else 1 if seconds < 99.95 else 0, lang)}{NBSP}s"
    minutes = seconds / 60
    return f"{decimal(minutes, 0, lang)}{NBSP}{'phút' if lang == 'vi' else 'min'}"


def seconds(value: float, lang: Language) -> str:
    """A stretch of time for people who wait: 3725 -> `"1 h 02 min"`, `"1 giờ 02 phút"`."""
    text = show_seconds(value)
    if lang == "vi":
        text = text.replace(".", ",").replace("min", "phút").replace(" h ", " giờ ")
    return text.replace(" ", NBSP)


def rate(value: float, lang: Language) -> str:
    """Tokens per second without the unit: 7.31 -> `"7.3"`, 143.2 -> `"143"`."""
    return decimal(value, 1 if value < 99.95 else 0, lang)


def p_value(value: float, lang: Language) -> str:
    """0.0421 -> `"0.042"`; below a thousandth `"< 0.001"`. A p-value is never shown as 0."""
    if value < 0.001:
        return f"<{NBSP}{decimal(0.001, 3, lang)}"
    return "1" if value >= 0.9995 else decimal(value, 3, lang)


def p_equals(value: float, lang: Language) -> str:
    """For running text: `"p = 0.042"`, `"p < 0.001"`."""
    text = p_value(value, lang)
    return f"p{NBSP}{text}" if text.startswith("<") else f"p{NBSP}={NBSP}{text}"


def size(count_of_bytes: float, lang: Language) -> str:
    """1288490189 -> `"1.2 GiB"`, `"1,2 GiB"`."""
    text = show_bytes(count_of_bytes).replace(" ", NBSP)
    return text.replace(".", ",") if lang == "vi" else text


def dollars(amount: str, lang: Language) -> str:
    """A `Decimal` as text: `"0.0123"` -> `"$0.0123"`, `"0,0123 USD"`. Cents, or two digits that count."""
    value = Decimal(amount)
    digits = 2 if value == 0 or value >= Decimal("0.1") else 1 - value.adjusted()
    return in_dollars(decimal(value, digits, lang), lang)


def in_dollars(number: str, lang: Language) -> str:
    """A number as it is written already, as US dollars: `"1,234"` -> `"$1,234"`, `"1.234"` -> `"1.234 USD"`."""
    return f"{number}{NBSP}USD" if lang == "vi" else f"${number}"


def date(iso: str, lang: Language) -> str:
    """`"2026-11-04"` -> `"4 November 2026"`, `"4/11/2026"`."""
    year, month, day = (int(part) for part in iso.split("-"))
    return f"{day}/{month}/{year}" if lang == "vi" else f"{day}{NBSP}{_MONTHS[month - 1]}{NBSP}{year}"


_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def listing(items: list[str], lang: Language) -> str:
    """`["A", "B", "C"]` -> `"A, B and C"`, `"A, B và C"`."""
    if len(items) < 2:
        return "".join(items)
    word = "và" if lang == "vi" else "and"
    return f"{', '.join(items[:-1])} {word} {items[-1]}"
