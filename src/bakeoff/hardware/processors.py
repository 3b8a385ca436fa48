"""Processors by name: cores, memory channels, instructions. Knows nothing about this machine.

The rows of `processors.csv` are rules over families of model numbers, from the makers' specification pages as
recalled in November 2026. A rule's `channels` are 64 bits wide (0.5 is a 32 bit bus).
"""

import csv
import re
from dataclasses import dataclass
from functools import cache

from bakeoff.hardware.machine import Rates
from bakeoff.hardware.table import DATA, key, plain
from bakeoff.values import Estimate

INSTRUCTIONS: dict[str, tuple[str, ...]] = {
    "avx": ("avx",),
    "avx2": ("avx", "avx2", "fma", "f16c"),
    "avx512": ("avx", "avx2", "fma", "f16c", "avx512f"),
    "avx512vnni": ("avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni"),
    "zen4": ("avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx512_bf16"),
    "amx": ("avx", "avx2", "fma", "f16c", "avx512f", "avx512_vnni", "avx512_bf16", "amx_int8", "amx_bf16"),
    "neon": ("neon",),
    "dotprod": ("neon", "dotprod"),
    "i8mm": ("neon", "dotprod", "i8mm"),
    "sve": ("neon", "dotprod", "i8mm", "sve"),
}

LONGEST_NAME_WORDS = 6

ANY_LETTER = "a-z"
"""In a pattern that does not spell every letter out."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What is true of all processors whose name matches."""

    pattern: str
    """Of the whole of a name's `table.key`."""

    title: str
    """The family, for messages."""

    cores: int
    """Physical; where a family has several, the usual number."""

    memory_type: str
    """The fastest that the maker supports at two modules per pair of channels: `DDR5-5600`."""

    channels: float
    instructions: tuple[str, ...]
    clock_hz: float
    """All cores under vector load."""

    flops_per_cycle: int
    """FP32 operations per core: vector lanes x FMA units x 2."""

    @property
    def megatransfers(self) -> int:
        """`DDR5-5600` -> 5600."""
        return int(self.memory_type.rpartition("-")[2])

    @property
    def rates(self) -> Rates:
        """Peak of the vector units; nothing else is modelled for a CPU."""
        return Rates(fp32=self.cores * self.clock_hz * self.flops_per_cycle)

    def matches(self, short: str) -> bool:
        """The name is one of the family. Only patterns that may match are compiled: all of them would take longer than
        the rest of reading a machine.
        """
        if ANY_LETTER in self.pattern:
            possible = not self.pattern.startswith("xeon") or short.startswith("xeon")
        else:
            possible = all(letter in self.pattern for letter in short if letter.isalpha())
        return possible and _compiled(self.pattern).fullmatch(short) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    return re.compile(pattern)


@cache
def rules() -> tuple[Rule, ...]:
    """All rules; the first that matches counts."""
    with (DATA / "processors.csv").open(encoding="utf-8", newline="") as lines:
        return tuple(
            Rule(
                pattern=row["pattern"],
                title=row["title"],
                cores=int(row["cores"]),
                memory_type=row["memory"],
                channels=float(row["channels"]),
                instructions=INSTRUCTIONS[row["instructions"]],
                clock_hz=float(row["ghz"]) * 1e9,
                flops_per_cycle=int(row["flops_per_cycle"]),
            )
            for row in csv.DictReader(lines)
        )


def match(short: str) -> Rule | None:
    """The rule for a name's `table.key`."""
    return next((rule for rule in rules() if rule.matches(short)), None)


def find(text: str) -> Rule | None:
    """The rule for the processor that a longer text names, as `AMD Ryzen 9 5950X 16-Core Processor` does."""
    words = [word for word in re.split(r"[\s(),/_]+", text.partition("@")[0]) if word and plain(word) != "cpu"]
    for length in range(LONGEST_NAME_WORDS, 0, -1):
        for start in range(len(words) - length + 1):
            short = key(" ".join(words[start : start + length]))
            if any(character.isdigit() for character in short) and (found := match(short)):
                return found
    return None


def memory_bandwidth(memory_type: str, channels: float, *, detail: str) -> Estimate:
    """Peak of a memory system: channels x 8 bytes x data rate (JEDEC; a channel is 64 bits)."""
    megatransfers = int(memory_type.rpartition("-")[2])
    return Estimate.exact(channels * 8 * megatransfers * 1e6, source="published", detail=detail)
