"""From a line about a machine to its parts: devices, sizes, memory type, counts. Does not add them up.

The line is read as people write it: any case, English or Vietnamese, with or without accents, commas or order.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from bakeoff.errors import UsageError
from bakeoff.hardware import processors
from bakeoff.hardware.table import Entry, index, key, plain
from bakeoff.units import GIB, MIB

LONGEST_LINE = 500
LONGEST_NAME_WORDS = 9


@dataclass(frozen=True, slots=True)
class Device:
    """An accelerator or a system on a chip: the rows that the name may mean, the likeliest first."""

    rows: tuple[Entry, ...]
    text: str
    has_size: bool
    """The name said the memory as well: `RTX 4060 Ti 16GB`."""


@dataclass(frozen=True, slots=True)
class Cpu:
    """A processor."""

    rule: processors.Rule
    text: str


@dataclass(frozen=True, slots=True)
class Size:
    """A number of bytes."""

    count: float


@dataclass(frozen=True, slots=True)
class Memory:
    """`DDR5-5600`, or only `DDR5`."""

    kind: str
    megatransfers: int | None


@dataclass(frozen=True, slots=True)
class Value:
    """A number with its meaning: `count`, `number`, `channels`, `cores`, `gpu cores`, `mega`, `bandwidth`."""

    meaning: str
    number: float


@dataclass(frozen=True, slots=True)
class Mark:
    """A word with a meaning: `ram`, `vram`, `laptop`, `cpu only`, `linux`, `windows`, `darwin`, `wsl`, `,`."""

    meaning: str


Part = Device | Cpu | Size | Memory | Value | Mark

UNITS = {"m": MIB, "g": GIB, "t": 1024 * GIB, "p": 1024**2 * GIB}
"""Memory comes in binary sizes, however it is written: `64 GB` is 64 GiB here."""

WORDS = {"single": 1, "one": 1, "dual": 2, "two": 2, "double": 2, "twin": 2, "triple": 3, "three": 3, "quad": 4}
WORDS |= {"four": 4, "hexa": 6, "six": 6, "octa": 8, "eight": 8, "hai": 2}
_NUMBER_WORD = "|".join(WORDS)


def _value(meaning: str, scale: float = 1.0) -> Callable[[re.Match[str]], Part]:
    def make(found: re.Match[str]) -> Part:
        text = next(group for group in found.groups() if group)
        return Value(meaning, WORDS[text] if text in WORDS else float(text) * scale)

    return make


def _mark(meaning: str) -> Callable[[re.Match[str]], Part]:
    return lambda found: Mark(meaning)


def _size(found: re.Match[str]) -> Part:
    return Size(float(found[1]) * UNITS[found[2]])


def _memory(found: re.Match[str]) -> Part:
    return Memory(found[1].upper(), int(found[2]) if found[2] else None)


NO_GPU = r"cpu only|only cpu|(?:no|without|without an?) gpu|khong (?:co )?(?:gpu|card(?: roi| do hoa)?)|cpu thoi"
RAM = r"(?:system |main |unified |shared )?(?:ram|memory|mem)|bo nho(?: ram| trong| chinh| hop nhat)?"

PATTERNS: tuple[tuple[re.Pattern[str], Callable[[re.Match[str]], Part]], ...] = tuple(
    (re.compile(rf"(?:{pattern})(?![a-z0-9.])"), make)
    for pattern, make in (
        (r"(\d+(?:\.\d+)?) ?gbps", _value("bandwidth", 1e9)),
        (r"(\d+(?:\.\d+)?) ?tbps", _value("bandwidth", 1e12)),
        (r"(\d+(?:\.\d+)?) ?([mgtp])i?b", _size),
        (r"(\d{1,3}) ?(g)(?:igs?)?", _size),
        (r"((?:lp)?ddr\d[a-z]?|mrdimm)(?: ?(\d{4,5})(?: ?(?:mtps|mts|mhz))?)?", _memory),
        (r"(\d{3,5}) ?(?:mtps|mts|mhz)", _value("mega")),
        (rf"({_NUMBER_WORD}|\d{{1,2}}) ?(?:channels?|ch|kenh)", _value("channels")),
        (r"kenh doi", lambda found: Value("channels", 2)),
        (r"kenh don", lambda found: Value("channels", 1)),
        (r"(\d{1,3}) ?cores? gpu|gpu (\d{1,3}) ?cores?", _value("gpu cores")),
        (r"(\d{1,3}) ?(?:cores?|nhan|loi)(?: cpu)?|cpu (\d{1,3}) ?cores?", _value("cores")),
        (rf"{NO_GPU}|chi (?:co |chay )?(?:bang )?cpu", _mark("cpu only")),
        (r"vram|(?:video|gpu|graphics) (?:memory|ram)|bo nho (?:gpu|do hoa|card)", _mark("vram")),
        (RAM, _mark("ram")),
        (r"laptop|notebook|(?:may tinh )?xach tay", _mark("laptop")),
        (r"windows(?: 1[01])?|win ?1[01]|win", _mark("windows")),
        (r"macos|mac os", _mark("darwin")),
        (r"wsl ?2?", _mark("wsl")),
        (r"linux|ubuntu|debian|fedora|arch", _mark("linux")),
        (r"(\d{1,6}) ?x|x ?(\d{1,6})", _value("count")),
        (rf"({_NUMBER_WORD})", _value("count")),
        (r"(\d+(?:\.\d+)?)", _value("number")),
    )
)
"""What may stand at a place, tried in this order; all after the names of devices."""

TIDY = tuple(
    (re.compile(pattern), instead)
    for pattern, instead in (
        (r"\b([gt]b|mt)\s*/\s*s\b", r"\1ps"),
        (r"(?<=\d)([gt]b|mt)\s*/\s*s\b", r"\1ps"),
        (r"\bw/", "with "),
        (r"\bmax\s*\+", "max "),
        (r"\b(\d{1,6})x(?=[a-z]{1,6}\d{2}|\d{4}(?!\d)|\d{1,4}\s*[gt]i?b)", r"\1x "),
        (r"(?<=\d{3})x(\d{1,2})(?![a-z0-9])", r" x\1"),
    )
)
"""What is pulled apart or put together before the line is cut at its commas: `GB/s`, `Max+`, `2xH100`, `H100x8`."""

FILLER = re.compile(
    r"(?:a|an|the|my|with|and|of|on|in|at|for|plus|has|have|or|using|edition|nvidia|amd|intel|apple|geforce|gpus?|cpus?|"
    r"cards?|graphics|processors?|chip|soc|pc|computer|machine|desktop|workstation|server|box|rig|system|total|each|"
    r"macbook|mac|imac|pro|air|mini|studio|book|sockets?|threads?|speed|onboard|dgpu|discrete|"
    r"may|tinh|ban|tram|chu|co|va|voi|mot|cai|chiec|tam|con|bo|xu|ly|do|hoa|roi|moi|cua|toi|dung|luong|"
    r"\d+(?:\.\d+)? ?ghz|nvlink(?: bridge)?|pcie|sxm)(?![a-z0-9])"
)
"""Words that say nothing further here. Product lines of computers are among them; their chip is what counts."""


def read(text: str) -> list[Part]:
    """Everything that the line names, in order.

    Raises:
        UsageError: it is empty, too long, or a word of it means nothing; the hint has the nearest names.
    """
    if not text.strip():
        raise UsageError("no machine is named", hint='write for example "RTX 4090, 64 GB RAM" or "M3 Max 64 GB"')
    if len(text) > LONGEST_LINE:
        raise UsageError(f"a machine's name of {len(text)} characters is not read", hint="name its devices only")
    line = plain(text).replace("×", "x")
    if found := re.search(r"(?:^|[\s,;(])-\s*(\d[\d.]*\s*[kmgtp]?i?b)\b", line):
        raise UsageError(f"a size cannot be negative: -{found[1]}", hint=f"write {found[1]}")
    for pattern, instead in TIDY:
        line = pattern.sub(instead, line)
    parts: list[Part] = []
    for segment in re.split(r"[,;|/⁄&+\n]|\s[-–—]\s", line):
        parts += [*_segment(re.findall(r"\d+\.\d+[a-z]*|[a-z0-9]+", segment), text), Mark(",")]
    return parts


def _segment(words: list[str], text: str) -> Iterator[Part]:
    """The parts of what stands between two commas."""
    at, unknown = 0, list[str]()
    while at < len(words):
        part, used = _next(words[at:])
        number = isinstance(part, Value) and part.meaning == "number"
        if used == 0 or (unknown and number):
            unknown += words[at : at + max(used, 1)]
        elif unknown:
            raise _unknown(unknown, text)
        elif part is not None:
            yield part
        at += max(used, 1)
    if unknown:
        raise _unknown(unknown, text)


def _next(words: list[str]) -> tuple[Part | None, int]:
    """The first part of the words and how many it takes; (None, 0) where the first word means nothing."""
    named, used = _named(words)
    if named is not None:
        return named, used
    rest = " ".join(words)
    for pattern, make in PATTERNS:
        if found := pattern.match(rest):
            return make(found), found[0].count(" ") + 1
    found = FILLER.match(rest)
    return None, found[0].count(" ") + 1 if found else 0


def _named(words: list[str]) -> tuple[Part | None, int]:
    """The longest name of a device that the words begin with. None begins with a decimal: `400.0` is no RTX 4000."""
    if re.fullmatch(r"\d+\.\d+", words[0]):
        return None, 0
    for used in range(min(LONGEST_NAME_WORDS, len(words)), 0, -1):
        text = " ".join(words[:used])
        short = key(text)
        if len(short) < 2:
            continue
        rows = index().get(short) or index().get(short.removesuffix("s"))
        if rows:
            return Device(rows, text, has_size=re.search(r"\d ?gb$", text) is not None), used
        if len(short) > 2 and re.search(r"[a-z]", short) and (rule := processors.match(short)):
            return Cpu(rule, text), used
    return None, 0


def _unknown(words: list[str], text: str) -> UsageError:
    """The error for words that mean nothing, with the nearest names."""
    from rapidfuzz import fuzz, process

    names = {name: rows[0].name for name, rows in index().items()}
    hits = process.extract(key(" ".join(words)), list(names), scorer=fuzz.ratio, limit=8, score_cutoff=55)
    nearest = list(dict.fromkeys(names[hit[0]] for hit in hits))[:4]
    hint = f"did you mean {', '.join(nearest)}? " if nearest else ""
    written = re.search(r"\W+".join(words), text, re.IGNORECASE)
    name = written[0] if written else " ".join(words)
    return UsageError(
        f"{name!r} is not a device that Bakeoff knows",
        hint=hint + 'leave out what is no device; a missing card can be given by its numbers: "24 GB VRAM, 900 GB/s"',
    )
