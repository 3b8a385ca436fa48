"""`bakeoff shortlist` over the whole catalog, as a process of its own beside `import numpy`.

    python -m benchmarks.shortlist [--rounds 7]

Commands are interleaved in one run. Target on 2 cores: under 1.5 s from a cold start.
"""

import argparse
import statistics
import subprocess
import sys
import tempfile
import time

NEEDS = {
    "8 GB without GPU, Vietnamese chat": ("--hardware", "CPU only, 8 GB", "--languages", "vi,en"),
    "RTX 4090, coding, 16k": ("--hardware", "RTX 4090, 64 GB RAM", "--task", "coding", "--context-tokens", "16384"),
    "2x H100, RAG, 50 users": (
        *("--hardware", "2x H100 SXM", "--task", "rag", "--concurrent-users", "50"),
        *("--context-tokens", "8192", "--prompt-tokens", "3000"),
    ),
    "M3 Max, writing": ("--hardware", "M3 Max 64 GB", "--task", "writing", "--output-tokens", "1200"),
}
NUMPY = "import numpy"


def main() -> None:
    """Print medians in milliseconds, ratios to `import numpy`, and the best round."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=7)
    rounds = parser.parse_args().rounds
    commands = {NUMPY: [sys.executable, "-c", "import numpy"]}
    commands |= {name: [sys.executable, "-m", "bakeoff", "shortlist", *needs] for name, needs in NEEDS.items()}
    times: dict[str, list[float]] = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as folder:
        for _ in range(rounds):
            for name, command in commands.items():
                started = time.perf_counter()
                subprocess.run(command, check=True, cwd=folder, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                times[name].append((time.perf_counter() - started) * 1000)
    unit = statistics.median(times[NUMPY])
    print("| needs | median ms | x numpy | best ms |\n|---|---|---|---|")
    for name, values in times.items():
        median = statistics.median(values)
        print(f"| {name} | {median:.0f} | {median / unit:.1f} | {min(values):.0f} |")


if __name__ == "__main__":
    main()
