"""The verb `judge`: ask the judging models what is missing, and put together what they say.

A judge is a candidate like any other: its calls go through the same routes, the same runner and the same ledger, are
addressed by their content, and are never paid for twice.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from typing import Any

from bakeoff.errors import BakeoffError, ProjectError
from bakeoff.evaluate.caps import Caps, PricePerToken
from bakeoff.evaluate.judge.asking import Material, criteria_of, material, response_format, rows_to_ask
from bakeoff.evaluate.judge.blinding import names_of
from bakeoff.evaluate.judge.families import kin
from bakeoff.evaluate.judge.planning import Plan, plan
from bakeoff.evaluate.judge.readings import Reading, read_pairwise, read_rubric
from bakeoff.evaluate.judge.result import Bench, Judged, together
from bakeoff.evaluate.judge.settings import Settings
from bakeoff.evaluate.judge.verdicts import verdicts
from bakeoff.evaluate.people.labels import FAIR, Label, answer_digest, counting, opinions, valid
from bakeoff.evaluate.preflight import examine
from bakeoff.evaluate.request import render
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.run import Route
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Candidate, Prompt, Row, Table
from bakeoff.project.config import Config
from bakeoff.project.config.judges import Judges
from bakeoff.project.config.run import RunSection
from bakeoff.project.contestants import Contestant
from bakeoff.project.pricing import check_prices, price_of
from bakeoff.project.routes import GetWeights, Resolved, resolve
from bakeoff.project.running import Job, Outcome
from bakeoff.values import Reason, reason

MOST_PASSES = 4
"""One question alone, all first tries, all second tries: more rounds than this would only repeat failures."""

REFUSED = "refused"
"""Beginning of the code of a call that the server would not take as it was (`client.Failed`)."""


@dataclass(frozen=True, slots=True)
class Session:
    """One look at a project's judging: what is to be asked, and of whom."""

    settings: Settings
    columns: tuple[Column, ...]
    plan: Plan
    texts: Material
    table: Table
    """The questions as rows: first all first tries, then all second tries."""

    judges: tuple["Judge", ...]
    unavailable: tuple[Outcome, ...]
    """Judges that could not be had."""

    caveats: tuple[Reason, ...]

    @property
    def questions(self) -> int:
        """To each judge."""
        return len(self.table.rows) // 2


@dataclass(frozen=True, slots=True)
class Judge:
    """A judging model that can be asked."""

    candidate: Candidate
    resolved: Resolved
    """As it is asked with a schema where the settings want one; else without."""

    plain: Resolved
    """As it is asked by a server that takes no schema."""

    price: PricePerToken | None
    """None where it is not known, or where it runs on this machine."""


def judges_of(config: Config) -> Judges:
    """The judges of a project.

    Raises:
        ProjectError: it has none.
    """
    if config.judges is None:
        raise ProjectError(
            "this project has no judge",
            hint='add [judge] with [[judge.models]] to bakeoff.toml, for example model = "Qwen/Qwen3-8B" '
            'and via = "http://127.0.0.1:8080/v1": docs/guides/judge.md',
        )
    return config.judges


def session(
    config: Config, table: Table, columns: Sequence[Column], get_weights: GetWeights, *, rows: int | None = None
) -> Session:
    """Work out what is to be asked, and of whom.

    Args:
        config: the project file.
        table: the data.
        columns: the candidates' graded cells.
        get_weights: finds a model file; may download, or only look.
        rows: judge so many rows instead of what the file says.

    Raises:
        ProjectError: the project has no judge, or every judge is kin of a contestant.
    """
    found = judges_of(config)
    settings = replace(found.settings, rows=rows) if rows is not None else found.settings
    outline = plan(columns, settings)
    texts = material(
        columns,
        instructions=[_rendered(config.prompt.system, row) for row in table.rows],
        references=[_rendered(settings.reference, row) for row in table.rows],
        names=names_of((candidate.name, candidate.model) for candidate in config.candidates),
    )
    asked = [*rows_to_ask(outline, texts, settings, strict=False), *rows_to_ask(outline, texts, settings, strict=True)]
    strangers, caveats = _strangers(found, config.candidates)
    if texts.masked:
        caveats.append(reason("judge.masked", n=texts.masked))
    judges, unavailable = [], []
    for candidate in strangers:
        try:
            judges.append(_judge(candidate, found, config, get_weights))
        except BakeoffError as error:
            unavailable.append(Outcome(candidate.name, 0, 0, error))
            caveats.append(reason("candidate.unavailable", candidate=candidate.name, error=error.message))
    return Session(
        settings=settings,
        columns=tuple(columns),
        plan=outline,
        texts=texts,
        table=Table(columns=(), rows=asked, digest=table.digest),
        judges=tuple(judges),
        unavailable=tuple(unavailable),
        caveats=tuple(caveats),
    )


