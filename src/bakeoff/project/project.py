"""A project, opened: its verbs join the stages and hand results on. It never prints.

What only one verb needs is imported by that verb: a run does not wait for what labels, judges and reports.
"""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Unpack

from bakeoff.decide import Decision, decide
from bakeoff.errors import ProjectError
from bakeoff.evaluate.caps import Caps
from bakeoff.evaluate.columns import Task, check_targets, graded_column, task
from bakeoff.evaluate.compare import compare
from bakeoff.evaluate.graders import grading_caveats
from bakeoff.evaluate.request import columns_used, json_digest, missing_columns
from bakeoff.evaluate.results import Column, Comparison, Memory
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Table
from bakeoff.project import FILE_NAME
from bakeoff.project.afterwards import as_run, cost_of
from bakeoff.project.config import Config, DecideSection, read_config
from bakeoff.project.contestants import Contestant, contestants
from bakeoff.project.data import read_data
from bakeoff.project.filling import interruptible, make_calls, manifest_of, notes, plan, recorded, settled
from bakeoff.project.listening import Listener
from bakeoff.project.planning import RunOptions
from bakeoff.project.preflight import preflight_of
from bakeoff.project.running import Job, Outcome, run_jobs
from bakeoff.project.taken import take_answers
from bakeoff.project.working import Work, at_work
from bakeoff.report import Kind, Language, report
from bakeoff.values import Reason, from_json, reason, to_json

if TYPE_CHECKING:
    from bakeoff.evaluate.judge.result import Judged
    from bakeoff.evaluate.people.labels import Label, LabelKind, Said
    from bakeoff.evaluate.people.standing import PeopleResult
    from bakeoff.project.exporting import ExportOptions
    from bakeoff.project.labelling import Labelling, Shown
    from bakeoff.project.preview import Preview
    from bakeoff.project.quoting import Quote
    from bakeoff.project.rows import RowCell
    from bakeoff.report import ReportData, Since
    from bakeoff.weights import ModelFile

