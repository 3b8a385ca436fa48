"""What runs on a node: one worker, as it is told by the driver. Knows nothing of who started it."""

import asyncio
import os
import pickle
import shutil
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from bakeoff.cluster.assignment import Assignment
from bakeoff.errors import BakeoffError, WeightsError
from bakeoff.project.running import Outcome
from bakeoff.values import Reason

if TYPE_CHECKING:
    from bakeoff.evaluate.run import Progress
    from bakeoff.project.routes import Resolved
    from bakeoff.weights import DownloadProgress

WORD_SECONDS = 0.5
"""Between two words to the driver."""


@dataclass(frozen=True, slots=True)
class Order:
    """What a worker is to do."""

    assignment: Assignment
    name: str
    """Of the worker: unique among all that ever were."""

    columns: tuple[int, ...]
    elsewhere: bool
    """The node is not the driver's machine: model files are found, or fetched, there."""


@dataclass(frozen=True, slots=True)
class Count:
    """How far a worker is with one candidate."""

    done: int
    failed: int
    prompt_tokens: int
    output_tokens: int
    cost_usd: "str | None"


@dataclass(frozen=True, slots=True)
class Heard:
    """A worker's word: what is new since the last one."""

    counts: dict[str, Count]
    """By candidate, from the worker's beginning."""

    notes: tuple[Reason, ...] = ()
    download: "DownloadProgress | None" = None


@dataclass(frozen=True, slots=True)
class Ended:
    """A worker's last word."""

    counts: dict[str, Count]
    outcomes: tuple[Outcome, ...] = ()
    """Of its columns, in their order."""

    error: BakeoffError | None = None
    """It could not go on."""

    stopped: bool = False


class AtNode:
    """A worker, its words, and its end. Bytes in and bytes out: what they mean is this package's business alone."""

    def __init__(self) -> None:
        """Nothing is begun."""
        self._progress: dict[str, Progress] = {}
        self._notes: list[Reason] = []
        self._download: DownloadProgress | None = None
        self._news = asyncio.Event()
        self._task: asyncio.Task[list[Outcome]] | None = None
        self._stopped = False

    async def work(self, order: bytes) -> bytes:
        """Do an `Order`, and give back how it `Ended`."""
        if self._stopped:
            return pickle.dumps(Ended({}, stopped=True))
        self._task = asyncio.create_task(self._work(pickle.loads(order)))
        try:
            outcomes = await self._task
        except asyncio.CancelledError:
            if not self._stopped:
                raise
            return pickle.dumps(Ended(self._counts(), stopped=True))
        except BakeoffError as error:
            return pickle.dumps(Ended(self._counts(), error=error))
        return pickle.dumps(Ended(self._counts(), tuple(outcomes)))

    async def heard(self) -> bytes:
        """The next word, a `Heard`. The first comes at once: the worker is there."""
        try:
            async with asyncio.timeout(WORD_SECONDS):
                await self._news.wait()
        except TimeoutError:
            pass
        else:
            await asyncio.sleep(WORD_SECONDS)  # what comes together is told together
        self._news.clear()
        notes, self._notes = tuple(self._notes), []
        download, self._download = self._download, None
        return pickle.dumps(Heard(self._counts(), notes, download))

    async def stop(self) -> None:
        """Give leases back and end."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    # who wants to know (`OnRun`)

    def progress(self, progress: "Progress") -> None:
        """Kept: the same object is told again and again."""
        self._progress[progress.candidate] = progress
        self._news.set()

    def note(self, note: Reason) -> None:
        """Kept for the next word."""
        self._notes.append(note)
        self._news.set()

    def download(self, progress: "DownloadProgress") -> None:
        """Kept for the next word. Called in another thread."""
        self._download = progress

    def _counts(self) -> dict[str, Count]:
        return {
            name: Count(
                one.done,
                one.failed,
                one.prompt_tokens,
                one.output_tokens,
                None if one.cost_usd is None else str(one.cost_usd),
            )
            for name, one in self._progress.items()
        }

    async def _work(self, order: Order) -> list[Outcome]:
        from bakeoff.cluster.worker import Worker

        # Ray sets it to the processors that it counts for a worker; engines have a number of threads of their own.
        os.environ.pop("OMP_NUM_THREADS", None)
        assignment = order.assignment
        missing: dict[int, Outcome] = {}
        made = None
        if order.elsewhere and not assignment.folder.is_dir():
            made = Path(tempfile.mkdtemp(prefix="bakeoff-node-"))
            assignment = replace(assignment, folder=made)
        try:
            if order.elsewhere:
                assignment, missing = await asyncio.to_thread(self._with_files, assignment, order.columns)
            columns = [column for column in order.columns if column not in missing]
            worker = Worker(assignment, name=order.name, columns=columns, on=self)
            found = dict(zip(columns, await worker.work() if columns else [], strict=True))
            return [found.get(column) or missing[column] for column in order.columns]
        finally:
            if made is not None:
                shutil.rmtree(made, ignore_errors=True)

    def _with_files(self, assignment: Assignment, columns: tuple[int, ...]) -> tuple[Assignment, dict[int, Outcome]]:
        """The assignment with model files and threads of this machine, and columns whose file cannot be had here."""
        resolved, missing = list(assignment.columns), {}
        for column in columns:
            try:
                resolved[column] = self._here(resolved[column], assignment.folder)
            except BakeoffError as error:
                missing[column] = Outcome(assignment.name(column), 0, 0, error)
        return replace(assignment, columns=tuple(resolved)), missing

    def _here(self, resolved: "Resolved", folder: Path) -> "Resolved":
        if resolved.model_file is None or resolved.engine is None:
            return resolved
        from bakeoff.evaluate.engines.parameters import usable_cores
        from bakeoff.weights import get

        candidate = resolved.route.candidate
        file = get(candidate.model, candidate.build, progress=self.download, note=self.note, base=folder)
        if file.sha256 != resolved.model_file.sha256:
            raise WeightsError(
                f"{candidate.name}: {file.path} is not the file that the driver has: SHA-256 {file.sha256[:12]} "
                f"instead of {resolved.model_file.sha256[:12]}",
                hint="put the same file there, or name the model by its repository",
            )
        return replace(resolved, model_file=file, engine=replace(resolved.engine, threads=usable_cores()))
