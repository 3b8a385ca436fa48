"""Measure the page against its bounds, in a headless Chromium, on projects that are built for it.

    python -m benchmarks.page [--keep FOLDER] [opening|scrolling|live|burst ...]

On a busy machine the times say little: the load is printed with them.
"""

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path

from benchmarks.page import sheet

PARTS = {
    "opening": (sheet.opening, "full"),
    "scrolling": (sheet.scrolling, "long"),
    "live": (sheet.live, "live"),
    "burst": (sheet.burst, "burst"),
}


def main() -> int:
    """Print a table; 1 where a bound is passed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="all, where none is named")
    parser.add_argument("--keep", type=Path, help="build the two large projects here, and take them from here")
    options = parser.parse_args()
    folder = options.keep or Path(tempfile.mkdtemp(prefix="bakeoff-page-"))
    folder.mkdir(parents=True, exist_ok=True)
    good = True
    try:
        for name in ("live", "burst"):
            shutil.rmtree(folder / name, ignore_errors=True)
        built = sheet.projects(folder)
        print(f"{'':52} {'measured':>12} {'bound':>10}")
        for part in options.parts or PARTS:
            measure, project = PARTS[part]
            for one in measure(built[project]):
                good &= one.kept
                print(
                    f"{one.what:52} {one.value:>12,.1f} {one.bound:>10,.0f} {one.unit:12} {'' if one.kept else 'OVER'}",
                    flush=True,
                )
            print(f"{'':52} load {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores", flush=True)
    finally:
        if options.keep is None:
            shutil.rmtree(folder, ignore_errors=True)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