LEDGER_NAME = "bakeoff.db"


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
        self.work: Work | None = None
        """While one of its verbs holds the project."""

        self._table: Table | None = None
        self._contestants: tuple[Config, list[Contestant]] | None = None
        self._grading = ""

    @property
    def name(self) -> str:
        """Name of the folder."""
        return self.folder.resolve().name

    def table(self, *, fetch: bool = False) -> Table:
        """The data, read and checked against the prompt and the graders.

        Args:
            fetch: a data set on the Hugging Face Hub may be downloaded; else only one that is here is read.

        Raises:
            DataError: the file cannot be read as what it claims to be.
            ProjectError: a template names a column that the file does not have.
        """
        if self._table is None:
            table = read_data(self.folder, self.config.data, fetch=fetch, on=self.listener)
            self._check_columns(table)
            self._table = table
        return self._table

    def _check_columns(self, table: Table) -> None:
        used = set().union(*(columns_used(prompt) for prompt in self.config.prompts))
        for grader in self.config.graders:
            grader.check()
            used |= grader.columns()
        unknown = missing_columns(used, table.columns)
        if unknown:
            raise ProjectError(
                f"{self.config.data.file} has no column {unknown[0]!r}, which {FILE_NAME} uses",
                hint=f"its columns are: {', '.join(table.columns)}",
            )

    def ledger(self) -> Ledger:
        """The project's ledger, opened; `with project.ledger() as ledger:` closes it.

        Raises:
            StorageError: it cannot be opened.
        """
        return Ledger(self.folder / LEDGER_NAME)

    @contextmanager
    def at_work(self, verb: str, options: Mapping[str, Any] | None) -> Iterator[Work]:
        """Hold the project while a verb works, and tell others how it goes on (`project.progress`).

        Args:
            verb: run, judge, check or probe.
            options: with which the same work can be gone on with (`project.verbs`); None where that is not possible.

        Raises:
            BusyError: another process works on it.
        """
        if self.work is not None:
            yield self.work  # part of a larger piece of work
            return
        heard = self.listener
        with at_work(self.folder, verb, heard, options) as work:
            self.work = self.listener = work
            try:
                yield work
            finally:
                self.work, self.listener = None, heard

    # verbs

    def run(self, options: RunOptions | None = None) -> list[Outcome]:
        """Fill the cells that are missing. What is there already costs nothing.

        Args:
            options: which rows and candidates, how often, under which caps; None does what the project file says.

        Raises:
            BusyError: another process runs this project.
            UsageError: no such rows, or no such candidate.
            Interrupted: stopped by Ctrl-C or SIGTERM; what was done is kept.
            StorageError: the disk is full or the ledger is damaged.
        """
        self.config = settled(self.config, options or RunOptions())
        with self.at_work("run", (options or RunOptions()).told()) as work, self.ledger() as ledger:
            table = self.table(fetch=True)
            check_targets(self.config.graders, table)
            found = self._kept(contestants(self.config, table, self._get_weights))
            planned = plan(self.config, table, found, ledger, options)
            outcomes = [Outcome(c.candidate.name, 0, 0, c.error) for c in found if c.error is not None]
            outcomes += take_answers(found, table, ledger, self.listener)
            work.expects((job.name, len(job.calls)) for job in planned.jobs)
            if planned.owed or planned.settings["race"]:
                for note in notes(planned, self.config, ledger):
                    self.listener.note(note)
                outcomes += make_calls(
                    planned,
                    self.config,
                    table,
                    found,
                    manifest=manifest_of(planned.jobs, table, self.prompt_digest()),
                    ledger=ledger,
                    folder=self.folder,
                    on=self.listener,
                )
            work.ended(outcomes)
        return outcomes

    def quote(self, options: RunOptions | None = None) -> "Quote":
        """What a run would ask, cost and take, and what its rows can show. Asks no model and downloads nothing.

        Raises:
            UsageError: no such rows, or no such candidate.
        """
        from bakeoff.project.quoting import quote

        config = settled(self.config, options or RunOptions())
        table = self.table()
        found = contestants(config, table, self._cached_weights)
        columns = self._columns(found)
        with self.ledger() as ledger:
            planned = plan(config, table, found, ledger, options)
            return quote(config, table, found, planned, columns, ledger)

    def _run_jobs(self, jobs: Sequence[Job], table: Table, ledger: Ledger, caps: Caps) -> list[Outcome]:
        """Make calls that are no rows of the project: a judge's."""
        if self.work is not None:
            self.work.expects((job.name, len(job.calls)) for job in jobs)
        return recorded(
            manifest_of(jobs, table, self.prompt_digest()),
            lambda run: run_jobs(jobs, table, ledger=ledger, run=run, folder=self.folder, on=self.listener, caps=caps),
            ledger,
        )

    def compare(self, columns: Sequence[Column] | None = None) -> Comparison:
        """Grade what is in the ledger and compare; runs nothing and downloads nothing.

        Args:
            columns: what `columns()` gave a moment ago, so that nothing is graded twice.
        """
        return self._compare(self.contestants(), columns)

    def contestants(self) -> list[Contestant]:
        """Every candidate with every variant of the prompt, as far as they can be had without downloading.

        Worked out once, where all could be.
        """
        if self._contestants is not None and self._contestants[0] is self.config:
            return list(self._contestants[1])
        return self._kept(contestants(self.config, self.table(), self._cached_weights))

    def _kept(self, found: list[Contestant]) -> list[Contestant]:
        self._contestants = (self.config, found) if all(one.error is None for one in found) else None
        return found

    def _compare(self, found: Sequence[Contestant], columns: Sequence[Column] | None = None) -> Comparison:
        comparison = self._compared(self._columns(found) if columns is None else columns)
        with self.ledger() as ledger:
            comparison = as_run(comparison, found, self._grading, ledger)
        unavailable = tuple(
            reason("candidate.unavailable", candidate=c.candidate.name, error=c.error.message)
            for c in found
            if c.error is not None
        )
        ways = grading_caveats(self.config.graders)
        return replace(comparison, caveats=(*unavailable, *comparison.caveats, *ways, *self.table().notes))

    def _compared(self, columns: Sequence[Column]) -> Comparison:
        """By the graders' scores, a judge's or people's, as `[decide] metric` says."""
        if self.config.decide.metric == "judge":
            from bakeoff.project.opinions import by_judge

            return by_judge(columns, self.judged(columns=columns))
        if self.config.decide.metric == "people":
            from bakeoff.project.opinions import by_people

            return by_people(columns, self.labels())
        return compare(columns, metric=self.config.decide.metric)

    def judge(
        self, *, rows: int | None = None, max_cost_usd: Decimal | None = None, max_minutes: float | None = None
    ) -> list[Outcome]:
        """Ask the project's judges what is missing, of so many rows and under these caps, or as the project file says.

        Raises:
            ProjectError: the project has no judge, none that may judge these candidates, or one without a price that
                a cap on money needs.
            BusyError, Interrupted, StorageError: as of `run`.
        """
        from bakeoff.project.judging import ask, caps_of, session

        money = None if max_cost_usd is None else str(max_cost_usd)
        said = {"rows": rows, "max_cost_usd": money, "max_minutes": max_minutes}
        with self.at_work("judge", said) as work, self.ledger() as ledger:
            asked = session(self.config, self.table(), self.columns(), self._get_weights, rows=rows)
            caps = caps_of(asked, self.config.run, max_cost_usd=max_cost_usd, max_minutes=max_minutes)
            outcomes = ask(asked, ledger, lambda jobs, table: self._run_jobs(jobs, table, ledger, caps))
            work.ended(outcomes)
            return outcomes

    def judged(self, *, rows: int | None = None, columns: Sequence[Column] | None = None) -> "Judged":
        """What the judges found so far, and whether to believe it; asks nobody."""
        from bakeoff.project.judging import judged, session

        found = self.columns() if columns is None else columns
        asked = session(self.config, self.table(), found, self._cached_weights, rows=rows)
        with self.ledger() as ledger:
            return judged(asked, ledger)

    def _judged_beside(self, columns: Sequence[Column] | None = None) -> "Judged | None":
        """What the judges found, where it is not what decides: a judge that cannot judge then stops nothing."""
        try:
            return self.judged(columns=columns) if self.config.judges is not None else None
        except ProjectError:
            if self.config.decide.metric == "judge":
                raise
            return None

    def labelling(self, author: str, *, kind: "LabelKind | None" = None) -> "Labelling":
        """One person labelling answers blind: `next()`, `say()`, `undo()`."""
        from bakeoff.project.labelling import Labelling

        columns, found = self.columns(), self._judged_beside()
        path = self.folder / LEDGER_NAME
        return Labelling(self.config, self.table(), columns, path, author=author, kind=kind, judged=found)

    def people(self) -> "PeopleResult":
        """What people found, of the present answers."""
        from bakeoff.project.labelling import people

        return people(self.columns(), self.folder / LEDGER_NAME)

    def import_labels(self, file: Path | str, *, author: str) -> int:
        """Add the labels of a file, all or none, and return how many."""
        from bakeoff.project.labelling import import_labels

        path = self.folder / LEDGER_NAME
        return import_labels(self.config, self.table(), path, Path(file), author=author)

    def next_pair(self, author: str, *, kind: "LabelKind | None" = None) -> "Shown | None":
        """What a person should be shown next, without names; None where they have seen everything."""
        return self.labelling(author, kind=kind).next()

    def label(self, shown: "Shown", said: "Said", *, author: str, seconds: float | None = None) -> "Label":
        """Keep what a person says of an item that `next_pair` gave."""
        return self.labelling(author, kind=shown.choice.kind).say(shown, said, seconds=seconds)

    def labels(self) -> "list[Label]":
        """Everything that people ever said, in order; nothing is overwritten."""
        with self.ledger() as ledger:
            return ledger.labels()

    def columns(self) -> list[Column]:
        """Every candidate's graded cells, from the ledger; runs nothing."""
        return self._columns(self.contestants())

    def _columns(self, found: Sequence[Contestant]) -> list[Column]:
        table = self.table()
        work = task(self.config.graders, self.config.prompt, table)
        self._grading = work.identity
        with self.ledger() as ledger:
            return [self._column(contestant, work, table, ledger) for contestant in found]

    def row(self, row_id: str) -> "list[RowCell]":
        """One row in full, for each candidate: the exact request, the answer, and what the graders say of it."""
        from bakeoff.project.rows import row_cells

        with self.ledger() as ledger:
            return row_cells(self.config, self.table(), row_id, self._cached_weights, ledger)

    def _column(self, contestant: Contestant, work: Task, table: Table, ledger: Ledger) -> Column:
        resolved = contestant.resolved
        facts = ledger.engine(resolved.route.endpoint) if resolved is not None else None
        column = graded_column(
            contestant.candidate.name,
            contestant.build,
            contestant.digests,
            task=work,
            table=table,
            ledger=ledger,
            memory=from_json(Memory, facts["memory"]) if facts else None,
            preflight=preflight_of(contestant, self.config.preflight, ledger),
        )
        return replace(column, cost_usd=cost_of(contestant, ledger, self.config.prices))

    def decide(self, comparison: Comparison | None = None, *, section: DecideSection | None = None) -> Decision:
        """Apply the project's rule to what is in the ledger. Run first what is missing, with `run`.

        Args:
            comparison: what `compare()` gave a moment ago.
            section: another rule, gap or weights to try; None takes those of the project file.
        """
        from bakeoff.project.needs import limits
        from bakeoff.project.tuned import verdicts

        section = section or self.config.decide
        decision = decide(
            comparison or self.compare(),
            rule=section.rule,
            smallest_gap_that_matters=section.smallest_gap_that_matters,
            limits=limits(self.config.needs),
            weights=section.weights,
        )
        tuned = verdicts(decision.pairs, self.config.candidates, self.config.tuned)
        return replace(decision, reasons=(*decision.reasons, *tuned))

    def report(
        self,
        kind: Kind = "html",
        lang: Language = "en",
        *,
        since: "Since | None" = None,
        columns: Sequence[Column] | None = None,
    ) -> str:
        """The decision and all that it rests on, as one document: html, md or json; in English or Vietnamese.

        Args:
            kind: of document.
            lang: of html and md.
            since: what changed since an earlier decision (`project.history.since_then`), for a section of its own.
            columns: what `columns()` gave a moment ago, so that nothing is graded twice.
        """
        from bakeoff.catalog.loading import without_collector

        with without_collector():  # 50,000 cells are no garbage; a sixth of the time (2026-11-24, 10,000 rows x 5)
            return report(self._report_data(since, columns), kind, lang)

    def _report_data(self, since: "Since | None", columns: Sequence[Column] | None) -> "ReportData":
        """Everything that a report shows. Every cell is graded once."""
        from bakeoff.project.labelling import people
        from bakeoff.project.probing import probe_facts
        from bakeoff.project.reporting import report_data
        from bakeoff.project.stages import stages

        found = self.contestants()
        columns = self._columns(found) if columns is None else columns
        comparison = self._compare(found, columns)
        with self.ledger() as ledger:
            data = report_data(
                self.name,
                self.config,
                self.table(),
                found,
                prompt_digest=self.prompt_digest(),
                decision=self.decide(comparison),
                comparison=comparison,
                ledger=ledger,
                judged=self._judged_beside(columns),
                people=people(columns, self.folder / LEDGER_NAME) if self.labels() else None,
            )
        around = stages(
            self.folder, self.config, columns, data.decision, data.machine, probes=lambda: probe_facts(self)
        )
        return replace(data, since=since, stages=around)

    def export(self, path: Path | str, **options: "Unpack[ExportOptions]") -> tuple[list[Path], list[Reason]]:
        """Write rows, answers and grades for other programs; see `project.exporting.export`."""
        from bakeoff.project.exporting import Contents, export

        found = self.contestants()
        contents = Contents(
            project=self.name,
            data_file=self.config.data.file,
            table=self.table(),
            graders=tuple(grader.kind for grader in self.config.graders),
            contestants=found,
            columns=self._columns(found),
            prices=self.config.prices,
        )
        with self.ledger() as ledger:
            return export(Path(path), contents, ledger, **options)

    def preview(
        self, row_id: str | None = None, *, candidates: Sequence[str] = (), engines: bool = True
    ) -> "list[Preview]":
        """One row as each candidate gets it; see `project.preview`. Asks no model and downloads nothing."""
        from bakeoff.project.preview import preview

        asked = preview(
            self.config, self.table(), self._cached_weights, row_id=row_id, candidates=candidates, engines=engines
        )
        return interruptible(lambda: asked)

    # parts

    def prompt_digest(self) -> str:
        """SHA-256 of the prompt, with all its variants."""
        return json_digest(to_json(self.config.prompts))

    def _get_weights(self, model: str, build: str | None) -> "ModelFile":
        from bakeoff.weights import get

        return get(model, build, progress=self.listener.download, note=self.listener.note, base=self.folder)

    def _cached_weights(self, model: str, build: str | None) -> "ModelFile":
        from bakeoff.weights import cached

        return cached(model, build, base=self.folder)
