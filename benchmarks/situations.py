"""Situations that people are in, and the shortlist that each gets: written down, to be defended.

python -m benchmarks.situations > docs/measured/situations.md
"""

from typing import Any

from bakeoff.catalog.loading import load
from bakeoff.report.numbers import decimal, percent, seconds, size
from bakeoff.report.words import label, sentence
from bakeoff.shortlist import Shortlist
from bakeoff.shortlist.asking import shortlist

SITUATIONS: dict[str, dict[str, Any]] = {
    "chat in Vietnamese on an 8 GB laptop": {"hardware": "CPU only, 8 GB", "languages": "vi,en"},
    "coding on 24 GB": {
        "hardware": "RTX 4090, 64 GB RAM", "task": "coding", "context_tokens": 16384, "prompt_tokens": 2000,
        "output_tokens": 600,
    },
    "extraction without a GPU": {
        "hardware": "CPU only, 32 GB", "task": "extraction", "prompt_tokens": 1500, "output_tokens": 250,
    },
    "RAG for 50 users": {
        "hardware": "2x H100 SXM", "task": "rag", "concurrent_users": 50, "context_tokens": 8192,
        "prompt_tokens": 3000, "output_tokens": 300,
    },
    "creative writing on a Mac": {
        "hardware": "M3 Max 64 GB", "task": "writing", "output_tokens": 1200, "context_tokens": 8192,
    },
    "translation": {"hardware": "RTX 4090, 64 GB RAM", "task": "translation", "languages": "en,vi"},
    "fully open for research": {"hardware": "RTX 4090, 64 GB RAM", "openness": "fully-open"},
    "medical, in German": {"hardware": "RTX 4090, 64 GB RAM", "domain": "medical", "languages": "de"},
    "a strict license": {"hardware": "RTX 3090, 32 GB RAM", "license": "osi-approved"},
    "a million tokens": {"hardware": "2x H100 SXM", "context_tokens": 1_000_000},
    "vision on a laptop": {"hardware": "RTX 4060 Laptop, 16 GB", "task": "vision", "inputs": "text,image"},
}  # fmt: skip
"""Name to needs. One more, hosted models only, needs prices: `project.shortlisting` adds them."""


def found(name: str) -> Shortlist:
    """The shortlist of a situation."""
    return shortlist(**SITUATIONS[name])


def main() -> None:
    """Print Markdown."""
    print("# Situations and their shortlists\n")
    print(f"Catalog of {load().snapshot}; written by `python -m benchmarks.situations`.")
    for name, needs in SITUATIONS.items():
        print(
            f"\n## {name[0].upper()}{name[1:]}\n\n`{', '.join(f'{key} = {value}' for key, value in needs.items())}`\n"
        )
        show(found(name))


def show(one: Shortlist) -> None:
    """The picks, what speaks for and against each, and how many are out and why."""
    print("| model | build | role | quality | best with | a request | memory |\n|---|---|---|--:|--:|--:|--:|")
    for pick in one.picks:
        entry = pick.entry
        cells = [
            entry.model.id,
            str(entry.plan.build) if entry.plan else "",
            label(f"shortlist.role.{pick.role}", "en"),
            f"{decimal(entry.quality, 1, 'en')} ± {decimal(entry.standing.spread, 1, 'en')}",
            percent(pick.chance_best, "en"),
            seconds(entry.seconds, "en") if entry.seconds else "?",
            size(entry.memory_bytes, "en") if entry.memory_bytes else "?",
        ]
        print(f"| {' | '.join(cells)} |")
    print()
    for pick in one.picks:
        good = "; ".join(sentence(why, "en") for why in pick.reasons_for[:2])
        bad = "; ".join(sentence(why, "en") for why in pick.reasons_against[:2]) or "nothing that is known"
        print(f"- **{pick.entry.model.name}**: {good}. Against it: {bad}.")
    out = ", ".join(f"{label(f'shortlist.funnel.{code}', 'en')} {models}" for code, models in one.funnel)
    print(f"\nOut of {one.looked_at}: {out}.")


if __name__ == "__main__":
    main()
