"""The verb `label`: show a person answers without names, keep what they say, and say what all of it means."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from bakeoff.errors import ProjectError, UsageError
from bakeoff.evaluate.judge.blinding import blind, names_of
from bakeoff.evaluate.judge.planning import Plan, meetings, plan
from bakeoff.evaluate.judge.result import Judged
from bakeoff.evaluate.judge.settings import Settings
from bakeoff.evaluate.people.choosing import Choice, Field, next_choice, remaining
from bakeoff.evaluate.people.exchange import read_labels
from bakeoff.evaluate.people.labels import (
    FAIR,
    SAID_OF,
    Label,
    LabelKind,
    NewLabel,
    Said,
    about,
    answer_digest,
    counting,
)
from bakeoff.evaluate.people.standing import PeopleResult, people_result
from bakeoff.evaluate.request import render
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.store import Ledger
from bakeoff.evaluate.types import Table
from bakeoff.project.config import Config
from bakeoff.project.judging import present_labels

MOST_NAME = 200
"""Characters of an author's name."""


@dataclass(frozen=True, slots=True)
class Shown:
    """What a person is shown: texts, and no names."""

    choice: Choice
    """Who stands where. Not for the person's eyes."""

    question: str
    instructions: str
    """The system prompt; empty where there is none."""

    left: str
    right: str | None
    """None where one answer is judged alone."""


@dataclass(frozen=True, slots=True)
class Reached:
    """How far a person, and everyone, has come."""

    mine: int
    """Items with an opinion of this person."""

    left: int
    """Items that they have not seen."""

    fair: int
    """Items by chance or from a file with anybody's opinion: what a judge is measured on."""

    needed: int
    """So many of them a judge needs at least before it can be trusted."""


