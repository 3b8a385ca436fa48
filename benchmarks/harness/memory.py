"""Peak memory of reading, running and showing many rows with one candidate.

    python -m benchmarks.harness.memory [--rows 100000] [--fill]

Each step is a process of its own, and its largest resident size is what the system says it was. A stub answers at
once, 50 requests at a time. --fill writes the answers into the ledger directly instead of asking: for a million rows,
where asking takes a quarter of an hour. Target: every step under 500 MB at 1,000,000 rows.
"""

import argparse
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

from bakeoff.evaluate.store import Call, Ledger, now
from bakeoff.evaluate.types import Answer
from bakeoff.project import Project
from benchmarks.common import stub_process
from benchmarks.harness.__main__ import write_rows
from benchmarks.harness.contestants import PROJECT

BATCH = 5000

READ = "import sys; from bakeoff.project import Project; print(len(Project(sys.argv[1]).table().rows), 'rows')"
ADDRESS = "from benchmarks.harness.memory import address; import sys; address(sys.argv[1])"


def measured(name: str, *command: str) -> None:
    """Run a command and print its time and its largest resident size."""
    began = time.perf_counter()
    process = subprocess.Popen([sys.executable, *command], stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    wall = time.perf_counter() - began
    print(f"  {name:10} {usage.ru_maxrss / 1024:7.0f} MB   {wall:7.1f} s   exit code {process.returncode}", flush=True)


def address(folder: str) -> None:
    """Read the rows and address every call, as each command does first."""
    (found,) = Project(Path(folder)).contestants()
    assert found.digests is not None


def calls(folder: Path) -> Iterator[Call]:
    """An answer for every row."""
    project = Project(folder)
    (found,) = project.contestants()
    assert found.digests is not None
    assert found.resolved is not None
    at = now()
    for row, digest in zip(project.table().rows, found.digests[0], strict=True):
        request = found.resolved.route.request(row)
        label = str(row.values["text"]).partition("<")[2].partition(">")[0]
        yield Call(
            digest=digest,
            run=1,
            candidate=found.candidate.name,
            row_id=row.id,
            repeat=0,
            endpoint=found.resolved.route.endpoint,
            path=request.path,
            body=request.body,
            attempt=1,
            started_at=at,
            answer=Answer(label, "stop", 12.5, 31.25, 40, 2),
        )


def fill(folder: Path) -> None:
    """Write all answers into the ledger."""
    with Ledger(folder / "bakeoff.db") as ledger:
        every = calls(folder)
        while batch := list(islice(every, BATCH)):
            ledger.record(batch)


def main() -> None:
    """Print the peak of each step."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--fill", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bakeoff-memory-") as scratch, stub_process() as address_of_stub:
        folder = Path(scratch)
        write_rows(folder / "data.csv", options.rows)
        project = PROJECT.format(base_url=f"{address_of_stub}/ok/v1", concurrency=50)
        (folder / "bakeoff.toml").write_text(project, encoding="utf-8")
        print(
            f"{options.rows:,} rows, {(folder / 'data.csv').stat().st_size / 1e6:.0f} MB; load {os.getloadavg()[0]:.1f}"
        )
        measured("read", "-c", READ, scratch)
        measured("address", "-c", ADDRESS, scratch)
        if options.fill:
            fill(folder)
        measured("run", "-m", "bakeoff", "run", scratch, "--quiet")
        measured("show", "-m", "bakeoff", "show", scratch)
        measured("export", "-m", "bakeoff", "export", str(folder / "out.csv"), scratch)
        print(f"  ledger {(folder / 'bakeoff.db').stat().st_size / 1e6:.0f} MB")


if __name__ == "__main__":
    main()
