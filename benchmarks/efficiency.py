"""How much of a run is spent inside the model: our wall time against the engine's own timings.

    python -m benchmarks.efficiency PROJECT

Runs the first embedded candidate of PROJECT in a copy with an empty ledger. For each answer llama.cpp reports its
prompt and decode time; with one slot their sum is the time that the model worked. Loading is shown apart.
Target: at least 85 % of the run itself.
"""

import argparse
import shutil
import sqlite3
import tempfile
import time
from pathlib import Path

from bakeoff.evaluate.run import Progress
from bakeoff.project import Listener, Project


class Clock(Listener):
    """Notes when the first call started and the last answer came."""

    started: float | None = None
    ended = 0.0

    def progress(self, progress: Progress) -> None:
        """A cell was filled."""
        self.started = self.started or progress.started
        self.ended = time.monotonic()


def main() -> None:
    """Print wall time, time inside the model, and the share."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("project", type=Path)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "project"
        shutil.copytree(options.project, folder, ignore=shutil.ignore_patterns("bakeoff.db*", ".bakeoff*"))
        for candidate in Project(folder).config.candidates:
            clock = Clock()
            project = Project(folder, listener=clock)
            only = [c for c in project.config.candidates if c.name == candidate.name]
            object.__setattr__(project.config, "candidates", tuple(only))
            whole = time.monotonic()
            project.run()
            whole = time.monotonic() - whole
            connection = sqlite3.connect(folder / "bakeoff.db")
            n, inside = connection.execute(
                "SELECT count(*), sum(json_extract(timings, '$.prompt_ms') + json_extract(timings, '$.predicted_ms'))"
                " FROM call WHERE state = 'answered' AND candidate = ?",
                (candidate.name,),
            ).fetchone()
            connection.close()
            assert clock.started is not None
            wall = clock.ended - clock.started
            slots = candidate.concurrency or 1
            share = inside / 1000 / slots / wall
            print(f"{candidate.name}: {n} rows, {wall:.1f} s from first call to last answer, {n / wall:.2f} rows/s")
            print(
                f"  inside the model {inside / 1000 / slots:.1f} s = {share:.1%}; whole run with loading {whole:.1f} s"
            )


if __name__ == "__main__":
    main()
