"""The whole-catalog table of `bakeoff fit`: cold, as a process of its own beside `import numpy`; and warm, in process.

    python -m benchmarks.fit_table [--rounds 9]

Commands are interleaved in one run. Target on 2 cores: cold under 1 s, warm under 150 ms for any of the machines.
"""

import argparse
import statistics
import subprocess
import sys
import time

from bakeoff.fit.plan.asking import fit

MACHINES = ("RTX 4060 Laptop, 16 GB", "RTX 4090, 64 GB RAM", "M3 Max 64 GB", "8x H100 SXM, 1 TB RAM")
NUMPY = "import numpy"


def main() -> None:
    """Print medians in milliseconds, ratios to `import numpy`, and the best round, the least disturbed one."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=9)
    rounds = parser.parse_args().rounds
    commands = {NUMPY: [sys.executable, "-c", "import numpy"]}
    commands |= {on: [sys.executable, "-m", "bakeoff", "fit", "--on", on] for on in MACHINES}
    times: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(rounds):
        for name, command in commands.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
            times[name].append((time.perf_counter() - started) * 1000)
    unit = statistics.median(times[NUMPY])
    print("| cold | median ms | x numpy | best ms |\n|---|---|---|---|")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"| {name} | {median:.0f} | {median / unit:.1f} | {min(values):.0f} |")
    print("\n| warm, in process | median ms | best ms |\n|---|---|---|")
    for on in MACHINES:
        fit(on=on)
        found = []
        for _ in range(rounds):
            started = time.perf_counter()
            fit(on=on)
            found.append((time.perf_counter() - started) * 1000)
        print(f"| {on} | {statistics.median(found):.0f} | {min(found):.0f} |")


if __name__ == "__main__":
    main()
