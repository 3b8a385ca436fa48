"""The sheet's server: how long a project takes to open, a block of rows to come, a view to be made, changes to be told.

    python -m benchmarks.sheet_server [--only big|huge|writes] [--folder FOLDER]

Invented projects of `benchmarks.projects`: 5,000 rows x 8 models with long cells, 100,000 rows x 5 with short ones, and
one that is written to at 1,000 cells/s while a reader follows. Through the whole server, without a network. Each time
is the best of three where the work can be repeated; a first look, which cannot, is measured once. Beside the time on
the clock stands the processor's: on a busy machine only that means something. Targets (2 cores): 5,000 x 8: `sheet` and
the first rows within 150 ms once opened; 100,000 x 5: a block within 50 ms, a view within 2 s the first time.
"""

import argparse
import gc
import os
import resource
import tempfile
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from bakeoff.evaluate.store import Call, Ledger, now
from bakeoff.evaluate.types import Answer
from bakeoff.project import Project
from bakeoff.web.app import guarded
from bakeoff.web.settings import Settings
from benchmarks.projects import Shape, build_project

BIG = Shape(rows=5000, models=8)
HUGE = Shape(rows=100_000, models=5, shortest=40, longest=200)
WRITTEN = Shape(rows=5000, models=4, shortest=40, longest=200, missing=1.0)
CELLS_PER_SECOND = 1000
EVERY_SECONDS = 0.3
"""The page asks so often while something runs."""


class Timer:
    """Prints what things take."""

    def __init__(self, folder: Path) -> None:
        """A server of one project, which is not opened yet."""
        self._client = TestClient(guarded(Settings(folder)), base_url="http://127.0.0.1:8642")
        self._path = f"/api/projects/{folder.name}/"

    def ask(self, path: str) -> Any:
        """The JSON of a route."""
        found = self._client.get(self._path + path, headers={"accept-encoding": "identity"})
        assert found.status_code == 200, found.text
        return found.json()

    def time(self, path: str, *, rounds: int = 3, note: str = "") -> Any:
        """Ask, and print the best round."""
        times = []
        for _ in range(rounds):
            wall, cpu = time.perf_counter(), time.process_time()
            found = self.ask(path)
            times.append((time.perf_counter() - wall, time.process_time() - cpu))
        wall, cpu = (min(one[place] for one in times) for place in (0, 1))
        print(f"  {wall * 1000:8.1f} ms  {cpu * 1000:8.1f} ms of processor   {path[:60]} {note}")
        return found


def both(folder: Path, shape: Shape) -> None:
    """Blocks and views of one project."""
    before = _peak_mb()
    build_project(folder, shape)
    gc.collect()
    timer = Timer(folder)
    print(f"{shape.rows:,} rows x {shape.models} models, {shape.shortest}-{shape.longest} characters a cell")
    last = shape.rows - 100
    timer.time("sheet", rounds=1, note="(opens the project)")
    timer.time("sheet")
    timer.time("rows?count=60", note="(first block of the page)")
    timer.time("rows?count=100&start=0")
    timer.time(f"rows?count=100&start={last}")
    seq = timer.ask("sheet")["seq"]
    timer.time(f"changes?after={seq}", note="(nothing new)")
    for path in (
        "rows?find=hoa+don",
        "rows?sort=amount:desc",
        "rows?sort=text:asc",
        "rows?sort=latency:model+1:desc",
        "rows?sort=answer:model+1:asc",
        "rows?where=channel:email&state=answered&candidate=model+2",
    ):
        timer.time(path, rounds=1, note="(first time)")
        timer.time(path, note="(again)")
    timer.time("rows?sort=score:model+1:asc", rounds=1, note="(first time: grades the column)")
    timer.time("rows?sort=score:model+1:asc", note="(again)")
    print(f"  most memory of the process: {_peak_mb():,.0f} MB, {before:,.0f} MB before the project was made")


def writes(folder: Path, seconds: float = 10.0) -> None:
    """A run of 1,000 cells/s, and a reader that asks as the page does."""
    project = build_project(folder, WRITTEN)
    timer = Timer(folder)
    after = timer.ask("sheet")["seq"]
    ended = threading.Event()
    total = int(CELLS_PER_SECOND * seconds)
    writer = threading.Thread(target=_write, args=(project, total, ended))
    seen: dict[tuple[str, str], int] = {}
    asking = cpu = 0.0
    answers = 0
    writer.start()
    while True:
        last = ended.is_set()
        began, processor = time.perf_counter(), time.thread_time()
        found = timer.ask(f"changes?after={after}")
        asking += time.perf_counter() - began
        cpu += time.thread_time() - processor
        answers += 1
        after = found["seq"]
        for cell in found["cells"]:
            key = (cell["row"], cell["candidate"])
            seen[key] = seen.get(key, 0) + 1
        if last and not found["cells"]:
            break
        time.sleep(0 if last else EVERY_SECONDS)
    writer.join()
    once = sum(count == 1 for count in seen.values())
    print(f"{total:,} cells written at {CELLS_PER_SECOND:,}/s, asked {answers} times")
    print(f"  {len(seen):,} cells seen, {once:,} of them once")
    print(f"  {asking / seconds:.0%} of the time was spent asking: {asking / max(1, len(seen)) * 1e6:.0f} us a cell")


def _write(project: Project, total: int, ended: threading.Event) -> None:
    rows = project.table().rows
    routes = [one.resolved.route for one in project.contestants() if one.resolved is not None]
    batch: list[Call] = []
    began = time.perf_counter()
    with Ledger(project.folder / "bakeoff.db") as ledger:
        for number in range(total):
            route, row = routes[number % len(routes)], rows[number // len(routes)]
            request = route.request(row)
            answer = Answer(f"This is answer {number}. Answer: positive", "stop", 5.0, 20.0, 40, 9)
            batch.append(
                Call(
                    route.digest_of(request), 1, route.candidate.name, row.id, 0, route.endpoint, request.path,
                    request.body, 1, now(), answer,
                )
            )  # fmt: skip
            if len(batch) == 20:
                ledger.record(batch)
                batch.clear()
                time.sleep(max(0.0, began + number / CELLS_PER_SECOND - time.perf_counter()))
        if batch:
            ledger.record(batch)
    ended.set()


def _peak_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


PARTS: dict[str, Callable[[Path], None]] = {
    "big": lambda folder: both(folder, BIG),
    "huge": lambda folder: both(folder, HUGE),
    "writes": writes,
}


def main() -> None:
    """Build and measure."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=list(PARTS))
    parser.add_argument("--folder", type=Path, help="where the projects are made, on the disk to be measured")
    options = parser.parse_args()
    print(f"{datetime.now(UTC):%Y-%m-%d}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    for name, part in PARTS.items():
        if options.only in (None, name):
            with tempfile.TemporaryDirectory(dir=options.folder) as scratch:
                part(Path(scratch) / name)


if __name__ == "__main__":
    main()
