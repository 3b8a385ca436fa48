"""Time of `bakeoff report` on a finished project of 10,000 rows and five models, without its start-up's luck.

    python -m benchmarks.report [--rows 10000] [--models 5] [--times 5] [--chars 20-60]

Each report is a process of its own, from the command to the file. Processor time is what to compare on a machine that
does other things too. Target: 5 s.
"""

import argparse
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path


def report(folder: Path) -> tuple[float, float]:
    """(wall, processor) seconds of one report."""
    before, began = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    command = [sys.executable, "-m", "bakeoff", "report", str(folder), "--output", str(folder / "report.html")]
    subprocess.run(command, check=True, capture_output=True)
    wall, after = time.perf_counter() - began, resource.getrusage(resource.RUSAGE_CHILDREN)
    return wall, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> None:
    """Build a project, report it several times, print the best and the median."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, usual in (("rows", "10000"), ("models", "5"), ("times", "5"), ("chars", "20-60")):
        parser.add_argument(f"--{name}", default=usual)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        folder = Path(place) / "project"
        shape = [f"--{name}={getattr(asked, name)}" for name in ("rows", "models", "chars")]
        subprocess.run([sys.executable, "-m", "benchmarks.projects", str(folder), *shape], check=True)
        found = [report(folder) for _ in range(int(asked.times))]
    for name, values in zip(("wall", "processor"), zip(*found, strict=True), strict=True):
        print(f"{name:10} best {min(values):5.2f} s   median {statistics.median(values):5.2f} s")


if __name__ == "__main__":
    main()
