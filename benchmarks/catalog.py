"""Loading the catalog against `import numpy`, whole processes, interleaved in one run; and how complete it is.

python -m benchmarks.catalog [--rounds 15]
"""

import argparse
import statistics
import subprocess
import sys
import time

from bakeoff.catalog import load
from bakeoff.catalog.validate import parameter_gap

COMMANDS = {
    "python -c pass": "pass",
    "import numpy": "import numpy",
    "load()": "from bakeoff.catalog import load; load()",
    "load().models": "from bakeoff.catalog import load; load().models",
    "find('llama 3.1 8b')": "from bakeoff.catalog import find; find('llama 3.1 8b')",
    "load().evidence()": "from bakeoff.catalog import load; load().evidence()",
}


def main() -> None:
    """Print the median of each, in milliseconds and as a ratio to `import numpy`."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, code in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run([sys.executable, "-c", code], check=True)
            times[name].append((time.perf_counter() - started) * 1000)
    unit = statistics.median(times["import numpy"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:22s} {median:6.0f} ms  {median / unit:5.2f} x numpy  best {min(values):.0f} ms")
    completeness()


def completeness() -> None:
    """Print how many models have an architecture, and how far its parameters are from the published ones."""
    models = load().models
    with_shape = [model for model in models if model.architecture is not None]
    first = [model for model in models if model.tier == 1]
    print(
        f"{len(models)} models, {len(load().evidence())} results; {len(with_shape)} with architecture, of tier 1 "
        f"{sum(model.tier == 1 for model in with_shape)} of {len(first)}"
    )
    gaps = [abs(gap) for model in with_shape if (gap := parameter_gap(model)) is not None]
    within = ", ".join(f"{sum(gap <= most for gap in gaps)} within {most:.2%}" for most in (0.0, 1e-4, 1e-3, 1.5e-2))
    print(f"parameters recomputed, of {len(gaps)}: {within}")


if __name__ == "__main__":
    main()
