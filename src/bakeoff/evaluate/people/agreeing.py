"""Do people agree with each other? Every two of them, and all together."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import combinations

from bakeoff.evaluate.people.labels import Opinion
from bakeoff.evaluate.stats.agreement import Agreement, agreement, krippendorff_alpha


@dataclass(frozen=True, slots=True)
class Two:
    """Two people on the items that both labelled."""

    a: str
    b: str
    n: int
    agreement: Agreement


@dataclass(frozen=True, slots=True)
class People:
    """Everyone who labelled."""

    authors: tuple[str, ...]
    items: int
    """Different items with an opinion."""

    contradicting: int
    """Items on which people disagree."""

    both_bad: int
    pairs: tuple[Two, ...]
    """Every two people with common items."""

    alpha: float | None
    """Krippendorff's, over everyone; None where there is too little in common."""


def people(opinions: Sequence[Opinion]) -> People:
    """How far people agree."""
    authors = tuple(dict.fromkeys(author for opinion in opinions for author, _ in opinion.by_author))
    said = [dict(opinion.by_author) for opinion in opinions]
    found = []
    for a, b in combinations(authors, 2):
        common = [(one[a], one[b]) for one in said if a in one and b in one]
        if common:
            found.append(Two(a, b, len(common), agreement([x for x, _ in common], [y for _, y in common])))
    return People(
        authors=authors,
        items=len(opinions),
        contradicting=sum(opinion.contradicting for opinion in opinions),
        both_bad=sum(opinion.both_bad for opinion in opinions),
        pairs=tuple(found),
        alpha=krippendorff_alpha([[one.get(author) for author in authors] for one in said]),
    )
