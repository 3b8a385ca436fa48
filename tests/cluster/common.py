"""A run over workers, made small: rows, candidates at a stub, assignments, workers as coroutines and as processes."""

import asyncio
import hashlib
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bakeoff.cluster.assignment import Assignment, work_of
from bakeoff.cluster.worker import Worker
from bakeoff.evaluate.run import Progress, Route
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Candidate, Prompt, Row
from bakeoff.project.routes import Resolved
from bakeoff.project.running import Outcome
from bakeoff.values import Reason

PROMPT = Prompt(user="{{ text }}")
LABELS = ("positive", "negative", "neutral")


class Quiet:
    """Listens and says nothing."""

    def progress(self, progress: Progress) -> None:
        """A cell."""

    def note(self, note: Reason) -> None:
        """A note."""


def rows(n: int, *, different: int | None = None) -> list[Row]:
    """Rows of which so many have texts of their own; the others repeat these."""
    texts = [f"text {i % (different or n)} <{LABELS[i % (different or n) % 3]}>" for i in range(n)]
    return [Row(str(i), i + 1, {"text": text, "label": LABELS[i % 3]}) for i, text in enumerate(texts)]


def resolved(
    address: str, name: str = "a", *, fault: str = "ok", elsewhere: bool = False, **of_candidate: Any
) -> Resolved:
    """A candidate at a stub. Its identity does not depend on the port."""
    url = f"{address}/{fault}/v1"
    candidate = Candidate(name, f"model-{name}", via=url, **{"concurrency": 4, **of_candidate})
    route = Route(
        candidate, f"http://stub/{fault}/v1", "b", "chat", f"model-{name}", PROMPT, {"max_tokens": 8, "seed": 1}
    )
    return Resolved(route, url, None, None, 4, None)


def assignment(ledger: Ledger, where: Path | str, columns: Sequence[Resolved], folder: Path, **more: Any) -> Assignment:
    """Of a new run. Leases hold two seconds only, so that a death is noticed soon."""
    repeats = more.pop("repeats", 1)
    run = ledger.begin_run({"test": True})
    work = work_of(more.pop("data", "data"), columns, repeats=repeats, chosen="all")
    return Assignment(
        work, run, where, tuple(columns), repeats, folder, **{"lease_seconds": 2.0, "n_workers": 2, **more}
    )


def work(given: Assignment, *, workers: int = 1, columns: Sequence[int] | None = None) -> list[list[Outcome]]:
    """So many workers in one event loop, to their end."""
    own = range(len(given.columns)) if columns is None else columns

    async def go() -> list[list[Outcome]]:
        made = [Worker(given, name=f"w{i}", columns=own, on=Quiet()) for i in range(workers)]
        return await asyncio.gather(*(worker.work() for worker in made))

    return asyncio.run(go())


def at_stub(given: Assignment, column: int, some: Sequence[Row], *, path: str = "/ok/v1") -> dict[str, str]:
    """Address of each row's call in the ledger -> what the stub calls it."""
    route, found = given.columns[column].route, {}
    for row in some:
        for repeat in range(given.repeats):
            request = route.request(row, repeat=repeat)
            seen = hashlib.sha256(path.encode() + request.path.encode() + request.body).hexdigest()[:24]
            found[route.digest_of(request, repeat=repeat)] = seen
    return found


def asked(log: Path) -> Counter[str]:
    """How often each request arrived at the stub."""
    return Counter(arrivals(log))


def arrivals(log: Path) -> list[str]:
    """Digests of the requests that arrived at the stub, in order."""
    lines = log.read_text().splitlines() if log.exists() else []
    return [line[2:] for line in lines if line.startswith(">")]