class Labelling:
    """One person labelling a project. Every label is on the disk before the next item is shown."""

    def __init__(
        self,
        config: Config,
        table: Table,
        columns: Sequence[Column],
        ledger: Path,
        *,
        author: str,
        kind: LabelKind | None = None,
        judged: Judged | None = None,
        field: Field | None = None,
    ) -> None:
        """Prepare.

        Args:
            config: the project file.
            table: the data.
            columns: the candidates' graded cells.
            ledger: file that labels go to.
            author: who labels.
            kind: two answers or one; None takes what the project's judge needs, else two.
            judged: what the judges found, where they were asked: items on which they may be wrong come sooner.
            field: what `field_of` gave for these, where it is there already.

        Raises:
            UsageError: the author has no name.
            ProjectError: there is nothing to compare.
        """
        self.author = author.strip()[:MOST_NAME]
        if not self.author:
            raise UsageError("who labels needs a name", hint="--author NAME")
        self.kind: LabelKind = kind or default_kind(config)
        if self.kind == "pair" and len(columns) < 2:
            raise ProjectError("there is one candidate, so no two answers to compare", hint="label with --pointwise")
        self._config, self._table, self._columns, self._path = config, table, columns, ledger
        self._names = names_of((candidate.name, candidate.model) for candidate in config.candidates)
        self._seed = config.judges.settings.seed if config.judges is not None else 1
        self._field = field or field_of(config, columns, self.kind, judged)
        self._rows = {cell.row_id: index for index, cell in enumerate(columns[0].cells)}
        with Ledger(ledger) as opened:
            self._labels = opened.labels()

    def next(self) -> Shown | None:
        """The next item; None where this person has seen everything."""
        choice = next_choice(self._field, self._labels, self.author, self._seed)
        return None if choice is None else self.show(choice)

    def show(self, choice: Choice) -> Shown:
        """An item as a person sees it."""
        row = self._table.rows[choice.row]
        system = self._config.prompt.system
        return Shown(
            choice=choice,
            question=self._columns[0].cells[choice.row].shown,
            instructions=render(system, row.values).strip() if system else "",
            left=self._text(choice.left, choice.row),
            right=self._text(choice.right, choice.row) if choice.right is not None else None,
        )

    def values(self, choice: Choice) -> dict[str, str]:
        """The row's data without what names a candidate: columns of answers that came by file, and names in texts."""
        answers = {candidate.answers_column for candidate in self._config.candidates}
        return {
            name: blind(str(value), self._names).text
            for name, value in self._table.rows[choice.row].values.items()
            if value is not None and name not in answers and not blind(name, self._names).masked
        }

    def _text(self, name: str, row: int) -> str:
        return blind(self._field.columns[name].cells[row].text, self._names).text

    def say(self, shown: Shown, said: Said, *, seconds: float | None = None) -> Label:
        """Keep what the person says of an item.

        Raises:
            UsageError: that cannot be said of such an item.
            StorageError: the ledger refused.
        """
        if said not in SAID_OF[shown.choice.kind]:
            raise UsageError(f"{said!r} cannot be said here", hint=f"one of: {', '.join(SAID_OF[shown.choice.kind])}")
        choice = shown.choice
        return self._keep(
            NewLabel(
                kind=choice.kind,
                row_id=choice.row_id,
                left=choice.left,
                right=choice.right,
                said=said,
                author=self.author,
                left_answer=choice.left_answer,
                right_answer=choice.right_answer,
                drawn=choice.drawn,
                probability=choice.probability,
                seconds=seconds,
            )
        )

    def undo(self) -> Label | None:
        """Take back this person's last word; it stays in the ledger. None where there is none."""
        last = self.last()
        return None if last is None else self._keep(replace_said(last, "withdrawn"))

    def last(self) -> Label | None:
        """This person's last word that stands; None where there is none."""
        standing: list[Label] = []
        for label in self._own():
            standing = [one for one in standing if one.about != label.about]
            standing += [label] if label.said != "withdrawn" else []
        return standing[-1] if standing else None

    def undone(self) -> Choice | None:
        """The item whose label this person has just taken back, as it stood; None where that was not the last thing
        they did, or its answers have changed.
        """
        own = list(self._own())
        return self.present(own[-1]) if own and own[-1].said == "withdrawn" else None

    def said_of(self, choice: Choice) -> Said | None:
        """What this person's last label says of an item, sides as in `choice`; None where they took it back, or never
        said anything.
        """
        found = next((one for one in reversed(list(self._own())) if one.about == self._about(choice)), None)
        if found is None or found.said == "withdrawn":
            return None
        turned: dict[Said, Said] = {"left": "right", "right": "left"}
        return found.said if found.left == choice.left else turned.get(found.said, found.said)

    def present(self, label: NewLabel) -> Choice | None:
        """What a label is about, where the answers are those that were labelled; else None."""
        row = self._rows.get(label.row_id)
        sides = [(label.left, label.left_answer)]
        sides += [(label.right, label.right_answer or "")] if label.right is not None else []
        if row is None or any(name not in self._field.columns for name, _ in sides):
            return None
        if any(answer_digest(self._field.columns[name].cells[row].text) != answer for name, answer in sides):
            return None
        return Choice(
            kind=label.kind,
            row=row,
            row_id=label.row_id,
            left=label.left,
            right=label.right,
            left_answer=label.left_answer,
            right_answer=label.right_answer,
            drawn=label.drawn,
            probability=label.probability or 0.0,
        )

    def _own(self) -> Iterator[Label]:
        return (label for label in self._labels if label.author == self.author and label.kind == self.kind)

    def _about(self, choice: Choice) -> tuple[str, ...]:
        sides = [(choice.left, choice.left_answer)]
        sides += [(choice.right, choice.right_answer or "")] if choice.right is not None else []
        return about(choice.kind, choice.row_id, sides)

    def _keep(self, label: NewLabel) -> Label:
        with Ledger(self._path) as ledger:
            ledger.record_labels([label])
            self._labels = ledger.labels()
        return next(one for one in reversed(self._labels) if one.author == self.author)

    def reached(self) -> Reached:
        """How far it is."""
        present = counting(present_labels(self._labels, self._columns))
        own = [label for label in present if label.kind == self.kind]
        bar = self._config.judges.settings.bar.labels if self._config.judges is not None else 0
        return Reached(
            mine=sum(label.author == self.author for label in own),
            left=remaining(self._field, self._labels, self.author),
            fair=len({label.about for label in own if label.drawn in FAIR}),
            needed=bar,
        )


