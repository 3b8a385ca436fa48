"""A new model in a project that is finished: only its cells are run, and it is held against the present choice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bakeoff.decide import Decision
from bakeoff.errors import ProjectError, UsageError
from bakeoff.evaluate.results import Comparison, Pair
from bakeoff.evaluate.types import Candidate
from bakeoff.project import FILE_NAME
from bakeoff.project.contestants import candidate_of
from bakeoff.project.editing import append_tables, tables
from bakeoff.project.listening import Listener
from bakeoff.project.planning import RunOptions
from bakeoff.project.project import Project
from bakeoff.project.running import Outcome
from bakeoff.project.working import Work, at_work
from bakeoff.values import Reason, reason
from bakeoff.whole_file import write_whole


@dataclass(frozen=True, slots=True)
class Added:
    """A challenger, and how it did."""

    project: Project
    """Opened with it among the candidates."""

    name: str
    champion: str | None
    """The choice without it; None where there is none."""

    pairs: tuple[Pair, ...]
    """Challenger minus champion on the same rows, one for each variant of the prompt; empty where there is no champion,
    or one of the two has no score."""

    decision: Decision
    """With the challenger among the candidates."""

    outcomes: tuple[Outcome, ...]
    """Of its calls, and of the judges'."""


def add(
    folder: Path, table: Mapping[str, Any], *, options: RunOptions | None = None, listener: Listener | None = None
) -> Added:
    """Add a candidate to the project file, ask it what the others were asked, and decide again.

    A candidate that stands there already in the same words is only run: the same command goes on after an interruption.
    One that gives no answer at all is taken out of the file again.

    Args:
        folder: of the project.
        table: keys of a `[[candidates]]` table; None leaves a key out.
        options: of the run; `only` is set here.
        listener: told how it goes on.

    Raises:
        ProjectError: the project file would be wrong with it; then it is left as it was.
        BakeoffError: the candidate cannot be had, or did not answer at all.
        BusyError, Interrupted, StorageError: as of `Project.run`.
    """
    Project(folder)  # a file that is wrong already is not the candidate's fault
    heard = listener or Listener()
    spent = options.max_cost_usd if options is not None else None
    said = {**table, "max_cost_usd": None if spent is None else str(spent)}
    with at_work(folder, "add", heard, said) as work:
        found = _add(folder, table, options or RunOptions(), work)
    found.project.work, found.project.listener = None, heard
    return found


def _add(folder: Path, table: Mapping[str, Any], options: RunOptions, work: Work) -> Added:
    before = (folder / FILE_NAME).read_bytes()
    project, name = _with_candidate(folder, table, work)
    project.work = work
    with_it = (folder / FILE_NAME).read_bytes()
    outcomes = project.run(replace(options, only=(name,)))
    mine = [one for one in outcomes if candidate_of(one.candidate, project.config.candidates).name == name]
    errors = [one.error for one in mine if one.error is not None]
    if errors and not any(one.answered for one in mine) and not _has_answers(project, name):
        _put_back(folder, before, with_it)
        raise errors[0]
    judged = _judged(project, options)
    champion = champion_without(folder, name)
    comparison = project.compare()
    pairs = _against(comparison, name, champion, project.config.candidates)
    return Added(project, name, champion, pairs, project.decide(comparison), (*mine, *judged))


def _judged(project: Project, options: RunOptions) -> list[Outcome]:
    """Ask the judges about the new answers; one that cannot judge stops nothing where it does not decide."""
    if project.config.judges is None:
        return []
    try:
        return project.judge(max_cost_usd=options.max_cost_usd, max_minutes=options.max_minutes)
    except ProjectError:
        if project.config.decide.metric == "judge":
            raise
        return []


def _with_candidate(folder: Path, table: Mapping[str, Any], listener: Listener | None) -> tuple[Project, str]:
    """The project with the candidate in its file, and the candidate's name."""
    wanted = {key: value for key, value in table.items() if value is not None}
    there = tables(folder, "candidates")
    if wanted in there:
        project = Project(folder, listener=listener)
        return project, project.config.candidates[there.index(wanted)].name
    before = (folder / FILE_NAME).read_bytes()
    append_tables(folder, "candidates", [wanted])
    with_it = (folder / FILE_NAME).read_bytes()
    try:
        project = Project(folder, listener=listener)
    except ProjectError:
        _put_back(folder, before, with_it)
        raise
    return project, project.config.candidates[-1].name


def _put_back(folder: Path, before: bytes, with_it: bytes) -> None:
    """Take the candidate out again, unless somebody has edited the file meanwhile: their edit counts for more."""
    path = folder / FILE_NAME
    if path.read_bytes() == with_it:
        write_whole(path, before, hint="choose a folder that can be written")


def _has_answers(project: Project, name: str) -> bool:
    own = [one for one in project.columns() if candidate_of(one.candidate, project.config.candidates).name == name]
    return any(cell.state not in ("missing", "failed") for column in own for cell in column.cells)


def champion_without(folder: Path, name: str) -> str | None:
    """What the project would choose if this candidate were not in it. Runs nothing."""
    project = Project(folder)
    others = tuple(one for one in project.config.candidates if one.name != name)
    if not others:
        return None
    project.config = replace(project.config, candidates=others)
    return project.decide().choice


def challenge(project: Project, name: str, comparison: Comparison | None = None) -> tuple[str | None, tuple[Pair, ...]]:
    """(choice without this candidate, this candidate minus it), of what is in the ledger. Runs nothing.

    Args:
        project: with it among the candidates.
        name: of the candidate.
        comparison: what `Project.compare()` gave a moment ago.

    Raises:
        UsageError: there is no such candidate.
    """
    known = [one.name for one in project.config.candidates]
    if name not in known:
        raise UsageError(f"there is no candidate {name[:60]!r}", hint=f"there are: {', '.join(known)}")
    champion = champion_without(project.folder, name)
    return champion, _against(comparison or project.compare(), name, champion, project.config.candidates)


def against_told(name: str, champion: str | None, pairs: Sequence[Pair]) -> list[Reason]:
    """Champion and challenger, in sentences."""
    if champion is None:
        return [reason("add.no_champion", challenger=name)]
    if not pairs:
        return [reason("add.no_pair", challenger=name, champion=champion)]
    told = []
    for pair in pairs:
        word = "ahead" if pair.low > 0 else "behind" if pair.high < 0 else "open"
        facts = {"challenger": pair.a, "champion": pair.b, "n": pair.n, "difference": pair.difference}
        told.append(reason("add.against", word=word, low=pair.low, high=pair.high, **facts))
    return told


def _against(
    comparison: Comparison, name: str, champion: str | None, candidates: Sequence[Candidate]
) -> tuple[Pair, ...]:
    """Challenger minus champion."""
    found = []
    for pair in comparison.pairs:
        one, other = (candidate_of(column, candidates).name == name for column in (pair.a, pair.b))
        if one and pair.b == champion:
            found.append(pair)
        elif other and pair.a == champion:
            found.append(pair.turned())
    return tuple(pair for pair in found if pair.n)
