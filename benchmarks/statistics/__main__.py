"""Run the simulations.

    python -m benchmarks.statistics [--repetitions 1000] [spread | winner | worse | ... ]

All random numbers start from one seed. `docs/measured/statistics.md` is written from the output.
"""

import argparse
from collections.abc import Callable

from benchmarks.statistics.groups import groups
from benchmarks.statistics.intervals import intervals
from benchmarks.statistics.judges import corrected, planted, ratings
from benchmarks.statistics.quotes import quotes
from benchmarks.statistics.racing import racing
from benchmarks.statistics.winners import meanwhile, more_rows, spread, winner, worse

PARTS: dict[str, Callable[[int], None]] = {
    "spread": spread,
    "winner": winner,
    "worse": worse,
    "meanwhile": meanwhile,
    "rows": more_rows,
    "intervals": intervals,
    "groups": groups,
    "quotes": quotes,
    "racing": racing,
    "corrected": corrected,
    "planted": planted,
    "ratings": ratings,
}


def main() -> None:
    """Print the tables that were asked for, or all."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repetitions", type=int, default=1000)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which tables; all without a name")
    options = parser.parse_args()
    for name in options.parts or PARTS:
        PARTS[name](options.repetitions)


if __name__ == "__main__":
    main()