def replace_said(label: Label, said: Said) -> NewLabel:
    """A new label about the same item."""
    return NewLabel(
        kind=label.kind,
        row_id=label.row_id,
        left=label.left,
        right=label.right,
        said=said,
        author=label.author,
        left_answer=label.left_answer,
        right_answer=label.right_answer,
        drawn=label.drawn,
        probability=label.probability,
    )


def default_kind(config: Config) -> LabelKind:
    """What the project's judge can be compared with."""
    return "point" if config.judges is not None and config.judges.settings.form == "rubric" else "pair"


def field_of(config: Config, columns: Sequence[Column], kind: LabelKind, judged: Judged | None) -> Field:
    """What can be shown: what the judge is asked about, where it is asked about such items; else everything."""
    by_name = {column.candidate: column for column in columns}
    outline = _outline(config, columns, kind, judged)
    if kind == "point":
        every = tuple(sorted({item.row for item in outline.items})) if outline else tuple(range(len(columns[0].cells)))
        sides: tuple[tuple[str, ...], ...] = tuple((name,) for name in by_name)
        rows = dict.fromkeys(sides, every)
    elif outline is not None:
        met: dict[tuple[str, ...], list[int]] = {}
        for item in outline.items:
            met.setdefault((item.left, item.right or ""), []).append(item.row)
        rows = {pair: tuple(found) for pair, found in met.items()}
        sides = tuple(rows)
    else:
        _, pairs, _ = meetings(columns, Settings("pairwise", "", "", ""))
        sides = pairs
        rows = dict.fromkeys(sides, tuple(range(len(columns[0].cells))))
    return Field(kind=kind, sides=sides, columns=by_name, rows=rows, doubt=doubts(judged, columns))


def _outline(config: Config, columns: Sequence[Column], kind: LabelKind, judged: Judged | None) -> Plan | None:
    """The judge's plan, where it looks at items of this kind."""
    if config.judges is None or default_kind(config) != kind:
        return None
    return judged.plan if judged is not None else plan(columns, config.judges.settings)


def doubts(judged: Judged | None, columns: Sequence[Column]) -> dict[tuple[int, tuple[str, ...]], float]:
    """Items on which the judge may be wrong: it says otherwise than the graders, or its own verdicts differ."""
    if judged is None:
        return {}
    by_name = {column.candidate: column for column in columns}
    found: dict[tuple[int, tuple[str, ...]], float] = {}
    for verdict in judged.verdicts:
        item, value = verdict.item, verdict.value
        if item.settled is not None or value is None:
            continue
        sides = (item.left,) if item.right is None else (item.left, item.right)
        scores = [by_name[name].cells[item.row].score for name in sides]
        doubt = 0.25 * verdict.flipped
        if all(score is not None for score in scores):
            graded = scores[0] if item.right is None else _preferred(scores[0] or 0.0, scores[1] or 0.0)
            doubt += abs((graded or 0.0) - value)
        elif item.right is not None and value not in (0.0, 1.0):
            doubt += 0.5
        found[item.row, sides] = doubt
    return found


def _preferred(left: float, right: float) -> float:
    return 0.5 if left == right else float(left > right)


def people(columns: Sequence[Column], ledger: Path) -> PeopleResult:
    """What people found, of the present answers."""
    with Ledger(ledger) as opened:
        every = opened.labels()
    return people_result(every, present_labels(every, columns), columns)


def import_labels(config: Config, table: Table, ledger: Path, file: Path, *, author: str) -> int:
    """Add the labels of a file, all or none, and return how many.

    A label that the ledger has already (same person, same item, same verdict) is not added again.

    Raises:
        DataError: the file is not one of labels, or a line says something impossible.
    """
    names = [candidate.name for candidate in config.candidates]
    found = read_labels(file, candidates=names, row_ids=frozenset(row.id for row in table.rows), author=author)
    with Ledger(ledger) as opened:
        known = {_identity(label) for label in opened.labels()}
        fresh = [label for label in found if _identity(label) not in known]
        if fresh:
            opened.record_labels(fresh)
    return len(fresh)


def _identity(label: NewLabel) -> tuple[str, ...]:
    """The same from either side."""
    left, right, said = label.left, label.right or "", str(label.said)
    if right and right < left:
        left, right, said = right, left, {"left": "right", "right": "left"}.get(said, said)
    return (label.author, label.kind, label.row_id, left, right, said)
