"""`bakeoff --help` against `python -c pass`, whole processes, interleaved in one run.

    python -m benchmarks.help [--rounds 15]

Target: under 150 ms more than bare Python on 2 cores.
"""

import argparse
import statistics
import subprocess
import sys
import time

COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "bakeoff --help": [sys.executable, "-m", "bakeoff", "--help"],
    "bakeoff run --help": [sys.executable, "-m", "bakeoff", "run", "--help"],
}


def main() -> None:
    """Print the median of each, in milliseconds and as a ratio to bare Python."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    times: dict[str, list[float]] = {name: [] for name in COMMANDS}
    for _ in range(rounds):
        for name, command in COMMANDS.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
            times[name].append((time.perf_counter() - started) * 1000)
    bare = statistics.median(times["python -c pass"])
    for name, values in times.items():
        median = statistics.median(values)
        print(f"{name:20s} {median:7.0f} ms   {median / bare:5.2f} x   best {min(values):.0f} ms")


if __name__ == "__main__":
    main()
