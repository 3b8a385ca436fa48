"""A project, opened: its verbs join the stages and hand results on. It never prints."""

import asyncio
import signal
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, TypeVar

from bakeoff.decide import Decision, decide
from bakeoff.errors import Interrupted, ProjectError
from bakeoff.evaluate.columns import Task, graded_column, task
from bakeoff.evaluate.compare import compare
from bakeoff.evaluate.files import read_table
from bakeoff.evaluate.request import columns_used, json_digest, missing_columns, template_names
from bakeoff.evaluate.results import Column, Comparison, Memory
from bakeoff.evaluate.run import Progress
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Table
from bakeoff.project.config import FILE_NAME, Config, read_config
from bakeoff.project.contestants import Contestant, contestants
from bakeoff.project.lock import running
from bakeoff.project.reporting import report_data
from bakeoff.project.running import Job, Outcome, missing, run_jobs
from bakeoff.report import Kind, Language, report
from bakeoff.values import Reason, from_json, reason
from bakeoff.version import __version__
from bakeoff.weights import DownloadProgress, ModelFile, cached, get

LEDGER_NAME = "bakeoff.db"

T = TypeVar("T")


class Listener:
    """Who wants to know what goes on. Override what is of interest; this one is silent."""

    def download(self, progress: DownloadProgress) -> None:
        """A model file is being fetched."""

    def progress(self, progress: Progress) -> None:
        """A cell was filled, or failed."""

    def note(self, note: Reason) -> None:
        """Something worth a line happened."""


@dataclass(frozen=True, slots=True)
class RowCell:
    """One candidate's cell of one row, in full."""

    candidate: str
    state: str
    request: str
    """Path and body, exactly as sent."""

    text: str
    """The answer as it came, or the failure's message."""