def _rendered(template: str | None, row: Row) -> str:
    return render(template, row.values).strip() if template else ""


def _strangers(judges: Judges, contestants: Sequence[Candidate]) -> tuple[list[Candidate], list[Reason]]:
    """(judges that may judge, caveats). A model prefers what it or its kin wrote, and is left out by default.

    Raises:
        ProjectError: no judge is left.
    """
    kept, caveats = [], []
    for judge in judges.candidates:
        related = next(((c, family) for c in contestants if (family := kin(judge.model, c.model))), None)
        if related is None:
            kept.append(judge)
            continue
        code = "judge.family_allowed" if judges.allow_family else "judge.family_excluded"
        caveats.append(Reason(code, {"judge": judge.name, "model": related[0].name, "family": related[1]}))
        if judges.allow_family:
            kept.append(judge)
    if not kept:
        first = caveats[0].parameters
        raise ProjectError(
            f"{first['judge']} is of the same family as the candidate {first['model']} ({first['family']}), "
            "and no other judge is left",
            hint="take a judge of another family, or write allow_family = true under [judge]",
        )
    return kept, caveats


def _judge(candidate: Candidate, judges: Judges, config: Config, get_weights: GetWeights) -> Judge:
    settings = judges.settings
    own = replace(config, contexts=judges.contexts, timeouts=judges.timeouts)
    plain = resolve(candidate, own, get_weights, prompt=Prompt(user=settings.template))
    route, price = plain.route, price_of(candidate, plain, judges.prices)
    if not settings.structured or "response_format" in route.parameters or route.api != "chat":
        return Judge(candidate, plain, plain, price)
    schema = {**route.parameters, "response_format": response_format(settings)}
    return Judge(candidate, replace(plain, route=replace(route, parameters=schema)), plain, price)


class _State:
    """What the ledger has of one judge."""

    def __init__(self, session: Session, judge: Judge, ledger: Ledger) -> None:
        self.session, self.judge, self.ledger = session, judge, ledger
        first = range(session.questions)
        self.refused = False
        self.addresses: dict[bool, list[str]] = {}
        readings = self._read(first, first_try=True)
        again = [index for index, reading in enumerate(readings) if reading is not None and reading.invalid]
        self.again = again
        self.second = dict(zip(again, self._read([index + session.questions for index in again]), strict=True))
        self.first = readings

    def _read(self, indices: Sequence[int] | range, *, first_try: bool = False) -> list[Reading | None]:
        """What the judge said to these questions, in whichever form they were asked."""
        structured = self._addresses(self.judge.resolved.route, indices)
        plain = self._addresses(self.judge.plain.route, indices)
        answers = self.ledger.answers(list(dict.fromkeys([*structured, *plain])))
        if first_try and self.judge.plain is not self.judge.resolved:
            failures = self.ledger.failures([address for address in structured if address not in answers])
            refused = any(failure.code.startswith(REFUSED) for failure in failures.values())
            self.refused = refused and not any(address in answers for address in structured)
        found: list[Reading | None] = []
        for one, other in zip(structured, plain, strict=True):
            stored = answers.get(one) or answers.get(other)
            found.append(_reading(stored.answer, self.session.settings) if stored is not None else None)
        return found

    def _addresses(self, route: Route, indices: Sequence[int] | range) -> list[str]:
        return [route.digest(self.session.table.rows[index]) for index in indices]

    def job(self) -> Job:
        """The calls that are missing: first tries without an answer, second tries after an answer of no use."""
        resolved = self.judge.plain if self.refused else self.judge.resolved
        missing = [index for index, reading in enumerate(self.first) if reading is None]
        missing += [index + self.session.questions for index in self.again if self.second[index] is None]
        first: dict[str, int] = {}
        for index, address in zip(missing, self._addresses(resolved.route, missing), strict=True):
            first.setdefault(address, index)
        return Job(resolved, tuple((0, index) for index in first.values()), price=self.judge.price)

    @property
    def unknown(self) -> bool:
        """Whether the server takes a schema is not known: it was never asked with one."""
        asks_with = self.judge.plain is not self.judge.resolved and self.judge.resolved.base_url is not None
        return asks_with and not self.refused and all(reading is None for reading in self.first)

    def readings(self) -> list[Reading | None]:
        """The last word on every question."""
        return [self.second.get(index) or reading for index, reading in enumerate(self.first)]


