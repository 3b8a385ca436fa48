"""The rules: from standings and a gap to a verdict and a choice. Pure; called again to see what would change it."""

from dataclasses import dataclass

from bakeoff.decide.decision import Rule, Verdict
from bakeoff.decide.standings import Standings


@dataclass(frozen=True, slots=True)
class Choice:
    """What a rule says."""

    verdict: Verdict
    name: str | None
    against: str | None
    """The candidate that the verdict compares the choice with: the best scorer, or its closest rival."""

    within: tuple[str, ...] = ()
    """Shown to be at most the gap below the best scorer; it is one of them."""

    open: tuple[str, ...] = ()
    """Not shown to be worse than the best scorer; it is one of them."""


def choose(standings: Standings, rule: Rule, gap: float) -> Choice:
    """Apply a rule.

    The best scorer is the best of this sample, and was picked by looking at it. That is why claims about it are read
    from intervals and tests that hold for all pairs at once: whichever pair one looks at afterwards is covered.
    """
    if not standings.names:
        return Choice("no answer", None, None)
    if len(standings.names) == 1:
        return Choice("only one", standings.names[0], None)
    leader = standings.leader
    others = standings.others(leader)
    still_open = (leader, *(other for other in others if not standings.lead(leader, other).shown))
    rival = min(others, key=lambda other: standings.lead(leader, other).low)
    if rule == "best":
        if len(still_open) == 1:
            return Choice("better", leader, rival, open=still_open)
        return Choice("cannot be told apart", leader, rival, open=still_open)
    within = (leader, *(other for other in others if standings.lead(other, leader).low > -gap))
    preferred = standings.by_preference([name for name in within if name in standings.choosable])[0]
    if preferred != leader:
        return Choice("not worse", preferred, leader, within, still_open)
    if len(still_open) == 1:
        return Choice("better", leader, rival, within, still_open)
    preferable = standings.by_preference([name for name in still_open if name in standings.choosable])[0] == leader
    if preferable and standings.lead(leader, rival).low > -gap:
        return Choice("not worse", leader, rival, within, still_open)
    meanwhile = meanwhile_best(standings, still_open, gap)
    return Choice("cannot be told apart", meanwhile, leader if meanwhile != leader else rival, within, still_open)


def meanwhile_best(standings: Standings, still_open: tuple[str, ...], gap: float) -> str:
    """Whom to take as long as the data cannot tell: the preferable one of those that measured within the gap.

    Not simply the cheapest that is not shown to be worse: on few rows a model fifteen points behind is not shown to
    be worse either, and is still the poorer bet.
    """
    leader = standings.leader
    close = [
        name
        for name in still_open
        if name == leader or (name in standings.choosable and standings.lead(name, leader).difference >= -gap)
    ]
    return standings.by_preference(close)[0]