class Project:
    """A folder with `bakeoff.toml`. Reads the file when it is made; the data when they are needed."""

    def __init__(self, folder: Path | str = ".", *, listener: Listener | None = None) -> None:
        """Open a project.

        Raises:
            ProjectError: the folder is no project, or its file is wrong.
        """
        self.folder = Path(folder)
        self.config: Config = read_config(self.folder / FILE_NAME)
        self.listener = listener or Listener()
        self._table: Table | None = None

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name

    def table(self) -> Table:
        """The data, read and checked against the prompt and the graders.

        Raises:
            DataError: the file cannot be read as what it claims to be.
            ProjectError: a template names a column that the file does not have.
        """
        if self._table is None:
            data = self.config.data
            table = read_table(
                self.folder / data.file,
                id_column=data.id,
                group_column=data.group,
                sheet=data.sheet,
                encoding=data.encoding,
                delimiter=data.delimiter,
            )
            self._check_columns(table)
            self._table = table
        return self._table

    def _check_columns(self, table: Table) -> None:
        used = columns_used(self.config.prompt)
        for grader in self.config.graders:
            if grader.kind != "regex":
                used |= template_names(grader.target)
        unknown = missing_columns(used, table.columns)
        if unknown:
            raise ProjectError(
                f"{self.config.data.file} has no column {unknown[0]!r}, which {FILE_NAME} uses",
                hint=f"its columns are: {', '.join(table.columns)}",
            )

    # verbs

    def run(self) -> list[Outcome]:
        """Fill the cells that are missing. What is there already costs nothing.

        Raises:
            BusyError: another process runs this project.
            Interrupted: stopped by Ctrl-C or SIGTERM; what was done is kept.
            StorageError: the disk is full or the ledger is damaged.
        """
        table = self.table()
        task(self.config.graders, self.config.prompt, table)
        with running(self.folder), Ledger(self.folder / LEDGER_NAME) as ledger:
            found = contestants(self.config, table, self._get_weights)
            jobs = [
                missing(c.resolved, c.digests, ledger)
                for c in found
                if c.resolved is not None and c.digests is not None
            ]
            outcomes = [Outcome(c.candidate.name, 0, 0, c.error) for c in found if c.error is not None]
            if any(job.calls for job in jobs):
                outcomes += self._run_jobs(jobs, table, ledger)
        return outcomes

    def _run_jobs(self, jobs: Sequence[Job], table: Table, ledger: Ledger) -> list[Outcome]:
        run = ledger.begin_run(self._manifest(jobs, table))
        state = "failed"
        try:
            outcomes = _interruptible(
                lambda: run_jobs(jobs, table, ledger=ledger, run=run, folder=self.folder, on=self.listener)
            )
            state = "done"
        except Interrupted:
            state = "stopped"
            raise
        finally:
            ledger.end_run(run, state)
        return outcomes

    def _manifest(self, jobs: Sequence[Job], table: Table) -> dict[str, Any]:
        return {
            "bakeoff": __version__,
            "data": table.digest,
            "prompt": self.prompt_digest(),
            "candidates": {
                job.resolved.route.candidate.name: {"endpoint": job.resolved.route.endpoint, "owed": len(job.calls)}
                for job in jobs
            },
        }

    def compare(self) -> Comparison:
        """Grade what is in the ledger and compare; runs nothing and downloads nothing."""
        return self._compare(self._found())

    def _found(self) -> list[Contestant]:
        """Every candidate as far as it can be resolved without downloading."""
        return contestants(self.config, self.table(), self._cached_weights)

    def _compare(self, found: Sequence[Contestant]) -> Comparison:
        comparison = compare(self._columns(found), metric=self.config.decide.metric)
        unavailable = tuple(
            reason("candidate.unavailable", candidate=c.candidate.name, error=c.error.message)
            for c in found
            if c.error is not None
        )
        return replace(comparison, caveats=(*unavailable, *comparison.caveats, *self.table().notes))

    def columns(self) -> list[Column]:
        """Every candidate's graded cells, from the ledger; runs nothing."""
        return self._columns(self._found())

    def _columns(self, found: Sequence[Contestant]) -> list[Column]:
        table = self.table()
        work = task(self.config.graders, self.config.prompt, table)
        with Ledger(self.folder / LEDGER_NAME) as ledger:
            return [self._column(contestant, work, table, ledger) for contestant in found]

    def row(self, row_id: str) -> list[RowCell]:
        """One row in full, for each candidate: the exact request and the answer. Empty where there is no such row."""
        table = self.table()
        index = next((i for i, row in enumerate(table.rows) if row.id == row_id), None)
        if index is None:
            return []
        found = []
        with Ledger(self.folder / LEDGER_NAME) as ledger:
            for contestant in contestants(self.config, replace(table, rows=(table.rows[index],)), self._cached_weights):
                digests = [digest for repetition in contestant.digests or () for digest in repetition]
                stored = ledger.answers(digests)
                failed = ledger.failures(digests)
                for digest in digests:
                    assert contestant.resolved is not None
                    request = contestant.resolved.route.request(table.rows[index])
                    found.append(
                        RowCell(
                            candidate=contestant.candidate.name,
                            state="answered" if stored else "failed" if failed else "missing",
                            request=f"{request.path}\n{request.body.decode('utf-8')}",
                            text=stored[digest].answer.text if stored else failed[digest].message if failed else "",
                        )
                    )
        return found

    def _column(self, contestant: Contestant, work: Task, table: Table, ledger: Ledger) -> Column:
        resolved = contestant.resolved
        facts = ledger.engine(resolved.route.endpoint) if resolved is not None else None
        return graded_column(
            contestant.candidate.name,
            contestant.build,
            contestant.digests,
            task=work,
            table=table,
            ledger=ledger,
            memory=from_json(Memory, facts["memory"]) if facts else None,
        )

    def decide(self, comparison: Comparison | None = None) -> Decision:
        """Apply the project's rule to what is in the ledger. Run first what is missing, with `run`."""
        section = self.config.decide
        return decide(
            comparison or self.compare(),
            rule=section.rule,
            smallest_gap_that_matters=section.smallest_gap_that_matters,
        )

    def report(self, kind: Kind = "html", lang: Language = "en") -> str:
        """The decision and all that it rests on, as one document: html, md or json; in English or Vietnamese."""
        found = self._found()
        comparison = self._compare(found)
        with Ledger(self.folder / LEDGER_NAME) as ledger:
            data = report_data(
                self.name,
                self.config,
                self.table(),
                found,
                prompt_digest=self.prompt_digest(),
                decision=self.decide(comparison),
                comparison=comparison,
                ledger=ledger,
            )
        return report(data, kind, lang)

    # parts

    def prompt_digest(self) -> str:
        """SHA-256 of prompt and shared parameters."""
        prompt = self.config.prompt
        examples = [[example.user, example.assistant] for example in prompt.examples]
        return json_digest([prompt.system, prompt.user, prompt.completion, examples])

    def _get_weights(self, model: str, build: str | None) -> ModelFile:
        return get(model, build, progress=self.listener.download, note=self.listener.note, base=self.folder)

    def _cached_weights(self, model: str, build: str | None) -> ModelFile:
        return cached(model, build, base=self.folder)


def _interruptible(job: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """Run a coroutine so that Ctrl-C and SIGTERM cancel it, let it clean up, and become Interrupted."""

    async def main() -> T:
        current = asyncio.current_task()
        assert current is not None
        loop = asyncio.get_running_loop()
        for number in (signal.SIGINT, signal.SIGTERM):
            try:
                loop.add_signal_handler(number, current.cancel)
            except (NotImplementedError, RuntimeError, ValueError):
                break  # Windows, or not the main thread: asyncio's own Ctrl-C handling stays
        return await job()

    try:
        return asyncio.run(main())
    except (asyncio.CancelledError, KeyboardInterrupt):
        raise Interrupted(
            "stopped; every answer so far is kept", hint="run the same command again to go on from here"
        ) from None
