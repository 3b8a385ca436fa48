"""From all that meet the needs to the few that are tested, each with its role and its reasons."""

import datetime
from collections.abc import Sequence

from bakeoff.catalog.loading import Catalog
from bakeoff.needs import Needs
from bakeoff.shortlist.meeting import specialised
from bakeoff.shortlist.portfolio import LEAST, MOST, chances, choose, utility
from bakeoff.shortlist.reasons import speaks_against, speaks_for
from bakeoff.shortlist.values import Entry, Pick

LIGHT = 0.5
"""Of the memory, or of the wait, of the best: what makes another one worth testing although it can do less."""

FAR_BEHIND = 6.0
"""Doublings behind the best, beyond which a light model is no alternative."""


def pick(entries: Sequence[Entry], needs: Needs, catalog: Catalog, today: datetime.date) -> list[Pick]:
    """Three to five picks, fewer where there are no more.

    The set is chosen for the expected best after the test (`portfolio`). Then one that is much lighter or faster is
    made sure of, one that is made for the domain, and one of each kind of route, where there are such.
    """
    chosen = choose(entries, needs.prefer)
    if not chosen:
        return []
    for wanted in (_light(entries, chosen), _special(entries, chosen, needs), _route(entries, chosen)):
        if wanted is not None:
            chosen = [*chosen[: MOST - 1], wanted] if len(chosen) >= MOST else [*chosen, wanted]
    chosen = chosen[:MOST]
    best = max(chosen, key=lambda one: one.quality)
    fastest = min((one for one in chosen if one.seconds is not None), key=lambda one: one.seconds or 0.0, default=None)
    picks = []
    for entry, chance in zip(chosen, chances(chosen, needs.prefer), strict=True):
        picks.append(
            Pick(
                entry,
                _role(entry, needs, first=chosen[0], best=best, fastest=fastest),
                chance,
                tuple(speaks_for(entry, needs, catalog)),
                tuple(speaks_against(entry, needs, today)),
            )
        )
    return picks


def _role(entry: Entry, needs: Needs, *, first: Entry, best: Entry, fastest: Entry | None) -> str:
    if entry is first:
        return "preferred"
    if specialised(entry.model, needs):
        return "specialised"
    if entry is best:
        return "best"
    if entry is fastest:
        return "fast"
    if entry.offer is not None:
        return "hosted"
    if _is_light(entry, first):
        return "light"
    return "other family" if entry.model.organisation != first.model.organisation else "sibling"


def _is_light(entry: Entry, than: Entry) -> bool:
    if entry.memory_bytes is None or than.memory_bytes is None:
        return False
    faster = entry.seconds is not None and than.seconds is not None and entry.seconds < LIGHT * than.seconds
    return entry.memory_bytes < LIGHT * than.memory_bytes or faster


def _light(entries: Sequence[Entry], chosen: Sequence[Entry]) -> Entry | None:
    """The one that loses least among those much lighter or faster than the first, where none is chosen yet."""
    first = chosen[0]
    if any(_is_light(one, first) for one in chosen) or len(entries) <= LEAST:
        return None
    able = [one for one in entries if _is_light(one, first) and one.quality > first.quality - FAR_BEHIND]
    return max(able, key=lambda one: utility(one, "speed"), default=None)


def _special(entries: Sequence[Entry], chosen: Sequence[Entry], needs: Needs) -> Entry | None:
    if needs.domain is None or any(specialised(one.model, needs) for one in chosen):
        return None
    able = [one for one in entries if specialised(one.model, needs)]
    return max(able, key=lambda one: utility(one, needs.prefer), default=None)


def _route(entries: Sequence[Entry], chosen: Sequence[Entry]) -> Entry | None:
    """Hosted where all chosen run here, or the other way round."""
    kinds = {one.offer is not None for one in chosen}
    if len(kinds) == 2:
        return None
    names = {one.model.id for one in chosen}
    other = [one for one in entries if (one.offer is not None) not in kinds and one.model.id not in names]
    return other[0] if other else None
