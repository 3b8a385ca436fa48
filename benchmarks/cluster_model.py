"""What a run takes at 10^6 to 10^9 rows on 1 to 1,000 GPUs, and which part ends last: a calculation, nothing is run.

    python -m benchmarks.cluster_model [--prompt 500] [--output 50] [--row-bytes 1000] [--card H100]

Models go by `bakeoff fit`, the other parts by `bakeoff.cluster.limits`, whose constants `benchmarks.cluster_parts`
measured; `benchmarks.cluster` holds what it says against runs on this machine. Tables are Markdown.
"""

import argparse
from dataclasses import dataclass

from bakeoff.catalog.finding import find
from bakeoff.catalog.model import Model
from bakeoff.cluster.limits import RATES, Part, Rates, Volume, ledger_bytes, longest, shared_seconds, total_seconds
from bakeoff.cluster.speeds import reading_share, served
from bakeoff.cost.rental import hourly
from bakeoff.hardware.machine import Machine
from bakeoff.hardware.names import parse_machine

MODELS = ("qwen3-8b", "qwen3-32b", "llama-3.3-70b-instruct")
ROWS = (1e6, 1e8, 1e9)
CARDS = (1, 10, 100, 1000)

PER_MACHINE = 8
"""Cards of one machine, which has one worker."""

START_SECONDS = 180.0
"""Ray, workers, and loading a model from the network: our own assumption for rented machines."""

DISK_BYTES = 1e12
"""A ledger that is larger needs more than a usual machine's disk."""

NAMES: dict[Part, str] = {
    "decode": "writing", "prefill": "reading prompts", "workers": "workers", "ledger": "ledger", "pull": "pull",
    "prepare": "prepare", "network": "network", "start": "start", "provider": "rate limit",
}  # fmt: skip


@dataclass(frozen=True)
class OnCards:
    """A model on so many cards."""

    calls_per_second: float
    part: Part
    build: str


@dataclass(frozen=True)
class Cell:
    """One run."""

    seconds: float
    part: Part
    """That takes longest."""

    next_part: Part
    """What would limit it, if that part took no time."""

    usd: float
    ledger_bytes: float


def on_cards(model: Model, card: str, cards: int, prompt: int, output: int) -> OnCards | None:
    """Calls a second: of machines of eight cards where there are so many, each card by its share of one."""
    machine = parse_machine(card if cards < PER_MACHINE else f"{PER_MACHINE}x {card}")
    found = served(model, machine, prompt, output)
    if found is None:
        return None
    here = len(machine.accelerators)
    part: Part = "prefill" if reading_share(model, machine, prompt, output, found) > 0.5 else "decode"
    return OnCards(found.places / found.service_seconds.value * cards / here, part, found.build)


def cell(volume: Volume, rates: Rates, cards: int, on: OnCards, usd_per_card_hour: float) -> Cell:
    """One run: every part over its rate; what starts and prepares comes first, the rest goes on together."""
    workers = max(1, -(-cards // PER_MACHINE))
    parts: dict[Part, float] = {"start": START_SECONDS, on.part: volume.calls / on.calls_per_second}
    parts |= shared_seconds(volume, rates, workers=workers)
    seconds = total_seconds(parts)
    first = longest(parts)
    others = {part: value for part, value in parts.items() if part != first}
    usd = cards * usd_per_card_hour * seconds / 3600
    return Cell(seconds, first, longest(others), usd, ledger_bytes(volume, rates))


def rent(card: str) -> float:
    """US dollars for an hour of one card, from a GPU cloud."""
    machine: Machine = parse_machine(card)
    found = hourly(machine)
    return found["specialised"].value if "specialised" in found else min(one.value for one in found.values())


def shown(seconds: float) -> str:
    """Three figures are too many: `42 min`, `5.3 h`, `12 d`."""
    for unit, size in (("d", 86_400.0), ("h", 3600.0), ("min", 60.0)):
        if seconds >= 2 * size:
            value = seconds / size
            return f"{value:.0f} {unit}" if value >= 10 else f"{value:.1f} {unit}"
    return f"{seconds:.0f} s"


def money(usd: float) -> str:
    """`$3`, `$12,000`."""
    return f"${usd:,.0f}" if usd >= 10 else f"${usd:.2f}"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--prompt", type=int, default=500, help="tokens")
    parser.add_argument("--output", type=int, default=50, help="tokens")
    parser.add_argument("--row-bytes", type=float, default=1000.0)
    parser.add_argument("--card", default="H100")
    options = parser.parse_args()
    price = rent(options.card)
    request, answer = 4.0 * options.prompt, 4.0 * options.output
    rates = RATES["postgresql"]
    print(f"{options.prompt} + {options.output} tokens, rows of {options.row_bytes:g} bytes, {options.card}", end="")
    print(f" at ${price:.2f} an hour; PostgreSQL {rates.ledger_calls:,.0f} calls/s\n")
    print("| model | rows | " + " | ".join(f"{cards:,} GPU" for cards in CARDS) + " | ledger |")
    print("|---|--:|" + "---|" * len(CARDS) + "--:|")
    for name in MODELS:
        model = find(name)
        for rows in ROWS:
            volume = Volume(rows, rows, options.row_bytes, request, answer)
            cells = []
            for cards in CARDS:
                on = on_cards(model, options.card, cards, options.prompt, options.output)
                if on is None:
                    cells.append("does not fit")
                    continue
                one = cell(volume, rates, cards, on, price)
                cells.append(f"{shown(one.seconds)}, {money(one.usd)}: {NAMES[one.part]}")
            size = ledger_bytes(volume, rates)
            mark = " (!)" if size > DISK_BYTES else ""
            print(f"| {name} | {rows:.0e} | " + " | ".join(cells) + f" | {size / 1e9:,.0f} GB{mark} |")
    print("\n| model | GPU | build | calls/s | spends its time |")
    print("|---|--:|---|--:|---|")
    for name in MODELS:
        for cards in CARDS:
            on = on_cards(find(name), options.card, cards, options.prompt, options.output)
            if on is not None:
                print(f"| {name} | {cards:,} | {on.build} | {on.calls_per_second:,.0f} | {NAMES[on.part]} |")
    print("\n| provider's limit | " + " | ".join(f"{rows:.0e} rows" for rows in ROWS) + " |")
    print("|---|" + "--:|" * len(ROWS))
    for per_minute in (500, 10_000, 100_000):
        print(f"| {per_minute:,} a minute | " + " | ".join(shown(60 * rows / per_minute) for rows in ROWS) + " |")


if __name__ == "__main__":
    main()
