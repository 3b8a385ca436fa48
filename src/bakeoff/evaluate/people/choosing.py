"""Which answers to show a person next: what tells most, with a share by chance so that the labels stand for all rows.

Two draws. First the pair of candidates (or the one candidate): the one about which least is known, whatever the rows
say, which leaves every pair's own share of wins unbiased. Then the row: with probability `RANDOM_SHARE` any that the
person has not seen; else the one on which judge and graders disagree most. Which of the two it was is
kept with the label.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from bakeoff.evaluate.judge.planning import by_seed, judgeable, settled
from bakeoff.evaluate.people.labels import Drawn, Label, LabelKind, about, answer_digest, counting, seen_by
from bakeoff.evaluate.results import Column

RANDOM_SHARE = 0.7
"""Only labels by chance count for the trust in a judge; the others find its mistakes sooner."""

COMMON = 10
"""So many rows by chance of each pair are the same for everyone, so that people's agreement can be seen; after them
each person goes a way of their own."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What to show next."""

    kind: LabelKind
    row: int
    """Index into the table."""

    row_id: str
    left: str
    right: str | None
    left_answer: str
    """Digest of the text."""

    right_answer: str | None
    drawn: Drawn
    probability: float
    """Of drawing just this row, given the pair."""


@dataclass(frozen=True, slots=True)
class Field:
    """What can be shown at all."""

    kind: LabelKind
    sides: tuple[tuple[str, ...], ...]
    """Pairs of candidates; or single ones."""

    columns: Mapping[str, Column]
    rows: Mapping[tuple[str, ...], tuple[int, ...]]
    """Sides to the rows of the table that are in play: those that a judge is given, else all."""

    doubt: Mapping[tuple[int, tuple[str, ...]], float]
    """(row, candidates) to how much judge and graders disagree about it; what is not there has none."""

    opened: dict[tuple[str, ...], dict[int, tuple[str, ...]]] = field(default_factory=dict, compare=False, repr=False)
    """What `open_items` has worked out so far."""


def open_items(field: Field, sides: tuple[str, ...]) -> dict[int, tuple[str, ...]]:
    """Rows on which these candidates have answers to show (for a pair, different ones), to what a label is about."""
    if sides not in field.opened:
        field.opened[sides] = {row: _about(field, row, sides) for row in _open_rows(field, sides)}
    return field.opened[sides]


def _open_rows(field: Field, sides: tuple[str, ...]) -> list[int]:
    found = []
    for row in field.rows.get(sides, ()):
        cells = [field.columns[name].cells[row] for name in sides]
        if any(not judgeable(cell) or not cell.text.strip() for cell in cells):
            continue
        if len(cells) == 2 and settled(cells[0].text, cells[1].text) is not None:
            continue
        found.append(row)
    return found


def next_choice(
    field: Field, labels: Sequence[Label], author: str, seed: int, *, random_share: float = RANDOM_SHARE
) -> Choice | None:
    """The next item for a person; None when they have seen everything. The same labels give the same choice.

    Args:
        field: what can be shown.
        labels: all labels so far, of everyone.
        author: the person.
        seed: of the project.
        random_share: share of items whose row is drawn by chance.
    """
    mine = [label for label in labels if label.author == author]
    seen = seen_by(labels, author)
    turn = f"{author}\x00{len(mine)}"
    counted = [label for label in counting(labels) if label.kind == field.kind]
    for sides in sorted(field.sides, key=lambda sides: -_uncertainty(sides, counted)):
        rows = [row for row, item in open_items(field, sides).items() if item not in seen]
        if not rows:
            continue
        way = () if _drawn(mine, sides) < COMMON else (author,)
        by_chance = min(rows, key=lambda row: by_seed(seed, *way, *sides, field.columns[sides[0]].cells[row].row_id))
        most = max(rows, key=lambda row: field.doubt.get((row, sides), 0.0))
        doubtful = field.doubt.get((most, sides), 0.0) > 0
        share = random_share if doubtful else 1.0
        random = not doubtful or _uniform(seed, "draw", turn) < share
        row = by_chance if random else most
        probability = share / len(rows) + ((1 - share) if row == most and doubtful else 0.0)
        return _choice(field, row, _placed(sides, mine, seed, turn), "random" if random else "informative", probability)
    return None


def remaining(field: Field, labels: Sequence[Label], author: str) -> int:
    """Items that a person has not seen."""
    seen = seen_by(labels, author)
    return sum(item not in seen for sides in field.sides for item in open_items(field, sides).values())


def _choice(field: Field, row: int, sides: tuple[str, ...], drawn: Drawn, probability: float) -> Choice:
    cells = [field.columns[name].cells[row] for name in sides]
    digests = [answer_digest(cell.text) for cell in cells]
    return Choice(
        kind=field.kind,
        row=row,
        row_id=cells[0].row_id,
        left=sides[0],
        right=sides[1] if len(sides) == 2 else None,
        left_answer=digests[0],
        right_answer=digests[1] if len(sides) == 2 else None,
        drawn=drawn,
        probability=probability,
    )


def _about(field: Field, row: int, sides: tuple[str, ...]) -> tuple[str, ...]:
    """As `Label.about`."""
    cells = [field.columns[name].cells[row] for name in sides]
    digests = [answer_digest(cell.text) for cell in cells]
    return about(field.kind, cells[0].row_id, zip(sides, digests, strict=True))


def _uncertainty(sides: tuple[str, ...], counted: Sequence[Label]) -> float:
    """Variance of what is known of a share of wins: that of a Beta distribution, from one win and one loss on."""
    values = [
        value
        for label in counted
        if {label.left, label.right} - {None} == set(sides)
        if (value := label.preference(sides[0])) is not None
    ]
    n, won = len(values) + 2, sum(values) + 1
    return (won / n) * (1 - won / n) / (n + 1)


def _drawn(mine: Sequence[Label], sides: tuple[str, ...]) -> int:
    """Labels by chance that a person gave on these candidates."""
    return sum(label.drawn == "random" and {label.left, label.right} - {None} == set(sides) for label in mine)


def _placed(sides: tuple[str, ...], mine: Sequence[Label], seed: int, turn: str) -> tuple[str, ...]:
    """Which answer stands on the left: by chance, but of every two showings of a pair each stands there once."""
    if len(sides) == 1:
        return sides
    shown = [label.left for label in mine if {label.left, label.right} == set(sides)]
    if len(shown) % 2:
        return sides if shown[-1] == sides[1] else (sides[1], sides[0])
    return sides if _uniform(seed, "side", turn) < 0.5 else (sides[1], sides[0])


def _uniform(seed: int, *parts: str) -> float:
    """A number in 0..1 that the seed and the parts decide."""
    return int.from_bytes(by_seed(seed, *parts)[:8], "big") / 2**64
