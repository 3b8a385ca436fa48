"""Bytes, times and rates as people write them. Formatting happens here and nowhere else.

Binary units (KiB, MiB, GiB) and decimal units (kB, MB, GB) are both read; memory is shown in binary units.
"""

import re

from bakeoff.errors import UsageError

KIB, MIB, GIB = 1024, 1024**2, 1024**3

_BYTES = re.compile(r"\s*([0-9]+(?:\.[0-9]+)?)\s*([kmgt]?)(i?)b?\s*", re.IGNORECASE)
_POWER = {"": 0, "k": 1, "m": 2, "g": 3, "t": 4}


def parse_bytes(text: str) -> int:
    """`"64 GiB"` -> 68719476736, `"64 GB"` -> 64000000000, `"512"` -> 512.

    Raises:
        UsageError: the text is not a size.
    """
    match = _BYTES.fullmatch(text)
    if match is None:
        raise UsageError(f"{text!r} is not a size in bytes", hint="write for example 24 GiB, 8 GB or 512 MiB")
    number, prefix, binary = match.groups()
    return int(float(number) * (1024 if binary else 1000) ** _POWER[prefix.lower()])


def show_bytes(count: float) -> str:
    """1536 -> `"1.5 KiB"`."""
    for unit in ("B", "KiB", "MiB", "GiB"):
        if abs(count) < 1024:
            return f"{count:.0f} {unit}" if unit == "B" else f"{count:.1f} {unit}"
        count /= 1024
    return f"{count:.1f} TiB"


def show_seconds(seconds: float) -> str:
    """3725 -> `"1 h 02 min"`, 0.25 -> `"250 ms"`."""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest:02d} s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours} h {minutes:02d} min"
