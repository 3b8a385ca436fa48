"""Everything about a project's judges: what each one says and is worth, and what they make of the candidates."""

from collections.abc import Sequence
from dataclasses import dataclass

from bakeoff.evaluate.judge.habits import AtEqualLength, Habits, Looks, at_equal_length, habits, looks
from bakeoff.evaluate.judge.planning import Plan
from bakeoff.evaluate.judge.scores import Standing, standings
from bakeoff.evaluate.judge.settings import Settings
from bakeoff.evaluate.judge.trust import Calibration, State, calibrate
from bakeoff.evaluate.judge.verdicts import Verdict, jury
from bakeoff.evaluate.people.labels import Opinion
from bakeoff.evaluate.results import Column
from bakeoff.evaluate.stats.agreement import Interval
from bakeoff.evaluate.stats.jury import effective_judges
from bakeoff.values import Reason, reason


@dataclass(frozen=True, slots=True)
class OneJudge:
    """One judging model."""

    name: str
    model: str
    build: str
    habits: Habits
    calibration: Calibration
    owed: int
    """Calls that it still has to make; after the first try, one for every answer that could not be used."""

    endpoint: str = ""
    """Identity of what answers, as in the ledger."""


@dataclass(frozen=True, slots=True)
class Judged:
    """What the judges found, and whether to believe it."""

    settings: Settings
    plan: Plan
    judges: tuple[OneJudge, ...]
    verdicts: tuple[Verdict, ...]
    """Of the jury; of the one judge where there is one."""

    habits: Habits
    calibration: Calibration
    """Of the jury."""

    effective: Interval | None
    """How many independent judges the jury is worth; None for one judge."""

    looks: Looks
    """What one sees of the answers before reading them."""

    standings: tuple[Standing, ...]
    """The best first."""

    caveats: tuple[Reason, ...]

    @property
    def state(self) -> State:
        """Of the jury: only `trusted` may decide."""
        return self.calibration.state

    def equal_length(self) -> tuple[AtEqualLength, ...]:
        """Of every pair of candidates: its share of wins, and what is left of it at equal length. A second's work."""
        return at_equal_length(self.verdicts, self.looks)

    @property
    def owed(self) -> int:
        """Calls that all judges still have to make."""
        return sum(judge.owed for judge in self.judges)


@dataclass(frozen=True, slots=True)
class Bench:
    """A judging model with what it said."""

    name: str
    model: str
    build: str
    endpoint: str
    verdicts: tuple[Verdict, ...]
    owed: int


def together(
    columns: Sequence[Column],
    plan: Plan,
    settings: Settings,
    bench: Sequence[Bench],
    opinions: Sequence[Opinion],
    *,
    imported: frozenset[tuple[str, ...]],
    caveats: Sequence[Reason],
) -> Judged:
    """Put everything together. The same verdicts and labels give the same result.

    Args:
        columns: the candidates' graded cells.
        plan: what was to be judged.
        settings: of the judges.
        bench: the judges and their verdicts on the items of the plan.
        opinions: what people say of the present answers.
        imported: of opinions that rest on files alone, as in `trust.calibrate`.
        caveats: what is already known.
    """
    texts = looks(columns)

    def trust(verdicts: Sequence[Verdict], seen: Habits) -> Calibration:
        return calibrate(verdicts, opinions, settings, habits=seen, seen=texts, imported=imported)

    judges = []
    for one in bench:
        seen = habits(one.verdicts, texts)
        own = trust(one.verdicts, seen)
        judges.append(OneJudge(one.name, one.model, one.build, seen, own, one.owed, one.endpoint))
    said = jury({one.name: one.verdicts for one in bench}, settings.jury) if bench else ()
    # A jury as a whole has no places: what its judges did with them is looked at one by one, put together.
    everyone = habits([verdict for one in bench for verdict in one.verdicts], texts)
    calibration = judges[0].calibration if len(judges) == 1 else trust(said, everyone)
    return Judged(
        settings=settings,
        plan=plan,
        judges=tuple(judges),
        verdicts=tuple(said),
        habits=everyone,
        calibration=calibration,
        effective=_effective([one.verdicts for one in bench], opinions),
        looks=texts,
        standings=standings(columns, said, plan),
        caveats=(*caveats, *_caveats(plan, everyone)),
    )


def _caveats(plan: Plan, seen: Habits) -> list[Reason]:
    found = []
    settled = sum(item.settled is not None for item in plan.items)
    if settled:
        found.append(reason("judge.settled", n=settled, total=len(plan.items)))
    found += [reason("judge.left_out", model=name, n=n, total=plan.rows) for name, n in plan.left_out.items()]
    if seen.missing:
        found.append(reason("judge.missing", n=seen.missing, total=seen.asked))
    found += [reason("judge.unusable", why=why, n=n) for why, n in sorted(seen.invalid.items())]
    return found


def _effective(by_judge: Sequence[Sequence[Verdict]], opinions: Sequence[Opinion]) -> Interval | None:
    """From the errors on labelled items where there are enough, else from the verdicts, which gives a lower bound."""
    if len(by_judge) < 2:
        return None
    rows, errors = [], []
    said = {opinion.key: opinion for opinion in opinions}
    for votes in zip(*by_judge, strict=True):
        values = [vote.value for vote in votes]
        if votes[0].item.settled is not None or any(value is None for value in values):
            continue
        numbers = [value for value in values if value is not None]
        rows.append(numbers)
        item = votes[0].item
        opinion = said.get(item.key)
        if opinion is not None:
            truth = opinion.towards(item.left)
            errors.append([number - truth for number in numbers])
    return effective_judges(errors if len(errors) >= ENOUGH_ERRORS else rows) if rows else None


ENOUGH_ERRORS = 20
"""Fewer labelled items say too little about how errors go together."""
