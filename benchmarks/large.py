"""Time and memory of `show`, `decide`, `report` and `export` on a large finished project, each in a process of its own.

    python -m benchmarks.projects FOLDER --rows 1000000 --models 1 --chars 100-300
    python -m benchmarks.large FOLDER [--fold]

With `--fold` its calls are first moved into Parquet parts, as the end of a large run does it. Memory is the largest
resident size of the process.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from bakeoff.evaluate.store import Ledger
from bakeoff.units import show_bytes

COMMANDS = {
    "show": ["show"],
    "decide": ["decide"],
    "report": ["report", "--output", "{out}/report.html"],
    "export": ["export", "{out}/all.parquet"],
}


def measured(command: list[str]) -> tuple[float, float, int, int]:
    """(wall seconds, processor seconds, largest resident bytes, exit code) of one process."""
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    return wall, used.ru_utime + used.ru_stime, used.ru_maxrss * 1024, process.returncode


def fold(folder: Path) -> None:
    """Move the calls into parts, and say how long it took and what it left."""
    database = folder / "bakeoff.db"
    began, before = time.perf_counter(), database.stat().st_size
    with Ledger(database) as ledger:
        moved = ledger.fold()
        parts = ledger.noted_parts()
    size = sum(path.stat().st_size for path in database.with_suffix(".cells").iterdir()) if parts else 0
    print(
        f"fold: {moved:,} calls in {time.perf_counter() - began:.1f} s; {len(parts)} parts of {show_bytes(size)}; "
        f"database {show_bytes(before)} before, {show_bytes(database.stat().st_size)} after"
    )


def main() -> None:
    """Measure, one after the other."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--fold", action="store_true", help="move the calls into parts first")
    parser.add_argument("--only", default=",".join(COMMANDS), help="some of the commands, with commas")
    asked = parser.parse_args()
    if asked.fold:
        fold(asked.folder)
    for name in asked.only.split(","):
        with tempfile.TemporaryDirectory() as out:
            first, *rest = COMMANDS[name]
            further = [part.format(out=out) for part in rest]
            command = [sys.executable, "-m", "bakeoff", first, *further, str(asked.folder)]
            wall, processor, resident, code = measured(command)
        load = os.getloadavg()[0]
        print(
            f"{name:8} {wall:7.1f} s wall {processor:7.1f} s processor {show_bytes(resident):>10} exit {code} "
            f"load {load:.1f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