def _reading(answer: Any, settings: Settings) -> Reading:
    text, cut = examine(answer).text, answer.finish_reason == "length"
    if settings.form == "pairwise":
        return read_pairwise(text, cut=cut)
    return read_rubric(text, criteria_of(settings), cut=cut)


def ask(session: Session, ledger: Ledger, run: Callable[[Sequence[Job], Table], list[Outcome]]) -> list[Outcome]:
    """Ask all judges what is missing, and once more where an answer is of no use.

    Args:
        session: what is to be asked.
        ledger: what is there already.
        run: makes the calls of jobs and stores what comes back.

    Returns:
        How it ended, one outcome per judge.
    """
    total: dict[str, Outcome] = {}
    before: list[tuple[bool, Job]] = []
    for _ in range(MOST_PASSES):
        states = [_State(session, judge, ledger) for judge in session.judges]
        jobs = [(state.refused, _first_only(state.job()) if state.unknown else state.job()) for state in states]
        if jobs == before or not any(job.calls for _, job in jobs):
            break
        before = jobs
        for outcome in run([job for _, job in jobs if job.calls], session.table):
            earlier = total.get(outcome.candidate)
            answered = outcome.answered + (earlier.answered if earlier is not None else 0)
            total[outcome.candidate] = replace(outcome, answered=answered)
        if any(outcome.capped for outcome in total.values()):
            break
    return [*session.unavailable, *total.values()]


def caps_of(session: Session, run: RunSection, *, max_cost_usd: Decimal | None, max_minutes: float | None) -> Caps:
    """The caps of all rounds together: as given, else as `[run]` of the project file says.

    Raises:
        ProjectError: a cap on money, and the price of a judge is not known.
    """
    money = max_cost_usd if max_cost_usd is not None else run.max_cost_usd
    minutes = max_minutes if max_minutes is not None else run.max_minutes
    if money is not None:
        prices = {judge.candidate.name: judge.price for judge in session.judges if judge.price is not None}
        check_prices([Contestant(judge.candidate, judge.plain, None, None) for judge in session.judges], prices)
    return Caps(max_usd=money, max_seconds=None if minutes is None else 60 * minutes)


def _first_only(job: Job) -> Job:
    """One question alone, where it is not known yet whether the server takes a schema."""
    return replace(job, calls=job.calls[:1])


def judged(session: Session, ledger: Ledger) -> Judged:
    """What the judges found, from the ledger; asks nobody."""
    bench = []
    for judge in session.judges:
        state = _State(session, judge, ledger)
        bench.append(
            Bench(
                name=judge.candidate.name,
                model=judge.candidate.model,
                build=judge.resolved.route.build,
                endpoint=judge.resolved.route.endpoint,
                verdicts=verdicts(session.plan, state.readings()),
                owed=len(state.job().calls),
            )
        )
    labels = present_labels(ledger.labels(), session.columns)
    kind = "point" if session.settings.form == "rubric" else "pair"
    labels = [label for label in labels if label.kind == kind]
    return together(
        session.columns,
        session.plan,
        session.settings,
        bench,
        opinions(labels),
        imported=frozenset(_imported(labels)),
        caveats=session.caveats,
    )


def present_labels(labels: Sequence[Label], columns: Sequence[Column]) -> list[Label]:
    """Labels about the answers as they are now."""
    rows = {label.row_id for label in labels}
    answers: Mapping[tuple[str, str], str] = {
        (column.candidate, cell.row_id): answer_digest(cell.text)
        for column in columns
        for cell in column.cells
        if cell.row_id in rows
    }
    return valid(labels, answers)


def _imported(labels: Sequence[Label]) -> Iterator[tuple[str, ...]]:
    """(row id, candidates) of items whose fair labels all came by file."""
    how: dict[tuple[str, ...], set[str]] = {}
    for label in counting(labels):
        names = (label.left,) if label.right is None else tuple(sorted((label.left, label.right)))
        if label.drawn in FAIR:
            how.setdefault((label.row_id, *names), set()).add(label.drawn)
    return (about for about, drawn in how.items() if drawn == {"imported"})
