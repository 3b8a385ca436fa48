"""Answers that arrive in a ledger at a steady rate, as a run would write them; each says when it was written.

    python -m benchmarks.page.feed FOLDER RATE SECONDS ROWS

It holds the project as a run does. Cells of the first ROWS rows are filled in an order by chance; what is filled
already is left out.
"""

import random
import sys
import time
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path

from bakeoff.evaluate.store import Call, Ledger, now
from bakeoff.evaluate.types import Answer
from bakeoff.project import Project
from bakeoff.project.lock import running

BATCH_SECONDS = 0.1
PADDING = "cảm ơn quý khách đã liên hệ với cửa hàng, " * 6
BULK = 5000


def owed(project: Project, rows: Sequence[int], *, seed: int = 1) -> list[tuple[int, int]]:
    """(candidate, row) of the cells without an answer, shuffled."""
    cells = [(candidate, row) for candidate in range(len(project.contestants())) for row in rows]
    digests = [(project.contestants()[candidate].digests or ())[0][row] for candidate, row in cells]
    with project.ledger() as ledger:
        there = ledger.answers(digests)
    left = [cell for cell, digest in zip(cells, digests, strict=True) if digest not in there]
    random.Random(seed).shuffle(left)
    return left


def calls(project: Project, cells: Sequence[tuple[int, int]], run: int) -> Iterator[Call]:
    """One answered call for each cell, dated when it is taken."""
    contestants, table = project.contestants(), project.table().rows
    for number, (candidate, place) in enumerate(cells):
        contestant, row = contestants[candidate], table[place]
        assert contestant.resolved is not None
        route = contestant.resolved.route
        request = route.request(row)
        text = f"#{number} {time.time():.3f} {PADDING}Answer: {row.values['label']}"
        yield Call(
            digest=route.digest_of(request), run=run, candidate=contestant.candidate.name, row_id=row.id, repeat=0,
            endpoint=route.endpoint, path=request.path, body=request.body, attempt=1, started_at=now(),
            answer=Answer(text, "stop", 80.0, 400.0, 200, 60), error_code=None, error=None,
        )  # fmt: skip


def fill(project: Project, rows: Sequence[int]) -> None:
    """Fill these rows at once."""
    with project.ledger() as ledger:
        run = ledger.begin_run({"made_by": "benchmarks.page"})
        found = calls(project, owed(project, rows), run)
        while batch := list(islice(found, BULK)):
            ledger.record(batch)
        ledger.end_run(run, "done")


def feed(ledger: Ledger, found: Iterator[Call], *, rate: float, seconds: float) -> int:
    """Record `rate` calls a second, a batch every 100 ms, for so long; how many."""
    begun, done = time.monotonic(), 0
    while (passed := time.monotonic() - begun) < seconds:
        batch = list(islice(found, max(0, round(passed * rate) - done)))
        if batch:
            ledger.record(batch)
            done += len(batch)
        time.sleep(BATCH_SECONDS)
    return done


def main() -> None:
    """Feed one project."""
    folder, rate, seconds, rows = Path(sys.argv[1]), float(sys.argv[2]), float(sys.argv[3]), int(sys.argv[4])
    project = Project(folder)
    cells = owed(project, range(rows))
    with running(folder), project.ledger() as ledger:
        run = ledger.begin_run({"made_by": "benchmarks.page"})
        print("ready", flush=True)
        sys.stdin.readline()
        print(feed(ledger, calls(project, cells, run), rate=rate, seconds=seconds), flush=True)
        ledger.end_run(run, "done")


if __name__ == "__main__":
    main()
