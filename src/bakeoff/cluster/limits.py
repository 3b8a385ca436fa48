"""What a run on a cluster takes in each of its parts, and which part ends last. Pure; the rates were measured.

A run prepares (the driver reads the rows and puts them into the ledger), then works; while it works, models compute,
workers make calls, the ledger takes the answers, and the driver copies them into the project's own file. The parts of
the work go on at the same time, so that the slowest decides (docs/concepts/cluster.md).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from bakeoff.values import Estimate

LedgerKind = Literal["sqlite", "postgresql"]

Part = Literal[
    "decode", "prefill", "engine", "provider", "server", "workers", "ledger", "pull", "prepare", "network", "start"
]
"""decode, prefill: models on GPUs, by what they spend their time on; engine: llama.cpp on the machines' processors;
provider: a rate limit; server: a server elsewhere; workers: making calls; ledger: taking answers; pull: copying them to
the driver; prepare: reading rows and putting them into the ledger; network: of the driver; start: of models."""


@dataclass(frozen=True, slots=True)
class Rates:
    """What the parts that all machines share get done. docs/measured/cluster.md has the commands and the machine."""

    worker_calls: float
    """Calls per second of one worker that has a core."""

    ledger_calls: float
    """Calls per second that the ledger takes from all workers together, each answer on the disk."""

    prepared_rows: float
    """Rows per second that the driver reads, packs and stores."""

    pulled_calls: float | None
    """Calls per second that the driver copies; None where the shared ledger is the project's own."""

    call_bytes: float
    """That a call takes in the ledger beside the texts of its request and answer: columns and indexes."""

    text_share: float
    """Bytes in the ledger for a byte of these texts."""

    page_bytes: int = 0
    """SQLite's: a request of more than a quarter of a page lies on pages of its own. 0: there is no such step."""


PACKED_SHARE = 0.25
"""Bytes in the ledger for a byte of a row's text: zstd over 200 rows; 0.20 for words, more for what repeats less."""

RATES: Mapping[LedgerKind, Rates] = {
    "sqlite": Rates(
        worker_calls=1400.0,
        ledger_calls=9000.0,
        prepared_rows=50_000.0,
        pulled_calls=None,
        call_bytes=500.0,
        text_share=1.1,
        page_bytes=4096,
    ),
    "postgresql": Rates(
        worker_calls=1400.0,
        ledger_calls=9000.0,
        prepared_rows=50_000.0,
        pulled_calls=10_000.0,
        call_bytes=740.0,
        text_share=1.1,
    ),
}

NETWORK_BYTES = 1.25e9
"""Bytes per second of the driver's network: 10 Gbit/s, which rented machines have at least."""

ENGINE_START = Estimate(2.0, 1.0, 60.0, "measured", "llama.cpp with a small model")
"""Seconds until an engine on a machine's processor answers, where `fit` does not know how long its file loads: 1 to 2 s
for files of 0.1 to 0.3 GB; up to a minute for large ones from a slow drive."""

SPREAD = 2.0
"""Other disks and processors are faster or slower than ours by about so much: 80 %. Our own assumption."""


@dataclass(frozen=True, slots=True)
class Volume:
    """What is moved."""

    rows: float
    calls: float
    row_bytes: float
    """Text of a row."""

    request_bytes: float
    """Of one call."""

    answer_bytes: float


def shared_seconds(volume: Volume, rates: Rates, *, workers: float) -> dict[Part, float]:
    """Seconds of each part that does not depend on models.

    Args:
        volume: what is moved.
        rates: of the ledger's kind.
        workers: processes that make calls, each with a core.
    """
    found: dict[Part, float] = {
        "workers": volume.calls / (workers * rates.worker_calls),
        "ledger": volume.calls / rates.ledger_calls,
        "prepare": volume.rows / rates.prepared_rows,
    }
    if rates.pulled_calls is not None:
        found["pull"] = volume.calls / rates.pulled_calls
        found["network"] = driver_bytes(volume, rates) / NETWORK_BYTES
    return found


def driver_bytes(volume: Volume, rates: Rates) -> float:
    """Bytes that go through the driver's network: rows in, packed rows out, answers in."""
    rows = volume.rows * volume.row_bytes * (1 + PACKED_SHARE)
    return rows + volume.calls * (rates.call_bytes + volume.request_bytes + volume.answer_bytes)


def ledger_bytes(volume: Volume, rates: Rates) -> float:
    """Bytes of the shared ledger at the end."""
    request = volume.request_bytes
    if rates.page_bytes and request > rates.page_bytes / 4:
        # About an eighth of a page stays with its key, the rest goes to pages of its own.
        request = rates.page_bytes * math.ceil(request / rates.page_bytes - 1 / 8)
    texts = rates.text_share * (request + volume.answer_bytes)
    return volume.rows * volume.row_bytes * PACKED_SHARE + volume.calls * (rates.call_bytes + texts)


BEFORE: frozenset[Part] = frozenset({"start", "prepare"})
"""Parts that are over before the work begins."""


def total_seconds(parts: Mapping[Part, float]) -> float:
    """Of the run: what comes before, one after the other, then the longest of what goes on at the same time."""
    before = sum(seconds for part, seconds in parts.items() if part in BEFORE)
    return before + max((seconds for part, seconds in parts.items() if part not in BEFORE), default=0.0)


def longest(parts: Mapping[Part, float]) -> Part:
    """The part that takes longest; the first of several."""
    return max(parts, key=lambda part: parts[part])
